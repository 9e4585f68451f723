"""A search on a bare line: two Python functions in place of a problem.

    tb.search("strong-wolfe", lambda s: (s - 3) ** 2, lambda s: 2 * (s - 3))
    tb.search(tb.method("sls", beta=0.5), phi, dphi).questions      # every trial, in order

The text that runs is the method's own. Where phi'(0) is a ``Fraction`` all is exact.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

from . import hyper
from .exact import fraction
from .rays import Status
from .text import Search, begun, converse


class Asked(NamedTuple):
    """One question of a search to a line, and what it was answered."""

    kind: str  # change, once, slope, both or turn
    batch: Any  # its number: 0 that of the gradient, ALL (-1) all data, a Pool; on a bare line all are the same
    s: Any  # step; of a question at several, a tuple
    answer: Any


class Searched(NamedTuple):
    """What a search found."""

    step: Any
    status: Status
    questions: list[Asked]
    state: Any  # what it hands to the next search


class Origin(NamedTuple):
    """What a search sees before it asks, as ``text.Here``."""

    slope0: Any
    value: Any
    norm: Any
    fraction: Any
    t: int
    steps: int
    batches: int
    dim: int
    eps: float = 2.0**-52


def search(
    method: Any,
    phi: Callable[[Any], Any],
    dphi: Callable[[Any], Any] | None = None,
    *,
    slope0: Any = None,
    norm: Any = 1,
    fraction: Any = 1,
    t: int = 0,
    steps: int = 1,
    state: Any = None,
) -> Searched:
    """One search of a method (its name, ``tb.method(...)`` or a ``Search``) on the line phi with slope dphi.

    s multiplies d, |d| is ``norm``. Without dphi, phi'(0) is given as ``slope0``, and the search must ask for no
    slopes. fraction: batch size over data size; t, steps: as in a run; state: what the search before handed over. Where
    phi'(0) is a Fraction, the method's numbers become those that they are printed as (.1 is 1/10). Raises
    ``ValueError`` for a method without a search of its own, and where a slope is wanted that nobody gives.
    """
    rule = _rule(method)
    if slope0 is None and dphi is None:
        raise ValueError("dphi=None and slope0=None leave the slope at 0 unknown; accepted: one of them")
    slope0 = dphi(0) if slope0 is None and dphi is not None else slope0
    number: Callable[[Any], Any] = lambda x: x
    if isinstance(slope0, Fraction):
        # 0 and 1, too: whole numbers become floats when they are divided
        rule, number = _exactly(rule), Fraction
    value, questions = phi(number(0)), list[Asked]()

    def slope(s):
        if dphi is None:
            raise ValueError(f"{type(rule).__name__} asks for phi'({s!r}); accepted: dphi, a function of s")
        return dphi(s)

    answers: dict[str, Callable[[Any], Any]] = {
        "change": lambda s: phi(s) - value,
        "once": lambda s: phi(s) - value,
        "slope": slope,
        "both": lambda s: (phi(s) - value, slope(s)),
        "turn": lambda s: abs(slope(s) - slope0) / norm,  # of a problem with one parameter
    }

    def answer(kind, batch, count, lanes, asked):
        (s,) = asked
        said = [answers[kind](number(one)) for one in s] if count > 1 else answers[kind](number(s))
        questions.append(Asked(kind, rule.batch if batch is None else batch, s, said))
        return [said]

    here = Origin(slope0, value, number(norm), fraction, t, steps, 1, 1)
    (end,) = converse([begun(rule, here, rule.begin() if state is None else state)], answer)
    return Searched(end.size, Status(end.status), questions, end.state)


def _rule(method: Any) -> Search:
    from .zoo import method as named

    given = named(method) if isinstance(method, str) else method
    rule = getattr(given, "rule", given)
    rule = rule if isinstance(rule, Search) else getattr(rule, "search", rule)  # of an accelerated one, the search
    if not isinstance(rule, Search):
        raise ValueError(
            f"method={hyper.shown(method)} has no search that is written as a text; accepted: a method that has, such "
            "as 'sls', or a toybox.Search"
        )
    if hyper.lanes(rule):
        raise ValueError(f"method={hyper.shown(method)} has several lanes; accepted: one number per hyper-parameter")
    return rule


def _exactly(rule: Search) -> Search:
    """The rule with decimals in place of floats."""
    fields = {field.name: getattr(rule, field.name) for field in dataclasses.fields(rule)}  # type: ignore[arg-type]
    return hyper.with_numbers(rule, {name: fraction(v) for name, v in fields.items() if isinstance(v, float)})
