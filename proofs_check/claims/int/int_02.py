r"""INT-02  Assumption 1 and its formulation

Where: dissertation, Assumption 1
Claim: Interpolation, of which cross entropy is an example: at the minimiser of the loss, where its gradient is zero,
    the gradient of every sample is zero.
Formula: \nabla \mathcal L(\theta^*) = 0 \ \Rightarrow\ \nabla L_i(\theta^*) = 0 \ \forall i
Verdict: corrected
Kind: property
Found: It holds for least squares with at least as many parameters as samples, and not with fewer. Cross entropy on
    separable data has no finite minimiser: its gradient is zero nowhere, so this form says nothing about it. What holds
    is that all sample gradients tend to zero along a separator.
True: \|\nabla L_i(t\, w_{\mathrm{sep}})\| \to 0 \ \forall i \quad (t \to \infty)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from toybox import losses
from toybox.problems import factorization

from ...cases import EPS, seeds, tol_solve
from ...claim import Contrast, only, told
from ..sls.common import XP, Separable, separable
from .common import contradicted

claim = told(__doc__)


class Design(NamedTuple):
    """Normal inputs (D, n) and normal labels, with the least-squares solution of smallest norm."""

    X: np.ndarray
    y: np.ndarray
    w: np.ndarray


@st.composite
def designs(draw, wide=True):
    """wide: at least as many parameters as samples; else fewer."""
    D = draw(st.integers(2, 12))
    n = D + draw(st.integers(0, 10)) if wide else draw(st.integers(1, D - 1))
    rng = np.random.default_rng(draw(seeds))
    X, y = rng.standard_normal((D, n)), rng.standard_normal(D)
    return Design(X, y, np.linalg.lstsq(X, y)[0])


def residuals(design):
    """Residual of every sample at the solution, by our linear model."""
    D = len(design.y)
    model = factorization.Factorization(design.X, design.y[:, None])
    each = model.at(np.tile(design.w, (D, 1)), np.arange(D)[:, None])
    long = np.linalg.norm(design.X, axis=1)
    assume(long.min() > 1e-3)
    return np.linalg.norm(each.gradient, axis=-1) / (2 * long)


@claim.check("least squares, as many parameters as samples", designs(), examples=300)
@claim.control("fewer parameters interpolate", designs(wide=False), examples=20)
def interpolates(design):
    """The gradient 2 r_i x_i of every sample vanishes up to the residual of a stable solution."""
    return 1 - float(np.linalg.norm(residuals(design)) / tol_solve(design.X, design.w))


@claim.check("fewer: the mean gradient vanishes alone", designs(wide=False), examples=200)
def cannot(design):
    """The residuals exceed that a thousandfold, although the mean gradient vanishes (rounded with them)."""
    r, limit = np.linalg.norm(residuals(design)), tol_solve(design.X, design.w)
    size = float(np.linalg.norm(design.X, 2))
    mean = np.linalg.norm(design.X.T @ (design.X @ design.w - design.y))
    return {
        "residuals": float(r / (1000 * limit) - 1),
        "mean gradient": 1 - float(mean / (size * limit + 64 * len(design.y) * EPS * size * r)),
    }


def logistic(data, w):
    """Slope of our logistic loss along the separator at w."""
    loss = losses.LOSSES["logistic"]
    along = data.X @ data.w
    return float((loss.residual(XP, data.X @ w, loss.targets(data.y)) * along).sum())


@claim.check("logistic loss falls along a separator", separable(), examples=200)
def keeps_falling(data):
    """Logistic loss along t w, t = 0, 1, 2, 4, ..., 256, which is negligible in the end but decreases all the way.

    A margin z >= 1 makes its gradient at most exp(-t) |x|, with exp(256 times the rounding of z) to spare.
    """
    loss, t = losses.LOSSES["logistic"], np.array([0.0, *2.0 ** np.arange(9)])[:, None]
    z, targets = data.X @ data.w, loss.targets(data.y)
    change = loss.change(XP, t[:-1] * z, targets, np.diff(t, axis=0) * z).sum(1)
    spare = (len(data.w) + 2) * EPS * float((np.abs(data.X) @ np.abs(data.w)).max()) + 4 * EPS
    last = np.abs(loss.residual(XP, t[-1] * z, targets))
    return {"decrease": float(-change.max()) or -1.0, "gradient": 1 - float(last.max() / np.exp(-256 * (1 - spare)))}


@claim.check("and has no stationary point", st.tuples(separable(), seeds), examples=200)
def nowhere_flat(data, seed):
    """The slope along the separator is negative everywhere: no gradient is 0."""
    rng = np.random.default_rng(seed)
    w = 10.0 ** rng.integers(-2, 2) * rng.standard_normal(len(data.w))
    return -logistic(data, w) or -1.0


@claim.counterexample("slope of the logistic loss far out on a separator", only(10.0, (1.0, -1.0), (1, 0)))
def vanishes_at(t, x, y):
    """As the printed form wants it: a slope that is 0 at some point t of the separator."""
    data = Separable(np.array(x)[:, None], np.array(y), np.ones(1))
    return Contrast(0, logistic(data, t * data.w), rounding=16 * EPS)


claim.control("logistic loss falls with a point labelled both ways", separable(), examples=200)(
    lambda data: keeps_falling(contradicted(data))
)
