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

from fractions import Fraction as F

import sympy
from hypothesis import strategies as st

from ...cases import add, mean, populations, positive
from ...claim import equal, holds, only, told
from ...ours import ends
from .common import TEN, S, exactly, outer, scaled, subsets

claim = told(__doc__)


def noise_scale(interval=None):
    """nu by eqs. 2.64 to 2.66: white noise of intensity nu S / D over an interval scatters like lambda alpha."""
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


@claim.check("steps of our SGD", st.tuples(populations(), positive()), examples=30)
def steps_of_sgd(g, rate, interval=None):
    """Our SGD's steps from 0 scatter by nu S / D times the interval (the rate), with nu of eq. 2.67."""
    D, found, origin = len(g), {}, (F(0),) * len(g[0])
    for B in range(1, D + 1):
        drawn = list(subsets(D, B))
        ways = ends("sgd", exactly(g), [origin] * len(drawn), drawn, rate=rate)
        missed = [add(way, rate, mean(g)) for way in ways]
        nu = rate * (F(D, B) - 1)
        found[B] = equal(mean([outer(v, v) for v in missed]), scaled((interval or rate) * nu / D, S(g)))
    return found


claim.control("steps of our SGD, an interval of 1", only(TEN[:4]))(lambda g: steps_of_sgd(g, F(1, 2), F(1)))
