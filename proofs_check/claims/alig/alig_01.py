r"""ALIG-01  The two forms of ALI-G's rate

Where: dissertation, eq. 2.50
Claim: The mini-batch loss over the squared length of the gradient is the line's value over its slope at 0.
Formula: \frac{\mathcal L_{\mathbb B}(\theta)}{\|g\|^2 + \epsilon} = \frac{l_{\mathbb B}(0)}{l_{\mathbb B}'(0) +
    \epsilon}
Verdict: corrected
Kind: exact
Found: Only for the line of eq. 2.22, uphill along the gradient itself, where the slope is |g|^2. The line that is
    searched goes along -g with the slope -|g|^2: the sign must be changed. On the unit line of eq. 4.1 the slope is
    -|g|, and neither sign is right. On theta^2 / 2 at 2 the forms are .5, .5, -.5 and -1. All of this for losses that
    are not negative: our rule takes a negative one for 0.
True: \lambda = \frac{l_{\mathbb B}(0)}{-l_{\mathbb B}'(0) + \epsilon} \text{ for } l_{\mathbb B}(s) = \mathcal
    L_{\mathbb B}(\theta - s\, g)
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np

import toybox as tb
from toybox import methods

from ... import of_code
from ...cases import EPS, dot
from ...claim import Contrast, close, equal, only, told
from ...ours import Plain, Quadratics, line, on_rule, walk
from ...proof import Theorem
from .common import alig, wholes

claim = told(__doc__)
claim.of_the_code(of_code.alig.clips, of_code.alig.moves)


@claim.proof(
    "both lines",
    broken={
        "changed sign uphill": {"up": -1},
        "as printed downhill": {"down": 1},
        "the unit line": {"unit": True},
        "eps subtracted": {"eps_sign": -1},
    },
)
def forms(loss, length, eps, up=1, down=-1, unit=False, eps_sign=1):
    """The slope is the gradient's product with the direction: |g|^2 along g, -|g|^2 along -g, and -|g| along -g/|g|."""
    rate = loss / (length**2 + eps)
    uphill, downhill = length**2, -length if unit else -(length**2)
    given = (loss >= 0, length > 0, eps > 0, length**2 != eps, length != eps)
    return Theorem(
        given,
        {
            "uphill": rate == loss / (up * uphill + eps_sign * eps),
            "downhill": rate == loss / (down * downhill + eps_sign * eps),
        },
    )


HALF_SQUARE = Plain(lambda x: x[0] * x[0] / 2, lambda x: x)


def by_line(theta, way):
    """l(0) / l'(0) of the line of theta^2 / 2 along ``way`` times the gradient, or downhill along its unit vector."""
    phi, slope = line(HALF_SQUARE, (theta,), (F(-1) if way == "unit" else way * theta,), (0,))
    return phi(F(0)) / slope(F(0))


@claim.check("theta = 2", degree="proved")
@claim.control("theta = 1", theta=F(1))
def four_conventions(theta=F(2)):
    """On theta^2 / 2 the rate is .5, and for the lines along g, -g and the unit vector .5, -.5, -1."""
    rates = [alig(HALF_SQUARE, (theta,), F(0)).step, *(by_line(theta, way) for way in (1, -1, "unit"))]
    return equal(rates, [F(1, 2), F(1, 2), F(-1, 2), F(-1)])


@claim.check("the rule on arrays", wholes(), examples=100)
@claim.control("the rule on arrays, eps twice", wholes(), examples=20, times=2)
def alig_on_arrays(case, times=1):
    """Loss and |g|^2 are whole numbers, and a root, a square, a sum and a quotient round."""
    M = np.array(case.M, float)
    problem = tb.problems.NoisyQuadratic((M @ M.T + np.eye(len(M)))[None], np.array([case.m], float))
    rule = methods.alig.ALIG(eps=float(times * case.rate))
    found = walk(problem, on_rule(rule), np.array(case.x, float)).trace.size[0, 0]
    Q = [tuple(dot(a, b) + (i == j) for j, b in enumerate(case.M)) for i, a in enumerate(case.M)]
    exact = Quadratics([Q], [case.m])
    g = exact.gradient(case.x, (0,))
    wanted = float(exact.value(case.x, (0,)) / (dot(g, g) + case.rate))
    return close(found, wanted, 4 * EPS * abs(wanted))


@claim.counterexample("rate on theta^2 / 2, by the line along -g", only(F(2), -1))
@claim.counterexample("rate on theta^2 / 2, by the unit line", only(F(2), "unit"))
def by_slope(theta, way):
    return Contrast(by_line(theta, way), alig(HALF_SQUARE, (theta,), F(0)).step)
