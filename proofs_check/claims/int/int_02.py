r"""INT-02  Assumption 1 and its formulation

Where: dissertation, Assumption 1
Claim: Interpolation, of which cross entropy is an example: at the minimiser of the loss, where its gradient is zero,
    the gradient of every sample is zero.
Formula: \nabla \mathcal L(\theta^*) = 0 \ \Rightarrow\ \nabla L_i(\theta^*) = 0 \ \forall i
Verdict: corrected
Kind: exact
Found: It holds for least squares with at least as many parameters as samples, and not with fewer. Cross entropy on
    separable data has no finite minimiser: its gradient is zero nowhere, so this form says nothing about it. What holds
    is that all sample gradients tend to zero along a separator.
True: \|\nabla L_i(t\, w_{\mathrm{sep}})\| \to 0 \ \forall i \quad (t \to \infty)
"""

from __future__ import annotations

import numpy as np
import sympy as sp

from toybox import losses

from ...cases import EPS
from ...claim import Contrast, holds, only, told
from ...proof import Theorem, some
from .common import XP, Separable, contradicted, separable

claim = told(__doc__)


@claim.proof("least squares, as many parameters as samples", broken={"fewer": {"least": 0}})
def interpolates_if(square, mean_square, smallest, least=None):
    """square = |r|^2, r the residuals of the samples, and mean_square = |X'r|^2, which vanishes where the gradient of
    the loss does. Independent rows x_i, of which there are at most as many as parameters, make X X' definite, with a
    smallest eigenvalue > 0; with fewer parameters than samples it is 0. Gradients of samples are r_i x_i.
    """
    floor = smallest if least is None else least
    return Theorem(
        (square >= 0, smallest > 0, mean_square >= floor * square, mean_square == 0), {"residuals": square == 0}
    )


@claim.proof("two samples, one parameter", broken={"labels in proportion": {"apart": 0}})
def fewer(x1, x2, y1, y2, w, apart=1):
    """Where the mean gradient vanishes a residual stays, unless the labels are a multiple of the inputs."""
    r1, r2 = x1 * w - y1, x2 * w - y2
    labels = x1 * y2 != x2 * y1 if apart else x1 * y2 == x2 * y1
    return Theorem((x1 * r1 + x2 * r2 == 0, labels), {"a residual": some(r1 != 0, r2 != 0)})


@claim.proof("cross entropy on separable data: no gradient is 0", broken={"a point labelled both ways": {"side": -1}})
def nowhere_flat(z1, z2, share1, share2, side=1):
    """The slope along a separator of margins z >= 1: every sample adds -z times its logistic share, in (0, 1). Of more
    samples there are more such terms.
    """
    shares = (0 < share1, share1 < 1, 0 < share2, share2 < 1)
    return Theorem((z1 >= 1, side * z2 >= 1, *shares), {"slope": -z1 * share1 - z2 * share2 < 0})


@claim.check("all sample gradients tend to 0 along a separator", degree="proved")
@claim.control("the other way", sign=-1)
def vanish_along(sign=1):
    """The logistic share of the margin t z, z > 0, which multiplies x_i."""
    t, z = sp.symbols("t z", positive=True)
    return holds(sp.limit(1 / (1 + sp.exp(sign * t * z)), t, sp.oo) == 0)


# --- our models and losses


@claim.check("our logistic loss falls along a separator", separable(), examples=200)
@claim.control("with a point labelled both ways", separable(), change=contradicted)
def keeps_falling(data, change=lambda data: data):
    """Logistic loss along t w, t = 0, 1, 2, 4, ..., 256, which is negligible in the end but decreases all the way.

    A margin z >= 1 makes its gradient at most exp(-t) |x|, with exp(256 times the rounding of z) to spare.
    """
    data = change(data)
    loss, t = losses.LOSSES["logistic"], np.array([0.0, *2.0 ** np.arange(9)])[:, None]
    z, targets = data.X @ data.w, loss.targets(data.y)
    falls = loss.change(XP, t[:-1] * z, targets, np.diff(t, axis=0) * z).sum(1)
    spare = (len(data.w) + 2) * EPS * float((np.abs(data.X) @ np.abs(data.w)).max()) + 4 * EPS
    last = np.abs(loss.residual(XP, t[-1] * z, targets))
    return {"decrease": float(-falls.max()) or -1.0, "gradient": 1 - float(last.max() / np.exp(-256 * (1 - spare)))}


@claim.counterexample("slope of the logistic loss far out on a separator", only(10.0, (1.0, -1.0), (1, 0)))
def vanishes_at(t, x, y):
    """As the printed form wants it: a slope that is 0 at some point t of the separator."""
    data, loss = Separable(np.array(x)[:, None], np.array(y), np.ones(1)), losses.LOSSES["logistic"]
    along = data.X @ data.w
    slope = float((loss.residual(XP, t * along, loss.targets(data.y)) * along).sum())
    return Contrast(0, slope, rounding=16 * EPS)
