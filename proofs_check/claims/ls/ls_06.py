r"""LS-06  Wolfe steps decrease the loss

Where: dissertation, eqs. 2.17 and 2.18
Claim: A positive step that satisfies the Wolfe conditions lowers the loss; the first condition is enough.
Formula: s > 0,\ c_1 > 0,\ f'(0) < 0,\ f(s) \le f(0) + c_1 s f'(0) \Rightarrow f(s) < f(0)
Verdict: holds
Kind: exact
"""

from __future__ import annotations

import numpy as np
from hypothesis import assume

import toybox as tb
from toybox import methods

from ...claim import told
from ...proof import Theorem, every
from .common import SOME, curves, searched_curve

claim = told(__doc__)


@claim.proof("the first condition is enough", broken={"c1 < 0": {"side": -1}, "the second alone": {"first": False}})
def lower(a, b, c, s, change, side=1, first=True):
    """The second alone is tried on a s^2 + b s."""
    condition = change <= c * s * b if first else every(change == a * s**2 + b * s, 2 * a * s + b >= c * b)
    return Theorem((s > 0, b < 0, side * c > 0, condition), {"lower": change < 0})


def accepted(line):
    """What our rules find, in a run and on a bare line: for each search the steps and their constants."""
    rules = {
        "armijo": lambda c: methods.armijo.Armijo(c=c, reset=2),
        "goldstein": lambda c: methods.goldstein.Goldstein(c=c, first=1.0),
        "wolfe": lambda c: methods.wolfe.StrongWolfe(c1=c, c2=0.9),
    }
    for name, rule in rules.items():
        trace = searched_curve(line, rule(SOME))
        found = trace.status[0, 0] == tb.Status.FOUND
        yield name, trace.size[0, 0][found], SOME[found]
        bare = [(tb.search(rule(c), line.f, line.slope), c) for c in SOME]
        found = np.array([(end.step, c) for end, c in bare if end.status == tb.Status.FOUND]).reshape(-1, 2)
        yield f"{name} alone", found[:, 0], found[:, 1]


@claim.check("what our rules accept", curves, examples=150)
@claim.control("lower by twice as much", curves, share=2)
def accepted_are_lower(line, share=0.9):
    """What they find is lower by at least c s |f'(0)|, up to rounding."""
    slack = {}
    for name, s, c in accepted(line):
        assume(np.all(c * s * -line.slope0 > 10 * line.noise(s)))
        slack[name] = np.min(-line.change(s) / (c * s * -line.slope0) - share, initial=1.0)
    assume(any(v < 1 for v in slack.values()))
    return slack
