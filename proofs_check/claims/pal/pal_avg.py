r"""PAL-AVG  Averages of PAL's ends

Where: dissertation, section 4.4.4
Claim: Running PAL on every batch to its minimum and averaging the ends gives the minimiser of the mean loss, if the
    batches share their Q; the error is at most the mean of theirs.
Formula: \left\|\frac1m \sum_i x_i - x^*\right\| \le \frac1m \sum_i \|x_i - x_i^*\| \le \frac1m \sum_i \frac{\|\nabla
    \mathcal L_{\mathbb B_i}(x_i)\|}{2 \lambda_{\min}}
Verdict: holds
Kind: property
Found: In general PAL needs infinitely many steps on every batch; for one variable, or from an eigenvector, one
    suffices.
"""

from __future__ import annotations

from math import inf

import numpy as np

import toybox as tb
from toybox import methods

from ...cases import EPS
from ...claim import below, told
from ...ours import on_rule
from ...proof import Theorem, every, some
from .common import black_box, spectra

claim = told(__doc__)


@claim.proof("two errors", broken={"a shorter sum": {"share": 0}})
def triangle(one, other, product, both, share=1):
    """|u + v| <= |u| + |v|, by the inequality of Cauchy and Schwarz; so with more of them, and with a mean.

    By Proposition 2 the minimiser is the mean of the minimisers, so that the average is off by the mean of the errors.
    """
    return Theorem(
        (one >= 0, other >= 0, both >= 0, product**2 <= (one * other) ** 2, both**2 == one**2 + 2 * product + other**2),
        {"triangle": both <= one + share * other},
    )


@claim.proof("an error and its gradient", broken={"eigenvalues below the smallest": {"below": 2}})
def near(smallest, h, e, error, gradient, below=1):
    """To |gradient|^2 an eigenvector adds (2 h e)^2, to |error|^2 e^2, whose sums keep the bound; then roots."""
    return Theorem(
        (smallest > 0, below * h >= smallest, error >= 0, gradient >= 0, gradient**2 >= (2 * smallest * error) ** 2),
        {"each": (2 * h * e) ** 2 >= (2 * smallest * e) ** 2, "root": error <= gradient / (2 * smallest)},
    )


@claim.proof("finitely many steps do not do", broken={"from an eigenvector": {"both": False}})
def never_finishes(p, q, x, y, both=True):
    """In the plane of two eigenvectors: a start with a part in both has one in both after an exact search."""
    rate = ((p * x) ** 2 + (q * y) ** 2) / (p * (p * x) ** 2 + q * (q * y) ** 2)
    return Theorem(
        (p > 0, q > 0, p != q, x != 0, some(not both, y != 0)),
        {"off": every(x - rate * p * x != 0, y - rate * q * y != 0)},
    )


def averages(budget, alike=True, steps=None):
    """Our rule on black boxes (x - m_i)'Q(x - m_i), four batches at a time, until gradients are 1e-10 of the first: the
    average's distance from the minimiser of the mean loss, the bound by gradients, and rounding.

    From condition 30, 400 steps leave at most 1e-11 of a gradient: sqrt(r) ((r-1)/(r+1))^400. Not alike: a Q of its own
    for every batch.
    """
    rng, cases, m, n = budget.rng(), budget.many(60, 600), 4, 3
    Q, h, _ = spectra(rng, cases * m, n, 1.5)
    if alike:
        Q, h = np.repeat(Q[::m], m, axis=0), np.repeat(h[::m], m, axis=0)
    centres, x = rng.standard_normal((2, cases * m, n))
    rule = on_rule(methods.pal.PAL(np.full(cases * m, 0.1), s_max=inf))
    end = tb.run(black_box(Q, centres), rule, steps=steps or 400, batch=1, theta=x, every=None).theta[0]
    first = 2 * np.linalg.norm(np.einsum("kij,kj->ki", Q, x - centres), axis=-1)
    for one in np.arange(cases * m).reshape(cases, m):
        best = np.linalg.solve(Q[one].sum(0), np.einsum("mij,mj->i", Q[one], centres[one]))
        rounding = 64 * n * EPS * h[one].max() / h[one].min() * np.abs(centres[one]).max()
        error = np.linalg.norm(end[one].mean(0) - best)
        yield error, 1e-10 * first[one].mean() / (2 * h[one].min()), rounding


@claim.check("ends of our rule", averages, degree="sampled")
@claim.control("unequal Q", lambda budget: averages(budget, alike=False))
@claim.control("one step each", lambda budget: averages(budget, steps=1))
def average_is_near(error, bound, rounding):
    return below(error, bound, rounding)
