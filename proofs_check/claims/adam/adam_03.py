r"""ADAM-03  Size of Adam's direction

Where: dissertation, the text after eq. 2.46
Claim: Adam's direction estimates a ratio of moments that is at most 1, so its coordinates are bounded by about 1 in
    size.
Formula: \left|\frac{\hat m_t}{\sqrt{\hat v_t}}\right| \lesssim 1
Verdict: refuted
Kind: property
Found: 1 is the bound for expectations and for constant gradients. For beta1^2 < beta2 the largest ratio on any
    gradients follows from the inequality of Cauchy and Schwarz and is attained; for the defaults .9 and .999 it is
    1.0014 at t = 2, 1.61 at 50, 3.10 at 200 and in the limit 7.27, more than the usually quoted 3.16 = (1 - beta1) /
    sqrt(1 - beta2).
True: \left|\frac{\hat m_t}{\sqrt{\hat v_t}}\right| \le \frac{1-\beta_1}{1-\beta_1^t}
    \sqrt{\frac{1-\beta_2^t}{1-\beta_2} \sum_{j<t} \left(\frac{\beta_1^2}{\beta_2}\right)^j} \le
    \frac{1-\beta_1}{\sqrt{(1-\beta_2)(1-\beta_1^2/\beta_2)}}
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import strategies as st

from toybox import methods

from ...cases import EPS, rationals, seeds
from ...claim import Contrast, at_most, below, close, equal, only, told
from ..mom.common import BETAS, exactly, fed, walked
from .common import NO_EPS

claim = told(__doc__)


def bound(beta1, beta2, t):
    """The largest |m^| / sqrt(v^) after t steps, by Cauchy and Schwarz, for t (T,)."""
    t = np.asarray(t)
    ages = np.cumsum((beta1 * beta1 / beta2) ** np.arange(t.max()))[t - 1]
    return (1 - beta1) / (1 - beta1**t) * np.sqrt((1 - beta2**t) / (1 - beta2) * ages)


def limit(beta1, beta2):
    return (1 - beta1) / np.sqrt((1 - beta2) * (1 - beta1**2 / beta2))


def rounding(beta1, beta2, t):
    """Of |m^| / sqrt(v^): ten roundings a step, and those of the powers in 1 - beta^t; below 1e-11 for our betas."""
    return (10 * t + 4 / (1 - beta1) + 4 / (1 - beta2)) * EPS


def extremal(beta1, beta2, t):
    """The gradients for which the bound is attained after t steps: (beta1 / beta2)^(t-i)."""
    return (beta1 / beta2) ** np.arange(t - 1.0, -1, -1)


def ratios(beta1, beta2, g):
    """|d| of our Adam (T, lanes) on gradients (T, lanes)."""
    return np.abs(fed(methods.adam.Adam(beta1, beta2, NO_EPS), g[..., None])[0][..., 0])


@st.composite
def tails(draw):
    """beta1, beta2 and heavy-tailed gradients (T, 8), those of the last column extremal.

    beta1 is 0 or [.05, .99] (so that no square overflows), beta2 between its square and .9999.
    """
    beta1 = draw(st.one_of(st.just(0.0), st.floats(0.05, 0.99)))
    low = max(beta1**2, 1e-3)
    beta2 = low + draw(st.floats(0.001, 1)) * (0.9999 - low)
    rng, T = np.random.default_rng(draw(seeds)), draw(st.integers(1, 60))
    g = rng.standard_cauchy((T, 8)) * np.exp(draw(st.floats(0, 10)) * rng.standard_normal((T, 8)))
    g[:, -1] = extremal(beta1, beta2, T)
    return beta1, beta2, g


@claim.check("heavy tails and the extremal gradients", tails())
def bounded(beta1, beta2, g):
    """At every step below its bound, and that below the limit; the extremal gradients attain it at the last."""
    t = np.arange(1, len(g) + 1)
    found, most, slack = ratios(beta1, beta2, g), bound(beta1, beta2, t), rounding(beta1, beta2, t)
    return {
        "below": below(found, most[:, None], (most * slack)[:, None]),
        "attained": close(found[-1, -1], most[-1], most[-1] * slack[-1]),
        "limit": below(most, limit(beta1, beta2), limit(beta1, beta2) * slack.max()),
    }


def largest(t, beta1=0.9, beta2=0.999):
    """|d_t| of our Adam on the extremal gradients."""
    return ratios(beta1, beta2, extremal(beta1, beta2, t)[:, None])[-1, 0]


@claim.counterexample("largest |d| after two gradients", only(2, 0.9, 0.999))
@claim.counterexample("largest |d| after two hundred", only(200, 0.9, 0.999))
def bounded_by_one(t, beta1, beta2):
    return Contrast(1, largest(t, beta1, beta2), "at most", rounding(beta1, beta2, t))


@claim.check("the numbers for .9 and .999")
def printed_numbers():
    return {
        "t = 2": close(largest(2), 1.0014, 5e-5),
        "t = 50": close(largest(50), 1.61, 5e-3),
        "t = 200": close(largest(200), 3.10, 5e-3),
        "limit": close(limit(0.9, 0.999), 7.27, 5e-3),
        "long": close(largest(3000) / limit(0.9, 0.999), 1, 0.05),
        "usual": close((1 - 0.9) / np.sqrt(1 - 0.999), 3.16, 5e-3),
    }


@claim.check("constant gradients", st.tuples(rationals(nonzero=True), st.integers(1, 10), BETAS, BETAS), examples=100)
def constant_gradients(g, T, beta1, beta2):
    """d is exactly -1 or 1 without eps, on exact numbers; and in a run on arrays."""
    d = exactly("adam", [(g,)] * T, beta1=beta1, beta2=beta2, eps=F(0))
    arcs = walked(methods.adam.Adam(float(beta1), float(beta2), NO_EPS), np.full((T, 1), float(g))).trace.arc[:, 0]
    slack = [rounding(float(beta1), float(beta2), t) for t in range(1, T + 1)]
    return {"exact": equal(d, [(F(-1 if g > 0 else 1),)] * T), "arrays": close(arcs, 1.0, slack)}


@claim.check("on exact numbers", lambda budget: [2, 50])
def same_as_arrays(t):
    """On extremal gradients exact numbers make the directions of the arrays, up to their rounding."""
    g = extremal(0.9, 0.999, t)
    found = exactly("adam", [(a,) for a in g.tolist()], beta1=F(0.9), beta2=F(0.999), eps=NO_EPS)
    wanted = ratios(0.9, 0.999, g[:, None])
    return close(np.abs(found), wanted, rounding(0.9, 0.999, t) * wanted.max())


claim.control("the bound usually quoted", lambda budget: [1000])(lambda t: at_most(largest(t), 0.1 / 0.001**0.5))
claim.control("beta1^2 > beta2: unbounded")(lambda: at_most(largest(60, 0.9, 0.5), 100 * limit(0.9, 0.999)))
