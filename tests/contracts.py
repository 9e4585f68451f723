"""What a rule promises about a step, checked with plain evaluations of the loss; a failure shows all numbers.

    assert_contract(rule, taken)      everything that the type of the rule promises
    assert_armijo(taken, s, c) ...    one promise

``Taken`` is one step of one lane. Plain values are sums of at most a few hundred products that cancel, so they are
known to 2^10 eps of their terms (``slack``); a promise is broken only where it fails by more than that.
"""

from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np

from oracles import SCHEDULES
from toybox import Status
from toybox.methods.alig import ALIG
from toybox.methods.armijo import Armijo
from toybox.methods.exact import Exact
from toybox.methods.extragradient import Extragradient
from toybox.methods.fixed import Fixed
from toybox.methods.goldstein import Goldstein
from toybox.methods.golsi import GOLSI
from toybox.methods.hypergradient import Hypergradient
from toybox.methods.pal import PAL
from toybox.methods.wolfe import StrongWolfe

UNITS = 2.0**10


@dataclass(frozen=True)
class Taken:
    """One step of one lane: from theta (dim,) the multiple s of d (dim,), and ``draw(j)``, the samples of this step."""

    problem: Any
    theta: np.ndarray
    d: np.ndarray
    s: float
    status: Status
    trials: int
    t: int
    steps: int
    draw: Any

    def point(self, s, j=0):
        """theta + s d on sample j; None: on the whole data set."""
        sample = self.problem.population if j is None else self.draw(j)
        return self.problem.at((self.theta + s * self.d)[None], sample)

    @np.errstate(all="ignore")  # of a lane that runs away
    def value(self, s, j=0):
        return float(self.point(s, j).value[0])

    @np.errstate(all="ignore")
    def slope(self, s, j=0):
        return float(self.point(s, j).gradient[0] @ self.d)

    @property
    def length(self):
        return float(np.linalg.norm(self.d))

    @np.errstate(all="ignore")
    def slack(self, s, j=0):
        """By how much a difference of two values, or s times a slope, may be wrong."""
        gradients = np.abs(self.point(0.0, j).gradient[0]) + np.abs(self.point(s, j).gradient[0])
        terms = abs(self.value(0.0, j)) + abs(self.value(s, j))
        return (
            UNITS
            * np.finfo(self.theta.dtype).eps
            * (terms + float((np.abs(self.theta) + np.abs(s * self.d)) @ gradients))
        )

    def __str__(self):
        return f"t={self.t} s={self.s!r} {self.status.name} after {self.trials} trials, |d|={self.length!r}"


def assert_armijo(taken, s, c, j=0, holds=True):
    """Sufficient decrease, eq. 2.17 (or, where it shall not hold, its lack)."""
    found, wanted = taken.value(s, j) - taken.value(0.0, j), c * s * taken.slope(0.0, j)
    slack = taken.slack(s, j)
    good = found <= wanted + slack if holds else found >= wanted - slack
    assert good, f"{taken}: phi({s!r}) - phi(0) = {found!r}, c s phi'(0) = {wanted!r}, {holds=}, {slack=}"


def assert_minimum(taken, s, j=0):
    """The slope at s is 0: it changes its sign within what rounding of s or of the slope explains."""
    slope, slack = taken.slope(s, j), taken.slack(s, j) / s
    width = UNITS * np.finfo(taken.theta.dtype).eps * s
    left, right = taken.slope(s - width, j), taken.slope(s + width, j)
    assert abs(slope) <= slack or left <= 0 <= right, (
        f"{taken}: phi'({s!r}) = {slope!r} in [{left!r}, {right!r}], {slack=}"
    )


def assert_parabola(taken, mu, alpha, s_max, j=0):
    """The minimum of the parabola through phi(0), phi'(0) and phi(mu), times alpha, at most s_max (lengths)."""
    b = taken.slope(0.0, j) / taken.length
    a = (taken.value(mu / taken.length, j) - taken.value(0.0, j) - b * mu) / mu**2
    wrong = 2 * taken.slack(mu / taken.length, j) / mu**2  # of a
    length = taken.s * taken.length
    if abs(a) <= wrong:
        return  # its sign is not known
    expected = min(-alpha * b / (2 * a) if a > 0 else mu, s_max)
    error = expected * 2 * wrong / abs(a) + 4 * np.finfo(taken.theta.dtype).eps * expected
    assert abs(length - expected) <= error, f"{taken}: |s d| = {length!r}, parabola {a=} {b=}: {expected!r}, {error=}"
    assert (taken.status == Status.CAPPED) == (expected == s_max) or abs(expected - s_max) <= error, (
        f"{taken}: {s_max=}"
    )


def assert_reason(taken, j=0):
    """What every search promises: no step where it says that there is none, and why."""
    slope0 = taken.slope(0.0, j)
    nearly = abs(slope0) <= taken.slack(1.0, j)
    if taken.status == Status.ASCENT:
        assert taken.s == 0, taken
        assert slope0 > 0 or nearly, f"{taken}: phi'(0) = {slope0!r}"
    elif taken.status == Status.STATIONARY:
        assert taken.s == 0, taken
        assert nearly, f"{taken}: phi'(0) = {slope0!r}"
    elif taken.status != Status.NONFINITE:
        assert np.isfinite(taken.s), taken
        assert taken.s >= 0, taken
    return taken.status in (Status.FOUND, Status.CAPPED)


@singledispatch
def assert_contract(rule, taken):
    """A rule without a contract of its own."""
    assert_reason(taken)


@assert_contract.register
def _(rule: Fixed, taken):
    if not taken.d.any():
        assert taken.status == Status.STATIONARY, taken
        assert taken.s == 0, taken
        return
    assert taken.status == Status.FOUND, taken
    expected = rule.rate * SCHEDULES[rule.schedule](taken.t, taken.steps)
    assert abs(taken.s - expected) <= 2 * np.finfo(taken.theta.dtype).eps * expected, f"{taken}: {expected!r}"


@assert_contract.register
def _(rule: Hypergradient, taken):
    """The rate goes where its gradient sends it, below 0 too."""
    assert taken.status in (Status.FOUND, Status.STATIONARY, Status.NONFINITE), taken
    assert taken.status == Status.NONFINITE or np.isfinite(taken.s), taken


@assert_contract.register
def _(rule: ALIG, taken):
    """Loss over squared gradient, eq. 2.50, whichever way the momentum goes."""
    if taken.status in (Status.FOUND, Status.CAPPED):
        point = taken.point(0.0)
        eta = float(point.value[0]) / (float(point.gradient[0] @ point.gradient[0]) + rule.eps)
        assert abs(taken.s - min(eta, rule.max_rate)) <= UNITS * np.finfo(taken.theta.dtype).eps * abs(eta), taken


@assert_contract.register
def _(rule: Goldstein, taken):
    if assert_reason(taken) and taken.status == Status.FOUND:
        assert_armijo(taken, taken.s, rule.c)
        assert_armijo(taken, taken.s, 1 - rule.c, holds=False)


@assert_contract.register
def _(rule: StrongWolfe, taken):
    if assert_reason(taken):
        assert_armijo(taken, taken.s, rule.c1)
        limit, slack = -rule.c2 * taken.slope(0.0), taken.slack(taken.s) / taken.s
        assert taken.status == Status.CAPPED or abs(taken.slope(taken.s)) <= limit + slack, taken


@assert_contract.register
def _(rule: GOLSI, taken):
    """An immediate accept, eq. 2.24, or the first change of sign since the trial before, on another batch."""
    if assert_reason(taken) and taken.status == Status.FOUND:
        n, s, slack = taken.trials, taken.s, taken.slack(taken.s) / taken.s
        slope = taken.slope(s, n)
        limit = np.inf if rule.carries else -rule.c2 * taken.slope(0.0)  # carried along, B_0 is an earlier batch
        if n == 1:
            assert -slack <= slope <= limit + slack, f"{taken}: {slope=} {limit=}"
        else:
            grew = taken.slope(s / rule.factor, n - 1) <= slack and slope >= -slack
            shrank = taken.slope(s * rule.factor, n - 1) >= -slack and slope <= slack
            assert grew or shrank, f"{taken}: {slope=}"


@assert_contract.register
def _(rule: Extragradient, taken):
    """The gradient changes by at most c times its length on the way: Vaswani et al. 2019, section 5."""
    if assert_reason(taken):
        g = taken.point(0.0).gradient[0]
        change = np.linalg.norm(taken.point(taken.s).gradient[0] - g)
        assert change <= rule.c * np.linalg.norm(g) + taken.slack(taken.s) / taken.s / taken.length, taken


@assert_contract.register
def _(rule: Armijo, taken):
    if assert_reason(taken, rule.sample):
        assert_armijo(taken, taken.s, rule.c, rule.sample)
        if taken.trials > 1 + (rule.sample > 0):  # the first of the trials that is good enough
            assert_armijo(taken, taken.s / rule.beta, rule.c, rule.sample, holds=False)
    elif taken.status == Status.EXHAUSTED:
        assert taken.s == (1e-6 if rule.variant == "released" else 0), taken


@assert_contract.register
def _(rule: Exact, taken):
    j = None if rule.on == "full" else 0
    if assert_reason(taken, j):
        assert taken.value(taken.s, j) <= taken.value(0.0, j) + taken.slack(taken.s, j), taken
        if taken.status == Status.CAPPED:
            assert taken.s == rule.s_max, taken
            assert taken.slope(taken.s, j) <= taken.slack(taken.s, j) / taken.s, taken
        else:
            assert_minimum(taken, taken.s, j)


@assert_contract.register
def _(rule: PAL, taken):
    j = None if rule.whole else 0
    if assert_reason(taken, j) and rule.exact_slope:
        assert_parabola(taken, rule.mu, rule.alpha, rule.s_max, j)
