r"""SGD-10  The rate that is best for the expected loss

Where: dissertation, section 5.5
Claim: On quadratics of one Hessian the learning rate with the smallest expected full loss after a step is the squared
    norm of the gradient over the curvature along it plus (1/B - 1/D) tr HS; it rises with the batch size.
Formula: \lambda^* = \frac{\|g\|^2}{g^\top H g + (\frac1B - \frac1D)\,\mathrm{tr}(H\mathbf{S})} =
    \frac{\lambda_{\max}}{1 + B_{\mathrm{noise}}(\frac1B - \frac1D)}, \quad B_{\mathrm{noise}} =
    \frac{\mathrm{tr}\,H\mathbf{S}}{g^\top H g}, \quad \lambda_{\max} = \frac{\|g\|^2}{g^\top H g}
Verdict: holds
Kind: enumeration
Found: It is a ratio of means, not the mean of the ratios lambda_opt.
"""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any, NamedTuple

from hypothesis import assume
from hypothesis import strategies as st

from ...cases import dot, mean, populations, positive, scale, solve, times
from ...claim import above, at_most, equal, told
from ...ours import Quadratics, ends
from ..noise.common import S, apart, subsets, trace

claim = told(__doc__)


class Sum(NamedTuple):
    """L_i = 1/2 (x - m_i)'H(x - m_i) at x = 0, with the gradients g_i."""

    g: tuple
    H: tuple

    @property
    def exactly(self):
        return Quadratics([self.H] * len(self.g), [scale(-1, solve(self.H, v)) for v in self.g])

    @property
    def along(self):
        """|g|^2, g'Hg and tr HS."""
        centre = mean(self.g)
        HS = [[dot(row, column) for column in zip(*S(self.g), strict=True)] for row in self.H]
        return dot(centre, centre), dot(centre, times(self.H, centre)), trace(HS)

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
        return mean([dot(centre, v) / dot(v, times(self.H, v)) for v in drawn])


@st.composite
def sums(draw):
    g = draw(populations(st.integers(2, 5), st.just(2)))
    assume(any(mean(g)))
    a, b, c = draw(st.tuples(positive(), positive(), positive()))
    return Sum(g, ((a + c, c), (c, b + c)))


EXAMPLE = Sum(((F(1), F(0)), (F(2), F(1)), (F(0), F(2))), ((F(2), F(1)), (F(1), F(3))))


@claim.check("all batches", sums(), examples=30)
@claim.control("S = 0", lambda budget: [EXAMPLE], noise=0)
def best_rates(case, noise=1):
    """|g|^2 / (g'Hg + (1/B - 1/D) tr HS), rising with B; and in terms of the noise scale. noise = 0: with S = 0."""
    D, (square, curved, spread), before = len(case.g), case.along, F(0)
    found: dict[Any, Any] = {}
    for B in range(1, D + 1):
        rate = case.best(B)
        found[B] = equal(rate, square / (curved + noise * apart(D, B) * spread))
        found[B, "noise scale"] = equal(rate, square / curved / (1 + noise * spread / curved * apart(D, B)))
        found[B, "rising"] = at_most(before, rate)
        before = rate
    return found


claim.check("not the mean of ratios")(lambda: above(abs(EXAMPLE.best(1) - EXAMPLE.mean_of_ratios(1)), 0))
claim.check("the mean of ratios for B = D")(lambda: equal(EXAMPLE.best(3), EXAMPLE.mean_of_ratios(3)))
claim.control("the mean of ratios")(lambda: equal(EXAMPLE.best(1), EXAMPLE.mean_of_ratios(1)))
