"""A user's own problem in a few lines: a function of theta and sample indices."""

from __future__ import annotations

from functools import partial

import numpy as np

from .. import sampling
from ..calls import remembered
from ..given import answer, finite_array
from ..hyper import shown
from ..lines import GenericLine
from ..xp import dtype as dtype_of
from ..xp import dtype_name, lazy, namespace
from .checks import as_made, at_least, seal


class FromFunction:
    """``f(theta, index) -> (value, gradient)`` on batches of a finite sum; its lines evaluate f.

    f: theta (*lanes, dim) and an integer array ``index`` broadcastable to (*lanes, b) to value (*lanes,) and gradient
    (*lanes, dim), the mean over the batch. samples(theta, index), optional: values and gradients of every example,
    (*lanes, b) and (*lanes, b, dim), for methods that estimate noise. start: seed -> (dim,), optional first iterate
    (default: standard normal numbers). hvp(theta, index, v), optional: Hessian-vector product (*lanes, dim).

    In NumPy the functions get read-only arrays; on other backends they must not write into theirs. Answers are copied:
    arrays of the problem's dtype, or float64, which is rounded to it. Raises ``ValueError`` for others.
    """

    __repr__ = as_made

    @remembered
    def __init__(self, f, dim, size, *, samples=None, start=None, hvp=None, backend="numpy", dtype="float64"):
        for name, function in (("f", f), ("samples", samples), ("start", start), ("hvp", hvp)):
            if not callable(function) and not (function is None and name != "f"):
                raise ValueError(
                    f"{name}={shown(function)} is not callable; accepted: a function"
                    + (" or None" if name != "f" else "")
                )
        self.f, self.samples, self.start, self.hvp = f, samples, start, hvp
        self.dim, self.size = at_least("dim", dim, 1), at_least("size", size, 1)
        self.xp, self.line = namespace(backend), "generic"
        self.dtype = dtype_of(self.xp, dtype)
        self.population = self.xp.arange(self.size)
        seal(self)

    def initial(self, seeds):
        start = self.start or (lambda seed: sampling.generator(seed).standard_normal(self.dim))
        rows = [
            finite_array(f"start(seed) for seed={seed}", start(seed), (self.dim,), dtype_name(self.dtype))
            for seed in seeds
        ]
        return self.xp.asarray(np.stack(rows), dtype=self.dtype)

    def draw(self, seeds, t, j, size, how="epochs"):
        return sampling.draw(how, seeds, t, j, size, self.size)

    def at(self, theta, sample):
        return FunctionPoint(self, theta, sample)


class FunctionPoint:
    """theta on a batch: one call of f gives value and gradient."""

    def __init__(self, problem: FromFunction, theta, sample):
        self.problem, self.theta, self.sample = problem, theta, sample

    @property
    def _shown(self):
        """What the functions get: views that cannot be written into."""
        frozen = self.problem.xp.frozen
        return frozen(self.theta[...]), frozen(self.sample[...])

    def _pair(self, name, both, parts, *shapes):
        """The two arrays that a function answered."""
        if not isinstance(both, tuple | list) or len(both) != 2:
            raise ValueError(f"{name} returned {shown(both)}; accepted: a pair ({', '.join(parts)}) of arrays")
        xp, dtype, name = self.problem.xp, self.problem.dtype, f"{name} returned"
        return [answer(xp, both[i], shapes[i], dtype, name, parts[i]) for i in (0, 1)]

    @lazy
    def _both(self):
        shape, both = self.theta.shape, self.problem.f(*self._shown)
        return self._pair("f", both, ("value", "gradient"), shape[:-1], shape)

    @property
    def value(self):
        return self._both[0]

    @property
    def gradient(self):
        return self._both[1]

    def hvp(self, v):
        p = self.problem
        if p.hvp is None:
            raise NotImplementedError(
                "hvp=None: this problem gives no Hessian-vector products; pass hvp= to FromFunction"
            )
        product = p.hvp(*self._shown, p.xp.frozen(v[...]))
        return answer(p.xp, product, self.theta.shape, p.dtype, "hvp returned")

    def examples(self, d):
        if self.problem.samples is None:
            raise NotImplementedError(
                "samples=None: this problem gives no per-example values; pass samples= to FromFunction"
            )
        *lanes, dim = self.theta.shape
        shape = (*lanes, self.sample.shape[-1])
        both = self.problem.samples(*self._shown)
        values, gradients = self._pair("samples", both, ("values", "gradients"), shape, (*shape, dim))
        return values, self.problem.xp.vecdot(gradients, d[..., None, :])

    def _at(self, d, s):
        return self.problem.at(self.theta + s[..., None] * d, self.sample)

    def along(self, d):
        return GenericLine(self.problem.xp, self, d, partial(self._at, d))
