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

from math import inf, log, sqrt

import numpy as np

import toybox as tb
from toybox import methods

from ...cases import EPS
from ...claim import below, close, told
from ...ours import on_rule, walk
from ...proof import Theorem
from .common import spectra, worst_weights

claim = told(__doc__)
claim.certified()


@claim.proof("what an eigenvector adds", broken={"eigenvalues beyond the largest": {"beyond": 2}})
def term(low, high, h, g, beyond=1):
    """To g'Qg + low high g'Q^-1g, g^2 its part of g'g; the sums keep the bound."""
    added = g**2 * h + low * high * g**2 / h
    return Theorem((low > 0, low <= h, h <= beyond * high), {"bound": added <= (low + high) * g**2})


@claim.proof("an exact search", broken={"exponent 3": {"power": 3}, "half of r": {"part": 2}})
def shrinks(low, high, square, form, inverse, power=2, part=1):
    """E = e'Qe / 2 = g'Q^-1g / 2, of which the step takes (g'g)^2 / (2 g'Qg)."""
    before = inverse / 2
    after = before - square**2 / (2 * form)
    r = high / low / part
    return Theorem(
        (low > 0, high >= low, square > 0, form > 0, inverse > 0, form + low * high * inverse <= (low + high) * square),
        {"rate": after <= ((r - 1) / (r + 1)) ** power * before},
    )


@claim.proof("the worst start", broken={"another start": {"weight": 2}})
def attained(low, high, k, weight=1):
    """Parts k/low and k/high in the outer eigenvectors: one step leaves the ratio, and a start of the same form."""
    x, y = k / low, weight * k / high
    g, h = low * x, high * y
    step = (g**2 + h**2) / (low * g**2 + high * h**2)
    ratio = (high - low) / (high + low)
    return Theorem(
        (low > 0, high > low, k != 0), {"first": x - step * g == ratio * k / low, "last": y - step * h == -ratio * y}
    )


def stretches(budget):
    """Our exact line searches on E = x'Qx / 2, from random and from the worst starts: E before and after, condition and
    n."""
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
        yield from zip(*E, h[:, -1] / h[:, 0], [n] * lanes, strict=True)


@claim.check("exact searches of ours", stretches, degree="sampled")
@claim.control("root of r", stretches, condition=sqrt)
def shrinks_on_arrays(before, after, r, n, condition=lambda r: r):
    """Up to rounding of the two values, relative to the smallest eigenvalue."""
    ratio = (condition(r) - 1) / (condition(r) + 1)
    return below(after, ratio**2 * before, 64 * n * EPS * r * before)


@claim.check("how many steps", lambda budget: [10, 100, 500])
@claim.control("half as many", lambda budget: [100], share=8)
def steps_needed(r, target=1e-6, share=4):
    """Our PAL needs r/4 ln(1/target) steps: ln((r+1)/(r-1)) = 2/r (1 + 1/(3 r^2) + ...), and steps are whole."""
    problem = tb.problems.NoisyQuadratic(2 * np.diag([1.0, float(r)])[None], np.zeros((1, 2)))
    wanted = r / share * log(1 / target)
    rule = on_rule(methods.pal.PAL(s_max=inf))
    E = walk(problem, rule, np.array([1.0, 1 / r]), steps=int(1.1 * r / 4 * log(1 / target)) + 5).trace.full_loss[:, 0]
    return close(int(np.argmax(E <= target * E[0])), wanted, 1 + wanted / (2 * r * r))
