r"""PAL-INV  Invariances

Where: dissertation, section 4.4.1 and appendix A.1.1
Claim: PAL does not care where the origin is, in which orthogonal coordinates the weights are given, and by which factor
    the loss is multiplied; and its measuring distance does not depend on the scale of the weights.
Formula: \tilde f(y) = f(y / \gamma) \ \Rightarrow\ \tilde x_n(\mu) = \gamma\, x_n(\mu)
Verdict: corrected
Kind: property
Found: Translations, orthogonal changes of variables and factors of the loss leave the trajectory as it is. A change of
    the scale of weights does so only if mu is scaled, too, or the loss is quadratic along the line.
True: \tilde f(y) = f(y / \gamma) \ \Rightarrow\ \tilde x_n(\gamma \mu) = \gamma\, x_n(\mu)
"""

from __future__ import annotations

from math import inf, log
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, positive, rational_quadratics, rotation
from ...claim import Contrast, close, equal, only, told
from ...ours import on_rule, walk
from .common import ZERO, exact_pal

claim = told(__doc__)


class Change(NamedTuple):
    """x -> shift + scale A x of variables, and loss -> factor loss + constant."""

    A: np.ndarray  # (lanes, n, n)
    shift: np.ndarray  # (lanes, n)
    scale: np.ndarray  # (lanes,)
    factor: np.ndarray
    constant: np.ndarray

    def image(self, x):
        return self.shift + self.scale[:, None] * np.einsum("kij,...kj->...ki", self.A, x)

    def problem(self):
        """The changed sum of log cosh x_i + 0.3 x_i^2."""
        inverse = np.linalg.inv(self.A) / self.scale[:, None, None]

        def both(y, index):
            x = np.einsum("kij,...kj->...ki", inverse, y - self.shift)
            loss = (np.abs(x) + np.log1p(np.exp(-2 * np.abs(x))) - log(2) + 0.3 * x * x).sum(-1)
            slope = np.einsum("kji,...kj->...ki", inverse, np.tanh(x) + 0.6 * x)
            return self.factor * loss + self.constant, self.factor[:, None] * slope

        return tb.problems.FromFunction(both, self.A.shape[-1], 1)


def nothing(lanes, n):
    one = np.ones(lanes)
    return Change(np.broadcast_to(np.eye(n), (lanes, n, n)), np.zeros((lanes, n)), one, one, 0 * one)


def three_steps(change, mu, x):
    """Iterates of our rule from the image of x, and its trace."""
    return walk(change.problem(), on_rule(methods.pal.PAL(mu, s_max=inf)), change.image(x), 3)


def changes(budget):
    """Three steps of our rule, and of the same after changes of variables or of the loss: pairs (found, image).

    With them comes a tolerance relative to the largest coordinate: three times T-s, with a >= 0.3 for this function,
    twice, since both ways have errors. Kept are lanes where that is at most 1e-9.
    """
    rng, lanes = budget.rng(), budget.many(120, 2400)
    for n in range(1, 7):
        same, x, mu = nothing(lanes, n), rng.standard_normal((lanes, n)) * 3, 10 ** rng.uniform(-1.5, 0.5, lanes)
        power, U = 10 ** rng.uniform(-2, 2, lanes), np.stack([rotation(rng, n) for _ in range(lanes)])
        shear = np.broadcast_to(np.eye(n) + 0.5 * np.eye(n, k=1), (lanes, n, n))
        kinds = {
            "translation": (same._replace(shift=rng.standard_normal((lanes, n)), constant=rng.normal(0, 3, lanes)), mu),
            "loss scaling": (same._replace(factor=power), mu),
            "orthogonal": (same._replace(A=U), mu),
            "weights and mu": (same._replace(scale=power), power * mu),
            "weights": (same._replace(scale=power), mu),
            "shear": (same._replace(A=shear), mu),
        }
        base = three_steps(same, mu, x)
        largest = np.abs(base.trace.full_loss[:, 0]).max(axis=0) + 4 * mu + mu**2 + 10
        tolerance = 6 * (2 * n + 8) * EPS * 2 * largest / (0.3 * mu**2)
        theta = {
            kind: (three_steps(change, m, x).theta[:, 0], change.image(base.theta[:, 0]))
            for kind, (change, m) in kinds.items()
        }
        for k in np.nonzero(tolerance < 1e-9)[0]:
            yield {kind: (found[:, k], image[:, k]) for kind, (found, image) in theta.items()}, tolerance[k]


@claim.counterexample("three steps from gamma x, all scaled but mu", only(2.0, 1.0, 3.0))
def same_distance(x, mu, gamma):
    """In one variable: gamma times the iterate without the change, if it were as printed."""
    same = nothing(1, 1)
    plain, wide = (
        three_steps(change, mu, np.array([[x]])).theta[-1].item()
        for change in (same, same._replace(scale=np.array([gamma])))
    )
    return Contrast(gamma * plain, wide, rounding=1e-9)


def commutes(pairs, tolerance, *kinds):
    return {kind: close(*pairs[kind], tolerance * np.abs(pairs[kind][1]).max()) for kind in kinds}


@claim.check("quadratics on exact numbers", st.tuples(rational_quadratics(), positive(), positive()), examples=60)
def scaled_quadratic(q, mu, scale):
    """On a quadratic the same mu does, too: PAL on f(y / scale) from scale x."""
    if not any(q.gradient(q.x)):
        return ZERO
    wide = q._replace(
        Q=tuple(tuple(v / scale**2 for v in row) for row in q.Q),
        r=tuple(v / scale for v in q.r),
        x=tuple(v * scale for v in q.x),
    )
    return equal(exact_pal(wide, wide.x, mu).x, tuple(scale * v for v in exact_pal(q, q.x, mu).x))


claim.check("three steps", changes)(
    lambda *pairs: commutes(*pairs, "translation", "loss scaling", "orthogonal", "weights and mu")
)
claim.control("a change of variables that is not orthogonal", changes)(lambda *pairs: commutes(*pairs, "shear"))
claim.control("same mu: equal to 1e-3", changes)(lambda pairs, _: commutes(pairs, 1e-3, "weights"))
