"""Theorems about the texts of searches: all are proved; wrong ones, and mistakes in the texts, are refuted by fractions
that the text was run on."""

import pathlib
import types

import pytest

pytest.importorskip("z3", reason="the extra proofs is not installed")

from mutant import Mutant
from mutants import MUTANTS
from mutate import mutated
from proofs_check import of_code
from proofs_check.of_code import alig, armijo, goldstein, golsi, labpal, pal, wolfe

TEXTS = {
    armijo: "Armijo", goldstein: "Goldstein", wolfe: "StrongWolfe", golsi: "GOLSI", pal: "PAL", labpal: "LABPAL",
    alig: "ALIG",
}  # fmt: skip
THEOREMS = [one for family in TEXTS for one in vars(family).values() if hasattr(one, "statement")]
named = lambda one: f"{one.__module__.rpartition('.')[2]}.{one.__name__}"


# --- the theorems


def test_every_family_is_here():
    files = {path.stem for path in pathlib.Path(of_code.__file__).parent.glob("*.py")}
    assert {family.__name__.rpartition(".")[2] for family in TEXTS} == files - {"__init__", "lines"}
    assert all(one.__doc__ and one.broken for one in THEOREMS)


@pytest.mark.parametrize("one", THEOREMS, ids=named)
def test_it_is_proved(one):
    proof = one()
    assert proof.margin == 0
    assert proof.paths >= 2
    assert proof.conclusions >= 2


@pytest.mark.parametrize("one", THEOREMS, ids=named)
def test_with_a_wrong_constant_it_is_refuted(one):
    """By numbers, what the text asked, and how it ended: it was run on them, or ``prove`` had refused."""
    for constants in one.broken.values():
        proof = one(**constants)
        assert proof.margin == -1
        assert "step = " in proof.counterexample


# --- mistakes in the texts


def method(name, old, new):
    return Mutant(f"toybox/methods/{name}.py", "", [(old, new)])


SEEN = {  # mistakes of tests/mutations, and the theorem that each of them breaks
    armijo.accepts: ["armijo-any-decrease", "armijo-sign", "armijo-constant-decrease"],
    armijo.capped: ["armijo-first-trial-no-cap", "armijo-capped-beyond-its-cap", "armijo-never-capped"],
    armijo.starts: ["armijo-grows-with-reset-0", "armijo-steps-per-epoch-inverted", "armijo-judged-by-the-next-batch"],
    armijo.backtracks: ["armijo-c-dropped"],
    armijo.gives_up: ["armijo-one-try-more", "armijo-carries-first", "armijo-released-no-step"],
    armijo.nowhere: ["armijo-released-other-length", "armijo-state-lost-where-nothing-descends"],
    armijo.hands_on: ["armijo-hands-on-first", "armijo-carries-its-step"],
    armijo.long_enough: ["armijo-shrinks-twice"],
    armijo.finds: ["armijo-one-try-less"],
    goldstein.accepts: ["goldstein-only-the-upper-line", "goldstein-too-long-is-capped"],
    goldstein.capped: ["goldstein-no-cap", "goldstein-never-capped-between-lines"],
    goldstein.moves: ["goldstein-turned", "goldstein-no-smallest", "goldstein-tries-where-it-stands"],
    goldstein.gives_up: ["goldstein-cap-is-a-failure", "goldstein-failed-search-stays"],
    goldstein.nowhere: ["goldstein-state-lost-where-nothing-descends"],
    goldstein.hands_on: ["goldstein-starts-again"],
    wolfe.accepts: ["wolfe-weak", "wolfe-no-curvature", "wolfe-capped-uphill"],
    wolfe.capped: ["wolfe-first-trial-no-cap", "wolfe-found-at-its-cap"],
    wolfe.doubles: ["wolfe-higher-than-the-lowest", "wolfe-never-capped"],
    wolfe.gives_up: ["wolfe-curvature-strict"],
    golsi.accepts: ["golsi-accepts-downhill", "golsi-c2-dropped"],
    golsi.within: ["golsi-no-largest", "golsi-no-smallest", "golsi-grows-too-far", "golsi-grows-by-4"],
    golsi.capped: ["golsi-released-turned-is-capped"],
    golsi.gives_up: ["golsi-below-stays", "golsi-other-sign", "golsi-released-tires-later"],
    golsi.moves: ["golsi-same-batch", "golsi-shrinks-by-2"],
    golsi.nowhere: ["golsi-state-lost-where-nothing-descends"],
    golsi.hands_on: ["golsi-step-not-kept"],
    pal.asks_once: ["pal-measured-along-d", "pal-released-slope-uphill"],
    pal.cases: ["pal-curvature-without-slope", "pal-half-the-curvature", "pal-flat-is-bent", "pal-slope-along-d"],
    pal.capped: ["pal-no-cap", "pal-found-at-its-cap"],
    pal.lowers: ["pal-without-a-minimum-the-largest"],
    pal.relaxes: ["pal-alpha-dropped"],
    labpal.asks: ["labpal-searches-late", "labpal-measures-elsewhere", "labpal-pools-too-few"],
    labpal.measures: ["labpal-alpha-dropped", "labpal-length-as-rate", "labpal-parabola-of-slopes"],
    labpal.capped: ["labpal-no-cap", "labpal-rate-no-cap"],
    labpal.falls_back: ["labpal-estimate-lost", "labpal-failed-is-found"],
    labpal.between_searches: ["labpal-updates-not-counted", "labpal-uphill-between-searches"],
    labpal.hands_on: ["labpal-search-not-counted"],
    labpal.nowhere: ["labpal-still-update-not-counted"],
    alig.clips: ["ali-g-uphill"],
    alig.moves: ["ali-g-whole-velocity-ahead", "ali-g-velocity-does-not-fade", "ali-g-adjusted-without-its-rate"],
}
OURS = {  # further ones
    "the slope for the change": (armijo.starts, method("armijo", "Search, change,", "Search, slope as change,")),
    "no shrinking": (armijo.backtracks, method("armijo", "s = self.beta * s  # line 6", "pass  # line 6")),
}
MISTAKES = {name: (one, MUTANTS[name]) for one, names in SEEN.items() for name in names} | OURS


def text(mutant):
    """The search of a file of methods with a mistake."""
    name = pathlib.Path(mutant.file).stem
    module = types.ModuleType(f"toybox.methods.{name}")
    module.__package__ = "toybox.methods"
    exec(compile(mutated(mutant), mutant.file, "exec"), module.__dict__)
    return getattr(module, TEXTS[getattr(of_code, name)])


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_the_text_is_refuted(name):
    one, mutant = MISTAKES[name]
    proof = one(text=text(mutant))
    assert proof.margin == -1
    assert "step = " in proof.counterexample


def test_the_text_itself_is_what_is_run():
    """Without a mistake the text that is read from the file proves the same."""
    assert armijo.accepts(text=text(MUTANTS["armijo-sign"]._replace(changes=[]))) == armijo.accepts()
