r"""LS-06  Wolfe steps decrease the loss

Where: dissertation, eqs. 2.17 and 2.18
Claim: A positive step that satisfies the Wolfe conditions lowers the loss; the first condition is enough.
Formula: s > 0,\ c_1 > 0,\ f'(0) < 0,\ f(s) \le f(0) + c_1 s f'(0) \Rightarrow f(s) < f(0)
Verdict: holds
Kind: property
"""

from __future__ import annotations

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import powers
from ...claim import above, told
from .common import SOME, Curve, constants, curves, searched_curve

claim = told(__doc__)


@st.composite
def parabolas(draw, beyond=None):
    """a s^2 + b s with a > 0 > b, c, and a step: up to its zero, or ``beyond(c)`` of that too far, where it is above 0.

    At (1 + e) times the zero the parabola is at e s |b|: eq. 2.17 with -c admits it for e <= c, eq. 2.18 for all e.
    """
    a, b, c = draw(powers(-1, 1)), -draw(powers(-1, 1)), draw(constants)
    part = draw(st.floats(0.01, 1)) if beyond is None else 1 + draw(st.floats(0.1, 0.9)) * beyond(c)
    return Curve(lambda s: s * (a * s + b), lambda s: 2 * a * s + b), part * -b / a, c


def lower(line, s, c, condition):
    """A step that meets the condition is lower than 0: by how much, as a fraction of s |f'(0)|."""
    assume(condition(line, s, c))
    return above(-line.change(s) / (s * -line.slope0), 0)


ENOUGH = lambda line, s, c: line.change(s) <= c * s * line.slope0  # eq. 2.17
CURVED = lambda line, s, c: line.slope(s) >= c * line.slope0  # eq. 2.18


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
def accepted_are_lower(line):
    """What they find is lower by at least c s |f'(0)|, up to rounding."""
    slack = {}
    for name, s, c in accepted(line):
        assume(np.all(c * s * -line.slope0 > 10 * line.noise(s)))
        slack[name] = np.min(-line.change(s) / (c * s * -line.slope0) - 0.9, initial=1.0)
    assume(any(v < 1 for v in slack.values()))
    return slack


claim.check("G-LINE", st.tuples(curves, powers(-3, 0), constants), examples=300)(lambda *case: lower(*case, ENOUGH))
claim.check("parabolas", parabolas(), examples=300)(lambda *case: lower(*case, ENOUGH))
claim.control("the second condition alone", parabolas(lambda c: 1))(lambda *case: lower(*case, CURVED))
claim.control("c1 < 0", parabolas(lambda c: c))(lambda line, s, c: lower(line, s, -c, ENOUGH))
