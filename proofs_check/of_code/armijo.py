"""Armijo's search: what it accepts, how it shrinks and grows, what it hands on, how short a step can be."""

from __future__ import annotations

from fractions import Fraction as F

from toybox.methods.armijo import Armijo
from toybox.text import ASCENT, CAPPED, EXHAUSTED, FOUND, STATIONARY

from ..explorer import Base, theorem
from ..symbolic import no
from .lines import parabola, smooth

TRIES, GROWN = 4, "gamma^(2)"
PLAIN = {"sample": 0, "variant": "paper"}


def searched(world, text, facts=lambda here: lambda asked: (), tries=TRIES, here=None, **given):
    """One search with any numbers, from any positive state: (rule, here, state, end, asked)."""
    rule = world.rule(text, tries=tries, gamma=Base(world, "gamma"), **given)
    here, state = here or world.here(fraction=2), world.real("state", "(0, inf)")
    end, asked = world.search(rule, here, state, facts(here))
    return rule, here, state, end, asked


def first_trial(world, rule, state, cap=True, grown=GROWN):
    """What a search tries first: the state before, that grown, or ``first`` again; never more than the largest step."""
    wanted = {0: state, 1: state * world.real(grown, "[1, inf)"), 2: rule.first}[rule.reset]
    return min(wanted, rule.max_step) if cap else wanted


def enough(rule, here, asked):
    """Whether a trial meets eq. 2.17, and the loss falls."""
    return (asked.answer <= rule.c * asked.s * here.slope0) & (asked.answer < 0)


@theorem(broken={"twice the decrease": {"share": 2}})
def accepts(world, text=Armijo, share=1):
    """An accepted step is the last one that was tried, and there the loss has fallen, by at least c s |phi'(0)|."""
    rule, here, _, end, asked = searched(world, text, sample=0)
    if end.status not in (FOUND, CAPPED):
        return {}
    fall = asked[-1].answer
    return {
        "tried last": end.size == asked[-1].s,
        "eq. 2.17": fall <= share * rule.c * end.size * here.slope0,
        "falls": fall < 0,
    }


@theorem(broken={"the largest step is not allowed": {"largest": F(1, 2)}})
def capped(world, text=Armijo, largest=1):
    """A step is never longer than the largest one, and CAPPED if, and only if, it is that one."""
    rule, _, _, end, _ = searched(world, text, **PLAIN)
    if end.status not in (FOUND, CAPPED):
        return {}
    return {
        "positive": end.size > 0,
        "within": end.size <= largest * rule.max_step,
        "CAPPED": (end.status == CAPPED) == bool(end.size >= rule.max_step),
    }


@theorem(broken={"the largest step is no bound": {"cap": False}})
def starts(world, text=Armijo, cap=True):
    """The first trial is the step before (reset 0), that times gamma^(B/D) or, of n steps per epoch, gamma^(1/n) (1),
    or ``first`` (2), up to the largest; it is asked of the batch that ``sample`` says, of which the slope at 0 is too.
    """
    n = world.one_of("steps_per_epoch", (None, 4))
    rule, _, state, _, asked = searched(world, text, tries=1, variant="paper", steps_per_epoch=n)
    if not asked:
        return {}
    return {
        "first trial": asked[0].s == first_trial(world, rule, state, cap, GROWN if n is None else "gamma^(1/4)"),
        "batch": asked[0].batch == rule.sample == rule.batch,
        "alone": (asked[0].kind, len(asked)) == ("change", 1),
    }


@theorem(broken={"shrinks twice": {"power": 2}})
def backtracks(world, text=Armijo, power=1):
    """The trials are first, beta first, beta^2 first, ...; only the last can be good: the step is the first that is."""
    rule, here, state, end, asked = searched(world, text, **PLAIN)
    good = end.status in (FOUND, CAPPED)
    first = first_trial(world, rule, state)
    return {f"trial {i}": one.s == first * rule.beta ** (power * i) for i, one in enumerate(asked)} | {
        f"refuses trial {i}": no(enough(rule, here, one)) for i, one in enumerate(asked[:-1] if good else asked)
    }


@theorem(broken={"the step tried last": {"factor": 2}})
def gives_up(world, text=Armijo, factor=1):
    """It asks ``tries`` times at most. EXHAUSTED says that all trials failed: step 0 (released: 1e-6), and the next
    search begins a trial further."""
    rule, _, state, end, asked = searched(world, text, sample=0)
    if end.status != EXHAUSTED:
        return {"trials": len(asked) <= TRIES}
    return {
        "trials": len(asked) == TRIES,
        "step": end.size == (1e-6 if rule.variant == "released" else 0),
        "state": end.state == factor * first_trial(world, rule, state) * rule.beta**TRIES,
    }


@theorem(broken={"flat is uphill": {"flat": ASCENT}})
def nowhere(world, text=Armijo, flat=STATIONARY):
    """Where the line does not descend it asks nothing and stays: STATIONARY on slope 0, else ASCENT. Where it does, it
    asks. Released, a gradient shorter than 1e-8 counts as 0."""
    rule, here, state, end, asked = searched(world, text, sample=0)
    short = rule.variant == "released" and here.norm < 1e-8
    if here.slope0 < 0 and not short:
        return {"asks": len(asked) > 0}
    level = short or here.slope0 == 0
    return {
        "asks nothing": not asked,
        "step 0": end.size == 0,
        "status": end.status == (flat if level else ASCENT),
        "state": end.state == first_trial(world, rule, state),
    }


@theorem(broken={"twice the step": {"factor": 2}})
def hands_on(world, text=Armijo, factor=1):
    """The state is the accepted step, and positive whatever happened: so it is before every search of a run."""
    *_, end, _ = searched(world, text, **PLAIN)
    accepted = end.status in (FOUND, CAPPED)
    return {"positive": end.state > 0} | ({"the step": end.state == factor * end.size} if accepted else {})


@theorem(broken={"without beta": {"beta": False}, "3 (1 - c)": {"share": 3}})
def long_enough(world, text=Armijo, beta=True, share=2):
    """On every line whose slope changes by at most L s, an accepted step is the first trial, or at least
    2 beta (1 - c) |phi'(0)| / L. Only the last refused trial counts, so that the number of tries does not."""
    L = world.real("L", "(0, inf)")
    rule, here, state, end, _ = searched(world, text, lambda here: smooth(here, L), **PLAIN)
    if end.status not in (FOUND, CAPPED):
        return {}
    bound = share * (rule.beta if beta else 1) * (1 - rule.c) * -here.slope0 / L
    return {"lower bound": (end.size == first_trial(world, rule, state)) | (end.size >= bound)}


@theorem(broken={"3 (1 - c)": {"share": 3}})
def finds(world, text=Armijo, share=2):
    """On such a line it finds a step as soon as a trial is at most 2 (1 - c) |phi'(0)| / L: after finitely many."""
    L = world.real("L", "(0, inf)")
    rule, here, state, end, _ = searched(world, text, lambda here: smooth(here, L), **PLAIN)
    if not here.slope0 < 0:
        return {}
    last = first_trial(world, rule, state) * rule.beta ** (TRIES - 1)
    reaches = last * L <= share * (1 - rule.c) * -here.slope0
    return {"finds": end.status in (FOUND, CAPPED)} if reaches else {}


@theorem(broken={"without beta": {"beta": False}})
def floor(world, text=Armijo, beta=True):
    """Along the bare gradient of L-smooth losses a state that is at least min(m, 2 beta (1 - c) / L), where m is any
    length up to the largest step and, with reset 2, up to ``first``, is so after the search: hence in a whole run."""
    L, m, norm = world.real("L", "(0, inf)"), world.real("m", "(0, inf)"), world.real("norm", "[0, inf)")
    here = world.here(fraction=2, norm=norm, slope0=-norm * norm)
    facts = lambda here: smooth(here, L * norm * norm)
    rule = world.rule(text, tries=TRIES, gamma=Base(world, "gamma"), **PLAIN)
    state, least = world.real("state", "(0, inf)"), 2 * (rule.beta if beta else 1) * (1 - rule.c) / L
    world.suppose((state >= m) | (state >= least), m <= rule.max_step, (m <= rule.first) | (rule.reset != 2))
    end, _ = world.search(rule, here, state, facts(here))
    return {"state": (end.state >= m) | (end.state >= least)}


@theorem(broken={"at most 1 - c": {"upper": 1}, "without beta": {"beta": False}})
def on_a_parabola(world, text=Armijo, upper=2, beta=True):
    """On a parabola an accepted step is at most 2 (1 - c) times that to the minimum, and more than 2 beta (1 - c)
    times, unless it is the first trial."""
    a = world.real("a", "(0, inf)")
    rule, here, state, end, _ = searched(world, text, lambda here: parabola(here, a), **PLAIN, tries=3)
    if end.status not in (FOUND, CAPPED):
        return {}
    alpha, lower = -2 * a * end.size / here.slope0, 2 * (1 - rule.c) * (rule.beta if beta else 1)
    return {
        "upper": alpha <= upper * (1 - rule.c),
        "lower": (end.size == first_trial(world, rule, state)) | (alpha > lower),
    }


@theorem(broken={"c of 2/5": {"least": "0.4"}})
def nears(world, text=Armijo, least="0.5"):
    """Convex losses with a common minimum w* of value 0: a step along the bare gradient has
    |w+ - w*|^2 <= |w - w*|^2 - s (2 - 1/c) l(w), and with c >= 1/2 it leads nearer to w*. In the plane of g and w - w*.
    """
    n, loss, c = world.real("norm", "[0, inf)"), world.real("loss", "[0, inf)"), world.real("c", f"[{least}, 1)")
    along, across = world.real("along"), world.real("across")
    world.suppose(n * along >= loss)  # convexity: 0, the value at w*, is at least l(w) - g.(w - w*)
    here = world.here(fraction=2, norm=n, slope0=-n * n)
    facts = lambda here: lambda asked: [asked[-1].answer + loss >= 0]
    *_, end, _ = searched(world, text, facts, here=here, c=c, reset=0, **PLAIN)
    s = end.size
    before, after = along**2 + across**2, (along - s * n) ** 2 + across**2
    return {"Fejer": c * after <= c * before - s * (2 * c - 1) * loss, "nearer": after <= before}
