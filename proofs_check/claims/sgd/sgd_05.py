r"""SGD-05  Enlarging a batch on a fixed line

Where: dissertation, section 5.6 and core result 3; Mutschler & Zell 2021 (ICANN), section 6
Claim: If the direction of a batch is kept and the batch grows by random samples to k times its size, the slope at the
    origin falls in the mean by k / (1 + (k - 1) rho), rho being the slope of the rest of the data over that of the
    batch: by k where the rest is flat along the line, not at all where it is as steep.
Formula: \mathbf{E}\,l'_{\mathbb{B}\cup\mathbb{A}}(0) = \frac1k\,l'_{\mathbb{B}}(0) + \left(1 - \frac1k\right)
    l'_{\mathbb{D}\setminus\mathbb{B}}(0)
Verdict: holds
Kind: enumeration
Found: This is what the factor k of the text means, for its protocol of fixed lines only (SGD-06). Smaller batches are
    made there by removing the samples with the highest slopes, which makes any batch steeper.
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import combinations

from hypothesis import strategies as st

from ...cases import mean, populations, scale
from ...claim import at_most, equal, only, told
from ...ours import Quadratics, line
from .common import shrinks_by, unit_curvature

claim = told(__doc__)


@claim.check(
    "removing the highest slopes",
    st.tuples(populations(st.integers(2, 7), st.just(1)), st.integers(1, 7)).filter(lambda c: c[1] <= len(c[0])),
    examples=60,
)
def selected(g, B):
    """Smaller batches by removing the samples with the highest slopes: steeper, for any data and any direction."""
    slopes = sorted(v[0] for v in g)
    return at_most(mean(slopes[:B]), mean(slopes))


@st.composite
def growing(draw):
    B, k = draw(st.sampled_from([(1, 2), (1, 3), (2, 2), (1, 4), (2, 3)]))
    return draw(populations(st.integers(k * B, 7), st.integers(1, 2))), B, k


@claim.check("every batch and every extension", growing(), examples=60)
def grown(g, B, k, own_direction=False):
    """Batches B with all (k - 1) B others: the mean slope is l_B'/k + (1 - 1/k) times that of the rest of the data.

    Slopes along -g_B on exact numbers, |g_B| times those along the unit direction; own_direction: along that of the
    grown batch, scaled alike (one dimension).
    """
    D, problem, origin, found = len(g), Quadratics(*unit_curvature(g)), (F(0),) * len(g[0]), {}
    for batch in combinations(range(D), B):
        d = scale(-1, problem.gradient(origin, batch))
        slope = lambda samples, d=d: line(problem, origin, d, samples)[1](F(0))
        rest = tuple(i for i in range(D) if i not in batch)
        larger = [batch + more for more in combinations(rest, (k - 1) * B)]
        along_own = lambda samples, d=d: -abs(problem.gradient(origin, samples)[0] * d[0])
        mean_slope = mean([(along_own if own_direction else slope)(samples) for samples in larger])
        found[batch] = equal(mean_slope, slope(batch) / k + (1 - F(1, k)) * slope(rest))
        if slope(batch):
            rho = slope(rest) / slope(batch)
            found[batch, "factor"] = equal(mean_slope * k, slope(batch) * (1 + (k - 1) * rho))
    return found


claim.check("a flat rest: k", lambda budget: [2, 3, 4, 7])(lambda k: equal(shrinks_by(0, k), k))
claim.check("a rest as steep: 1", lambda budget: [2, 3, 4, 7])(lambda k: equal(shrinks_by(1, k), 1))
claim.control("directions of the larger batches", only(((F(1),), (F(-3),), (F(2),))))(
    lambda g: grown(g, 1, 2, own_direction=True)
)
claim.control("the factor k where the rest is as steep")(lambda: equal(shrinks_by(1, 2), 2))
