r"""SGD-10  The rate that is best for the expected loss

Where: dissertation, section 5.5
Claim: On quadratics of one Hessian the learning rate with the smallest expected full loss after a step is the squared
    norm of the gradient over the curvature along it plus (1/B - 1/D) tr HS; it rises with the batch size.
Formula: \lambda^* = \frac{\|g\|^2}{g^\top H g + (\frac1B - \frac1D)\,\mathrm{tr}(H\mathbf{S})} =
    \frac{\lambda_{\max}}{1 + B_{\mathrm{noise}}(\frac1B - \frac1D)}, \quad B_{\mathrm{noise}} =
    \frac{\mathrm{tr}\,H\mathbf{S}}{g^\top H g}, \quad \lambda_{\max} = \frac{\|g\|^2}{g^\top H g}
Verdict: holds
Kind: exact
Found: It is a ratio of means, not the mean of the ratios lambda_opt.
"""

from __future__ import annotations

from fractions import Fraction as F
from typing import NamedTuple

from ...cases import dot, mean, scale, solve, times
from ...claim import above, equal, told
from ...ours import Quadratics, ends
from ...proof import Theorem, implies, same
from ..noise.common import S, apart, product_mean, subsets

claim = told(__doc__)


@claim.proof(
    "any data, Hessian and size of batch",
    broken={"S = 0": {"noise": 0}, "with replacement": {"replace": True}},
)
def best_rate(D, B, more, gg, gHg, curved, rate, noise=1, replace=False):
    """The slope in the rate of the mean full loss, -|g|^2 + rate E g_B'H g_B, is 0 at the best one.

    |g|^2 and g'Hg of the mean gradient; curved: the sum of g_i'H g_i over all samples, at least D g'Hg, as H is
    positive definite. E g_B'H g_B is that of two linear functions, the sums of which have the product D^2 g'Hg.
    """
    spread = S(D, D**2 * gHg, 1, curved)  # tr HS
    best = lambda B: gg / (gHg + noise * apart(D, B) * spread)
    mean_curvature = product_mean(D, B, D**2 * gHg, 1, curved, replace)
    return Theorem(
        (D > 1, B >= 1, more > B, D >= more, gg > 0, gHg > 0, curved >= D * gHg),
        {
            "vertex": same(rate * mean_curvature == gg, rate == best(B)),
            "noise scale": best(B) == gg / gHg / (1 + noise * spread / gHg * apart(D, B)),
            "rising": best(B) <= best(more),
            "strictly": implies(spread > 0, best(B) < best(more)),
        },
    )


class Sum(NamedTuple):
    """L_i = 1/2 (x - m_i)'H(x - m_i) at x = 0, with the gradients g_i."""

    g: tuple
    H: tuple

    @property
    def exactly(self):
        return Quadratics([self.H] * len(self.g), [scale(-1, solve(self.H, v)) for v in self.g])

    def curvature(self, v):
        return dot(v, times(self.H, v))

    def by_formula(self, B):
        D, centre = len(self.g), mean(self.g)
        spread = S(D, D**2 * self.curvature(centre), 1, sum(map(self.curvature, self.g)))
        return dot(centre, centre) / (self.curvature(centre) + apart(D, B) * spread)

    def best(self, B):
        """The vertex of the mean full loss after our SGD's step, a parabola in the rate, from rates 0, 1 and 2."""
        origin, whole, drawn = (F(0),) * len(self.H), tuple(range(len(self.g))), list(subsets(len(self.g), B))
        ways = lambda rate: ends("sgd", self.exactly, [origin] * len(drawn), drawn, rate=F(rate))
        after = lambda rate: mean([self.exactly.value(x, whole) for x in ways(rate)])
        zero, one, two = map(after, range(3))
        bend = (two - 2 * one + zero) / 2
        return -(one - zero - bend) / (2 * bend)

    def mean_of_ratios(self, B):
        """E lambda_opt."""
        drawn, centre = [self.exactly.gradient((F(0),) * len(self.H), b) for b in subsets(len(self.g), B)], mean(self.g)
        return mean([dot(centre, v) / self.curvature(v) for v in drawn])


EXAMPLE = Sum(((F(1), F(0)), (F(2), F(1)), (F(0), F(2))), ((F(2), F(1)), (F(1), F(3))))


@claim.check("our SGD, all batches of an example", lambda budget: [1, 2, 3])
@claim.control("the mean of ratios", lambda budget: [1], formula=Sum.mean_of_ratios)
def of_our_sgd(B, formula=Sum.by_formula):
    return equal(EXAMPLE.best(B), formula(EXAMPLE, B))


@claim.check("not the mean of ratios", lambda budget: [1, 2])
@claim.control("the mean of ratios for B = D", lambda budget: [3])
def another(B):
    return above(abs(EXAMPLE.best(B) - EXAMPLE.mean_of_ratios(B)), 0)
