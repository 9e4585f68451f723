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

import numpy as np
from hypothesis import strategies as st

from toybox import methods

from ...claim import Contrast, equal, only, told
from ...proof import Theorem
from .common import EIGHTHS, WHOLE, momenta, walked

claim = told(__doc__)


@claim.proof("one more gradient", broken={"weights of an average": {"newest": lambda beta: 1 - beta}})
def weighted(m, past, weights, power, g, beta, newest=lambda beta: 1):
    """In one coordinate: m is the sum of beta^(T-t) g_t, ``past``, whose weights add up to ``weights``; power =
    beta^(T+1). All of it is so before the first step, where m, past and weights are 0 and power is 1."""
    new, sum_, power_after = beta * m + g, beta * past + newest(beta) * g, beta * power
    return Theorem(
        (m == past, (1 - beta) * weights == 1 - power),
        {
            "sum": new == sum_,
            "weights": (1 - beta) * (beta * weights + newest(beta)) == 1 - power_after,
            "drag": new - m == g - (1 - beta) * m,
        },
    )


@claim.check("our optimizer on arrays", st.tuples(WHOLE, EIGHTHS), examples=100)
@claim.control("our optimizer with weights of an average", st.tuples(WHOLE, EIGHTHS), examples=20, average=True)
def on_arrays(g, beta, average=False):
    """Its moves, digit by digit where floats are exact."""
    path = walked(methods.momentum.Momentum(float(beta)), np.array(g, float)).theta[:, 0]
    newest = 1 - beta if average else 1
    wanted = [
        tuple(-newest * sum(beta ** (T - t) * g[t][i] for t in range(T + 1)) for i in range(2)) for T in range(len(g))
    ]
    return equal([tuple(map(F, d)) for d in np.diff(path, axis=0).tolist()], wanted)


@claim.counterexample("m_T", only(((F(1), F(2)), (F(-3), F(1, 2))), F(1, 2)))
def literally(g, beta):
    """The printed sum over i, in which nothing depends on i, taken at t = T."""
    return Contrast(tuple(len(g) * a for a in g[-1]), momenta(g, beta)[-1])
