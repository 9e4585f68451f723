"""The named problems: generators with the settings that the documents publish (``tb.problem(name, **options)``).

All of them accept backend, dtype ("float64" or "float32") and line ("closed" or "generic").
"""

from __future__ import annotations

from math import inf

import numpy as np

from ..hyper import is_whole, shown
from ..sampling import generator
from ..xp import dtype as dtype_of
from ..xp import namespace
from .checks import at_least, option, scalar
from .data import Dataset
from .data import digits as load_digits
from .data import ijcnn1 as load_ijcnn1
from .data import mushrooms as load_mushrooms
from .data import split as split_rows
from .factorization import Factorization
from .function import FromFunction
from .kernel import STORED, KernelClassifier
from .misfire import misfire as make_misfire
from .network import Network
from .quadratic import NoisyQuadratic


def _seed(data_seed: int, bits: int = 63) -> int:
    """A seed of so many bits: a generator takes no more of one, or gives two seeds the same data."""
    if not is_whole(data_seed, 0) or data_seed >= 2**bits:
        raise ValueError(
            f"data_seed={shown(data_seed)} is not accepted; accepted: a whole number of at least 0, below 2^{bits}"
        )
    return int(data_seed)


def _generator(data_seed: int) -> np.random.Generator:
    return generator(_seed(data_seed))


def _spectrum(name: str, dim: int, condition: float) -> np.ndarray:
    """Eigenvalues from 1 down to 1 / condition; "inverse" is 1/i and ignores the condition."""
    option("spectrum", name, "log", "linear", "inverse")
    if name == "inverse":
        return 1 / np.arange(1.0, dim + 1)
    return np.geomspace(1, 1 / condition, dim) if name == "log" else np.linspace(1, 1 / condition, dim)


def quadratic(dim=10, size=100, *, condition=100.0, spectrum="log", common=False, spread=1.0, data_seed=0, **options):
    """Noisy quadratics with a chosen spectrum: one common Q, or Q_i of Wishart type whose mean is that Q.

    spread: distance of the minimisers m_i from their centre, in standard deviations per coordinate; 0 is interpolation.
    """
    dim, size = at_least("dim", dim, 1), at_least("size", size, 1)
    condition, spread = scalar("condition", condition, "[1, inf)"), scalar("spread", spread, "[0, inf)")
    rng, h = _generator(data_seed), _spectrum(spectrum, dim, condition)
    U = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    root = U * np.sqrt(h)
    Q = root @ root.T
    if not option("common", common, True, False):
        W = rng.standard_normal((size, dim, 2 * dim)) / (2 * dim) ** 0.5
        Q = root @ (W @ np.swapaxes(W, 1, 2)) @ root.T
    centre = rng.standard_normal(dim)
    return NoisyQuadratic(Q, centre + spread * rng.standard_normal((size, dim)), **options)


def paths(size=100, *, data_seed=0, **options):
    """Two-dimensional quadratics with normally distributed parameters, one drawn per step (dissertation, fig. 2.6).

    Q_i = A_i A_i' with the entries of A_i and m_i standard normal, the second coordinate of A_i shrunk to a quarter.
    """
    rng = _generator(data_seed)
    A = rng.standard_normal((at_least("size", size, 1), 2, 2)) * np.array([1.0, 0.25])[:, None]
    return NoisyQuadratic(A @ np.swapaxes(A, 1, 2), rng.standard_normal((size, 2)), **options)


def noisy_quadratic_model(dim=100, size=1000, *, noise=1.0, data_seed=0, **options):
    """The noisy quadratic model of Zhang et al. 2019: spectrum h_i = 1/i, gradient noise covariance noise^2 H.

    A finite population whose minimisers have mean 0 and covariance noise^2 / H to rounding (divisor D): the exact
    recursions of ``expected_risk`` hold for it.
    """
    dim, size, noise = at_least("dim", dim, 1), at_least("size", size, 2), scalar("noise", noise, "[0, inf)")
    if size <= dim:
        raise ValueError(
            f"size={size} is not accepted; accepted: more samples than dim={dim}, to have the exact covariance"
        )
    h = _spectrum("inverse", dim, 1)
    raw = _generator(data_seed).standard_normal((size, dim))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(raw.T @ raw / size)).T
    return NoisyQuadratic(np.diag(h), noise * white / np.sqrt(h), **options)


def alternating(delta=2.0, curvature=1.0, **options):
    """Two parabolas a x^2 and a (x - delta)^2 (dissertation, section 4.4.4); present them in turn with
    ``sampler=lambda t, j: numpy.array([[(t + j) % 2]])`` and batch=1."""
    curvature, delta = scalar("curvature", curvature, "(0, inf)"), scalar("delta", delta, "(-inf, inf)")
    return NoisyQuadratic(np.array([[2 * curvature]]), np.array([[0.0], [delta]]), **options)


def mirrored(flat=3 / 80, bend=inf, *, backend="numpy", dtype="float64", line="closed"):
    """Two samples with one minimiser, 0, on which the stochastic Armijo search diverges for small c: h(x) and h(-x).

    h(x) = flat x^2 / 2 for x <= 0, x^2 / 2 up to ``bend``, and straight beyond. Both are convex and 1-smooth, with
    bend=inf also flat-strongly convex. A step from x that Armijo's condition accepts on the steep side may land beyond
    -x iff c < (1 - flat) / 4 with bend=inf, and iff c < 1/2 - bend / (4 |x|) beyond the bend with flat=0 (smoothed
    hinges): a theorem by which no step leads farther away on all of these has to ask for c >= 1/2. Lines are
    evaluated, whatever ``line`` says.
    """
    xp, flat, bend = namespace(backend), scalar("flat", flat, "[0, 1]"), scalar("bend", bend, "(0, inf]")
    option("line", line, "closed", "generic")
    side = xp.asarray(np.array([1.0, -1.0]), dtype=dtype_of(xp, dtype))

    def samples(theta, index):
        sign = xp.take_rows(side, index)
        x = sign * theta
        slope = xp.where(x > 0, xp.where(x < bend, x, bend), flat * x)
        return xp.where(x > 0, slope * (x - slope / 2), slope * x / 2), (sign * slope)[..., None]

    def f(theta, index):
        values, gradients = samples(theta, index)
        return xp.rowsum(values) / values.shape[-1], xp.sum(gradients, axis=-2) / values.shape[-1]

    def hvp(theta, index, v):
        x = xp.take_rows(side, index) * theta
        curvature = xp.where(x > 0, xp.astype(x < bend, x.dtype), flat)
        return xp.rowsum(curvature)[..., None] / x.shape[-1] * v

    return FromFunction(f, 1, 2, samples=samples, hvp=hvp, backend=backend, dtype=dtype)


def factorization(rank=10, *, rows="linspace", data_seed=42, split="shuffled", **options):
    """Matrix factorization as published (Vaswani et al. 2019, section 7.2): 800 training and 200 test samples.

    rank: 1, 4, 10, ... or None, the linear true model. rows="linspace" is the published generator, which is not ill-
    conditioned (``problem.condition`` is about 16: only the last row is tiny); rows="logspace" truly is.
    """
    scale = np.linspace if option("rows", rows, "linspace", "logspace") == "linspace" else np.geomspace
    rng = np.random.RandomState(_seed(data_seed, bits=32))  # the published generator: keep its legacy stream
    A = scale(1, 1e-10, 10)[:, None] * rng.rand(10, 6)
    X = rng.randn(6, 1000).T
    Y = X @ A.T
    train, test = split_rows(len(X), shuffled=option("split", split, "shuffled", "ordered") == "shuffled")
    return Factorization(X[train], Y[train], rank, (X[test], Y[test]), **options)


def _parts(data: Dataset, rows, split, data_seed):
    """Training X and y and the test set (X, y): the 80/20 split of a data set, or of ``rows`` of its rows chosen at
    random (their order kept)."""
    X, y = data.X, data.y
    _seed(data_seed)
    if rows is not None:
        if at_least("rows", rows, 5) > len(X):
            raise ValueError(f"rows={rows} is more than the {len(X)} rows of {data.name}; accepted: 5 to {len(X)}")
        keep = np.sort(_generator(data_seed).permutation(len(X))[:rows])
        X, y = X[keep], y[keep]
    train, test = split_rows(len(X), shuffled=option("split", split, "shuffled", "ordered") == "shuffled")
    return X[train], y[train], (X[test], y[test])


def _kernel(data: Dataset, sigma, rows, split, data_seed, **options) -> KernelClassifier:
    X, y, test = _parts(data, rows, split, data_seed)
    return KernelClassifier(X, y, sigma, test, **options)


def digits(
    *, hidden=(16,), activation="tanh", loss="softmax", rows=None, split="shuffled", data_seed=0, **options
) -> Network:
    """A multilayer perceptron on 8x8 images of handwritten digits: 1437 training rows, ten classes, embedded data.

    hidden: widths of the hidden layers, a number or a list; () is multinomial logistic regression. activation: "tanh"
    or "relu". loss: "softmax", or "square" of the ten outputs against one-hot targets, then without a test set. The
    rows come from 13 writers, of whom a shuffled split puts each on both sides.
    """
    X, y, test = _parts(load_digits(), rows, split, data_seed)
    if option("loss", loss, "softmax", "square") == "square":
        return Network(X, np.eye(10)[y], hidden, activation, loss, **options)
    return Network(X, y, hidden, activation, loss, test, classes=10, **options)


def mushrooms(
    *, sigma=0.5, outputs=1, rows=None, split="shuffled", data_seed=0, storage="auto", memory=STORED, **options
):
    """RBF-kernel classification of mushrooms (Vaswani et al. 2019, section 7.3): 6499 training rows, embedded data.

    split="shuffled" gives the published 100 % test accuracy; split="ordered" is the released code's default.
    """
    return _kernel(
        load_mushrooms(), sigma, rows, split, data_seed, outputs=outputs, storage=storage, memory=memory, **options
    )


def ijcnn1(
    *,
    part="tr",
    sigma=0.05,
    outputs=1,
    rows=None,
    split="shuffled",
    data_seed=0,
    storage="auto",
    memory=STORED,
    **options,
):
    """RBF-kernel classification of ijcnn1 (Vaswani et al. 2019, section 7.3); raises ``MissingData`` without the files.

    part="tr": the 35,000-row file that the released code names (28,000 training rows); part="full": all 49,990 rows
    (39,992), which the published axis implies: 8.0 GB of kernels in float32. Rows are overlapping windows of one time
    series: a shuffled split leaks neighbours into the test set.
    """
    option("part", part, "tr", "full")
    return _kernel(
        load_ijcnn1(part), sigma, rows, split, data_seed, outputs=outputs, storage=storage, memory=memory, **options
    )


def misfire(
    *, rows=5000, sigma=0.05, outputs=1, split="shuffled", data_seed=0, storage="auto", memory=STORED, **options
):
    """RBF-kernel classification of a synthetic stand-in for ijcnn1; ``problems.misfire`` says what it imitates."""
    data = make_misfire(at_least("rows", rows, 100), _seed(data_seed))
    return _kernel(data, sigma, None, split, data_seed, outputs=outputs, storage=storage, memory=memory, **options)


def logistic(size=250, *, overlap=1.0, sigma=0.5, outputs=1, split="shuffled", data_seed=0, storage="auto", **options):
    """RBF-kernel classification of two overlapping Gaussian clouds in the plane: a minute's demonstration problem."""
    rng = _generator(data_seed)
    y = rng.integers(0, 2, at_least("size", size, 10))
    X = rng.standard_normal((size, 2)) * scalar("overlap", overlap, "[0, inf)") + np.where(y[:, None] == 1, 1.0, -1.0)
    return _kernel(
        Dataset(X, y, "logistic"), sigma, None, split, data_seed, outputs=outputs, storage=storage, **options
    )
