r"""HD-01  Hypergradient

Where: dissertation, eqs. 2.48 and 2.49
Claim: The derivative of the newest batch's loss in the rate of the last step is minus the product of the newest and the
    last gradient, so that adding a multiple of this product to the rate is a gradient step.
Formula: \frac{\partial}{\partial\lambda} \mathcal L_{\mathbb B,t}(\theta_{t-1} - \lambda g_{t-1}) = -g_t^\top g_{t-1},
    \qquad \lambda_{t+1} = \lambda_t + \alpha\, g_t^\top g_{t-1}
Verdict: holds
Kind: symbolic
"""

from __future__ import annotations

from hypothesis import assume
from hypothesis import strategies as st

from ...cases import add, dot, positive, rational_quadratics, times
from ...claim import equal, told
from ...ours import Plain, moves
from ...proof import Theorem

claim = told(__doc__)


@claim.proof("the derivative", broken={"the other sign": {"sign": 1}, "the new gradient at the old place": {"new": 0}})
def derivative(a, b, c, r1, r2, x, y, g1, g2, rate, more, sign=-1, new=1):
    """Of the newest loss, a quadratic as are all to second order, after the rate grew by ``more`` from the last place
    (x, y) along the last gradient: what is proportional to ``more`` is minus the product of gradients."""
    Q, g, place = ((a, b), (b, c)), (g1, g2), (x, y)
    loss = lambda v: dot((r1, r2), v) + dot(v, times(Q, v))
    gradient = lambda v: add((r1, r2), 2, times(Q, v))
    at = lambda rate: add(place, -rate, g)
    product = dot(gradient(at(new * rate)), g)
    return Theorem(
        (),
        {
            "first order": loss(at(rate + more)) - loss(at(rate))
            == sign * more * product + more**2 * dot(g, times(Q, g))
        },
    )


PAIRS = st.tuples(*[rational_quadratics(n=st.just(2))] * 2, positive(), positive())


@claim.check("the update of our rule", PAIRS, examples=100)
@claim.control("an ascent", PAIRS, examples=20, sign=1)
def descends(first, second, rate, hyper_rate, sign=-1):
    """Our second rate is the first after a gradient step on the loss of the second batch."""
    g = first.gradient(first.x)
    new = second.gradient(add(first.x, -rate, g))
    assume(any(new))  # where it is 0, no rate is used
    plain = Plain(parts=[(q.f, q.gradient) for q in (first, second)])
    found = moves("sgd-hd", plain, first.x, [(0,), (1,)], rate=rate, hyper_rate=hyper_rate)[1].step
    return equal(found, rate + sign * hyper_rate * -dot(new, g))
