"""Draw every figure that can be drawn here at the smallest budget, as SVG alone: ``python draw.py STORE OUT``."""

import sys
from importlib.util import find_spec
from pathlib import Path

from matplotlib.figure import Figure

from toybox_figures import RECIPES


def vectors_only(figure, path, save=Figure.savefig, **options):
    """Most of the time goes to PNG and PDF, which hold nothing that the SVG does not."""
    if Path(path).suffix == ".svg":
        save(figure, path, **options)


if __name__ == "__main__":
    store, out = map(Path, sys.argv[1:])
    Figure.savefig = vectors_only
    for recipe in RECIPES.values():
        if recipe.extra != "proofs" or find_spec("sympy"):
            recipe.make(size="smoke", out=out / recipe.id, store=store, workers=1)
