"""LABPAL as printed: when it searches, the step from two measured losses, and what serves until the next search."""

from __future__ import annotations

from fractions import Fraction as F
from math import nan

from toybox.methods.labpal import LABPAL
from toybox.rays import Status
from toybox.text import ASCENT, CAPPED, EXHAUSTED, FOUND, STATIONARY, Pool

from ..explorer import theorem
from .lines import parabola

NEAR, FAR = F(1, 10_000), F(1, 100)  # lengths, of D section 6.3.2


def searched(world, text, facts=lambda here: lambda asked: (), **given):
    """An update with any numbers, those that count updates included, and with an estimate in force or none:
    (rule, here, state, due, end, asked); due: whether it must search."""
    reuse, used = world.real("reuse", "[1, inf)"), world.real("used", "[0, inf)")
    rule = world.rule(text, variant="paper", reuse=reuse, **given)
    here = world.here(batches=3)
    known = world.one_of("estimate is known", (True, False))
    estimate = world.real("estimate", "(0, inf)") if known else nan
    state = rule.begin()._replace(estimate=estimate, used=used)
    end, asked = world.search(rule, here, state, facts(here))
    return rule, here, state, not known or used >= reuse, end, asked


def unit(here):
    """The slope along d / |d|."""
    return here.slope0 / here.norm


def bent(asked):
    """a and b of the parabola a x^2 + b x through both measured losses, where x is a length: 0 = x (a x + b) - fall."""
    near, far = asked[0].answer
    a = (near * FAR - far * NEAR) / (NEAR * FAR * (NEAR - FAR))
    return a, near / NEAR - a * NEAR


@theorem(broken={"an update late": {"late": 1}})
def asks(world, text=LABPAL, late=0):
    """It searches where no estimate is known, or ``reuse`` updates have used it, and the line descends: with one
    question, for two losses at the lengths .0001 and .01, on ``approximation_batches`` batches, rounded up to a
    multiple of those of the gradient. Other updates ask nothing."""
    rule, here, state, due, _, asked = searched(world, text)
    if late and state.estimate == state.estimate:
        due = state.used >= rule.reuse + late
    if not (due and here.slope0 < 0):
        return {"asks nothing": not asked}
    if not asked:
        return {"asks": False}
    near, far = asked[0].s
    return {
        "asks once": [(one.kind, one.batch) for one in asked] == [("change", Pool(12))],
        "near": near * here.norm == NEAR,
        "far": far * here.norm == FAR,
    }


@theorem(broken={"not relaxed": {"relaxed": False}})
def measures(world, text=LABPAL, relaxed=True):
    """A search whose parabola a x^2 + b x has its minimum ahead (a > 0 > b) steps alpha times that far, as a length,
    and no further than s_max: FOUND, or CAPPED where it is s_max. It does so whether it keeps a rate or a length."""
    rule, here, _, _, end, asked = searched(world, text)
    if not asked:
        return {}
    a, b = bent(asked)
    if not (a > 0 and b < 0):
        return {}
    length = end.size * here.norm
    vertex = length / (rule.alpha if relaxed else 1)
    if end.status == CAPPED:
        return {"up to s_max": (length == rule.s_max) & (2 * a * vertex + b <= 0)}
    return {"vertex": 2 * a * vertex + b == 0, "within": length < rule.s_max, "FOUND": end.status == FOUND}


@theorem(broken={"half the largest step": {"largest": F(1, 2)}})
def capped(world, text=LABPAL, largest=1):
    """No search steps further than s_max, whatever it measures, unless an estimate of before is all that it has."""
    rule, here, _, _, end, asked = searched(world, text)
    return {"within": end.size * here.norm <= largest * rule.s_max} if asked and end.status != EXHAUSTED else {}


@theorem(broken={"the estimate is lost": {"lost": True}})
def falls_back(world, text=LABPAL, lost=False):
    """A search whose parabola has no minimum ahead is EXHAUSTED: the estimate of before stays in force, and without one
    the step is 0."""
    rule, here, state, _, end, asked = searched(world, text)
    if not asked:
        return {}
    a, b = bent(asked)
    if a > 0 and b < 0:
        return {}
    none = state.estimate != state.estimate or lost
    lengths = end.size * here.norm if rule.keeps == "length" else end.size
    return {
        "EXHAUSTED": end.status == EXHAUSTED,
        "step": end.size == 0 if none else lengths == state.estimate,
        "kept": end.state.estimate != end.state.estimate if none else end.state.estimate == state.estimate,
    }


@theorem(broken={"a length is a rate": {"rate": True}})
def between_searches(world, text=LABPAL, rate=False):
    """Between two searches the estimate is the step: as a multiple of d where it is a rate, of d / |d| where it is a
    length. It stays as it is, and one more update has used it."""
    rule, here, state, due, end, asked = searched(world, text)
    if due or here.norm == 0:
        return {}
    length = rule.keeps == "length" and not rate
    return {
        "FOUND": end.status == Status.FOUND,
        "asks nothing": not asked,
        "step": (end.size * here.norm if length else end.size) == state.estimate,
        "kept": end.state.estimate == state.estimate,
        "counted": end.state.used == state.used + 1,
    }


@theorem(broken={"of the next step": {"as_rate": False}})
def hands_on(world, text=LABPAL, as_rate=True):
    """After a search that found a minimum its step is the new estimate: kept as a rate it is the step itself, as a
    length times |d|; and it counts as used once. Estimates are positive."""
    rule, here, _, _, end, asked = searched(world, text)
    if not asked or end.status == EXHAUSTED:
        return {}
    kept = end.size * here.norm if rule.keeps == "length" else end.size if as_rate else end.size * here.norm
    return {"kept": end.state.estimate == kept, "used": end.state.used == 1, "positive": end.state.estimate > 0}


@theorem(broken={"flat is uphill": {"level": ASCENT}})
def nowhere(world, text=LABPAL, level=STATIONARY):
    """An update that must search where the line does not descend stays, and so does one without a direction:
    STATIONARY on slope 0, else ASCENT. The estimate is kept, and the next update must search as well."""
    rule, here, state, due, end, asked = searched(world, text)
    if not (here.norm == 0 or (due and here.slope0 >= 0)):
        return {}
    flat = here.slope0 == 0
    then = {
        "asks nothing": not asked,
        "step 0": end.size == 0,
        "status": end.status == (level if flat else ASCENT),
        "counted": end.state.used == state.used + 1,
    }
    return then | ({"due": end.state.used >= rule.reuse} if due and state.estimate == state.estimate else {})


@theorem(broken={"alpha of 2": {"alpha": 2}})
def minimises(world, text=LABPAL, alpha=1):
    """If the mean loss of the batches is a parabola, alpha = 1 leads to its minimum, within s_max."""
    a = world.real("a", "(0, inf)")
    _, here, _, _, end, asked = searched(world, text, lambda here: parabola(here, a), alpha=alpha)
    return {"slope 0": 2 * a * end.size + here.slope0 == 0} if asked and end.status == FOUND else {}
