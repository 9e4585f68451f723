"""Runs the checks of claims and says how they ended."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings, target
from hypothesis.strategies import SearchStrategy

from .claim import Budget, Check, Claim, Contrast, smallest
from .parallel import each
from .proof import Proof
from .spoken import case_in_words


@dataclass(frozen=True)
class Outcome:
    """How a check ended: the number of cases (of a proof: of conclusions), the smallest margin and its case, all
    margins, and what went wrong."""

    words: str
    cases: int
    worst: float  # nan where a margin was no number
    case: str
    margins: tuple[float, ...]
    error: str = ""
    contrast: str = ""  # of a counterexample: what is printed, and what is true
    degree: str = "sampled"  # how sure it makes: that of its ``Check``

    @property
    def text(self) -> str:
        """A counterexample in one line: the quantity, the case and its numbers."""
        return f"{self.words} ({self.case}): {self.contrast}"

    @property
    def held(self) -> bool:
        return not self.error and self.cases > 0 and self.worst >= 0

    @property
    def broken(self) -> bool:
        return not self.error and self.cases > 0 and self.worst < 0


@dataclass(frozen=True)
class Result:
    """How a claim ended."""

    claim: str
    checks: tuple[Outcome, ...]
    controls: tuple[Outcome, ...]
    counterexamples: tuple[Outcome, ...]
    seconds: float

    @property
    def control_failed(self) -> bool | None:
        """Whether every control was broken, as it must be; None where there is none."""
        return all(c.broken for c in self.controls) if self.controls else None

    @property
    def passed(self) -> bool:
        powerful = self.control_failed is not False and all(c.broken for c in self.counterexamples)
        return powerful and all(c.held for c in self.checks)

    @property
    def cases(self) -> int:
        return sum(c.cases for c in self.checks)

    @property
    def worst(self) -> float:
        return min((c.worst for c in self.checks), key=lambda worst: -math.inf if math.isnan(worst) else worst)

    @property
    def complaints(self) -> list[str]:
        """One sentence for whatever did not end as it must."""
        said = []
        for must, outcomes in (("hold", self.checks), ("break", (*self.controls, *self.counterexamples))):
            for c in outcomes:
                if not (c.held if must == "hold" else c.broken):
                    how = c.error or f"margin {c.worst:.4g} in {c.cases} cases"
                    said.append(f"{c.words}: must {must}, but {how} ({c.case})")
        return said


def verify(claim: Claim, budget: Budget = Budget()) -> Result:
    """Run all checks of a claim."""
    began = time.perf_counter()
    checks = tuple(examine(check, budget) for check in claim.checks)
    controls = tuple(examine(check, budget, stop=True) for check in claim.controls)
    counterexamples = tuple(examine(check, budget, stop=True) for check in claim.counterexamples)
    return Result(claim.id, checks, controls, counterexamples, time.perf_counter() - began)


def verify_all(
    claims: Iterable[Claim], budget: Budget = Budget(), jobs: int = 1, progress: bool = False
) -> list[Result]:
    """Run claims, in parallel processes if wished; a claim travels by its id."""
    return each(verify_by_id, [(claim.id, budget) for claim in claims], jobs, "claims", progress)


def verify_by_id(id: str, budget: Budget) -> Result:
    from . import CLAIMS

    return verify(CLAIMS[id], budget)


class _Enough(Exception):
    """A control is broken; no need to look on."""


class _Log:
    """Gathers the margins of a check, case by case."""

    def __init__(self, check: Check, stop: bool):
        self.check, self.stop = check, stop
        self.margins: list[float] = []
        self.worst, self.case, self.contrast, self.cases = math.inf, "", "", 0

    def __call__(self, case: Any = ()) -> float:
        margin = self.check.tried(case)
        number = _as_float(smallest(margin))
        self.margins.append(number)
        self.cases += margin.conclusions if isinstance(margin, Proof) else 1
        if math.isnan(number) or number < self.worst:
            self.worst = number
            proved = isinstance(margin, Proof)
            self.case = margin.counterexample if proved else _short(case_in_words(self.check.margin, case))
            self.contrast = str(margin) if isinstance(margin, Contrast) else ""
        if self.stop and number < 0:
            raise _Enough
        return number


def examine(check: Check, budget: Budget, stop: bool = False) -> Outcome:
    """Run one check; ``stop`` at the first case that breaks it, which may be looked for as long as by default."""
    log, error = _Log(check, stop), ""
    try:
        if check.cases is None:
            log()
        elif isinstance(check.cases, SearchStrategy):
            examples = max(check.examples, Check.examples) if stop else check.examples
            _search(log, check.cases, examples * budget.many(1, 20), budget.seed)
        else:
            for case in check.cases(budget):
                log(case)
                if math.isnan(log.worst):
                    break
    except _Enough:
        pass
    except Exception as problem:
        error = f"{type(problem).__name__}: {problem}"
    margins = tuple(log.margins)
    return Outcome(check.words, log.cases, log.worst, log.case, margins, error, log.contrast, check.degree)


def _search(log: _Log, strategy: SearchStrategy, examples: int, number: int) -> None:
    """Let Hypothesis look for the smallest margin."""

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.target],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    @given(strategy)
    def look(case):
        margin = log(case)
        if math.isfinite(margin):
            target(-margin)

    look()


def _as_float(margin: Any) -> float:
    """A float of the same sign."""
    try:
        number = float(margin)
    except OverflowError:
        return math.inf if margin > 0 else -math.inf
    if number == 0 and margin != 0:
        return math.copysign(5e-324, margin)
    return number


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:197] + "..."
