r"""SGD-12  Errors of polynomial fits

Where: dissertation, fig. 5.5; Mutschler & Zell 2021 (ICANN), fig. 4
Claim: Polynomials of higher degree, fitted to the losses along a line, have a lower mean absolute error.
Formula: \mathrm{MAE}_{p+1} \le \mathrm{MAE}_p
Verdict: corrected
Kind: property
Found: Of least-squares fits it is the root mean square error that does not rise with the degree; their mean absolute
    error may rise, on 7 equidistant points by 9/7 from degree 1 to 2. Of fits in the mean absolute error it is that
    error. A report must say which of both was fitted.
True: \mathrm{RMSE}_{p+1} \le \mathrm{RMSE}_p \text{ (least squares)}
"""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
from hypothesis import strategies as st

from ...cases import EPS, seeds
from ...claim import Contrast, close, only, told

claim = told(__doc__)


def powers(x, degree):
    return np.vander(x, degree + 1, increasing=True)


def least_squares(x, y, degree):
    """Residuals, by an orthonormal basis."""
    Q, _ = np.linalg.qr(powers(x, degree))
    return y - Q @ (Q.T @ y)


def least_absolute(x, y, degree):
    """Residuals of the best fit in the mean absolute error: one of them passes through degree + 1 points."""
    chosen = np.array(list(combinations(range(len(x)), degree + 1)))
    V = powers(x, degree)
    fits = np.linalg.solve(V[chosen], y[chosen][..., None])[..., 0]
    residuals = y - fits @ V.T
    return residuals[np.abs(residuals).sum(axis=1).argmin()]


def root_mean_square(residuals):
    return np.sqrt((residuals**2).mean())


def mean_absolute(residuals):
    return np.abs(residuals).mean()


@st.composite
def losses(draw):
    """7 points of a line on [-1, 1], at least a tenth apart, and losses of about 1."""
    rng = np.random.default_rng(draw(seeds))
    gaps = 0.1 + rng.uniform(0, 1, 6)
    x = np.concatenate([[0], gaps.cumsum()])
    return 2 * x / x[-1] - 1, rng.standard_normal(7) + rng.uniform(-2, 2) * x


@claim.check("least squares, root mean square", losses())
@claim.control("least squares, mean absolute", losses(), examples=200, error=mean_absolute)
def falling(x, y, fit=least_squares, error=root_mean_square):
    """The error does not rise with the degree, 0 to 3; slack in units of the largest loss.

    Residuals are y minus sums of at most 7 products; the condition of the interpolating systems is below 1e5 for these
    gaps (Vandermonde, degree 3).
    """
    errors = [error(fit(x, y, degree)) for degree in range(4)]
    size, rough = np.abs(y).max(), 1 if fit is least_squares else 1e5
    return min((a - b) / size + 200 * EPS * rough for a, b in pairwise(errors))


GRID = np.linspace(-1, 1, 7)
RISING = np.array([1.0, 3.0, 1.0, -3.0, 1.0, 3.0, 1.0])


def line_and_parabola(y):
    """Their mean absolute errors on the grid."""
    return [mean_absolute(least_squares(GRID, y, degree)) for degree in (1, 2)]


@claim.check("least squares, mean absolute: a rise")
def largest_rise():
    """The parabola through these 7 points has 9/7 of the straight line's mean absolute error."""
    line, parabola = line_and_parabola(RISING)
    return close(parabola / line, 9 / 7, 200 * EPS)


@claim.counterexample("mean absolute error of the parabola for losses y on [-1, 1], against the line's", only(RISING))
def falls(y):
    line, parabola = line_and_parabola(y)
    return Contrast(line, parabola, "at most", rounding=1e-9)


claim.check("least absolute, mean absolute", losses())(lambda x, y: falling(x, y, least_absolute, mean_absolute))
claim.control("least absolute, root mean square", losses(), examples=50)(
    lambda x, y: falling(x, y, least_absolute, root_mean_square)
)
