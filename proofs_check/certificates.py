"""Worst cases by performance estimation, next to the rates that claims state and to the worst that our rules do.

    exact search    f1 / f0, gradient step to the minimum of its line       de Klerk, Glineur and Taylor 2017
    ALI-G           |x1|^2 / |x0|^2, step f0 / |g0|^2                       half of Barre, Taylor and d'Aspremont 2020
    SGD             mean of |x1|^2 / |x0|^2 over samples, one minimiser     constant rate
    Armijo          f1 / f0, a given step that sufficient decrease accepts  closed form found here
    contraction     the largest c that accepts a step with |x1| >= |x0|     closed form found and proved here (SLS-05)

(minimum 0, attained at 0; 0 < mu < L). ``worst_cases`` has the programs, which need PEPit, and the closed forms,
``piecewise`` the functions that our rules run on. Beside them, without any solver: what ``estimation`` certifies in
fractions, and what our rules attain on its functions.

    python -m proofs_check.certificates                     both tables, the first one with the extra ``pep``
    python -m proofs_check.certificates --renew parabola    finds the stored weights anew, of the rows named so
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import inf, isfinite, sqrt

import numpy as np
from hypothesis import strategies as st

from toybox import methods

from .claim import Budget, Check
from .estimation.rows import ROWS
from .estimation.stored import proof, read
from .piecewise import (
    Bent,
    accepted_ratio,
    bent,
    contraction_constant,
    distance_ratio,
    families,
    parabolas,
    ridges,
    sides,
    straight,
    value_ratio,
)
from .verify import examine
from .worst_cases import (
    Share,
    exact_armijo,
    exact_constant_rate,
    exact_contraction,
    exact_polyak,
    kantorovich,
    overstepped,
    pep_armijo,
    pep_constant_rate,
    pep_contraction,
    pep_exact_search,
    pep_polyak_worst,
)


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


# --- the certificates


def search(ratio: Callable[[Bent], float], cases: st.SearchStrategy) -> float:
    """The largest ratio in 200 cases that Hypothesis drives upwards."""
    look = examine(Check("the largest ratio", lambda case: -ratio(case), cases, examples=200), Budget())
    assert not look.error, look.error
    return float(-look.worst)


def both_ways(ratio, known: list[Bent], cases) -> dict[str, float]:
    """The largest ratio on known functions, and in a search."""
    return {"attained": float(max(map(ratio, known))), "found": search(ratio, cases)}


@cache
def exact_search(mu: float, L: float) -> Certificate:
    """Exact line search, as PAL-RATE states it for quadratics; PAL searches exactly on quadratics only."""
    slowest = parabolas([mu, L], [1 / mu, 1 / L])
    exactly = lambda case: value_ratio(case, methods.exact.Exact())
    pal = lambda case: value_ratio(case, methods.pal.PAL(s_max=inf))
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
    rule, bend = methods.alig.ALIG(eps=0.0), 1 - sqrt(mu) / (sqrt(L) + sqrt(mu))
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
        **both_ways(lambda case: distance_ratio(case, methods.fixed.Fixed(rate)), known[share], cases),
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


@cache
def contraction(mu: float, L: float) -> Certificate:
    """Where c is larger every step that Armijo accepts contracts; 1/2 is enough for all functions (SLS-05)."""
    return Certificate(
        name="Armijo, contraction",
        parameters=f"mu={mu:g} L={L:g}",
        tau=pep_contraction(mu, L),
        exact=exact_contraction(mu, L),
        claim="SLS-05",
        rate=0.5,
        **both_ways(contraction_constant, [worst_knee(mu, L)], bent(mu, L)),
    )


def worst_knee(mu: float, L: float) -> Bent:
    """The function whose step from 1 to -1 a larger c accepts than that of any other."""
    return sides(L, mu, 1 - 2 * exact_contraction(mu, L), mu, [1.0])


ARMIJO = {0.1: (1, 2, 3, 5, 10, 12, 17), 0.5: (1, 2, 3, 5, 8), 0.9: (0.2, 1, 1.9)}  # c: steps


def certificates() -> list[Certificate]:
    """All at L = 1, whose inverse is the unit of steps."""
    return [
        *(exact_search(mu, 1.0) for mu in (0.01, 0.1, 0.5)),
        *(polyak(mu, 1.0) for mu in (0.01, 0.1, 0.5)),
        *(constant_rate(0.1, 1.0, rate) for rate in (0.5, 1.0, 1.9)),
        *(constant_rate(0.1, 1.0, rate, "mean") for rate in (0.5, 1.0, 1.9)),
        *(armijo(0.1, 1.0, float(step), c) for c, steps in ARMIJO.items() for step in steps),
        *(contraction(mu, 1.0) for mu in (0.3, 0.1, 0.0375, 0.01, 0.003)),
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


def show_certified() -> None:
    """The table of what is certified in fractions, each proof checked; "-": no function is kept."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    heads = "question", "claim", "its rate", "certified", "attained", "programs", "refuted by"
    table = Table(*heads, box=box.SIMPLE_HEAD, pad_edge=False)
    for name, row in ROWS.items():
        record = read()[name]
        attained = f"{float(row.attained(record.places, record.step)):.6f}" if row.replay else "-"
        rate = f"{float(record.rate):.6f}" if record.rate is not None else "-"
        wrong = proof(row, record).counterexample if row.bounded else ""
        table.add_row(name, row.claim, f"{row.stated:.6f}", rate, attained, str(len(record.weights)), wrong)
    Console(width=140).print(table)


def main(words: list[str]) -> None:
    if words and words[0] == "--renew":
        from .estimation.weigh import renew

        return renew(words[1:])
    if words:
        raise SystemExit(f"{' '.join(words)!r} is not accepted; accepted: nothing, or --renew and parts of rows' names")
    show_certified()
    show(certificates())


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
