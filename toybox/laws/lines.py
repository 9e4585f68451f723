"""Lines on which searches go wrong, each a problem of one variable: ``tb.run(tb.laws.line("kink"), ...)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..hyper import refuse_unknown
from ..problems import FromFunction

SIZE, BATCH = 8, 3  # samples, which are all alike
beyond = lambda x, here, there: np.where(x > 1, there, here)
Shape = Callable[[Any], tuple[Any, Any, Any]]

# name -> x, which starts at 0, to loss, slope and curvature. The loss starts at 1 or so: some rules need it positive.
TAME: dict[str, Shape] = {  # all of them finite, wherever one looks
    "parabola": lambda x: (1 + (x - 1) ** 2 / 2, x - 1, 1 + 0 * x),
    "steep parabola": lambda x: (1 + 5e5 * (x - 1e-3) ** 2, 1e6 * (x - 1e-3), 1e6 + 0 * x),
    "shallow parabola": lambda x: (1 + 5e-7 * (x - 1e3) ** 2, 1e-6 * (x - 1e3), 1e-6 + 0 * x),
    "flat": lambda x: (1 + 0 * x, 0 * x, 0 * x),
    "falling for ever": lambda x: (1 - x, 0 * x - 1, 0 * x),
    "falling ever slower": lambda x: (np.exp(-x), -np.exp(-x), np.exp(-x)),
    "kink": lambda x: (1 + np.abs(x - 1), np.sign(x - 1), 0 * x),
    "stairs": lambda x: (1 - np.floor(3 * x), 0 * x - 1, 0 * x),
    "a step up": lambda x: (beyond(x, 1 - x, 9 - x), 0 * x - 1, 0 * x),
    "plateau": lambda x: (2 - np.minimum(x, 1), beyond(x, -1.0, 0.0), 0 * x),
    "waves": lambda x: (1 + np.sin(7 * x) - x, 7 * np.cos(7 * x) - 1, -49 * np.sin(7 * x)),
    "a slope of the wrong sign": lambda x: (1 + (x - 1) ** 2 / 2, 1 - x, 1 + 0 * x),
    "a slope of 0 that falls": lambda x: (1 - x, 0 * x, 0 * x),
}
WILD: dict[str, Shape] = {
    "infinite beyond a step": lambda x: (beyond(x, 1 - x, np.inf), beyond(x, -1.0, np.nan), 0 * x),
    "no number beyond a step": lambda x: (beyond(x, 1 - x, np.nan), beyond(x, -1.0, np.nan), 0 * x),
    "no number ahead": lambda x: (np.where(x == 0, 1, np.nan), np.where(x == 0, -1, np.nan), 0 * x),
    "minus infinity beyond a step": lambda x: (beyond(x, 1 - x, -np.inf), 0 * x - 1, 0 * x),
    "falling until it overflows": lambda x: (2 - np.exp(x), -np.exp(x), -np.exp(x)),
    "a slope that is no number": lambda x: (1 - x, 0 * x + np.nan, 0 * x),
    "a loss that is no number": lambda x: (0 * x + np.nan, 0 * x - 1, 0 * x),
}
LINES = TAME | WILD


def line(name: str, dtype: str = "float64", note: Callable[[Any], None] = lambda theta: None) -> FromFunction:
    """A problem that is this line for every sample and starts at 0; ``note(theta)`` is called wherever it is evaluated.
    Raises ``ValueError`` for an unknown name."""
    refuse_unknown("line", name, LINES)

    def shape(theta):
        note(theta)
        return LINES[name](theta)

    def f(theta, index):
        value, slope, _ = shape(theta)
        return value[..., 0], slope

    def samples(theta, index):
        value, slope, _ = shape(theta)
        return value + 0.0 * index, (slope + 0.0 * index)[..., None]

    def hvp(theta, index, v):
        return shape(theta)[2] * v

    return FromFunction(f, 1, SIZE, samples=samples, hvp=hvp, start=lambda seed: np.zeros(1), dtype=dtype)
