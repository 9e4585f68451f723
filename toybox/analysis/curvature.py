"""Gradients against the Hessian: alignment, noise scales, turning back, and the angle at the end of a step.

    m = moments(problem, theta)                    # |g|^2, g'Hg, tr S, tr HS of the full loss at theta
    m.alignment_grows, m.alignment(100)            # does alignment grow with the batch size? its exact value at B = 100
    alignment(problem, theta, [1, 10, 100])        # (3, 50): what 50 batches of each size show of it
    top_eigenvalues(problem, theta, 1)             # by which to divide it
    follow(problem, tb.method("pal"), steps=100, batch=10).angle     # (100, 1) degrees; 90 at an exact line minimum

H is the Hessian of the full loss, g its gradient, S the covariance of the gradients g_i of single samples with divisor
D - 1, and s = 1/B - 1/D: a batch of B distinct samples has a gradient of mean g and covariance s S. Walk is A Walk with
SGD (Xing et al. 2018).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from .. import sampling
from ..hyper import is_whole, shown
from ..optimizer import Optimizer, run
from ..rays import Ray, Status, Step
from ..trace import Trace

BLOCK, LANES = 64 << 20, 64  # bytes that gathered samples may take, and gradients at most that are computed, at once


class Moments(NamedTuple):
    """First and second moments of batch gradients at one theta. B may be an array of batch sizes (*any,).

    All but ``rate`` and ``cosine`` hold for any loss; these two where the full loss is a quadratic.
    """

    size: int  # D
    g: np.ndarray  # (dim,)
    square: Any  # |g|^2
    bent: Any  # g'Hg
    noise: Any  # tr S
    bent_noise: Any  # tr HS

    def apart(self, B: Any) -> Any:
        """s = 1/B - 1/D."""
        return 1 / np.asarray(B, float) - 1 / self.size

    @property
    def simple_noise_scale(self) -> Any:
        """tr S / |g|^2: the batch size at which noise and signal of the gradient are equally long (D infinite)."""
        return _ratio(self.noise, self.square)

    @property
    def noise_scale(self) -> Any:
        """B_noise = tr HS / g'Hg (claim SGD-10): the same, as the loss weighs them."""
        return _ratio(self.bent_noise, self.bent)

    def rate(self, B: Any) -> Any:
        """The rate of the lowest expected full loss after one step, |g|^2 / (g'Hg + s tr HS) (SGD-10); inf without a
        minimum."""
        bend = self.bent + self.apart(B) * self.bent_noise
        return np.where(bend > 0, _ratio(self.square, bend), np.inf)[()]

    def alignment(self, B: Any) -> Any:
        """E[g_B'Hg_B] / E|g_B|^2 = (g'Hg + s tr HS) / (|g|^2 + s tr S) (WALK-05)."""
        s = self.apart(B)
        return _ratio(self.bent + s * self.bent_noise, self.square + s * self.noise)

    @property
    def excess(self) -> Any:
        """g'Hg / |g|^2 - tr HS / tr S: how much sharper the directions of the mean gradient are than the noise's."""
        return _ratio(self.bent, self.square) - _ratio(self.bent_noise, self.noise)

    @property
    def alignment_grows(self) -> Any:
        """Whether ``alignment`` increases with B: if and only if the excess is positive (WALK-05)."""
        return self.excess > 0

    def cosine(self, B: Any, rate: Any) -> Any:
        """rho(B) = E[g_B,t-1'g_B,t] / E|g_B,t-1|^2 around one step of SGD, the second batch being independent
        (WALK-06b): (|g|^2 - rate (g'Hg + s tr HS)) / (|g|^2 + s tr S)."""
        s = self.apart(B)
        return _ratio(self.square - rate * (self.bent + s * self.bent_noise), self.square + s * self.noise)

    def cosine_falls(self, rate: Any) -> Any:
        """Whether ``cosine`` decreases with B: if and only if rate * excess > 1 (WALK-06b)."""
        return rate * self.excess > 1


def moments(problem: Any, theta: Any) -> Moments:
    """The moments at theta (dim,), from the gradients of all samples: D gradients and D products with H, in blocks.

    Raises ``ValueError`` for a theta of another shape, ``NotImplementedError`` where a problem has no ``hvp``.
    """
    theta = _checked(problem, theta)
    whole = problem.at(theta[None, :], problem.population)
    g, D = whole.gradient, problem.size
    noise = bent_noise = 0.0
    for v, Hv in _products(problem, theta, np.arange(D)[:, None], g):
        noise, bent_noise = noise + (v * v).sum(), bent_noise + (v * Hv).sum()
    mean, Hg = _host(problem, g)[0], _host(problem, whole.hvp(g))[0]
    free = max(1, D - 1)
    return Moments(D, mean, mean @ mean, mean @ Hg, noise / free, bent_noise / free)


def alignment(problem: Any, theta: Any, batch: Sequence[int], draws: int = 50, seed: int = 0) -> np.ndarray:
    """g_B'Hg_B / |g_B|^2 (Walk eq. 4) at theta (dim,) of ``draws`` batches of each size: (sizes, draws).

    Every draw is a set of distinct samples of its own, a function of seed, size and its number; nan where g_B = 0.
    Raises ``ValueError`` for a theta of another shape, a batch size outside 1 .. D, or no draws.
    """
    theta = _checked(problem, theta)
    for size in batch:
        if not is_whole(size, 1) or size > problem.size:
            raise ValueError(f"batch={shown(size)} is not accepted; accepted: whole numbers from 1 to {problem.size}")
    if not is_whole(draws, 1):
        raise ValueError(f"draws={shown(draws)} is not accepted; accepted: a whole number of at least 1")
    found = np.empty((len(batch), draws))
    for row, size in zip(found, batch, strict=True):
        drawn = sampling.distinct(np.full(draws, seed), np.arange(draws), size, size, problem.size)
        pairs = _products(problem, theta, drawn)
        row[:] = np.concatenate([_ratio((v * Hv).sum(-1), (v * v).sum(-1)) for v, Hv in pairs])
    return found


def top_eigenvalues(problem: Any, theta: Any, k: int = 1) -> np.ndarray:
    """The k largest eigenvalues of H at theta (dim,), the largest first: (k,). By Lanczos' method, from products Hv.

    Raises ``ValueError`` for a theta of another shape or a k outside 1 .. dim.
    """
    from scipy.sparse.linalg import LinearOperator, eigsh  # loaded on first use: import toybox stays light

    theta, dim = _checked(problem, theta), problem.dim
    if not is_whole(k, 1) or k > dim:
        raise ValueError(f"k={shown(k)} is not accepted; accepted: a whole number from 1 to dim={dim}")
    whole = problem.at(theta[None, :], problem.population)

    def times(v):
        return _host(problem, whole.hvp(problem.xp.asarray(v.reshape(1, dim), dtype=problem.dtype)))[0]

    if k == dim:  # Lanczos' method gives fewer
        return np.linalg.eigvalsh(np.stack([times(v) for v in np.eye(dim)]))[::-1]
    H = LinearOperator((dim, dim), matvec=times, dtype=np.float64)
    start = sampling.generator(0).standard_normal(dim)
    return np.sort(eigsh(H, k, which="LA", v0=start, return_eigenvectors=False))[::-1]


def _products(
    problem: Any, theta: Any, drawn: np.ndarray, centre: Any = 0.0
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """v = g_B - centre and Hv of the batches drawn (m, B), block by block: two of (lanes, dim)."""
    xp, (many, B) = problem.xp, drawn.shape
    lanes = max(1, min(LANES, BLOCK // (B * getattr(problem, "sample_bytes", 8 * problem.dim))))
    for start in range(0, many, lanes):
        rows = drawn[start : start + lanes]
        here = xp.zeros((len(rows), problem.dim), dtype=problem.dtype) + theta
        sample = problem.population if B == problem.size else xp.asarray(rows)
        v = problem.at(here, sample).gradient - centre
        yield _host(problem, v), _host(problem, problem.at(here, problem.population).hvp(v))


class Followed(NamedTuple):
    """What happened at each of T steps, (T, *lanes) each; nan where a lane had ended, or a vector was 0."""

    cosine: np.ndarray  # of the gradients of steps t - 1 and t on their batches (Walk eq. 5); nan at t = 0
    distance: np.ndarray  # |theta_t - theta_0|
    angle: np.ndarray  # degrees between d and the negative gradient of the step's batch at theta + s d
    trace: Trace  # of the run


def follow(problem: Any, optimizer: Optimizer, *, steps: int, batch: int, **options: Any) -> Followed:
    """A run that measures its directions on the way and is not disturbed by it; options: those of ``tb.run``.

    The angle is that at the end of the step along the line, where a rule may then leave it: below 90 degrees short of
    the line's minimum, above beyond it (dissertation, section 4.3; claim PAL-ANGLE). It costs one gradient a step.
    Raises ``ValueError`` for fewer than one step.
    """
    if not is_whole(steps, 1):
        raise ValueError(f"steps={shown(steps)} is not accepted; accepted: a whole number of at least 1")
    follower = Follower(optimizer.rule, problem)
    trace = run(problem, optimizer._replace(rule=follower), steps=steps, batch=batch, **{"every": None} | options)
    groups = [np.array(follower.rows[i : i + steps]) for i in range(0, len(follower.rows), steps)]  # of seeds
    found = np.where(trace.status == int(Status.NONFINITE), np.nan, np.moveaxis(np.concatenate(groups, axis=2), 1, 0))
    return Followed(cosine=found[0], distance=found[1], angle=found[2], trace=trace)


@dataclass(frozen=True)
class Follower:
    """A rule that does what another one does, and notes cosine, distance and angle of every step."""

    rule: Any
    problem: Any
    rows: list = field(default_factory=list, compare=False)  # (3, *lanes) each

    def init(self, xp: Any, lanes: tuple[int, ...]) -> Any:
        return self.rule.init(xp, lanes), None, None  # and the first theta, the last gradient

    def step(self, ray: Ray, state: Any) -> Step:
        inner, first, last = state
        step = self.rule.step(ray, inner)
        host = lambda x: _host(self.problem, x)
        theta, g, d = host(ray.origin.theta), host(ray.origin.gradient), host(ray.d)
        first, last = (theta, np.nan * g) if first is None else (first, last)
        there = host(ray.origin.along(ray.d).at(step.size).gradient)
        angle = np.degrees(np.arccos(np.clip(_cosine(-there, d), -1, 1)))
        self.rows.append((_cosine(last, g), np.linalg.norm(theta - first, axis=-1), angle))
        return step._replace(state=(step.state, first, g))


def _cosine(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Of the angle between u and v (*lanes, dim): (*lanes,)."""
    with np.errstate(all="ignore"):
        u, v = (x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (u, v))
        return (u * v).sum(-1)


def _ratio(over: Any, under: Any) -> Any:
    """over / under; nan or inf where that is 0 divided by."""
    with np.errstate(all="ignore"):
        return np.float64(over) / under


def _host(problem: Any, x: Any) -> np.ndarray:
    return np.asarray(problem.xp.to_host(x), np.float64)


def _checked(problem: Any, theta: Any) -> Any:
    """theta as an array of the problem's: (dim,)."""
    try:
        array = problem.xp.asarray(theta, dtype=problem.dtype)
    except (TypeError, ValueError):
        array = None
    if array is None or tuple(array.shape) != (problem.dim,):
        raise ValueError(f"theta={shown(theta)} is not accepted; accepted: numbers of shape ({problem.dim},)")
    return array
