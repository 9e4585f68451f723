"""The exact check of weights: whoever found them need not be trusted.

To show that metric <= rate * unit follows from forms that are <= 0 and others that are 0 it is enough that

    rate * unit + sum weight * form - metric  =  <S, Gram matrix>,

where the weights of forms <= 0 are >= 0 and S is positive semidefinite, as Gram matrices are.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ..proof import Proof
from .forms import Worst, matrix


def certify(question: Worst, rate: Fraction, weights: Sequence[Fraction]) -> Proof:
    """The proof that metric <= rate * unit: no weight is negative, all values cancel, what remains is psd."""
    values, vectors = question.names()
    slack = question.slack(rate, weights)
    negative = [i for i, weight in enumerate(weights[: len(question.below)]) if weight < 0]
    left = [name for name in values if slack[name] != 0]
    bent = indefinite(matrix(slack, vectors))
    wrong = [
        *(f"weight {i} is negative" for i in negative[:1]),
        *(f"{name} does not cancel" for name in left[:1]),
        *([f"the slack is not positive semidefinite: {bent}"] if bent else []),
    ]
    return Proof(3, "; ".join(wrong))


def indefinite(S: Sequence[Sequence[Fraction]]) -> str:
    """Why a symmetric matrix of fractions is not positive semidefinite, by elimination; "": it is."""
    rows = [list(row) for row in S]
    for k, row in enumerate(rows):
        if row[k] < 0:
            return f"pivot {k + 1} is {float(row[k]):.3g}"
        if row[k] == 0 and any(row[k:]):
            return f"pivot {k + 1} is 0, its row is not"
        for below in rows[k + 1 :]:
            if below[k]:
                share = below[k] / row[k]
                below[k:] = [x - share * y for x, y in zip(below[k:], row[k:], strict=True)]
    return ""


def cancelled(question: Worst, rate: Fraction, weights: Sequence[Fraction]) -> list[Fraction]:
    """The nearest weights with which all values cancel."""
    values, _ = question.names()
    rows = [[form[name] for form in question.forms] for name in values]
    slack = question.slack(rate, weights)
    dot = lambda a, b: sum(x * y for x, y in zip(a, b, strict=True))
    shares = solved([[*(dot(a, b) for b in rows), slack[name]] for a, name in zip(rows, values, strict=True)])
    return [weight - sum(s * row[i] for s, row in zip(shares, rows, strict=True)) for i, weight in enumerate(weights)]


def solved(rows: Sequence[Sequence[Fraction]]) -> list[Fraction]:
    """The solution of linear equations, each a row that ends with its right side. Raises ``ZeroDivisionError`` where
    they are not independent."""
    table = [list(row) for row in rows]
    for k in range(len(table)):
        at = next((i for i in range(k, len(table)) if table[i][k]), k)
        table[k], table[at] = table[at], table[k]
        table[k] = [x / table[k][k] for x in table[k]]
        for i, row in enumerate(table):
            if i != k and row[k]:
                table[i] = [x - row[k] * y for x, y in zip(row, table[k], strict=True)]
    return [row[-1] for row in table]
