r"""QN-NEWTON  Newton's step reaches the minimum

Where: dissertation, section 2.7
Claim: On a positive definite quadratic one Newton step leads from anywhere to the minimiser.
Formula: \theta - (\nabla^2 E)^{-1} \nabla E(\theta) = \theta^*
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F

from ...cases import add, rational_quadratics, solve
from ...claim import equal, told
from ..pal.common import ZERO, twice

claim = told(__doc__)


def newton(gradient, hessian, x, step=1):
    return add(x, -step, solve(hessian(x), gradient(x)))


@claim.check("quadratics", rational_quadratics(), examples=200)
def newton_arrives(q, step=1):
    """x - H^-1 g has gradient 0."""
    found = newton(q.gradient, lambda x: twice(q.Q), q.x, step)
    return equal(q.gradient(found), (ZERO,) * len(found))


@claim.check("two thirds on x^4")
@claim.control("x^4", arrives=True)
def on_quartic(arrives=False):
    """On x^4 the step leaves two thirds of the way."""
    found = newton(lambda x: (4 * x[0] ** 3,), lambda x: ((12 * x[0] ** 2,),), (F(5),))
    return equal(found, (ZERO if arrives else F(10, 3),))


claim.control("half a step", rational_quadratics(), examples=20)(lambda q: newton_arrives(q, F(1, 2)))
