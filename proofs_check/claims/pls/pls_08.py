r"""PLS-08  The Wolfe variables

Where: dissertation, eq. 2.37; Mahsereci and Hennig 2015, eq. 13
Claim: What is left of each Wolfe condition is a linear combination of the values and slopes at the start and at the
    point; both are jointly normal, with covariances made of those of the posterior.
Formula: \begin{pmatrix} a \\ b \end{pmatrix} = \begin{pmatrix} 1 & c_1\lambda & -1 & 0 \\ 0 & -c_2 & 0 & 1
    \end{pmatrix} \begin{pmatrix} l(0) \\ l'(0) \\ l(\lambda) \\ l'(\lambda) \end{pmatrix}
Verdict: holds
Kind: exact
Found: The covariances, which the text leaves to its source, were derived. Cov(l'(0), l(s)) and Cov(l(0), l'(s)) differ
    and must not be lumped.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from toybox import methods

from ... import belief as plain_belief
from ...cases import EPS, seeds
from ...claim import below, close, told
from ...proof import Theorem
from .common import residual, rounding, rows_of, spreads

claim = told(__doc__)


def written_out(S, x, c1, c2, lumped=False):
    """C^aa, C^bb, C^ab; ``lumped``: Cov(l(0), l'(x)) taken for Cov(l'(0), l(x))."""
    (k00, dk00, k0x, kd0x), (_, ddk00, dk0x, ddk0x), (_, _, kxx, dkxx), (_, _, _, ddkxx) = S
    mixed = (1 + c2) * dk0x if lumped else kd0x + c2 * dk0x
    aa = k00 + (c1 * x) ** 2 * ddk00 + kxx + 2 * (c1 * x * (dk00 - dk0x) - k0x)
    bb = c2**2 * ddk00 - 2 * c2 * ddk0x + ddkxx
    ab = -c2 * (dk00 + c1 * x * ddk00) + mixed + c1 * x * ddk0x - dkxx
    return aa, bb, ab


@claim.proof("entries of T S T'", broken={"cross terms lumped": {"lumped": True}})
def is_linear_map(k00, k01, k02, k03, k11, k12, k13, k22, k23, k33, x, c1, c2, lumped=False):
    """S is the covariance of l(0), l'(0), l(x), l'(x); linear maps of normal vectors are normal (PLS-11)."""
    S = (k00, k01, k02, k03), (k01, k11, k12, k13), (k02, k12, k22, k23), (k03, k13, k23, k33)
    a, b = (1, c1 * x, -1, 0), (0, -c2, 0, 1)
    form = lambda u, v: sum(u[i] * S[i][j] * v[j] for i in range(4) for j in range(4))
    found = written_out(S, x, c1, c2, lumped)
    pairs = zip(("aa", "bb", "ab"), found, ((a, a), (b, b), (a, b)), strict=True)
    return Theorem((), {name: entry == form(*uv) for name, entry, uv in pairs})


class Look(NamedTuple):
    """Noisy observations on arrays, and a place to ask about."""

    belief: Any
    x: float


@st.composite
def looks(draw):
    n, rng = draw(st.integers(1, 4)), np.random.default_rng(draw(seeds))
    s, noise = np.sort(rng.uniform(0, 6, n)), 10.0 ** rng.uniform(-3, 1, 2)
    seen = s, rng.standard_normal(n), rng.standard_normal(n)
    return Look(methods.belief.believe(*seen, *noise), rng.uniform(0.1, 8))


def joint(belief, x):
    """Posterior covariance of l(0), l'(0), l(x), l'(x), straight from eq. 2.35 with its inverse."""
    places, order = np.array([0.0, x]), [0, 2, 1, 3]
    rows = rows_of(belief, [(0, 0), (1, 0), (0, x), (1, x)])
    return methods.belief.covariance(places, places)[np.ix_(order, order)] - rows @ np.linalg.solve(belief.gram, rows.T)


@claim.check("the entries on arrays", looks(), examples=200)
@claim.control("cross terms lumped on arrays", looks(), examples=10, lumped=True)
def on_arrays(look, c1=0.05, c2=0.8, lumped=False):
    """The arrays' entries, which collect them from other parts: the room is that of residuals of T-solve, and the
    rounding of the prior."""
    belief, x = look
    found = belief.at(np.array([x])).wolfe_terms(c1, c2)[1][0]
    entries, room = written_out(joint(belief, x), x, c1, c2, lumped), wolfe_room(belief, x)
    return {
        "entries": close(entries, [found[0, 0], found[1, 1], found[0, 1]], room),
        "symmetric": close(found[0, 1], found[1, 0], room[2]),
        "semi-definite": below(-np.linalg.eigvalsh(found)[0], 0.0, room.max()),
    }


def wolfe_room(belief, x):
    value0, slope0, value, slope = spreads(belief, x)
    a, b = 2 * value0 + 4 * x * slope0 + 2 * value, 4 * slope0 + 2 * slope
    of_prior = 8 * EPS * (10 + x) ** 3 * (1 + x)
    return residual(belief, 1.0) * np.array([a * a, b * b, a * b]) + of_prior


def wolfe_terms(x, c1, c2):
    """a and b for the plain belief (eq. 2.37)."""
    return [(1, 0, 0.0), (c1 * x, 1, 0.0), (-1, 0, x)], [(1, 1, x), (-c2, 1, 0.0)]


@claim.check("the plain belief", looks(), examples=100)
@claim.control("the plain belief, another constant", looks(), examples=10, plain_c2=0.81)
def plain_agrees(look, c1=0.05, c2=0.8, plain_c2=0.8):
    """Means and covariances of both variables, plain and arrays."""
    belief, x = look
    plain = plain_belief.believe(*(list(row) for row in belief[:3]), belief.value_noise[0], belief.slope_noise[0])
    a, b = wolfe_terms(x, c1, plain_c2)
    mean, found = (part[0] for part in belief.at(np.array([x])).wolfe_terms(c1, c2))
    rows = rows_of(belief, [(0, 0), (1, 0), (0, x), (1, x)])
    entries = [plain.covariance(a, a), plain.covariance(b, b), plain.covariance(a, b)]
    T = np.abs([[1, c1 * x, -1, 0], [0, -c2, 0, 1]])
    return {
        "means": close(mean, [plain.mean(a), plain.mean(b)], 2 * T @ rounding(belief, rows) * (1 + x)),
        "covariances": close([found[0, 0], found[1, 1], found[0, 1]], entries, 2 * wolfe_room(belief, x)),
    }
