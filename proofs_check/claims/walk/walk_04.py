r"""WALK-04  Alignment is a Rayleigh quotient

Where: A Walk with SGD, eq. 4
Claim: The alignment of a mini-batch gradient with the Hessian lies between the Hessian's extreme eigenvalues and
    reaches one of them exactly where the gradient is an eigenvector of it.
Formula: \lambda_{\min}(H) \le \frac{g_B^\top H g_B}{\|g_B\|_2^2} \le \lambda_{\max}(H)
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ...cases import rotation, seeds, tol_eigen
from ...claim import below, close, told
from ...proof import Theorem, every, same, some

claim = told(__doc__)


@claim.proof(
    "between the extreme eigenvalues",
    broken={"divided by the length": {"power": 1}, "reached by eigenvectors of any eigenvalue": {"extreme": False}},
)
def between(low, h, high, x, y, z, length, power=2, extreme=True):
    """The gradient has the components x, y, z in eigenvectors of the smallest eigenvalue, of another one and of the
    largest: further ones between add what y does. It is an eigenvector of the smallest iff y and z are, or vanish."""
    squares = x * x + y * y + z * z
    R = (low * x * x + h * y * y + high * z * z) / length**power
    of = lambda extremal: every(*(some(v == 0, e == extremal) for v, e in ((x, low), (y, h), (z, high))))
    eigenvector = lambda extremal: of(extremal) if extreme else some(of(low), of(h), of(high))
    given = (low <= h, h <= high, length > 0, length * length == squares)
    bounds = {"lowest": low <= R, "highest": R <= high}
    reached = {"at the lowest": same(R == low, eigenvector(low)), "at the highest": same(R == high, eigenvector(high))}
    return Theorem(given, bounds | reached)


class Landscape(NamedTuple):
    """Our quadratic with three samples, a place, and its Hessian's eigenvalues (ascending) and eigenvectors."""

    problem: Any
    theta: np.ndarray  # (lanes, n)
    eigenvalues: np.ndarray
    U: np.ndarray

    @property
    def tolerance(self):
        return tol_eigen(len(self.U), np.abs(self.eigenvalues).max())

    def alignment(self, g, power=2):
        """Eq. 4 of gradients (lanes, n), by our Hessian-vector product."""
        whole = self.problem.at(self.theta, self.problem.population)
        return (g * whole.hvp(g)).sum(axis=-1) / np.linalg.norm(g, axis=-1) ** power


@st.composite
def landscapes(draw):
    """Definite and indefinite Hessians; the sample gradients are normal numbers, however H is conditioned."""
    n, rng, decades = draw(st.integers(1, 8)), np.random.default_rng(draw(seeds)), draw(st.floats(0, 6))
    eigenvalues = 10 ** rng.uniform(0, decades, n) * 10 ** rng.uniform(-3, 3)
    eigenvalues *= rng.choice([-1, 1], n) if draw(st.booleans()) else 1
    U = rotation(rng, n)
    H = (U * eigenvalues) @ U.T
    H = (H + H.T) / 2
    centres = np.linalg.solve(H, -rng.standard_normal((n, 3))).T
    problem = tb.problems.NoisyQuadratic(H, centres)
    return Landscape(problem, np.zeros((4, n)), *np.linalg.eigh(H))


@claim.check("gradients of our batches, and eigenvectors", landscapes(), examples=200)
@claim.control("divided by the length", landscapes(), examples=20, power=1)
def quotient(place, power=2):
    """Between the extreme eigenvalues; how far from one is how far the gradient is from its eigenvectors.

    R - h_1 = sum of (h_k - h_1) c_k^2 for the components c_k of the unit gradient in the eigenvectors.
    """
    h, tolerance = place.eigenvalues, place.tolerance
    g = place.problem.at(place.theta, place.problem.draw(np.arange(4), 0, 0, 2, "fresh")).gradient
    R, squares = place.alignment(g, power), (g @ place.U) ** 2 / (g**2).sum(axis=-1, keepdims=True)
    return {
        "lowest": below(h[0], R, tolerance),
        "highest": below(R, h[-1], tolerance),
        "above the lowest": close(R - h[0], squares @ (h - h[0]), tolerance),
        "below the highest": close(h[-1] - R, squares @ (h[-1] - h), tolerance),
        "at eigenvectors": close(place.alignment(5 * place.U.T[:, None], power), h[:, None], tolerance),
    }
