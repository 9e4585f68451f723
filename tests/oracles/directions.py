"""Fixed rates along other directions than the gradient.

Where this text leaves the printed rules, and where the authors' released code does:

- nsgd: no step where the gradient is 0 (STATIONARY; the others say so where their direction is 0).
- cocob: the step is 1 and the direction the whole displacement. Released code and this text: a fraction of the
  wealth linear in the sum of the gradients (Orabona & Tommasi 2017, algorithm 2), not tanh (algorithm 1).
"""

from .basics import (
    FOUND,
    NONFINITE,
    STATIONARY,
    Batches,
    Move,
    Moves,
    Problem,
    Vector,
    add,
    dot,
    finite,
    norm,
    root,
    scale,
    watched,
)
from .closed import fixed


@watched
def momentum(problem: Problem, x: Vector, batches: Batches, *, rate, beta) -> Moves:
    """SGD with momentum (Polyak 1964; algorithm 6)."""
    m = scale(0, x)
    for t, batch in enumerate(batches):
        g = problem.gradient(x, batch)
        m = add(g, beta, m)  # (2.39)
        move = fixed(x, rate, t, scale(-1, m), g)  # (2.40)
        yield move
        x = move.x


@watched
def nsgd(problem: Problem, x: Vector, batches: Batches, *, rate) -> Moves:
    """SGD with the gradient scaled to length 1 (chapter 6): the rate is the length of the step."""
    for t, batch in enumerate(batches):
        g = problem.gradient(x, batch)
        length = norm(g)
        move = fixed(x, rate, t, scale(-1 / length, g) if length else g, g)
        yield move
        x = move.x


@watched
def adam(problem: Problem, x: Vector, batches: Batches, *, rate, beta1, beta2, eps) -> Moves:
    """Adam (Kingma & Ba 2015, algorithm 1; algorithm 7)."""
    m = v = scale(0, x)
    for t, batch in enumerate(batches):
        g = problem.gradient(x, batch)
        m = add(scale(beta1, m), 1 - beta1, g)  # (2.41)
        v = add(scale(beta2, v), 1 - beta2, tuple(a * a for a in g))  # (2.42)
        m_hat = scale(1 / (1 - beta1 ** (t + 1)), m)  # (2.44)
        v_hat = scale(1 / (1 - beta2 ** (t + 1)), v)  # (2.45)
        d = tuple(-a / (root(b) + eps) for a, b in zip(m_hat, v_hat, strict=True))  # (2.46)
        move = fixed(x, rate, t, d, g)
        yield move
        x = move.x


@watched
def rmsprop(problem: Problem, x: Vector, batches: Batches, *, rate, decay, eps) -> Moves:
    """RMSProp (Tieleman & Hinton 2012; section 2.8)."""
    v = scale(0, x)
    for t, batch in enumerate(batches):
        g = problem.gradient(x, batch)
        v = add(scale(decay, v), 1 - decay, tuple(a * a for a in g))  # (2.42)
        d = tuple(-a / (root(b) + eps) for a, b in zip(g, v, strict=True))  # (2.47)
        move = fixed(x, rate, t, d, g)
        yield move
        x = move.x


@watched
def cocob(problem: Problem, x: Vector, batches: Batches, *, alpha, eps) -> Moves:
    """Coin betting (Orabona & Tommasi 2017, algorithm 2; section 2.8): every coordinate bets on its own coin."""
    x0, coins = x, [(eps, 0, 0, 0, 0)] * len(x)
    for batch in batches:
        g = problem.gradient(x, batch)
        if not finite(dot(g, g)):
            yield Move(x, 0, NONFINITE, 0)
            continue
        coins = [toss(alpha, a, *coin) for a, coin in zip(g, coins, strict=True)]
        x_old, x = x, add(x0, 1, tuple(w for *_, w in coins))
        yield Move(x, 1, FOUND, 0) if x != x_old else Move(x, 0, STATIONARY, 0)


def toss(alpha, g, L, S, G, R, w):
    """One coordinate of gradient g at distance w from its start. Returns L, S, G, R and the next w."""
    L = max(L, abs(g))  # the largest gradient
    S = S - g  # the sum of all, downhill
    G = G + abs(g)  # the sum of their sizes
    R = max(R - g * w, 0)  # the reward
    return L, S, G, R, S * (L + R) / (L * max(G + L, alpha * L))
