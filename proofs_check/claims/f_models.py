"""Section F, fifth part: which models interpolate: matrix factorisations and Gaussian kernels (dissertation, 4.7)."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product
from typing import NamedTuple

import mpmath
import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods
from toybox.problems import factorization, kernel
from toybox.quotations import quote

from ..cases import EPS, powers, seeds, vectors
from ..claim import Check, Claim, Contrast, close, only
from ..ours import on_rule, walk
from .f_steps import XP

# --- INT-03


class Target(NamedTuple):
    """A (10, 6) of a given rank, and isotropic inputs X (12, 6) with X'X = 12 I."""

    A: np.ndarray
    X: np.ndarray
    rank: int
    singular: np.ndarray

    def model(self, k):
        """Our factorization of rank k; its loss is |W2 W1 - A|^2 / 10."""
        return factorization.Factorization(self.X, self.X @ self.A.T, rank=k)

    @property
    def square(self):
        return float((self.A**2).sum())

    def tail(self, k):
        return float((self.singular[k:] ** 2).sum())

    @property
    def rounding(self):
        """Of sums of products of (10, 6) with (6, 12) matrices, of singular values, and of their squares."""
        return 64 * 28 * EPS * self.square


def target(seed, rank):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((10, rank)) @ rng.standard_normal((rank, 6))
    X = np.sqrt(12) * np.linalg.qr(rng.standard_normal((12, 6)))[0]
    return Target(A, X, rank, np.linalg.svd(A, compute_uv=False))


TARGETS = st.builds(target, seeds, st.integers(1, 6)), st.integers(1, 10)
FULL = st.builds(target, seeds, st.integers(2, 6))


def smallest_loss(target, k):
    """The sum of the squares of the singular values beyond the k-th: our floor; and the truncated A reaches it."""
    model = target.model(k)
    U, s, V = np.linalg.svd(target.A, full_matrices=False)
    kept = min(k, 6)
    W1, W2 = np.zeros((k, 6)), np.zeros((10, k))
    W1[:kept], W2[:, :kept] = s[:kept, None] * V[:kept], U[:, :kept]
    found = float(model.at(np.concatenate([W1.ravel(), W2.ravel()]), model.population).value)
    return {
        "floor": close(10 * model.floor, target.tail(k), target.rounding),
        "reached": close(10 * found, target.tail(k), target.rounding),
    }


def zero_iff(target, k, needed=0):
    """The floor is 0 just for k >= rank (``needed`` = -1: from one less on)."""
    assume(target.singular[target.rank - 1] ** 2 > 1000 * target.rounding)
    floor = 10 * target.model(k).floor
    return 1 - floor / target.rounding if k >= target.rank + needed else floor / target.rounding - 100


def descents(budget):
    return ((target(seed, rank), k) for seed in range(budget.many(1, 10)) for rank, k in ((6, 4), (6, 1), (3, 2)))


def not_below(target, k):
    """Steepest descent with exact steps from random starts ends at the floor, and never below it."""
    rule = on_rule(methods.exact.Exact())
    model = target.model(k)
    loss = walk(model, rule, model.initial(range(3)), steps=150, seeds=range(3), every=50).trace.full_loss
    return {
        "never below": float((10 * loss.min() - target.tail(k)) / target.rounding + 1),
        "comes near": 0.01 - float(10 * loss[-1].min() - target.tail(k)) / target.square,
    }


def published(k):
    """The floor of the published problem, whose target has rank 6."""
    return tb.problem("factorization", rank=k).floor


INT_03 = Claim(
    id="INT-03",
    title="Matrix factorisation",
    source="dissertation, section 4.7 and fig. 4.14",
    statement="With isotropic inputs a factorisation of rank k can get as near to its target as the singular values"
    " beyond the k-th allow. It interpolates exactly if k is at least the rank of the target, so that it cannot with"
    " rank 1 and 4 where the target has rank 6.",
    formula=r"\min \|W_2 W_1 - A\|_F^2 = \sum_{i>k} \sigma_i(A)^2 = 0 \ \Leftrightarrow\ k \ge \mathrm{rank}\, A",
    kind="property",
    verdict="holds",
    finding="So rank 4 is under-parameterised, as the caption has it where it says for which ranks interpolation does"
    f" not hold; what follows there contradicts it: {quote('ranks')}",
    checks=[
        Check("smallest loss", smallest_loss, st.tuples(*TARGETS), examples=300),
        Check("zero from the rank of the target on", zero_iff, st.tuples(*TARGETS), examples=300),
        Check("descent does not beat it", not_below, descents),
        Check("published problem: 6 and 10", lambda k: 1e-28 - published(k), lambda budget: [6, 10]),
        Check("published problem: 1 and 4", lambda k: published(k) - 1e-3, lambda budget: [1, 4]),
    ],
    controls=[
        Check("zero from rank - 1 on", lambda target: zero_iff(target, target.rank - 1, needed=-1), FULL),
        Check("published problem with rank 4", lambda: 1e-28 - published(4)),
    ],
)

# --- INT-04

DIGITS = 250


def gram(points, bandwidth):
    """exp(-|a - b|^2 / (2 bandwidth^2)) of rational points, to 250 digits."""
    exact = lambda v: mpmath.mpf(v.numerator) / v.denominator
    square = lambda a, b: exact(sum((u - v) ** 2 for u, v in zip(a, b, strict=True)))
    width = 2 * exact(F(bandwidth)) ** 2
    return mpmath.matrix([[mpmath.exp(-square(a, b) / width) for b in points] for a in points])


def positive_determinant(points, bandwidth):
    """Elimination of at most 7 rows of numbers <= 1 errs by less than 7! 49 units of the last digit."""
    with mpmath.workdps(DIGITS):
        return mpmath.det(gram(points, bandwidth)) - mpmath.mpf(10) ** (20 - DIGITS)


@st.composite
def clouds(draw):
    """2 to 7 distinct rational points in one to three dimensions, and a bandwidth up to ten times their spread."""
    points = draw(st.lists(vectors(draw(st.integers(1, 3))), min_size=2, max_size=7, unique=True))
    spread = max(max(column) - min(column) for column in zip(*points, strict=True))
    return points, F(draw(powers(-1, 1))) * spread


def repeated(points, bandwidth):
    return positive_determinant([*points[:-1], points[0]], bandwidth)


ROW = [(F(k, 3),) for k in range(7)]


def gaussian(X, width):
    """The kernel matrix that the package computes."""
    return kernel.rbf(XP, X, X, width, np.float64)


def quoted():
    """Seven points 1/3 apart. For a bandwidth of ten times their spread floats see a singular matrix."""
    X = np.array(ROW, float)
    lowest = lambda width: float(np.linalg.eigvalsh(gaussian(X, width))[0])
    with mpmath.workdps(80):
        determinant = float(mpmath.det(gram(ROW, 3)))
    return {
        "1.5e-33": close(determinant, 1.5e-33, 0.05e-33),
        "3e-12": close(lowest(3.0), 3e-12, 0.5e-12),
        "soon": 7 * EPS - abs(lowest(20.0)),
        "but not": positive_determinant(ROW, 20),
    }


def all_labels(points, bandwidth):
    """Every labelling is met exactly by some linear function of the rows: what is missing from margins of 1."""
    with mpmath.workdps(DIGITS):
        K = gram(points, bandwidth)
        inverse = K**-1
        worst = mpmath.mpf(0)
        for labels in product((-1, 1), repeat=len(points)):
            met = K * (inverse * mpmath.matrix(labels))
            worst = max(worst, *(1 - y * z for y, z in zip(labels, met, strict=True)))
        return mpmath.mpf(10) ** -80 - worst


def separated(X, y, sigma):
    """Smallest margin of the least-squares solution on the rows of our kernel matrix."""
    K = gaussian(X, sigma)
    return float(((2 * y - 1) * (K @ np.linalg.lstsq(K, 2.0 * y - 1)[0])).min())


def engine(repeat=False, rows=100):
    """A stand-in for ijcnn1 with its published bandwidth; ``repeat``: one row once more with the other label."""
    problem = tb.problem("misfire", rows=rows)
    X, y = problem.X, problem.y
    if repeat:
        X, y = np.concatenate([X, X[:1]]), np.append(y, 1 - y[0])
    return separated(X, y, problem.sigma)


INT_04 = Claim(
    id="INT-04",
    title="RBF kernels separate everything",
    source="dissertation, fig. 4.15",
    statement="With a Gaussian kernel of the chosen bandwidth one of the two data sets is linearly separable in kernel"
    " space, the other one (IJCNN) is not.",
    formula=r"\nexists\, w: \ y_i\, (K w)_i > 0 \ \forall i",
    kind="highprec",
    verdict="refuted",
    finding="The Gaussian kernel matrix of distinct points is positive definite for every bandwidth, so every labelling"
    " is separated. Only equal points with different labels, a subset of the kernel's columns or finite precision can"
    " prevent it: within some thousand steps IJCNN is not interpolated, which is what the experiment shows.",
    corrected=r"\det\left(e^{-\|x_i - x_j\|^2 / 2\sigma^2}\right)_{ij} > 0 \quad \forall \sigma > 0,\ x_i \ne x_j",
    checks=[
        Check("determinants of distinct points", positive_determinant, clouds(), examples=80),
        Check("seven points in a row", quoted),
        Check("every labelling of five points", all_labels, lambda budget: [(ROW[:5], F(3)), (ROW[:5], F(1, 9))]),
        Check("an engine's misfires are separated", lambda: engine() - 0.5),
    ],
    controls=[
        Check("a repeated point", repeated, clouds(), examples=10),
        Check("a repeated row with the other label", lambda: engine(repeat=True) - 0.5),
    ],
    counterexamples=[
        Check("smallest margin of misfires", lambda rows: Contrast(0, engine(rows=rows), "at most", 1e-3), only(100)),
    ],
)

CLAIMS = (INT_03, INT_04)
