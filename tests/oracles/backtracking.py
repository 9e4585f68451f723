"""Backtracking: from a long step to a shorter one.

All search along d = -g, so that the step is a learning rate. `reset`, `gamma` and `steps_per_epoch` = D / B mean
the same everywhere: the first trial is the last eta (0), the last eta grown by gamma per epoch (1), or `first` (2).
Where all `tries` fail the step is 0 (EXHAUSTED), and the next search starts from the shrunken eta.

Where this text leaves the printed rules, and where the authors' released code does:

- backtracking: algorithm 2 loops while phi(s) >= ..., which never ends where the slope is 0; here while >.
- sls: the loop of algorithm 3 need not end; here it does after `tries` evaluations. `max_step` is an addition.
  variant="released": the step is then 1e-6, and where |g| < 1e-8 there is none (STATIONARY), while eta grows all
  the same. `judges`: search on an independent batch, as the appendix of the paper wants it (loss and slope of the
  condition are those of that batch, along -g); algorithm 3 and the released code search on the gradient's batch.
- sls_goldstein: after `tries` the last trial is kept, as step and as eta; the released code keeps the step but
  goes on from the eta after it. A trial that would only be repeated, because it is the largest (CAPPED) or the
  smallest step (EXHAUSTED), is kept at once; the released code repeats it until its tries are used up.
- sls_polyak, sls_nesterov: the momentum is not searched for and may lead uphill. The weights of sls_nesterov are
  the released ones, one step behind those of Nesterov (1983): the first step is thrown away.
- seg: the released condition; the paper prints it for the operator of a game, of which the gradient is a case.
"""

from math import inf

from .basics import (
    CAPPED,
    EXHAUSTED,
    FOUND,
    NONFINITE,
    STATIONARY,
    Batch,
    Batches,
    Move,
    Moves,
    Number,
    Phi,
    Problem,
    Vector,
    add,
    decreases,
    dot,
    line,
    norm,
    outlook,
    root,
    scale,
    watched,
)

Ended = tuple[Number, str, int]  # step, status, evaluations


def first_trial(eta: Number, first: Number, reset: int, growth: Number, max_step: Number = inf) -> Number:
    """The step to try first."""
    return min(first if reset == 2 else eta * growth if reset == 1 else eta, max_step)


def armijo(phi: Phi, slope0: Number, s: Number, c, beta, tries: int) -> Ended:
    """Algorithm 2: shrink s until the decrease is sufficient. Returns s, status, evaluations."""
    for trial in range(1, tries + 1):
        if decreases(phi, s, c * s * slope0):
            return s, FOUND, trial
        s = beta * s
    return s, EXHAUSTED, tries


@watched
def backtracking(problem: Problem, x: Vector, batches: Batches, *, c, beta, first, tries) -> Moves:
    """Gradient descent with a backtracking search, from `first` in every step (algorithm 2)."""
    for batch in batches:
        d = scale(-1, problem.gradient(x, batch))
        phi, slope = line(problem, x, d, batch)
        s, status, trials = outlook(phi(0), slope(0))
        if status == FOUND:
            s, status, trials = armijo(phi, slope(0), first, c, beta, tries)
            s = s if status == FOUND else 0
        x = add(x, s, d)
        yield Move(x, s, status, trials)


@watched
def sls(
    problem: Problem,
    x: Vector,
    batches: Batches,
    *,
    c,
    beta,
    gamma,
    first,
    reset,
    max_step,
    tries,
    steps_per_epoch,
    judges: Batches | None,
    variant,
) -> Moves:
    """Stochastic Armijo search (Vaswani et al. 2019, algorithms 1 and 2; algorithm 3).

    judges: one further batch per step, to search on; None: the gradient's own batch.
    """
    eta, growth = first, gamma ** (1 / steps_per_epoch)
    for batch, judge in ((b, b) for b in batches) if judges is None else zip(batches, judges, strict=False):
        eta = first_trial(eta, first, reset, growth, max_step)  # line 4
        d = scale(-1, problem.gradient(x, batch))
        phi, slope = line(problem, x, d, judge)
        s, status, trials = outlook(phi(0), slope(0))
        if variant == "released" and norm(d) < 1e-8:
            status = STATIONARY
        if status == FOUND:
            eta, status, trials = armijo(phi, slope(0), eta, c, beta, tries)  # lines 5-8
            if status == FOUND:
                s, status = eta, CAPPED if eta == max_step else FOUND
            elif variant == "released":
                s = 1e-6
        x = add(x, s, d)  # line 9
        yield Move(x, s, status, trials)


def goldstein(phi: Phi, slope0: Number, s: Number, c, beta, grow, min_step, max_step, tries: int) -> Ended:
    """Grow s below the lower line, shrink it above the upper one. Returns s, status, evaluations."""
    for trial in range(1, tries + 1):
        low = decreases(phi, s, c * s * slope0)
        if low and phi(s) >= phi(0) + (1 - c) * s * slope0:
            return s, CAPPED if s == max_step else FOUND, trial
        after = min(grow * s, max_step) if low else max(beta * s, min(min_step, max_step))
        if after == s or trial == tries:
            return s, CAPPED if low and s == max_step else EXHAUSTED, trial
        s = after
    raise AssertionError("unreachable")


@watched
def sls_goldstein(
    problem: Problem,
    x: Vector,
    batches: Batches,
    *,
    c,
    beta,
    grow,
    first,
    max_step,
    min_step,
    reset,
    gamma,
    tries,
    steps_per_epoch,
) -> Moves:
    """Search between the two lines of Goldstein (Nocedal & Wright 2006, (3.11); Vaswani et al. 2019)."""
    eta, growth = first, gamma ** (1 / steps_per_epoch)
    for batch in batches:
        eta = first_trial(eta, first, reset, growth, max_step)
        d = scale(-1, problem.gradient(x, batch))
        phi, slope = line(problem, x, d, batch)
        s, status, trials = outlook(phi(0), slope(0))
        if status == FOUND:
            s, status, trials = goldstein(phi, slope(0), eta, c, beta, grow, min_step, max_step, tries)
            eta = s
        x = add(x, s, d)
        yield Move(x, s, status, trials)


def armijo_step(problem: Problem, x: Vector, batch: Batch, eta, c, beta, tries) -> tuple[Vector, Number, Ended]:
    """An Armijo search along -g. Returns where it leads, the eta to go on from; step, status, evaluations."""
    d = scale(-1, problem.gradient(x, batch))
    phi, slope = line(problem, x, d, batch)
    s, status, trials = outlook(phi(0), slope(0))
    if status == FOUND:
        eta, status, trials = armijo(phi, slope(0), eta, c, beta, tries)
        s = eta if status == FOUND else 0
    return add(x, s, d), eta, (s, status, trials)


@watched
def sls_polyak(
    problem: Problem,
    x: Vector,
    batches: Batches,
    *,
    c,
    beta,
    momentum,
    reset,
    gamma,
    first,
    tries,
    steps_per_epoch,
) -> Moves:
    """An Armijo step, then a part of the last move once more (Polyak 1964; Vaswani et al. 2019)."""
    eta, growth, x_old = first, gamma ** (1 / steps_per_epoch), x
    for batch in batches:
        eta = first_trial(eta, first, reset, growth)
        y, eta, ended = armijo_step(problem, x, batch, eta, c, beta, tries)
        y = add(y, momentum, add(x, -1, x_old)) if ended[1] != NONFINITE else x
        x, x_old = y, x
        yield Move(x, *ended)


@watched
def sls_nesterov(
    problem: Problem,
    x: Vector,
    batches: Batches,
    *,
    c,
    beta,
    reset,
    gamma,
    first,
    tries,
    steps_per_epoch,
) -> Moves:
    """Armijo steps mixed with the one before (Nesterov 1983; Vaswani et al. 2019)."""
    eta, growth, y_old = first, gamma ** (1 / steps_per_epoch), x
    weight_old, weight, tau = 0.0, 1.0, 1.0
    for batch in batches:
        eta = first_trial(eta, first, reset, growth)
        y, eta, ended = armijo_step(problem, x, batch, eta, c, beta, tries)
        x = add(scale(1 - tau, y), tau, y_old) if ended[1] != NONFINITE else x
        y_old = y
        weight_old, weight = weight, (1 + root(1 + 4 * weight_old * weight_old)) / 2
        tau = (1 - weight_old) / weight
        yield Move(x, *ended)


def lipschitz(
    problem: Problem, x: Vector, g: Vector, batch: Batch, s: Number, c, beta, tries: int
) -> tuple[Number, Vector, str, int]:
    """Shrink s until the gradient changes by at most c |g| over it. Returns s, gradient there, status, evaluations."""
    for trial in range(1, tries + 1):
        h = problem.gradient(add(x, -s, g), batch)
        change = add(h, -1, g)
        if dot(change, change) <= c * c * dot(g, g):
            return s, h, FOUND, trial
        s = beta * s
    return s, h, EXHAUSTED, tries


@watched
def seg(
    problem: Problem,
    x: Vector,
    batches: Batches,
    *,
    c,
    beta,
    reset,
    gamma,
    first,
    tries,
    steps_per_epoch,
) -> Moves:
    """Stochastic extragradient with a Lipschitz search (Vaswani et al. 2019): the step goes along the
    gradient h of the point that a step along -g would reach, on the same batch."""
    eta, growth = first, gamma ** (1 / steps_per_epoch)
    for batch in batches:
        eta = first_trial(eta, first, reset, growth)
        g = problem.gradient(x, batch)
        s, status, trials = outlook(problem.value(x, batch), -dot(g, g))
        if status == FOUND:
            eta, h, status, trials = lipschitz(problem, x, g, batch, eta, c, beta, tries)
            s = eta if status == FOUND else 0
            x = add(x, -s, h)
        yield Move(x, s, status, trials)
