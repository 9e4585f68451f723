"""What an experiment is, and how its outcome is judged: everything but the measured numbers is fixed beforehand.

An ``Experiment`` names its problems, metric and seeds, and predicts in which range the mean of each quantity lies: what
the document's claim implies ("claim"), and what theory says ("theory"). A prediction is confirmed where the 95 %
interval of the mean over seeds lies inside its range, refuted where it lies outside, and open otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf, sqrt
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

Size = Literal["smoke", "default", "full"]
LEVEL = 0.95
Row = tuple[str, str, int, float]  # problem, quantity, seed, value


@dataclass(frozen=True)
class Prediction:
    """low <= mean of ``quantity`` on ``problem`` <= high. of: whose prediction it is."""

    of: Literal["claim", "theory"]
    words: str
    problem: str
    quantity: str
    low: float = -inf
    high: float = inf

    def __post_init__(self):
        assert self.low < self.high, f"{self.words}: an empty range"
        assert (self.low, self.high) != (-inf, inf), f"{self.words}: no prediction"


@dataclass(frozen=True)
class Experiment:
    """A claim that only measuring can support.

    statement: what the document says, in our words. metric: what is measured, in words. problems: label -> what it is.
    measure: of (seeds, size) to rows (problem, quantity, seed, value), one value for every seed; nan where a run gave
    none, which counts against every prediction. finding: what is to be learnt from it, written after the measurement.
    reasons: why the predictions are what they are and what was known already, written before it.
    """

    id: str
    title: str
    source: str
    statement: str
    metric: str
    problems: dict[str, str]
    measure: Callable[[tuple[int, ...], Size], Iterable[Row]]
    predictions: tuple[Prediction, ...]
    finding: str = ""
    seeds: int = 5
    reasons: str = ""

    def __post_init__(self):
        assert self.seeds >= 5, f"{self.id}: {self.seeds} seeds"
        assert any(p.of == "claim" for p in self.predictions), f"{self.id}: what does the claim predict?"
        unknown = {p.problem for p in self.predictions} - set(self.problems)
        assert not unknown, f"{self.id}: {unknown} are no problems of it"


class Effect(NamedTuple):
    """The mean of a quantity over seeds, with its interval, and what became of the prediction."""

    prediction: Prediction
    mean: float
    low: float
    high: float
    seeds: int
    outcome: str  # confirmed, refuted or open


class Outcome(NamedTuple):
    """How an experiment ended."""

    experiment: Experiment
    effects: tuple[Effect, ...]
    table: Any  # polars: problem, quantity, seed, value

    @property
    def verdict(self) -> str:
        """On the document's claim: supported, contradicted, mixed or open."""
        outcomes = {e.outcome for e in self.effects if e.prediction.of == "claim"}
        if outcomes == {"confirmed"}:
            return "supported"
        if outcomes == {"refuted"}:
            return "contradicted"
        return "open" if outcomes == {"open"} else "mixed"

    @property
    def theory(self) -> str:
        """How many predictions of the theory were confirmed."""
        mine = [e.outcome for e in self.effects if e.prediction.of == "theory"]
        return f"{mine.count('confirmed')} of {len(mine)}" if mine else "none"


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """The mean of independent values with its 95 % interval by Student's t; nan if a value is."""
    from scipy.stats import t

    mean = float(np.mean(values))
    half = float(t.ppf((1 + LEVEL) / 2, len(values) - 1) * np.std(values, ddof=1) / sqrt(len(values)))
    return mean, mean - half, mean + half


def judge(prediction: Prediction, values: np.ndarray) -> Effect:
    """What became of a prediction, given one value for each seed."""
    with np.errstate(invalid="ignore"):
        mean, low, high = interval(np.asarray(values, float))
    if low >= prediction.low and high <= prediction.high:
        outcome = "confirmed"
    elif not np.isfinite(mean) or high < prediction.low or low > prediction.high:
        outcome = "refuted"
    else:
        outcome = "open"
    return Effect(prediction, mean, low, high, len(values), outcome)


def conduct(experiment: Experiment, store: Any = None, size: Size = "default") -> Outcome:
    """The outcome of an experiment: from the store, or measured and kept there."""
    import polars as pl

    from toybox.kept import kept
    from toybox.store import Store

    def measured() -> Any:
        rows = experiment.measure(tuple(range(experiment.seeds)), size)
        plain = [(p, q, int(s), float(v)) for p, q, s, v in rows]
        return pl.DataFrame(plain, schema=["problem", "quantity", "seed", "value"], orient="row")

    store = store if isinstance(store, Store) else Store(store)
    of = {"experiment": experiment.id, "size": size, "seeds": experiment.seeds}
    table, _ = kept(store, of, experiment.measure, measured, without=(Path(__file__).stem,))
    return Outcome(experiment, tuple(judge(p, _values(experiment, p, table)) for p in experiment.predictions), table)


def _values(experiment: Experiment, prediction: Prediction, table: Any) -> np.ndarray:
    """The values of a predicted quantity by seed. Raises ``LookupError`` unless there is one for each."""
    import polars as pl

    of = (pl.col("problem") == prediction.problem) & (pl.col("quantity") == prediction.quantity)
    found = table.filter(of).sort("seed")
    if found["seed"].to_list() != list(range(experiment.seeds)):
        raise LookupError(
            f"{experiment.id}: {prediction.quantity!r} on {prediction.problem!r} was measured for seeds "
            f"{found['seed'].to_list()}; wanted 0 .. {experiment.seeds - 1}, each once"
        )
    return found["value"].to_numpy()
