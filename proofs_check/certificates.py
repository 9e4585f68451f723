"""Worst cases by performance estimation, next to the rates that claims state and to the worst that our rules do.

The worst case of one step over all L-smooth, mu-strongly convex functions is a semidefinite program: unknown are inner
products and values at the points that the step touches, and they belong to a function of the class exactly if
interpolation inequalities hold (Drori and Teboulle 2014; Taylor, Hendrickx and Glineur 2017, Theorem 4). PEPit writes
these programs down (Goujaud et al. 2024), CLARABEL solves them: ``pip install 'toybox[pep]'``.

    exact search    f1 / f0, gradient step to the minimum of its line       de Klerk, Glineur and Taylor 2017
    ALI-G           |x1|^2 / |x0|^2, step f0 / |g0|^2                       half of Barre, Taylor and d'Aspremont 2020
    SGD             mean of |x1|^2 / |x0|^2 over samples, one minimiser     constant rate
    Armijo          f1 / f0, a given step that sufficient decrease accepts  closed form found here

(minimum 0, attained at 0; 0 < mu < L). The closed forms of ALI-G and Armijo were read off functions that attain them.
That nothing is worse is what the programs say, to solver accuracy and at the parameters tried: no proof.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import asin, inf, isfinite, pi, sqrt
from typing import Any, Literal, NamedTuple

import numpy as np
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

import toybox as tb
from toybox.rules import backtracking, bracketing, closed

from .claim import Budget, Check
from .claims.d_pal import kantorovich
from .ours import on_rule, walk
from .verify import examine

Share = Literal["each", "mean"]


@dataclass(frozen=True)
class Certificate:
    """A worst case: by performance estimation, in closed form, and as done by our rule on functions of the class.

    rate: what the claim allows; inf where it says nothing. attained: on functions known to be bad. found: by a search
    that does not know them; -inf where our rule accepted none of its cases.
    """

    name: str
    parameters: str
    tau: float
    exact: float
    claim: str
    rate: float
    attained: float
    found: float


# --- performance estimation


def model(mu: float, L: float) -> tuple[Any, Any, Any, Any]:
    """An empty program, a function of the class, its minimiser and its minimum."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of importing solvers
        try:
            from PEPit import PEP
            from PEPit.functions import SmoothStronglyConvexFunction
        except ImportError as missing:
            raise ImportError("certificates need PEPit; accepted: pip install 'toybox[pep]'") from missing
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


# --- closed forms


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


# --- functions to run our rules on


class Bent(NamedTuple):
    """Samples f_i(x) = sum_j phi_ij(v_ij'x), minimum 0 at 0, and a start.

    On either side of 0 each phi has a curvature up to a knot and another one beyond: quadratics and G-ASYM among them.
    """

    inner: np.ndarray  # (2, m, k): right and left
    outer: np.ndarray
    knot: np.ndarray
    frames: np.ndarray  # (m, k, n), rows v_ij
    start: np.ndarray  # (n,)

    def both(self, theta, index):
        y = np.einsum("...bkn,...n->...bk", self.frames[index], theta)
        own = (y < 0).astype(int), index[..., None], np.arange(y.shape[-1])
        a, b, over = self.inner[own], self.outer[own], np.maximum(np.abs(y) - self.knot[own], 0)
        value = (a * y**2 + (b - a) * over**2) / 2
        slope = a * y + (b - a) * np.sign(y) * over
        gradient = np.einsum("...bk,...bkn->...n", slope, self.frames[index]) / index.shape[-1]
        return value.sum(-1).mean(-1), gradient

    def value(self, x):
        return self.both(x[None], np.arange(len(self.frames))[None])[0][0]


def one_step(case: Bent, rule):
    """A step of our rule on each sample, as lanes: the trace, and all x1 (m, n)."""
    own = np.arange(len(case.frames))[:, None]
    problem = tb.problems.FromFunction(case.both, len(case.start), len(own))
    found = walk(problem, on_rule(rule), case.start, sampler=lambda t, j: own, batch=1, seeds=range(len(own)))
    return found.trace, found.theta[1]


def value_ratio(case: Bent, rule) -> float:
    """f1 / f0."""
    return case.value(one_step(case, rule)[1][0]) / case.value(case.start)


def distance_ratio(case: Bent, rule) -> float:
    """Mean of |x1|^2 / |x0|^2 over samples."""
    return np.mean(np.sum(one_step(case, rule)[1] ** 2, axis=-1)) / np.sum(case.start**2)


def accepted_ratio(case: Bent, step: float, c: float) -> float:
    """f1 / f0 if our Armijo rule accepts its first trial; else -inf."""
    trace, (x1,) = one_step(case, backtracking.Armijo(c=c, first=step, reset=2, beta=0.5))
    return case.value(x1) / case.value(case.start) if trace.size[0, 0] == step else -inf


def parabolas(curvatures, start) -> Bent:
    """Half the sum of curvature times x^2."""
    return sides(curvatures, curvatures, 0, curvatures, start)


def sides(inner, outer, knot, left, start) -> Bent:
    """One sample, a sum over variables: inner up to the knot and outer beyond it for x > 0, left for x < 0."""
    n = len(start)
    table = lambda *two: np.stack([np.broadcast_to(np.asarray(side, float), n) for side in two])[:, None]
    return Bent(
        table(inner, left), table(outer, left), table(knot, knot), np.eye(n)[None], np.asarray(start, dtype=float)
    )


@st.composite
def bent(draw, mu: float, L: float) -> Bent:
    """One sample, mu-strongly convex and L-smooth, in 1 to 3 variables. Turned axes would change nothing.

    Starts are drawn with balanced distances, values or slopes.
    """
    n = draw(st.integers(1, 3))
    inner, outer, knot = bends(draw, mu, L, 1, n)
    start = np.array(draw(st.lists(st.floats(0.01, 1), min_size=n, max_size=n)))
    return Bent(inner, outer, knot, np.eye(n)[None], start / inner[0, 0] ** draw(st.sampled_from([0, 0.5, 1])))


def straight(case: Bent) -> Bent:
    """The quadratic with its curvatures right of 0."""
    all_along = np.stack([case.inner[0]] * 2)
    return case._replace(inner=all_along, outer=all_along)


def bends(draw, low, L, m, k):
    """Curvatures low to L, often one of the two, and knots."""
    table = lambda numbers: np.array(draw(st.lists(numbers, min_size=2 * m * k, max_size=2 * m * k))).reshape(2, m, k)
    curvature = st.one_of(st.sampled_from([low, L]), st.floats(low, L))
    return table(curvature), table(curvature), table(st.floats(0, 1))


@st.composite
def families(draw, mu: float, L: float) -> Bent:
    """Two samples in two variables, each mu-strongly convex, their axes turned against each other."""
    angles = np.array(draw(st.lists(st.floats(0, pi), min_size=3, max_size=3)))
    rows = np.moveaxis(np.array([[np.cos(angles), np.sin(angles)], [-np.sin(angles), np.cos(angles)]]), -1, 0)
    return Bent(*bends(draw, mu, L, 2, 2), rows[:2], rows[2, 0])


@st.composite
def ridges(draw, mu: float, L: float) -> Bent:
    """Two samples in two variables, each bent along one direction only, their mean mu-strongly convex (mu <= L/2)."""
    angle = draw(st.floats(asin(sqrt(mu / L)), pi / 4))
    low, turn = min(mu / np.sin(angle) ** 2, L), draw(st.floats(-1, 1))
    rows = np.array([[[np.sin(angle), np.cos(angle)]], [[np.sin(angle), -np.cos(angle)]]])
    return Bent(*bends(draw, low, L, 2, 1), rows, np.array([np.cos(turn), np.sin(turn)]))


def search(ratio: Callable[[Bent], float], cases: st.SearchStrategy) -> float:
    """The largest ratio in 200 cases that Hypothesis drives upwards."""
    look = examine(Check("the largest ratio", lambda case: -ratio(case), cases, examples=200), Budget())
    assert not look.error, look.error
    return float(-look.worst)


def both_ways(ratio, known: list[Bent], cases) -> dict[str, float]:
    """The largest ratio on known functions, and in a search."""
    return {"attained": float(max(map(ratio, known))), "found": search(ratio, cases)}


# --- the certificates


@cache
def exact_search(mu: float, L: float) -> Certificate:
    """Exact line search, as PAL-RATE states it for quadratics; PAL searches exactly on quadratics only."""
    slowest = parabolas([mu, L], [1 / mu, 1 / L])
    exactly = lambda case: value_ratio(case, bracketing.Exact())
    pal = lambda case: value_ratio(case, closed.PAL(s_max=inf))
    return Certificate(
        name="exact line search",
        parameters=f"mu={mu:g} L={L:g}",
        tau=pep_exact_search(mu, L),
        exact=((L - mu) / (L + mu)) ** 2,
        claim="PAL-RATE",
        rate=1 - kantorovich(L / mu),
        attained=min(exactly(slowest), pal(slowest)),
        found=max(search(exactly, bent(mu, L)), search(pal, bent(mu, L).map(straight))),
    )


@cache
def polyak(mu: float, L: float) -> Certificate:
    """ALI-G where the minimum is 0. ALIG-03 with f0 >= mu/2 |x0|^2 and |g0|^2 <= 2 L f0 leaves 1 - mu / (4 L)."""
    rule, bend = closed.ALIG(eps=0.0), 1 - sqrt(mu) / (sqrt(L) + sqrt(mu))
    known = [parabolas([mu, L], [mu**-0.5, L**-0.5]), sides(mu, L, bend, mu, [1.0])]
    return Certificate(
        name="ALI-G",
        parameters=f"mu={mu:g} L={L:g}",
        tau=pep_polyak_worst(mu, L),
        exact=exact_polyak(mu, L),
        claim="ALIG-03",
        rate=1 - mu / (4 * L),
        **both_ways(lambda case: distance_ratio(case, rule), known, bent(mu, L)),
    )


@cache
def constant_rate(mu: float, L: float, rate: float, share: Share = "each") -> Certificate:
    """SGD under interpolation; RM-08 is about rates up to 1/L."""
    lean, half = sqrt(mu / L), np.full((2, 2, 1), L)
    rows = np.array([[[lean, sqrt(1 - lean**2)]], [[lean, -sqrt(1 - lean**2)]]])
    known = {
        "each": [parabolas([h], [1.0]) for h in (mu, L)],
        "mean": [Bent(half, half, 0 * half, rows, np.array([1.0, 0.0]))],
    }
    cases = families(mu, L) if share == "each" else ridges(mu, L)
    return Certificate(
        name=f"SGD, {share} convex",
        parameters=f"mu={mu:g} L={L:g} rate={rate:g}",
        tau=pep_constant_rate(mu, L, rate, share),
        exact=exact_constant_rate(mu, L, rate, share),
        claim="RM-08",
        rate=1 - rate * mu if rate * L <= 1 else inf,
        **both_ways(lambda case: distance_ratio(case, closed.Fixed(rate)), known[share], cases),
    )


@cache
def armijo(mu: float, L: float, step: float, c: float) -> Certificate:
    """A step that sufficient decrease accepts. Simple rate: f1 <= f0 - c step |g0|^2 and |g0|^2 >= 2 mu f0."""
    if step * mu > 2 * (1 - c):
        raise ValueError(f"step={step:g} is accepted by no function; accepted: at most 2 (1 - c) / mu")
    who = "all" if step * L <= 2 * (1 - c) else "some"
    return Certificate(
        name=f"Armijo, {who} accept",
        parameters=f"mu={mu:g} L={L:g} s={step:g} c={c:g}",
        tau=pep_armijo(mu, L, step, c),
        exact=exact_armijo(mu, L, step, c),
        claim="1 - 2 mu c s",
        rate=1 - 2 * mu * c * step,
        **both_ways(lambda case: accepted_ratio(case, step, c), barely(mu, L, step, c), bent(mu, L)),
    )


def barely(mu: float, L: float, step: float, c: float) -> list[Bent]:
    """Functions that attain the worst case of Armijo; where they accept with equality, that of c + 1e-9."""
    c += 1e-9
    cases = [parabolas([h], [1.0]) for h in (mu, L)]
    mean = 2 * (1 - c) / step  # of curvatures along the gradient, for equality
    if mu <= mean <= L:
        g = np.sqrt([(L - mean) / (L - mu), (mean - mu) / (L - mu)])
        cases.append(parabolas([mu, L], g / [mu, L]))
    if 1 < step * mu < 2 * (1 - c):
        x = overstepped(mu, L, step, c)
        f0 = (2 * L * x - 1 - mu * L * x * x) / (2 * (L - mu))
        left = min(L, 2 * (f0 - c * step) / (step - x) ** 2)
        cases.append(sides(L, mu, max(1 - mu * x, 0) / (L - mu), left, [x]))
    return cases


ARMIJO = {0.1: (1, 2, 3, 5, 10, 12, 17), 0.5: (1, 2, 3, 5, 8), 0.9: (0.2, 1, 1.9)}  # c: steps


def certificates() -> list[Certificate]:
    """All at L = 1, whose inverse is the unit of steps."""
    return [
        *(exact_search(mu, 1.0) for mu in (0.01, 0.1, 0.5)),
        *(polyak(mu, 1.0) for mu in (0.01, 0.1, 0.5)),
        *(constant_rate(0.1, 1.0, rate) for rate in (0.5, 1.0, 1.9)),
        *(constant_rate(0.1, 1.0, rate, "mean") for rate in (0.5, 1.0, 1.9)),
        *(armijo(0.1, 1.0, float(step), c) for c, steps in ARMIJO.items() for step in steps),
    ]


def show(rows: list[Certificate]) -> None:
    """The table in the terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    heads = "certificate", "parameters", "PEP", "closed form", "claim", "its rate", "attained", "found"
    table = Table(*heads, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        numbers = [f"{x:.6f}" if isfinite(x) else "" for x in (row.tau, row.exact, row.rate, row.attained, row.found)]
        table.add_row(row.name, row.parameters, *numbers[:2], row.claim, *numbers[2:])
    Console(width=120).print(table)


if __name__ == "__main__":
    show(certificates())
