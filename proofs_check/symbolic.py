"""Symbolic numbers: real numbers that are terms of z3's, and the decisions that their comparisons make on a path.

Arithmetic builds terms; a comparison is a ``Truth``. Who must know whether it is true (``if``, ``and``, ``not``,
``min``, ``abs``, ``while``) makes a decision: where the numbers allow both, the path takes one way, and another path
the other (``explorer.prove``). So a text that is written for plain numbers runs on symbolic ones as it stands.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from math import inf
from typing import Any, NamedTuple

import z3

from .proof import Undecided, model_of

POLYNOMIALS = z3.Tactic("qfnra-nlsat")  # a third of the time of z3's own choice
MOST = 200  # decisions of a path: a text that never ends is not proved

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

    def __init__(self, term: Any, path: Decisions):
        self.term, self.path = term, path

    __add__, __radd__ = _number(operator.add), _number(operator.add, True)
    __sub__, __rsub__ = _number(operator.sub), _number(operator.sub, True)
    __mul__, __rmul__ = _number(operator.mul), _number(operator.mul, True)
    __truediv__, __rtruediv__ = _number(operator.truediv), _number(operator.truediv, True)
    __lt__, __le__, __gt__, __ge__ = map(_truth, (operator.lt, operator.le, operator.gt, operator.ge))
    __eq__, __ne__ = _truth(operator.eq), _truth(operator.ne)

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

    def __init__(self, term: Any, path: Decisions):
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


# --- decisions


class Fork(NamedTuple):
    """A decision of a path: on what, which way it took, numbers that go there, and others that do not, or None."""

    term: Any
    taken: bool
    model: Any
    other: Any


class Impossible(Exception):
    """No numbers meet what is supposed on this path."""


_SIMPLE: dict[int, tuple[Any, Any]] = {}  # by the number of a term, which lives as long: how z3 orders hangs on it


def simplified(term: Any) -> Any:
    """The same term of every path, so that what was decided is known when it is asked again in other words."""
    if term.get_id() not in _SIMPLE:
        _SIMPLE[term.get_id()] = term, z3.simplify(term)
    return _SIMPLE[term.get_id()][1]


_MODELS: dict[tuple[int, ...], tuple[list, Any]] = {}  # by the numbers of the formulas, which live as long as they do


class Decisions:
    """What was supposed and decided on one path; a decision beyond the ``forks`` of before is added to them."""

    def __init__(self, forks: list[Fork], effort: int):
        self.forks, self.effort, self.at = forks, effort, 0
        self.condition: list[Any] = []
        self.known: dict[int, bool] = {}
        self.model: Any = forks[-1].model if forks else self.find()  # numbers that meet the condition

    def suppose(self, term: Any) -> None:
        """Raises ``Impossible`` where nothing is left that meets the condition."""
        term = simplified(term)
        self.condition.append(term)
        self.known[term.get_id()] = True
        old = self.at < len(self.forks)  # supposed before, on the way to a decision
        if not old and not z3.is_true(self.model.eval(term, model_completion=True)):
            self.model = self.find()
            if self.model is None:
                raise Impossible

    def decide(self, term: Any) -> bool:
        """Whether it is true on this path; where it can be either, true comes first and false another time."""
        term = simplified(term)
        if z3.is_true(term) or z3.is_false(term):
            return z3.is_true(term)
        if z3.is_not(term):
            return not self.decide(term.arg(0))
        if term.get_id() not in self.known:
            if self.at == MOST:
                raise Undecided(f"more than {MOST} decisions on one path")
            if self.at == len(self.forks):
                self.forks.append(self._fork(term))
            fork = self.forks[self.at]
            if not fork.term.eq(term):
                raise AssertionError(f"a theorem must decide alike when it is run again: {fork.term}, then {term}")
            self.at += 1
            self.model = fork.model
            self.condition.append(term if fork.taken else z3.Not(term))
            self.known[term.get_id()] = fork.taken
        return self.known[term.get_id()]

    def _fork(self, term: Any) -> Fork:
        seen = self.model.eval(term, model_completion=True)  # of roots z3 may leave it open
        yes = self.model if z3.is_true(seen) else self.find(term)
        no = self.model if z3.is_false(seen) else self.find(z3.Not(term))
        return Fork(term, False, no, None) if yes is None else Fork(term, True, yes, no)

    def find(self, *more: Any) -> Any:
        """Numbers that meet the condition, and more, or None. Theorems about one search share them."""
        formulas = [*self.condition, *more]
        key = tuple(formula.get_id() for formula in formulas)
        if key not in _MODELS:
            _MODELS[key] = formulas, model_of(formulas, self.effort, POLYNOMIALS.solver())
        return _MODELS[key][1]
