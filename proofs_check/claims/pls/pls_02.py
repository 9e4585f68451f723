r"""PLS-02  The kernel is positive definite

Where: dissertation, eqs. 2.28 and 2.30
Claim: The joint prior of values and slopes is a Gaussian process: any matrix of its covariances is positive
    semi-definite, and definite for distinct places right of -tau. It collects the inner products of the functions
    through which white noise enters a loss and its slope.
Formula: k(\lambda, \lambda') = m^2 \int_0^{\min(\tilde\lambda, \tilde\lambda')} (\tilde\lambda - u)(\tilde\lambda' -
    u)\, du, \qquad \tilde\lambda = \lambda + \tau > 0
Verdict: holds
Kind: exact
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from hypothesis import strategies as st

from toybox import methods

from ... import belief as plain_belief
from ...cases import EPS, seeds
from ...claim import below, close, equal, only, told
from .common import h, p, pivots, q, s, t, u, zero

claim = told(__doc__)


def feature(i, x):
    """What the i-th derivative of l at x - tau does with white noise: (x - u)+, and 1 for u < x."""
    return (x - u) if i == 0 else sp.Integer(1)


@claim.check("inner products, symbolically", degree="proved")
@claim.control("another weight under the integral", only(u))
def inner_products(weight=1):
    """All four kernels are integrals of products of features, from 0 to the smaller argument: with any factors a_i,
    the sum of a_i a_j k_ij is the integral of a square."""
    slack = {}
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        for name, a, b, low in (("s < t", s, s + h, s), ("s > t", t + h, t, t)):
            integral = sp.integrate(sp.expand(weight * feature(i, a) * feature(j, b)), (u, 0, low))
            slack[f"{i}{j}, {name}"] = zero(plain_belief.kernel(i, a, j, b) - integral)
    return slack


@claim.check("pivots of three places", degree="proved")
@claim.control("a place observed twice", again=0)
def leading_minors(again=1):
    """Each place adds the third of a cube and a fourth: of its way from the one before, or from -tau. What came before
    that one does not matter, and so it goes on (PLS-03): all leading minors are positive."""
    places = (h, h + p, h + p + again * q)
    terms = [(i, x) for x in places for i in (0, 1)]
    found = pivots([[plain_belief.kernel(*f, *g) for g in terms] for f in terms], sp.cancel)
    expected = [part for way in (h, p, q) for part in (way**3 / 3, way / 4)]
    return zero(len(found) - len(expected), *(a - b for a, b in zip(found, expected, strict=False)))


PLACES = st.tuples(st.integers(1, 8), seeds, st.floats(0, 20))


@claim.check("eigenvalues of covariance on arrays", PLACES, examples=200)
@claim.control("places left of -tau", PLACES, examples=10, shift=40)
def random_places(n, number, offset, shift=0):
    """32 times n places in [0, 20], the differences of a third of them shrunk: >= -4 n eps times the largest."""
    rng = np.random.default_rng(number)
    places = rng.uniform(0, 20, (32, n))
    places[::3] = places[::3, :1] + (places[::3] - places[::3, :1]) * 10.0 ** rng.uniform(-9, 0, (11, 1))
    places = np.clip(places, 0, 20) - shift
    eigenvalues = np.linalg.eigvalsh(methods.belief.covariance(places, places, offset))
    return below(-eigenvalues[..., 0], 0.0, 4 * n * EPS * np.abs(eigenvalues).max(axis=-1))


@claim.check("values left of -tau", only((-12.0, -11.5)))
@claim.control("values right of -tau", only((-8.0, -7.5)))
def left_of_the_offset(places):
    """At -12 and -11.5, which is left of -tau, the smallest eigenvalue is -6.94, and already k(s, s) is negative."""
    found = methods.belief.covariance(np.array(places), np.array(places))
    return {"-6.94": close(np.linalg.eigvalsh(found)[0], -6.94, 0.005), "k": equal(found[0, 0], -8 / 3)}
