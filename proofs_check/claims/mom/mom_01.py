r"""MOM-01  Momentum as a weighted sum

Where: dissertation, eq. 2.39 and the text after eq. 2.40
Claim: The momentum vector is an exponential moving average of all gradients so far, written as a sum over i of terms
    with the index t.
Formula: m_t = \sum_{i=0}^{T} \beta^{T-t} g_t
Verdict: corrected
Kind: exact
Found: The index of the sum is the index of its terms. The weights add up to (1 - beta^(T+1)) / (1 - beta), not to 1: a
    moving average up to the factor 1 / (1 - beta). The printed drag -(1 - beta) m is right.
True: m_T = \sum_{t=0}^{T} \beta^{T-t} g_t
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from toybox import methods

from ...cases import add, vectors
from ...claim import Contrast, equal, only, told
from .common import BETAS, EIGHTHS, WHOLE, exactly, momenta, walked

claim = told(__doc__)


def signals(n, high=12):
    """Sequences of gradients in n dimensions."""
    return st.lists(vectors(n), min_size=1, max_size=high)


@claim.check("the sum", st.tuples(signals(2), BETAS), examples=150)
def weighted(g, beta, weight=lambda beta, age: beta**age):
    """m_T is the sum of beta^(T-t) g_t."""
    T, m = len(g) - 1, momenta(g, beta)[-1]
    return equal(m, tuple(sum(weight(beta, T - t) * each[i] for t, each in enumerate(g)) for i in range(2)))


@claim.check("sum of the weights", st.tuples(BETAS, st.integers(0, 30)), examples=100)
def weights(beta, T):
    """On gradients that are all 1, m_T is the sum of the weights."""
    return equal(momenta([(F(1),)] * (T + 1), beta)[-1][0] * (1 - beta), 1 - beta ** (T + 1))


@claim.check("acceleration and drag", st.tuples(signals(2), BETAS), examples=100)
def drag(g, beta):
    """A step adds g and takes (1 - beta) of the old m away."""
    m = momenta(g, beta)
    return equal(
        [add(new, -1, old) for old, new in pairwise(m)],
        [add(now, beta - 1, old) for old, now in zip(m, g[1:], strict=False)],
    )


@claim.check("our optimizer on arrays", st.tuples(WHOLE, EIGHTHS), examples=100)
def momentum_on_arrays(g, beta):
    """The optimizer on arrays makes the moves of exact numbers, digit by digit where floats are exact."""
    path = walked(methods.momentum.Momentum(float(beta)), np.array(g, float)).theta[:, 0]
    return equal([tuple(map(F, d)) for d in np.diff(path, axis=0).tolist()], exactly("momentum", g, beta=beta))


@claim.counterexample("m_T", only(((F(1), F(2)), (F(-3), F(1, 2))), F(1, 2)))
def literally(g, beta):
    """The printed sum over i, in which nothing depends on i, taken at t = T."""
    return Contrast(tuple(len(g) * a for a in g[-1]), momenta(g, beta)[-1])


claim.control("weights of an average", lambda budget: [([(F(1), F(2)), (F(-3), F(1, 2))], F(1, 2))])(
    lambda g, beta: weighted(g, beta, lambda beta, age: (1 - beta) * beta**age)
)
