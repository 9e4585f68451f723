r"""SGD-09  An exact search on a mini-batch jumps to its minimiser

Where: dissertation, sections 4.6 and 5.5
Claim: With one common curvature, in one dimension, PAL settles at the variance of the batch minimisers; SGD's variance
    is lambda h / (2 - lambda h) times that, which is smaller for lambda h < 1, and that of PAL with the factor alpha is
    alpha / (2 - alpha) times it. The excess loss is h/2 times the variance.
Formula: \Sigma_{\mathrm{PAL}} = \mathrm{Var}(\bar c_{\mathbb{B}}), \qquad \Sigma_{\mathrm{SGD}} = \frac{\lambda h}{2 -
    \lambda h}\,\Sigma_{\mathrm{PAL}}, \qquad \Sigma_\alpha = \frac{\alpha}{2 - \alpha}\,\Sigma_{\mathrm{PAL}}
Verdict: holds
Kind: exact
Found: So exact searches on mini-batch losses perform poorly without any network: for lambda h = .2 SGD has .111 of
    their excess.
"""

from __future__ import annotations

from fractions import Fraction as F
from typing import NamedTuple

from ...cases import mean
from ...claim import close, equal, only, told
from ...ours import Quadratics
from ...proof import Theorem, every, same
from ..noise.common import stationary_variance, subsets, variance

claim = told(__doc__)


@claim.proof(
    "any curvature, rate and factor",
    broken={"interpolation: none smaller": {"noisy": False}, "rate times curvature up to 3": {"limit": 3}},
)
def settled(h, rate, alpha, V, sgd, relaxed, c, noisy=True, limit=2):
    """Stationary variances. V: of a batch's minimiser, seen from the mean of them. SGD and PAL multiply a distance by
    1 - rate h and 1 - alpha, and add rate h and alpha times the batch's; the excess is that of h/2 (x - c)^2."""
    share = rate * h
    given = (h > 0, rate > 0, share < limit, alpha > 0, alpha < 2, V > 0 if noisy else V == 0)
    stationary = (
        sgd == (1 - share) ** 2 * sgd + share**2 * V,
        relaxed == (1 - alpha) ** 2 * relaxed + alpha**2 * V,
    )
    return Theorem(
        (*given, *stationary),
        {
            "SGD": sgd == share / (2 - share) * V,
            "relaxed": relaxed == alpha / (2 - alpha) * V,
            "smaller below 1": same(sgd < V, share < 1),
            "settles": every((1 - share) ** 2 < 1, (1 - alpha) ** 2 < 1),
            "excess": h / 2 * (V + c**2) - h / 2 * c**2 == h / 2 * V,
        },
    )


class Bowls(NamedTuple):
    """D = 6 parabolas of curvature h with minimisers c, batches of 2."""

    c: tuple
    h: F

    def variance(self, method, **hyper):
        problem = Quadratics([((self.h,),)] * 6, self.c)
        return stationary_variance(method, problem, list(subsets(6, 2)), mean(self.c)[0], **hyper)

    @property
    def of_batches(self):
        """Var of the minimiser of a batch."""
        return (F(1, 2) - F(1, 6)) * variance(self.c, 5)


BOWLS = Bowls(tuple((F(c),) for c in (0, 1, 2, 3, 4, 8)), F(7, 2))


@claim.check("our PAL and our exact search on exact numbers", lambda budget: [("pal", F(1)), ("exact", F(1))])
@claim.check("our relaxed PAL on exact numbers", lambda budget: [("pal", F(1, 2)), ("pal", F(19, 10))])
@claim.check("our SGD on exact numbers", lambda budget: [("sgd", F(1, 5)), ("sgd", F(1)), ("sgd", F(19, 10))])
@claim.control("PAL's variance for SGD", only("sgd", F(1, 5)), factor=lambda share: 1)
def on_exact_numbers(method, share, factor=lambda share: share / (2 - share)):
    """share: alpha of PAL, rate times h of SGD."""
    hyper: dict = {
        "pal": {"alpha": share, "beta": 0, "mu": F(1, 3), "s_max": F(10**9)},
        "sgd": {"rate": share / BOWLS.h},
        "exact": {},
    }
    found = BOWLS.variance(method, **hyper[method])
    return equal(found, factor(share) * BOWLS.of_batches)


@claim.check("the quoted share", only(F(1, 5)))
@claim.control("the share for rate times h = .3", only(F(3, 10)))
def quoted(share):
    return close(float(share / (2 - share)), 0.111, 5e-4)
