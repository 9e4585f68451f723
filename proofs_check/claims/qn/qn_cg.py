r"""QN-CG  Conjugate gradients

Where: dissertation, sections 2.7 and 4.4.3
Claim: Conjugate directions, which satisfy d_t'Qd_t = 0, with an exact line search reach the minimum of a quadratic of N
    variables in at most N steps; the formulas of Fletcher and Reeves, Polak and Ribiere, Hestenes and Stiefel, Dai and
    Yuan give the factor.
Formula: d_t^\top Q d_t = 0, \qquad \theta_N = \theta^*
Verdict: corrected
Kind: exact
Found: Two different directions are conjugate; for one, d'Qd > 0. The number of steps is that of the different
    eigenvalues which have a part in the first error, and the four factors are one number.
True: d_i^\top Q d_j = 0\ (i \ne j), \qquad \theta_N = \theta^*
"""

from __future__ import annotations

from fractions import Fraction as F
from math import inf
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods
from toybox.exact import exact

from ...cases import EPS, RationalQuadratic, add, dot, rational_quadratics, times, vectors
from ...claim import Contrast, close, equal, only, told
from ...ours import on_rule, walk
from ...proof import Theorem
from ..pal.common import ZERO, diagonal, minimiser, twice

claim = told(__doc__)

FORMULAS = ("FR", "PR", "HS", "DY")


TWO = RationalQuadratic(((F(2), F(1)), (F(1), F(3))), (F(1), F(-1)), ZERO, (F(3), F(1)))


class Path(NamedTuple):
    x: list
    g: list
    d: list


def factor_of(formula, g, g_old, d_old):
    """The factor of the old direction in our new one."""
    here, before = SimpleNamespace(theta=exact([g]), gradient=exact([g])), map(exact, ([g], [g_old], [d_old]))
    walked = methods.conjugate.Walked(1, *before)
    d, _ = methods.conjugate.Conjugate(formula, restart=None).step(tb.xp.namespace("exact"), here, walked)
    return dot(add(d[0], 1, g), d_old) / dot(d_old, d_old)


def conjugate_path(q, steps, beta="FR", alpha=1):
    """PAL's parabola along d = -g + beta d_old, until g = 0; beta: one of our formulas, or a number."""
    path, x, d = Path([], [], []), q.x, None
    for _ in range(steps + 1):
        g = q.gradient(x)
        path.x.append(x)
        path.g.append(g)
        if not any(g) or len(path.x) > steps:
            break
        factor = factor_of(beta, g, path.g[-2], d) if d and isinstance(beta, str) else beta if d else 0
        d = tuple(-v for v in g) if d is None else add(tuple(-v for v in g), factor, d)
        path.d.append(d)
        pal = methods.pal.PAL(mu=1, alpha=alpha, s_max=inf)
        x = add(x, tb.search(pal, lambda s: q.f(add(x, s, d)), slope0=dot(g, d)).step, d)  # noqa: B023
    return path


def factors_agree(path):
    """Minus the largest difference of the four factors along a path."""
    found = [
        [factor_of(formula, g, g_old, d) for formula in FORMULAS]
        for g_old, g, d in zip(path.g[:-1], path.g[1:], path.d, strict=True)
        if any(g)
    ]
    return min((-max(abs(v - row[0]) for v in row) for row in found), default=ZERO)


@claim.proof("conjugate directions", broken={"nine tenths of the step": {"share": F(9, 10)}})
def stays_orthogonal(g_old, g_last, Qd_old, Qd_last, step, share=1):
    """Products with the last direction d (of g, Qd) and an older one: g is orthogonal to that, and Qd, too.

    After an exact step along d the new g = g + step Qd is orthogonal to both. So after N conjugate directions, which
    are linearly independent as d'Qd > 0, it is orthogonal to everything: 0.
    """
    given = (Qd_last > 0, g_old == 0, Qd_old == 0, g_last + step * Qd_last == 0)
    after = lambda g, Qd: g + share * step * Qd
    return Theorem(given, {"last": after(g_last, Qd_last) == 0, "older": after(g_old, Qd_old) == 0})


@claim.proof("the factors", broken={"not orthogonal": {"orthogonal": False}, "constant factor": {"constant": F(2, 5)}})
def conjugate(old, new, across, along, g_last, step, orthogonal=True, constant=None):
    """old = |g|^2, new = |g+|^2, across = g+'g, along = g+'d, and d'g = -|g|^2, as d is -g and a multiple of the
    direction before, which is orthogonal to g.

    The four factors are one, and with it d+ = -g+ + beta d is conjugate to d, where step Qd = g+ - g. To older ones it
    is, since their Q d_j is a difference of gradients: these lie in the span of directions, to which g+ is orthogonal.
    """
    given = [old > 0, new > 0, step > 0, along == 0, *([across == 0] if orthogonal else [])]
    turn = along - g_last  # d'(g+ - g)
    beta = new / old if constant is None else constant
    return Theorem(
        [*given, g_last == -old],
        {
            "PR": (new - across) / old == beta,
            "HS": (new - across) / turn == beta,
            "DY": new / turn == beta,
            "conjugate": -(new - across) / step + beta * turn / step == 0,
        },
    )


@claim.check("our factors on exact numbers", rational_quadratics(n=st.integers(1, 4)), examples=60)
@claim.control("nine tenths of the step", only(TWO), alpha=F(9, 10))
@claim.control("constant factor", only(TWO), beta=F(2, 5))
@claim.control("factor 0", only(TWO), beta=0)
def finishes(q, **how):
    """The gradient is 0 after n steps, and our four factors were one number all the way."""
    path = conjugate_path(q, len(q.x), **how)
    return {"ends": -max(map(abs, path.g[-1])), "factors": factors_agree(path)}


@st.composite
def repeated_spectra(draw):
    """A diagonal Q with repeated eigenvalues, and a start that may have no part in some of them."""
    entries = draw(st.lists(st.sampled_from([F(1), F(2), F(5), F(7, 2)]), min_size=1, max_size=6))
    return diagonal(entries, draw(vectors(len(entries)).filter(any)))


@claim.check("repeated eigenvalues", repeated_spectra(), examples=100)
@claim.control("each as often as it occurs", repeated_spectra(), examples=20, different=list)
def as_many_as_eigenvalues(q, different=set):
    """It takes exactly as many steps as there are different eigenvalues with a part in the start.

    In the span of these parts each eigenvalue occurs once, and no step leaves it.
    """
    wanted = len(different(q.Q[i][i] for i, v in enumerate(q.x) if v))
    return equal(len(conjugate_path(q, len(q.x)).d), wanted)


@claim.check("our directions on arrays", rational_quadratics(n=st.integers(2, 3)), examples=100)
@claim.control("a restart in every step", rational_quadratics(n=st.integers(2, 3)), examples=20, restart=1)
def arrays_conjugate(q, restart=100):
    """Our conjugate directions with PAL on floats pass through the exact points.

    A step's relative error, that of the gradient, is at most n eps r, and so is what conjugacy loses; both are
    amplified by r in the next step. PAL reads the curvature off the loss at mu, where a step of length s has let it
    change by 2 s / mu times as much as the curvature alone would: so many units of it are lost.
    """
    steps = len(q.x)
    path = conjugate_path(q, steps)
    centre, Q = np.array(minimiser(q), float), np.array(twice(q.Q), float)
    h = np.linalg.eigvalsh(Q)
    exact = np.array(path.x, float)
    rule, longest = methods.pal.PAL(s_max=inf), np.linalg.norm(np.diff(exact, axis=0), axis=-1).max(initial=0.0)
    tolerance = 64 * steps * EPS * (h[-1] / h[0]) ** 2 * (np.abs(exact).max() + np.abs(centre).max())
    tolerance *= 1 + longest / rule.mu
    slack = {}
    for formula in FORMULAS:
        along = tb.methods.conjugate.Conjugate(formula, restart)
        found = walk(tb.problems.NoisyQuadratic(Q[None], centre[None]), on_rule(rule, along), exact[0], steps).theta
        slack[formula] = close(found[: len(exact), 0], exact, tolerance)
    return slack


@claim.counterexample("d'Qd", only(TWO.Q, (F(1), F(2))))
def with_itself(Q, d):
    return Contrast(ZERO, dot(d, times(Q, d)))
