r"""PLS-07  Expected improvement

Where: dissertation, eq. 2.36
Claim: How much a loss is expected to fall below the lowest one is the expectation of the minimum of 0 and the
    difference of the two; the lowest is taken over the candidates.
Formula: u_{EI}(\lambda) = \mathbb{E}\left[\min(0, l_{\min} - l(\lambda))\right], \quad l_{\min} = \min_{\lambda_{cand}}
    l(\lambda_{cand})
Verdict: corrected
Kind: exact
Found: It is the expectation of the maximum. The printed one is never positive, nearly 0 wherever an improvement is
    certain, and the largest product with Wolfe probabilities is then that of a candidate with probability 0. The lowest
    value is the lowest posterior mean at an evaluated point: of a candidate nothing is known yet.
True: u_{EI} = \mathbb{E}\left[\max(0, \eta - l)\right] = (\eta - \mu) \Phi(z) + \sigma \varphi(z), \quad z = \frac{\eta
    - \mu}{\sigma}
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise
from math import sqrt
from typing import Any

import numpy as np
import sympy as sp
from hypothesis import strategies as st
from scipy.special import ndtr

from toybox import methods

from ... import belief as plain_belief
from ...cases import powers
from ...claim import Contrast, above, close, holds, only, told
from .common import (
    EXAMPLE,
    NOISE,
    Given,
    exact,
    floats,
    for_arrays,
    improvement_room,
    observations,
    panels,
    phi,
    plainly,
)

claim = told(__doc__)

X, MU, ETA = sp.symbols("x mu eta", real=True)
SIGMA = sp.Symbol("sigma", positive=True)
DENSITY = sp.exp(-(X**2) / 2) / sp.sqrt(2 * sp.pi)
PHI = (1 + sp.erf(X / sp.sqrt(2))) / 2
WON = (ETA - MU) * PHI + SIGMA * DENSITY
Z = (ETA - MU) / SIGMA


@claim.check("the integral, and how it changes", degree="proved")
@claim.control("the printed sign", won=(ETA - MU) * PHI.subs(X, -X) - SIGMA * DENSITY)
def is_the_integral(won=WON):
    """l = mu + sigma x, x a standard normal number, is below eta for x < z. Up to there won(x), whose derivative is
    (eta - l) times the density and which tends to 0, is E max; from there on, up to eta - mu, E min: never positive.
    Won at z rises with sigma, as a density, and falls with mu."""
    at_z = lambda f: f.subs(X, Z)
    is_zero = lambda f: holds(sp.simplify(f) == 0)
    return {
        "derivative": is_zero(sp.diff(won, X) - (ETA - MU - SIGMA * X) * DENSITY),
        "at its start": is_zero(sp.limit(won, X, -sp.oo)),
        "at its end": is_zero(sp.limit(won, X, sp.oo) - (ETA - MU)),
        "printed": is_zero(ETA - MU - at_z(won) - ((ETA - MU) * PHI.subs(X, -Z) - SIGMA * at_z(DENSITY))),
        "by sigma": is_zero(sp.diff(at_z(won), SIGMA) - at_z(DENSITY)),
        "by mu": is_zero(sp.diff(at_z(won), MU) + at_z(PHI)),
    }


def improvement(mu, eta, sigma):
    """E max(0, eta - l), as corrected."""
    z = (eta - mu) / sigma
    return (eta - mu) * ndtr(z) + sigma * phi(z)


def literal(mu, eta, sigma):
    """E min(0, eta - l), as printed."""
    z = (eta - mu) / sigma
    return (eta - mu) * ndtr(-z) - sigma * phi(z)


def by_arrays(mu, eta, sigma):
    return for_arrays(mu, sigma, eta).expected_improvement()[0]


def by_plain(mu, eta, sigma):
    believed: Any = Given(eta, mu, sigma)
    return plain_belief.expected_improvement(believed, 1.0)


BELL = st.tuples(st.floats(-3, 3), st.floats(-3, 3), powers(-2, 1))


@claim.check("the integral, and three ways to it", BELL, examples=200)
@claim.control("the printed sign, integrated", BELL, examples=10, forms=[literal])
def is_the_mean(mu, eta, sigma, forms=(improvement, by_arrays, by_plain)):
    """Within 1e-10 (sigma + |eta - mu|) of the integral, of which the tails leave 1e-19 and the panels less."""
    x, w = panels(-9.0, min(max((eta - mu) / sigma, -9.0), 9.0), 40)
    integral, room = w @ ((eta - mu - sigma * x) * phi(x)), 1e-10 * (sigma + abs(eta - mu))
    return {form.__name__: close(form(mu, eta, sigma), integral, room) for form in forms}


@claim.counterexample("expected improvement", only(0.0, 0.0, 1.0))
@claim.counterexample("expected improvement where it is certain", only(-100.0, 0.0, 0.1))
def as_printed(mu, eta, sigma):
    return Contrast(literal(mu, eta, sigma), improvement(mu, eta, sigma), rounding=1e-9)


def evaluated(data):
    return data.s


def candidates(data):
    """In the middle of each cell and beyond the last place."""
    return [*((a + b) / 2 for a, b in pairwise(data.s)), 2 * data.s[-1] + 1]


def expected(believed, x, places):
    """The improvement at x upon the lowest mean at these places, of the posterior in fractions."""
    eta, variance = min(believed.mean(0, place) for place in places), believed.covariance((0, x), (0, x))
    return improvement(float(believed.mean(0, x)), float(eta), sqrt(variance))


OBSERVED = st.tuples(observations(st.integers(2, 3)), NOISE)


@claim.check("ours: below the lowest mean of evaluated points", OBSERVED, examples=50)
@claim.control("ours: below the lowest mean of candidates", OBSERVED, examples=10, places=candidates)
def of_evaluated_points(data, noise, places=evaluated):
    believed, plain = exact(data, noise), plainly(data, noise)
    belief = methods.belief.believe(*floats(data), *map(float, noise))
    found, slack = belief.at(np.array(candidates(data), float)).expected_improvement(), {}
    for x, arrayed in zip(candidates(data), found, strict=True):
        wanted, room = expected(believed, x, places(data)), improvement_room(belief, x)
        slack[f"arrays at {x}"] = close(arrayed, wanted, room)
        slack[f"plain at {x}"] = close(plain_belief.expected_improvement(plain, float(x)), wanted, room)
    return slack


@claim.counterexample("expected improvement upon the lowest candidate", only(EXAMPLE, (F(1, 50), F(3, 10)), F(2)))
def lowest_of_candidates(data, noise, x):
    """The improvement at x upon the lowest mean of the candidates, against that of arrays."""
    belief = methods.belief.believe(*floats(data), *map(float, noise))
    found = belief.at(np.array([float(x)])).expected_improvement()[0]
    printed = expected(exact(data, noise), x, candidates(data))
    return Contrast(printed, found, rounding=improvement_room(belief, x))


CANDIDATES = ((-1.0, 0.2, 0.9), (-0.5, 0.5, 0.4), (2.0, 0.2, 0.0))  # mean, deviation, Wolfe probability


def chosen(form, candidates):
    """The Wolfe probability of the candidate with the largest product."""
    return max(candidates, key=lambda c: form(c[0], 0.0, c[1]) * c[2])[2]


@claim.check("a candidate of positive probability", only(by_arrays))
@claim.control("a candidate of positive probability, as printed", only(literal))
def of_positive_probability(form):
    return above(chosen(form, CANDIDATES), 0)


@claim.counterexample("Wolfe probability of the chosen candidate (mean, deviation, probability)", only(CANDIDATES))
def chosen_as_printed(candidates):
    return Contrast(chosen(literal, candidates), chosen(by_arrays, candidates))
