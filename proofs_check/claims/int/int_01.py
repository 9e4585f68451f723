r"""INT-01  Squared hinge on separable data interpolates

Where: dissertation, section 2.6.3
Claim: A linear model with the squared hinge loss satisfies interpolation on linearly separable data: a separator of
    margin 1 makes the loss and the gradient of every sample 0.
Formula: y_i\, x_i^{\top} w \ge 1 \ \forall i \ \Rightarrow\ L_i(w) = 0,\ \nabla L_i(w) = 0 \ \forall i
Verdict: holds
Kind: property
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from toybox import methods
from toybox.rays import Status

from ...cases import EPS, seeds
from ...claim import told
from ...ours import on_rule, walk
from ..sls.common import hinge, separable
from .common import contradicted

claim = told(__doc__)


def zero_everywhere(data, w):
    """Minus the largest loss and the largest entry of a gradient over all samples at w."""
    at_w = hinge(data.X, data.y).at(np.tile(w, (len(data.y), 1)), np.arange(len(data.y))[:, None])
    return {"loss": -float(at_w.value.max()), "gradient": -float(np.abs(at_w.gradient).max())}


APART = separable(margin=1 + 1e-7)


@claim.check("a point labelled both ways: never", st.tuples(APART, seeds), examples=100)
def never_zero(data, seed):
    """(1 - z)^2 + (1 + z)^2 >= 2: with a point labelled both ways the mean loss is at least 2 / D everywhere."""
    both = contradicted(data)
    D, rng = len(both.y), np.random.default_rng(seed)
    w = np.concatenate([data.w[None], 0 * data.w[None], rng.standard_normal((30, len(data.w)))])
    return float(D * hinge(both.X, both.y).at(w, np.arange(D)).value.min() / 2 - 1 + 4 * D * EPS)


@claim.check("the search stays there", APART, examples=50)
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


claim.check("losses and gradients at a separator", APART)(lambda data: zero_everywhere(data, data.w))
claim.control("labelled both ways", APART, examples=20)(lambda data: zero_everywhere(contradicted(data), data.w))
claim.control("margin .99", APART, examples=20)(lambda data: zero_everywhere(data, 0.99 * data.w))
