"""Theorems about the text of a search: it is run on symbolic numbers, path by path, and z3 decides at every end.

    @theorem(broken={"doubled": {"share": 2}})
    def accepts(world, text=Armijo, share=1):
        "An accepted step decreases the loss by at least c times what the slope promises."
        rule, here = world.rule(text, tries=4), world.here()
        end, asked = world.search(rule, here, world.real("state", "(0, inf)"))
        if end.status in (FOUND, CAPPED):
            return {"eq. 2.17": asked[-1].answer <= share * rule.c * end.size * here.slope0}
        return {}

    accepts()            # a Proof without a counterexample: for all numbers and all answers
    accepts(share=2)     # one with "eq. 2.17: c = 1/2, ...; change at 1 gives -3/4; step = 1, FOUND, state = 1"

A number of the theorem is symbolic: arithmetic builds a term of z3's, and what a comparison says is decided both ways,
one after the other, as far as the numbers allow. So ``if``, ``min``, ``abs`` and ``while`` of a text, and of a theorem,
need no other form. A counterexample is fractions, with which the same function and the same text are run once more,
without z3 (``Replay``): it must meet all that is supposed, and break the conclusion.

What is proved is said of real numbers: answers are finite, and nothing is rounded.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import wraps
from math import inf
from typing import Any

import z3

from toybox import hyper
from toybox.bare import Asked, Origin
from toybox.rays import Status
from toybox.text import End, Search, begun, converse

from .proof import Proof, Undecided, is_term, rational, term
from .spoken import by_name, spoken
from .symbolic import Decisions, Fork, Impossible, Number, Truth

EFFORT = 20_000_000  # of every question to z3, in its own units: what it decides does not depend on the machine's load
PATHS = 2_000  # of a theorem, at most

# --- worlds


class World:
    """Where a theorem takes its numbers from, and who answers its searches."""

    def __init__(self):
        self.searches: list[tuple[End, list[Asked]]] = []
        self.answers: set[str] = set()  # the names of those

    def real(self, name: str, interval: str = "(-inf, inf)") -> Any:
        """Any number in an interval; the same one where the name is. "inf]": it may be inf."""
        raise NotImplementedError

    def one_of(self, name: str, options: Sequence) -> Any:
        """Any of a few values; the same one where the name is."""
        raise NotImplementedError

    def suppose(self, *truths: Any) -> None:
        """What is given; later numbers may be part of it."""
        raise NotImplementedError

    def rule(self, record: type, **given: Any) -> Any:
        """A search whose numbers and choices are any that its record accepts, but for those that are given."""
        drawn: dict[str, Any] = {}
        for field in fields(record):
            if field.name not in given and "interval" in field.metadata:
                drawn[field.name] = self.real(field.name, field.metadata["interval"])
            elif field.name not in given and "accepted" in field.metadata:
                drawn[field.name] = self.one_of(field.name, field.metadata["accepted"])
        return hyper.with_numbers(record(), drawn | given)

    def here(self, **given: Any) -> Origin:
        """What a search sees: any slope at 0 and any length of d (of length 0 with slope 0)."""
        if "norm" not in given:
            given["norm"] = self.real("norm", "[0, inf)")
        if "slope0" not in given:
            given["slope0"] = self.real("slope0")
            self.suppose((given["norm"] > 0) | (given["slope0"] == 0))
        plain = {"value": 0, "fraction": 1, "t": 0, "steps": 1, "batches": 1, "dim": 1}
        return Origin(**plain | given)

    def search(
        self, rule: Search, here: Any, state: Any = None, facts: Callable[[list[Asked]], Sequence] = lambda asked: ()
    ) -> tuple[End, list[Asked]]:
        """A search whose questions are answered by any numbers of which ``facts``, of all that was asked, is true."""
        asked: list[Asked] = []

        def answer(kind, batch, count, lanes, steps):
            (s,) = steps
            what = ("change", "slope") if kind == "both" else ("change" if kind == "once" else kind,) * count
            names = [f"{one} {len(self.answers) + i}" for i, one in enumerate(what, 1)]
            self.answers.update(names)
            said = [self.real(name) for name in names]
            asked.append(Asked(kind, rule.batch if batch is None else batch, s, said if len(said) > 1 else said[0]))
            self.suppose(*facts(asked))
            return [asked[-1].answer]

        (end,) = converse([begun(rule, here, state)], answer)
        self.searches.append((end, asked))
        return end, asked


@dataclass(frozen=True)
class Base:
    """A number of at least 1 that a text only raises to powers: each of them is some number of at least 1."""

    world: World
    name: str

    def __pow__(self, exponent: Any) -> Any:
        return self.world.real(f"{self.name}^({Fraction(exponent)})", "[1, inf)")


class Path(World):
    """A world of symbolic numbers."""

    def __init__(self, forks: list[Fork], effort: int):
        super().__init__()
        self.decisions = Decisions(forks, effort)
        self.symbols: dict[str, Any] = {}

    def real(self, name, interval="(-inf, inf)"):
        if name not in self.symbols:
            low, high = interval[1:-1].split(", ")
            symbol = z3.Real(name)
            self.symbols[name] = symbol
            if low != "-inf":
                self.decisions.suppose(symbol > low if interval[0] == "(" else symbol >= low)
            if high != "inf":
                self.decisions.suppose(symbol < high if interval[-1] == ")" else symbol <= high)
            elif interval[-1] == "]" and self.decisions.decide(z3.Bool(f"{name} is inf")):
                self.symbols[name] = inf
        symbol = self.symbols[name]
        return Number(symbol, self.decisions) if is_term(symbol) else symbol

    def one_of(self, name, options):
        if name not in self.symbols:
            *tried, last = options
            taken = (one for one in tried if self.decisions.decide(z3.Bool(f"{name} is {one}")))
            self.symbols[name] = next(taken, last)
        return self.symbols[name]

    def suppose(self, *truths):
        for truth in truths:
            self.decisions.suppose(truth.term if isinstance(truth, Truth) else z3.BoolVal(truth))

    def broken(self, then: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
        """The name of a conclusion that does not follow, and numbers that break it; None where all follow."""
        open_ = {name: truth.term for name, truth in then.items() if isinstance(truth, Truth)}
        for name, truth in then.items():
            if name not in open_ and not truth:
                return name, self._fractions(self.decisions.model, [])
        if open_ and self.decisions.find(z3.Not(z3.And(*open_.values()))) is not None:
            for name, conclusion in open_.items():
                if (model := self.decisions.find(z3.Not(conclusion))) is not None:
                    return name, self._fractions(model, [z3.Not(conclusion)])
        return None

    def _fractions(self, model: Any, wrong: list[Any]) -> dict[str, Any]:
        """The numbers of a model as fractions that meet the path's condition and what is wrong: beside a root some are
        tried."""
        numbers: dict[str, Any] = {}
        for name, symbol in self.symbols.items():
            value = rational(model, symbol) if is_term(symbol) else symbol
            if is_term(symbol) and isinstance(value, float):
                for digits in (1, 4, 16, 256, 65536):
                    near = Fraction(value).limit_denominator(digits)
                    found = self.decisions.find(*wrong, symbol == term(near))
                    if found is not None:
                        wrong, model, value = [*wrong, symbol == term(near)], found, near
                        break
                else:
                    raise Undecided(f"{name} = {value} has no fraction beside it")
            elif is_term(symbol):
                wrong = [*wrong, symbol == term(value)]
            numbers[name] = value
        return numbers


class Replay(World):
    """A world of given fractions, in Python's arithmetic."""

    def __init__(self, numbers: Mapping[str, Any]):
        super().__init__()
        self.numbers = numbers

    def real(self, name, interval="(-inf, inf)"):
        value = self.numbers[name]
        return value if value == inf else hyper.numbers(name, value, interval)

    def one_of(self, name, options):
        return self.numbers[name]

    def suppose(self, *truths):
        if not all(truths):
            raise AssertionError(f"not as supposed: {by_name(self.numbers)}")

    def told(self) -> str:
        """The numbers that were given, what the text asked and was answered, and how it ended."""
        given = by_name({name: value for name, value in self.numbers.items() if name not in self.answers})
        return "; ".join([given, *(_story(end, asked) for end, asked in self.searches)])


def _story(end: End, asked: list[Asked]) -> str:
    told = [f"{kind} at {spoken(s)} gives {spoken(answer)}" for kind, _, s, answer in asked]
    ending = f"step = {spoken(end.size)}, {Status(end.status).name}"
    return "; ".join([*told, ending if end.state is None else f"{ending}, state = {spoken(end.state)}"])


# --- proving


def prove(statement: Callable[..., Mapping[str, Any]], effort: int = EFFORT, **constants: Any) -> Proof:
    """Decide the conclusions, by name, of a function of a world, for all numbers that it takes from there.

    Raises ``Undecided`` where z3 does not come to an end, where paths do not, or where nothing that is supposed can be.
    """
    forks: list[Fork] = []
    conclusions = paths = 0
    for _ in range(PATHS):
        path = Path(forks, effort)
        try:
            then = statement(path, **constants)
            paths, conclusions = paths + 1, conclusions + len(then)
            if (broken := path.broken(then)) is not None:
                name, numbers = broken
                return Proof(conclusions, f"{name}: {replayed(statement, name, numbers, **constants)}", paths)
        except Impossible:
            pass
        while forks and forks[-1].other is None:
            forks.pop()
        if not forks:
            if not conclusions:
                raise Undecided("no numbers meet what is supposed, or nothing is concluded")
            return Proof(conclusions, paths=paths)
        fork = forks.pop()
        forks.append(Fork(fork.term, not fork.taken, fork.other, None))
    raise Undecided(f"more than {PATHS} paths")


def replayed(statement: Callable, name: str, numbers: Mapping[str, Any], **constants: Any) -> str:
    """A counterexample in words, after the text was run on it. Raises ``AssertionError`` where it is none."""
    world = Replay(numbers)
    then = statement(world, **constants)
    if then.get(name, True):
        raise AssertionError(f"z3 refutes {name} by {by_name(numbers)}, which does not break it")
    return world.told()


def theorem(broken: Mapping[str, Mapping[str, Any]]) -> Callable[[Callable], Callable[..., Proof]]:
    """Make of a function of a world and constants one of the constants, which proves it. broken: constants, by what is
    wrong with them, that must give a counterexample."""

    def decorate(statement):
        @wraps(statement)
        def run(**constants):
            return prove(statement, **constants)

        proved: Any = run
        signature = inspect.signature(statement)
        proved.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])
        proved.statement, proved.broken = statement, broken
        return proved

    return decorate
