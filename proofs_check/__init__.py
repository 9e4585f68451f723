"""Every checkable claim of the documents, verified, corrected or refuted: ``python -m proofs_check``.

Documents: M. Mutschler's dissertation (chapters 2 to 6 and appendix), Mutschler & Zell 2021 (ICANN), and A Walk with
SGD (Xing et al. 2018).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from toybox import digest
from toybox.hyper import near

# ruff: noqa: E402 - its sources are read before they are imported
digest.seen(Path(__file__).parent)

# isort: split
from .claim import Budget, Check, Claim
from .claims import (
    a_gradients,
    a_loss,
    a_networks,
    a_risk,
    b_conditions,
    b_convergence,
    b_schedules,
    c_backtracking,
    c_convergence,
    c_divergence,
    c_goldstein,
    c_parabolas,
    c_rates,
    c_searches,
    c_slopes,
    d_batches,
    d_costs,
    d_directions,
    d_labpal,
    d_pal,
    d_quadratics,
    d_rule,
    d_steps,
    e_choices,
    e_intervals,
    e_wolfe_alpha,
    f_interpolation,
    f_limits,
    f_models,
    f_rates,
    f_steps,
    g_brackets,
    g_direction,
    g_limits,
    h_candidates,
    h_gaussians,
    h_improvement,
    h_posterior,
    h_probabilistic,
    h_wolfe,
    i_coins,
    i_directions,
    i_further,
    i_steps,
    j_landscape,
    k_exchange,
    k_noise,
    k_scale,
    l_balance,
    l_search,
    l_sgd,
    m_labpal,
    n_barriers,
    n_cosine,
    n_valley,
    n_walk,
)
from .verify import Result, verify, verify_all

SECTIONS = {  # letter -> title, modules
    "A": ("Risk, surrogate losses, gradients", (a_risk, a_loss, a_gradients, a_networks)),
    "B": ("Robbins-Monro schedules", (b_schedules, b_conditions, b_convergence)),
    "C": (
        "Deterministic line searches",
        (c_slopes, c_searches, c_backtracking, c_goldstein, c_parabolas, c_divergence, c_convergence, c_rates),
    ),
    "D": ("Quadratics and PAL", (d_quadratics, d_steps, d_pal, d_rule, d_batches, d_costs, d_directions, d_labpal)),
    "E": ("Wolfe conditions on a parabola", (e_wolfe_alpha, e_intervals, e_choices)),
    "F": ("Stochastic line search and interpolation", (f_steps, f_rates, f_limits, f_interpolation, f_models)),
    "G": ("Gradient-only line search", (g_brackets, g_limits, g_direction)),
    "H": (
        "Probabilistic line search",
        (h_probabilistic, h_posterior, h_improvement, h_wolfe, h_candidates, h_gaussians),
    ),
    "I": ("Directions and further optimizers", (i_directions, i_steps, i_further, i_coins)),
    "J": ("Tools for loss landscapes", (j_landscape,)),
    "K": ("Mini-batch noise, batch size and learning rate", (k_noise, k_scale, k_exchange)),
    "L": ("SGD seen as a line search", (l_sgd, l_balance, l_search)),
    "M": ("LABPAL bookkeeping", (m_labpal,)),
    "N": ("A Walk with SGD", (n_walk, n_cosine, n_barriers, n_valley)),
}
CLAIMS: dict[str, Claim] = {c.id: c for _, modules in SECTIONS.values() for module in modules for c in module.CLAIMS}


def select(only: Iterable[str] | None = None) -> list[Claim]:
    """All claims, or those whose id begins so, or whose section has this letter."""
    if not only:
        return list(CLAIMS.values())
    chosen: dict[str, Claim] = {}
    for name in only:
        modules = SECTIONS.get(name.upper(), ("", ()))[1]
        found = [c for module in modules for c in module.CLAIMS] or [
            c for id, c in CLAIMS.items() if id.casefold() == name.casefold()
        ]
        found = found or [c for id, c in CLAIMS.items() if id.casefold().startswith(name.casefold())]
        if not found:
            raise ValueError(
                f"claim {name!r} is unknown{near(name.upper(), CLAIMS)}; accepted: an id such as PAL-P1, the beginning "
                f"of one, or a section, {', '.join(SECTIONS)}"
            )
        chosen |= {c.id: c for c in found}
    return list(chosen.values())


__all__ = ["CLAIMS", "SECTIONS", "Budget", "Check", "Claim", "Result", "select", "verify", "verify_all"]
