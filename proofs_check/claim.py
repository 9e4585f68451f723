"""What a claim is: content (who said what, under which hypotheses), and checks that can tell whether it is so.

Every claim is a file, whose docstring says what is claimed, and whose decorated functions check it:

    r\"\"\"SGD-08  Exact steps lower the loss

    Where: dissertation, section 5.4
    Claim: the statement, in our words; the document's own stand between << >>, by their key in ``toybox.quotations``.
    Formula: TeX
    Verdict: holds, corrected, refuted or argument
    Kind: exact
    Found: what was found; for a corrected or refuted claim the statement that is true instead
    True: the true formula, in TeX
    Sampled: why the statement is not proved for everything it speaks of, and what was tried; left out where it is
    \"\"\"

    claim = told(__doc__)

    @claim.proof("always", broken={"doubled": {"factor": 2}})
    def falls(a, b, factor=1): ...                           # a Theorem about real numbers (``proof``)

    @claim.check("on arrays", cases, examples=100)
    def on_arrays(a, b): ...                                 # the margin of a case

A check holds for a case iff its margin is not negative. Margins are numbers, numbers by name of which the smallest
counts, or a ``Proof``; nan never holds. Exact checks return rational numbers (0 where an equality holds), the others
slack as a fraction of what is allowed: 1 is a perfect hit, 0 the limit, below 0 broken. A counterexample's is a
``Contrast``.

A claim passes if all its checks hold on all their cases, and all its controls and counterexamples are broken by some
case: a check that nothing can break has no power.
"""

from __future__ import annotations

import inspect
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Any, Literal, get_args

import numpy as np
from hypothesis.strategies import SearchStrategy

from toybox import quotations

from .estimation.stored import certified
from .proof import Proof, decide
from .spoken import spoken

Kind = Literal["exact", "symbolic", "property", "enumeration", "montecarlo", "highprec", "argument"]
Verdict = Literal["holds", "corrected", "refuted", "argument"]
Degree = Literal["proved", "of the code", "exhausted", "sampled", "simulated"]
Margin = Any  # a number, a mapping of names to numbers, a Proof, or a Contrast
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
    at CI budget (twenty times as many at depth). of: of margins by name, the one that counts. fixed: arguments that
    are the same in all cases.

    degree: how sure it makes. Proved: for all numbers that the statement speaks of, or a finite enumeration that is its
    whole domain. Of the code: proved for the text of our search, run on symbols. Exhausted: a stated finite part of the
    domain, completely. Sampled: no counterexample in so many cases. Simulated: random runs, with an error bound. None
    given: sampled for a strategy, else exhausted.
    """

    words: str
    margin: Callable[..., Margin]
    cases: Cases = None
    examples: int = 500
    degree: Degree = None  # type: ignore[assignment]
    of: str = ""
    fixed: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        if self.degree is None:
            object.__setattr__(self, "degree", "sampled" if isinstance(self.cases, SearchStrategy) else "exhausted")
        assert self.degree in get_args(Degree), f"{self.words}: degree {self.degree!r}"

    def tried(self, case: Any) -> Margin:
        """The margin of a case."""
        margin = self.margin(*(case if type(case) is tuple else (case,)), **self.fixed)
        return margin[self.of] if self.of else margin


@dataclass(frozen=True)
class Claim:
    """A statement of one of the documents, as the head of this file shows it. It gathers its checks, controls (the same
    with a hypothesis violated or a constant wrong) and counterexamples (which break what is printed)."""

    id: str
    title: str
    source: str
    statement: str
    formula: str
    verdict: Verdict
    kind: Kind = "exact"
    finding: str = ""
    corrected: str = ""
    sampled: str = ""
    checks: list[Check] = field(default_factory=list)
    controls: list[Check] = field(default_factory=list)
    counterexamples: list[Check] = field(default_factory=list)

    def __post_init__(self):
        assert self.kind in get_args(Kind), f"{self.id}: kind {self.kind!r}"
        assert self.verdict in get_args(Verdict), f"{self.id}: verdict {self.verdict!r}"
        assert self.finding or self.verdict not in ("corrected", "refuted"), f"{self.id}: what is true instead?"

    @property
    def family(self) -> str:
        return self.id.partition("-")[0]

    @property
    def proved(self) -> bool:
        """Whether the statement is, for everything that it speaks of."""
        return not self.sampled and any(check.degree in ("proved", "of the code") for check in self.checks)

    def check(self, words: str, cases: Cases = None, **options) -> Callable:
        """Decorates what must hold. Arguments: those of a ``Check`` without its margin; others are fixed ones."""
        return partial(_gather, self.checks, words, cases, options)

    def control(self, words: str, cases: Cases = None, **options) -> Callable:
        """Decorates what must break, in the same way."""
        return partial(_gather, self.controls, words, cases, options)

    def counterexample(self, words: str, cases: Cases = None, **options) -> Callable:
        """Decorates a ``Contrast``, in the same way."""
        return partial(_gather, self.counterexamples, words, cases, options)

    def proof(self, words: str, broken: Mapping[str, Mapping[str, Any]], **constants) -> Callable:
        """Decorates a function of real numbers that returns a ``Theorem``, to be proved for all of them with these
        constants, and refuted with each of the ``broken`` ones."""

        def gather(theorem):
            self.checks.append(Check(words, partial(decide, theorem, **constants), degree="proved"))
            for wrong, others in broken.items():
                self.controls.append(Check(wrong, partial(decide, theorem, **{**constants, **others})))
            return theorem

        return gather

    def of_the_code(self, *theorems: Callable[..., Proof]) -> None:
        """Adds theorems of ``of_code``, whose docstrings are their words, and what refutes them."""
        for theorem in theorems:
            words = " ".join(inspect.getdoc(theorem).split())  # type: ignore[union-attr]
            self.checks.append(Check(words, theorem, degree="of the code"))
            for wrong, constants in theorem.broken.items():  # type: ignore[attr-defined]
                self.controls.append(Check(wrong, theorem, fixed=constants))

    def certified(self) -> None:
        """Adds the worst cases that ``estimation`` certifies for this claim, and a little less, which must fail. They
        are of all functions, and of a few parameters: exhausted."""
        self.checks.append(Check("worst cases of one step, certified", partial(certified, self.id)))
        self.controls.append(Check("rates a hundredth smaller", partial(certified, self.id, share=Fraction(99, 100))))


def _gather(checks: list[Check], words: str, cases: Cases, options: dict, margin: Callable) -> Callable:
    own = {name: options.pop(name) for name in ("examples", "degree", "of") if name in options}
    checks.append(Check(words, margin, cases, **own, fixed=options))
    return margin


LABELS = {
    "Where": "source", "Claim": "statement", "Formula": "formula", "Verdict": "verdict", "Kind": "kind",
    "Found": "finding", "True": "corrected", "Sampled": "sampled",
}  # fmt: skip


def told(text: str | None) -> Claim:
    """The claim that a docstring tells: a line with id and title, then paragraphs with labels."""
    first, *rest = (text or "").strip().splitlines()
    id, _, title = first.partition("  ")
    parts = re.split(rf"^({'|'.join(LABELS)}):", "\n".join(rest), flags=re.MULTILINE)
    assert title, f"{first!r} is no id and title"
    assert not parts[0].strip(), f"{id}: {parts[0]!r} has no label"
    words = [re.sub(r"<<(.+?)>>", lambda key: quotations.quote(key[1]), " ".join(part.split())) for part in parts[2::2]]
    fields = {LABELS[label]: part for label, part in zip(parts[1::2], words, strict=True)}
    return Claim(id, title.strip(), **fields)  # type: ignore[arg-type]


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
    if isinstance(margin, Contrast | Proof):
        margin = margin.margin
    values = list(margin.values()) if isinstance(margin, Mapping) else [margin]
    for value in values:
        if value != value:
            return value
    return min(values)
