r"""SGD-12  Errors of polynomial fits

Where: dissertation, fig. 5.5; Mutschler & Zell 2021 (ICANN), fig. 4
Claim: Polynomials of higher degree, fitted to the losses along a line, have a lower mean absolute error.
Formula: \mathrm{MAE}_{p+1} \le \mathrm{MAE}_p
Verdict: corrected
Kind: exact
Found: Of least-squares fits it is the root mean square error that does not rise with the degree; their mean absolute
    error may rise, on 7 equidistant points by 9/7 from degree 1 to 2. Of fits in the mean absolute error it is that
    error. A report must say which of both was fitted.
True: \mathrm{RMSE}_{p+1} \le \mathrm{RMSE}_p \text{ (least squares)}
"""

from __future__ import annotations

from fractions import Fraction as F

from ...cases import dot, mean, solve
from ...claim import Contrast, equal, only, told
from ...proof import Theorem

claim = told(__doc__)


@claim.proof("least squares, any points and degree", broken={"a step past the best one": {"taken": 3}})
def another_power(square, along, taken=1):
    """From one degree to the next. The new fit adds a multiple of what of the new power is orthogonal to the lower
    ones; of unit length, it has this product with the residuals, and as much of it is added. ``square``: their sum of
    squares, before and after. (Of fits that minimise another error it is that one, as the fits of the lower degree are
    among those of the next.)"""
    part = taken * along
    after = square - 2 * part * along + part**2
    return Theorem((square >= along**2,), {"not higher": after <= square})


GRID = [F(k, 3) for k in range(-3, 4)]
RISING = (1, 3, 1, -3, 1, 3, 1)


def least_squares(y, degree):
    """Residuals on 7 points of [-1, 1], by the normal equations."""
    powers = [tuple(x**p for x in GRID) for p in range(degree + 1)]
    fit = solve([[dot(u, v) for v in powers] for u in powers], [dot(u, y) for u in powers])
    return [v - sum(c * row[i] for c, row in zip(fit, powers, strict=True)) for i, v in enumerate(y)]


def mean_absolute(y, degree):
    return mean(map(abs, least_squares(y, degree)))


@claim.check("a rise by 9/7", only(RISING), degree="proved")
@claim.control("of other losses", only((1, 3, 1, -3, 1, 3, 2)))
def rise(y):
    """The parabola through these 7 points has 9/7 of the straight line's mean absolute error."""
    return equal(mean_absolute(y, 2), F(9, 7) * mean_absolute(y, 1))


@claim.counterexample("mean absolute error of the parabola for losses y on [-1, 1], against the line's", only(RISING))
def falls(y):
    return Contrast(mean_absolute(y, 1), mean_absolute(y, 2), "at most")
