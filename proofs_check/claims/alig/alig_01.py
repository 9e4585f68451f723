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
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, dot, norm, positive
from ...claim import Contrast, close, equal, only, told
from ...ours import Plain, Quadratics, line, on_rule, walk
from .common import PLACES, alig, wholes

claim = told(__doc__)


def by_line(plain, x, eps, way, sign=1):
    """l(0) / (sign l'(0) + eps) of the line along way times the gradient, or its unit vector ("unit": downhill)."""
    g = plain.gradient(x, (0,))
    d = tuple(-a / norm(g) for a in g) if way == "unit" else tuple(way * a for a in g)
    phi, slope = line(plain, x, d, (0,))
    return phi(F(0)) / (sign * slope(F(0)) + eps)


def forms_agree(q, eps, *forms):
    """The rate is loss / (|g|^2 + eps), and that of these forms, for losses that are not negative."""
    plain, g = Plain(q.f, q.gradient), q.gradient(q.x)
    assume(any(g) and q.f(q.x) >= 0)
    rate = alig(plain, q.x, eps).step
    slack = [equal(rate, q.f(q.x) / (dot(g, g) + eps))]
    return min(slack + [equal(rate, by_line(plain, q.x, eps, *form)) for form in forms])


HALF_SQUARE = Plain(lambda x: x[0] * x[0] / 2, lambda x: x)
TWO = (F(2),)


def by_slope(theta, way):
    x, eps = (theta,), F(0)
    return Contrast(by_line(HALF_SQUARE, x, eps, way), alig(HALF_SQUARE, x, eps).step)


@claim.check("theta = 2")
def four_conventions():
    """At theta = 2 on theta^2 / 2: .5, and for the lines along g, -g and the unit vector .5, -.5, -1."""
    rates = [alig(HALF_SQUARE, TWO, F(0)).step, *(by_line(HALF_SQUARE, TWO, F(0), way) for way in (1, -1, "unit"))]
    problem = tb.problems.NoisyQuadratic(np.eye(1)[None], np.zeros((1, 1)))
    run = walk(problem, on_rule(methods.alig.ALIG(eps=0.0)), np.array([2.0]))
    return {
        "printed numbers": equal(rates, [F(1, 2), F(1, 2), F(-1, 2), F(-1)]),
        "arrays": equal(float(run.trace.size[0, 0]), 0.5),
    }


@claim.check("the rule on arrays", wholes(), examples=100)
def alig_on_arrays(case):
    """The rule on arrays; loss and |g|^2 are whole numbers, and a root, a square, a sum and a quotient round."""
    M, eps = np.array(case.M, float), float(case.rate)
    problem = tb.problems.NoisyQuadratic((M @ M.T + np.eye(len(M)))[None], np.array([case.m], float))
    found = walk(problem, on_rule(methods.alig.ALIG(eps=eps)), np.array(case.x, float)).trace.size[0, 0]
    Q = [tuple(dot(a, b) + (i == j) for j, b in enumerate(case.M)) for i, a in enumerate(case.M)]
    wanted = float(alig(Quadratics([Q], [case.m]), case.x, case.rate).step)
    return close(found, wanted, 4 * EPS * abs(wanted))


claim.check("uphill as printed, downhill with the sign changed", st.tuples(PLACES, positive()), examples=150)(
    lambda q, eps: forms_agree(q, eps, (1, 1), (-1, -1))
)
claim.control("changed sign uphill")(
    lambda: equal(by_line(HALF_SQUARE, TWO, F(1), 1, -1), alig(HALF_SQUARE, TWO, F(1)).step)
)
claim.control("changed sign on the unit line")(lambda: equal(by_line(HALF_SQUARE, TWO, F(0), "unit", -1), F(1, 2)))
claim.control("eps subtracted")(
    lambda: equal(by_line(HALF_SQUARE, TWO, F(-1), -1, -1), alig(HALF_SQUARE, TWO, F(1)).step)
)
claim.counterexample("rate on theta^2 / 2, by the line along -g", only(F(2)))(lambda theta: by_slope(theta, -1))
claim.counterexample("rate on theta^2 / 2, by the unit line", only(F(2)))(lambda theta: by_slope(theta, "unit"))
