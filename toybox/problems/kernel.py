"""RBF-kernel binary classification: a linear model without bias on the rows of K = exp(-|a - b|^2 / (2 sigma^2)).

Predictions are linear in theta, so along a line the logits are z0 + s z1: two products buy the whole line. A step is
three products with the batch's rows of K (z0, gradient, z1) and one gather of those rows.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from .. import sampling
from ..lines import CompositeLine, along, examples
from ..losses import LOSSES
from ..xp import Array, lazy, namespace
from ..xp import dtype as dtype_of
from .checks import at_least, finite_array, option, scalar

STORED, BLOCK = 8 << 30, 1 << 26  # bytes of K kept at most by storage="auto"; bytes of rows computed at once


class KernelClassifier:
    """Logistic, squared-hinge (one output) or softmax (two outputs) loss of K theta (Vaswani et al. 2019, section 7.3).

    X: (n, features), y: (n,) in {0, 1}; test = (X, y) adds ``accuracy``. theta: (outputs * n,), W (outputs, n) in C
    order. storage: "full" keeps K (n, n) in the problem's dtype, "tiles" computes rows when they are needed, "auto"
    keeps K where it takes at most ``memory`` bytes. First iterate: uniform(-1, 1) / sqrt(n).

    Products with all of K are one call for all lanes; their last bits may differ from a lane's solo run. Everything on
    batches is bit-equal.
    """

    whole_to_rounding = True  # declared for the law that lanes are single runs

    def __init__(
        self,
        X,
        y,
        sigma,
        test=None,
        outputs=1,
        loss=None,
        storage="auto",
        *,
        memory=STORED,
        backend="numpy",
        dtype="float64",
        line="closed",
        groups=None,
    ):
        X, y = finite_array("X", X), labels(y)
        if X.ndim != 2 or len(X) != len(y) or not len(X):
            raise ValueError(
                f"X of shape {X.shape} and y of shape {y.shape} do not fit; accepted: X (n, features), y (n,)"
            )
        self.outputs = option("outputs", outputs, 1, 2)
        loss = (
            ("logistic" if outputs == 1 else "softmax") if loss is None or (loss, outputs) == ("logistic", 2) else loss
        )
        self.loss = LOSSES[option("loss", loss, *(("logistic", "squared_hinge") if outputs == 1 else ("softmax",)))]
        self.sigma, self.size, self.dim = scalar("sigma", sigma, "(0, inf)"), len(X), len(X) * outputs
        self.xp, self.line = namespace(backend), option("line", line, "closed", "generic")
        self.dtype = dtype_of(self.xp, dtype)
        self._itemsize = 4 if dtype == "float32" else 8
        self.X, self.y = X, y
        self._y = self._array(self.loss.targets(np.append(y, [0, 1]))[:-2])
        full = self._itemsize * self.size**2
        self.storage = option("storage", storage, "auto", "full", "tiles")
        if storage == "auto":
            self.storage = "full" if full <= at_least("memory", memory, 0) else "tiles"
        self._K = self._array(rbf(X, X, self.sigma, self._numpy_dtype)) if self.storage == "full" else None
        self.test = None
        if test is not None:
            self.test = finite_array("test X", test[0], (len(test[1]), X.shape[1])), labels(test[1])
        self.sample_bytes = self._itemsize * self.size
        self.population = slice(None)

    def _array(self, x) -> Array:
        return self.xp.asarray(np.ascontiguousarray(x), dtype=self.dtype)

    @property
    def _numpy_dtype(self):
        return np.float32 if self._itemsize == 4 else np.float64

    def initial(self, seeds) -> Array:
        bound = self.size**-0.5
        return self._array(np.stack([sampling.generator(seed).uniform(-bound, bound, self.dim) for seed in seeds]))

    def draw(self, seeds, t, j, size, how="epochs"):
        return sampling.draw(how, seeds, t, j, size, self.size)

    def at(self, theta, sample) -> KernelPoint | WholePoint:
        return WholePoint(self, theta) if isinstance(sample, slice) else KernelPoint(self, theta, sample)

    def rows(self, sample) -> Array:
        """Rows of K: (*lanes, b) -> (*lanes, b, n)."""
        if self._K is not None:
            return self.xp.take_rows(self._K, sample)
        index = self.xp.to_host(sample)
        tile = rbf(self.X[index.ravel()], self.X, self.sigma, self._numpy_dtype)
        return self._array(tile.reshape(*index.shape, self.size))

    def product(self, vectors: Array) -> Array:
        """K v for each of the vectors (m, n) -> (m, n), reading K once: all use a block of rows while it is cached."""
        return self._product(vectors, None)

    def _product(self, vectors, X):
        """Products of the kernel between ``X`` (None: the training rows) and the training rows with vectors (m, n)."""
        if X is None and self._K is not None:
            return self.xp.products(self._K, vectors)
        xp, X, parts = self.xp, self.X if X is None else X, []
        block = max(16, BLOCK // (self._itemsize * self.size))
        for start in range(0, len(X), block):
            tile = self._array(rbf(X[start : start + block], self.X, self.sigma, self._numpy_dtype))
            parts.append(xp.matmul(tile, vectors.mT).mT)
        return xp.concat(parts, axis=-1)

    @lazy
    def square(self):
        """K K (n, n), for predictions along gradients of batches; None where K is not stored."""
        return None if self._K is None else self.xp.matmul(self._K, self._K.mT)  # K is symmetric: half the work

    def logits(self, theta, X=None) -> Array:
        """Predictions for all training rows (or the rows of X): theta (*lanes, dim) -> (*lanes, rows[, outputs])."""
        xp = self.xp
        flat = self._product(xp.reshape(theta, (-1, self.size)), X)
        z = xp.reshape(flat, (*theta.shape[:-1], self.outputs, flat.shape[-1]))
        return z[..., 0, :] if self.outputs == 1 else z.mT

    def accuracy(self, theta) -> Array:
        """Fraction of test rows classified correctly, theta (*lanes, dim) -> (*lanes,). A tie counts as class 0."""
        if self.test is None:
            raise ValueError("test=None: this problem has no test set; pass test=(X, y)")
        X, y = self.test
        if self._K_test is not None:
            z = self.xp.matmul(self._K_test, self.xp.reshape(theta, (-1, self.size)).mT).mT
            z = self.xp.reshape(z, (*theta.shape[:-1], self.outputs, len(X)))
            z = z[..., 0, :] if self.outputs == 1 else z.mT
        else:
            z = self.logits(theta, X)
        positive = z > 0 if self.outputs == 1 else z[..., 1] > z[..., 0]
        right = positive == (self.xp.asarray(y) > 0)
        return self.xp.rowsum(self.xp.astype(right, self.dtype)) / len(y)

    @lazy
    def _K_test(self):
        """The kernel between test and training rows, where it takes no more than a tenth of what K may take."""
        X = self.test[0]  # type: ignore[index]
        small = self._itemsize * len(X) * self.size <= STORED / 10
        return self._array(rbf(X, self.X, self.sigma, self._numpy_dtype)) if small and self.storage == "full" else None


class KernelPoint:
    """theta on a batch: keeps the rows K_B (*lanes, b, n) and the logits z0; the line adds one product."""

    def __init__(self, problem: KernelClassifier, theta: Array, sample, rows=None, y=None):
        self.problem, self.theta, self.sample = problem, theta, sample
        self._K = problem.rows(sample) if rows is None else rows
        self._y = problem.xp.take_rows(problem._y, sample) if y is None else y

    def _product(self, v):
        """K_B v: (*lanes, dim) -> (*lanes, b[, outputs])."""
        xp, p = self.problem.xp, self.problem
        if p.outputs == 1:
            return xp.matmul(self._K, v[..., None])[..., 0]
        return xp.matmul(self._K, xp.reshape(v, (*v.shape[:-1], p.outputs, p.size)).mT)

    def _pull(self, r):
        """K_B' r / b: (*lanes, b[, outputs]) -> (*lanes, dim)."""
        xp, p, b = self.problem.xp, self.problem, self._K.shape[-2]
        if p.outputs == 1:
            return xp.matmul((r / b)[..., None, :], self._K)[..., 0, :]
        g = xp.matmul((r / b).mT, self._K)
        return xp.reshape(g, (*g.shape[:-2], p.dim))

    @lazy
    def _z(self):
        return self._product(self.theta)

    @lazy
    def value(self):
        loss = self.problem.loss.value(self.problem.xp, self._z, self._y)
        return self.problem.xp.rowsum(loss) / loss.shape[-1]

    @lazy
    def gradient(self):
        return self._pull(self.problem.loss.residual(self.problem.xp, self._z, self._y))

    def gradient_logits(self):
        """Predictions of the gradient for all training rows (*lanes, n[, outputs]): K (K_B' r) / b = (K K)_B' r / b.

        One gather of rows of K K in place of a product with all of K, after K K was computed once. Raises
        ``ValueError`` where K is not stored.
        """
        xp, p = self.problem.xp, self.problem
        if p.square is None:
            raise ValueError("storage='tiles' keeps no K, so there is no K K; accepted: storage='full'")
        r = self.problem.loss.residual(xp, self._z, self._y) / self._K.shape[-2]
        rows = xp.take_rows(p.square, self.sample)
        if p.outputs == 1:
            return xp.matmul(r[..., None, :], rows)[..., 0, :]
        return xp.matmul(r.mT, rows).mT

    def hvp(self, v):
        return self._pull(self.problem.loss.bend(self.problem.xp, self._z, self._y, self._product(v)))

    def _at(self, d, s):
        return KernelPoint(self.problem, self.theta + s[..., None] * d, self.sample, self._K, self._y)

    def closed(self, d):
        value0, slope0 = self.value, self.problem.xp.vecdot(self.gradient, d)
        loss = self.problem.loss
        return CompositeLine(
            self.problem.xp, loss, self._z, self._product(d), self._y, partial(self._at, d), value0, slope0
        )

    along, examples = along, examples


class WholePoint(KernelPoint):
    """theta on the whole data set: no rows are gathered, and the predictions are carried along a line (z0 + s z1)."""

    def __init__(self, problem: KernelClassifier, theta: Array, z=None):
        self.problem, self.theta, self.sample, self._y = problem, theta, problem.population, problem._y
        if z is not None:
            self.__dict__["_z"] = z  # known already: the cached property is not computed again

    def _product(self, v):
        return self.problem.logits(v)

    def _pull(self, r):
        """K' r / n; K is symmetric, so this is a product like any other."""
        xp, p = self.problem.xp, self.problem
        if p.outputs == 1:
            return p.logits(r / p.size)
        lanes = r.shape[:-2]
        flat = p.product(xp.reshape((r / p.size).mT, (-1, p.size)))
        return xp.reshape(flat, (*lanes, p.dim))

    def _at(self, d, s):
        return WholePoint(self.problem, self.theta + s[..., None] * d)

    def closed(self, d, z1=None):
        """z1: the predictions of d, where they are known already."""
        xp, problem = self.problem.xp, self.problem
        if z1 is not None:
            z0 = self._z
        elif "_z" in self.__dict__:
            z0, z1 = self._z, self._product(d)
        else:  # both products in one pass over K
            both = problem.logits(xp.stack([self.theta + 0 * d, d]))
            z0, z1 = both[0, ...], both[1, ...]
            self.__dict__["_z"] = z0

        def at(s):
            steps = s[..., None] if problem.outputs == 1 else s[..., None, None]
            return WholePoint(problem, self.theta + s[..., None] * d, z0 + steps * z1)

        return CompositeLine(xp, problem.loss, z0, z1, self._y, at)


def rbf(A: np.ndarray, B: np.ndarray, sigma: float, dtype=np.float64) -> np.ndarray:
    """exp(-|a - b|^2 / (2 sigma^2)) for rows a of A (m, p), b of B (n, p): (m, n), computed in float64 by blocks."""
    a, b = (A * A).sum(axis=1), (B * B).sum(axis=1)
    out, block = np.empty((len(A), len(B)), dtype), max(1, (1 << 25) // max(1, 8 * len(B)))
    for start in range(0, len(A), block):
        rows = slice(start, start + block)
        square = A[rows] @ B.T
        square *= -2
        square += a[rows, None]
        square += b
        np.maximum(square, 0, out=square)
        square *= -1 / (2 * sigma**2)
        np.exp(square, out=square)
        out[rows] = square
    return out


def labels(y) -> np.ndarray:
    """Class labels as integers (n,). Raises ``ValueError`` for anything but 0 and 1."""
    y = finite_array("y", y)
    wrong = np.unique(y[(y != 0) & (y != 1)])
    if y.ndim != 1 or wrong.size:
        shown = f"the label {wrong[0]:g}" if wrong.size else f"shape {y.shape}"
        raise ValueError(f"y has {shown}; accepted: labels 0 and 1 of shape (n,)")
    return y.astype(np.int64)
