r"""SGD-03  The loss of the direction-defining batch is steeper

Where: dissertation, section 5.3 and fig. 5.2; Mutschler & Zell 2021 (ICANN), fig. 2
Claim: Around the origin of a line the loss of the mini-batch that defines the direction is always steeper than the
    full-batch loss.
Formula: |l_{\mathbb{B}}'(0)| > |l'(0)|
Verdict: corrected
Kind: exact
Found: In the mean. A batch is steeper just where its gradient lies outside the ball with the diameter 0 .. g, which
    many dimensions make likely: for normal noise of the size of the gradient .659, .82, .997 and 1.0000 of batches in
    1, 2, 10 and 100 dimensions.
True: \mathbf{E}|l_{\mathbb{B}}'(0)| = \mathbf{E}\|g_{\mathbb{B}}\| \ge \|g\| \ge \mathbf{E}[-l'(0)], \qquad
    \mathbf{E}[\|g_{\mathbb{B}}\|^2 - g^\top g_{\mathbb{B}}] = \mathrm{tr}\,\mathrm{Cov}(g_{\mathbb{B}}) \ge 0
"""

from __future__ import annotations

from scipy.stats import ncx2

from ...cases import mean
from ...claim import Contrast, close, only, told
from ...proof import Theorem, implies, same
from ..noise.common import S, apart, product_mean
from .common import INSIDE

claim = told(__doc__)


@claim.proof("squares in the mean", broken={"batches larger than the data": {"largest": 2}})
def mean_excess(D, B, square, squares, largest=1):
    """E [|g_B|^2 - g'g_B] = tr Cov >= 0. Of the sum of all gradients and of each of them: the square of the norm, and
    the sum of squares; the first is at most D times the second. g'g_B is |g|^2 in the mean (ERM-07)."""
    excess = product_mean(D, B, square, 1, squares) - square / D**2
    spread = apart(D, B) * S(D, square, 1, squares)
    return Theorem(
        (D > 1, B >= 1, B <= largest * D, square >= 0, square <= D * squares),
        {"trace": excess == spread, "sign": excess >= 0},
    )


@claim.proof("the ball, and the two lengths", broken={"without Cauchy and Schwarz": {"longest": 2}})
def ball(gb, size, full_size, longest=1):
    """Of one batch, by g'g_B and the lengths of g_B and g. It is steeper just where g_B is outside the ball with the
    diameter 0 .. g. -l'(0) = g'g_B/|g_B| is at most |g|, and |g_B| at least g'g_B/|g|, which is |g| in the mean."""
    outside = size**2 - gb + (full_size / 2) ** 2 > (full_size / 2) ** 2  # |g_B - g/2|^2 > |g/2|^2
    return Theorem(
        (size > 0, full_size > 0, gb <= longest * size * full_size, gb >= -size * full_size),
        {
            "ball": same(outside, -size < -gb / size),
            "sizes": implies(gb >= 0, same(outside, size > gb / size)),
            "full": gb / size <= full_size,
            "batch": size >= gb / full_size,
        },
    )


@claim.check(
    "fractions of normal batches",
    lambda budget: [(1, 0.6587, 5e-5), (2, 0.82, 0.005), (10, 0.997, 5e-4), (100, 1.0, 5e-5)],
)
@claim.control("every batch in one dimension", only(1, 1.0, 5e-5))
def fractions(n, fraction, half):
    """Of gradients g + noise with tr Cov = |g|^2 = 1 in n dimensions, those outside the ball: n times the square of
    their distance from its middle is noncentral chi square."""
    return close(ncx2.sf(n / 4, n, n / 4), fraction, half)


@claim.counterexample("|l_B'(0)| of the first of two samples, against |l'(0)|", only(INSIDE))
def always_steeper(g):
    return Contrast(abs(mean(g)[0]), abs(g[0][0]), "more than")
