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
from itertools import combinations_with_replacement, product

import numpy as np

import toybox as tb

from ...claim import Contrast, equal, only, told
from ...proof import Theorem, every, implies, same

claim = told(__doc__)


@claim.proof("one input, any labels", broken={"an input with two labels": {"consistent": False}})
def one_input(answered, largest, others, consistent=True):
    """Examples with this input: those whose label is answered, the most of one label, and all of the other labels.
    All that is not answered rightly is wrong: risk and accuracy, sums over the inputs divided by m, add up to 1."""
    wrong = largest + others - answered
    learnt = every(answered == largest, others == 0) if consistent else answered == largest
    return Theorem(
        (answered >= 0, answered <= largest, largest > 0, others >= 0),
        {
            "least risk": every(wrong >= others, same(wrong == others, answered == largest)),
            "0 for one label only": implies(wrong == 0, others == 0),
            "memoriser": implies(learnt, wrong == 0),
        },
    )


PAIRS = [*product(range(3), range(2))]
PREDICTORS = [*product(range(2), repeat=3)]


def risk(h, T):
    """The share of wrong answers on T (2.3)."""
    return F(sum(h[x] != y for x, y in T), len(T))


def multisets(budget):
    """All multisets of 1 to 4 examples."""
    return [(T,) for size in range(1, 5) for T in combinations_with_replacement(PAIRS, size)]


def commonest(T, x):
    return max(T.count((x, y)) for y in range(2))


@claim.check("the accuracy of our classifier", multisets)
@claim.control("the rarer label as the best answer", multisets, count=lambda T, x: min(T.count((x, y)) for y in (0, 1)))
def ours_counts(T, count=commonest):
    """For all predictors 1 - risk, at best the share of the commoner labels.

    Its inputs are so far apart that the kernel is 1 or 0, its logits are theta, and 0 means the label 0.
    """
    x, y = (np.array(column) for column in zip(*T, strict=True))
    inputs = 100.0 * np.arange(3)[:, None]
    problem = tb.problems.KernelClassifier(inputs, [0, 1, 0], 1.0, test=(inputs[x], y))
    found = problem.accuracy(2.0 * np.array(PREDICTORS) - 1).tolist()
    return {
        "1 - risk": equal(found, [float(1 - risk(h, T)) for h in PREDICTORS]),
        "best": equal(max(found), float(F(sum(count(T, x) for x in range(3)), len(T)))),
    }


@claim.counterexample("least risk on the pairs T of input and label", only(((0, 0), (0, 1))))
def memorised(T):
    return Contrast(0, min(risk(h, T) for h in PREDICTORS))
