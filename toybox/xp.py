"""Array backends behind one name: ``xp = namespace("numpy")`` and the few things the array API lacks.

A ``Namespace`` forwards to an array-API module, binds the device of every creation function, and adds
``take_rows``, ``scatter_add``, ``to_host``, ``sigmoid`` and ``softplus``. It is resolved once per problem; rules,
directions and lines receive it and never import a backend themselves.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from importlib import import_module, metadata
from typing import Any

import numpy as np

from . import memory
from .exact import FRACTIONS, Exact, exact, fraction
from .extras import install

Array = Any  # an array of any backend; shapes stand in the docstrings

BACKENDS, FLOATS = ("numpy", "torch", "strict", "cupy", "exact"), ("float64", "float32")
PIECE = 1 << 16  # entries of a table that stay cached while all vectors use them
SAFE = {kind: float(np.finfo(kind).smallest_normal / np.finfo(kind).eps) for kind in "fd"}  # squares with all digits
_MODULES = {
    "numpy": "numpy",
    "exact": "numpy",
    "torch": "array_api_compat.torch",
    "strict": "array_api_strict",
    "cupy": "array_api_compat.cupy",
}
_INSTALL = {"torch": install("torch"), "strict": install("test"), "cupy": install("cuda12", "cuda13")}
_CREATION = ("asarray", "zeros", "ones", "full", "empty", "arange", "linspace", "eye")


class BackendError(RuntimeError):
    """The backend exists but cannot be used here; the message says what is missing."""


class OutOfMemory(BackendError, MemoryError):
    """What shall be kept does not fit where the backend keeps it; the message says what would."""


class Namespace:
    """An array namespace with its device bound. Attributes are resolved on first use and kept."""

    eager = False  # reading one flag of an array costs nothing: a branch may skip work that no lane needs
    composite: Any = None  # what ``cuda.composite`` answers, where a backend has such kernels

    def __init__(self, name: str, module: Any, device: Any = None):
        self.name, self.module, self.device = name, module, device
        if device is not None:
            for creation in _CREATION:
                setattr(self, creation, _on_device(getattr(module, creation), device))

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        value = getattr(self.module, attribute)
        self.__dict__[attribute] = value
        return value

    def __reduce__(self):
        return namespace, (self.name,)

    def __repr__(self) -> str:
        return f"namespace({self.name!r})"

    def whole(self, n: int) -> Any:
        """A whole number as one that formulas divide and raise to powers."""
        return n

    def take_rows(self, table: Array, index: Array) -> Array:
        """Rows of a table: (rows, ...) and integers (*lanes, b) give (*lanes, b, ...)."""
        flat = self.take(table, self.reshape(index, (-1,)), axis=0)
        return self.reshape(flat, (*index.shape, *table.shape[1:]))

    def scatter_add(self, index: Array, values: Array, size: int) -> Array:
        """Sums of ``values`` (*lanes, b) by ``index`` (*lanes, b) into (*lanes, size); repeated indices add up."""
        hit = self.astype(index[..., None] == self.arange(size), values.dtype)
        return self.sum(values[..., None] * hit, axis=-2)

    def products(self, table: Array, vectors: Array) -> Array:
        """Products of tables (*tables, rows, n) with vectors (m, *tables, n): (m, *tables, rows). Bit-equal for any
        company in NumPy only."""
        return self.moveaxis(self.matmul(table, self.moveaxis(vectors, 0, -1)), -1, 0)

    def sums(self, table: Array, weights: Array) -> Array:
        """Weighted sums of the rows of tables (*tables, rows, n), weights (m, *tables, rows): (m, *tables, n)."""
        return self.moveaxis(self.matmul(self.moveaxis(weights, 0, -2), table), -2, 0)

    def flat(self, x: Array) -> Array:
        """The last two axes as one: (..., m, n) -> (..., m n)."""
        return self.reshape(x, (*x.shape[:-2], -1))

    def rowsum(self, x: Array) -> Array:
        """Sum over the last axis: (..., n) -> (...)."""
        return self.sum(x, axis=-1)

    def norm(self, x: Array) -> Array:
        """Length of vectors (..., n) -> (...,), whose squares may overflow or underflow: 0 only where all of x is 0."""
        largest = self.max(self.abs(x), axis=-1, keepdims=True)
        y = x / self.divisor(largest)
        return largest[..., 0] * self.sqrt(self.vecdot(y, y))

    def divisor(self, x: Array) -> Array:
        """x with 1 in place of 0: where 0 / 0 shall be 0."""
        return self.where(x == 0, 1.0, x)

    def frozen(self, array: Array) -> Array:
        """The array, read-only from now on where the backend knows that: in NumPy."""
        return array

    def to_host(self, array: Array) -> np.ndarray:
        """The array in NumPy's memory."""
        return np.asarray(array)

    def free_memory(self) -> int | None:
        """Bytes that are available where this backend's arrays lie; None where the system does not say."""
        return memory.available()

    def sigmoid(self, z: Array) -> Array:
        """1 / (1 + exp(-z)), never overflowing."""
        small = self.exp(-self.abs(z))
        return self.where(z >= 0, 1.0 / (1.0 + small), small / (1.0 + small))

    def softplus(self, z: Array) -> Array:
        """log(1 + exp(z)), never overflowing."""
        return self.where(z > 0, z, 0.0 * z) + self.log1p(self.exp(-self.abs(z)))


class NumpyNamespace(Namespace):
    """NumPy with its own faster calls for what the array API can only compose."""

    eager = True

    def take_rows(self, table, index):
        return table.take(index, axis=0)

    def frozen(self, array):
        if isinstance(array, np.ndarray):  # a sample may be a slice
            array.setflags(write=False)
        return array

    def products(self, table, vectors):
        """Each vector by itself, so that a product's bits do not depend on its company, and with four rows at a time,
        which stay cached for the next vector: three cost little more than one; 64 about 2.5 times a single call."""
        *lanes, rows, n = table.shape
        fours, columns = rows // 4 * 4, np.ascontiguousarray(np.moveaxis(vectors, 0, -2))[..., None]
        most = table[..., :fours, :].reshape(*lanes, fours // 4, 1, 4, n) @ columns[..., None, :, :, :]
        most = most[..., 0].swapaxes(-3, -2).reshape(*columns.shape[:-2], fours)  # from (*tables, fours / 4, m, 4)
        rest = (table[..., None, fours:, :] @ columns)[..., 0]
        return np.moveaxis(np.concatenate([most, rest], axis=-1), -2, 0)

    def sums(self, table, weights):
        """Likewise, with as many columns at a time as stay cached."""
        rows, n = table.shape[-2:]
        each, wide = np.ascontiguousarray(np.moveaxis(weights, 0, -2))[..., None, :], max(16, PIECE // (rows or 1))
        found = np.empty((*each.shape[:-2], 1, n), table.dtype)
        for part in slices(n, wide):
            np.matmul(each, table[..., None, :, part], out=found[..., part])
        return np.moveaxis(found[..., 0, :], -2, 0)

    def rowsum(self, x):
        return np.add.reduce(x, -1)

    # array methods are two to three times faster than NumPy's functions of the same name on the arrays of one lane
    reshape, astype = staticmethod(np.ndarray.reshape), staticmethod(np.ndarray.astype)

    def any(self, x, **axis):
        return np.any(x, **axis) if axis else np.count_nonzero(x) > 0  # a fourth of the time

    def all(self, x, **axis):
        return np.logical_and.reduce(x, **axis) if axis else np.count_nonzero(x) == x.size

    def norm(self, x):
        """Scaled only where squares lose digits: in other lanes it is the root of their sum, whoever stands beside."""
        squares = np.vecdot(x, x)
        safe, plain = (squares > SAFE[x.dtype.char]) & (squares < np.inf), np.sqrt(squares)
        return plain if self.all(safe) else np.where(safe, plain, super().norm(x))

    def divisor(self, x):
        return x if self.all(x) else np.where(x == 0, 1.0, x)

    def scatter_add(self, index, values, size):
        index, values = np.broadcast_arrays(index, values)
        out = np.zeros((*values.shape[:-1], size), values.dtype)
        lanes = np.indices(values.shape, sparse=True)[:-1]
        np.add.at(out, (*lanes, index), values)
        return out

    def sigmoid(self, z):
        with np.errstate(over="ignore"):  # NumPy's exp is vectorised, SciPy's expit is not
            return 1 / (1 + np.exp(-z))

    def softplus(self, z):
        return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


class ExactNamespace(NumpyNamespace):
    """Fractions in NumPy's object arrays (``exact``): whatever is not asked for as whole numbers or truth values."""

    float64 = float32 = FRACTIONS

    def whole(self, n):
        return Fraction(n)

    def asarray(self, x, dtype=None, copy=None):
        array = x if isinstance(x, np.ndarray) else np.asarray(x)
        if array.dtype.kind in "biu" if dtype is None else dtype != FRACTIONS:
            return np.array(array, dtype) if copy else np.asarray(array, dtype)
        return array if isinstance(array, Exact) and not copy else exact(array)

    def full(self, shape, value, dtype=None):
        return self.asarray(np.full(shape, value, object), dtype=dtype or object)

    def zeros(self, shape, dtype=None):
        return self.full(shape, 0, dtype)

    def ones(self, shape, dtype=None):
        return self.full(shape, 1, dtype)

    def zeros_like(self, x, dtype=None):
        return self.zeros(x.shape, dtype or x.dtype)

    def where(self, condition, x, y):
        if any(isinstance(v, float) or getattr(v, "dtype", None) == FRACTIONS for v in (x, y)):
            x, y = (v if isinstance(v, np.ndarray) else fraction(v) for v in (x, y))
        return np.where(condition, x, y)

    def finfo(self, dtype):
        """That of float64: what a search that ends at rounding may take for it."""
        return np.finfo(np.float64)

    divisor = Namespace.divisor

    def norm(self, x):
        return np.sqrt(np.vecdot(x, x))


class CupyNamespace(Namespace):
    def composite(self, loss, what, z0, z1, y, s):
        from .cuda import composite

        return composite(self.module, loss, what, z0, z1, y, s)

    def norm(self, x):
        return _length(self.module)(x, axis=-1)  # one launch

    def to_host(self, array):
        return self.module.asnumpy(array)

    def free_memory(self):
        """The device's, and what CuPy's pool holds for reuse."""
        return self.module.cuda.runtime.memGetInfo()[0] + self.module.get_default_memory_pool().free_bytes()


@cache
def _length(cupy: Any) -> Any:
    return cupy.ReductionKernel("T x", "T y", "fabs(x)", "hypot(a, b)", "y = a", "0", "length")


def _on_device(creation, device):
    def bound(*args, **kwargs):
        return creation(*args, **{"device": device, **kwargs})

    return bound


def namespace(name: str = "numpy") -> Namespace:
    """The array namespace of a backend. Raises ``ValueError`` for an unknown name, ``BackendError`` where the backend
    is not installed or has no device."""
    if not isinstance(name, str) or name not in BACKENDS:
        raise ValueError(
            f"backend={name!r} is unknown{near(name, BACKENDS)}; accepted: {', '.join(map(repr, BACKENDS))}"
        )
    return _resolved(name)


@cache
def _resolved(name: str) -> Namespace:
    wheels = wheels_of_cupy() if name == "cupy" else []
    if len(wheels) > 1:
        raise BackendError(
            f"backend='cupy' finds {' and '.join(wheels)} installed, which overwrite each other's files; uninstall "
            f"them all, and then: {install('cuda12', 'cuda13')}"
        )
    try:
        module = import_module(_MODULES[name])
    except ImportError as missing:
        if wheels:
            raise BackendError(
                f"backend='cupy': {wheels[0]} is installed and cannot be loaded: {_line(missing)}"
            ) from missing
        raise BackendError(
            f"backend={name!r} needs a package that is not installed ({missing.name}): {_INSTALL[name]}"
        ) from missing
    if name in ("numpy", "exact"):
        return (NumpyNamespace if name == "numpy" else ExactNamespace)(name, module)
    if name == "strict":  # device1 refuses every silent conversion to NumPy
        return StrictNamespace(name, module, module.Device("device1"))
    if name == "cupy":
        _refuse_unusable(module, wheels)
        return CupyNamespace(name, module)
    return Namespace(name, module)


def wheels_of_cupy() -> list[str]:
    """The installed distributions of CuPy; they exclude each other."""
    found = []
    for wheel in ("cupy-cuda11x", "cupy-cuda12x", "cupy-cuda13x", "cupy"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found.append(f"{wheel} {metadata.version(wheel)}")
    return found


def _refuse_unusable(module: Any, wheels: list[str]) -> None:
    """Raises ``BackendError`` where CuPy has no device, wants a newer CUDA than the driver's, or cannot compile."""
    if not module.is_available():
        runtime = import_module("cupy").cuda.runtime
        driver, wanted = runtime.driverGetVersion(), runtime.runtimeGetVersion()
        if 0 < driver // 1000 < wanted // 1000:
            remedy = f"uninstall it, and then: {install('cuda12')}" if driver >= 12000 else "update the driver"
            raise BackendError(
                f"backend='cupy': {wheels[0] if wheels else 'CuPy'} needs a driver for CUDA {wanted // 1000}, and this "
                f"machine's knows CUDA up to {driver // 1000}.{driver % 1000 // 10}; {remedy}"
            )
        raise BackendError("backend='cupy' finds no CUDA device; use backend='numpy' or a machine with a GPU")
    try:
        module.asarray([1.0]) + 1.0  # compiles and launches a kernel
    except Exception as failure:
        raise BackendError(
            f"backend='cupy' finds a CUDA device and cannot use it: {_line(failure)}; what brings the "
            f"libraries of CUDA along: {install('cuda12', 'cuda13')}"
        ) from failure


def _line(error: BaseException) -> str:
    """An error's message as one line of at most 200 characters."""
    return " ".join(str(error).split())[:200] or type(error).__name__


class StrictNamespace(Namespace):
    def to_host(self, array):
        return np.asarray(self.module.asarray(array, device=self.module.Device("CPU_DEVICE"), copy=True))


class lazy:
    """A property computed on first use and kept, as functools.cached_property without its lock (half its time). An
    array of NumPy's is read-only: whoever looks at it cannot change it for the others."""

    def __init__(self, compute):
        self.compute, self.__doc__ = compute, compute.__doc__

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        value = instance.__dict__[self.name] = self.compute(instance)
        if type(value) is np.ndarray:
            value.setflags(write=False)
        return value


def dtype(xp: Namespace, name: str) -> Any:
    """The floating dtype of a backend by name: "float64" or "float32"."""
    if not isinstance(name, str) or name not in FLOATS:
        raise ValueError(f"dtype={name!r} is unknown{near(name, FLOATS)}; accepted: {', '.join(map(repr, FLOATS))}")
    return getattr(xp, name)


def dtype_name(kind: Any) -> str:
    """The name of a backend's dtype: "float64"."""
    return getattr(kind, "__name__", str(kind)).split(".")[-1]


def near(name: Any, known: Iterable[Any]) -> str:
    """A near miss for an error message: "; did you mean 'sls'?" or nothing."""
    close = difflib.get_close_matches(str(name), [str(k) for k in known], n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def column(hyper: Array) -> Array:
    """A hyper-parameter (a number, or an array over lanes) ready to multiply vectors of shape (*lanes, dim)."""
    return hyper[..., None] if getattr(hyper, "ndim", 0) else hyper


def slices(n: int, many: int) -> list[slice]:
    """0 .. n - 1 as slices of at most ``many``."""
    return [slice(start, min(start + many, n)) for start in range(0, n, many)]
