r"""LS-07  Zoutendijk: one-step inequality and summability

Where: dissertation, section 2.5 and eq. 2.19
Claim: Descent with Wolfe steps converges from anywhere if the cosine of the angle between direction and steepest
    descent stays above a positive number.
Formula: \cos\alpha_t \ge \delta > 0 \Rightarrow \lim_{t\to\infty} \|\nabla f(\theta_t)\| = 0
Verdict: corrected
Kind: exact
Found: True if f is bounded below, its gradient Lipschitz and the cosine that of LS-02: then every step has a guaranteed
    length and decrease, and the decreases have a finite sum. Unbounded below, steepest descent with exact steps may
    keep gradients of constant length; without the Lipschitz constant there is no such bound.
True: f(\theta_t) - f(\theta_{t+1}) \ge \frac{c_1(1-c_2)}{L} \cos^2\alpha_t \|\nabla f(\theta_t)\|^2, \qquad \sum_t
    \cos^2\alpha_t \|\nabla f(\theta_t)\|^2 \le \frac{L (f(\theta_0) - \inf f)}{c_1(1-c_2)}
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np

import toybox as tb
from toybox import methods

from ...claim import Contrast, only, told
from ...ours import Plain, moves, on_rule, walk
from ...proof import Theorem, implies

claim = told(__doc__)
claim.certified()


@claim.proof("length and decrease of a step", broken={"not Lipschitz": {"bends": 2}, "ascent": {"way": -1}})
def one_step(gd, dd, L, c1, c2, s, slope, change, bends=1, way=1):
    """Of a Wolfe step s along d, from its slope g'd at 0 and at s; L |d|^2 bounds how the slope changes.

    cos^2 |g|^2 is (g'd)^2 / |d|^2.
    """
    return Theorem(
        (
            *(dd > 0, way * gd < 0, L > 0, 0 < c1, c1 < 1, c2 < 1, s > 0),
            *(change <= c1 * s * gd, slope >= c2 * gd, slope - gd <= bends * L * s * dd),
        ),
        {"length": L * s * dd >= -(1 - c2) * gd, "decrease": -change >= c1 * (1 - c2) / L * gd**2 / dd},
    )


@claim.proof("sums of all steps", broken={"half of it": {"share": F(1, 2)}})
def summed(total, constant, fallen, term, decrease, lowest, share=1):
    """By induction: a total of cos^2 |g|^2 that the constant L / (c1 (1 - c2)) times the fall of f bounds stays so in
    the next step, which decreases f as said; and f falls by no more than to inf f, the lowest.

    Terms that are not negative and have a bounded sum tend to 0; where cos >= delta, so does |g|.
    """
    return Theorem(
        (0 < constant, 0 <= term, 0 <= total, total <= constant * fallen, term <= constant * decrease),
        {
            "next": total + term <= share * constant * (fallen + decrease),
            "lowest": implies(fallen + decrease <= lowest, total + term <= constant * lowest),
        },
    )


# --- walks of our search


def valley(x, index=None):
    """x^2 - y, unbounded below: values and gradients."""
    return x[..., 0] ** 2 - x[..., 1], np.stack([2 * x[..., 0], -1 + 0 * x[..., 1]], axis=-1)


@claim.counterexample("|g|^2 after exact Wolfe steps along -g on x^2 - y", only((F(1, 2), F(0)), 50))
def unbounded(x, steps):
    """From (1/2, 0), s = 1 minimises along -g = (-2 x, 1), and leads to (-x, y + 1), where |g| is the same for ever.

    So every step of our search, on exact numbers and on floats, is a Wolfe step at cosine 1: |g|^2 should fall.
    """
    plain = Plain(lambda x: x[0] * x[0] - x[1], lambda x: (2 * x[0], F(-1)))
    exactly = moves("strong-wolfe", plain, x, [(0,)] * steps, c1=F(1, 10), c2=F(1, 2), first=F(1))
    rule = methods.wolfe.StrongWolfe(c1=0.1, c2=0.5)
    ours = walk(tb.problems.FromFunction(valley, 2, 1), on_rule(rule), np.array(x, float), steps)
    assert all(move.status == tb.Status.FOUND and move.step == 1 for move in exactly), "no Wolfe steps"
    assert np.all(ours.theta[1:, 0] == [move.x for move in exactly]), "no Wolfe steps on arrays"
    square = (valley(ours.theta[:, 0])[1] ** 2).sum(-1)
    return Contrast(square[0], square[-1], "less than")
