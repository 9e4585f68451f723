r"""WALK-04  Alignment is a Rayleigh quotient

Where: A Walk with SGD, eq. 4
Claim: The alignment of a mini-batch gradient with the Hessian lies between the Hessian's extreme eigenvalues and
    reaches one of them exactly where the gradient is an eigenvector of it.
Formula: \lambda_{\min}(H) \le \frac{g_B^\top H g_B}{\|g_B\|_2^2} \le \lambda_{\max}(H)
Verdict: holds
Kind: exact
"""

from __future__ import annotations

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


PLACES = st.tuples(st.integers(1, 8), seeds, st.floats(0, 6), st.booleans())


@claim.check("gradients of our batches, and eigenvectors", PLACES, examples=200)
@claim.control("divided by the length, ours", PLACES, examples=20, power=1)
def quotient(n, seed, decades, definite, power=2):
    """Of our quadratic with three samples, whose gradients are normal numbers, however H is conditioned. How far a
    quotient is from an extreme eigenvalue is how far the gradient is from its eigenvectors: R - h_1 is the sum of
    (h_k - h_1) c_k^2 for the components c_k of the unit gradient in the eigenvectors.
    """
    rng = np.random.default_rng(seed)
    eigenvalues = 10 ** rng.uniform(0, decades, n) * 10 ** rng.uniform(-3, 3)
    eigenvalues *= 1 if definite else rng.choice([-1, 1], n)
    rotated = rotation(rng, n)
    H = (rotated * eigenvalues) @ rotated.T
    problem = tb.problems.NoisyQuadratic((H + H.T) / 2, np.linalg.solve(H, -rng.standard_normal((n, 3))).T)
    h, U = np.linalg.eigh(problem.Q)
    point = lambda index: problem.at(np.zeros((4, n)), index)
    alignment = lambda g: (g * point(problem.population).hvp(g)).sum(axis=-1) / np.linalg.norm(g, axis=-1) ** power
    g = point(problem.draw(np.arange(4), 0, 0, 2, "fresh")).gradient
    R, squares, room = alignment(g), (g @ U) ** 2 / (g**2).sum(axis=-1, keepdims=True), tol_eigen(n, np.abs(h).max())
    return {
        "lowest": below(h[0], R, room),
        "highest": below(R, h[-1], room),
        "above the lowest": close(R - h[0], squares @ (h - h[0]), room),
        "below the highest": close(h[-1] - R, squares @ (h[-1] - h), room),
        "at eigenvectors": close(alignment(5 * U.T[:, None]), h[:, None], room),
    }
