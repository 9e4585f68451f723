"""Theorems on real numbers, decided for all of them by z3; what is refuted is refuted by fractions, tried without it.

    def accepted(a, b, alpha, w, share=F(1, 2)):    # for all real a, b, alpha, w
        y = -alpha * b / (2 * a)
        gains = a * y**2 + b * y <= w * b * y
        return Theorem((a > 0, b < 0, alpha > 0), {"iff": same(gains, w <= 1 - share * alpha)})

    decide(accepted)              # Proof(1): holds for all
    decide(accepted, share=1)     # Proof(1, "iff: a = 1, b = -2, alpha = 1, w = 1/2")

The same function is called with z3's terms, which proves it, and with the fractions of a counterexample, which must
break it in Python's arithmetic: nobody has to trust the solver where it says that something is false.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import z3

from .spoken import by_name

EFFORT = 100_000_000  # z3's own units: what it decides does not depend on the machine's load


class Theorem(NamedTuple):
    """Conclusions by name, each of which follows from all that is given."""

    given: Sequence[Any]
    then: Mapping[str, Any]


@dataclass(frozen=True)
class Proof:
    """How an attempt to prove ended: the number of conclusions that were decided, and what refutes one ("": proved).

    paths: of a theorem about the text of a search, how many of its paths were followed.
    """

    conclusions: int
    counterexample: str = ""
    paths: int = 0

    @property
    def margin(self) -> int:
        """0 where everything is proved, else -1."""
        return -1 if self.counterexample else 0


class Undecided(Exception):
    """Neither proved nor refuted within the effort; or nothing meets what is given, so that nothing would be said."""


# --- formulas, of z3's terms or of plain truth values


def is_term(*values: Any) -> bool:
    return any(isinstance(value, z3.ExprRef) for value in values)


def every(*parts: Any) -> Any:
    """All of them are true."""
    return z3.And(*parts) if is_term(*parts) else all(parts)


def some(*parts: Any) -> Any:
    """One of them is true, or more."""
    return z3.Or(*parts) if is_term(*parts) else any(parts)


def no(part: Any) -> Any:
    """It is false."""
    return z3.Not(part) if is_term(part) else not part


def implies(premise: Any, conclusion: Any) -> Any:
    return some(no(premise), conclusion)


def same(one: Any, other: Any) -> Any:
    """Both are true, or none is."""
    return one == other


def where(condition: Any, one: Any, other: Any) -> Any:
    """``one`` where the condition is true, else ``other``."""
    return z3.If(condition, term(one), term(other)) if is_term(condition) else one if condition else other


def smaller(one: Any, other: Any) -> Any:
    return where(one <= other, one, other)


def larger(one: Any, other: Any) -> Any:
    return where(one >= other, one, other)


def size(x: Any) -> Any:
    """|x|."""
    return where(x >= 0, x, -x)


def term(x: Any) -> Any:
    """A number as a term of z3's."""
    return x if is_term(x) else z3.RealVal(str(Fraction(x)))


# --- deciding


def decide(statement: Callable[..., Theorem], effort: int = EFFORT, **constants: Any) -> Proof:
    """Prove a theorem for all real values of the parameters that have no default; ``constants`` are those that have.

    Raises ``Undecided`` where z3 does not come to an end, or where no numbers meet what is given.
    """
    names = [
        name
        for name, parameter in inspect.signature(statement).parameters.items()
        if parameter.default is parameter.empty and name not in constants
    ]
    exact = {name: Fraction(value) if isinstance(value, int) else value for name, value in constants.items()}
    theorem = statement(**{name: z3.Real(name) for name in names}, **exact)
    if model_of([*theorem.given], effort) is None:
        raise Undecided("no numbers meet what is given")
    for done, (name, conclusion) in enumerate(theorem.then.items(), 1):
        model = model_of([*theorem.given, no(conclusion)], effort)
        if model is not None:
            numbers = {x: rational(model, z3.Real(x)) for x in names}
            return Proof(done, f"{name}: {_tried(statement, name, numbers, exact)}")
    return Proof(len(theorem.then))


def model_of(formulas: Sequence[Any], effort: int, solver: Any = None) -> Any:
    """Numbers that meet all formulas, or None where there are none. solver: another one of z3's, without formulas."""
    if not all(is_term(formula) or formula for formula in formulas):
        return None
    solver = solver or z3.Solver()
    solver.set("rlimit", effort)
    solver.add(*[formula for formula in formulas if is_term(formula)])
    found = solver.check()
    if found == z3.unknown:
        raise Undecided(f"z3 did not come to an end within {effort} units ({solver.reason_unknown()})")
    return solver.model() if found == z3.sat else None


def rational(model: Any, symbol: Any) -> Any:
    """The value of a symbol: a fraction; of a root of a polynomial, which none is, a float."""
    value = model.eval(symbol, model_completion=True)
    if z3.is_rational_value(value):
        return value.as_fraction()
    return float(value.approx(17).as_fraction())


def _tried(statement: Callable[..., Theorem], name: str, numbers: Mapping[str, Any], constants: Mapping) -> str:
    """The numbers in words, after the theorem was broken with them by Python's own arithmetic."""
    if not any(isinstance(value, float) for value in numbers.values()):
        try:
            theorem = statement(**numbers, **constants)
        except ZeroDivisionError:
            raise Undecided(f"{name} divides by 0, which nothing that is given excludes: {by_name(numbers)}") from None
        if not all(theorem.given) or theorem.then[name]:
            raise AssertionError(f"z3 refutes {name} by {by_name(numbers)}, which does not break it")
    return by_name(numbers)
