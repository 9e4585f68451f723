r"""INT-04  RBF kernels separate everything

Where: dissertation, fig. 4.15
Claim: With a Gaussian kernel of the chosen bandwidth one of the two data sets is linearly separable in kernel space,
    the other one (IJCNN) is not.
Formula: \nexists\, w: \ y_i\, (K w)_i > 0 \ \forall i
Verdict: refuted
Kind: highprec
Found: The Gaussian kernel matrix of distinct points is positive definite for every bandwidth, so every labelling is
    separated. Only equal points with different labels, a subset of the kernel's columns or finite precision can prevent
    it: within some thousand steps IJCNN is not interpolated, which is what the experiment shows.
True: \det\left(e^{-\|x_i - x_j\|^2 / 2\sigma^2}\right)_{ij} > 0 \quad \forall \sigma > 0,\ x_i \ne x_j
Sampled: that the matrix is definite for any number of points in any dimension rests on the Fourier transform of the
    Gaussian; exponentials are beyond z3, and determinants of clouds are computed to 250 digits instead.
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product

import mpmath
import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox.problems import kernel

from ...cases import EPS, powers, vectors
from ...claim import Contrast, close, only, told
from .common import XP

claim = told(__doc__)

DIGITS = 250


def gram(points, bandwidth):
    """exp(-|a - b|^2 / (2 bandwidth^2)) of rational points, to 250 digits."""
    exact = lambda v: mpmath.mpf(v.numerator) / v.denominator
    square = lambda a, b: exact(sum((u - v) ** 2 for u, v in zip(a, b, strict=True)))
    width = 2 * exact(F(bandwidth)) ** 2
    return mpmath.matrix([[mpmath.exp(-square(a, b) / width) for b in points] for a in points])


@st.composite
def clouds(draw):
    """2 to 7 distinct rational points in one to three dimensions, and a bandwidth up to ten times their spread."""
    points = draw(st.lists(vectors(draw(st.integers(1, 3))), min_size=2, max_size=7, unique=True))
    spread = max(max(column) - min(column) for column in zip(*points, strict=True))
    return points, F(draw(powers(-1, 1))) * spread


@claim.check("determinants of distinct points", clouds(), examples=80)
@claim.control("a repeated point", clouds().map(lambda case: ([*case[0][:-1], case[0][0]], case[1])))
def positive_determinant(points, bandwidth):
    """Elimination of at most 7 rows of numbers <= 1 errs by less than 7! 49 units of the last digit."""
    with mpmath.workdps(DIGITS):
        return mpmath.det(gram(points, bandwidth)) - mpmath.mpf(10) ** (20 - DIGITS)


ROW = [(F(k, 3),) for k in range(7)]


def gaussian(X, width):
    """The kernel matrix that the package computes."""
    return kernel.rbf(XP, X, X, width, np.float64)


@claim.check("seven points in a row", only(ROW))
@claim.control("1/4 apart", only([(F(k, 4),) for k in range(7)]))
def quoted(points):
    """Seven points 1/3 apart. For a bandwidth of ten times their spread floats see a singular matrix."""
    X = np.array(points, float)
    lowest = lambda width: float(np.linalg.eigvalsh(gaussian(X, width))[0])
    with mpmath.workdps(80):
        determinant = float(mpmath.det(gram(points, 3)))
    return {
        "1.5e-33": close(determinant, 1.5e-33, 0.05e-33),
        "3e-12": close(lowest(3.0), 3e-12, 0.5e-12),
        "soon": 7 * EPS - abs(lowest(20.0)),
        "but not": positive_determinant(points, 20),
    }


@claim.check("every labelling of five points", lambda budget: [(ROW[:5], F(3)), (ROW[:5], F(1, 9))])
@claim.control("met with the other sign", only(ROW[:5], F(3)), sign=-1)
def all_labels(points, bandwidth, sign=1):
    """Every labelling is met exactly by some linear function of the rows: what is missing from margins of 1."""
    with mpmath.workdps(DIGITS):
        K = gram(points, bandwidth)
        inverse = K**-1
        worst = mpmath.mpf(0)
        for labels in product((-1, 1), repeat=len(points)):
            met = K * (inverse * mpmath.matrix(labels))
            worst = max(worst, *(1 - sign * y * z for y, z in zip(labels, met, strict=True)))
        return mpmath.mpf(10) ** -80 - worst


def engine(repeat=False, rows=100):
    """Smallest margin of the least-squares solution on the rows of our kernel matrix; for a stand-in for ijcnn1 with
    its published bandwidth; ``repeat``: one row once more with the other label."""
    problem = tb.problem("misfire", rows=rows)
    X, y = problem.X, problem.y
    if repeat:
        X, y = np.concatenate([X, X[:1]]), np.append(y, 1 - y[0])
    K = gaussian(X, problem.sigma)
    return float(((2 * y - 1) * (K @ np.linalg.lstsq(K, 2.0 * y - 1)[0])).min())


@claim.check("an engine's misfires are separated by more than 1/2")
@claim.control("a repeated row with the other label", repeat=True)
def engine_room(repeat=False):
    return engine(repeat) - 0.5


@claim.counterexample("smallest margin of misfires", only(100))
def misfires(rows):
    return Contrast(0, engine(rows=rows), "at most", 1e-3)
