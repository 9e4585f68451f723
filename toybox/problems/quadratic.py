"""Noisy quadratics: L_i(x) = 1/2 (x - m_i)' Q_i (x - m_i) + offset_i, the problem that can be understood completely.

The loss along any line is an exact parabola. With one common minimiser (spread 0) every batch agrees where the minimum
is (interpolation); with minimisers spread apart, batches disagree although their curvatures may be equal.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from .. import sampling
from ..calls import remembered
from ..given import finite_array
from ..lines import PolynomialLine, along, examples
from ..xp import Array, dtype_name, lazy, namespace
from ..xp import dtype as dtype_of
from .checks import as_made, at_least, option, scalar, seal


class NoisyQuadratic:
    """L_i(x) = 1/2 (x - m_i)' Q_i (x - m_i) + offset_i, averaged over a batch (dissertation, section 2.7 and 4.4.4).

    Q: (n, n) common to all samples, or (D, n, n). m: (D, n), or (n,) common. offsets: (D,) or a number.
    Only the symmetric part of Q matters; it is what is kept. ``start``: (n,) a first iterate for every seed (default:
    ``solution`` + standard normal numbers of the seed).
    """

    __repr__ = as_made

    @remembered
    def __init__(self, Q, m, offsets=None, *, start=None, backend="numpy", dtype="float64", line="closed"):
        self.xp, self.line = namespace(backend), option("line", line, "closed", "generic")
        self.dtype = dtype_of(self.xp, dtype)
        given = partial(finite_array, dtype=dtype_name(self.dtype))
        Q, m = given("Q", Q), given("m", m)
        n = m.shape[-1] if m.ndim else 0
        if Q.shape[-2:] != (n, n) or Q.ndim not in (2, 3) or m.ndim not in (1, 2) or n == 0:
            raise ValueError(
                f"Q of shape {Q.shape} and m of shape {m.shape} do not fit; accepted: Q (n, n) or (D, n, n) "
                "and m (D, n) or (n,)"
            )
        offsets = given("offsets", 0.0 if offsets is None else offsets)
        sizes = [*(x.shape[0] for x, k in ((Q, 3), (m, 2), (offsets, 1)) if x.ndim == k)]
        if offsets.ndim > 1 or len(set(sizes) - {1}) > 1:
            raise ValueError(
                f"Q {Q.shape}, m {m.shape} and offsets {offsets.shape} give different numbers of samples; "
                "accepted: the same D everywhere"
            )
        Q = Q[0] if Q.ndim == 3 and len(Q) == 1 else Q
        self.size, self.dim, self.common = max(sizes, default=1), n, Q.ndim == 2
        self.Q, self.m = (Q + np.swapaxes(Q, -1, -2)) / 2, np.broadcast_to(m, (self.size, n))
        self.offsets = np.broadcast_to(offsets, (self.size,))
        self.start = None if start is None else given("start", start, (n,))
        self._Q, self._m, self._offsets = (self._array(x) for x in (self.Q, self.m, self.offsets))
        self.sample_bytes = 8 * n * (1 if self.common else n)
        self.population = slice(None)
        seal(self)

    def _array(self, x) -> Array:
        return self.xp.asarray(np.array(x, order="C"), dtype=self.dtype)  # a copy: PyTorch wants writable memory

    @property
    def _floats(self):
        return [np.asarray(x, np.float64) for x in (self.Q, self.m, self.offsets)]

    @lazy
    def solution(self) -> np.ndarray:
        """The minimiser of the full loss (n,), in float64; the least-norm one where the mean of Q is singular."""
        Q, m, _ = self._floats
        if (m == m[0]).all():
            return m[0].copy()
        if self.common:
            return m.mean(axis=0)
        right = np.einsum("dij,dj->i", Q, m) / self.size
        return np.linalg.lstsq(Q.mean(axis=0), right, rcond=None)[0]

    @lazy
    def floor(self) -> float:
        """The smallest full loss."""
        Q, m, offsets = self._floats
        e = self.solution - m
        v = e @ Q if self.common else np.einsum("dij,dj->di", Q, e)
        return float(np.mean(0.5 * (e * v).sum(-1) + offsets))

    @lazy
    def condition(self) -> float:
        """The measured condition number of the mean Q."""
        Q = self._floats[0]
        return float(np.linalg.cond(Q if self.common else Q.mean(axis=0)))

    def initial(self, seeds) -> Array:
        if self.start is not None:
            return self._array(np.tile(self.start, (len(seeds), 1)))
        return self._array(np.stack([self.solution + sampling.generator(s).standard_normal(self.dim) for s in seeds]))

    def draw(self, seeds, t, j, size, how="epochs"):
        return sampling.draw(how, seeds, t, j, size, self.size)

    def at(self, theta, sample) -> QuadraticPoint:
        return QuadraticPoint(self, theta, sample)


class QuadraticPoint:
    """x on a batch: keeps e_i = x - m_i and Q_i e_i, (*lanes, b, n) each; no digit is lost near a common minimiser."""

    def __init__(self, problem: NoisyQuadratic, theta: Array, sample):
        self.problem, self.theta, self.sample = problem, theta, sample

    def _rows(self, table):
        whole = isinstance(self.sample, slice)
        return table if whole else self.problem.xp.take_rows(table, self.sample)

    @lazy
    def _Q(self):
        return self.problem._Q if self.problem.common else self._rows(self.problem._Q)

    @lazy
    def _e(self):
        return self.theta[..., None, :] - self._rows(self.problem._m)

    @lazy
    def _Qe(self):
        return self._times(self._e)

    def _times(self, v):
        """Q_i v_i for v (*lanes, b, n)."""
        xp = self.problem.xp
        return xp.matmul(v, self._Q) if self.problem.common else xp.matmul(self._Q, v[..., None])[..., 0]

    @lazy
    def _mean_Q(self):
        return self._Q if self.problem.common else self.problem.xp.mean(self._Q, axis=-3)

    @lazy
    def value(self):
        xp = self.problem.xp
        loss = xp.vecdot(self._e, self._Qe) / 2 + self._rows(self.problem._offsets)
        return xp.rowsum(loss) / loss.shape[-1]

    @lazy
    def gradient(self):
        return self.problem.xp.sum(self._Qe, axis=-2) / self._Qe.shape[-2]

    def hvp(self, v):
        return self.problem.xp.matmul(self._mean_Q, v[..., None])[..., 0]

    def _at(self, d, s):
        return self.problem.at(self.theta + s[..., None] * d, self.sample)

    def closed(self, d):
        xp = self.problem.xp

        def coefficients():
            """Value at 0 and the two coefficients of every example's parabola (*lanes, b)."""
            D = d[..., None, :]
            value0 = xp.vecdot(self._e, self._Qe) / 2 + self._rows(self.problem._offsets)
            return value0, [xp.vecdot(D, self._Qe), xp.vecdot(D, self._times(D + 0 * self._e)) / 2]

        slope0, bend = xp.vecdot(self.gradient, d), xp.vecdot(self.hvp(d), d)
        return PolynomialLine(xp, self.value, [slope0, bend / 2], partial(self._at, d), coefficients)

    along, examples = along, examples


def expected_risk(
    problem: NoisyQuadratic,
    rate,
    batch: int,
    steps: int,
    start=None,
    sampler: str = "replacement",
    momentum: float = 0.0,
) -> np.ndarray:
    """Exact E[full loss] of constant-rate SGD on quadratics with one common Q, at steps 0 .. steps: (steps + 1,).

    The recursions of the noisy quadratic model (Zhang et al. 2019) for any common Q: the mean of x - x* contracts by
    I - rate Q, and its covariance gains rate^2 Q S Q f per step, S the covariance of the minimisers (divisor D) and
    f = 1/B with replacement, (D - B) / (B (D - 1)) for distinct samples ("fresh"). ``momentum`` is heavy-ball beta.
    ``start``: (n,), default the problem's own start. Raises ``ValueError`` for different Q_i or sampler="epochs", whose
    batches depend on each other.
    """
    if not problem.common:
        raise ValueError("problem has a Q_i for every sample; accepted: one common Q (common=True)")
    option("sampler", sampler, "replacement", "fresh")
    rate, momentum = scalar("rate", rate, "[0, inf)"), scalar("momentum", momentum, "[0, 1)")
    D, n, batch, steps = problem.size, problem.dim, at_least("batch", batch, 1), at_least("steps", steps, 0)
    if batch > D and sampler == "fresh":
        raise ValueError(f"batch={batch} is larger than the problem's D={D} samples; accepted: 1 to {D}")
    start = problem.start if start is None else finite_array("start", start, (n,))
    if start is None:
        raise ValueError("start=None, and the problem has no start of its own; accepted: an array (n,)")
    factor = 1 / batch if sampler == "replacement" else (D - batch) / (batch * max(1, D - 1))
    h, U = np.linalg.eigh(problem.Q)
    spread = (problem.m - problem.solution) @ U
    noise = factor * h[:, None] * (spread.T @ spread / D) * h  # covariance of the batch gradient
    # state (e, m) with m <- beta m + h e + noise, e <- e - rate m: its mean, and V, the covariance around it
    step = np.block([[np.diag(1 - rate * h), -rate * momentum * np.eye(n)], [np.diag(h), momentum * np.eye(n)]])
    kick = np.block([[rate**2 * noise, -rate * noise], [-rate * noise, noise]])
    mean, V = np.concatenate([(start - problem.solution) @ U, np.zeros(n)]), np.zeros((2 * n, 2 * n))
    risk = np.empty(steps + 1)
    for t in range(steps + 1):
        risk[t] = problem.floor + 0.5 * (h * (mean[:n] ** 2 + np.diag(V)[:n])).sum()
        mean, V = step @ mean, step @ V @ step.T + kick
    return risk
