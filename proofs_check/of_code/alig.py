"""ALI-G: its formula on arrays, run on arrays of symbolic numbers, in the plane of g and w - w*, along g and across."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from toybox.exact import Exact
from toybox.hyper import with_numbers
from toybox.methods.alig import ALIG
from toybox.text import CAPPED, FOUND, STATIONARY, End
from toybox.xp import namespace

from ..explorer import theorem


def array(*numbers: Any) -> Any:
    """Numbers of a world as one more exact array: of one, without an axis."""
    made = np.empty(len(numbers), object)
    made[:] = numbers
    return (made if len(numbers) > 1 else made.reshape(())).view(Exact)


def stepped(world, text, loss=None, velocity=None, **given):
    """One step from w = (along, across) with g = (norm, 0), without momentum unless it is given: (rule, w, |g|, loss,
    end, w+)."""
    rule = world.rule(text, **{"momentum": 0, "adjusted": False} | given)
    norm = world.real("norm", "[0, inf)")
    w, loss = (world.real("along"), world.real("across")), world.real("loss") if loss is None else loss
    origin = SimpleNamespace(theta=array(*w), gradient=array(norm, 0), value=array(loss))
    ray = SimpleNamespace(xp=namespace("exact"), origin=origin, norm=array(norm))
    arrays = {name: array(getattr(rule, name)) for name in ("max_rate", "eps", "momentum")}
    step = with_numbers(rule, arrays).step(ray, velocity and array(*velocity))
    end = End(step.size.item(), int(step.status))
    world.searches.append((end, []))
    return rule, w, norm, loss, end, step.point.theta.tolist()


@theorem(broken={"without eps": {"eps": False}})
def clips(world, text=ALIG, eps=True):
    """The step is l(0) / (|g|^2 + eps), no less than 0 and no more than max_rate, which alone is CAPPED; where the
    gradient is 0 it is 0, STATIONARY. A negative loss never leads uphill: it counts as 0."""
    rule, _, norm, loss, end, _ = stepped(world, text)
    if norm == 0:
        return {"step 0": end.size == 0, "status": end.status == STATIONARY}
    wanted = end.size * (norm**2 + (rule.eps if eps else 0))
    return {
        "not negative": end.size >= 0,
        "within": end.size <= rule.max_rate,
        "CAPPED": (end.size == rule.max_rate) == (end.status == CAPPED),
        "formula": wanted == loss if end.status == FOUND and loss > 0 else wanted <= max(loss, 0),
    }


@theorem(broken={"without momentum": {"momentum": False}, "not Nesterov's": {"ahead": False}})
def moves(world, text=ALIG, momentum=True, ahead=True):
    """Nesterov's form: the velocity v becomes m v - s g, and w moves by m times that, after - s g. Adjusted, v is of
    gradients, m v - g, and w moves by m s times that."""
    before = world.real("v along"), world.real("v across")
    beta, adjusted = world.real("momentum", "[0, 1)"), world.one_of("adjusted", (False, True))
    _, w, norm, _, end, after = stepped(world, text, velocity=before, momentum=beta, adjusted=adjusted)
    then, s, m = {}, end.size, beta if momentum else 0
    for i, g in enumerate((norm, 0)):
        v = m * before[i] - (g if adjusted else s * g) * (1 if ahead else 0)
        then["across" if i else "along"] = after[i] == w[i] - s * g + m * (s if adjusted else 1) * v
    return then


@theorem(broken={"twice the gain": {"gain": 2}, "a minimum of value 1": {"minimum": 1}})
def nears(world, text=ALIG, gain=1, minimum=0):
    """Under convexity and interpolation (the loss is at least 0, and 0 at w*, here the origin) every step has
    |w+ - w*|^2 <= |w - w*|^2 - s l(w)."""
    loss, norm, along = world.real("loss", "[0, inf)"), world.real("norm", "[0, inf)"), world.real("along")
    world.suppose(loss >= minimum, norm * along >= loss - minimum)  # l(w*) is at least l(w) - g.(w - w*)
    _, (along, across), *_, end, after = stepped(world, text, loss)
    return {"Fejer": after[0] ** 2 + after[1] ** 2 <= along**2 + across**2 - gain * end.size * loss}


@theorem(broken={"with eps": {"eps": None}})
def is_polyak(world, text=ALIG, eps=0):
    """With eps = 0 and within max_rate the step is the root of the loss's tangent, l(0) - s |g|^2 = 0: a step of
    Newton's for the root, and Polyak's where the minimum is 0."""
    given = {} if eps is None else {"eps": eps}
    _, _, norm, loss, end, _ = stepped(world, text, world.real("loss", "[0, inf)"), **given)
    return {"root": loss - end.size * norm**2 == 0} if norm > 0 and end.status == FOUND else {}


@theorem(broken={"to the minimum": {"share": 0}})
def halves(world, text=ALIG, share=1):
    """On a parabola h x^2 / 2, with eps = 0 and within max_rate, x is halved, whatever h is."""
    h, norm, x = world.real("h", "(0, inf)"), world.real("norm", "[0, inf)"), world.real("along")
    world.suppose(norm == h * x)
    *_, end, after = stepped(world, text, h * x**2 / 2, eps=0)
    return {"half": 2 * after[0] == share * x} if norm > 0 and end.status == FOUND else {}
