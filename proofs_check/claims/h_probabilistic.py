"""Section H: the Gaussian process prior of the probabilistic line search and its mean (dissertation, section 2.6.5).

Everything here is checked thrice: as formulas or fractions, on the arrays of toybox.methods.belief and on plain
numbers (``belief``). Both fix m = 1 and tau = 10 and add a relative variance of 1e-14 to every observation, which is
less than the rounding that T-solve allows.
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import sympy as sp
from hypothesis import strategies as st

from toybox import methods

from .. import belief as plain_belief
from ..cases import EPS, dot, positive, seeds, solve, tol_dot, tol_solve
from ..claim import Check, Claim, above, below, close, equal, holds

# --- observations of a loss, and what they make believe, in fractions


class Data(NamedTuple):
    """Values and slopes of a loss observed at places in order; multiples of a quarter, which floats hold exactly."""

    s: tuple
    values: tuple
    slopes: tuple


@st.composite
def observations(draw, n=st.integers(2, 5)) -> Data:
    n = draw(n)
    quarters = lambda low, high, **more: draw(st.lists(st.integers(low, high), min_size=n, max_size=n, **more))
    rows = sorted(quarters(0, 24, unique=True)), quarters(-12, 12), quarters(-12, 12)
    return Data(*(tuple(F(x, 4) for x in row) for row in rows))


variances = st.tuples(positive(), positive())  # of the errors of values and of slopes
EXAMPLE = Data((F(0), F(1), F(3)), (F(0), F(1), F(-1)), (F(-1), F(2), F(1)))
NOISY = (F(1, 2), F(1, 3))
EXACT = (F(0), F(0))


def prior(f, g, m2=F(1), tau=F(10)):
    """Prior covariance of two terms (i, s): the i-th derivative of l at s (eq. 2.30). The kernel is the plain one."""
    return m2 * plain_belief.kernel(f[0], f[1] + tau, g[0], g[1] + tau)


class Exact(NamedTuple):
    """The posterior of eqs. 2.34 and 2.35, its inverse put back."""

    terms: tuple  # observed
    gram: tuple
    weights: tuple
    scale: tuple  # m^2 and tau

    def row(self, f):
        """v of eq. 2.34."""
        return tuple(prior(f, g, *self.scale) for g in self.terms)

    def mean(self, *f):
        return dot(self.row(f), self.weights)

    def covariance(self, f, g):
        return prior(f, g, *self.scale) - dot(self.row(f), solve(self.gram, self.row(g)))


def exact(data: Data, noise=EXACT, m2=F(1), tau=F(10), slopes=True) -> Exact:
    """From observations with errors of these variances; without ``slopes`` from the values alone."""
    terms = tuple((i, s) for i in range(1 + slopes) for s in data.s)
    diagonal = [noise[i] for i, _ in terms]
    gram = tuple(
        tuple(prior(f, g, m2, tau) + (diagonal[k] if k == j else 0) for j, g in enumerate(terms))
        for k, f in enumerate(terms)
    )
    seen = data.values + data.slopes if slopes else data.values
    return Exact(terms, gram, solve(gram, seen), (m2, tau))


def floats(data):
    return [np.array(part, float) for part in data]


def plainly(data, noise=EXACT):
    return plain_belief.believe(*(list(map(float, part)) for part in data), *map(float, noise))


def rows_of(belief, terms):
    """The covariances of terms (i, s) with what a belief on arrays has observed: (terms, 2 n)."""
    return np.stack([methods.belief.covariance(np.array([float(s)]), belief.s)[i] for i, s in terms])


def rounding(belief, rows):
    """What b'w may be off, one b per row, where w = G^-1 y has a residual of T-solve: |G^-1 b| of it, and T-dot."""
    spread = np.linalg.norm(np.linalg.solve(belief.gram, rows.T), axis=0)
    return spread * tol_solve(belief.gram, belief.weights) + [tol_dot(b, belief.weights) for b in rows]


# --- PLS-01: the kernel and its derivatives


s, t, u, m = sp.symbols("s t u m", real=True)  # s, t: lambda + tau, lambda' + tau; of either sign
h = sp.Symbol("h", positive=True)
K28 = tuple(m**2 * (low**3 / 3 + gap * low**2 / 2) for low, gap in ((t, s - t), (s, t - s)))  # if s > t, if s <= t
K29 = (m**2 * (s * t**2 / 2 - t**3 / 6), m**2 * (s**2 * t / 2 - s**3 / 6))
K31 = (m**2 * (s * t - t**2 / 2), m**2 * s**2 / 2)
K32 = (m**2 * t**2 / 2, m**2 * (s * t - s**2 / 2))
K33 = (m**2 * t, m**2 * s)


def zero(*expressions):
    return holds([sp.expand(e) == 0 for e in expressions])


def derivatives(K31=K31):
    return {
        "2.29 is 2.28": zero(*(a - b for a, b in zip(K28, K29, strict=True))),
        "2.31 by lambda'": zero(*(sp.diff(k, t) - d for k, d in zip(K29, K31, strict=True))),
        "2.32 by lambda": zero(*(sp.diff(k, s) - d for k, d in zip(K29, K32, strict=True))),
        "2.33 by both": zero(*(sp.diff(k, s, t) - d for k, d in zip(K29, K33, strict=True))),
    }


def continuous(K31=K31):
    """Both branches agree where s = t."""
    return zero(*((a - b).subs(t, s) for a, b in (K28, K29, K31, K32, K33)))


def symmetric(one=K31, other=K32):
    """Exchanging the arguments exchanges the branches, and 2.31 with 2.32."""
    swap = lambda e: e.subs({s: t, t: s}, simultaneous=True)
    pairs = ((K28, K28), (K29, K29), (one, other), (K33, K33))
    return zero(*(swap(a) - b[1 - k] for pair, b in pairs for k, a in enumerate(pair)))


def plain_kernel():
    """The code itself, on symbols with s > t and s < t."""
    printed = {(0, 0): K29, (0, 1): K31, (1, 0): K32, (1, 1): K33}
    slack = {}
    for (i, j), (right, left) in printed.items():
        slack[f"{i}{j}, s > t"] = zero(plain_belief.kernel(i, t + h, j, t) - right.subs({m: 1, s: t + h}))
        slack[f"{i}{j}, s < t"] = zero(plain_belief.kernel(i, s, j, s + h) - left.subs({m: 1, t: s + h}))
    return slack


def kernel_of_arrays(K31=K31, K32=K32):
    """``covariance`` without an error at multiples of 6, where floats divide by 2 and 3 exactly.

    The entries are cubic on either side of the diagonal, and a cubic in two variables is known from a triangle with
    four points a side: this is the whole function.
    """
    points = range(-18, 30, 6)
    places = np.array(points, float) - methods.belief.OFFSET
    found, n = methods.belief.covariance(places, places), len(points)
    slack = {}
    for name, rows, columns, printed in (
        ("2.29", slice(n), slice(n), K29),
        ("2.31", slice(n), slice(n, None), K31),
        ("2.32", slice(n, None), slice(n), K32),
        ("2.33", slice(n, None), slice(n, None), K33),
    ):
        right, left = (sp.lambdify((s, t), branch.subs(m, 1)) for branch in printed)
        expected = [[right(a, b) if a > b else left(a, b) for b in points] for a in points]
        slack[name] = -float(np.abs(found[rows, columns] - np.array(expected, float)).max())
    return slack


PLS_01 = Claim(
    id="PLS-01",
    title="The kernel and its derivatives",
    source="dissertation, eqs. 2.28 to 2.33",
    statement="The covariance of an integrated Wiener process, written with minimum and modulus, is the printed cubic"
    " on either side of the diagonal; the three further kernels are its derivatives by the second argument, by the"
    " first and by both. All are continuous, and exchanging the arguments exchanges the two first derivatives.",
    formula=r"k = m^2\left(\tfrac13 \tilde s^3 + \tfrac12 |\lambda - \lambda'|\, \tilde s^2\right), \quad"
    r" \tilde s = \min(\lambda, \lambda') + \tau, \qquad k^\partial = \frac{\partial k}{\partial \lambda'}, \quad"
    r" {}^\partial k = \frac{\partial k}{\partial \lambda}, \quad {}^\partial k^\partial = m^2 \tilde s",
    kind="symbolic",
    verdict="holds",
    finding="The simplification needs no lambda >= 0, as the text says; a covariance does (PLS-02).",
    checks=[
        Check("each kernel is the derivative it is said to be", derivatives),
        Check("continuous across the diagonal", continuous),
        Check("so would 2.31 be with its branches exchanged", lambda: continuous(K31[::-1])),
        Check("symmetry", symmetric),
        Check("the plain kernel on symbols", plain_kernel),
        Check("the four blocks of covariance on arrays", kernel_of_arrays),
    ],
    controls=[
        Check("2.31 with its branches exchanged", lambda: derivatives(K31[::-1])),
        Check("2.31 is not symmetric in itself", lambda: symmetric(K31, K31)),
        Check("the arrays' blocks of 2.31 and 2.32 exchanged", lambda: kernel_of_arrays(K32, K31)),
    ],
)

# --- PLS-02: it is a covariance


def feature(i, x):
    """What the i-th derivative of l at x - tau does with white noise: (x - u)+, and 1 for u < x."""
    return (x - u) if i == 0 else sp.Integer(1)


def inner_products(weight=1):
    """All four kernels are integrals of products of features, from 0 to the smaller argument."""
    slack = {}
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        for name, a, b, low in (("s < t", s, s + h, s), ("s > t", t + h, t, t)):
            integral = sp.integrate(sp.expand(weight * feature(i, a) * feature(j, b)), (u, 0, low))
            slack[f"{i}{j}, {name}"] = zero(plain_belief.kernel(i, a, j, b) - integral)
    return slack


def smallest_eigenvalue(places, offset=10.0):
    """>= -4 n eps times the largest, for n places (..., n)."""
    eigenvalues = np.linalg.eigvalsh(methods.belief.covariance(places, places, offset))
    room = 4 * places.shape[-1] * EPS * eigenvalues[..., -1]
    return below(-eigenvalues[..., 0], 0.0, room)


def left_of_the_offset():
    """At -12 and -11.5, which is left of -tau, the smallest eigenvalue is -6.94, and already k(s, s) is negative."""
    found = methods.belief.covariance(np.array([-12, -11.5]), np.array([-12, -11.5]))
    return {"-6.94": close(np.linalg.eigvalsh(found)[0], -6.94, 0.005), "k": equal(prior((0, -12), (0, -12)), F(-8, 3))}


def random_places(n, number, offset):
    """32 times n places in [0, 20], the differences of a third of them shrunk."""
    rng = np.random.default_rng(number)
    places = rng.uniform(0, 20, (32, n))
    places[::3] = places[::3, :1] + (places[::3] - places[::3, :1]) * 10.0 ** rng.uniform(-9, 0, (11, 1))
    return smallest_eigenvalue(np.clip(places, 0, 20), offset)


def pivots(rows):
    """The ratios of successive leading minors, by elimination."""
    rows, found = [list(row) for row in rows], []
    for k, top in enumerate(rows):
        found.append(top[k])
        if top[k] == 0:
            break
        for row in rows[k + 1 :]:
            factor = row[k] / top[k]
            row[k:] = [a - factor * b for a, b in zip(row[k:], top[k:], strict=True)]
    return found


def leading_minors(data, tau=F(10)):
    """All positive, in fractions."""
    minor, slack = F(1), []
    for pivot in pivots(exact(data, tau=tau).gram):
        minor *= pivot
        slack.append(above(minor, F(0)))
    return min(slack)


def twice_at_one_place():
    """Observing at one place twice leaves a minor of 0; pivots end there."""
    terms = tuple((i, x) for x in (F(1), F(1), F(2)) for i in (0, 1))
    return min(above(p, F(0)) for p in pivots([[prior(f, g) for g in terms] for f in terms]))


PLS_02 = Claim(
    id="PLS-02",
    title="The kernel is positive definite",
    source="dissertation, eqs. 2.28 and 2.30",
    statement="The joint prior of values and slopes is a Gaussian process: any matrix of its covariances is positive"
    " semi-definite, and definite for distinct places right of -tau. It collects the inner products of the functions"
    " through which white noise enters a loss and its slope.",
    formula=r"k(\lambda, \lambda') = m^2 \int_0^{\min(\tilde\lambda, \tilde\lambda')} (\tilde\lambda - u)"
    r"(\tilde\lambda' - u)\, du, \qquad \tilde\lambda = \lambda + \tau > 0",
    kind="property",
    verdict="holds",
    checks=[
        Check("inner products, symbolically", inner_products),
        Check(
            "eigenvalues of covariance on arrays", random_places, st.tuples(st.integers(1, 8), seeds, st.floats(0, 20))
        ),
        Check("leading minors in fractions", leading_minors, observations(st.integers(1, 3)), examples=100),
        Check("values left of -tau", left_of_the_offset),
    ],
    controls=[
        Check("another weight under the integral", lambda: inner_products(u)),
        Check("places left of -tau", lambda: smallest_eigenvalue(np.array([-12, -11.5]))),
        Check(
            "places left of -tau, in fractions",
            lambda: leading_minors(Data((F(-12), F(-23, 2)), (F(0),) * 2, (F(0),) * 2)),
        ),
        Check("a place observed twice", twice_at_one_place),
    ],
)

# --- PLS-03: without noise the mean is the cubic Hermite interpolant


def hermite(left, right, x, derivative=0):
    """The cubic through values and slopes at two places: (s, value, slope) each; exact on fractions."""
    (a, ya, pa), (b, yb, pb) = left, right
    w = b - a
    v, rise = (x - a) / w, (yb - ya) / w
    c2, c3 = 3 * rise - 2 * pa - pb, pa + pb - 2 * rise
    if derivative:
        return pa + v * (2 * c2 + 3 * v * c3)
    return ya + w * v * (pa + v * (c2 + v * c3))


def inside(data):
    """Three inner points of every cell, with its ends."""
    rows = list(zip(*data, strict=True))
    return [(a, b, a[0] + part * (b[0] - a[0])) for a, b in pairwise(rows) for part in (F(1, 7), F(1, 2), F(4, 5))]


def interpolates(data, noise=EXACT, slopes=True):
    believed = exact(data, noise, slopes=slopes)
    last, value, slope = data.s[-1], data.values[-1], data.slopes[-1]
    return {
        "values": equal([believed.mean(0, x) for x in data.s], data.values),
        "slopes": equal([believed.mean(1, x) for x in data.s], data.slopes),
        "cubic between": equal([believed.mean(0, x) for *_, x in inside(data)], [hermite(*c) for c in inside(data)]),
        "straight beyond": equal([believed.mean(0, last + e) for e in (1, 9)], [value + e * slope for e in (1, 9)]),
    }


def whatever_the_prior(data, m2=F(9, 4), tau=F(3), noise=EXACT, before=False):
    """Scale and offset of the prior do not matter from the first place on. Before it, the offset does."""
    one, other = exact(data, noise), exact(data, noise, m2, tau)
    places = [data.s[0] - F(1, 2)] if before else [*data.s, *(x for *_, x in inside(data)[::2]), data.s[-1] + 2]
    return equal([one.mean(0, x) for x in places], [other.mean(0, x) for x in places])


def interpolates_in_floats(data, noise=EXACT):
    """Arrays and plain belief: residuals of T-solve at the places, hence between them what Hermite makes of those.

    The basis functions of the two values sum to 1, those of the slopes stay below 4 w / 27 each: r (1 + w) covers a
    residual of r everywhere in a cell of width w. Evaluating the mean adds T-dot.
    """
    belief, plain = methods.belief.believe(*floats(data), *map(float, noise)), plainly(data, noise)
    r = tol_solve(belief.gram, belief.weights)
    cells = [(*cell, r * float(1 + cell[1][0] - cell[0][0])) for cell in inside(data)]
    values = [(x, y, r) for x, y in zip(data.s, data.values, strict=True)]
    values += [(x, hermite(a, b, x), room) for a, b, x, room in cells]
    values += [(data.s[-1] + 2, data.values[-1] + 2 * data.slopes[-1], 3 * r)]
    asked = [(0, x) for x, *_ in values] + [(1, x) for x in data.s]
    expected = np.array([y for _, y, _ in values] + [*data.slopes], float)
    rows = rows_of(belief, asked)
    room = np.array([room for *_, room in values] + [r] * len(data.s)) + [tol_dot(v, belief.weights) for v in rows]
    there = belief.at(np.array([float(x) for _, x in asked]))
    found = np.where(np.arange(len(asked)) < len(values), there.value()[0], there.slope()[0])
    # the change from 0 is the mean without its level, which is the residual at 0 and a T-dot
    change, slope = belief.moments(there.s)
    level = belief.at(np.zeros(1)).value()[0]
    moments = np.where(np.arange(len(asked)) < len(values), level + change, slope)
    return {
        "arrays": close(found, expected, room),
        "arrays, moments": close(moments, expected, 2 * room),
        "plain": close([plain.mean([(1, i, float(x))]) for i, x in asked], expected, room),
    }


PLS_03 = Claim(
    id="PLS-03",
    title="Without noise, a cubic Hermite interpolant",
    source="dissertation, eq. 2.34 and figure 2.4",
    statement="Where values and slopes are observed without error, the posterior mean takes them on; between"
    " neighbouring places it is the cubic through their values and slopes, beyond the last one a straight line."
    " Neither the scale nor the offset of the prior changes it there.",
    formula=r"\sigma_l = \sigma_{l'} = 0 \;\Rightarrow\; \mu(\lambda_i) = l(\lambda_i),\ \mu'(\lambda_i) ="
    r" l'(\lambda_i),\ \mu \text{ cubic on } [\lambda_i, \lambda_{i+1}]",
    kind="exact",
    verdict="holds",
    checks=[
        Check("mean of the posterior in fractions", interpolates, observations(), examples=80),
        Check("scale and offset of the prior", whatever_the_prior, observations(), examples=40),
        Check("the posterior of arrays and plain belief", interpolates_in_floats, observations(), examples=100),
    ],
    controls=[
        Check("noisy observations", lambda: interpolates(EXAMPLE, NOISY)),
        Check("values alone", lambda: interpolates(EXAMPLE, slopes=False)["cubic between"]),
        Check("the offset before the first place", lambda: whatever_the_prior(EXAMPLE, before=True)),
        Check("the prior where observations are noisy", lambda: whatever_the_prior(EXAMPLE, noise=NOISY)),
        Check("noisy observations in floats", lambda: interpolates_in_floats(EXAMPLE, NOISY)),
    ],
)

CLAIMS = (PLS_01, PLS_02, PLS_03)
