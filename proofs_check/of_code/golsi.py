"""GOLS-I: which slopes it accepts, on which batches, and how far its steps go beyond its limits. Both variants."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise

from toybox.methods.golsi import GOLSI
from toybox.text import ASCENT, CAPPED, EXHAUSTED, FOUND, STATIONARY

from ..explorer import theorem
from ..symbolic import no
from .lines import parabola

TRIES = 3


def searched(world, text, facts=lambda here: lambda asked: (), tries=TRIES, **given):
    """One search with any numbers, from any positive state: (rule, here, end, asked); every answer is a slope."""
    rule = world.rule(text, tries=tries, first=1, **given)
    here, state = world.here(), world.real("state", "(0, inf)")
    end, asked = world.search(rule, here, state, facts(here))
    return rule, here, end, asked


def largest(here):
    """Line 1: min(1/|d|, 1e7), of d = 0, where nothing is asked, 1."""
    return min(1 / (here.norm or 1), 10**7)


def falls(asked):
    return asked.answer < 0


@theorem(broken={"half the slope": {"share": F(1, 2)}})
def accepts(world, text=GOLSI, share=1):
    """FOUND says that the first slope lies within [0, c2 |phi'(0)|], or that the sign of the last slope is not that of
    the one before. The step is the one that was tried last."""
    rule, here, end, asked = searched(world, text)
    if end.status != FOUND:
        return {}
    last = asked[-1]
    small = (last.answer >= 0) & (last.answer <= -share * rule.c2 * here.slope0)
    changed = falls(asked[-2]) != falls(last) if len(asked) > 1 else small
    return {"tried last": end.size == last.s, "slope": changed}


@theorem(broken={"the right end": {"right": True}})
def encloses(world, text=GOLSI, right=False):
    """After a sign change the steps s/eta and s (grown), or s and eta s (shrunken), have a slope below 0 on the left
    and one of at least 0 on the right: the step is the right end of a search that grew, the left end of one that
    shrank."""
    rule, _, end, asked = searched(world, text)
    if end.status != FOUND or len(asked) == 1:
        return {}
    one, last = asked[-2:]
    if falls(one):
        return {"left": one.s * rule.factor == last.s, "turned": last.answer >= 0}
    return {"right": one.s == last.s * rule.factor, "turned": (last.answer >= 0) if right else falls(last)}


@theorem(broken={"up to the largest": {"power": 0}})
def within(world, text=GOLSI, power=1):
    """The first trial lies within [smallest, largest], the largest wins; no step is longer than eta times the largest,
    nor than the largest after growing twice, nor shorter than the smaller limit over eta."""
    rule, here, end, asked = searched(world, text)
    if not asked:
        return {}
    most = largest(here)
    least = min(rule.smallest, most)
    then = {"first": (asked[0].s >= least) & (asked[0].s <= most)}
    if end.size != 0:
        then["step"] = (end.size <= rule.factor**power * most) & (end.size * rule.factor >= least)
        then["grown twice"] = (end.size <= rule.factor * asked[0].s) | (end.size <= most)
    return then


@theorem(broken={"a sign change": {"falls": False}})
def capped(world, text=GOLSI, falls=True):
    """CAPPED says that all slopes fall up to a step that eta would take beyond the largest one."""
    rule, here, end, asked = searched(world, text)
    if end.status != CAPPED:
        return {}
    then = {f"falls {i}": (one.answer < 0) == falls for i, one in enumerate(asked)}
    return then | {"beyond": end.size * rule.factor > largest(here)}


@theorem(broken={"always below": {"tired": False}})
def gives_up(world, text=GOLSI, tired=True):
    """It asks ``tries`` slopes at most. EXHAUSTED says that no slope changed its sign: below the smallest step times
    eta that step is taken, else, where all slopes are used up, none."""
    rule, _, end, asked = searched(world, text)
    then = {"slopes": len(asked) <= TRIES}
    if end.status == EXHAUSTED:
        then |= {f"sign {i}": falls(one) == falls(asked[0]) for i, one in enumerate(asked)}
        if end.size == 0 and tired:
            then["all used"] = len(asked) == TRIES
        else:
            then["below"] = end.size < rule.smallest * rule.factor
            then["rises"] = no(falls(asked[-1]))
    return then


@theorem(broken={"shrinks twice": {"power": 2}})
def moves(world, text=GOLSI, power=1):
    """Every trial is eta times the one before where the slope fell, else that over eta; each on a fresh batch."""
    rule, _, _, asked = searched(world, text)
    then = {"batches": [one.batch for one in asked] == [*range(1, len(asked) + 1)]}
    for i, (one, after) in enumerate(pairwise(asked), 1):
        step = after.s == rule.factor * one.s if falls(one) else after.s * rule.factor**power == one.s
        then[f"trial {i}"] = step
    return then


@theorem(broken={"flat is uphill": {"level": ASCENT}})
def nowhere(world, text=GOLSI, level=STATIONARY):
    """Where the line does not descend it asks nothing and stays, and keeps its state: STATIONARY on slope 0, else
    ASCENT."""
    _, here, end, asked = searched(world, text, tries=1)
    if here.slope0 < 0:
        return {"asks": len(asked) > 0}
    return {
        "asks nothing": not asked,
        "step 0": end.size == 0,
        "status": end.status == (level if here.slope0 == 0 else ASCENT),
        "state": end.state == world.real("state"),
    }


@theorem(broken={"twice the step": {"factor": 2}})
def hands_on(world, text=GOLSI, factor=1):
    """The state is the step that was taken, and positive whatever happened: so it is before every search of a run."""
    *_, end, _ = searched(world, text)
    then = {"positive": end.state > 0}
    return then | {"the step": end.state == factor * end.size} if end.size != 0 else then


@theorem(broken={"up to 1": {"most": 1}})
def on_a_parabola(world, text=GOLSI, most=None):
    """On a parabola, the same on all batches, the step that is FOUND is 1/eta to max(eta, 1 + c2) times that to the
    minimum: where eta and 1 + c2 are at most 2 the loss never rises."""
    a = world.real("a", "(0, inf)")
    rule, here, end, _ = searched(world, text, lambda here: parabola(here, a))
    if end.status != FOUND:
        return {}
    alpha, falls = -2 * a * end.size / here.slope0, a * end.size**2 + here.slope0 * end.size <= 0
    return {
        "least": alpha * rule.factor >= 1,
        "most": alpha <= most if most else (alpha <= rule.factor) | (alpha <= 1 + rule.c2),
        "falls": falls | (rule.factor > 2) | (rule.c2 > 1),
    }
