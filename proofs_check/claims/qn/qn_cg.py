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
from ..pal.common import ZERO, diagonal, minimiser, twice

claim = told(__doc__)

FORMULAS = ("FR", "PR", "HS", "DY")


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


def size_of_rest(path):
    return -max(map(abs, path.g[-1]))


@claim.check("our factors on exact numbers", rational_quadratics(n=st.integers(1, 5)), examples=100)
@claim.check("six variables", rational_quadratics(n=st.just(6)), examples=5)
def conjugate(q):
    """Done after n steps, with conjugate directions, whichever formula."""
    path = conjugate_path(q, len(q.x))
    Qd = [times(q.Q, d) for d in path.d]
    return {
        "ends": size_of_rest(path),
        "conjugate": min((-abs(dot(d, Qd[j])) for i, d in enumerate(path.d) for j in range(i)), default=ZERO),
        "factors": factors_agree(path),
    }


@st.composite
def repeated_spectra(draw):
    """A diagonal Q with repeated eigenvalues, and a start that may have no part in some of them."""
    entries = draw(st.lists(st.sampled_from([F(1), F(2), F(5), F(7, 2)]), min_size=1, max_size=6))
    return diagonal(entries, draw(vectors(len(entries)).filter(any)))


@claim.check("repeated eigenvalues", repeated_spectra(), examples=200)
def as_many_as_eigenvalues(q):
    """It takes exactly as many steps as there are different eigenvalues with a part in the start."""
    wanted = len({q.Q[i][i] for i, v in enumerate(q.x) if v})
    return equal(len(conjugate_path(q, len(q.x)).d), wanted)


@claim.check("our directions on arrays", rational_quadratics(n=st.integers(2, 3)), examples=100)
def arrays_conjugate(q):
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
        along = tb.methods.conjugate.Conjugate(formula, 100)
        found = walk(tb.problems.NoisyQuadratic(Q[None], centre[None]), on_rule(rule, along), exact[0], steps).theta[
            :, 0
        ]
        slack[formula] = close(found[: len(exact)], exact, tolerance)
    return slack


TWO = RationalQuadratic(((F(2), F(1)), (F(1), F(3))), (F(1), F(-1)), ZERO, (F(3), F(1)))


@claim.check("2, 2, 2, 5, 5, 5", only(diagonal((2, 2, 2, 5, 5, 5), (1, 2, 3, 4, 5, 6)), 2))
@claim.control("constant factor", only(TWO, 8), beta=F(2, 5))
@claim.control("factor 0", only(TWO, 8), beta=0)
@claim.control("nine tenths of the step", only(TWO, 5), alpha=F(9, 10))
def finishes(q, steps=None, **how):
    """0 iff the gradient is exactly 0 after at most so many steps (default: the dimension)."""
    return size_of_rest(conjugate_path(q, steps or len(q.x), **how))


THREE = diagonal((1, 2, 5), (1, 2, 3))


@claim.control("the factors after such steps", only(conjugate_path(THREE, 3, alpha=F(9, 10))))
def factors_agree(path):
    """Minus the largest difference of the four factors along a path."""
    found = [
        [factor_of(formula, g, g_old, d) for formula in FORMULAS]
        for g_old, g, d in zip(path.g[:-1], path.g[1:], path.d, strict=True)
        if any(g)
    ]
    return min((-max(abs(v - row[0]) for v in row) for row in found), default=ZERO)


claim.counterexample("d'Qd", only(TWO.Q, (F(1), F(2))))(lambda Q, d: Contrast(ZERO, dot(d, times(Q, d))))
