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

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ...cases import mean, populations, positive
from ...claim import above, close, equal, told
from ...ours import Quadratics, on_rule
from ..noise.common import S, apart, in_the_mean, squares, stationary_variance, subsets

claim = told(__doc__)


class Bowls(NamedTuple):
    """D = 6 parabolas of curvature h with minimisers c, batches of 2."""

    c: tuple
    h: F

    def variance(self, method, **hyper):
        problem = Quadratics([((self.h,),)] * 6, self.c)
        return stationary_variance(method, problem, list(subsets(6, 2)), mean(self.c)[0], **hyper)

    def pal(self, alpha):
        return self.variance("pal", alpha=alpha, beta=0, mu=F(1, 3), s_max=F(10**9))

    def sgd(self, share):
        """``share``: rate times h."""
        return self.variance("sgd", rate=share / self.h)

    @property
    def of_batches(self):
        """Var of the minimiser of a batch."""
        return apart(6, 2) * S(self.c)[0][0]


@st.composite
def bowls(draw):
    c = draw(populations(st.just(6), st.just(1)).filter(lambda c: len(set(c)) > 1))
    return Bowls(c, draw(positive()))


SHARES = positive(19, 10).filter(lambda s: s < 2)


@claim.check("stationary variances on exact numbers", st.tuples(bowls(), SHARES, SHARES), examples=40)
@claim.control(
    "interpolation: no excess, none smaller", lambda budget: [(Bowls(((F(1),),) * 6, F(2)), F(1, 2), F(1, 5))]
)
def settled(bowls, alpha, share):
    """PAL is the batch minimiser, relaxed PAL alpha/(2 - alpha) of its variance, SGD share/(2 - share)."""
    pal, sgd = bowls.pal(F(1)), bowls.sgd(share)
    compare = above(pal, sgd) if share < 1 else above(sgd, pal) if share > 1 else equal(pal, sgd)
    return {
        "PAL": equal(pal, bowls.of_batches),
        "relaxed PAL": equal(bowls.pal(alpha), alpha / (2 - alpha) * pal),
        "SGD": equal(sgd, share / (2 - share) * pal),
        "smaller just below 1": compare,
    }


@claim.check(
    "our runs",
    lambda budget: [(budget.many(8_000, 80_000), budget.seed, method) for method in ("pal", "relaxed", "exact", "sgd")],
)
def runs(many, seed, method):
    """Our runs settle at these variances: exact batch search after one step, SGD with rate times h = .2 after 60."""
    from toybox import methods

    c, h = np.random.default_rng(4).standard_exponential((6, 1)), 2.0
    problem = tb.problems.NoisyQuadratic(np.array([[h]]), c)
    rule, steps, share = {
        "pal": (methods.pal.PAL(s_max=np.inf), 1, 1.0),
        "relaxed": (methods.pal.PAL(alpha=0.5, s_max=np.inf), 25, 0.5),
        "exact": (methods.exact.Exact(), 1, 1.0),
        "sgd": (methods.fixed.Fixed(0.2 / h), 60, 0.2),
    }[method]
    options = {
        "batch": 2,
        "seeds": range(many * seed, many * (seed + 1)),
        "theta": problem.solution,
        "sampler": "fresh",
        "every": None,
    }
    away = tb.run(problem, on_rule(rule), steps=steps, **options).theta - problem.solution
    return in_the_mean(squares(away), share / (2 - share) * (1 / 2 - 1 / 6) * np.var(c, ddof=1))


claim.check("the quoted share")(lambda: close(float(F(1, 5) / (2 - F(1, 5))), 0.111, 5e-4))
