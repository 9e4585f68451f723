"""Studies computed on all cores and kept run by run, so that a killed study resumes where it was.

study = Study.read("rates.toml")                 # or Study(name="rates", runs=[Run(...), ...])
for result in compute(study, "results"):
    print(result.run.title, result.frame["full_loss"][-1], result.meta["seconds"])
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from itertools import accumulate, groupby, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from joblib import effective_n_jobs
from joblib.externals.loky import get_reusable_executor
from threadpoolctl import threadpool_limits

from . import digest, optimizer, zoo
from .hyper import is_whole
from .meeting import meet
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
    allowed = _looked_at(missing)
    if missing:
        store.check()
        store.sweep()
    cores = 1 if workers == 1 else effective_n_jobs(workers or -1)
    jobs = together(missing, cores)
    here = len(missing) == 1 or workers == 1
    many = 1 if here else min(cores, allowed or cores)
    failures: list[Failure] = []
    with _bar(len(missing)) if progress and len(missing) > 1 else nullcontext(lambda _: None) as tick:

        def made(jobs: list[list[Run]], apart: bool) -> Iterator[Run]:
            """Compute jobs; gives the runs of those whose process died."""
            cases = [(job, [run.key for run in job], store, progress and len(missing) == 1) for job in jobs]
            for number, answer in each(_job, cases, many, apart):
                if isinstance(answer, Died) and len(jobs[number]) > 1:
                    yield from jobs[number]
                    continue
                if isinstance(answer, Died):
                    answer = [Failure(run, str(answer), False) for run in jobs[number]]
                failures.extend(answer)
                for _ in jobs[number]:
                    tick(0)

        try:
            if died := list(made(jobs, not here)):  # some may live without the others
                list(made([[run] for run in died], True))
        finally:
            _held.clear()
    if allowed and not here:
        get_reusable_executor().shutdown()  # workers that wait for more would go on holding their problems
    if failures:
        raise StudyError(failures)
    return Results(Result(run, store) for run in study.runs)


def together(runs: list[Run], many: int = 1) -> list[list[Run]]:
    """Runs that walk together: on the same problem, with the same seeds, as many steps on as large batches. Where no
    kernel is kept, seeds may differ, and the seeds of the data. There are as many jobs as processes, or more."""
    groups: dict[bytes, list[Run]] = {}
    for run in runs:
        record = run.canonical()
        shared = [run.problem, *(record[name] for name in ("steps", "batch", "every", "sampler"))]
        if "storage" in record["options"]:
            shared += [record["options"], record["seeds"]]
        else:
            shared += [{name: value for name, value in record["options"].items() if name != "data_seed"}]
        groups.setdefault(digest.canonical_json(shared), []).append(run)
    most = -(-len(runs) // many)
    return [group[i : i + most] for group in groups.values() for i in range(0, len(group), most)]


def _job(runs: list[Run], keys: list[str], store: Store, progress: bool) -> list[Failure]:
    """Compute runs that walk together and write their parts, on one thread: products are not bit-equal between one and
    two."""
    try:
        if [run.key for run in runs] != keys:
            raise digest.Changed("this process has imported another toybox than the one that asks; start again")
        missing = [run for run, key in zip(runs, keys, strict=True) if not store.has(key)]  # of another process, now
        if not missing:
            return []
        store.check()  # again: the disk may be full by now
        digest.refuse_changed(digest.core())
        with threadpool_limits(1):
            asked = dict(zip(map(id, runs), keys, strict=True))
            walks = [
                partial(_walk, lanes[0], [asked[id(run)] for run in lanes[0]], *lanes[1:], store, progress)
                for lanes in _lanes(missing)
            ]
        with threadpool_limits(1):  # again: a problem may have loaded another library with threads of its own
            answers = meet(walks)
    except Exception as error:
        return [_failure(run, error) for run in runs]
    failed = [(walk.args[0], answer) for walk, answer in zip(walks, answers, strict=True)]
    return [_failure(run, error) for runs, error in failed if isinstance(error, Exception) for run in runs]


def _lanes(runs: list[Run]) -> Iterator[tuple[list[Run], list[Any], Any, Any]]:
    """What walks: the runs, the problem of each, the one that they walk on, and their method. Runs that differ in
    nothing but their data are the lanes of one walk, where their problem has this form."""
    alike: dict[bytes, list[tuple[Run, Any]]] = {}
    beside: dict[tuple, Any] = {}  # one for all methods, which so share what they draw and gather
    for run, problem in zip(runs, _problems(runs), strict=True):
        alike.setdefault(digest.canonical_json([run.method, run.canonical()["hyper"]]), []).append((run, problem))
    for pairs in alike.values():
        same, problems = (list(column) for column in zip(*pairs, strict=True))
        method = zoo.method(same[0].method, **same[0].hyper)
        lanes = sum(len(run.seeds) for run in same)
        fits = hasattr(problems[0], "beside") and not method.lanes
        if fits and lanes <= optimizer.group(problems[0], method, same[0].batch):
            whose = [problem for run, problem in zip(same, problems, strict=True) for _ in run.seeds]
            if len(same) > 1 and (key := tuple(map(id, whose))) not in beside:
                beside[key] = problems[0].beside(whose)
            yield same, problems, beside[key] if len(same) > 1 else problems[0], method
        else:
            yield from (([run], [problem], problem, method) for run, problem in zip(same, problems, strict=True))


def _walk(
    runs: list[Run], keys: list[str], problems: list[Any], place: Any, method: Any, store: Store, progress: bool
) -> None:
    """Walk, and write the part of every run under its key, unless this is another one by now."""
    first, seeds = runs[0], [seed for run in runs for seed in run.seeds]
    trace = optimizer.run(
        place, method, steps=first.steps, batch=first.batch, seeds=seeds, every=first.every, sampler=first.sampler,
        progress=progress,
    )  # fmt: skip
    digest.refuse_changed(digest.core())
    if [run.key for run in runs] != keys:
        raise digest.Changed("a file of one's own changed while its run was computed, which is not kept; start again")
    ends = pairwise(accumulate((len(run.seeds) for run in runs), initial=0))
    for run, key, problem, (start, end) in zip(runs, keys, problems, ends, strict=True):
        part = trace.part(start, end)
        store.put(key, part.to_frame(), _meta(run, problem, part, part.seconds[-1:].sum()))


def _failure(run: Run, error: Exception) -> Failure:
    usage = _is_usage(error)
    plain = usage or isinstance(error, Unwritable | digest.Changed)
    return Failure(run, str(error) if plain else f"{type(error).__name__}: {error}", usage)


def _is_usage(error: Exception) -> bool:
    """Whether the error says that what was asked for cannot be had."""
    refused = isinstance(error, ValueError | FileNotFoundError | BackendError)
    return refused and not isinstance(error, np.linalg.LinAlgError | Unwritable)


_held: dict[bytes, Any] = {}  # the problems of the job before: a kernel may fill much of memory


def _problems(runs: list[Run]) -> list[Any]:
    """The problem of each run; those of other runs are let go."""
    keys = {_problem_key(run): run for run in runs}
    for key in _held.keys() - keys.keys():
        del _held[key]
    for key, run in keys.items():
        if key not in _held:
            _held[key] = zoo.problem(run.problem, **run.options)
    return [_held[_problem_key(run)] for run in runs]


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
