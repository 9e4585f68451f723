"""Section D, seventh part: other directions: momentum's, Newton's, conjugate ones.

Dissertation, sections 2.7, 4.3 and 4.4.
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise
from math import inf
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods
from toybox.exact import exact

from ..cases import (
    EPS,
    RationalQuadratic,
    add,
    dot,
    norm,
    positive,
    rational_quadratics,
    solve,
    times,
    vectors,
)
from ..claim import Check, Claim, Contrast, close, equal, only
from ..ours import Plain, moves, on_rule, walk
from .d_batches import minimiser, twice
from .d_quadratics import ZERO
from .d_steps import diagonal

# --- PAL-DIR: the direction is that of momentum

PYTHAGOREAN = st.sampled_from([(3, 4), (5, 12), (8, 15), (-4, 3), (12, -5), (-15, -8), (1, 0), (0, -1), (-3, -4)])


@st.composite
def direction_sequences(draw):
    """Directions of rational lengths, and beta; the gradients g_t = beta d_{t-1} - d_t follow."""
    ds = draw(st.lists(st.tuples(PYTHAGOREAN, positive(5, 3)), min_size=2, max_size=5))
    beta = draw(st.integers(1, 9).map(lambda k: F(k, 10)))
    return [(k * u, k * v) for (u, v), k in ds], beta


def gradients(ds, beta):
    return [add(tuple(-v for v in d), beta, before) for d, before in zip(ds, [(ZERO, ZERO), *ds], strict=False)]


def linear(gs):
    """Losses g'x."""
    return Plain(parts=[(lambda x, g=g: dot(g, x), lambda x, g=g: g) for g in gs])


def momentum_of(gs, beta):
    """The vectors m_t of momentum, from its displacements at the rate 1 on losses g'x."""
    walked = moves("momentum", linear(gs), (ZERO, ZERO), [(t,) for t in range(len(gs))], rate=1, beta=beta)
    places = [(ZERO, ZERO), *(move.x for move in walked)]
    return [add(before, -1, after) for before, after in pairwise(places)]


def is_momentum(ds, beta, skipped=0):
    """d_t = -m_t. skipped: first steps that momentum does not see, as if d_0 were 0."""
    ms = momentum_of(gradients(ds, beta)[skipped:], beta)
    return equal([tuple(-v for v in m) for m in ms], ds[skipped:])


class Bowls(NamedTuple):
    """One loss per step, g_t'(x - p_t) + |x - p_t|^2: PAL's places p_t if its direction is d_t and its slope g_t'd_t /
    |d_t|, which shows in a step of half that length."""

    gs: list
    ps: list  # one more

    def parts(self):
        return [
            (
                lambda x, g=g, p=p: dot(g, add(x, -1, p)) + dot(add(x, -1, p), add(x, -1, p)),
                lambda x, g=g, p=p: add(g, 2, add(x, -1, p)),
            )
            for g, p in zip(self.gs, self.ps, strict=False)
        ]


def bowls(ds, beta):
    gs, ps = gradients(ds, beta), [(ZERO, ZERO)]
    for g, d in zip(gs, ds, strict=True):
        b = dot(g, d) / norm(d)
        ps.append(add(ps[-1], max(-b / 2, ZERO) / norm(d), d))
    return Bowls(gs, ps)


def pal_follows(ds, beta):
    """PAL on exact numbers passes through those places."""
    expected = bowls(ds, beta)
    batches = [(t,) for t in range(len(ds))]
    walked = moves("pal", Plain(parts=expected.parts()), (ZERO, ZERO), batches, mu=F(1, 3), beta=beta, s_max=inf)
    return equal([move.x for move in walked], expected.ps[1:])


def arrays_follow(ds, beta):
    """Our direction and rule on arrays, wherever no slope is so near 0 that its sign is rounding."""
    expected = bowls(ds, beta)
    assume(all(abs(dot(g, d)) > F(1, 1000) for g, d in zip(expected.gs, ds, strict=True)))
    gs, ps = np.array(expected.gs, float), np.array(expected.ps, float)
    centres = ps[:-1] - gs / 2
    problem = tb.problems.NoisyQuadratic(2 * np.eye(2), centres)
    along = tb.methods.fixed.Unit(tb.methods.momentum.Momentum(float(beta)))
    rule = tb.Optimizer(along, methods.pal.PAL(1 / 3, s_max=inf))
    theta = walk(problem, rule, np.zeros(2), len(ds), lambda t, j: np.array([[t]]), 1).theta[:, 0]
    size = np.abs(gs).max() + np.abs(ps).max()
    lengths = min(float(norm(d)) for d in ds)
    return close(theta, ps, 64 * len(ds) ** 2 * EPS * size * (1 + size) * (1 + size / lengths))


PAL_DIR = Claim(
    id="PAL-DIR",
    title="PAL's direction is momentum's",
    source="dissertation, sections 4.3 and 4.4, eqs. 4.3, 4.4 and 2.39",
    statement="Adding the last direction times beta to the negative gradient gives minus the vector of momentum; the"
    " slope of the line is the gradient times the unit direction.",
    formula=r"d_t = -g_t + \beta d_{t-1},\ d_0 = -g_0 \ \Rightarrow\ d_t = -m_t, \qquad l'(0) = g_t^\top"
    r" \frac{d_t}{\|d_t\|}",
    kind="exact",
    verdict="holds",
    checks=[
        Check("momentum", is_momentum, direction_sequences(), examples=200),
        Check("PAL on exact numbers", pal_follows, direction_sequences(), examples=200),
        Check("PAL on arrays", arrays_follow, direction_sequences(), examples=200),
    ],
    controls=[
        Check("the first step skipped", lambda ds, beta: is_momentum(ds, beta, skipped=1), direction_sequences(), 20)
    ],
)


# --- QN-NEWTON: Newton's step


def newton(gradient, hessian, x, step=1):
    return add(x, -step, solve(hessian(x), gradient(x)))


def newton_arrives(q, step=1):
    """x - H^-1 g has gradient 0."""
    found = newton(q.gradient, lambda x: twice(q.Q), q.x, step)
    return equal(q.gradient(found), (ZERO,) * len(found))


def on_quartic(arrives=False):
    """On x^4 the step leaves two thirds of the way."""
    found = newton(lambda x: (4 * x[0] ** 3,), lambda x: ((12 * x[0] ** 2,),), (F(5),))
    return equal(found, (ZERO if arrives else F(10, 3),))


QN_NEWTON = Claim(
    id="QN-NEWTON",
    title="Newton's step reaches the minimum",
    source="dissertation, section 2.7",
    statement="On a positive definite quadratic one Newton step leads from anywhere to the minimiser.",
    formula=r"\theta - (\nabla^2 E)^{-1} \nabla E(\theta) = \theta^*",
    kind="exact",
    verdict="holds",
    checks=[
        Check("quadratics", newton_arrives, rational_quadratics(), examples=200),
        Check("two thirds on x^4", on_quartic),
    ],
    controls=[
        Check("x^4", lambda: on_quartic(arrives=True)),
        Check("half a step", lambda q: newton_arrives(q, F(1, 2)), rational_quadratics(), 20),
    ],
)


# --- QN-CG: conjugate gradients

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


def finishes(q, steps=None, **how):
    """0 iff the gradient is exactly 0 after at most so many steps (default: the dimension)."""
    return size_of_rest(conjugate_path(q, steps or len(q.x), **how))


def factors_agree(path):
    """Minus the largest difference of the four factors along a path."""
    found = [
        [factor_of(formula, g, g_old, d) for formula in FORMULAS]
        for g_old, g, d in zip(path.g[:-1], path.g[1:], path.d, strict=True)
        if any(g)
    ]
    return min((-max(abs(v - row[0]) for v in row) for row in found), default=ZERO)


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


def as_many_as_eigenvalues(q):
    """It takes exactly as many steps as there are different eigenvalues with a part in the start."""
    wanted = len({q.Q[i][i] for i, v in enumerate(q.x) if v})
    return equal(len(conjugate_path(q, len(q.x)).d), wanted)


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
THREE = diagonal((1, 2, 5), (1, 2, 3))

QN_CG = Claim(
    id="QN-CG",
    title="Conjugate gradients",
    source="dissertation, sections 2.7 and 4.4.3",
    statement="Conjugate directions, which satisfy d_t'Qd_t = 0, with an exact line search reach the minimum of a"
    " quadratic of N variables in at most N steps; the formulas of Fletcher and Reeves, Polak and Ribiere, Hestenes and"
    " Stiefel, Dai and Yuan give the factor.",
    formula=r"d_t^\top Q d_t = 0, \qquad \theta_N = \theta^*",
    kind="exact",
    verdict="corrected",
    finding="Two different directions are conjugate; for one, d'Qd > 0. The number of steps is that of the different"
    " eigenvalues which have a part in the first error, and the four factors are one number.",
    corrected=r"d_i^\top Q d_j = 0\ (i \ne j), \qquad \theta_N = \theta^*",
    checks=[
        Check("our factors on exact numbers", conjugate, rational_quadratics(n=st.integers(1, 5)), examples=100),
        Check("six variables", conjugate, rational_quadratics(n=st.just(6)), examples=5),
        Check("repeated eigenvalues", as_many_as_eigenvalues, repeated_spectra(), examples=200),
        Check("2, 2, 2, 5, 5, 5", lambda: finishes(diagonal((2, 2, 2, 5, 5, 5), (1, 2, 3, 4, 5, 6)), 2)),
        Check("our directions on arrays", arrays_conjugate, rational_quadratics(n=st.integers(2, 3)), examples=100),
    ],
    controls=[
        Check("constant factor", lambda: finishes(TWO, 8, beta=F(2, 5))),
        Check("factor 0", lambda: finishes(TWO, 8, beta=0)),
        Check("nine tenths of the step", lambda: finishes(TWO, 5, alpha=F(9, 10))),
        Check("the factors after such steps", lambda: factors_agree(conjugate_path(THREE, 3, alpha=F(9, 10)))),
    ],
    counterexamples=[Check("d'Qd", lambda Q, d: Contrast(ZERO, dot(d, times(Q, d))), only(TWO.Q, (F(1), F(2))))],
)

CLAIMS = (PAL_DIR, QN_NEWTON, QN_CG)
