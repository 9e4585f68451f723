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
from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, positive, rational_quadratics, times
from ...claim import above, below, told
from ...ours import on_rule
from .common import black_box, exact_pal, spectra

claim = told(__doc__)


class Averaged(NamedTuple):
    """What PAL left on every batch, and the average of where it stopped."""

    error: float  # of the average, from the minimiser of the mean loss
    errors: np.ndarray  # (m,), of every batch from its own minimiser
    first: np.ndarray  # (m,), first and last lengths of gradients
    last: np.ndarray
    smallest: float  # eigenvalue of Q
    rounding: float  # of gradients over 2 lmin


def averages(budget, alike=True, steps=None):
    """Our rule on black boxes (x - m_i)'Q(x - m_i). From condition 30, 400 steps leave at most 1e-11 of a gradient:
    sqrt(r) ((r-1)/(r+1))^400; from 1000, 18000 do. Not alike: a Q of its own for every batch."""
    rng, cases = budget.rng(), 85
    for n in range(1, 7):
        m = 1 + n % 6 if n > 1 else 6
        lanes = cases * m
        Q, h, _ = spectra(rng, lanes, n, budget.many(3, 6) / 2)
        if alike:
            Q, h = np.repeat(Q[::m], m, axis=0), np.repeat(h[::m], m, axis=0)
        centres, x = rng.standard_normal((2, lanes, n))
        rule = methods.pal.PAL(np.full(lanes, 0.1), s_max=inf)
        count = steps or budget.many(400, 18000)
        end = tb.run(black_box(Q, centres), on_rule(rule), steps=count, batch=1, theta=x, every=None).theta[0]
        lengths = [2 * np.linalg.norm(np.einsum("kij,kj->ki", Q, v - centres), axis=-1) for v in (x, end)]
        parts = [v.reshape(cases, m, *v.shape[1:]) for v in (Q, centres, end, *lengths)]
        for k, (Qs, cs, ends, first, last) in enumerate(zip(*parts, strict=True)):
            best = np.linalg.solve(Qs.sum(0), np.einsum("mij,mj->i", Qs, cs))
            low, high = h[k * m : k * m + m, 0].min(), h[k * m : k * m + m, -1].max()
            rounding = 64 * n * EPS * high / low * np.abs(cs).max()
            error = float(np.linalg.norm(ends.mean(0) - best))
            yield Averaged(error, np.linalg.norm(ends - cs, axis=-1), first, last, low, rounding)


@claim.check("ends on floats", averages)
@claim.control("unequal Q", lambda budget: averages(budget, alike=False, steps=400), of="average")
@claim.control("one step each", lambda budget: averages(budget, steps=1), of="average")
def average_is_near(case):
    """Each error is at most |gradient| / (2 lmin); the average's at most their mean, which is 1e-10 of the first."""
    bounds, wanted = case.last / (2 * case.smallest), 1e-10 * case.first.mean() / (2 * case.smallest)
    return {
        "each": below(case.errors, bounds, case.rounding),
        "triangle": below(case.error, case.errors.mean(), case.rounding),
        "stopped": below(case.last, 1e-10 * case.first, 2 * case.smallest * case.rounding),
        "average": below(case.error, wanted, case.rounding),
    }


@claim.check("finitely many steps do not do", st.tuples(rational_quadratics(n=st.just(2)), positive()), examples=50)
def never_finishes(q, mu):
    """In two variables, unless it starts at an eigenvector, PAL is at the minimum after no step: here after three."""
    g = q.gradient(q.x)
    Qg = times(q.Q, g)
    assume(g[0] * Qg[1] != g[1] * Qg[0])
    x, slack = q.x, []
    for _ in range(3):
        x = exact_pal(q, x, mu).x
        slack.append(max(map(abs, q.gradient(x))))
    return above(min(slack), 0)
