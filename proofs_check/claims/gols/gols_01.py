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

import numpy as np

import toybox as tb
from toybox import methods
from toybox.rays import Status

from ... import of_code
from ...claim import Contrast, equal, only, told
from ...ours import on_rule, walk
from ...proof import Theorem, size
from .common import alone, search

claim = told(__doc__)
claim.of_the_code(of_code.golsi.encloses)


@claim.proof("neither end is the lowest point", broken={"a slope of 0 at the right end": {"strict": False}})
def falls_inwards(at_a, beside_a, slope_a, at_b, beside_b, slope_b, h, strict=True):
    """By the definition of derivatives, near an end l differs from its tangent by at most half of what that falls.

    A continuous l has a lowest point on [a, b]: it lies inside.
    """
    near = lambda end, beside, fall: size(beside - end + h * fall) <= h * fall / 2
    return Theorem(
        (
            *(h > 0, slope_a < 0, slope_b > 0 if strict else slope_b >= 0),
            *(near(at_a, beside_a, -slope_a), near(at_b, beside_b, slope_b)),
        ),
        {"right of a": beside_a < at_a, "left of b": beside_b < at_b},
    )


def brackets(budget):
    """Slopes at both ends of a bracket where a search of ours stopped because the slope changed its sign, lane by lane,
    on l'(s) = ((s - z) + q sin 30 s) / z.

    Grown: [step / factor, step]; shrunk: [step, step factor]; accepted at once: [0, step]. Slopes below 1e-6, whose
    sign or effect rounding may hide, are left out.
    """
    rng, n = budget.rng(), budget.many(1000, 20000)
    z, first = 10 ** rng.uniform(-2, 0.7, n), 10 ** rng.uniform(-3, 0.7, n)
    q, factor = rng.uniform(0, 0.5, n), rng.uniform(1.2, 3, n)
    value = lambda s: ((s - z) ** 2 / 2 - q * np.cos(30 * s) / 30) / z
    slope = lambda s: ((s - z) + q * np.sin(30 * s)) / z
    step, status, trials = search(value, slope, n, first=first, factor=factor)
    grown, shrunk = (trials > 1) & (step > first), step < first
    left = slope(np.where(grown, step / factor, np.where(shrunk, step, 0 * step)))
    right = slope(np.where(shrunk, step * factor, step))
    clear = (status == Status.FOUND) & (np.minimum(np.abs(left), np.abs(right)) > 1e-6)
    yield from zip(left[clear], right[clear], strict=True)


def noisy_bracket(budget):
    """Samples with the constant slopes -1, -2 and 1: the sign changes from the first trial to the second, while the
    full loss only falls."""
    slopes = np.array([-1.0, -2.0, 1.0])
    f = lambda theta, index: (theta[..., 0] * slopes[index].mean(-1), slopes[index].mean(-1)[..., None] + 0 * theta)
    rule = on_rule(methods.golsi.GOLSI(first=0.25))
    w = walk(tb.problems.FromFunction(f, 1, 3), rule, 0.0, sampler=lambda t, j: np.array([[j]]), batch=1)
    assert w.trace.status.item() == Status.FOUND
    yield slopes.mean(), slopes.mean()


@claim.check("brackets of our search on wavy lines", brackets, degree="sampled")
@claim.control("noise: a sign change without a root", noisy_bracket)
def encloses(left, right):
    """l' < 0 at the left end and l' > 0 at the right one: a grown search returns this, a shrunk one that."""
    return {"left": -left, "right": right}


BENT = (lambda s: -((s - 1) ** 3) / 3), (lambda s: -((s - 1) ** 2))  # an inflection at 1: value and slope


@claim.check("an inflection is returned", only(F(1, 2)))
@claim.control("but not from 3/8", only(F(3, 8)))
def inflection(first):
    """From 1/2 the search returns 1, where l' = 0."""
    exact = alone(*BENT, first=first, factor=2)
    arrays, status, _ = search(*BENT, 1, first=np.array([float(first)]))
    return {"exact": equal(exact.step, 1), "arrays": equal(F(arrays[0]), 1), "status": equal(status[0], Status.FOUND)}


@claim.counterexample("-(s - 1)^3 / 3 at a greater s than was found", only(F(1, 2), F(3, 2)))
def lowest_there(first, s):
    """The step that was found should be a minimum: no other one nearby is lower."""
    found = alone(*BENT, first=first, factor=2).step
    return Contrast(BENT[0](found), BENT[0](s), "at least")
