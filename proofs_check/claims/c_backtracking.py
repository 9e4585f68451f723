"""Section C, third part: Wolfe steps decrease the loss, and backtracking (dissertation, section 2.5, Algorithm 2)."""

from __future__ import annotations

import operator
from fractions import Fraction as F
from math import floor, log
from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ..cases import EPS, Smooth, powers
from ..claim import Check, Claim, Contrast, above, at_most, equal, only
from ..ours import Plain, moves, on_rule, walk
from .c_searches import Curve, constants, curves, searched_curve
from .c_slopes import Descent, broken, descents, searched

# --- LS-06: Wolfe steps decrease the loss


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
SOME = np.array([0.01, 0.1, 0.4])


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


def accepted_are_lower(line):
    """What they find is lower by at least c s |f'(0)|, up to rounding."""
    slack = {}
    for name, s, c in accepted(line):
        assume(np.all(c * s * -line.slope0 > 10 * line.noise(s)))
        slack[name] = np.min(-line.change(s) / (c * s * -line.slope0) - 0.9, initial=1.0)
    assume(any(v < 1 for v in slack.values()))
    return slack


LS_06 = Claim(
    id="LS-06",
    title="Wolfe steps decrease the loss",
    source="dissertation, eqs. 2.17 and 2.18",
    statement="A positive step that satisfies the Wolfe conditions lowers the loss; the first condition is enough.",
    formula=r"s > 0,\ c_1 > 0,\ f'(0) < 0,\ f(s) \le f(0) + c_1 s f'(0) \Rightarrow f(s) < f(0)",
    kind="property",
    verdict="holds",
    checks=[
        Check("G-LINE", lambda *case: lower(*case, ENOUGH), st.tuples(curves, powers(-3, 0), constants), examples=300),
        Check("parabolas", lambda *case: lower(*case, ENOUGH), parabolas(), examples=300),
        Check("what our rules accept", accepted_are_lower, curves, examples=150),
    ],
    controls=[
        broken("the second condition alone", lambda *case: lower(*case, CURVED), parabolas(lambda c: 1)),
        broken("c1 < 0", lambda line, s, c: lower(line, s, -c, ENOUGH), parabolas(lambda c: c)),
    ],
)

# --- LS-08: backtracking ends


class Backtracking(NamedTuple):
    """A descent and how to search along it."""

    line: Descent
    c: float
    beta: float
    first: float

    @property
    def bar(self):
        """No step below this is rejected."""
        return 2 * (1 - self.c) * -self.line.slope0 / self.line.bend


@st.composite
def backtrackings(draw):
    return Backtracking(draw(descents()), draw(st.floats(1e-4, 0.95)), draw(st.floats(0.05, 0.99)), draw(powers(-3, 3)))


def guaranteed(case, least=lambda case: min(case.first, case.beta * case.bar)):
    """Step, rejected step and number of reductions of our rule (Algorithm 2).

    At s = bar (1 - e) the decrease exceeds what is asked by 2 e (1 - e) (1 - c)^2 f'(0)^2 / (L |d|^2): more than
    rounding for e = noise L |d|^2 / ((1 - c) f'(0))^2. At the steps tried below bar it must be more, too.
    """
    line, bar = case.line, case.bar
    e = line.noise(bar) * line.bend / ((1 - case.c) * line.slope0) ** 2
    low = min(case.first, case.beta * bar)
    assume(e < 1e-3 and line.bend / 2 * low * (bar - low) > line.noise(low))
    trace = searched(case.line, methods.armijo.Armijo(c=case.c, beta=case.beta, first=case.first, reset=2, tries=5000))
    s, reductions = trace.size[0, 0], int(trace.trials[0, 0]) - 1
    e += (reductions + 8) * EPS
    bound = floor(log(bar * (1 - e) / case.first) / log(case.beta)) + 1 if case.first >= bar * (1 - e) else 0
    return {
        "step": s / (least(case) * (1 - e)) - 1,
        "rejected": s / case.beta / (bar * (1 - e)) - 1 if reductions else 1.0,
        "reductions": bound - reductions,
    }


def sharp(k):
    """f = (1 - s)^2 / 2, c = 1/4, beta = 1/2: from 3/2 + 2^-k, just above bar, down to 3/4 + 2^-(k + 1)."""
    first = F(3, 2) + F(1, 2**k)
    exactly = moves("backtracking", *unit_parabola(), c=F(1, 4), beta=F(1, 2), first=first)[0]
    rule = methods.armijo.Armijo(c=0.25, beta=0.5, first=float(first), reset=2)
    ours = walk(tb.problems.NoisyQuadratic(np.eye(1), np.ones(1)), on_rule(rule), np.zeros(1)).trace
    wanted, trials = F(3, 4) + F(1, 2 ** (k + 1)), 2
    return {
        "exact": equal([exactly.step, exactly.trials], [wanted, trials]),
        "arrays": equal([F(ours.size[0, 0]), int(ours.trials[0, 0])], [wanted, trials]),
    }


def unit_parabola(x=F(0)):
    """(1 - x)^2 / 2 on exact numbers: problem, start, one batch."""
    return Plain(lambda x: (1 - x[0]) ** 2 / 2, lambda x: (x[0] - 1,)), (x,), [(0,)]


def our_reductions(line, first):
    """Of our search, c = 1/4, beta = 1/2."""
    rule = methods.armijo.Armijo(c=F(1, 4), beta=F(1, 2), first=first, reset=2)
    return len(tb.search(rule, line[0], slope0=F(line[1])).questions) - 1


def reductions(slope, made=our_reductions):
    """The search of (1 + slope s)^2 / 2 from 3/2 + 1/8 ends within its one reduction."""
    return at_most(made((lambda s: (1 + slope * s) ** 2 / 2, slope), F(13, 8)), 1)


SHARP = Descent(Smooth(np.eye(1), np.zeros((1, 1)), np.ones(1), 1.0), -np.ones(1))

LS_08 = Claim(
    id="LS-08",
    title="Backtracking terminates, with a guaranteed step and count",
    source="dissertation, Algorithm 2",
    statement="On a loss with Lipschitz gradient, convex or not, backtracking along a descent direction rejects no step"
    " below a threshold, and so ends after a known number of reductions at no less than beta times the threshold.",
    formula=r"s \ge \min(\hat s, \beta\bar s), \qquad \bar s = \frac{2(1-c_1)|f'(0)|}{L\|d\|^2}, \qquad"
    r" \left\lfloor \frac{\ln(\bar s/\hat s)}{\ln\beta} \right\rfloor + 1 \text{ reductions}",
    kind="property",
    verdict="holds",
    finding="The factor beta is needed, and cannot be better.",
    checks=[
        Check("step, rejected step, reductions", guaranteed, backtrackings()),
        Check("beta times the threshold is approached", sharp, lambda budget: range(3, 40, 4)),
        Check("one reduction on the parabola", lambda: reductions(-1)),
    ],
    controls=[
        broken(
            "the bound without beta",
            lambda case: guaranteed(case, lambda case: min(case.first, case.bar)),
            st.just(Backtracking(SHARP, 0.25, 0.5, 1.5 + 2**-10)),
        ),
        broken(
            "uphill the loop never ends", lambda: reductions(1, lambda *case: loop(case[0], operator.gt, case[1])[1])
        ),
    ],
)

# --- LS-09: Algorithm 2 rejects equality


DOWN = (lambda s: (1 - s) ** 2 / 2, -1)  # a line and its slope at 0
BOTTOM = (lambda s: s * s / 2, 0)


def loop(line, rejects, first, cap=3000):
    """Algorithm 2 with c = 1/4, beta = 1/2: the accepted step, and the reductions (cap: no end)."""
    (f, slope0), s, made = line, first, 0
    while made < cap and rejects(f(s), f(0) + s * slope0 / 4):
        s, made = s / 2, made + 1
    return s, made


def takes_equality(step, made):
    """Of (1 - s)^2 / 2, 3/2 meets eq. 2.17 with equality: it is taken, at once."""
    return equal([step, made], [F(3, 2), 0])


def ends_when_stationary(made, cap):
    """At the bottom a search ends before the cap."""
    return above(cap, made)


def accepted_as_printed(first):
    return Contrast(loop(DOWN, operator.ge, first)[0], loop(DOWN, operator.gt, first)[0])


def made_as_printed(first, cap):
    """The printed loop should end before the cap."""
    return Contrast(cap, loop(BOTTOM, operator.ge, first, cap)[1], "less than")


def ours(x, first=F(3, 2)):
    """Steps, reductions and stationarity of our rule on exact numbers and on arrays, in this order."""
    exactly = moves("backtracking", *unit_parabola(x), c=F(1, 4), beta=F(1, 2), first=first)[0]
    rule = methods.armijo.Armijo(c=0.25, beta=0.5, first=float(first), reset=2)
    quadratic = tb.problems.NoisyQuadratic(np.eye(1), np.ones(1))
    trace = walk(quadratic, on_rule(rule), np.array([float(x)])).trace
    status = tb.Status(int(trace.status[0, 0]))
    return (exactly.step, exactly.trials, exactly.status), (F(trace.size[0, 0]), int(trace.trials[0, 0]), status)


def ours_takes_equality():
    return {name: takes_equality(s, n - 1) for name, (s, n, _) in zip(("exact", "arrays"), ours(F(0)), strict=True)}


def ours_is_guarded():
    """At the minimum our search measures nothing."""
    return min(equal([s, n, int(how == tb.Status.STATIONARY)], [0, 0, 1]) for s, n, how in ours(F(1)))


def unguarded(cap=200):
    """Without a look at the slope, at the minimum: on exact numbers no step underflows to 0."""
    return ends_when_stationary(loop(BOTTOM, operator.gt, F(1), cap)[1], cap)


LS_09 = Claim(
    id="LS-09",
    title='Algorithm 2 tests with ">="',
    source="dissertation, Algorithm 2",
    statement="Algorithm 2 shrinks a step until it decreases the loss sufficiently in the sense of eq. 2.17.",
    formula=r"\mathrm{while}\ f(s) \ge f(0) + c_1 s f'(0):\ s \leftarrow \beta s",
    kind="exact",
    verdict="corrected",
    finding="Equality, which eq. 2.17 accepts, must not be rejected: it costs a reduction, and where the slope is 0 the"
    ' printed loop never ends, not even at s = 0. With ">" it would end there, but only when f(s) has underflowed: a'
    " search must look at the slope first, as ours does. The text calls the factor rho, the table beta.",
    corrected=r"\mathrm{if}\ f'(0) < 0:\ \mathrm{while}\ f(s) > f(0) + c_1 s f'(0):\ s \leftarrow \beta s",
    checks=[
        Check('the loop with ">" takes equality', lambda: takes_equality(*loop(DOWN, operator.gt, F(3, 2)))),
        Check("our rule takes equality", ours_takes_equality),
        Check("our rule at a stationary point", ours_is_guarded),
        Check('">" ends by underflow', lambda: ends_when_stationary(loop(BOTTOM, operator.gt, 1.5)[1], 3000)),
    ],
    controls=[
        broken("the slope unguarded, on exact numbers", unguarded),
        broken(
            "the condition a hair stricter",
            lambda: takes_equality(*loop(DOWN, lambda f, bound: f > bound - F(1, 99), F(3, 2))),
        ),
    ],
    counterexamples=[
        Check("accepted step on (1 - s)^2 / 2, where the first meets eq. 2.17", accepted_as_printed, only(F(3, 2))),
        Check("reductions on floats, at the minimum of s^2 / 2", made_as_printed, only(1.5, 3000)),
        Check("reductions on fractions, at the minimum of s^2 / 2", made_as_printed, only(F(3, 2), 200)),
    ],
)


CLAIMS = (LS_06, LS_08, LS_09)
