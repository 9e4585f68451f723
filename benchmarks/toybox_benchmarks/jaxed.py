"""The Armijo search of two JAX libraries on the same losses: a jitted step, gathering its rows, for one run or lanes.

jaxopt's ArmijoSGD and optax's scale_by_backtracking_linesearch implement the search of Vaswani et al. 2019. With
c = 0.1, beta = 0.9, a first step of 1 and growth gamma^(B/D) both are our ``sls`` but for rounding, and one detail: the
backtracking compares losses where ours compares their difference, computed without cancellation. Gradients come from
reverse-mode differentiation, float64 is switched on, and compiling is not counted. Python dispatches every step anew
and draws its batch: no walk is compiled as a whole.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

with warnings.catch_warnings():  # jaxopt says at every import that it is no longer maintained
    warnings.simplefilter("ignore", DeprecationWarning)
    import jaxopt

jax.config.update("jax_enable_x64", True)
C, BETA, TRIES, LARGEST = 0.1, 0.9, 100, 1e30


def factorization(X, Y, rank) -> Callable:
    """loss(theta, x, y), the mean of (W2 W1 x - y)^2."""
    cut = rank * X.shape[1]

    def loss(theta, x, y):
        W1, W2 = theta[:cut].reshape(rank, -1), theta[cut:].reshape(-1, rank)
        return jnp.mean((x @ W1.T @ W2.T - y) ** 2)

    return loss


def kernel(K, y) -> Callable:
    """The same for the logistic loss of K theta; y in {-1, 1}."""
    return lambda theta, Kb, yb: jnp.mean(jax.nn.softplus(-yb * (Kb @ theta)))


class Search(NamedTuple):
    """A library's search: its first state and one step on a batch."""

    init: Callable[[Any], Any]  # theta -> state
    step: Callable[..., tuple[Any, Any]]  # theta, state, x, y -> theta, state


def armijo(loss: Callable, growth: float) -> Search:
    """jaxopt's ArmijoSGD."""
    solver = jaxopt.ArmijoSGD(
        loss,
        aggressiveness=1 - C,
        decrease_factor=BETA,
        increase_factor=growth,
        max_stepsize=LARGEST,
        maxls=TRIES,
        unroll=False,  # a loop that ends; unrolled it always makes all tries
    )
    init = lambda theta, x, y: solver.init_state(theta, x, y)._replace(stepsize=jnp.ones((), theta.dtype))
    return Search(init, solver.update)


def backtracking(loss: Callable, growth: float) -> Search:
    """optax: plain SGD, its rate found by scale_by_backtracking_linesearch."""
    search = optax.scale_by_backtracking_linesearch(
        TRIES, slope_rtol=C, decrease_factor=BETA, increase_factor=growth, max_learning_rate=LARGEST
    )
    solver = optax.chain(optax.sgd(1.0), search)

    def init(theta, x, y):
        first, last = solver.init(theta)
        return first, last._replace(learning_rate=jnp.ones((), theta.dtype))

    def step(theta, state, x, y):
        value, g = jax.value_and_grad(loss)(theta, x, y)
        at = lambda theta: loss(theta, x, y)
        moves, state = solver.update(g, state, theta, value=value, grad=g, value_fn=at)
        return optax.apply_updates(theta, moves), state

    return Search(init, step)


LIBRARIES = {"jaxopt ArmijoSGD": armijo, "optax backtracking": backtracking}


def epochs(size: int, batch: int, lanes: int) -> Iterator[np.ndarray]:
    """Index arrays (lanes, batch) of shuffled epochs, without end; those of ``straight.epochs`` for one lane."""
    rng = np.random.default_rng(0)
    while True:
        order = np.stack([rng.permutation(size) for _ in range(lanes)])
        for k in range(size // batch):
            yield order[:, k * batch : (k + 1) * batch]


def walker(search: Search, tables: tuple, theta: np.ndarray, steps: int, batch: int) -> Callable[[], np.ndarray]:
    """A walk of ``steps`` steps from theta (dim,) or (lanes, dim), by a step that is compiled once."""
    a, b = (jnp.asarray(table) for table in tables)
    over = jax.vmap if theta.ndim == 2 else lambda f, axes: f
    first = jax.jit(over(lambda theta: search.init(theta, a[:batch], b[:batch]), 0))

    @jax.jit
    def step(theta, state, a, b, index):
        one = lambda theta, state, index: search.step(theta, state, a[index], b[index])
        return over(one, 0)(theta, state, index)

    def walk() -> np.ndarray:
        here, batches = jnp.asarray(theta), epochs(len(b), batch, len(theta) if theta.ndim == 2 else 1)
        state = first(here)
        for _ in range(steps):
            index = next(batches)
            here, state = step(here, state, a, b, index if theta.ndim == 2 else index[0])
        return np.asarray(here)

    return walk
