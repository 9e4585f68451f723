r"""GOLS-01  A sign change from - to + encloses a minimum

Where: dissertation, section 2.6.4 and Algorithm 4
Claim: Without noise, two steps between which the slope along the line changes from negative to non-negative enclose a
    minimum.
Formula: l'(a) < 0 \le l'(b),\ a < b \ \Rightarrow\ \exists\, s \in (a, b]:\ l(s) \ \mathrm{minimal}
Verdict: corrected
Kind: property
Found: With l'(b) > 0 and a continuous l': then the lowest point of [a, b] lies inside. Where l'(b) = 0 there may be an
    inflection. A search that grew returns the right end of its bracket, one that shrank the left end, where the loss
    still falls. With noise there need be no minimum at all.
True: l \in C^1,\ l'(a) < 0 < l'(b) \ \Rightarrow\ \mathrm{arg}\min_{[a, b]} l \subset (a, b)
"""

from __future__ import annotations

from fractions import Fraction as F
from typing import NamedTuple

import numpy as np

import toybox as tb
from toybox import methods
from toybox.rays import Status

from ...cases import EPS
from ...claim import Contrast, above, equal, only, told
from ...ours import on_rule, walk
from .common import alone, search

claim = told(__doc__)


class Wavy(NamedTuple):
    """l'(s) = ((s - z) + q sin 30 s) / z, arrays over lanes; GOLS-I starts from ``first`` and grows by ``factor``."""

    z: np.ndarray
    q: np.ndarray
    first: np.ndarray
    factor: np.ndarray

    def value(self, s):
        return ((s - self.z) ** 2 / 2 - self.q * np.cos(30 * s) / 30) / self.z

    def slope(self, s):
        return ((s - self.z) + self.q * np.sin(30 * s)) / self.z

    def searched(self):
        return search(self.value, self.slope, len(self.z), first=self.first, factor=self.factor)


def wavy(budget):
    rng, n = budget.rng(), budget.many(1000, 20000)
    z, first = 10 ** rng.uniform(-2, 0.7, n), 10 ** rng.uniform(-3, 0.7, n)
    return Wavy(z, rng.uniform(0, 0.5, n), first, rng.uniform(1.2, 3, n))


def brackets(budget):
    """Where a search stopped because the slope changed its sign: which exit, and a and b of the bracket, lane by lane.

    Grown: [step / factor, step]; shrunk: [step, step factor]; accepted at once: [0, step]. Slopes below 1e-6, whose
    sign or effect rounding may hide, are left out.
    """
    lines = wavy(budget)
    size, status, trials = lines.searched()
    grown, shrunk = (trials > 1) & (size > lines.first), size < lines.first
    a = np.where(grown, size / lines.factor, np.where(shrunk, size, 0 * size))
    b = np.where(shrunk, size * lines.factor, size)
    clear = np.minimum(np.abs(lines.slope(a)), np.abs(lines.slope(b))) > 1e-6
    for i in np.flatnonzero((status == Status.FOUND) & clear).tolist():
        line = Wavy(*(part[i].item() for part in lines))
        yield "grown" if grown[i] else "shrunk" if shrunk[i] else "at once", line, a[i].item(), b[i].item()


@claim.check("brackets of our search on wavy lines", brackets)
def encloses(exit, line, a, b):
    """l' < 0 at a, l' > 0 at b, and the lowest point of [a, b] lies inside."""
    left, right = line.slope(a), line.slope(b)
    near = (b - a) * 2.0 ** -np.arange(1.0, 30)
    inside = np.concatenate([np.linspace(a, b, 66)[1:-1], a + near, b - near])
    lowest = min(line.value(a), line.value(b))
    return {"left": -left, "right": right, "inside": float(above(lowest, line.value(inside).min()))}


@claim.check("which end is returned", brackets)
def which_end(exit, line, a, b):
    """Bisection finds a root of l' inside; a grown search returns the right end, a shrunk one the left: l' < 0."""
    low, high = a, b
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if line.slope(middle) < 0 else (low, middle)
    steepest = (1 + 30 * line.q) / line.z
    returned = a if exit == "shrunk" else b
    return {
        "root": 1 - abs(line.slope(high)) / (steepest * 4 * EPS * b + 8 * EPS * (1 + b / line.z)),
        "returned": line.slope(returned) * (-1 if exit == "shrunk" else 1) + 1e-12,
    }


def lines_agree(budget):
    """Every search of the first lanes ends where it does on the bare line."""
    lines = Wavy(*(part[:60] for part in wavy(budget)))
    size, _, trials = lines.searched()
    for i in range(60):
        line = Wavy(*(part[i].item() for part in lines))
        exactly = alone(line.value, line.slope, first=line.first, factor=line.factor)
        yield size[i].item(), exactly.step, int(trials[i]), exactly.trials


class Straight(NamedTuple):
    """A full loss that only falls."""

    def value(self, s):
        return -2 * s / 3

    def slope(self, s):
        return -2 / 3 + 0 * s


@claim.control("noise: a sign change without a root")
def noisy_bracket():
    """Samples with the constant slopes -1, -2 and 1: the sign changes from the first trial to the second."""
    slopes = np.array([-1.0, -2.0, 1.0])
    problem = tb.problems.FromFunction(
        lambda theta, index: (theta[..., 0] * slopes[index].mean(-1), slopes[index].mean(-1)[..., None] + 0 * theta),
        1,
        3,
    )
    rule = on_rule(methods.golsi.GOLSI(first=0.25))
    w = walk(problem, rule, 0.0, sampler=lambda t, j: np.array([[j]]), batch=1)
    assert w.trace.status.item() == Status.FOUND
    return encloses("grown", Straight(), w.trace.size.item() / 2, w.trace.size.item())["inside"]


BENT = (lambda s: -((s - 1) ** 3) / 3), (lambda s: -((s - 1) ** 2))  # an inflection at 1: value and slope


@claim.check("an inflection is returned")
def inflection():
    """From 1/2 the search returns 1, where l' = 0."""
    exact = alone(*BENT, first=F(1, 2), factor=2)
    arrays, status, _ = search(*BENT, 1, first=np.array([0.5]))
    return {"exact": equal(exact.step, 1), "arrays": equal(F(arrays[0]), 1), "status": equal(status[0], Status.FOUND)}


@claim.counterexample("-(s - 1)^3 / 3 at a greater s than was found", only(F(1, 2), F(3, 2)))
def lowest_there(first, s):
    """The step that was found should be a minimum: no other one nearby is lower."""
    found = alone(*BENT, first=first, factor=2).step
    return Contrast(BENT[0](found), BENT[0](s), "at least")


claim.check("on a bare line it ends in the same place", lines_agree)(lambda s, t, n, m: equal([s, n], [t, m]))
