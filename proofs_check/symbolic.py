"""Theorems about the text of a search: it is run on symbolic numbers, path by path, and z3 decides at every end.

    @theorem(broken={"twice the decrease": {"share": 2}})
    def accepts(world, text=Armijo, share=1):
        "An accepted step decreases the loss by at least c times what the slope promises."
        rule, here = world.rule(text, tries=4), world.here()
        end, asked = world.search(rule, here, world.real("state", "(0, inf)"))
        if end.status in (FOUND, CAPPED):
            return {"eq. 2.17": asked[-1].answer <= share * rule.c * end.size * here.slope0}
        return {}

    accepts()            # Proof(18, paths=27): for all numbers and all answers
    accepts(share=2)     # Proof(1, "eq. 2.17: c = 1/2, ...; change at 1 gives -1/2; step = 1, FOUND", 2)

A number of the theorem is symbolic: arithmetic builds a term of z3's, and what a comparison says is decided both ways,
one after the other, as far as the numbers allow (``Path``). So ``if``, ``min``, ``abs`` and ``while`` of a text, and of
a theorem, need no other form. A counterexample is fractions, with which the same function and the same text are run
once more, without z3 (``Replay``): it must meet all that is supposed, and break the conclusion.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import cache, wraps
from math import inf
from typing import Any, NamedTuple

import z3

from toybox import hyper
from toybox.bare import Asked, Origin
from toybox.rays import Status
from toybox.text import End, Search, begun, converse

from .proof import Proof, Undecided, is_term, model_of, rational
from .spoken import by_name, spoken

EFFORT = 20_000_000  # of every question to z3, in its own units: about two seconds
POLYNOMIALS = z3.Tactic("qfnra-nlsat")  # a third of the time of z3's own choice
MOST = 2_000  # paths: a text that never ends is not proved

# --- numbers and truths


def _number(operate: Callable, swapped: bool = False) -> Callable:
    """An operation on a symbolic number; the other one may be infinite or nan, beside which only the sign counts."""

    def method(self, other):
        if _plain_limit(other):
            own = self.sign()
            return operate(other, own) if swapped else operate(own, other)
        pair = (_term(other), self.term) if swapped else (self.term, _term(other))
        if operate is operator.truediv and not Number(pair[1], self.path):
            raise ZeroDivisionError("a number that may be 0 divides")
        return Number(operate(*pair), self.path)

    return method


def _truth(operate: Callable) -> Callable:
    """A comparison of a symbolic number; beside the infinite and nan, it is like 0."""

    def method(self, other):
        if _plain_limit(other):
            return operate(0.0, other)
        return Truth(operate(self.term, _term(other)), self.path)

    return method


def _plain_limit(other: Any) -> bool:
    """Whether it is inf, -inf or nan."""
    return isinstance(other, float) and not abs(other) < inf


def _term(x: Any) -> Any:
    return x.term if isinstance(x, Number) else _constant(x)


@cache
def _constant(x: Any) -> Any:
    return z3.RealVal(str(Fraction(x)))


class Number:
    """A real number of which a path knows what was supposed and decided."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, term: Any, path: Path):
        self.term, self.path = term, path

    __add__, __radd__ = _number(operator.add), _number(operator.add, True)
    __sub__, __rsub__ = _number(operator.sub), _number(operator.sub, True)
    __mul__, __rmul__ = _number(operator.mul), _number(operator.mul, True)
    __truediv__, __rtruediv__ = _number(operator.truediv), _number(operator.truediv, True)
    __lt__, __le__, __gt__, __ge__ = map(_truth, (operator.lt, operator.le, operator.gt, operator.ge))
    __eq__, __ne__ = _truth(operator.eq), _truth(operator.ne)  # type: ignore[assignment]

    def __pow__(self, exponent: int) -> Any:
        """A product: of other powers see ``Base``."""
        product: Any = 1
        for _ in range(exponent):
            product = self * product
        return product

    def __neg__(self):
        return Number(-self.term, self.path)

    def __abs__(self):
        return self if self >= 0 else -self

    def __bool__(self):
        return bool(self != 0)

    def sign(self) -> float:
        return 1.0 if self > 0 else -1.0 if self < 0 else 0.0


class Truth:
    """What a comparison says. Whoever must know (``if``, ``and``, ``not``) has the path decide; & and | do not."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, term: Any, path: Path):
        self.term, self.path = term, path

    def __bool__(self):
        return self.path.decide(self.term)

    def _with(self, join: Callable, other: Any) -> Truth:
        return Truth(join(self.term, other.term if isinstance(other, Truth) else z3.BoolVal(other)), self.path)

    def __and__(self, other):
        return self._with(z3.And, other)

    def __or__(self, other):
        return self._with(z3.Or, other)

    def __eq__(self, other):
        return self._with(operator.eq, other)

    def __ne__(self, other):
        return self._with(operator.ne, other)

    __rand__, __ror__ = __and__, __or__


def no(truth: Any) -> Any:
    """The contrary; a path need not decide."""
    return Truth(z3.Not(truth.term), truth.path) if isinstance(truth, Truth) else not truth


@dataclass(frozen=True)
class Base:
    """A number of at least 1 that a text only raises to powers: each of them is some number of at least 1."""

    world: World
    name: str

    def __pow__(self, exponent: Any) -> Any:
        return self.world.real(f"{self.name}^({spoken(exponent)})", "[1, inf)")


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
        for field in fields(record):  # type: ignore[arg-type]
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


class Fork(NamedTuple):
    """A decision of a path: what it took, numbers that do so, and numbers that take the other way (None: not open)."""

    taken: bool
    model: Any
    other: Any


class Impossible(Exception):
    """No numbers meet what is supposed on this path."""


_MODELS: dict[tuple[int, ...], tuple[list, Any]] = {}  # by the numbers of the formulas, which live as long as they do


class Path(World):
    """A world of symbolic numbers, along the decisions of one path; those beyond the given ones are new."""

    def __init__(self, forks: list[Fork], effort: int):
        super().__init__()
        self.forks, self.effort, self.at = forks, effort, 0
        self.condition: list[Any] = []
        self.symbols: dict[str, Any] = {}
        self.known: dict[int, bool] = {}
        self.model: Any = forks[-1].model if forks else self._model()

    def real(self, name, interval="(-inf, inf)"):
        if name not in self.symbols:
            low, high = interval[1:-1].split(", ")
            symbol = z3.Real(name)
            self.symbols[name] = symbol
            if low != "-inf":
                self._suppose(symbol > low if interval[0] == "(" else symbol >= low)
            if high != "inf":
                self._suppose(symbol < high if interval[-1] == ")" else symbol <= high)
            elif interval[-1] == "]" and self.decide(z3.Bool(f"{name} is inf")):
                self.symbols[name] = inf
        symbol = self.symbols[name]
        return Number(symbol, self) if is_term(symbol) else symbol

    def one_of(self, name, options):
        if name not in self.symbols:
            *tried, last = options
            taken = (one for one in tried if self.decide(z3.Bool(f"{name} is {one}")))
            self.symbols[name] = next(taken, last)
        return self.symbols[name]

    def suppose(self, *truths):
        for truth in truths:
            self._suppose(truth.term if isinstance(truth, Truth) else z3.BoolVal(truth))

    def decide(self, term: Any) -> bool:
        """Whether it is true on this path; where it can be either, true comes first and false another time."""
        term = z3.simplify(term)
        if z3.is_true(term) or z3.is_false(term):
            return z3.is_true(term)
        if z3.is_not(term):
            return not self.decide(term.arg(0))
        if term.get_id() not in self.known:
            if self.at == len(self.forks):
                self.forks.append(self._fork(term))
            fork = self.forks[self.at]
            self.at += 1
            self.model = fork.model
            self.condition.append(term if fork.taken else z3.Not(term))
            self.known[term.get_id()] = fork.taken
        return self.known[term.get_id()]

    def _fork(self, term: Any) -> Fork:
        so = z3.is_true(self.model.eval(term, model_completion=True))
        other = self._model(z3.Not(term) if so else term)
        return Fork(so, self.model, other)

    def _suppose(self, term: Any) -> None:
        term = z3.simplify(term)
        self.condition.append(term)
        self.known[term.get_id()] = True
        old = self.at < len(self.forks)  # supposed before, on the way to a decision
        if not old and not z3.is_true(self.model.eval(term, model_completion=True)):
            self.model = self._model()
            if self.model is None:
                raise Impossible

    def _model(self, *more: Any) -> Any:
        """Numbers that meet the condition of the path, and more, or None. Theorems about one search share them."""
        formulas = [*self.condition, *more]
        key = tuple(formula.get_id() for formula in formulas)
        if key not in _MODELS:
            _MODELS[key] = formulas, model_of(formulas, self.effort, POLYNOMIALS.solver())
        return _MODELS[key][1]

    def broken(self, then: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
        """The name of a conclusion that does not follow, and numbers that break it; None where all follow."""
        open_ = {name: truth.term for name, truth in then.items() if isinstance(truth, Truth)}
        false = [name for name, truth in then.items() if name not in open_ and not truth]
        model = self.model if false else self._model(z3.Not(z3.And(*open_.values()))) if open_ else None
        if model is None:
            return None
        name = false[0] if false else next(n for n, t in open_.items() if not z3.is_true(model.eval(t, True)))
        wrong = [] if false else [z3.Not(open_[name])]
        return name, self._fractions(model, wrong)

    def _fractions(self, model: Any, wrong: list[Any]) -> dict[str, Any]:
        """Numbers that meet the condition of the path, as fractions: near each root of a polynomial one is tried."""
        numbers: dict[str, Any] = {}
        for name, symbol in self.symbols.items():
            value = rational(model, symbol) if is_term(symbol) else symbol
            if is_term(symbol) and isinstance(value, float):
                for digits in (1, 4, 16, 256, 65536):
                    near = Fraction(value).limit_denominator(digits)
                    found = self._model(*wrong, symbol == _term(near))
                    if found is not None:
                        wrong, model, value = [*wrong, symbol == _term(near)], found, near
                        break
                else:
                    raise Undecided(f"{name} = {value} has no fraction beside it")
            elif is_term(symbol):
                wrong = [*wrong, symbol == _term(value)]
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
    while paths < MOST:
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
        forks.append(Fork(not fork.taken, fork.other, None))
    raise Undecided(f"more than {MOST} paths")


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
        def proved(**constants):
            return prove(statement, **constants)

        signature = inspect.signature(statement)
        proved.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])
        proved.statement, proved.broken = statement, broken
        return proved

    return decorate
