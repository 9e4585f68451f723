"""The search for strong Wolfe conditions: what it accepts, and how it doubles and bisects until then."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import combinations, pairwise

from toybox.methods.wolfe import StrongWolfe
from toybox.text import ASCENT, CAPPED, EXHAUSTED, FOUND, STATIONARY

from ..explorer import theorem
from ..symbolic import no
from .lines import function, parabola

TRIES = 3


def searched(world, text, facts=lambda here: function, tries=TRIES):
    """One search with any numbers: (rule, here, end, asked); every answer is (phi(s) - phi(0), phi'(s))."""
    rule, here = world.rule(text, tries=tries), world.here(norm=1)
    end, asked = world.search(rule, here, None, facts(here))
    return rule, here, end, asked


def decreases(rule, here, asked):
    """Eq. 2.17, and the loss falls."""
    fall, _ = asked.answer
    return (fall <= rule.c1 * asked.s * here.slope0) & (fall < 0)


def flat(rule, here, asked, share=1):
    """Eq. 2.18 of the absolute value."""
    _, rise = asked.answer
    return (rise <= -share * rule.c2 * here.slope0) & (-rise <= -share * rule.c2 * here.slope0)


@theorem(broken={"half the slope": {"share": F(1, 2)}})
def accepts(world, text=StrongWolfe, share=1):
    """FOUND meets both strong Wolfe conditions: the loss falls by at least c1 s |phi'(0)|, |phi'(s)| <= c2 |phi'(0)|.
    CAPPED falls as much, and its slope is at most c2 |phi'(0)|: it may fall on. Both were tried last."""
    rule, here, end, asked = searched(world, text)
    if end.status not in (FOUND, CAPPED):
        return {}
    last = asked[-1]
    then = {"tried last": end.size == last.s, "eq. 2.17": decreases(rule, here, last)}
    if end.status == FOUND:
        return then | {"eq. 2.18": flat(rule, here, last, share)}
    return then | {"eq. 2.18 above": last.answer[1] <= -rule.c2 * here.slope0}


@theorem(broken={"the largest step is not allowed": {"largest": F(1, 2)}})
def capped(world, text=StrongWolfe, largest=1):
    """No trial is longer than the largest step; FOUND is shorter, and CAPPED is the largest step itself."""
    rule, _, end, asked = searched(world, text)
    then = {f"trial {i}": (one.s > 0) & (one.s <= largest * rule.max_step) for i, one in enumerate(asked)}
    if end.status == FOUND:
        then["FOUND"] = end.size < rule.max_step
    if end.status == CAPPED:
        then["CAPPED"] = end.size == rule.max_step
    return then


@theorem(broken={"triples": {"factor": 3}})
def doubles(world, text=StrongWolfe, factor=2):
    """It begins with ``first`` and doubles as long as the loss falls enough, further than before, along a slope that is
    negative; it never goes on from the largest step like that. Every other trial is the middle of two steps of before,
    0 among them."""
    rule, here, _, asked = searched(world, text)
    then = {"first": asked[0].s == min(rule.first, rule.max_step)} if asked else {}
    low, downhill = 0, True
    for i, (one, after) in enumerate(pairwise(asked), 1):
        fall, rise = one.answer
        downhill = downhill and bool(decreases(rule, here, one) & (fall < low) & (rise <= 0))
        low = fall
        if downhill:
            then[f"trial {i}"] = (after.s == min(factor * one.s, rule.max_step)) & (one.s < rule.max_step)
        else:
            middle = no(True)
            for a, b in combinations([0, *(x.s for x in asked[:i])], 2):
                middle = (2 * after.s == a + b) | middle
            then[f"trial {i}"] = middle
    return then


@theorem(broken={"steps anyway": {"factor": 1}})
def gives_up(world, text=StrongWolfe, factor=0):
    """EXHAUSTED says that ``tries`` trials failed: step 0. A trial fails where it misses a strong Wolfe condition, or
    lies no lower than another one that met eq. 2.17."""
    rule, here, end, asked = searched(world, text)
    then = {"trials": len(asked) <= TRIES}
    if end.status == EXHAUSTED:
        then |= {"all tried": len(asked) == TRIES, "step 0": end.size == factor * asked[-1].s}
    for i, one in enumerate(asked if end.status == EXHAUSTED else asked[:-1]):
        failed = no(decreases(rule, here, one) & flat(rule, here, one))
        for before in asked[:i]:
            failed = (decreases(rule, here, before) & (before.answer[0] <= one.answer[0])) | failed
        then[f"fails {i}"] = failed
    return then


@theorem(broken={"flat is uphill": {"level": ASCENT}})
def nowhere(world, text=StrongWolfe, level=STATIONARY):
    """Where the line does not descend it asks nothing and stays: STATIONARY on slope 0, else ASCENT."""
    _, here, end, asked = searched(world, text, tries=1)
    if here.slope0 < 0:
        return {"asks": len(asked) > 0}
    return {
        "asks nothing": not asked,
        "step 0": end.size == 0,
        "status": end.status == (level if here.slope0 == 0 else ASCENT),
    }


@theorem(broken={"from 1 on": {"least": 1}, "up to 1": {"most": 1}})
def on_a_parabola(world, text=StrongWolfe, least=None, most=None):
    """On a parabola the step that is FOUND is 1 - c2 to min(1 + c2, 2 (1 - c1)) times that to the minimum."""
    a = world.real("a", "(0, inf)")
    rule, here, end, _ = searched(world, text, lambda here: parabola(here, a))
    if end.status != FOUND:
        return {}
    alpha = -2 * a * end.size / here.slope0
    return {
        "least": alpha >= (least or 1 - rule.c2),
        "most": alpha <= (most or 1 + rule.c2),
        "decrease": alpha <= 2 * (1 - rule.c1),
    }


@theorem(broken={"of two trials": {"tries": 2}})
def ends_on_a_parabola(world, text=StrongWolfe, tries=3):
    """On a parabola whose minimum lies at 1 to 8 times the first trial, and c1 <= 1/2 <= c2, three trials suffice."""
    a = world.real("a", "(0, inf)")
    rule, here = world.rule(text, tries=tries), world.here(norm=1)
    minimum = -here.slope0 / (2 * a)
    world.suppose(here.slope0 < 0, rule.first <= minimum, minimum <= 8 * rule.first, minimum <= rule.max_step)
    world.suppose(rule.c1 <= F(1, 2), rule.c2 >= F(1, 2))
    end, _ = world.search(rule, here, None, parabola(here, a))
    return {"accepted": end.status in (FOUND, CAPPED)}
