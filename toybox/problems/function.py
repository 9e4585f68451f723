"""A user's own problem in a few lines: a function of theta and sample indices."""

from __future__ import annotations

from functools import partial

import numpy as np

from .. import sampling
from ..hyper import shown
from ..lines import GenericLine
from ..xp import dtype as dtype_of
from ..xp import lazy, namespace
from .checks import as_made, at_least, finite_array


class FromFunction:
    """``f(theta, index) -> (value, gradient)`` on batches of a finite sum; its lines evaluate f.

    f: theta (*lanes, dim) and an integer array ``index`` broadcastable to (*lanes, b) to value (*lanes,) and gradient
    (*lanes, dim), the mean over the batch. samples(theta, index), optional: values and gradients of every example,
    (*lanes, b) and (*lanes, b, dim), for methods that estimate noise. start: seed -> (dim,), optional first iterate
    (default: standard normal numbers). hvp(theta, index, v), optional: Hessian-vector product (*lanes, dim).
    """

    __repr__ = as_made

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

    def initial(self, seeds):
        rows = [
            self.start(seed) if self.start else sampling.generator(seed).standard_normal(self.dim) for seed in seeds
        ]
        rows = [finite_array("start(seed)", row, (self.dim,)) for row in rows]
        return self.xp.asarray(np.stack(rows), dtype=self.dtype)

    def draw(self, seeds, t, j, size, how="epochs"):
        return sampling.draw(how, seeds, t, j, size, self.size)

    def at(self, theta, sample):
        return FunctionPoint(self, theta, sample)


class FunctionPoint:
    """theta on a batch: one call of f gives value and gradient."""

    def __init__(self, problem: FromFunction, theta, sample):
        self.problem, self.theta, self.sample = problem, theta, sample

    @lazy
    def _both(self):
        both, wanted = self.problem.f(self.theta, self.sample), (self.theta.shape[:-1], self.theta.shape)
        if not isinstance(both, tuple | list) or len(both) != 2:
            raise ValueError(f"f returned {shown(both)}; accepted: a pair (value, gradient) of arrays")
        shapes = tuple(getattr(part, "shape", None) for part in both)
        if shapes != wanted:
            raise ValueError(
                f"f returned value and gradient of shapes {shapes} for theta {self.theta.shape}; accepted: {wanted}"
            )
        return both

    @property
    def value(self):
        return self._both[0]

    @property
    def gradient(self):
        return self._both[1]

    def hvp(self, v):
        if self.problem.hvp is None:
            raise NotImplementedError(
                "hvp=None: this problem gives no Hessian-vector products; pass hvp= to FromFunction"
            )
        return self.problem.hvp(self.theta, self.sample, v)

    def examples(self, d):
        if self.problem.samples is None:
            raise NotImplementedError(
                "samples=None: this problem gives no per-example values; pass samples= to FromFunction"
            )
        values, gradients = self.problem.samples(self.theta, self.sample)
        return values, self.problem.xp.vecdot(gradients, d[..., None, :])

    def _at(self, d, s):
        return self.problem.at(self.theta + s[..., None] * d, self.sample)

    def along(self, d):
        return GenericLine(self.problem.xp, self, d, partial(self._at, d))
