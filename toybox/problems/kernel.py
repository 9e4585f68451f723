"""RBF-kernel binary classification: a linear model without bias on the rows of K = exp(-|a - b|^2 / (2 sigma^2)).

Predictions are linear in theta, so along a line the logits are z0 + s z1: two products buy the whole line. A step is
three products with the batch's rows of K (z0, gradient, z1) and one gather of those rows.

K is built once, by blocks and in its final precision, on the device of the problem's backend; where it does not fit,
rows of it are computed from X when they are needed, and products with all of it tile by tile.
"""

from __future__ import annotations

from functools import cache
from math import inf, isqrt
from typing import Any
from weakref import ref

import numpy as np

from .. import sampling
from ..calls import remembered
from ..given import finite_array
from ..lines import CompositeLine, along, examples
from ..losses import LOSSES
from ..meeting import joined, shared
from ..xp import Array, Namespace, OutOfMemory, lazy, namespace, slices
from ..xp import dtype as dtype_of
from .checks import as_made, at_least, option, scalar, seal

STORED = 8 << 30  # bytes of kernels kept at most by storage="auto"
TILE, BLOCK = 1 << 26, 1 << 23  # bytes of rows kept for one product; bytes of distances computed at once
KEPT, PIECE = 16 << 20, 1 << 21  # bytes of a batch's rows above which they are not kept; of a piece of them
SPARE = 4 * TILE  # bytes left for what is computed on the way


class KernelClassifier:
    """Logistic, squared-hinge (one output) or softmax (two outputs) loss of K theta (Vaswani et al. 2019, section 7.3).

    X: (n, features), y: (n,) in {0, 1}; test = (X, y) adds ``accuracy``. theta: (outputs * n,), W (outputs, n) in C
    order. First iterate: uniform(-1, 1) / sqrt(n).

    storage: "full" keeps K (n, n) in the problem's dtype and raises ``OutOfMemory`` where there is no room for it,
    "tiles" computes rows when they are needed, "auto" keeps K where it takes at most ``memory`` bytes and there is
    room. The kernel of the test rows is kept beside K where both together do. ``needs``: bytes that K takes where it
    is kept; ``bytes``: those that the kernels kept do take. build=False: nothing is computed before it is needed.

    In NumPy a lane has the bits of its solo run. On other backends a product with all of K is one call for all lanes,
    whose last bits may differ from it.
    """

    __repr__ = as_made

    @remembered
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
        build=True,
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
        self.outputs = outputs = option("outputs", outputs, 1, 2)
        loss = (
            ("logistic" if outputs == 1 else "softmax") if loss is None or (loss, outputs) == ("logistic", 2) else loss
        )
        self.loss = LOSSES[option("loss", loss, *(("logistic", "squared_hinge") if outputs == 1 else ("softmax",)))]
        self.sigma, self.size, self.dim = width(sigma, X), len(X), len(X) * outputs
        self.xp, self.line = namespace(backend), option("line", line, "closed", "generic")
        self.dtype = dtype_of(self.xp, dtype)
        self.X, self.y = X, y
        self._X = self._features(X)
        self._y = self._array(self.loss.targets(np.append(y, [0, 1]))[:-2])
        self.test = None
        if test is not None:
            self.test = finite_array("test X", test[0], (len(test[1]), X.shape[1])), labels(test[1])
        self.sample_bytes = (4 if dtype == "float32" else 8) * self.size
        self.population = slice(None)
        self.storage, self._stores_test = self._plan(
            option("storage", storage, "auto", "full", "tiles"), at_least("memory", memory, 0)
        )
        seal(self)
        if build:
            self._K  # noqa: B018

    def _plan(self, storage: str, memory: int) -> tuple[str, bool]:
        """How K is had, and whether the kernel of the test rows is kept. Raises ``OutOfMemory``."""
        free = self.xp.free_memory()
        room = inf if free is None else free - SPARE
        if storage == "full" and self.needs > room:
            raise OutOfMemory(self._too_large(free))
        if storage == "auto":
            storage = "full" if self.needs <= min(memory, room) else "tiles"
        return storage, storage == "full" and self.needs + self._test_bytes <= min(memory, room)

    def _too_large(self, free: int | None) -> str:
        there = "more than is available"
        if free is not None:
            rows = isqrt(max(0, free - SPARE) * self.size // self.sample_bytes)
            there = f"{free / 1e9:.3g} GB are available, enough for {rows} rows"
        ways = "fewer rows, storage='tiles'" + (" or dtype='float32'" if self.dtype == self.xp.float64 else "")
        return f"K of {self.size} rows takes {self.needs / 1e9:.3g} GB, {there}; accepted: {ways}"

    @property
    def needs(self) -> int:
        return self.sample_bytes * self.size

    @property
    def bytes(self) -> int:
        return (self.needs if self.storage == "full" else 0) + (self._test_bytes if self._stores_test else 0)

    @property
    def _test_bytes(self) -> int:
        return self.sample_bytes * (0 if self.test is None else len(self.test[1]))

    @lazy
    def _K(self) -> Array | None:
        """K (n, n); None where its rows are computed when they are needed."""
        return self._stored(self._X) if self.storage == "full" else None

    @lazy
    def _K_test(self) -> Array | None:
        """The kernel between test and training rows, where it is kept."""
        return self._stored(self._test[0]) if self._stores_test else None

    def _stored(self, X: Array) -> Array:
        try:
            return self._rbf(X)
        except MemoryError as error:  # a device's is one, too
            raise OutOfMemory(self._too_large(self.xp.free_memory())) from error

    def _rbf(self, X: Array, lane: int | None = None) -> Array:
        return rbf(self.xp, X, self._X, self.sigma, self.dtype, lane)

    @lazy
    def _test(self) -> tuple[Array, Array]:
        """Features and labels (as truth values) of the test rows where the others are."""
        X, y = self.test  # type: ignore[misc]
        return self._features(X.copy()), self.xp.asarray(y > 0)

    def _features(self, X: np.ndarray) -> Array:
        return self.xp.asarray(X, dtype=self.xp.float64)

    def _array(self, x) -> Array:
        return self.xp.asarray(np.ascontiguousarray(x), dtype=self.dtype)

    def initial(self, seeds) -> Array:
        bound = self.size**-0.5
        return self._array(np.stack([sampling.generator(seed).uniform(-bound, bound, self.dim) for seed in seeds]))

    def draw(self, seeds, t, j, size, how="epochs"):
        return sampling.draw(how, seeds, t, j, size, self.size)

    def at(self, theta, sample) -> KernelPoint | WholePoint:
        return WholePoint(self, theta) if isinstance(sample, slice) else KernelPoint(self, theta, sample)

    def rows(self, sample) -> Array:
        """Rows of K: (*lanes, b) -> (*lanes, b, n)."""
        return shared(lambda: self._rows(sample), self, "rows", sample.shape, sample)

    def _rows(self, sample) -> Array:
        if self._K is not None:
            return self.xp.take_rows(self._K, sample)
        X = self.xp.take_rows(self._X, self.xp.reshape(sample, (-1,)))
        tile = self._rbf(X, sample.shape[-1] if self.xp.eager else None)
        return self.xp.reshape(tile, (*sample.shape, self.size))

    def product(self, vectors: Array) -> Array:
        """K v for each of the vectors (m, n) -> (m, n), reading K once: all use a block of rows while it is cached."""
        return self._product(vectors, None)

    @joined
    def _product(self, vectors, X):
        """Products of the kernel between ``X`` (None: the training rows) and the training rows with vectors (m, n)."""
        if X is None and self._K is not None:
            return self.xp.products(self._K, vectors)
        xp, X = self.xp, self._X if X is None else X
        if self._K_test is not None and X is self._test[0]:
            return xp.products(self._K_test, vectors)
        tiles = (self._rbf(X[rows, ...]) for rows in slices(X.shape[0], max(16, TILE // self.sample_bytes)))
        return xp.concat([xp.products(tile, vectors) for tile in tiles], axis=-1)

    @lazy
    def square(self):
        """K K (n, n), for predictions along gradients of batches; None where K is not stored."""
        return None if self._K is None else self.xp.matmul(self._K, self._K.mT)  # K is symmetric: half the work

    @joined
    def _times(self, vectors, rows):
        """Products of rows of K (*tables, b, n) with vectors (m, *tables, n): (m, *tables, b)."""
        return self.xp.products(rows, vectors)

    @joined
    def _sums(self, weights, rows):
        """Sums of rows of K (*tables, b, n) with weights (m, *tables, b): (m, *tables, n)."""
        return self.xp.sums(rows, weights)

    def logits(self, theta, X=None) -> Array:
        """Predictions for all training rows (or the rows of X): theta (*lanes, dim) -> (*lanes, rows[, outputs])."""
        return self._unflat(theta, self._product(self.xp.reshape(theta, (-1, self.size)), X))

    def _unflat(self, theta, flat) -> Array:
        """Products (m, rows) with the vectors of theta as predictions (*lanes, rows[, outputs])."""
        z = self.xp.reshape(flat, (*theta.shape[:-1], self.outputs, flat.shape[-1]))
        return z[..., 0, :] if self.outputs == 1 else z.mT

    def accuracy(self, theta) -> Array:
        """Fraction of test rows classified correctly, theta (*lanes, dim) -> (*lanes,). A tie counts as class 0."""
        if self.test is None:
            raise ValueError("test=None: this problem has no test set; pass test=(X, y)")
        X, y = self._test
        z = self.logits(theta, X)
        right = (z > 0 if self.outputs == 1 else z[..., 1] > z[..., 0]) == y
        return self.xp.rowsum(self.xp.astype(right, self.dtype)) / y.shape[0]


@cache
def arranged(vectors: tuple[int, ...], samples: tuple[int, ...]) -> tuple[tuple[int, ...], list[int], list[int]]:
    """For vectors (*lanes, outputs, ...) and samples (*lanes, b) that broadcast: their lanes, the order of axes that
    puts those with a table of their own behind the outputs, and the way back."""
    lanes = np.broadcast_shapes(vectors, samples)
    own = [len(lanes) - len(samples) + axis for axis, n in enumerate(samples) if n > 1]
    order = [axis for axis in range(len(lanes) + 1) if axis not in own] + own + [len(lanes) + 1]
    return lanes, order, np.argsort(order).tolist()


class KernelPoint:
    """theta on a batch: keeps the rows K_B (*lanes, b, n) and the logits z0; the line adds one product.

    Of a large batch no rows are kept: they are gathered for every product, in pieces that stay cached.
    """

    def __init__(self, problem: KernelClassifier, theta: Array, sample, rows=None, y=None):
        self.problem, self.theta, self.sample = problem, theta, sample
        large = problem._K is not None and sample.shape[-1] * problem.sample_bytes > KEPT
        self._K = self._rows(slice(None)) if rows is None and not large else rows
        self._y = problem.xp.take_rows(problem._y, sample) if y is None else y

    def _rows(self, part):
        """Rows of K (*tables, b, n) of this part of the batch: lanes along axes of length 1 have one table."""
        p, sample = self.problem, self.sample[..., part]
        return p.rows(p.xp.reshape(sample, (*(n for n in sample.shape[:-1] if n > 1), sample.shape[-1])))

    def _pieces(self):
        """Slices of the batch, and their rows of K."""
        p, b = self.problem, self.sample.shape[-1]
        if self._K is not None:
            return [(slice(b), self._K)]
        few = max(1, (PIECE if p.xp.eager else TILE) // p.sample_bytes)
        return ((part, self._rows(part)) for part in slices(b, few))

    def _asked(self, call, x, rows):
        """call((m, *tables, ...), rows) for x (*lanes, outputs, ...), in whose shape it answers."""
        xp = self.problem.xp
        lanes, order, back = arranged(tuple(x.shape[:-2]), tuple(self.sample.shape[:-1]))
        x = xp.permute_dims(xp.broadcast_to(x, (*lanes, *x.shape[-2:])), order)
        found = call(xp.reshape(x, (-1, *x.shape[len(order) + 1 - rows.ndim :])), rows)
        return xp.permute_dims(xp.reshape(found, (*x.shape[:-1], found.shape[-1])), back)

    def _product(self, v):
        """K_B v: (*lanes, dim) -> (*lanes, b[, outputs])."""
        xp, p = self.problem.xp, self.problem
        vectors = xp.reshape(v, (*v.shape[:-1], p.outputs, p.size))
        found = [self._asked(p._times, vectors, K) for _, K in self._pieces()]
        z = found[0] if len(found) == 1 else xp.concat(found, axis=-1)
        return z[..., 0, :] if p.outputs == 1 else z.mT

    def _pull(self, r):
        """K_B' r / b: (*lanes, b[, outputs]) -> (*lanes, dim)."""
        xp, p, r = self.problem.xp, self.problem, r / self.sample.shape[-1]
        weights = r[..., None, :] if p.outputs == 1 else r.mT  # (*lanes, outputs, b)
        found = [self._asked(p._sums, weights[..., part], K) for part, K in self._pieces()]
        return xp.flat(sum(found[1:], start=found[0]))

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
        r = self.problem.loss.residual(xp, self._z, self._y) / self.sample.shape[-1]
        rows = xp.take_rows(p.square, self.sample)
        if p.outputs == 1:
            return xp.matmul(r[..., None, :], rows)[..., 0, :]
        return xp.matmul(r.mT, rows).mT

    def hvp(self, v):
        return self._pull(self.problem.loss.bend(self.problem.xp, self._z, self._y, self._product(v)))

    def _at(self, d, s):
        return KernelPoint(self.problem, self.theta + s[..., None] * d, self.sample, self._K, self._y)

    def closed(self, d):
        """The line keeps predictions, and no rows of K: its points share those of this one while somebody else keeps
        it, and else gather them anew. A search on many batches would keep the rows of all."""
        p, theta, sample, y, kept = self.problem, self.theta, self.sample, self._y, ref(self)

        def at(s):
            point = kept()
            return KernelPoint(p, theta + s[..., None] * d, sample, None if point is None else point._K, y)

        value0, slope0 = self.value, p.xp.vecdot(self.gradient, d)
        return CompositeLine(p.xp, p.loss, self._z, self._product(d), y, at, value0, slope0)

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
            both = problem.logits(xp.stack([self.theta + xp.zeros_like(d), d]))
            z0, z1 = both[0, ...], both[1, ...]
            self.__dict__["_z"] = z0

        def walked(theta, s):
            steps = s[..., None] if problem.outputs == 1 else s[..., None, None]
            return WholePoint(problem, theta, z0 + xp.where(steps == 0, 0.0, steps * z1))

        def at(s):
            return walked(self.theta + s[..., None] * d, s)

        return CompositeLine(xp, problem.loss, z0, z1, self._y, at, walked=walked)


def rbf(xp: Namespace, A: Array, B: Array, sigma: float, dtype: Any, lane: int | None = None) -> Array:
    """exp(-|a - b|^2 / (2 sigma^2)) for rows a of A (m, p), b of B (n, p), both float64: (m, n) of ``dtype``.

    Computed in float64 by blocks of rows that stay cached, each rounded to ``dtype`` in its place. lane: so many rows
    belong together; no block has rows of two lanes, so that a lane's bits do not depend on its neighbours.
    """
    (m, _), (n, _) = A.shape, B.shape
    a, b, out = xp.rowsum(A * A), xp.rowsum(B * B), xp.empty((m, n), dtype=dtype)
    most, lane = max(1, BLOCK // (8 * n)), lane or m
    for rows in (slice(at + part.start, at + part.stop) for at in range(0, m, lane) for part in slices(lane, most)):
        square = xp.matmul(A[rows, ...], B.mT)
        square *= -2
        square += a[rows, None]
        square += b
        square = xp.maximum(square, 0.0)
        square *= -1 / (2 * sigma**2)
        out[rows, ...] = xp.astype(xp.exp(square), dtype, copy=False)
    return out


def width(sigma, X: np.ndarray) -> float:
    """A width of the kernel for which its entries are known to 1e-5: squares of distances err by 16 eps max |x|^2."""
    sigma = scalar("sigma", sigma, "(0, 1e150]")  # its square is finite
    least = max(2.0**-16 * float(np.abs(X).max(initial=0.0)) * X.shape[1] ** 0.5, 1e-150)
    if sigma < least:
        raise ValueError(
            f"sigma={sigma} is too small for rows as large as these, whose distances are lost in rounding; accepted: "
            f"at least {least:.3g}"
        )
    return sigma


def labels(y) -> np.ndarray:
    """Class labels as integers (n,). Raises ``ValueError`` for anything but 0 and 1."""
    y = finite_array("y", y)
    wrong = np.unique(y[(y != 0) & (y != 1)])
    if y.ndim != 1 or wrong.size:
        shown = f"the label {wrong[0]:g}" if wrong.size else f"shape {y.shape}"
        raise ValueError(f"y has {shown}; accepted: labels 0 and 1 of shape (n,)")
    return y.astype(np.int64)
