"""What the machine can do, measured in the same run: bytes per second by working set, flops, exponentials.

A floor is the time that a piece of work cannot undercut: its bytes at these rates, or its arithmetic where that takes
longer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

LARGEST = 1 << 27  # bytes: far beyond every cache
SMALLEST = 1 << 12
SIDE = 1024  # of the matrices whose product gives the flops


def _seconds(piece: Callable[[], Any], least: float = 4e-3, repeats: int = 9) -> float:
    """The shortest time of a piece: what nothing disturbed. Repeated until the clock can see it."""
    piece()
    began = time.process_time()
    piece()
    many = max(1, round(least / max(time.process_time() - began, 1e-7)))
    found = []
    for _ in range(repeats):
        began = time.process_time()
        for _ in range(many):
            piece()
        found.append((time.process_time() - began) / many)
    return min(found)


def _power(size: float) -> int:
    """The next power of two, within what is measured."""
    return min(LARGEST, max(SMALLEST, 1 << (int(size) - 1).bit_length()))


def copying(size: float) -> float:
    """Bytes per second, read and written both counted, when an array of ``size`` bytes is copied."""
    return _copying(_power(size))


@cache
def _copying(size: int) -> float:
    a, b = np.ones(size // 8), np.empty(size // 8)
    return 2 * size / _seconds(lambda: np.copyto(b, a))


def reading(size: float) -> float:
    """Bytes per second when an array of ``size`` bytes is read by an inner product."""
    return _reading(_power(size))


@cache
def _reading(size: int) -> float:
    a = np.ones(size // 8)
    return size / _seconds(lambda: a @ a)


@cache
def flops(dtype: str = "float64") -> float:
    """Additions and multiplications per second in a product of two square matrices."""
    a = np.ones((SIDE, SIDE), dtype)
    return 2 * SIDE**3 / _seconds(lambda: a @ a)


@cache
def exponentials() -> float:
    """Calls of exp per second on an array that stays in the cache."""
    a = np.linspace(-5, 5, 1 << 12)
    return a.size / _seconds(lambda: np.exp(a))


class Work(NamedTuple):
    """What no implementation gets around: bytes, and arithmetic in float64."""

    copied: float = 0.0  # bytes read and written, rows gathered into place
    source: float = 0.0  # bytes of what they are gathered from
    read: float = 0.0
    held: float = 0.0  # bytes of what is read over and over
    flops: float = 0.0
    exponentials: float = 0.0


def floor(work: Work) -> float:
    """Seconds that the work takes at the rates of this machine."""
    moved = arithmetic = 0.0
    if work.copied:
        moved += work.copied / copying(work.source)
    if work.read:
        moved += work.read / reading(work.held)
    if work.flops:
        arithmetic += work.flops / flops()
    if work.exponentials:
        arithmetic += work.exponentials / exponentials()
    return max(moved, arithmetic)


def described() -> str:
    """The rates in one sentence."""
    copied = ", ".join(f"{copying(1 << k) / 1e9:.1f}" for k in (15, 20, 24, 27))
    read = ", ".join(f"{reading(1 << k) / 1e9:.1f}" for k in (15, 20, 24, 27))
    return (
        f"Rates of one core: copying arrays of 32 KB, 1, 16, 128 MB moves {copied} GB/s, reading them {read} GB/s; "
        f"products of matrices {flops() / 1e9:.0f} (float64) and {flops('float32') / 1e9:.0f} (float32) Gflop/s; exp "
        f"{exponentials() / 1e9:.2f} G/s"
    )
