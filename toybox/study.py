"""Studies computed on all cores and kept run by run, so that a killed study resumes where it was.

study = Study.read("rates.toml")                 # or Study(name="rates", runs=[Run(...), ...])
for result in compute(study, "results"):
    print(result.run.title, result.frame["full_loss"][-1], result.meta["seconds"])
"""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from joblib import effective_n_jobs
from joblib.externals.loky import get_reusable_executor
from threadpoolctl import threadpool_limits

from . import digest, optimizer, zoo
from .hyper import is_whole
from .origin import origin
from .rays import Status
from .results import Result, Results
from .spec import Run, Study
from .store import Store, Unwritable
from .tables import stack, summary
from .workers import Died, each
from .xp import BackendError

__all__ = ["Failure", "Result", "Results", "Run", "Study", "StudyError", "compute", "stack", "summary"]
FACTS = ("dim", "size", "floor", "condition", "storage")  # what a result says about its problem, where it exists
LARGE = 1 << 30  # bytes from which on a problem is told of, and keeps others from being computed beside it


class Failure(NamedTuple):
    """A run that raised, with its error's text; ``usage``: what was asked for cannot be had (bad value, no data)."""

    run: Run
    error: str
    usage: bool


class StudyError(RuntimeError):
    """Some runs failed, all others are in the store; or nothing was computed, since these cannot be."""

    def __init__(self, failures: list[Failure]):
        super().__init__("\n".join(f"{failure.run.title}: {failure.error}" for failure in failures))
        self.failures = failures


def compute(
    study: Study, store: Store | str | Path | None = None, *, workers: int | None = None, progress: bool = False
) -> Results:
    """The results of a study's runs, in their order; what the store lacks is computed and written run by run.

    workers: processes; None: one per core, or all of a cluster within ``joblib.parallel_config(backend=...)``, whose
    machines must share the store's folder; 1: this process, as for a single missing run. There are fewer where memory
    does not hold so many of the largest problem; what that one takes is said on stderr before anything is computed.
    Threads as a backend take turns. Results are bit-equal whatever the number of workers, on one kind of processor.
    Several processes may compute one study into one store: what another has kept is not computed.

    Raises, before anything is computed, ``StudyError`` with all runs whose problem refuses its options or has fewer
    samples than a batch, and ``Unwritable`` where the store could not keep results; after the last run, ``StudyError``
    with those that failed. One of these is a run whose process died, also when it was tried alone.
    """
    if workers is not None and not is_whole(workers, 1):
        raise ValueError(f"workers={workers!r} is not accepted; accepted: a whole number of at least 1, or None")
    store = store if isinstance(store, Store) else Store(store)
    missing = [run for key, run in {run.key: run for run in study.runs}.items() if not store.has(key)]
    missing.sort(key=_problem_key)  # neighbours share their problem
    alone = len(missing) == 1
    allowed = _looked_at(missing)
    if missing:
        store.check()
        store.sweep()
    here = alone or workers == 1
    wanted = 1 if here else effective_n_jobs(workers or -1)
    cases = [(run, run.key, store, progress and alone) for run in missing]
    failures = []
    with _bar(len(missing)) if progress and len(missing) > 1 else nullcontext(lambda _: None) as tick:
        try:
            for number, failure in each(_job, cases, min(wanted, allowed or wanted), apart=not here):
                if isinstance(failure, Died):
                    failure = Failure(missing[number], str(failure), False)
                failures += [failure] if failure else []
                tick(0)
        finally:
            _held.clear()
    if allowed and not here:
        get_reusable_executor().shutdown()  # workers that wait for more would go on holding their problems
    if failures:
        raise StudyError(failures)
    return Results(Result(run, store) for run in study.runs)


def _job(run: Run, key: str, store: Store, progress: bool) -> Failure | None:
    """Compute one run and write its part, on one thread: products are not bit-equal between one and two."""
    try:
        if run.key != key:
            raise digest.Changed("this process has imported another toybox than the one that asks; start again")
        if store.has(key):  # since a moment ago, by another process
            return None
        store.check()  # again: the disk may be full by now
        digest.refuse_changed(digest.core())
        with threadpool_limits(1):
            problem, method = _problem(run), zoo.method(run.method, **run.hyper)
        with threadpool_limits(1):  # again: the problem may have loaded another library with threads of its own
            began = time.perf_counter()
            trace = optimizer.run(
                problem, method, steps=run.steps, batch=run.batch, seeds=run.seeds, every=run.every,
                sampler=run.sampler, progress=progress,
            )  # fmt: skip
            meta = _meta(run, problem, trace, time.perf_counter() - began)
        digest.refuse_changed(digest.core())
        if run.key != key:
            raise digest.Changed(
                "a file of one's own changed while its run was computed, which is not kept; start again"
            )
        store.put(key, trace.to_frame(), meta)
    except Exception as error:
        usage = _is_usage(error)
        plain = usage or isinstance(error, Unwritable | digest.Changed)
        return Failure(run, str(error) if plain else f"{type(error).__name__}: {error}", usage)
    return None


def _is_usage(error: Exception) -> bool:
    """Whether the error says that what was asked for cannot be had."""
    refused = isinstance(error, ValueError | FileNotFoundError | BackendError)
    return refused and not isinstance(error, np.linalg.LinAlgError | Unwritable)


_held: dict[bytes, Any] = {}  # the problem this process built last; never two, since a kernel may fill much of memory


def _problem(run: Run) -> Any:
    key = _problem_key(run)
    if key not in _held:
        _held.clear()
        _held[key] = zoo.problem(run.problem, **run.options)
    return _held[key]


def _looked_at(runs: list[Run]) -> int | None:
    """How many runs may be computed at once where a problem is large, which is then told of on stderr; else None.
    Raises ``StudyError`` for all runs whose problem cannot be had or has fewer samples than a batch."""
    failures, tightest = [], (0, 0, 1)
    for same in (list(same) for _, same in groupby(runs, key=_problem_key)):
        try:
            size, memory = _look(same[0])
        except Exception as error:
            failures += [Failure(run, str(error), True) for run in same if _is_usage(error)]  # or else the run says it
            continue
        sentence = f"is larger than the problem's D={size} samples; accepted: 1 to {size}"
        failures += [Failure(run, f"batch={run.batch} {sentence}", True) for run in same if run.batch > size]
        tightest = max(tightest, memory, key=lambda memory: (memory[1] >= LARGE, memory[0] / memory[2]))
    if failures:
        raise StudyError(failures)
    needs, takes, free = tightest
    if needs < LARGE:
        return None
    allowed = max(1, int(0.9 * free / takes)) if takes else len(runs)  # a tenth for everything else
    how = f"at most {allowed} at once" if takes else "not kept, but computed anew for every step"
    print(f"toybox: the largest problem needs {needs / 1e9:.3g} GB of {free / 1e9:.3g} GB: {how}", file=sys.stderr)
    return allowed


def _look(run: Run) -> tuple[int, tuple[int, int, int]]:
    """Of the problem of a run: its number of samples; bytes that it needs to be kept, those it will keep, and those its
    backend has free (no answer counts as a lot). A kernel is not computed for that."""
    entry, plenty = zoo.entry("problem", run.problem), 1 << 50
    if "storage" not in zoo.defaults(entry):
        return entry.make(**run.options).size, (0, 0, plenty)
    problem = entry.make(**run.options, build=False)
    return problem.size, (max(problem.needs, problem.bytes), problem.bytes, problem.xp.free_memory() or plenty)


def _bar(total: int) -> Any:
    from .progress import bar

    return bar(total, "runs")


def _problem_key(run: Run) -> bytes:
    return digest.canonical_json([run.problem, run.canonical()["options"]])


def _meta(run: Run, problem: Any, trace: Any, seconds: float) -> dict[str, Any]:
    counts = {status.name: (trace.status == status).sum(axis=0) for status in Status}
    canonical = run.canonical()
    return {
        **{name: getattr(problem, name) for name in FACTS if hasattr(problem, name)},
        "statuses": {name: count.tolist() for name, count in counts.items() if count.any()},
        "seconds": seconds,
        "dtype": "float32" if problem.dtype == problem.xp.float32 else "float64",
        "backend": problem.xp.name,
        "papers": sorted({*zoo.entry("method", run.method).papers, *zoo.entry("problem", run.problem).papers}),
        "run": canonical,
        **origin(),
    }
