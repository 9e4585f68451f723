"""Section F, fourth part: what interpolation is (dissertation, section 2.6.3, Assumption 1)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from toybox import losses, methods
from toybox.problems import factorization
from toybox.rays import Status

from ..cases import EPS, seeds, tol_solve
from ..claim import Check, Claim, Contrast, only
from ..ours import on_rule, walk
from .f_steps import XP, Separable, hinge, separable

# --- INT-01


def zero_everywhere(data, w):
    """Minus the largest loss and the largest entry of a gradient over all samples at w."""
    at_w = hinge(data.X, data.y).at(np.tile(w, (len(data.y), 1)), np.arange(len(data.y))[:, None])
    return {"loss": -float(at_w.value.max()), "gradient": -float(np.abs(at_w.gradient).max())}


def stays(data):
    """The stochastic Armijo search, started at the separator, goes nowhere on any sample."""
    w = walk(
        hinge(data.X, data.y),
        on_rule(methods.armijo.Armijo()),
        data.w,
        batch=1,
        sampler=lambda t, j: np.arange(len(data.y))[:, None],
        seeds=range(len(data.y)),
    )
    return {
        "still": -float(np.abs(w.theta[1] - w.theta[0]).max()),
        "status": -int((w.trace.status != Status.STATIONARY).sum()),
    }


def contradicted(data):
    """The same data and the first point once more, labelled otherwise."""
    return Separable(np.concatenate([data.X, data.X[:1]]), np.append(data.y, 1 - data.y[0]), data.w)


def never_zero(data, seed):
    """(1 - z)^2 + (1 + z)^2 >= 2: with a point labelled both ways the mean loss is at least 2 / D everywhere."""
    both = contradicted(data)
    D, rng = len(both.y), np.random.default_rng(seed)
    w = np.concatenate([data.w[None], 0 * data.w[None], rng.standard_normal((30, len(data.w)))])
    return float(D * hinge(both.X, both.y).at(w, np.arange(D)).value.min() / 2 - 1 + 4 * D * EPS)


APART = separable(margin=1 + 1e-7)

INT_01 = Claim(
    id="INT-01",
    title="Squared hinge on separable data interpolates",
    source="dissertation, section 2.6.3",
    statement="A linear model with the squared hinge loss satisfies interpolation on linearly separable data: a"
    " separator of margin 1 makes the loss and the gradient of every sample 0.",
    formula=r"y_i\, x_i^{\top} w \ge 1 \ \forall i \ \Rightarrow\ L_i(w) = 0,\ \nabla L_i(w) = 0 \ \forall i",
    kind="property",
    verdict="holds",
    checks=[
        Check("losses and gradients at a separator", lambda data: zero_everywhere(data, data.w), APART),
        Check("the search stays there", stays, APART, examples=50),
        Check("a point labelled both ways: never", never_zero, st.tuples(APART, seeds), examples=100),
    ],
    controls=[
        Check("labelled both ways", lambda data: zero_everywhere(contradicted(data), data.w), APART, examples=20),
        Check("margin .99", lambda data: zero_everywhere(data, 0.99 * data.w), APART, examples=20),
    ],
)

# --- INT-02


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


def interpolates(design):
    """The gradient 2 r_i x_i of every sample vanishes up to the residual of a stable solution."""
    return 1 - float(np.linalg.norm(residuals(design)) / tol_solve(design.X, design.w))


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


def nowhere_flat(data, seed):
    """The slope along the separator is negative everywhere: no gradient is 0."""
    rng = np.random.default_rng(seed)
    w = 10.0 ** rng.integers(-2, 2) * rng.standard_normal(len(data.w))
    return -logistic(data, w) or -1.0


def vanishes_at(t, x, y):
    """As the printed form wants it: a slope that is 0 at some point t of the separator."""
    data = Separable(np.array(x)[:, None], np.array(y), np.ones(1))
    return Contrast(0, logistic(data, t * data.w), rounding=16 * EPS)


INT_02 = Claim(
    id="INT-02",
    title="Assumption 1 and its formulation",
    source="dissertation, Assumption 1",
    statement="Interpolation, of which cross entropy is an example: at the minimiser of the loss, where its gradient is"
    " zero, the gradient of every sample is zero.",
    formula=r"\nabla \mathcal L(\theta^*) = 0 \ \Rightarrow\ \nabla L_i(\theta^*) = 0 \ \forall i",
    kind="property",
    verdict="corrected",
    finding="It holds for least squares with at least as many parameters as samples, and not with fewer. Cross entropy"
    " on separable data has no finite minimiser: its gradient is zero nowhere, so this form says nothing about it. What"
    " holds is that all sample gradients tend to zero along a separator.",
    corrected=r"\|\nabla L_i(t\, w_{\mathrm{sep}})\| \to 0 \ \forall i \quad (t \to \infty)",
    checks=[
        Check("least squares, as many parameters as samples", interpolates, designs(), examples=300),
        Check("fewer: the mean gradient vanishes alone", cannot, designs(wide=False), examples=200),
        Check("logistic loss falls along a separator", keeps_falling, separable(), examples=200),
        Check("and has no stationary point", nowhere_flat, st.tuples(separable(), seeds), examples=200),
    ],
    controls=[
        Check("fewer parameters interpolate", interpolates, designs(wide=False), examples=20),
        Check(
            "logistic loss falls with a point labelled both ways",
            lambda data: keeps_falling(contradicted(data)),
            separable(),
            examples=200,
        ),
    ],
    counterexamples=[
        Check("slope of the logistic loss far out on a separator", vanishes_at, only(10.0, (1.0, -1.0), (1, 0))),
    ],
)

CLAIMS = (INT_01, INT_02)
