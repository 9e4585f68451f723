r"""ERM-01  Empirical 0-1 loss and the memoriser

Where: dissertation, eqs. 2.1 and 2.3
Claim: The empirical risk is one minus the accuracy, and a predictor that has learnt its training set by heart, whatever
    it answers elsewhere, has the empirical risk 0.
Formula: L_{\mathbb T}(h) = 1 - \mathrm{acc}_{\mathbb T}(h), \qquad L_{\mathbb T}(h_{\mathrm{mem}}) = 0
Verdict: corrected
Kind: enumeration
Found: The risk is 0 if and only if no input occurs with two labels. Otherwise there is no such predictor, and the best
    of all predictors errs on the rarer label of every input.
True: \min_h L_{\mathbb T}(h) = 1 - \frac1m \sum_x \max_y \#\{(x, y) \in \mathbb T\}
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import combinations_with_replacement

import numpy as np

import toybox as tb

from ...claim import Contrast, above, equal, only, told
from .common import PAIRS, PREDICTORS, risk

claim = told(__doc__)


def accuracy(h, T):
    return F(sum(h[x] == y for x, y in T), len(T))


def memoriser(T):
    """Answers what it saw, the last of it if that differs, and 0 elsewhere."""
    seen = dict(T)
    return tuple(seen.get(x, 0) for x in range(3))


def consistent(T):
    return len(dict(T)) == len(set(T))


def multisets(wanted=lambda T: True):
    """All multisets of 1 to 4 examples."""
    every = [T for size in range(1, 5) for T in combinations_with_replacement(PAIRS, size)]
    return lambda budget: [(T,) for T in every if wanted(T)]


def rarer_labels(T):
    """Per input, whatever is answered, at least the rarer label is wrong."""
    return 1 - F(sum(max(T.count((x, y)) for y in range(2)) for x in range(3)), len(T))


@claim.check("risk, accuracy, least risk", multisets())
def risks(T):
    return {
        "risk and accuracy": min(equal(risk(h, T) + accuracy(h, T), F(1)) for h in PREDICTORS),
        "least risk": equal(min(risk(h, T) for h in PREDICTORS), rarer_labels(T)),
    }


@claim.check("the memoriser of a consistent set", multisets(consistent))
@claim.control("a contradictory pair", lambda budget: [(((0, 0), (0, 1)),)])
def memorises(T):
    """The order of the examples does not matter, and no answer is wrong."""
    return {
        "order": equal(memoriser(T), memoriser(T[::-1])),
        "risk": equal(risk(memoriser(T), T), F(0)),
    }


@claim.check("the accuracy of our classifier", multisets())
def ours_counts(T):
    """The accuracy of our classifier, for all predictors and the memoriser: 1 - risk.

    Its inputs are so far apart that the kernel is 1 or 0, its logits are theta, and 0 means the label 0.
    """
    x, y = (np.array(column) for column in zip(*T, strict=True))
    inputs = 100.0 * np.arange(3)[:, None]
    problem = tb.problems.KernelClassifier(inputs, [0, 1, 0], 1.0, test=(inputs[x], y))
    blank = [0 if i not in x else 2 * label - 1 for i, label in enumerate(memoriser(T))]
    theta = np.array([*(2 * np.array(PREDICTORS) - 1), blank], float)
    wanted = [1 - risk(h, T) for h in (*PREDICTORS, memoriser(T))]
    return equal(problem.accuracy(theta).tolist(), list(map(float, wanted)))


CONTRADICTORY = multisets(lambda T: not consistent(T))

claim.check("0 is out of reach of the others", CONTRADICTORY)(lambda T: above(rarer_labels(T), 0))
claim.control("the commoner label wrong", multisets())(
    lambda T: equal(1 - rarer_labels(T), min(risk(h, T) for h in PREDICTORS))
)
claim.counterexample("least risk on the pairs T of input and label", only(((0, 0), (0, 1))))(
    lambda T: Contrast(0, min(risk(h, T) for h in PREDICTORS))
)
