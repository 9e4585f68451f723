"""Breaking the code is noticed: with one mistake at a time in the methods, some claim of proofs_check fails."""

import inspect
import types

import pytest

from proofs_check import CLAIMS, verify
from toybox import directions, sampling
from toybox.rules import backtracking, bracketing, closed, measured, probabilistic

MUTATIONS = {  # mistake -> module, (text, replacement) ..., claims that should notice
    "sign of the Armijo constant": (
        backtracking,
        [("decrease, seeking = self.c * slope0,", "decrease, seeking = -self.c * slope0,")],
        ["WA-01", "SLS-01"],
    ),
    "PAL's curvature without the slope": (
        closed,
        [("a = (change - b * self.mu) / (self.mu * self.mu)", "a = change / (self.mu * self.mu)")],
        ["PAL-A6", "PAL-P1"],
    ),
    "alpha after the cap": (
        closed,
        [
            ("-self.alpha * b / (2 * a)", "-b / (2 * a)"),
            ("xp.minimum(s, self.s_max)", "self.alpha * xp.minimum(s, self.s_max)"),
        ],
        ["PAL-SMAX", "PAL-RELAX", "PAL-CASE"],
    ),
    "GOLS-I accepts the other sign, strictly": (
        bracketing,
        [("(slope >= 0) & (slope <= limit)", "(slope < 0) & (slope > -limit)")],
        ["WA-05", "GOLS-01"],
    ),
    "derivative blocks of the PLS kernel transposed": (
        probabilistic,
        [
            ("blocks[..., :a, b:] = s * low - half", "blocks[..., :a, b:] = t * low - half"),
            ("blocks[..., a:, :b] = t * low - half", "blocks[..., a:, :b] = s * low - half"),
        ],
        ["PLS-01", "PLS-03"],
    ),
    "Adam without bias correction": (
        directions,
        [("m / (1 - beta1**t), v / (1 - beta2**t)", "m, v")],
        ["ADAM-01"],
    ),
    "batches drawn with replacement": (
        sampling,
        [("return distinct(seeds, t, j, size, population)", "return integers(seeds, t, j, size, population)")],
        ["NOISE-02", "NOISE-05"],
    ),
    "LABPAL uses the length as a rate": (
        measured,
        [("s if lengths else s / norm", "s")],
        ["LAB-01"],
    ),
}  # fmt: skip


def mutate(monkeypatch, module, changes):
    """Run the module's changed source, and put what it defines in the place of what is there."""
    source = inspect.getsource(module)
    for old, new in changes:
        assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in {module.__name__}"
        source = source.replace(old, new)
    other = types.ModuleType(module.__name__)
    other.__package__, other.__file__ = module.__package__, module.__file__
    exec(compile(source, module.__file__, "exec"), vars(other))
    for name, thing in vars(other).items():
        if getattr(thing, "__module__", None) != module.__name__:
            continue
        if isinstance(thing, type):
            for attribute, value in vars(thing).items():
                if inspect.isfunction(value):
                    monkeypatch.setattr(getattr(module, name), attribute, value)
        elif inspect.isfunction(thing):
            monkeypatch.setattr(module, name, thing)


@pytest.mark.parametrize("mistake", MUTATIONS)
def test_a_mistake_is_noticed(mistake, monkeypatch):
    module, changes, suspects = MUTATIONS[mistake]
    mutate(monkeypatch, module, changes)
    assert not all(verify(CLAIMS[id]).passed for id in suspects)


def test_nothing_is_noticed_where_nothing_changed(monkeypatch):
    """Replacing the code by itself breaks no claim: it is the mistakes that are noticed."""
    for module, _, _ in MUTATIONS.values():
        mutate(monkeypatch, module, [])
    for id in sorted({id for _, _, suspects in MUTATIONS.values() for id in suspects}):
        assert verify(CLAIMS[id]).passed, id
