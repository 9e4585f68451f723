"""What a user gives, checked and copied: arrays, and what functions answer, which may use their memory again.

What these functions are shown is read-only in NumPy (``Namespace.frozen``); other backends know no read-only arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .exact import FRACTIONS, exact
from .hyper import shown
from .xp import Array, Namespace, dtype_name


def finite_array(name: str, value: Any, shape: tuple[int, ...] | None = None, dtype: str = "float64") -> np.ndarray:
    """The value as a float64 array of numbers that are finite in ``dtype``, of the given shape if there is one; always
    a copy. dtype "object": as an array of fractions."""
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "biufO":
            raise TypeError
        array = exact(array) if dtype == FRACTIONS.name else np.array(array, np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} of type {type(value).__name__} is not numeric; accepted: an array of numbers"
        ) from None
    with np.errstate(over="ignore"):
        wrong = {"NaN or infinite": ~np.isfinite(array), f"beyond {dtype}": ~np.isfinite(array.astype(dtype))}
    for what, entries in wrong.items():
        if entries.any():
            raise ValueError(f"{name} has {int(entries.sum())} entries that are {what}; accepted: finite numbers")
    if shape is not None and array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}; accepted: {shape}")
    return array


def answer(xp: Namespace, given: Any, shape: tuple[int, ...], dtype: Any, *name: str) -> Array:
    """A copy of the array of real numbers that a function answered, in the problem's dtype. float64 is rounded to a
    narrower one; what knows fewer digits than the problem, or is not real, is refused. Raises ``ValueError``."""
    if getattr(given, "shape", None) != shape or getattr(given, "dtype", None) not in (dtype, xp.float64):
        kinds = dict.fromkeys(map(dtype_name, (dtype, xp.float64)))
        raise ValueError(
            f"{' as '.join(name)} {described(given)}; accepted: an array of shape {shape} and dtype "
            f"{' or '.join(kinds)}"
        )
    return xp.frozen(xp.asarray(given, dtype=dtype, copy=True))


def refuse_misfit(what: str, array: Any, shape: tuple[int, ...], dtype: Any, xp: Namespace) -> None:
    """Raises ``ValueError`` where ``what`` a rule, direction or problem has answered is no array of this shape and
    dtype; None: whole numbers."""
    kind = getattr(array, "dtype", None)
    fits = kind is not None and (xp.isdtype(kind, "integral") if dtype is None else kind == dtype)
    if not fits or tuple(array.shape) != tuple(shape):
        wanted = "whole numbers" if dtype is None else dtype_name(dtype)
        raise ValueError(f"{what}={described(array)}; accepted: an array of shape {tuple(shape)} of {wanted}")


def broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    """Whether an array of one shape can be broadcast to the other."""
    return len(shape) <= len(to) and all(n in (1, m) for n, m in zip(shape[::-1], to[::-1], strict=False))


def described(given: Any) -> str:
    """An array by its shape and dtype, anything else as it is."""
    if not hasattr(given, "dtype") or not hasattr(given, "shape"):
        return shown(given)
    return f"an array of shape {tuple(given.shape)} and dtype {dtype_name(given.dtype)}"


def measurement(probe: Any, look: Any, xp: Namespace, lanes: tuple[int, ...]) -> np.ndarray:
    """A copy of what a probe measures: numbers, truth values or text of shape (*lanes, ...). Raises ``ValueError`` for
    anything else; to what the probe raises itself its name is added."""
    try:
        found = probe.measure(look)
        array = np.array(xp.to_host(found) if hasattr(found, "dtype") else found)
    except Exception as error:
        error.add_note(f"in probe {probe.name!r} at step {look.t}")
        raise
    numeric = array.dtype.kind in "biufcSU" or array.dtype == look.problem.dtype
    if not numeric or array.shape[: len(lanes)] != lanes:
        raise ValueError(
            f"probe {probe.name!r} measured {described(array)} at step {look.t}; accepted: an array of numbers, truth "
            f"values or text of shape (*lanes, ...), lanes = {lanes}"
        )
    return array


def own_sampler(problem: Any, sampler: Callable[[int, int], Any], lanes: tuple[int, ...], batch: int) -> Any:
    """A sampler of one's own whose index arrays are looked at, copied and moved to the device. Raises ``ValueError``,
    and ``IndexError`` for indices out of range. Samples that are no arrays are the problem's business."""
    xp, D, shape = problem.xp, problem.size, (*lanes, batch)

    def draw(t, j):
        sample = sampler(t, j)
        if getattr(sample, "ndim", 0) == 0:
            return sample
        place = np if isinstance(sample, np.ndarray) else xp
        fits = sample.shape == shape or (sample.shape[-1] == batch and broadcasts(sample.shape, shape))
        if not fits or not place.isdtype(sample.dtype, "integral"):
            raise ValueError(
                f"sampler({t}, {j}) is {described(sample)}; accepted: an array of whole numbers that broadcasts to "
                f"(*lanes, batch) = {shape}"
            )
        # NumPy refuses what is out of range, CuPy takes it modulo D
        if not xp.eager and place.any((sample < -D) | (sample >= D)):
            raise IndexError(f"sampler({t}, {j}) names samples out of range; accepted: indices from -{D} to {D - 1}")
        return xp.asarray(sample, copy=True)

    return draw
