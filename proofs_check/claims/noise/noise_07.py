r"""NOISE-07  The noise scale

Where: dissertation, eqs. 2.61 to 2.67 and 6.5
Claim: A step of SGD scatters like white noise of intensity nu S / D over a time of one learning rate, if nu is the
    learning rate times (D/B - 1). The approximation by the rate times D/B is too large by the factor 1 + B/(D - B).
Formula: \nu = \lambda\left(\frac{D}{B} - 1\right) = \lambda\frac{D}{B}\left(1 - \frac{B}{D}\right), \qquad
    \frac{\lambda D/B - \nu}{\nu} = \frac{B}{D - B}
Verdict: holds
Kind: symbolic
"""

from __future__ import annotations

import sympy

from ...cases import mean
from ...claim import equal, holds, only, told
from ...ours import ends
from .common import FOUR, F, exactly, nu, subsets, variance

claim = told(__doc__)


def noise_scale(interval=None):
    """nu by eqs. 2.64 to 2.66: white noise of intensity nu S / D over an interval scatters like lambda alpha, whose
    covariance is that of NOISE-02."""
    rate, B, D, nu, s, t, u = sympy.symbols("lambda B D nu S t u", positive=True)
    end = rate if interval is None else interval
    inner = sympy.integrate(nu * s / D * sympy.DiracDelta(t - u), (u, 0, end))
    white = sympy.integrate(inner, (t, 0, end))  # eq. 2.65
    step = rate**2 * (1 / B - 1 / D) * s  # eq. 2.64
    (solution,) = sympy.solve(sympy.Eq(step, white), nu)  # eq. 2.66
    return solution, (rate, B, D)


@claim.check("eqs. 2.64 to 2.67", degree="proved")
@claim.control("white noise over an interval of 1", only(sympy.Integer(1)))
def both_forms(interval=None):
    nu, (rate, B, D) = noise_scale(interval)
    excess = (rate * D / B - nu) / nu  # of the approximation 6.5
    zero = lambda expression: holds(sympy.simplify(expression) == 0)
    return {
        "eq. 2.67": zero(nu - rate * (D / B - 1)),
        "1 - B/D": zero(nu - rate * D / B * (1 - B / D)),
        "excess of 6.5": zero(excess - B / (D - B)),
    }


@claim.check("steps of our SGD, all batches", lambda budget: [(rate, B) for rate in (F(1, 2), F(3)) for B in (1, 2, 3)])
@claim.control("steps of our SGD, an interval of 1", only(F(1, 2), 2), interval=1)
def steps_of_sgd(rate, B, interval=None):
    """Our SGD's steps from 0 scatter by nu S / D times the interval (the rate), with nu of eq. 2.67."""
    drawn = list(subsets(4, B))
    ways = ends("sgd", exactly(FOUR), [(F(0),)] * len(drawn), drawn, rate=rate)
    found = mean([(x + rate * mean(FOUR)[0]) ** 2 for (x,) in ways])
    return equal(found, (interval or rate) * nu(rate, B, 4) / 4 * variance(FOUR, 3))
