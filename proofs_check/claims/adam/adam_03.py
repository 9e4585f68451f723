r"""ADAM-03  Size of Adam's direction

Where: dissertation, the text after eq. 2.46
Claim: Adam's direction estimates a ratio of moments that is at most 1, so its coordinates are bounded by about 1 in
    size.
Formula: \left|\frac{\hat m_t}{\sqrt{\hat v_t}}\right| \lesssim 1
Verdict: refuted
Kind: exact
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

from ...cases import EPS, seeds
from ...claim import Contrast, below, close, only, told
from ...proof import Theorem
from ..mom.common import fed
from .common import NO_EPS

claim = told(__doc__)


@claim.proof("the bound, one more gradient", broken={"a bound that does not grow": {"growth": 0}})
def bounded(M, V, A, g, beta1, beta2, growth=1):
    """M and V are m / (1 - beta1) and v / (1 - beta2), A the sum of (beta1^2 / beta2)^j: if M^2 <= A V, as it is at the
    start with A = 0, then so after the next gradient."""
    after = 1 + growth * beta1**2 / beta2 * A
    given = (beta1 >= 0, beta1 < 1, beta2 > 0, beta2 < 1, A >= 0, V >= 0, M * M <= A * V)
    return Theorem(given, {"after": (beta1 * M + g) ** 2 <= after * (beta2 * V + g * g)})


@claim.proof("it is attained", broken={"gradients of one size": {"growth": lambda beta1, beta2: 1}})
def attained(A, before, beta1, beta2, growth=lambda beta1, beta2: beta2 / beta1):
    """If M = A g and V = A g^2, as after the first gradient g with A = 1, then so after the next one, beta2 / beta1
    times as large."""
    g, after = growth(beta1, beta2) * before, 1 + beta1**2 / beta2 * A
    M, V = beta1 * A * before + g, beta2 * A * before**2 + g * g
    return Theorem((beta1 > 0, beta2 > 0), {"M": M == after * g, "V": V == after * g * g})


@claim.proof("the limit of the sums", broken={"half of it": {"share": F(1, 2)}})
def sums(A, ratio, share=1):
    """A <= 1 / (1 - ratio), the ratio being beta1^2 / beta2, for all sums: their next one is 1 + ratio A."""
    given = (ratio >= 0, ratio < 1, A * (1 - ratio) <= share)
    return Theorem(given, {"after": (1 + ratio * A) * (1 - ratio) <= share})


@claim.proof("more than 1 after two gradients", broken={"equal betas": {"differ": False}})
def exceeds(beta1, beta2, differ=True):
    """The square of the largest ratio exceeds 1 if the betas differ. (Of constant gradients g it is 1: m^ is g and v^
    is g^2, by ADAM-01 with these for the moments.)"""
    given = (beta1 > 0, beta1 < 1, beta2 > 0, beta2 < 1, beta1 != beta2 if differ else beta1 == beta2)
    return Theorem(given, {"bound": (1 + beta1**2 / beta2) * (1 + beta2) > (1 + beta1) ** 2})


def bound(beta1, beta2, t):
    """The largest |m^| / sqrt(v^) after t steps, for t (T,)."""
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


@claim.check("our Adam on heavy tails and the extremal gradients", tails(), examples=200)
@claim.control("our Adam, a bound of 1", tails(), examples=20, most=lambda beta1, beta2, t: np.ones(len(t)))
def ours_bounded(beta1, beta2, g, most=bound):
    """At every step below its bound; the extremal gradients attain it at the last."""
    t = np.arange(1, len(g) + 1)
    found, most, slack = ratios(beta1, beta2, g), most(beta1, beta2, t), rounding(beta1, beta2, t)
    return {
        "below": below(found, most[:, None], (most * slack)[:, None]),
        "attained": close(found[-1, -1], most[-1], most[-1] * slack[-1]),
    }


def largest(t, beta1=0.9, beta2=0.999):
    """|d_t| of our Adam on the extremal gradients."""
    return ratios(beta1, beta2, extremal(beta1, beta2, t)[:, None])[-1, 0]


@claim.counterexample("largest |d| after two gradients", only(2, 0.9, 0.999))
@claim.counterexample("largest |d| after two hundred", only(200, 0.9, 0.999))
def bounded_by_one(t, beta1, beta2):
    return Contrast(1, largest(t, beta1, beta2), "at most", rounding(beta1, beta2, t))


@claim.check("the numbers for .9 and .999")
@claim.control("the numbers for .9 and .99", beta2=0.99)
def printed_numbers(beta2=0.999):
    return {
        "t = 2": close(largest(2, beta2=beta2), 1.0014, 5e-5),
        "t = 50": close(largest(50, beta2=beta2), 1.61, 5e-3),
        "t = 200": close(largest(200, beta2=beta2), 3.10, 5e-3),
        "limit": close(limit(0.9, beta2), 7.27, 5e-3),
        "long": close(largest(3000, beta2=beta2) / limit(0.9, beta2), 1, 0.05),
        "usual": close((1 - 0.9) / np.sqrt(1 - beta2), 3.16, 5e-3),
    }
