"""Matrix factorization: the mean over batch and outputs of (W2 W1 x - y)^2, and its linear "true model" W x.

Along a line the prediction is a polynomial of degree 2 in s, so the loss is an exact quartic (a parabola for the true
model): R + s A + s^2 C with the residual R = W2 W1 x - y.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from .. import sampling
from ..calls import remembered
from ..given import finite_array
from ..lines import PolynomialLine, along, examples
from ..meeting import shared
from ..xp import Array, dtype_name, lazy, namespace
from ..xp import dtype as dtype_of
from .checks import as_made, at_least, option, seal


class Factorization:
    """L_i(theta) = mean over outputs of (W2 W1 x_i - y_i)^2 (Vaswani et al. 2019, sec. 7.2; dissertation, fig. 4.14).

    X: (n, inputs), Y: (n, outputs); rows are samples. rank k: theta = [W1.ravel(), W2.ravel()] with W1 (k, inputs) and
    W2 (outputs, k) in C order; rank None: the linear "true model", theta = W.ravel() with W (outputs, inputs).
    test = (X, Y) adds ``test_loss``. First iterate: uniform(-1, 1) / sqrt(fan in) for each matrix.
    """

    __repr__ = as_made

    @remembered
    def __init__(self, X, Y, rank=None, test=None, *, backend="numpy", dtype="float64", line="closed"):
        self.xp, self.line = namespace(backend), option("line", line, "closed", "generic")
        self.dtype = dtype_of(self.xp, dtype)
        given = partial(finite_array, dtype=dtype_name(self.dtype))
        X, Y = given("X", X), given("Y", Y)
        if X.ndim != 2 or Y.ndim != 2 or len(X) != len(Y) or 0 in (*X.shape, *Y.shape):
            raise ValueError(
                f"X of shape {X.shape} and Y of shape {Y.shape} do not fit; accepted: X (n, inputs), Y (n, outputs)"
            )
        self.X, self.Y, self.rank = X, Y, None if rank is None else at_least("rank", rank, 1)
        (self.size, self.inputs), self.outputs = X.shape, Y.shape[1]
        self.dim = self.outputs * self.inputs if rank is None else self.rank * (self.inputs + self.outputs)
        self._X, self._Y = self._array(X), self._array(Y)
        self.test = None
        if test is not None:
            held_out = given("test Y", test[1], (len(test[0]), self.outputs))
            self.test = given("test X", test[0], (len(held_out), self.inputs)), held_out
        self.sample_bytes = 8 * (self.inputs + self.outputs)
        self.population = slice(None)
        seal(self)

    def _array(self, x) -> Array:
        return self.xp.asarray(np.ascontiguousarray(x), dtype=self.dtype)

    @property
    def _floats(self) -> tuple[np.ndarray, np.ndarray]:
        return np.asarray(self.X, np.float64), np.asarray(self.Y, np.float64)

    @lazy
    def floor(self) -> float:
        """The smallest reachable training loss: what the best rank-k fit leaves of Y (reduced-rank regression)."""
        X, Y = self._floats
        fit = X @ np.linalg.lstsq(X, Y, rcond=None)[0]
        tail = np.linalg.svd(fit, compute_uv=False)[self.rank or self.outputs :]
        return float((((Y - fit) ** 2).sum() + (tail**2).sum()) / Y.size)

    @lazy
    def condition(self) -> float:
        """The measured condition number of the least-squares map from X to Y."""
        X, Y = self._floats
        singular = np.linalg.svd(np.linalg.lstsq(X, Y, rcond=None)[0], compute_uv=False)
        return float(singular[0] / singular[min(self.inputs, self.outputs) - 1])

    def initial(self, seeds) -> Array:
        shapes = (
            [(self.outputs, self.inputs)]
            if self.rank is None
            else [(self.rank, self.inputs), (self.outputs, self.rank)]
        )
        rows = []
        for seed in seeds:
            rng = sampling.generator(seed)
            rows.append(np.concatenate([rng.uniform(-1, 1, shape).ravel() / shape[1] ** 0.5 for shape in shapes]))
        return self._array(np.stack(rows))

    @property
    def blocks(self) -> dict[str, slice]:
        """Where the matrices lie in theta."""
        cut = (self.rank or 0) * self.inputs
        rest = slice(cut, self.dim)
        return {"W": rest} if self.rank is None else {"W1": slice(0, cut), "W2": rest}

    def draw(self, seeds, t, j, size, how="epochs"):
        return sampling.draw(how, seeds, t, j, size, self.size)

    def at(self, theta, sample) -> FactorizationPoint:
        return FactorizationPoint(self, theta, sample)

    def rows(self, sample) -> tuple[Array, Array]:
        """X and Y of a sample (*lanes, b): (*lanes, b, inputs) and (*lanes, b, outputs); of all data, as they are."""
        if isinstance(sample, slice):
            return self._X, self._Y
        return self._taken(sample)

    def _taken(self, sample) -> tuple[Array, Array]:
        take, key = self.xp.take_rows, (sample.shape, sample)
        X = shared(lambda: take(self._X, sample), self, "X", *key)
        return X, shared(lambda: take(self._Y, sample), self, "Y", *key)

    def beside(self, problems: Sequence[Factorization]) -> Beside:
        """These problems of one shape as one."""
        return Beside(problems)

    def matrices(self, theta) -> tuple[Array, Array | None]:
        """W1 (*lanes, rank, inputs) and W2 (*lanes, outputs, rank), views of theta; W and None for the true model."""
        lanes = theta.shape[:-1]
        if self.rank is None:
            return self.xp.reshape(theta, (*lanes, self.outputs, self.inputs)), None
        cut = self.rank * self.inputs
        return (
            self.xp.reshape(theta[..., :cut], (*lanes, self.rank, self.inputs)),
            self.xp.reshape(theta[..., cut:], (*lanes, self.outputs, self.rank)),
        )

    def test_loss(self, theta) -> Array:
        """Mean squared error on the test set, theta (*lanes, dim) -> (*lanes,). Raises ``ValueError`` without one."""
        if self.test is None:
            raise ValueError("test=None: this problem has no test set; pass test=(X, Y)")
        held_out = Factorization(*self.test, self.rank, backend=self.xp.name, dtype=dtype_name(self.dtype))
        return held_out.at(theta, held_out.population).value


class Beside(Factorization):
    """Problems of one shape, one for every lane along the first axis: a run with seeds = (s_0, s_1, ...) walks with s_i
    on the i-th of them, bit for bit as on that one alone."""

    def __init__(self, problems: Sequence[Factorization]):
        first = problems[0]
        self.__dict__.update(first.__dict__)
        each = {id(problem): problem for problem in problems}
        number = {one: i for i, one in enumerate(each)}
        self.first = self.xp.asarray(np.array([number[id(problem)] * first.size for problem in problems]))  # row
        self._X, self._Y = (self.xp.concat([getattr(p, name) for p in each.values()]) for name in ("_X", "_Y"))
        self.population = self.xp.arange(first.size)
        self.test = None

    def rows(self, sample) -> tuple[Array, Array]:
        lanes = max(sample.ndim - 1, 1)
        return self._taken(sample + self.xp.reshape(self.first, (-1, *[1] * lanes)))


class FactorizationPoint:
    """theta on a batch: keeps P = W1' W2' (*lanes, inputs, outputs) and the residuals R = X P - Y (*lanes, b, outputs).

    Everything beyond R goes through P: the loss's derivative by it is G = 2 X' R / (b outputs), and the chain rule ends
    in products of small matrices.
    """

    def __init__(self, problem: Factorization, theta: Array, sample):
        self.problem, self.theta, self.sample = problem, theta, sample
        xp = problem.xp
        X, Y = problem.rows(sample)
        self._X, self._scale = X, 1.0 / xp.whole(X.shape[-2] * problem.outputs)
        self._W1, self._W2 = W1, W2 = problem.matrices(theta)
        self._R = xp.matmul(X, W1.mT if W2 is None else xp.matmul(W1.mT, W2.mT)) - Y

    @lazy
    def value(self):
        R = self.problem.xp.flat(self._R)
        return self.problem.xp.vecdot(R, R) * self._scale

    @lazy
    def _G(self):
        return 2 * self._scale * self.problem.xp.matmul(self._X.mT, self._R)

    @lazy
    def gradient(self):
        return self._chain(self._G, self._W1, self._W2)

    def _chain(self, G, W1, W2):
        """The gradient by theta (*lanes, dim) where the derivative by P is G."""
        xp, G = self.problem.xp, G.mT
        if W2 is None:
            return xp.flat(G)
        return xp.concat([xp.flat(xp.matmul(W2.mT, G)), xp.flat(xp.matmul(G, W1.mT))], axis=-1)

    def _turn(self, d):
        """M and N of P(s) = P + s M + s^2 N along d. True model: no N."""
        xp, W1, W2 = self.problem.xp, self._W1, self._W2
        D1, D2 = self.problem.matrices(d)
        if W2 is None or D2 is None:
            return D1.mT, None
        return xp.matmul(D1.mT, W2.mT) + xp.matmul(W1.mT, D2.mT), xp.matmul(D1.mT, D2.mT)

    def hvp(self, v):
        xp, (M, _) = self.problem.xp, self._turn(v)
        bent = 2 * self._scale * xp.matmul(self._X.mT, xp.matmul(self._X, M))
        straight = self._chain(bent, self._W1, self._W2)
        return straight if self._W2 is None else straight + self._chain(self._G, *self.problem.matrices(v))

    def _at(self, d, s):
        return self.problem.at(self.theta + s[..., None] * d, self.sample)

    def closed(self, d):
        """The line as a quartic (a parabola for the true model): inner products of the parts of R(s) = R + s A + s^2 C.

        A single question is answered from R(s) - R alone: a step that asks no more saves the four coefficients.
        """
        xp, inner, flat, n = self.problem.xp, self.problem.xp.vecdot, self.problem.xp.flat, self._scale
        M, N = self._turn(d)
        slope0 = inner(self.gradient, d)

        def parts():
            return xp.matmul(self._X, M), None if N is None else xp.matmul(self._X, N)

        def quartic():
            A, C = (None if part is None else flat(part) for part in parts())
            if C is None:
                return [slope0, n * inner(A, A)]
            bend = inner(flat(self._G), flat(N))  # 2 n <R, C> = <G, N>
            return [slope0, n * inner(A, A) + bend, 2 * n * inner(A, C), n * inner(C, C)]

        def once(s):
            s = s[..., None, None]
            moved = flat(xp.matmul(self._X, s * (M if N is None else M + s * N)))
            return n * inner(moved, moved + 2 * flat(self._R))

        def examples():
            """Value at 0 and the coefficients of every example's polynomial (*lanes, b)."""
            (A, C), R, m = parts(), self._R, self.problem.outputs
            bend = inner(A, A) if C is None else inner(A, A) + 2 * inner(R, C)
            higher = [] if C is None else [2 * inner(A, C) / m, inner(C, C) / m]
            return inner(R, R) / m, [2 * inner(R, A) / m, bend / m, *higher]

        return PolynomialLine(xp, self.value, quartic, partial(self._at, d), examples, slope0, once)

    along, examples = along, examples
