r"""PLS-02  The kernel is positive definite

Where: dissertation, eqs. 2.28 and 2.30
Claim: The joint prior of values and slopes is a Gaussian process: any matrix of its covariances is positive
    semi-definite, and definite for distinct places right of -tau. It collects the inner products of the functions
    through which white noise enters a loss and its slope.
Formula: k(\lambda, \lambda') = m^2 \int_0^{\min(\tilde\lambda, \tilde\lambda')} (\tilde\lambda - u)(\tilde\lambda' -
    u)\, du, \qquad \tilde\lambda = \lambda + \tau > 0
Verdict: holds
Kind: property
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
import sympy as sp
from hypothesis import strategies as st

from toybox import methods

from ... import belief as plain_belief
from ...cases import EPS, seeds
from ...claim import above, below, close, equal, only, told
from .common import Data, exact, h, observations, pivots, prior, s, t, u, zero

claim = told(__doc__)


def feature(i, x):
    """What the i-th derivative of l at x - tau does with white noise: (x - u)+, and 1 for u < x."""
    return (x - u) if i == 0 else sp.Integer(1)


@claim.check("inner products, symbolically")
@claim.control("another weight under the integral", only(u))
def inner_products(weight=1):
    """All four kernels are integrals of products of features, from 0 to the smaller argument."""
    slack = {}
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        for name, a, b, low in (("s < t", s, s + h, s), ("s > t", t + h, t, t)):
            integral = sp.integrate(sp.expand(weight * feature(i, a) * feature(j, b)), (u, 0, low))
            slack[f"{i}{j}, {name}"] = zero(plain_belief.kernel(i, a, j, b) - integral)
    return slack


@claim.control("places left of -tau", only(np.array([-12, -11.5])))
def smallest_eigenvalue(places, offset=10.0):
    """>= -4 n eps times the largest, for n places (..., n)."""
    eigenvalues = np.linalg.eigvalsh(methods.belief.covariance(places, places, offset))
    room = 4 * places.shape[-1] * EPS * eigenvalues[..., -1]
    return below(-eigenvalues[..., 0], 0.0, room)


@claim.check("values left of -tau")
def left_of_the_offset():
    """At -12 and -11.5, which is left of -tau, the smallest eigenvalue is -6.94, and already k(s, s) is negative."""
    found = methods.belief.covariance(np.array([-12, -11.5]), np.array([-12, -11.5]))
    return {"-6.94": close(np.linalg.eigvalsh(found)[0], -6.94, 0.005), "k": equal(prior((0, -12), (0, -12)), F(-8, 3))}


@claim.check("eigenvalues of covariance on arrays", st.tuples(st.integers(1, 8), seeds, st.floats(0, 20)))
def random_places(n, number, offset):
    """32 times n places in [0, 20], the differences of a third of them shrunk."""
    rng = np.random.default_rng(number)
    places = rng.uniform(0, 20, (32, n))
    places[::3] = places[::3, :1] + (places[::3] - places[::3, :1]) * 10.0 ** rng.uniform(-9, 0, (11, 1))
    return smallest_eigenvalue(np.clip(places, 0, 20), offset)


@claim.check("leading minors in fractions", observations(st.integers(1, 3)), examples=100)
@claim.control("places left of -tau, in fractions", only(Data((F(-12), F(-23, 2)), (F(0),) * 2, (F(0),) * 2)))
def leading_minors(data, tau=F(10)):
    """All positive, in fractions."""
    minor, slack = F(1), []
    for pivot in pivots(exact(data, tau=tau).gram):
        minor *= pivot
        slack.append(above(minor, F(0)))
    return min(slack)


@claim.control("a place observed twice")
def twice_at_one_place():
    """Observing at one place twice leaves a minor of 0; pivots end there."""
    terms = tuple((i, x) for x in (F(1), F(1), F(2)) for i in (0, 1))
    return min(above(p, F(0)) for p in pivots([[prior(f, g) for g in terms] for f in terms]))
