"""Section H: the improvement that the probabilistic line search expects (dissertation, section 2.6.5, eq. 2.36)."""

from __future__ import annotations

from fractions import Fraction as F
from functools import partial
from itertools import pairwise
from math import erf, nan, pi, sqrt
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from scipy.special import ndtr

from toybox import methods

from .. import belief as plain_belief
from ..cases import EPS, powers
from ..claim import Check, Claim, Contrast, above, below, close, only
from .h_posterior import residual
from .h_probabilistic import EXAMPLE, exact, floats, observations, plainly, rounding, rows_of

NODES, WEIGHTS = np.polynomial.legendre.leggauss(8)


def phi(x):
    return np.exp(-x * x / 2) / sqrt(2 * pi)


def panels(low, high, n):
    """Nodes and weights of Gauss and Legendre, 8 in each of n panels."""
    edges = np.linspace(low, high, n + 1)
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half + half * NODES).ravel(), (half * WEIGHTS).ravel()


def spreads(belief, x):
    """Lengths of G^-1 v for l(0), l'(0), l(x), l'(x): what residuals of T-solve are multiplied with."""
    rows = rows_of(belief, [(0, 0), (1, 0), (0, x), (1, x)])
    return np.linalg.norm(np.linalg.solve(belief.gram, rows.T), axis=0)


class Given(NamedTuple):
    """A plain belief in which l(u) is normal, and so are the two Wolfe variables: what it asks, and no more."""

    lowest: float = nan
    value: float = nan
    sd: float = nan
    ab: tuple = ()
    C: tuple = ()
    places: tuple = (0.0,)

    def change(self, place):
        return self.value if place else self.lowest

    def deviation(self, f):
        return self.sd if len(f) == 1 else max(sqrt(self.covariance(f, f)), plain_belief.TINY)

    def mean(self, f):
        return self.ab[kind(f)]

    def covariance(self, f, g):
        return self.C[kind(f)][kind(g)]


def kind(f):
    """a has three terms, b two."""
    return 0 if len(f) == 3 else 1


def for_arrays(value=0.0, sd=0.0, lowest=0.0, ab=(0.0, 0.0), C=((0.0, 0.0), (0.0, 0.0))):
    """The same belief on arrays at s = 1: l(0) = l'(0) = 0 are certain, so that l(1) = w, a = -w, b = w'."""
    means, covariances = np.zeros((1, 4)), np.zeros((1, 4, 4))
    means[0, 2:] = value - ab[0], ab[1]
    covariances[0, 2:, 2:] = [[sd**2 + C[0][0], -C[0][1]], [-C[1][0], C[1][1]]]
    return methods.belief.Posterior(np.ones(1), np.array([float(lowest)]), means, covariances)


# --- PLS-07: the expected improvement


def improvement(mu, eta, sigma):
    """E max(0, eta - l), as corrected."""
    z = (eta - mu) / sigma
    return (eta - mu) * ndtr(z) + sigma * phi(z)


def literal(mu, eta, sigma):
    """E min(0, eta - l), as printed."""
    z = (eta - mu) / sigma
    return (eta - mu) * ndtr(-z) - sigma * phi(z)


def with_erf(mu, eta, sigma):
    """As Mahsereci and Hennig (2015) write it."""
    gain = eta - mu
    return gain / 2 * (1 + erf(gain / (sqrt(2) * sigma))) + sigma / sqrt(2 * pi) * np.exp(-(gain**2) / (2 * sigma**2))


def by_arrays(mu, eta, sigma):
    return for_arrays(mu, sigma, eta).expected_improvement()[0]


def by_plain(mu, eta, sigma):
    believed: Any = Given(eta, mu, sigma)
    return plain_belief.expected_improvement(believed, 1.0)


def integrated(mu, eta, sigma, sign=1):
    """E max(0, eta - l), or with sign -1 E min(0, eta - l), integrated over |l - mu| < 9 sigma."""
    z = min(max((eta - mu) / sigma, -9.0), 9.0)
    x, w = panels(-9.0, z, 40) if sign > 0 else panels(z, 9.0, 40)
    return w @ ((eta - mu - sigma * x) * phi(x))


def is_the_mean(mu, eta, sigma, **forms):
    """Within 1e-10 (sigma + |eta - mu|) of the integral, of which the tails leave 1e-19 and the panels less."""
    forms = forms or {"formula": improvement, "with erf": with_erf, "arrays": by_arrays, "plain": by_plain}
    room = 1e-10 * (sigma + abs(eta - mu))
    return {name: close(form(mu, eta, sigma), integrated(mu, eta, sigma), room) for name, form in forms.items()}


def two_parts(mu, eta, sigma):
    """min + max = eta - mu, and the printed one is E min, never positive."""
    room = 1e-10 * (sigma + abs(eta - mu))
    printed = literal(mu, eta, sigma)
    return {
        "sum": close(printed + improvement(mu, eta, sigma), eta - mu, room),
        "E min": close(printed, integrated(mu, eta, sigma, -1), room),
        "sign": below(printed, 0.0, room),
    }


def monotone(mu, eta, sigma, forms=(by_arrays, by_plain)):
    """Rises with sigma and falls with mu; the room is T-ineq after some ten operations."""
    room = 100 * EPS * (1 + sigma + abs(eta - mu))
    slack = {}
    for form in forms:
        here = form(mu, eta, sigma)
        slack[f"{form.__name__}, sigma"] = below(here, form(mu, eta, 1.25 * sigma), room)
        slack[f"{form.__name__}, mu"] = below(form(mu + 0.25, eta, sigma), here, room)
    return slack


def as_printed(mu, eta, sigma):
    return Contrast(literal(mu, eta, sigma), improvement(mu, eta, sigma), rounding=1e-9)


def separates(form):
    """Of N(-1, .1^2) and N(-100, .1^2) below eta = 0 the latter is better, by more than an integral can be wrong."""
    return {"arrays or formula": form(-100.0, 0.0, 0.1) - form(-1.0, 0.0, 0.1) - 1e-10 * (0.1 + 100)}


def improvement_room(belief, x):
    """What the improvement at x may be off: as much as both means, and the standard deviation by phi(0)."""
    means = rounding(belief, rows_of(belief, [(0, 0), (0, x), *((0, y) for y in belief.s)])).max()
    value0, slope0, value, _ = spreads(belief, x)
    spread = 2 * (value0 + float(x) * slope0) + value
    return 4 * means + residual(belief, spread) * spread / max(belief.at(np.array([float(x)])).value()[1][0], 1e-8)


def between_and_beyond(data):
    """The candidates: in the middle of each cell and beyond the last place."""
    return [*((a + b) / 2 for a, b in pairwise(data.s)), 2 * data.s[-1] + 1]


def of_evaluated_points(data, noise):
    """Means and deviations in fractions, eta the lowest mean at a place that was evaluated."""
    belief, plain, believed = (
        methods.belief.believe(*floats(data), *map(float, noise)),
        plainly(data, noise),
        exact(data, noise),
    )
    candidates, eta = between_and_beyond(data), float(min(believed.mean(0, x) for x in data.s))
    found = belief.at(np.array(candidates, float)).expected_improvement()
    slack = {}
    for x, arrayed in zip(candidates, found, strict=True):
        mu, sigma = float(believed.mean(0, x)), sqrt(believed.covariance((0, x), (0, x)))
        expected, room = improvement(mu, eta, sigma), improvement_room(belief, x)
        slack[f"arrays at {x}"] = close(arrayed, expected, room)
        slack[f"plain at {x}"] = close(plain_belief.expected_improvement(plain, float(x)), expected, room)
    return slack


def lowest_of_candidates(data, noise, x):
    """The improvement at x upon the lowest mean of the candidates, against that of arrays."""
    believed = exact(data, noise)
    mu, sigma = float(believed.mean(0, x)), sqrt(believed.covariance((0, x), (0, x)))
    eta = float(min(believed.mean(0, c) for c in between_and_beyond(data)))
    belief = methods.belief.believe(*floats(data), *map(float, noise))
    found = belief.at(np.array([float(x)])).expected_improvement()[0]
    return Contrast(improvement(mu, eta, sigma), found, rounding=improvement_room(belief, x))


CANDIDATES = ((-1.0, 0.2, 0.9), (-0.5, 0.5, 0.4), (2.0, 0.2, 0.0))  # mean, deviation, Wolfe probability


def chosen(form, candidates=CANDIDATES):
    """The Wolfe probability of the candidate with the largest product."""
    return max(candidates, key=lambda c: form(c[0], 0.0, c[1]) * c[2])[2]


BELL = st.tuples(st.floats(-3, 3), st.floats(-3, 3), powers(-2, 1))
NOISE = st.tuples(*[st.builds(F, st.integers(1, 20), st.integers(1, 10))] * 2)

PLS_07 = Claim(
    id="PLS-07",
    title="Expected improvement",
    source="dissertation, eq. 2.36",
    statement="How much a loss is expected to fall below the lowest one is the expectation of the minimum of 0 and the"
    " difference of the two; the lowest is taken over the candidates.",
    formula=r"u_{EI}(\lambda) = \mathbb{E}\left[\min(0, l_{\min} - l(\lambda))\right], \quad l_{\min} ="
    r" \min_{\lambda_{cand}} l(\lambda_{cand})",
    kind="property",
    verdict="corrected",
    finding="It is the expectation of the maximum. The printed one is never positive, nearly 0 wherever an improvement"
    " is certain, and the largest product with Wolfe probabilities is then that of a candidate with probability 0."
    " The lowest value is the lowest posterior mean at an evaluated point: of a candidate nothing is known yet.",
    corrected=r"u_{EI} = \mathbb{E}\left[\max(0, \eta - l)\right] = (\eta - \mu) \Phi(z) + \sigma \varphi(z), \quad"
    r" z = \frac{\eta - \mu}{\sigma}",
    checks=[
        Check("the integral, and four ways to it", is_the_mean, BELL),
        Check("the printed one is the other part", two_parts, BELL, examples=200),
        Check("rises with the deviation, falls with the mean", monotone, BELL, examples=200),
        Check(
            "below the lowest mean of evaluated points",
            of_evaluated_points,
            st.tuples(observations(st.integers(2, 3)), NOISE),
            examples=50,
        ),
        Check("separates good from better", lambda: separates(by_arrays)),
        Check("a candidate of positive probability", lambda: above(chosen(by_arrays), 0)),
    ],
    controls=[
        Check("the printed sign", partial(is_the_mean, printed=literal), BELL, examples=10),
        Check("the printed sign is not monotone alike", partial(monotone, forms=[literal]), BELL, examples=10),
    ],
    counterexamples=[
        Check("expected improvement", as_printed, only(0.0, 0.0, 1.0)),
        Check("expected improvement where it is certain", as_printed, only(-100.0, 0.0, 0.1)),
        Check(
            "Wolfe probability of the chosen candidate (mean, deviation, probability)",
            lambda candidates: Contrast(chosen(literal, candidates), chosen(by_arrays, candidates)),
            only(CANDIDATES),
        ),
        Check(
            "expected improvement upon the lowest candidate",
            lowest_of_candidates,
            only(EXAMPLE, (F(1, 50), F(3, 10)), F(2)),
        ),
    ],
)

CLAIMS = (PLS_07,)
