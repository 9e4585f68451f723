"""PAL: the step from one measured loss and the slope at 0, its cap, and what it does to parabolas and smooth lines."""

from __future__ import annotations

from fractions import Fraction as F

from toybox.methods.pal import PAL
from toybox.text import ALL, ASCENT, CAPPED, FOUND, STATIONARY

from ..explorer import theorem
from .lines import parabola, smooth


def searched(world, text, facts=lambda here: lambda asked: (), **given):
    """One search with any numbers: (rule, here, b, end, asked); b is the slope at 0 along d / |d|, or -|d|."""
    rule, here = world.rule(text, **given), world.here()
    end, asked = world.search(rule, here, None, facts(here))
    along = here.slope0 / here.norm if here.norm > 0 else 0
    return rule, here, along if rule.exact_slope else -here.norm, end, asked


def bent(rule, b, asked):
    """a of the parabola a x^2 + b x through the loss that was measured at the length mu."""
    return (asked[0].answer - b * rule.mu) / rule.mu**2


@theorem(broken={"at twice mu": {"factor": 2}})
def asks_once(world, text=PAL, factor=1):
    """Where the line descends it asks for one loss, at the length mu, of the batch that it is told; it always steps."""
    rule, here, b, end, asked = searched(world, text)
    if not b < 0:
        return {"asks nothing": not asked}
    questions = [(one.kind, one.batch) for one in asked]
    if questions != [("once", ALL if rule.on == "full" else 0)]:
        return {"asks once": False}
    return {
        "at mu": asked[0].s * here.norm == factor * rule.mu,
        "steps": end.status in (FOUND, CAPPED) and bool(end.size > 0),
    }


@theorem(broken={"mu where it is flat or steep": {"flat": False}, "not relaxed": {"relaxed": False}})
def cases(world, text=PAL, flat=True, relaxed=True):
    """With the parabola a x^2 + b x through the measured loss: where a > 0 the step is alpha times the way to its
    vertex, elsewhere mu; s_max where that is less."""
    rule, here, b, end, asked = searched(world, text)
    if not b < 0:
        return {}
    a, length = bent(rule, b, asked), end.size * here.norm
    if not a > 0:
        return {"mu": length == min(rule.mu if flat else 2 * rule.mu, rule.s_max)}
    vertex = length / (rule.alpha if relaxed else 1)
    if end.status == CAPPED:
        return {"up to s_max": (length == rule.s_max) & (2 * a * vertex + b <= 0)}
    return {"vertex": 2 * a * vertex + b == 0}


@theorem(broken={"half the largest step": {"largest": F(1, 2)}})
def capped(world, text=PAL, largest=1):
    """No step is longer than s_max, and CAPPED are those that are as long."""
    rule, here, b, end, _ = searched(world, text)
    if not b < 0:
        return {}
    length = end.size * here.norm
    return {"within": length <= largest * rule.s_max, "CAPPED": (length >= rule.s_max) == (end.status == CAPPED)}


@theorem(broken={"everywhere": {"everywhere": True}})
def lowers(world, text=PAL, everywhere=False):
    """Where a <= 0 the measured loss is below that at 0, and the step leads there, unless s_max is less than mu."""
    rule, _, b, end, asked = searched(world, text)
    if not b < 0 or (not everywhere and bent(rule, b, asked) > 0):
        return {}
    there = {"there": end.size == asked[0].s} if rule.mu <= rule.s_max and not everywhere else {}
    return {"lower": asked[0].answer < 0} | there


@theorem(broken={"flat is uphill": {"level": ASCENT}})
def nowhere(world, text=PAL, level=STATIONARY):
    """Where the line does not descend it stays: STATIONARY on slope 0, else ASCENT; of no direction, STATIONARY."""
    _, _, b, end, _ = searched(world, text)
    if b < 0:
        return {}
    return {"step 0": end.size == 0, "status": end.status == (level if b == 0 else ASCENT)}


@theorem(broken={"alpha of 2": {"alpha": 2}})
def minimises(world, text=PAL, alpha=1):
    """On a parabola with alpha = 1 and within s_max, whatever mu is, the step leads to the minimum."""
    a = world.real("a", "(0, inf)")
    _, here, b, end, _ = searched(world, text, lambda here: parabola(here, a), alpha=alpha, exact_slope=True)
    return {"slope 0": 2 * a * end.size + here.slope0 == 0} if b < 0 and end.status == FOUND else {}


@theorem(broken={"up to 3": {"most": 3}})
def relaxes(world, text=PAL, most=2):
    """On a parabola a step of alpha times that to the minimum changes the loss by -alpha (2 - alpha) times what the
    minimum gains: it falls if, and only if, alpha < 2; and where s_max cuts the step, it falls with any alpha <= 2."""
    a = world.real("a", "(0, inf)")
    rule, here, b, end, _ = searched(world, text, lambda here: parabola(here, a), exact_slope=True)
    if not b < 0:
        return {}
    fall = a * end.size**2 + here.slope0 * end.size
    if end.status == CAPPED:
        return {"capped": fall <= 0} if rule.alpha <= most else {}
    gain = here.slope0**2 / (4 * a)
    return {
        "fall": fall == -rule.alpha * (2 - rule.alpha) * gain,
        "falls": (fall < 0) == (rule.alpha < most),
    }


@theorem(broken={"twice that": {"factor": 2}})
def long_enough(world, text=PAL, factor=1):
    """On every line whose slope changes by at most L x along the unit direction, the length of a step is at least the
    smallest of alpha |b| / L, mu and s_max."""
    L = world.real("L", "(0, inf)")
    rule, here, b, end, _ = searched(world, text, lambda here: smooth(here, L * here.norm**2), exact_slope=True)
    if not b < 0:
        return {}
    length = end.size * here.norm
    return {
        "lower bound": (length * L >= -factor * rule.alpha * b)
        | (length >= factor * rule.mu)
        | (length >= factor * rule.s_max)
    }
