"""Worst steps for all mu at once: theorems for z3, since what they use leaves few unknown numbers.

L = 1, |x0| = 1, p = g0.x0, q = |g0|^2, s the step, so that |x1|^2 = 1 - 2 s p + s^2 q. Between x0 and the minimiser
interpolation says bend <= 2 (1 - mu) f0 <= 2 (1 - mu) p - bend, where bend = q + mu - 2 mu p.
"""

from __future__ import annotations

from fractions import Fraction

from ..proof import Theorem, implies


def half_polyak(r, p, q, s, loss=3):
    """ALI-G's step s = f0 / |g0|^2 where mu = r^2.

    |x1|^2 is at most 1 - 3 mu / (1 + mu)^2 where s is at least 1 / (2 - mu), else 1 / (1 + r)^2.
    """
    mu = r * r
    f0, after = s * q, 1 - 2 * s * p + s * s * q
    bend = q + mu - 2 * mu * p
    given = [0 < r, r < 1, 0 < q, 0 < s, p * p <= q]
    given += [2 * (1 - mu) * f0 <= 2 * (1 - mu) * p - bend, bend <= 2 * (1 - mu) * f0]
    long, short = 1 <= s * (2 - mu), s * (2 - mu) <= 1
    return Theorem(
        given,
        {
            "long": implies(long, after * (1 + mu) * (1 + mu) <= (1 + mu) * (1 + mu) - loss * mu),
            "short": implies(short, after * (1 + r) * (1 + r) <= 1),
        },
    )


def accepted_contracts(mu, p, q, s, c=Fraction(1, 2), power=2):
    """A step s >= 2 (1 - c) that sufficient decrease accepts: |x1|^2 is at most (1 - 2 (1 - c) mu)^2.

    f0 >= c s q + f1, f1 >= mu/2 |x1|^2 and the second inequality of interpolation leave the first condition, without
    f0; the sum of both inequalities of interpolation is the second one. Decided for single c, 1/2, 3/4 and 9/10 among
    them; for all c from 1/2 on z3 came to no end.
    """
    after, least = 1 - 2 * s * p + s * s * q, 1 - 2 * (1 - c) * mu
    given = [0 < mu, mu < 1, 0 < s]  # the last one follows from what comes, and saves z3 its time
    given += [2 * (1 - mu) * (c * s * q + mu / 2 * after) <= 2 * (1 - mu) * p - (q + mu - 2 * mu * p)]
    given += [q + mu <= (1 + mu) * p, 2 * (1 - c) <= s, p * p <= q]
    return Theorem(given, {"contracts": after <= least**power})
