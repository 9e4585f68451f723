"""Rules that need no search: fixed rates and schedules, hypergradients, ALI-G, PAL.

Where this text leaves the printed rules, and where the authors' released code does:

- schedules: factors of the rate at step t of T; rate=lambda t: 0.1 * cosine(t, 300) makes one of them a rate.
- sgd_hd: the rate moves before it is used, as in the authors' algorithm and code; (2.49) leaves it open. A product
  that is not finite leaves the rate alone. The rate may become negative (it does in the traces with momentum).
- ali_g: where g = 0 the step is 0; the formula's step l / eps times g would be the same, but adjusted momentum would
  take it at its word. The rule is meant for losses >= 0; a negative one counts as 0.
- pal: algorithm 8 measures the second loss (line 7) before it looks at the sign of b; here only where b < 0,
  the only cases that use it. The cap (line 17) comes after alpha and holds for the step mu, too, which counts
  as FOUND. Released defaults: mu 1, alpha 1 / 0.6, beta 0.4, s_max 3.16. exact_slope=False is the
  released option of an inexact directional derivative, b = -|d|.
- pal_conjugate: the dissertation names the formulas only (section 4.4.3). Polak-Ribiere and Hestenes-Stiefel are
  cut at 0. d is -g again at every `restart`-th step, where beta is not finite and where d does not descend.
"""

import math
from collections.abc import Callable
from functools import partial
from math import nan

from .basics import (
    CAPPED,
    FOUND,
    NONFINITE,
    STATIONARY,
    Batches,
    Move,
    Moves,
    Number,
    Phi,
    Problem,
    Vector,
    add,
    dot,
    finite,
    line,
    norm,
    outlook,
    scale,
    watched,
)

# --- fixed rates: a number, or a schedule rate(t)


def piecewise(t: int, T: int) -> float:
    """A tenth from the half on, a hundredth from three quarters on (appendix C.4.1)."""
    return 1.0 if 2 * t < T else 0.1 if 4 * t < 3 * T else 0.01


def cosine(t: int, T: int) -> float:
    """Half a wave, from 1 to 0 (Loshchilov & Hutter 2017, without restarts)."""
    return 0.5 * (1 + math.cos(math.pi * t / T))


def inverse(t: int, T: int) -> float:
    """1, 1/2, 1/3, ... (Robbins & Monro 1951)."""
    return 1 / (t + 1)


def inverse_root(t: int, T: int) -> float:
    """1, 1/sqrt 2, 1/sqrt 3, ..."""
    return 1 / math.sqrt(t + 1)


SCHEDULES: dict[str, Callable[[int, int], float]] = {
    "constant": lambda t, T: 1.0,
    "piecewise": piecewise,
    "cosine": cosine,
    "1/t": inverse,
    "1/sqrt(t)": inverse_root,
}


def fixed(x: Vector, rate, t: int, d: Vector, g: Vector) -> Move:
    if not any(d):
        return Move(x, 0, STATIONARY, 0)
    s = rate(t) if callable(rate) else rate
    return Move(add(x, s, d), s, FOUND, 0) if finite(dot(g, d)) else Move(x, 0, NONFINITE, 0)


@watched
def sgd(problem: Problem, x: Vector, batches: Batches, *, rate) -> Moves:
    """Stochastic gradient descent (Robbins & Monro 1951; algorithm 1)."""
    for t, batch in enumerate(batches):
        g = problem.gradient(x, batch)
        move = fixed(x, rate, t, scale(-1, g), g)  # (2.12)
        yield move
        x = move.x


@watched
def sgd_hd(
    problem: Problem,
    x: Vector,
    batches: Batches,
    *,
    rate,
    hyper_rate,
    form,
    momentum,
    variant,
) -> Moves:
    """Hypergradient descent (Baydin et al. 2018, algorithms 4 and 5; section 2.8): the rate follows its own gradient.

    form: what is subtracted, u: the gradient, the momentum vector, or Nesterov's look ahead along it. variant: the rate
    moves before it is used, or after ("dissertation").
    """
    u = m = scale(0, x)
    for t, batch in enumerate(batches):
        g, old = problem.gradient(x, batch), rate
        h = dot(g, u)  # minus the slope of this loss in the last rate (2.48)
        rate = old + hyper_rate * h if finite(h) else old  # (2.49)
        m = add(g, momentum, m)  # (2.39)
        u = {"gradient": g, "momentum": m, "nesterov": add(g, momentum, m)}[form]
        move = fixed(x, rate if variant == "paper" else old, t, scale(-1, u), g)
        yield move
        x = move.x


@watched
def ali_g(problem: Problem, x: Vector, batches: Batches, *, max_rate, eps, momentum, adjusted) -> Moves:
    """Adaptive learning rates for interpolation with gradients (Berrada et al. 2020, algorithm 1; section 2.8).

    momentum: Nesterov's, so that the first step is (1 + momentum) eta. adjusted: the velocity is made of gradients,
    not of steps, so that a new eta holds for the past, too.
    """
    v = scale(0, x)
    for batch in batches:
        g, loss = problem.gradient(x, batch), problem.value(x, batch)
        steepness = dot(g, g)
        if not (finite(loss) and finite(steepness)):
            yield Move(x, 0, NONFINITE, 0)
            continue
        eta = min(max(loss, 0) / (steepness + eps), max_rate) if steepness else 0  # (2.50)
        v = add(scale(momentum, v), -1 if adjusted else -eta, g)
        status = STATIONARY if not (any(g) or any(v)) else CAPPED if eta == max_rate else FOUND
        x = add(add(x, -eta, g), momentum * (eta if adjusted else 1), v)
        yield Move(x, eta, status, 0)


# --- parabolas


def parabola_step(phi: Phi, b: Number, mu, alpha, s_max) -> tuple[Number, str, int]:
    """Algorithm 8, lines 7-19, from the slope b and the losses at 0 and mu. Returns step, status, evaluations."""
    s, status, trials = outlook(phi(0), b)  # case 3 of section 4.4.2: step 0
    if status == FOUND:
        a, trials = (phi(mu) - phi(0) - b * mu) / (mu * mu), 1  # (4.2), line 9
        s = -alpha * b / (2 * a) if a > 0 else mu  # (4.2) times alpha; cases 1 and 2
        s, status = (s, FOUND) if s < s_max else (s_max, CAPPED)  # lines 17-19
        s, status = (s, status) if finite(a) else (0, NONFINITE)
    return s, status, trials


@watched
def pal(problem: Problem, x: Vector, batches: Batches, *, mu, alpha, beta, s_max, exact_slope) -> Moves:
    """Parabolic approximation line search (Mutschler & Zell 2020, algorithm 1; algorithm 8)."""
    d = scale(0, x)
    for batch in batches:
        g = problem.gradient(x, batch)
        d = add(scale(-1, g), beta, d)  # (4.3)
        length = norm(d)
        unit = scale(1 / length, d) if length else d
        phi, _ = line(problem, x, unit, batch)
        b = dot(g, unit) if exact_slope else -length  # (4.4)
        s, status, trials = parabola_step(phi, b, mu, alpha, s_max)
        x = add(x, s, unit)  # line 20
        yield Move(x, s, status, trials)


def conjugate(formula: str, g: Vector, g_old: Vector, d_old: Vector) -> Number:
    """beta of d = -g + beta d_old, by Fletcher & Reeves, Polak & Ribiere, Hestenes & Stiefel or Dai & Yuan."""
    y = add(g, -1, g_old)
    above = dot(g, g if formula in ("FR", "DY") else y)
    below = dot(d_old, y) if formula in ("HS", "DY") else dot(g_old, g_old)
    beta = above / below if below else nan
    return max(0, beta) if formula in ("PR", "HS") else beta


@watched
def pal_conjugate(
    problem: Problem,
    x: Vector,
    batches: Batches,
    *,
    formula,
    mu,
    alpha,
    s_max,
    restart: int | None,
    old,
) -> Moves:
    """PAL along conjugate directions (section 4.4.3; formulas: Nocedal & Wright 2006, section 5.2).

    old: the gradient before is the one of then, or that of the "current" batch at the x of then (section 2.7).
    """
    x_old, g_old, d = x, scale(0, x), scale(0, x)
    for t, batch in enumerate(batches):
        g = problem.gradient(x, batch)
        if old == "current":
            g_old = problem.gradient(x_old, batch)
        beta = conjugate(formula, g, g_old, d) if t and not (restart and t % restart == 0) else 0
        d = add(scale(-1, g), beta if finite(beta) else 0, d)
        if dot(g, d) >= 0:
            d = scale(-1, g)
        length = norm(d)
        unit = scale(1 / length, d) if length else d
        phi, _ = line(problem, x, unit, batch)
        s, status, trials = parabola_step(phi, dot(g, unit), mu, alpha, s_max)
        x_old, x, g_old = x, add(x, s, unit), g
        yield Move(x, s, status, trials)


pal_fr = partial(pal_conjugate, formula="FR")
pal_pr = partial(pal_conjugate, formula="PR")
pal_hs = partial(pal_conjugate, formula="HS")
pal_dy = partial(pal_conjugate, formula="DY")
