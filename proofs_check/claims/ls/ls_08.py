r"""LS-08  Backtracking terminates, with a guaranteed step and count

Where: dissertation, Algorithm 2
Claim: On a loss with Lipschitz gradient, convex or not, backtracking along a descent direction rejects no step below a
    threshold, and so ends after a known number of reductions at no less than beta times the threshold.
Formula: s \ge \min(\hat s, \beta\bar s), \qquad \bar s = \frac{2(1-c_1)|f'(0)|}{L\|d\|^2}, \qquad \left\lfloor
    \frac{\ln(\bar s/\hat s)}{\ln\beta} \right\rfloor + 1 \text{ reductions}
Verdict: holds
Kind: exact
Found: The factor beta is needed, and cannot be better.
"""

from __future__ import annotations

import operator
from fractions import Fraction as F

import numpy as np

import toybox as tb
from toybox import methods

from ... import of_code
from ...claim import at_most, equal, only, told
from ...ours import moves, on_rule, walk
from ...proof import Theorem
from .common import loop, unit_parabola

claim = told(__doc__)
claim.certified()
claim.of_the_code(of_code.armijo.long_enough, of_code.armijo.finds)


@claim.proof("step and reductions", broken={"without beta": {"shrunk": lambda beta: 1}, "uphill": {"way": -1}})
def guaranteed(b, bend, c, beta, first, before, rejected, change, shrunk=lambda beta: beta, way=1):
    """b = f'(0), bend = L |d|^2. The last step that was rejected is first times beta^(k - 1), k the reductions; of
    what f changes there the descent lemma (LS-11) gives the most. As ``before`` = beta^(k - 1) exceeds bar / first,
    k - 1 is below ln(bar / first) / ln beta.
    """
    bar = 2 * (1 - c) * -way * b / bend
    return Theorem(
        (
            *(
                way * b < 0,
                bend > 0,
                0 < c,
                c < 1,
                0 < beta,
                beta < 1,
                first > 0,
                before > 0,
                rejected == first * before,
            ),
            *(change <= b * rejected + bend / 2 * rejected**2, change > c * rejected * b),
        ),
        {
            "rejected": rejected > bar,
            "step": beta * rejected > shrunk(beta) * bar,
            "reductions": before > bar / first,
        },
    )


# --- our searches


@claim.check("beta times the threshold is approached", lambda budget: range(3, 40, 4))
@claim.control("the threshold itself is", lambda budget: [3], low=F(3, 2))
def sharp(k, low=F(3, 4)):
    """f = (1 - s)^2 / 2, c = 1/4, beta = 1/2: from 3/2 + 2^-k, just above bar, down to 3/4 + 2^-(k + 1)."""
    first = F(3, 2) + F(1, 2**k)
    exactly = moves("backtracking", *unit_parabola(), c=F(1, 4), beta=F(1, 2), first=first)[0]
    rule = methods.armijo.Armijo(c=0.25, beta=0.5, first=float(first), reset=2)
    ours = walk(tb.problems.NoisyQuadratic(np.eye(1), np.ones(1)), on_rule(rule), np.zeros(1)).trace
    wanted, trials = low + F(1, 2 ** (k + 1)), 2
    return {
        "exact": equal([exactly.step, exactly.trials], [wanted, trials]),
        "arrays": equal([F(ours.size[0, 0]), int(ours.trials[0, 0])], [wanted, trials]),
    }


def our_reductions(line, first):
    """Of our search, c = 1/4, beta = 1/2."""
    rule = methods.armijo.Armijo(c=F(1, 4), beta=F(1, 2), first=first, reset=2)
    return len(tb.search(rule, line[0], slope0=F(line[1])).questions) - 1


@claim.check("one reduction on the parabola", only(-1))
@claim.control("uphill the loop never ends", only(1, lambda *case: loop(case[0], operator.gt, case[1])[1]))
def reductions(slope, made=our_reductions):
    """The search of (1 + slope s)^2 / 2 from 3/2 + 1/8 ends within its one reduction."""
    return at_most(made((lambda s: (1 + slope * s) ** 2 / 2, slope), F(13, 8)), 1)
