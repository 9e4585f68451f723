r"""PAL-DIR  PAL's direction is momentum's

Where: dissertation, sections 4.3 and 4.4, eqs. 4.3, 4.4 and 2.39
Claim: Adding the last direction times beta to the negative gradient gives minus the vector of momentum; the slope of
    the line is the gradient times the unit direction.
Formula: d_t = -g_t + \beta d_{t-1},\ d_0 = -g_0 \ \Rightarrow\ d_t = -m_t, \qquad l'(0) = g_t^\top \frac{d_t}{\|d_t\|}
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F
from math import inf

from hypothesis import strategies as st

from ...cases import add, dot, norm, positive, scale
from ...claim import equal, told
from ...ours import Plain, moves
from ...proof import Theorem
from .common import ZERO

claim = told(__doc__)


@claim.proof("one step in one coordinate", broken={"the first step skipped": {"before": lambda d: 0 * d}})
def stays_opposite(g, beta, d, before=lambda d: -d):
    """d = -m stays so from step to step, and d_0 = -g_0 = -m_0."""
    m = before(d)
    return Theorem((), {"opposite": -g + beta * d == -(g + beta * m)})


@claim.proof("the slope", broken={"along d itself": {"unit": 1}})
def slope(value, g1, g2, d1, d2, length, s, unit=None):
    """Of a linear loss, as slopes depend on nothing else; d is divided by its length."""
    unit = length if unit is None else unit
    line = lambda s: value + g1 * s * d1 / unit + g2 * s * d2 / unit
    return Theorem(
        (length > 0, length**2 == d1**2 + d2**2),
        {"slope": line(s) - line(0) == s * (g1 * d1 + g2 * d2) / length},
    )


PYTHAGOREAN = st.sampled_from([(3, 4), (5, 12), (8, 15), (-4, 3), (12, -5), (-15, -8), (1, 0), (0, -1), (-3, -4)])


@st.composite
def direction_sequences(draw):
    """Directions of rational lengths, and beta; the gradients g_t = beta d_{t-1} - d_t follow."""
    ds = draw(st.lists(st.tuples(PYTHAGOREAN, positive(5, 3)), min_size=2, max_size=5))
    beta = draw(st.integers(1, 9).map(lambda k: F(k, 10)))
    return [(k * u, k * v) for (u, v), k in ds], beta


@claim.check("PAL on exact numbers", direction_sequences(), examples=200)
@claim.control("another factor", direction_sequences(), examples=20, used=F(0))
def pal_follows(ds, beta, used=None):
    """One loss per step, g_t'(x - p_t) + |x - p_t|^2, where p_t is PAL's place if its direction is d_t and its slope
    g_t'd_t / |d_t|, which shows in a step of half that length."""
    places, parts = [(ZERO, ZERO)], []
    for before, d in zip([places[0], *ds], ds, strict=False):
        g = add(scale(-1, d), beta, before)
        away = lambda x, p=places[-1]: add(x, -1, p)
        f = lambda x, g=g, away=away: dot(g, away(x)) + dot(away(x), away(x))
        parts.append((f, lambda x, g=g, away=away: add(g, 2, away(x))))
        places.append(add(places[-1], max(-dot(g, d) / (2 * norm(d)), ZERO) / norm(d), d))
    batches = [(t,) for t in range(len(ds))]
    hyper = {"mu": F(1, 3), "beta": beta if used is None else used, "s_max": inf}
    walked = moves("pal", Plain(parts=parts), (ZERO, ZERO), batches, **hyper)
    return equal([move.x for move in walked], places[1:])
