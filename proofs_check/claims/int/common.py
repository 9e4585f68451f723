"""What several of these claims need."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import losses
from toybox.xp import namespace

from ...cases import seeds

XP = namespace("numpy")


class Separable(NamedTuple):
    """Points with labels that w separates with margins >= 1."""

    X: np.ndarray
    y: np.ndarray  # in {0, 1}
    w: np.ndarray

    @property
    def margins(self):
        return (2 * self.y - 1) * (self.X @ self.w)


@st.composite
def separable(draw, margin=1.0):
    """Normal points, none of them nearer than 1/100 to the separating plane."""
    rng = np.random.default_rng(draw(seeds))
    X = rng.standard_normal((draw(st.integers(2, 12)), draw(st.integers(1, 5))))
    w = rng.standard_normal(X.shape[1])
    z = X @ w
    assume(np.abs(z).min() > 0.01 * np.linalg.norm(w))
    return Separable(X, (z > 0).astype(int), w * (margin / np.abs(z).min()))


def hinge(X, y):
    """Our squared hinge loss of a linear model."""
    loss = losses.LOSSES["squared_hinge"]
    targets = loss.targets(y)

    def f(theta, index):
        rows, t = X[index], targets[index]
        z = (rows * theta[..., None, :]).sum(-1)
        return loss.value(XP, z, t).mean(-1), (loss.residual(XP, z, t)[..., None] * rows).mean(-2)

    return tb.problems.FromFunction(f, X.shape[1], len(X))


def contradicted(data):
    """The same data and the first point once more, labelled otherwise."""
    return Separable(np.concatenate([data.X, data.X[:1]]), np.append(data.y, 1 - data.y[0]), data.w)
