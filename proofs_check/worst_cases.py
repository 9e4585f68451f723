"""The worst case of one step over a class of functions, by performance estimation and in closed form.

The worst case of one step over all L-smooth, mu-strongly convex functions is a semidefinite program: unknown are inner
products and values at the points that the step touches, and they belong to a function of the class exactly if
interpolation inequalities hold (Drori and Teboulle 2014; Taylor, Hendrickx and Glineur 2017, Theorem 4). PEPit writes
these programs down (Goujaud et al. 2024), CLARABEL solves them (extra ``pep``).

The minimum is 0, attained at 0, and 0 < mu < L. The closed forms were read off functions that attain them. That nothing
is worse is what these programs say to solver accuracy; ``estimation`` certifies it in fractions, ALI-G's rate for all
mu and L.
"""

from __future__ import annotations

import warnings
from math import sqrt
from typing import Any, Literal

from scipy.optimize import minimize_scalar

from toybox.extras import install

Share = Literal["each", "mean"]


# --- performance estimation


def model(mu: float, L: float) -> tuple[Any, Any, Any, Any]:
    """An empty program, a function of the class, its minimiser and its minimum."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of importing solvers
        try:
            from PEPit import PEP
            from PEPit.functions import SmoothStronglyConvexFunction
        except ImportError as missing:
            raise ImportError(f"certificates need PEPit: {install('pep')}") from missing
    pep = PEP()
    f = pep.declare_function(SmoothStronglyConvexFunction, mu=mu, L=L)
    return pep, f, *f.stationary_point(return_gradient_and_function_value=True)[::2]


def solve(pep, metric) -> float:
    """The largest value of the metric, as the dual certifies it."""
    import cvxpy

    pep.set_performance_metric(metric)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(pep.solve(wrapper="cvxpy", solver=cvxpy.CLARABEL, verbose=0))


def pep_exact_search(mu: float, L: float) -> float:
    """f1 / f0 where g1 is orthogonal to g0 and to x1 - x0, all that is used of an exact search."""
    pep, f, _, least = model(mu, L)
    x0, x1 = pep.set_initial_point(), pep.set_initial_point()
    (g0, f0), (g1, f1) = f.oracle(x0), f.oracle(x1)
    pep.set_initial_condition(f0 - least <= 1)
    pep.add_constraint(g0 * g1 == 0)
    pep.add_constraint((x1 - x0) * g1 == 0)
    return solve(pep, f1 - least)


def pep_polyak(mu: float, L: float, step: float, times: float = 1) -> float:
    """|x1|^2 / |x0|^2 where f0 = step |g0|^2 and the step taken is ``times`` that: ALI-G 1, Polyak 2."""
    pep, f, best, least = model(mu, L)
    x0 = pep.set_initial_point()
    g0, f0 = f.oracle(x0)
    pep.set_initial_condition((x0 - best) ** 2 <= 1)
    pep.add_constraint(f0 - least == step * g0**2)
    return solve(pep, (x0 - times * step * g0 - best) ** 2)


def pep_polyak_worst(mu: float, L: float, times: float = 1) -> float:
    """The largest over all steps f0 / |g0|^2 that occur, 1/(2L) to 1/(2 mu): one hump left of 1/(2L - mu), one right.

    A local search on either side; that there are no other humps was seen, not proved.
    """
    ends = 1 / (2 * L), min(1 / (2 * L - mu), 1 / (2 * mu)), 1 / (2 * mu)
    falling = lambda step: -pep_polyak(mu, L, step, times)
    humps = [minimize_scalar(falling, bounds=side, options={"xatol": 1e-4}) for side in (ends[:2], ends[1:])]
    return max(-hump.fun for hump in humps)


def pep_constant_rate(mu: float, L: float, rate: float, share: Share = "each") -> float:
    """Mean of |x1|^2 / |x0|^2 over two samples with one minimiser.

    share: who is mu-strongly convex, each sample or, of convex samples, their mean (as in RM-08), of which only the two
    inequalities between x0 and the minimiser are used.
    """
    from PEPit import Expression, Point
    from PEPit.functions import SmoothStronglyConvexFunction

    low = mu if share == "each" else 0.0
    pep, f, best, least = model(low, L)
    other = pep.declare_function(SmoothStronglyConvexFunction, mu=low, L=L)
    other.add_point((best, Point(is_leaf=False, decomposition_dict={}), other_least := Expression()))
    x0 = pep.set_initial_point()
    (g, value), (h, other_value) = f.oracle(x0), other.oracle(x0)
    square, slope = (x0 - best) ** 2, (g + h) * (x0 - best) / 2
    pep.set_initial_condition(square <= 1)
    if share == "mean":
        drop = (value - least + other_value - other_least) / 2
        pep.add_constraint(drop >= mu / 2 * square)
        pep.add_constraint(slope >= drop + mu / 2 * square)
    return solve(pep, ((x0 - rate * g - best) ** 2 + (x0 - rate * h - best) ** 2) / 2)


def pep_armijo(mu: float, L: float, step: float, c: float | None) -> float:
    """f1 / f0 of a given gradient step that sufficient decrease with c accepts; c None: of any. 0: none accepts."""
    pep, f, _, least = model(mu, L)
    x0 = pep.set_initial_point()
    g0, f0 = f.oracle(x0)
    f1 = f(x0 - step * g0)
    pep.set_initial_condition(f0 - least <= 1)
    if c is not None:
        pep.add_constraint(f1 <= f0 - c * step * g0**2)
    return solve(pep, f1 - least)


def pep_contraction(mu: float, L: float) -> float:
    """The largest c with which sufficient decrease accepts a step that does not contract, |x1| >= |x0|.

    Such a step is at least 2 g0.x0 / |g0|^2, where |x1| = |x0|, and f being convex the larger c belongs to that one. Of
    its direction only g0.(x0 - x1) = 2 g0.x0 is used, set to 1: then c = f0 - f1.
    """
    pep, f, best, _ = model(mu, L)
    x0, x1 = pep.set_initial_point(), pep.set_initial_point()
    (g0, f0), f1 = f.oracle(x0), f(x1)
    pep.set_initial_condition(2 * g0 * (x0 - best) == 1)
    pep.add_constraint(g0 * (x0 - x1) == 1)
    pep.add_constraint((x1 - best) ** 2 == (x0 - best) ** 2)
    return solve(pep, f0 - f1)


# --- closed forms


def kantorovich(r: float) -> float:
    """What an exact search along the gradient takes off a quadratic of condition number r at least: 4 r / (r + 1)^2."""
    return 4 * r / (r + 1) ** 2


def exact_polyak(mu: float, L: float) -> float:
    """Of ALI-G's step: the worst of a quadratic, and of a function of one variable that bends from mu to L.

    The first follows from the two interpolation inequalities between x0 and the minimiser wherever the step is at least
    1/(2L - mu), at worst 1/(L + mu); it is |x1|^2 = |x0|^2 - 3/4 (x0.g0)^2 / |g0|^2 with Kantorovich's inequality.
    """
    return max(1 - 3 * L * mu / (L + mu) ** 2, L / (sqrt(L) + sqrt(mu)) ** 2)


def exact_constant_rate(mu: float, L: float, rate: float, share: Share = "each") -> float:
    """each: (1 - rate h)^2 is convex in the curvature h. mean: |g_i|^2 <= L g_i.x0, attained if mu <= L/2."""
    if share == "each":
        return max((1 - rate * mu) ** 2, (1 - rate * L) ** 2)
    return 1 - rate * mu * (2 - rate * L)


def exact_armijo(mu: float, L: float, step: float, c: float) -> float:
    """Everybody accepts steps up to 2 (1 - c) / L: the rate of gradient descent (Taylor, Hendrickx and Glineur 2018).

    Else the worst of those that accept: curvature mu; a quadratic with both curvatures that accepts with equality; and
    for steps beyond 1/mu also a function of one variable that is overstepped, see ``overstepped``.
    """
    if step * L <= 2 * (1 - c):
        return max((1 - step * mu) ** 2, (1 - step * L) ** 2)
    worst = [(1 - step * mu) ** 2, 1 - 2 * c * step**2 * mu * L / (step * (L + mu) - 2 * (1 - c))]
    if step * mu > 1:
        x = overstepped(mu, L, step, c)
        worst.append(1 - 2 * c * step * (L - mu) / (2 * L * x - 1 - mu * L * x * x))
    return max(worst)


def overstepped(mu: float, L: float, step: float, c: float) -> float:
    """The largest x0 with slope 1 that accepts although f has curvature L beyond its minimum at 0.

    Of all functions with these two the highest has f0 = (2 L x0 - 1 - mu L x0^2) / (2 (L - mu)), which increases up to
    x0 = 1/mu, the parabola; equality is f0 - c step = L/2 (step - x0)^2.
    """
    k = L - mu
    return min((1 + k * step - sqrt(k * step * (2 * (1 - c) - mu * step))) / L, 1 / mu)


def exact_contraction(mu: float, L: float) -> float:
    """The smallest c with which every accepted step contracts: (1 - sqrt(1 - m^2)) / (2 m) for m = 1 - mu/L, as SLS-05
    proves; 1/2 for mu -> 0."""
    m = 1 - mu / L
    return m / (2 * (1 + sqrt(1 - m * m)))
