r"""HD-02  SGD-HD moves the rate towards the line's minimum

Where: dissertation, the text after eq. 2.49
Claim: The hypergradient changes the learning rate such that a step comes closer to the minimum of the line.
Formula: \lambda^+ - \lambda^* = (1 - \alpha\, g^\top H g)(\lambda - \lambda^*)
Verdict: holds
Kind: exact
Found: On a fixed quadratic line, and if and only if alpha is positive and below 2 / g'Hg.
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np

import toybox as tb
from toybox import methods

from ...cases import dot
from ...claim import equal, told
from ...ours import Quadratics, moves, on_rule, walk
from ...proof import Theorem, every, same, size
from ..alig.common import wholes

claim = told(__doc__)


@claim.proof("one update", broken={"the other sign": {"sign": -1}, "below 1 / g'Hg": {"limit": 1}})
def approaches(square, bend, rate, alpha, sign=1, limit=2):
    """square = |g|^2, bend = g'Hg: the newest gradient is g - rate Hg, and the line's minimum at square / bend."""
    best = square / bend
    new = rate + sign * alpha * (square - rate * bend)
    return Theorem(
        (square > 0, bend > 0, rate != best),
        {
            "identity": new - best == (1 - alpha * bend) * (rate - best),
            "closer": same(size(new - best) < size(rate - best), every(0 < alpha, alpha < limit / bend)),
        },
    )


@claim.check("the rule on arrays and on exact numbers", wholes(), examples=100)
@claim.control("half of the hyper-rate", wholes(), examples=20, share=F(1, 2))
def ours(case, share=1):
    """The second rate, unless the second place is the minimum, where none is used."""
    M = np.array(case.M, float)
    problem = tb.problems.NoisyQuadratic((M @ M.T + np.eye(len(M)))[None], np.array([case.m], float))
    rule = methods.hypergradient.Hypergradient(float(case.rate), float(share * case.hyper_rate))
    found = walk(problem, on_rule(rule), np.array(case.x, float), 2).trace.size[1, 0].item()
    Q = [tuple(dot(a, b) + (i == j) for j, b in enumerate(case.M)) for i, a in enumerate(case.M)]
    plain = Quadratics([Q], [case.m])
    g = plain.gradient(case.x, (0,))
    second = moves("sgd-hd", plain, case.x, [(0,)] * 2, rate=case.rate, hyper_rate=share * case.hyper_rate)[1]
    new = plain.gradient(tuple(x - case.rate * d for x, d in zip(case.x, g, strict=True)), (0,))
    wanted = case.rate + case.hyper_rate * dot(new, g) if any(new) else F(0)
    return equal([F(found), second.step], [wanted] * 2)
