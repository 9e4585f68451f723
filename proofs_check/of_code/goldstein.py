"""Goldstein's search: between the two lines it is FOUND, and how it grows and shrinks until then."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise

from toybox.methods.goldstein import Goldstein
from toybox.text import ASCENT, CAPPED, EXHAUSTED, FOUND, STATIONARY

from ..explorer import theorem
from ..symbolic import no
from .lines import function, parabola

TRIES = 3


def searched(world, text, facts=lambda here: function, tries=TRIES):
    """One search with any numbers, from any positive state: (rule, here, end, asked). The smallest step, too, is any
    number. The first trial is proved with Armijo, whose it is: here it is the state."""
    rule = world.rule(text, tries=tries, reset=0, gamma=1, SMALLEST=world.real("smallest", "(0, inf)"))
    here, state = world.here(), world.real("state", "(0, inf)")
    end, asked = world.search(rule, here, state, facts(here))
    return rule, here, end, asked


def smallest(rule):
    """The smallest step of a search, which is never more than the largest."""
    return min(rule.SMALLEST, rule.max_step)


def upper(rule, here, asked, share=1):
    """Below the line of slope c phi'(0), and below 0: not too long."""
    return (asked.answer <= share * rule.c * asked.s * here.slope0) & (asked.answer < 0)


def lower(rule, here, asked, share=1):
    """Above the line of slope (1 - c) phi'(0): not too short."""
    return asked.answer >= share * (1 - rule.c) * asked.s * here.slope0


@theorem(broken={"twice the decrease": {"least": 2}, "half the decrease": {"most": "1/2"}})
def accepts(world, text=Goldstein, least=1, most=1):
    """FOUND says that the loss lies between the lines of slopes c phi'(0) and (1 - c) phi'(0); CAPPED, below the
    former. Both are said of the step that was tried last."""
    rule, here, end, asked = searched(world, text)
    if end.status not in (FOUND, CAPPED):
        return {}
    then = {"tried last": end.size == asked[-1].s, "not too long": upper(rule, here, asked[-1], least)}
    return then | ({"not too short": lower(rule, here, asked[-1], F(most))} if end.status == FOUND else {})


@theorem(broken={"the largest step is not allowed": {"largest": "1/2"}})
def capped(world, text=Goldstein, largest=1):
    """Every trial lies within the largest step; FOUND is shorter, and CAPPED is the largest step itself."""
    rule, _, end, asked = searched(world, text)
    then = {f"trial {i}": one.s <= F(largest) * rule.max_step for i, one in enumerate(asked)}
    if end.status == FOUND:
        then["FOUND"] = end.size < rule.max_step
    if end.status == CAPPED:
        then["CAPPED"] = end.size == rule.max_step
    return then


@theorem(broken={"grows twice": {"power": 2}})
def moves(world, text=Goldstein, power=1):
    """After a trial that is too long comes beta times it, but no less than the smallest step; after one that is too
    short ``grow`` times it, but no more than the largest. One between the lines is the last, and so is one that cannot
    move."""
    rule, here, _, asked = searched(world, text)
    then = {}
    for i, (one, after) in enumerate(pairwise(asked)):
        longer, shorter = min(rule.grow**power * one.s, rule.max_step), max(rule.beta * one.s, smallest(rule))
        then[f"moves after {i}"] = after.s != one.s
        then[f"goes on after {i}"] = no(upper(rule, here, one) & lower(rule, here, one))
        then[f"trial {i + 1}"] = after.s == (longer if upper(rule, here, one) else shorter)
    return then


@theorem(broken={"stays": {"factor": 0}})
def gives_up(world, text=Goldstein, factor=1):
    """EXHAUSTED takes the trial that was the last, which is not between the lines: all tries are used, or the step is
    too long and the smallest already."""
    rule, here, end, asked = searched(world, text)
    then = {"trials": len(asked) <= TRIES}
    if end.status == EXHAUSTED:
        last = asked[-1]
        then["step"] = end.size == factor * last.s
        then["not between"] = no(upper(rule, here, last) & lower(rule, here, last))
        then["cannot go on"] = len(asked) == TRIES or bool(last.s == smallest(rule))
    return then


@theorem(broken={"flat is uphill": {"flat": ASCENT}})
def nowhere(world, text=Goldstein, flat=STATIONARY):
    """Where the line does not descend it asks nothing, stays and keeps its state, up to the largest step: STATIONARY on
    slope 0, else ASCENT."""
    rule, here, end, asked = searched(world, text, tries=1)
    if here.slope0 < 0:
        return {"asks": len(asked) > 0}
    return {
        "asks nothing": not asked,
        "step 0": end.size == 0,
        "status": end.status == (flat if here.slope0 == 0 else ASCENT),
        "state": end.state == min(world.real("state"), rule.max_step),
    }


@theorem(broken={"twice the step": {"factor": 2}})
def hands_on(world, text=Goldstein, factor=1):
    """The state is the step that was taken, and positive whatever happened."""
    _, here, end, _ = searched(world, text)
    then = {"positive": end.state > 0}
    return then | {"the step": end.state == factor * end.size} if here.slope0 < 0 else then


@theorem(broken={"from 1 on": {"least": 1}, "up to 1": {"most": 1}})
def on_a_parabola(world, text=Goldstein, least=None, most=None):
    """On a parabola the step that is FOUND is 2 c to 2 (1 - c) times that to the minimum, and no other one is refused
    as too short or too long."""
    a = world.real("a", "(0, inf)")
    rule, here, end, asked = searched(world, text, lambda here: parabola(here, a))
    within = lambda s: (
        (2 * a * s >= -(least or 2 * rule.c) * here.slope0) & (2 * a * s <= -(most or 2 * (1 - rule.c)) * here.slope0)
    )
    refused = asked[:-1] if end.status in (FOUND, CAPPED) else asked
    then = {f"refuses {i}": no(within(one.s)) for i, one in enumerate(refused)}
    return then | ({"FOUND": within(end.size)} if end.status == FOUND else {})
