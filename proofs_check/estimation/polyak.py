"""ALI-G's worst step, for all numbers: a theorem for z3, since with two points there are only three unknown numbers."""

from __future__ import annotations

from ..proof import Theorem, implies


def half_polyak(r, p, q, s, loss=3):
    """The step s = f0 / |g0|^2 on a function of the class, L = 1, mu = r^2, |x0| = 1, p = g0.x0, q = |g0|^2.

    |x1|^2 is at most 1 - 3 mu / (1 + mu)^2 where s is at least 1 / (2 - mu), else 1 / (1 + r)^2.
    """
    mu = r * r
    f0, after = s * q, 1 - 2 * s * p + s * s * q
    bend = q + mu - 2 * mu * p  # 2 (1 - mu) times what interpolation adds to convexity
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
