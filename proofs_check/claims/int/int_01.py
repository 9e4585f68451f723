r"""INT-01  Squared hinge on separable data interpolates

Where: dissertation, section 2.6.3
Claim: A linear model with the squared hinge loss satisfies interpolation on linearly separable data: a separator of
    margin 1 makes the loss and the gradient of every sample 0.
Formula: y_i\, x_i^{\top} w \ge 1 \ \forall i \ \Rightarrow\ L_i(w) = 0,\ \nabla L_i(w) = 0 \ \forall i
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np

from toybox import methods
from toybox.rays import Status

from ...claim import told
from ...ours import on_rule, walk
from ...proof import Theorem, larger
from .common import contradicted, hinge, separable

claim = told(__doc__)


def loss_and_slope(margin):
    """Of the squared hinge at y x'w; the gradient is y x times the slope."""
    short = larger(0, 1 - margin)
    return short**2, -2 * short


@claim.proof("a sample with margin 1", broken={"margin .99": {"least": F(99, 100)}})
def zero(margin, least=1):
    loss, slope = loss_and_slope(margin)
    return Theorem((margin >= least,), {"loss": loss == 0, "gradient": slope == 0})


@claim.proof("a point labelled both ways: never", broken={"more than 2": {"least": F(21, 10)}})
def never_zero(margin, least=2):
    """The two losses of such a point, whose margins are opposite, have a sum of at least 2, whatever w."""
    return Theorem((), {"sum": loss_and_slope(margin)[0] + loss_and_slope(-margin)[0] >= least})


APART = separable(margin=1 + 1e-7)


@claim.check("our losses and gradients at a separator", APART, examples=150)
@claim.control("labelled both ways", APART, change=contradicted)
@claim.control("margin .99", APART, change=lambda data: data._replace(w=0.99 * data.w))
def zero_everywhere(data, change=lambda data: data):
    """Minus the largest loss and the largest entry of a gradient over all samples at w."""
    X, y, w = change(data)
    at_w = hinge(X, y).at(np.tile(w, (len(y), 1)), np.arange(len(y))[:, None])
    return {"loss": -float(at_w.value.max()), "gradient": -float(np.abs(at_w.gradient).max())}


@claim.check("the search stays there", APART, examples=50)
@claim.control("from half of it", APART, share=0.5)
def stays(data, share=1.0):
    """The stochastic Armijo search, started at the separator, goes nowhere on any sample."""
    w = walk(
        hinge(data.X, data.y),
        on_rule(methods.armijo.Armijo()),
        share * data.w,
        batch=1,
        sampler=lambda t, j: np.arange(len(data.y))[:, None],
        seeds=range(len(data.y)),
    )
    return {
        "still": -float(np.abs(w.theta[1] - w.theta[0]).max()),
        "status": -int((w.trace.status != Status.STATIONARY).sum()),
    }
