"""Section H: improvement and Wolfe conditions of the probabilistic line search (dissertation, section 2.6.5)."""

from __future__ import annotations

from fractions import Fraction as F
from functools import partial
from itertools import pairwise
from math import asin, erf, nan, pi, sqrt
from typing import Any, NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from scipy.special import ndtr
from scipy.stats import multivariate_normal

from toybox.rules import probabilistic as arrays
from toybox.tiny import probabilistic as twin

from ..cases import (
    EPS,
    powers,
    seeds,
    tol_dot,
)
from ..claim import Check, Claim, above, at_most, below, close, holds, sigmas
from .h_posterior import residual
from .h_probabilistic import (
    EXAMPLE,
    by_twin,
    exact,
    floats,
    observations,
    rounding,
    rows_of,
)

NODES, WEIGHTS = np.polynomial.legendre.leggauss(8)


def phi(x):
    return np.exp(-x * x / 2) / sqrt(2 * pi)


def panels(low, high, n):
    """Nodes and weights of Gauss and Legendre, 8 in each of n panels."""
    edges = np.linspace(low, high, n + 1)
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half + half * NODES).ravel(), (half * WEIGHTS).ravel()


def started(data):
    """The same observations with the first place at 0."""
    return data._replace(s=tuple(x - data.s[0] for x in data.s))


def spreads(belief, x):
    """Lengths of G^-1 v for l(0), l'(0), l(x), l'(x): what residuals of T-solve are multiplied with."""
    rows = rows_of(belief, [(0, 0), (1, 0), (0, x), (1, x)])
    return np.linalg.norm(np.linalg.solve(belief.gram, rows.T), axis=0)


class Given(NamedTuple):
    """A belief for the twin in which l(u) is normal, and so are the two Wolfe variables: what it asks, and no more."""

    lowest: float = nan
    value: float = nan
    sd: float = nan
    ab: tuple = ()
    C: tuple = ()
    places: tuple = (0.0,)

    def change(self, place):
        return self.value if place else self.lowest

    def deviation(self, f):
        return self.sd if len(f) == 1 else max(sqrt(self.covariance(f, f)), twin.TINY)

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
    return arrays.Posterior(np.ones(1), np.array([float(lowest)]), means, covariances)


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
    return twin.expected_improvement(believed, 1.0)


def integrated(mu, eta, sigma, sign=1):
    """E max(0, eta - l), or with sign -1 E min(0, eta - l), integrated over |l - mu| < 9 sigma."""
    z = min(max((eta - mu) / sigma, -9.0), 9.0)
    x, w = panels(-9.0, z, 40) if sign > 0 else panels(z, 9.0, 40)
    return w @ ((eta - mu - sigma * x) * phi(x))


def is_the_mean(mu, eta, sigma, **forms):
    """Within 1e-10 (sigma + |eta - mu|) of the integral, of which the tails leave 1e-19 and the panels less."""
    forms = forms or {"formula": improvement, "with erf": with_erf, "arrays": by_arrays, "twin": by_plain}
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


def separates(form):
    """Of N(-1, .1^2) and N(-100, .1^2) below eta = 0 the latter is better, by more than an integral can be wrong."""
    return {"arrays or formula": form(-100.0, 0.0, 0.1) - form(-1.0, 0.0, 0.1) - 1e-10 * (0.1 + 100)}


def improvement_room(belief, x):
    """What the improvement at x may be off: as much as both means, and the standard deviation by phi(0)."""
    means = rounding(belief, rows_of(belief, [(0, 0), (0, x), *((0, y) for y in belief.s)])).max()
    value0, slope0, value, _ = spreads(belief, x)
    spread = 2 * (value0 + float(x) * slope0) + value
    return 4 * means + residual(belief, spread) * spread / max(belief.at(np.array([float(x)])).value()[1][0], 1e-8)


def of_evaluated_points(data, noise, among_candidates=False):
    """Means and deviations in fractions, eta the lowest mean at a place that was evaluated."""
    belief, plain, believed = (
        arrays.believe(*floats(data), *map(float, noise)),
        by_twin(data, noise),
        exact(data, noise),
    )
    candidates = [*((a + b) / 2 for a, b in pairwise(data.s)), 2 * data.s[-1] + 1]
    eta = float(min(believed.mean(0, x) for x in (candidates if among_candidates else data.s)))
    found = belief.at(np.array(candidates, float)).expected_improvement()
    slack = {}
    for x, arrayed in zip(candidates, found, strict=True):
        mu, sigma = float(believed.mean(0, x)), sqrt(believed.covariance((0, x), (0, x)))
        expected, room = improvement(mu, eta, sigma), improvement_room(belief, x)
        slack[f"arrays at {x}"] = close(arrayed, expected, room)
        slack[f"twin at {x}"] = close(twin.expected_improvement(plain, float(x)), expected, room)
    return slack


def chosen(form):
    """Wolfe probabilities of three candidates, and the one with the largest product: it should not be 0."""
    candidates = ((-1.0, 0.2, 0.9), (-0.5, 0.5, 0.4), (2.0, 0.2, 0.0))
    return above(max(candidates, key=lambda c: form(c[0], 0.0, c[1]) * c[2])[2], 0)


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
        Check("a candidate of positive probability", lambda: chosen(by_arrays)),
    ],
    controls=[
        Check("the printed sign", partial(is_the_mean, printed=literal), BELL, examples=10),
        Check("the printed sign is not monotone alike", partial(monotone, forms=[literal]), BELL, examples=10),
    ],
    counterexamples=[
        Check("an amount of improvement is not negative", lambda: at_most(0, literal(0.0, 0.0, 1.0))),
        Check("N(-1, .1^2) or N(-100, .1^2)", lambda: separates(literal)),
        Check("the chosen candidate", lambda: chosen(literal)),
        Check("the lowest of the candidates", lambda: of_evaluated_points(EXAMPLE, (F(1, 50), F(3, 10)), True)),
    ],
)

# --- PLS-08: the Wolfe variables


class Look(NamedTuple):
    """Noisy observations on arrays, and a place to ask about."""

    belief: Any
    x: float


@st.composite
def looks(draw):
    n, rng = draw(st.integers(1, 4)), np.random.default_rng(draw(seeds))
    s, noise = np.sort(rng.uniform(0, 6, n)), 10.0 ** rng.uniform(-3, 1, 2)
    seen = s, rng.standard_normal(n), rng.standard_normal(n)
    return Look(arrays.believe(*seen, *noise), rng.uniform(0.1, 8))


def joint(belief, x):
    """Posterior covariance of l(0), l'(0), l(x), l'(x), straight from eq. 2.35 with its inverse."""
    places, order = np.array([0.0, x]), [0, 2, 1, 3]
    rows = rows_of(belief, [(0, 0), (1, 0), (0, x), (1, x)])
    return arrays.covariance(places, places)[np.ix_(order, order)] - rows @ np.linalg.solve(belief.gram, rows.T)


def written_out(S, x, c1, c2, lumped=False):
    """C^aa, C^bb, C^ab; ``lumped``: Cov(l(0), l'(x)) taken for Cov(l'(0), l(x))."""
    k00, dk00, ddk00 = S[0, 0], S[0, 1], S[1, 1]
    k0x, kd0x, dk0x, ddk0x = S[0, 2], S[0, 3], S[1, 2], S[1, 3]
    kxx, dkxx, ddkxx = S[2, 2], S[2, 3], S[3, 3]
    mixed = (1 + c2) * dk0x if lumped else kd0x + c2 * dk0x
    aa = k00 + (c1 * x) ** 2 * ddk00 + kxx + 2 * (c1 * x * (dk00 - dk0x) - k0x)
    bb = c2**2 * ddk00 - 2 * c2 * ddk0x + ddkxx
    ab = -c2 * (dk00 + c1 * x * ddk00) + mixed + c1 * x * ddk0x - dkxx
    return np.array([aa, bb, ab])


def is_linear_map(look, c1=0.05, c2=0.8, lumped=False):
    """The entries are those of T S T'; and the arrays' ones, which collect them from other parts, are the same.

    There the room is that of residuals of T-solve, and the rounding of the prior.
    """
    belief, x = look
    S = joint(belief, x)
    T = np.array([[1, c1 * x, -1, 0], [0, -c2, 0, 1]])
    C, entries = T @ S @ T.T, written_out(S, x, c1, c2, lumped)
    found = belief.at(np.array([x])).wolfe_terms(c1, c2)[1][0]
    room = wolfe_room(belief, x)
    return {
        "T S T'": close(entries, [C[0, 0], C[1, 1], C[0, 1]], 1e-11 * np.abs(S).max() * (1 + x)),
        "arrays": close(entries, [found[0, 0], found[1, 1], found[0, 1]], room),
        "symmetric": close(found[0, 1], found[1, 0], room[2]),
        "semi-definite": below(-np.linalg.eigvalsh(found)[0], 0.0, room.max()),
    }


def wolfe_room(belief, x):
    value0, slope0, value, slope = spreads(belief, x)
    a, b = 2 * value0 + 4 * x * slope0 + 2 * value, 4 * slope0 + 2 * slope
    of_prior = 8 * EPS * (10 + x) ** 3 * (1 + x)
    return residual(belief, 1.0) * np.array([a * a, b * b, a * b]) + of_prior


def wolfe_terms(x, c1, c2):
    """a and b for the twin (eq. 2.37)."""
    return [(1, 0, 0.0), (c1 * x, 1, 0.0), (-1, 0, x)], [(1, 1, x), (-c2, 1, 0.0)]


def twin_agrees(look, c1=0.05, c2=0.8):
    """Means and covariances of both variables, twin and arrays."""
    belief, x = look
    plain = twin.believe(*(list(row) for row in belief[:3]), belief.value_noise[0], belief.slope_noise[0])
    a, b = wolfe_terms(x, c1, c2)
    mean, found = (part[0] for part in belief.at(np.array([x])).wolfe_terms(c1, c2))
    rows = rows_of(belief, [(0, 0), (1, 0), (0, x), (1, x)])
    entries = [plain.covariance(a, a), plain.covariance(b, b), plain.covariance(a, b)]
    T = np.abs([[1, c1 * x, -1, 0], [0, -c2, 0, 1]])
    return {
        "means": close(mean, [plain.mean(a), plain.mean(b)], 2 * T @ rounding(belief, rows) * (1 + x)),
        "covariances": close([found[0, 0], found[1, 1], found[0, 1]], entries, 2 * wolfe_room(belief, x)),
    }


PLS_08 = Claim(
    id="PLS-08",
    title="The Wolfe variables",
    source="dissertation, eq. 2.37; Mahsereci and Hennig 2015, eq. 13",
    statement="What is left of each Wolfe condition is a linear combination of the values and slopes at the start and"
    " at the point; both are jointly normal, with covariances made of those of the posterior.",
    formula=r"\begin{pmatrix} a \\ b \end{pmatrix} = \begin{pmatrix} 1 & c_1\lambda & -1 & 0 \\ 0 & -c_2 & 0 & 1"
    r" \end{pmatrix} \begin{pmatrix} l(0) \\ l'(0) \\ l(\lambda) \\ l'(\lambda) \end{pmatrix}",
    kind="property",
    verdict="holds",
    finding="The covariances, which the text leaves to its source, were derived. Cov(l'(0), l(s)) and Cov(l(0), l'(s))"
    " differ and must not be lumped.",
    checks=[
        Check("entries of T S T', on arrays", is_linear_map, looks()),
        Check("the twin", twin_agrees, looks(), examples=100),
    ],
    controls=[
        Check("cross terms lumped", partial(is_linear_map, lumped=True), looks(), examples=10),
    ],
)

# --- PLS-09: the probability that both conditions hold


def over_the_line(h, k, rho):
    """P(x < h, y < k), as the integral of phi(x) Phi((k - rho x) / root) over x, and its rounding (T-dot)."""
    x, w = panels(-9.0, max(h, -9.0), 200)
    f = phi(x) * ndtr((k - rho * x) / sqrt((1 - rho) * (1 + rho)))
    return w @ f, tol_dot(w, f)


def wolfe_by_arrays(ab, C):
    return for_arrays(ab=ab, C=C).wolfe_probability()[0]


def wolfe_by_twin(ab, C):
    believed: Any = Given(ab=ab, C=C)
    return twin.wolfe_probability(believed, 1.0, 0.05, 0.8)


def covariance_of(spread, rho):
    return (spread[0] ** 2, rho * spread[0] * spread[1]), (rho * spread[0] * spread[1], spread[1] ** 2)


def probability(ab, spread, rho, sign=1):
    """Arrays within the rounding of the integral (and of z and rho, a few eps over the root), the twin within 1e-10
    (its rule doubles exponentially), a library within the 1e-6 it promises."""
    C = covariance_of(spread, rho)
    h, k = (m / s for m, s in zip(ab, spread, strict=True))
    expected, room = over_the_line(h, k, sign * rho)
    room += 32 * EPS / sqrt((1 - rho) * (1 + rho))
    return {
        "arrays": close(wolfe_by_arrays(ab, C), expected, room),
        "twin": close(wolfe_by_twin(ab, C), expected, room + 1e-10),
        "library": close(multivariate_normal([0, 0], [[1, rho], [rho, 1]]).cdf([h, k]), expected, 1e-6),
    }


def quadrant(rho, sign=1):
    """Zero means: 1/4 + arcsin(rho) / 2 pi."""
    C, expected = covariance_of((1.0, 1.0), rho), 0.25 + asin(sign * rho) / (2 * pi)
    room = 32 * EPS / sqrt((1 - rho) * (1 + rho))
    return {
        "arrays": close(wolfe_by_arrays((0.0, 0.0), C), expected, room),
        "twin": close(wolfe_by_twin((0.0, 0.0), C), expected, room + 1e-10),
    }


def sampled(h, k, rho, number, sign=1, limit=5):
    """Among 400000 samples of N((h, k), C), the share with both coordinates positive."""
    x, y = np.random.default_rng(number).standard_normal((2, 400_000))
    share = np.mean((h + x > 0) & (k + sign * rho * x + sqrt(1 - rho * rho) * y > 0))
    found = wolfe_by_arrays((h, k), covariance_of((1.0, 1.0), rho))
    return sigmas(share, found, sqrt(found * (1 - found) / 400_000), limit)


def limits(h, k):
    """rho = 1: the smaller of the two probabilities; rho = -1: what their sum exceeds 1; both vanishing: 0 or 1."""
    p, q = ndtr(h), ndtr(k)
    assume(min(abs(h), abs(k)) > 1e-6)
    clear = float(h > 0 and k > 0)
    slack: dict[str, float] = {}
    for rho, expected in ((1, min(p, q)), (-1, max(p + q - 1, 0.0))):
        C = covariance_of((1.0, 1.0), rho)
        slack[f"arrays, {rho}"] = close(wolfe_by_arrays((h, k), C), expected, 8 * EPS)
        slack[f"twin, {rho}"] = close(wolfe_by_twin((h, k), C), expected, 1e-7)
    for name, form in (("arrays", wolfe_by_arrays), ("twin", wolfe_by_twin)):
        slack[f"{name}, certain"] = close(form((h, k), covariance_of((1e-9, 1e-9), 0.3)), clear, 1e-10)
        slack[f"{name}, both 0"] = close(form((h, k), covariance_of((0.0, 0.0), 0.0)), clear, 1e-10)
    return slack


def where_all_is_known(data):
    """At places without noise both conditions can be read off the data, in fractions, and C is singular.

    The search does not ask at s = 0; it would be told a probability.
    """
    data, c1, c2 = started(data), F(1, 20), F(4, 5)
    belief, plain = arrays.believe(*floats(data)), by_twin(data)
    found = belief.at(belief.s).wolfe_probability()
    slack: dict[str, float] = {"s = 0": holds(0 <= found[0] <= 1)}
    for x, value, slope, p in list(zip(*data, found, strict=True))[1:]:
        a, b = data.values[0] + c1 * x * data.slopes[0] - value, slope - c2 * data.slopes[0]
        if a and b:
            expected = float(a > 0 and b > 0)
            slack[f"arrays at {x}"] = close(p, expected, 1e-10)
            slack[f"twin at {x}"] = close(twin.wolfe_probability(plain, float(x), 0.05, 0.8), expected, 1e-10)
    return slack


WIDE = st.tuples(st.floats(-5, 5), st.floats(-5, 5))
PAIR = st.tuples(st.floats(-3, 3), st.floats(-3, 3))
TILTED = st.tuples(PAIR, st.tuples(powers(-0.2, 2), powers(-0.2, 2)), st.floats(-0.999, 0.999))
SAMPLES = [(0.5, -0.3, 0.6, 1), (0.0, 0.0, -0.9, 2), (1.5, 1.0, 0.95, 3), (-0.5, 1.0, -0.4, 4)]

PLS_09 = Claim(
    id="PLS-09",
    title="The Wolfe probability",
    source="dissertation, eq. 2.38",
    statement="The probability that both Wolfe conditions hold is the integral of the standard bivariate normal density"
    " with the correlation of the two variables, from minus their standardised means on.",
    formula=r"p^{Wolfe} = \int_{-\mu_a / \sqrt{C^{aa}}}^\infty \int_{-\mu_b / \sqrt{C^{bb}}}^\infty \mathcal{N}\left("
    r"0, \begin{pmatrix} 1 & \rho \\ \rho & 1 \end{pmatrix}\right), \quad \rho = \frac{C^{ab}}{\sqrt{C^{aa} C^{bb}}}",
    kind="property",
    verdict="holds",
    checks=[
        Check("one integral less, and a library", probability, TILTED),
        Check("zero means", quadrant, st.floats(-0.999, 0.999), examples=100),
        Check("samples", sampled, lambda budget: SAMPLES),
        Check(
            "correlations of 1 and -1, no variance", limits, st.tuples(st.floats(-5, 5), st.floats(-5, 5)), examples=200
        ),
        Check("observed without noise", where_all_is_known, observations(st.integers(2, 4)), examples=50),
    ],
    controls=[
        Check("another sign of the correlation", partial(probability, sign=-1), TILTED, examples=10),
        Check("another sign, zero means", partial(quadrant, sign=-1), st.floats(-0.999, 0.999), examples=10),
        Check("another sign, samples", partial(sampled, sign=-1, limit=10), lambda budget: SAMPLES),
    ],
)

CLAIMS = (PLS_07, PLS_08, PLS_09)
