"""What a claim is: content (who said what, under which hypotheses), and checks that can tell whether it is so.

A ``Check`` holds for a case iff its margin is not negative. Margins are numbers, or numbers by name of which the
smallest counts; nan never holds. Exact kinds return rational numbers (0 where an equality holds), the others slack as a
fraction of what is allowed: 1 is a perfect hit, 0 the limit, below 0 broken. A counterexample's is a ``Contrast``.

A ``Claim`` passes if all its checks hold on all their cases, and all its controls and counterexamples are broken by
some case: a check that nothing can break has no power.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, get_args

import numpy as np

from .spoken import spoken

Kind = Literal["exact", "symbolic", "property", "enumeration", "montecarlo", "highprec", "argument"]
Verdict = Literal["holds", "corrected", "refuted", "argument"]
Margin = Any  # a number, a mapping of names to numbers, or a Contrast
Cases = Any  # None, a Hypothesis strategy, or a function of the budget that returns an iterable


@dataclass(frozen=True)
class Budget:
    """How hard to look. ``deep`` searches longer; everything random follows from ``seed``."""

    deep: bool = False
    seed: int = 0

    def many(self, few: int, deep: int) -> int:
        """A number of cases at each of the two budgets."""
        return deep if self.deep else few

    def random(self) -> random.Random:
        """A source of random rationals."""
        return random.Random(self.seed)

    def rng(self) -> np.random.Generator:
        """A source of random arrays."""
        return np.random.default_rng(self.seed)


@dataclass(frozen=True)
class Check:
    """One thing to check, or, as a control or counterexample, one thing that must break.

    words: what, in a few of them; of a counterexample, the quantity. margin: of a case. cases: a Hypothesis strategy; a
    function of the budget that returns an iterable of cases; or None for a margin without arguments. A case that is a
    tuple gives several arguments, which readers see by the names of the margin's parameters. examples: of a strategy,
    at CI budget (twenty times as many at depth).
    """

    words: str
    margin: Callable[..., Margin]
    cases: Cases = None
    examples: int = 500


@dataclass(frozen=True)
class Claim:
    """A statement of one of the documents.

    source: document and equation. statement, formula: what is claimed, in our words (the document's own come from
    ``toybox.quotations``) and in TeX. finding: what was found; for a corrected or refuted claim the statement that is
    true instead, which ``checks`` verify while ``counterexamples`` break the printed one. controls: the same check with
    a hypothesis violated or a constant wrong.
    """

    id: str
    title: str
    source: str
    statement: str
    formula: str
    kind: Kind
    verdict: Verdict
    checks: Iterable[Check]
    controls: Iterable[Check] = ()
    counterexamples: Iterable[Check] = ()
    finding: str = ""
    corrected: str = field(default="", kw_only=True)  # the true formula, in TeX

    def __post_init__(self):
        for name in ("checks", "controls", "counterexamples"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        assert self.kind in get_args(Kind), f"{self.id}: kind {self.kind!r}"
        assert self.verdict in get_args(Verdict), f"{self.id}: verdict {self.verdict!r}"
        assert self.checks, f"{self.id}: nothing to check"
        if self.verdict in ("corrected", "refuted"):
            assert self.finding, f"{self.id}: {self.verdict}, but what is true?"
            assert self.counterexamples, f"{self.id}: {self.verdict}, but where is the counterexample?"

    @property
    def section(self) -> str:
        return self.id.rpartition("-")[0]


def only(*arguments: Any) -> Callable:
    """Cases: this one."""
    return lambda budget: [arguments]


# --- margins


def holds(condition: Any) -> int:
    """0 where a condition is met (everywhere, of an array), else -1."""
    return 0 if np.all(condition) else -1


def equal(found: Any, expected: Any) -> Any:
    """Exact equality of numbers or (nested) sequences of them: minus the largest difference."""
    if isinstance(found, tuple | list):
        assert len(found) == len(expected), f"lengths {len(found)} and {len(expected)}"
        return min((equal(f, e) for f, e in zip(found, expected, strict=True)), default=Fraction(0))
    return -abs(found - expected)


def at_most(small: Any, large: Any) -> Any:
    """small <= large, exactly: their difference."""
    return large - small


def above(large: Any, small: Any) -> Any:
    """large > small, exactly: their difference, and -1 for equality."""
    return large - small if large != small else -1


def close(found: Any, expected: Any, tolerance: Any) -> float:
    """abs(found - expected) <= tolerance, elementwise: the smallest slack."""
    error, tolerance = np.abs(np.asarray(found) - np.asarray(expected)), np.asarray(tolerance, float)
    with np.errstate(over="ignore"):
        ratio = np.where(error == 0, 0.0, error / np.where(tolerance > 0, tolerance, 5e-324))
    return float(1 - np.max(ratio, initial=0.0))


def below(small: Any, large: Any, tolerance: Any) -> float:
    """small <= large + tolerance, elementwise, tolerance > 0: (large - small) / tolerance + 1, at most 1."""
    with np.errstate(over="ignore"):
        slack = (np.asarray(large, float) - np.asarray(small, float)) / np.asarray(tolerance, float) + 1
    return float(np.min(np.minimum(slack, 1.0), initial=1.0))


ERRORS = 7  # standard errors, within which a check by simulation wants a mean


def sigmas(found: Any, expected: Any, error: Any, limit: float = ERRORS) -> float:
    """abs(found - expected) <= limit standard errors. A control wants limit=10.

    A normal number misses 7 with probability 2.6e-12. Means of n independent draws are nearly normal; by the next term
    of the expansion of tails a skewness g of the draws makes a miss exp(7^3 |g| / (3 sqrt n)) times as likely, where
    the error is estimated from the same draws: 3000 times for 1 in 200 runs, 11 times for 3 in 20 000. So some 200
    such numbers fail by chance, at any one of 366 seeds, with a probability below 366 * 200 * 8e-9 < 1e-3.
    """
    return close(found, expected, limit * np.asarray(error))


RELATIONS: dict[str, Callable] = {  # how the true number stands to the printed one, and its margin
    "": equal,
    "at most": at_most,
    "at least": lambda true, printed: at_most(printed, true),
    "more than": above,
    "less than": lambda true, printed: above(printed, true),
}


@dataclass(frozen=True)
class Contrast:
    """A quantity in one case: what the document's statement gives for it, and what is true.

    relation: in which the true number would stand to the printed one (a key of ``RELATIONS``, "" for equality).
    rounding: the largest difference that it explains.
    """

    printed: Any
    true: Any
    relation: str = ""
    rounding: float = 0

    @property
    def margin(self) -> Any:
        return RELATIONS[self.relation](self.true, self.printed) + self.rounding

    def __str__(self) -> str:
        printed = f"{self.relation} {spoken(self.printed)}".strip()
        return f"printed {printed}, true {spoken(self.true)}"


def smallest(margin: Margin) -> Any:
    """The margin that counts: nan if there is one, else the smallest."""
    if isinstance(margin, Contrast):
        margin = margin.margin
    values = list(margin.values()) if isinstance(margin, Mapping) else [margin]
    for value in values:
        if value != value:
            return value
    return min(values)
