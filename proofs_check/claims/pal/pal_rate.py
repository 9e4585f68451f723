r"""PAL-RATE  Kantorovich's rate

Where: dissertation, section 2.7
Claim: On a positive definite quadratic with condition number r, a step of exact line search along the negative gradient
    leaves at most this share of the distance to the smallest value. From the worst start the share is left by every
    step.
Formula: E(\theta_{t+1}) \le \left(\frac{r - 1}{r + 1}\right)^2 E(\theta_t)
Verdict: holds
Kind: property
Found: So about r/4 ln(1/epsilon) steps to a share epsilon of the first distance.
"""

from __future__ import annotations

from fractions import Fraction as F
from math import inf, log, sqrt
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, positive, rational_quadratics
from ...claim import at_most, below, close, equal, told
from ...ours import on_rule, walk
from .common import centred, diagonal, exact_pal, exact_walk, spectra, worst_weights

claim = told(__doc__)


class Stretch(NamedTuple):
    """A step of exact line search on E = x'Qx / 2: values before and after, and what they depend on."""

    before: float
    after: float
    condition: float
    n: int


def stretches(budget):
    """Exact line searches of our own, from random and from the worst starts."""
    rng, lanes = budget.rng(), budget.many(80, 1600)
    along = tb.Optimizer(tb.methods.fixed.Unit(), methods.exact.Exact(inf))
    own = np.arange(lanes)[:, None]
    for n in range(2, 9):
        Q, h, U = spectra(rng, lanes, n, 8)
        weights = rng.standard_normal((lanes, n)) * h ** rng.uniform(-1.5, 0.5, (lanes, 1))
        weights[::2] = worst_weights(h[::2])
        problem = tb.problems.NoisyQuadratic(Q, np.zeros((lanes, n)))
        x = np.einsum("kij,kj->ki", U, weights)
        theta = walk(problem, along, x, sampler=lambda t, j: own, batch=1, seeds=range(lanes)).theta
        E = np.einsum("tki,kij,tkj->tk", theta, Q, theta) / 2
        yield from map(Stretch, *E, h[:, -1] / h[:, 0], [n] * lanes)


@claim.check("exact searches of ours", stretches)
@claim.control("exponent 3", stretches, power=3)
@claim.control("root of r", stretches, condition=sqrt)
def shrinks(step, power=2, condition=lambda r: r):
    """E(x+) <= ((r - 1) / (r + 1))^2 E(x), up to rounding of the two values, relative to the smallest eigenvalue."""
    r = condition(step.condition)
    tolerance = 64 * step.n * EPS * step.condition * step.before
    return below(step.after, ((r - 1) / (r + 1)) ** power * step.before, tolerance)


@claim.check("PAL from the worst start, exactly", lambda budget: [2, 10, 1000])
def attained(r):
    """PAL on exact numbers keeps that ratio from the worst start, step after step."""
    q = diagonal((1, r), (1, F(1, r)))
    f = [q.f(x) for x in exact_walk(q, F(1, 2), 3)[0]]
    return equal(f[1:], [F(r - 1, r + 1) ** 2 * v for v in f[:-1]])


@claim.check(
    "PAL in two variables, exactly", st.tuples(rational_quadratics(n=st.just(2)).map(centred), positive()), examples=100
)
def two_variables(q, mu):
    """With two eigenvalues 4r/(r+1)^2 is 4 det / trace^2, a rational number."""
    (a, b), (_, d) = q.Q
    share = 1 - 4 * (a * d - b * b) / (a + d) ** 2
    return at_most(q.f(exact_pal(q, q.x, mu).x), share * q.f(q.x))


@claim.check("how many steps", lambda budget: [10, 100, 500])
def steps_needed(r, target=1e-6):
    """Our PAL needs r/4 ln(1/target) steps: ln((r+1)/(r-1)) = 2/r (1 + 1/(3 r^2) + ...), and steps are whole."""
    problem = tb.problems.NoisyQuadratic(2 * np.diag([1.0, float(r)])[None], np.zeros((1, 2)))
    wanted = r / 4 * log(1 / target)
    trace = walk(
        problem, on_rule(methods.pal.PAL(s_max=inf)), np.array([1.0, 1 / r]), steps=int(1.1 * wanted) + 5
    ).trace
    E = trace.full_loss[:, 0]
    return close(int(np.argmax(E <= target * E[0])), wanted, 1 + wanted / (2 * r * r))
