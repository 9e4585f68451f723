r"""SLS-04  Convex rate with averaging

Where: dissertation, section 2.6.3; Vaswani et al. 2019, Theorem 2
Claim: Under interpolation, with smooth and convex sample losses and c > 1/2, the expected excess loss of the average of
    the first T iterates is at most a constant over T.
Formula: E[f(\bar w_T) - f^*] \le \frac{c}{(2c-1)\,T} \max\left\{\frac{L_{\max}}{2\beta(1-c)},
    \frac{1}{\eta_{\max}}\right\} \|w_0 - w^*\|^2
Verdict: holds
Kind: exact
Found: With beta, as SLS-01 has it. About a fifth of the bound is all that was ever used in four steps.
"""

from __future__ import annotations

from fractions import Fraction as F

from ...claim import equal, only, told
from ...proof import Theorem, larger, smaller
from .common import HALF, Piece, exact_step

claim = told(__doc__)


def factor(c, beta, first, L, larger=max):
    """What multiplies |w_0 - w*|^2 / T."""
    return c / (2 * c - 1) * larger(L / (2 * beta * (1 - c)), 1 / first)


@claim.proof("every sample's step", broken={"half of it": {"share": HALF}, "c < 1/2": {"least": F(1, 4), "most": HALF}})
def step(V, ge, gg, c, beta, L, largest, eta, excess, least=HALF, most=1, share=1):
    """As in SLS-02 with mu = 0 and steps that are not shorter than SLS-01 has it: the excess loss is paid for by what
    |w - w*|^2 = V shrinks.
    """
    shortest = smaller(largest, 2 * beta * (1 - c) / L)
    return Theorem(
        (
            *(V > 0, gg >= 0, ge**2 <= gg * V, least < c, c < most, 0 < beta, beta < 1, L > 0, largest > 0),
            *(excess >= 0, excess <= ge, c * eta * gg <= excess, eta >= shortest),
        ),
        {"paid": excess <= share * factor(c, beta, largest, L, larger) * (2 * eta * ge - eta**2 * gg)},
    )


@claim.proof("averages", broken={"concave": {"sense": -1}})
def averaged(T, risk, excess, next_risk, price, start, V, V_next, sense=1):
    """By induction on T, in the mean over samples: T times the excess of the average is paid for by what V has shrunk,
    and stays so, as the next average, T parts of the last one and one of w, has at most that mean of their excess.
    """
    return Theorem(
        (
            *(T >= 1, price > 0, V_next >= 0, risk >= 0, excess >= 0),
            *(T * risk <= price * (start - V), excess <= price * (V - V_next)),
            sense * (T + 1) * next_risk <= sense * (T * risk + excess),
        ),
        {
            "next": (T + 1) * next_risk <= price * (start - V_next),
            "bound": next_risk <= price * start / (T + 1),
        },
    )


@claim.check("equal samples", only(F(198, 1000)))
@claim.control("half of the bound", only(F(1, 2)))
def equal_samples(share):
    """Three times x^2 / 2, c = 7/8, steps of 1/4: .198 of the bound is used."""
    c, beta, first, x, places = F(7, 8), F(99, 100), F(1, 4), F(1), []
    for _ in range(4):
        places.append(x)
        x = exact_step(Piece(F(1), F(1)), x, c, beta, first).x[0]
    risk = (sum(places) / 4) ** 2 / 2
    return equal(round(risk / (factor(c, beta, first, F(1)) / 4), 3), share)
