"""What lines may be supposed to be: facts about the answers so far, the last of which is new."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from toybox.bare import Asked

Facts = Callable[[list[Asked]], list]


def smooth(here: Any, L: Any) -> Facts:
    """The descent lemma: phi(s) - phi(0) is at most s phi'(0) + L/2 s^2, of a slope that changes by at most L s."""
    return lambda asked: [asked[-1].answer <= asked[-1].s * here.slope0 + L * asked[-1].s ** 2 / 2]


def parabola(here: Any, a: Any) -> Facts:
    """phi(s) - phi(0) is a s^2 + s phi'(0), on every batch."""

    def facts(asked):
        kind, _, s, answer = asked[-1]
        steps, answers = (s, answer) if isinstance(s, tuple) else ((s,), (answer,))
        fall = lambda s: a * s**2 + s * here.slope0
        rise = lambda s: 2 * a * s + here.slope0
        if kind == "both":
            return [answer[0] == fall(s), answer[1] == rise(s)]
        return [one == (rise if kind == "slope" else fall)(s) for s, one in zip(steps, answers, strict=True)]

    return facts


def function(asked: list[Asked]) -> list:
    """Asked twice at one step of a batch, a line answers the same."""
    kind, batch, s, answer = asked[-1]
    same = []
    for before in asked[:-1]:
        if (before.kind, before.batch) == (kind, batch):
            pairs = zip(*(x if isinstance(x, list) else [x] for x in (before.answer, answer)), strict=True)
            same += [(before.s != s) | (one == other) for one, other in pairs]
    return same
