"""The same numbers give the same files: every figure drawn by two processes that iterate over sets in another order."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from toybox_figures import RECIPES
from toybox_figures.recipe import numbered


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A folder for each process, with one folder per figure; the second one computes nothing."""
    root = tmp_path_factory.mktemp("drawn")
    for seed in ("1", "77"):
        command = [sys.executable, Path(__file__).with_name("draw.py"), root / "store", root / seed]
        done = subprocess.run(command, env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return root / "1", root / "77"


@pytest.mark.parametrize("id", RECIPES)
def test_figures_drawn_twice_have_the_same_files(drawn, id):
    first, second = (folder / id for folder in drawn)
    if RECIPES[id].extra and not first.exists():
        pytest.skip(f"{id} needs the extra {RECIPES[id].extra}")
    files = sorted(path.name for path in first.iterdir())
    assert [Path(name).suffix for name in files] == [".csv", ".json", ".md", ".svg"]
    assert files == sorted(path.name for path in second.iterdir())
    for name in files:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_names_in_an_svg_are_numbered_in_their_order():
    svg = '<clipPath id="p0123456789"/><path id="m9876543210" clip-path="url(#p0123456789)"/><use href="#m9876543210"/>'
    assert numbered(svg) == '<clipPath id="p1"/><path id="m2" clip-path="url(#p1)"/><use href="#m2"/>'
