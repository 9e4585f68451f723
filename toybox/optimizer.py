"""An optimizer is a direction and a rule; ``run`` lets many of them, in lanes, walk over a problem.

Lanes are seeds x hyper-parameters: shape (len(seeds), *hyper). A lane's result never depends on its neighbours. A lane
whose loss, slope or step is not finite ends with status NONFINITE and keeps its last finite iterate.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from . import hyper, memory, sampling
from .calls import call
from .given import finite_array
from .meeting import meet
from .record import Probe
from .trace import Trace
from .walk import walk
from .xp import dtype_name

# Seeds run one group after another. A group gathers no more bytes of rows than GATHER, and in NumPy no more than CACHE
# as soon as it has ENOUGH lanes to share the cost of the calls.
GATHER, CACHE, ENOUGH = 256 << 20, 4 << 20, 64
RECORDED = 80  # bytes of a step of a lane in the trace: three floats, six counts, a status, and some that all share


class Optimizer(NamedTuple):
    """A direction and a rule, with the name under which they were made.

    ``batches(steps)``: how many base batches the gradient of each of so many steps averages; None: one.
    """

    direction: Any
    rule: Any
    name: str = ""
    batches: Callable[[int], Sequence[int]] | None = None

    @property
    def lanes(self) -> tuple[int, ...]:
        """The axes that array-valued hyper-parameters span."""
        return hyper.lanes(self.direction, self.rule)

    @property
    def hyper(self) -> dict[str, Any]:
        return hyper.fields(self.direction) | hyper.fields(self.rule)

    def __repr__(self) -> str:
        return call("tb.Optimizer", self._asdict(), self._field_defaults)


def run(
    problem: Any,
    optimizer: Any,
    *,
    steps: int,
    batch: int,
    seeds: Sequence[int] = (0,),
    theta: Any = None,
    sampler: Any = "epochs",
    probes: Iterable[Probe] = (),
    every: int | None = 1,
    progress: Any = False,
) -> Any:
    """Let an optimizer walk ``steps`` steps on batches of ``batch`` samples, once per seed and hyper-parameter lane.

    theta: first iterate, broadcast to (seeds, *hyper, dim); None: ``problem.initial(seeds)``. sampler: "epochs",
    "fresh", "replacement", or a callable (t, j) -> Sample: whole numbers that broadcast to (*lanes, batch). The full
    loss, the test accuracy and the probes are measured at steps 0, every, 2 every, ... and after the last step;
    every=None: only at the two ends. progress: True shows a bar; a callable gets the number of steps done. Raises
    ``ValueError`` for bad arguments, before anything runs.

    optimizer: one, or several by their names, {"sls": tb.method("sls"), ...}, which give a dictionary of traces. They
    walk in lockstep and share the work that they have in common; in NumPy no bit of a trace depends on its company.
    """
    if isinstance(optimizer, Mapping):
        return _together(problem, optimizer, steps, batch, seeds, theta, sampler, tuple(probes), every, progress)
    given, looks = _checked(problem, optimizer, steps, batch, seeds, sampler, probes, every)
    counts = _counts(optimizer, steps)
    many = len(given) if callable(sampler) else group(problem, optimizer, batch, counts)
    if theta is not None:
        theta = _first(problem, theta, (len(given), *optimizer.lanes, problem.dim))
    with _bar(progress, steps * -(-len(given) // many)) as tick, np.errstate(all="ignore"):
        parts, start = [], 0
        while start < len(given):
            chosen, failure = slice(start, start + many), ""
            first = None if theta is None else theta[chosen]
            lanes = given[chosen], first, sampler, looks, every, tick
            try:
                parts.append(walk(problem, optimizer, counts, batch, *lanes))
                start += many
            except MemoryError as error:  # CuPy's, too
                failure = str(error)
            if failure:
                many = _smaller(many, callable(sampler), given[chosen], optimizer.lanes, failure)
    return Trace.join(parts)


def _together(problem, optimizers, steps, batch, seeds, theta, sampler, probes, every, progress) -> dict[str, Trace]:
    """The traces of several methods that walk in lockstep. Raises what the first of them raises."""
    if not optimizers:
        raise ValueError("optimizer={} is not accepted; accepted: an optimizer, or a name and an optimizer each")
    for optimizer in optimizers.values():
        _checked(problem, optimizer, steps, batch, seeds, sampler, probes, every)
    options = {"steps": steps, "batch": batch, "seeds": seeds, "theta": theta, "sampler": sampler, "probes": probes}
    with _bar(progress, steps * len(optimizers)) as tick:
        options |= {"every": every, "progress": lambda _: tick(0)}
        walks = [partial(run, problem, optimizer, **options) for optimizer in optimizers.values()]
        traces = dict(zip(optimizers, meet(walks), strict=True))
    for name, trace in traces.items():
        if isinstance(trace, Exception):
            trace.add_note(f"(of {name!r}, among {len(traces)} methods that walk together)")
            raise trace
    return traces


def _first(problem, theta, shape) -> np.ndarray:
    """The first iterate of every lane: numbers that are finite in the problem's dtype, broadcast to ``shape``."""
    given, kind = problem.xp.to_host(theta) if hasattr(theta, "shape") else theta, dtype_name(problem.dtype)
    try:
        return np.broadcast_to(finite_array("theta", given, dtype=kind), shape)
    except ValueError:
        raise ValueError(
            f"theta={hyper.shown(theta)} is not accepted; accepted: numbers, finite in {kind}, that broadcast to "
            f"(seeds, *hyper, dim) = {shape}"
        ) from None


def group(problem: Any, optimizer: Optimizer, batch: int, counts: Sequence[int] = (1,)) -> int:
    """How many seeds run at once; counts: batches per gradient, step by step. (Of a sampler of one's own all seeds run
    at once: its samples may be shaped for them.)"""
    gathered = batch * max(counts, default=1) * getattr(problem, "sample_bytes", 1)
    most, lanes = GATHER // gathered, math.prod(optimizer.lanes)
    return max(1, min(most, max(CACHE // gathered, ENOUGH) // lanes) if problem.xp.eager else most)


def _smaller(many: int, fixed: bool, seeds: Any, axes: tuple[int, ...], failure: str) -> int:
    """Half as many seeds at once, after memory did not suffice: a lane's result is the same in any group."""
    if fixed or len(seeds) == 1:
        raise MemoryError(
            f"no memory for {len(seeds)} seed{'s' * (len(seeds) > 1)} with {math.prod(axes)} hyper-parameter lanes, "
            f"which cannot be split: {failure}; accepted: fewer lanes, a smaller batch, or dtype='float32'"
        )
    return -(-min(many, len(seeds)) // 2)


def _counts(optimizer, steps: int) -> list[int]:
    """How many base batches the gradient of each step averages."""
    if getattr(optimizer, "batches", None) is None:
        return [1] * steps
    counts = list(optimizer.batches(steps))
    if len(counts) != steps or not all(hyper.is_whole(k, 1) for k in counts):
        raise ValueError(
            f"batches({steps})={hyper.shown(counts)} is not accepted; accepted: a whole number of at least 1 for each "
            f"of the {steps} steps"
        )
    return counts


def _checked(problem, optimizer, steps, batch, seeds, sampler, probes, every):
    """Seeds as an int64 array and the probes; raises one clear sentence for whatever cannot run."""
    whole = {"steps": (steps, 0), "batch": (batch, 1)} | ({} if every is None else {"every": (every, 1)})
    for name, (value, least) in whole.items():
        if not hyper.is_whole(value, least):
            raise ValueError(
                f"{name}={hyper.shown(value)} is not accepted; accepted: a whole number of at least {least}"
            )
    for name in ("at", "dim", "size", "xp", "dtype", "population"):
        if not hasattr(problem, name):
            raise TypeError(
                f"problem={hyper.shown(problem)} is no problem (it has no {name!r}); accepted: what tb.problem(name) "
                "returns"
            )
    if not (hasattr(optimizer, "direction") and hasattr(optimizer, "rule")):
        raise TypeError(
            f"optimizer={hyper.shown(optimizer)} is no optimizer; accepted: what tb.method(name) or "
            "tb.Optimizer(...) returns"
        )
    for part in ("direction", "rule"):
        if sentence := no_part(part, getattr(optimizer, part)):
            raise TypeError(sentence)
    if batch > problem.size:
        raise ValueError(
            f"batch={batch} is larger than the problem's D={problem.size} samples; accepted: 1 to {problem.size}"
        )
    if not callable(sampler):
        sampling.check_sampler(sampler)
    try:
        array = np.asarray(seeds)
        array = array.astype(np.int64, casting="safe") if array.dtype != bool else np.zeros(0)
    except (TypeError, ValueError):
        array = np.zeros(0)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(
            f"seeds={hyper.shown(seeds)} is not accepted; accepted: a non-empty sequence of whole numbers below 2^63"
        )
    probes = tuple(probes) if isinstance(probes, Iterable) else (probes,)
    if not all(hasattr(probe, "name") and callable(getattr(probe, "measure", None)) for probe in probes):
        raise TypeError(f"probes={hyper.shown(probes)} is not accepted; accepted: a sequence of Probe(name, measure)")
    names = [probe.name for probe in probes]
    if len(set(names)) < len(names):
        raise ValueError(f"probes={names!r} share a name; accepted: probes with different names")
    lanes = array.size * math.prod(optimizer.lanes)  # raises where hyper-parameters do not broadcast
    needed = steps * lanes * RECORDED
    free = memory.available() if needed > GATHER else None  # a look takes a while
    if free is not None and needed > free:
        raise ValueError(
            f"steps={steps} of {lanes} lanes leave a record of {needed / 1e9:.3g} GB, and {free / 1e9:.3g} GB are "
            f"available; accepted: at most {free // (lanes * RECORDED)} steps, or fewer lanes"
        )
    return array, probes


def no_part(part: str, record: Any) -> str:
    """Why something is no "direction" or "rule", in one sentence; nothing where it is one."""
    missing = [name for name in ("init", "step") if not callable(getattr(record, name, None))]
    if isinstance(record, type):
        why = f"it is a class, of which an object is wanted: {record.__name__}()"
    elif missing:
        why = f"it has no {missing[0]!r}" + "; does its class derive from toybox.Search?" * hasattr(record, "search")
    elif not dataclasses.is_dataclass(record):
        why = f"its class {type(record).__name__} is not decorated"
    else:
        return ""
    return (
        f"optimizer.{part}={hyper.shown(record)} is no {part} ({why}); accepted: an object with init and step, of a "
        "class decorated with @hyperparameters or @tb.register(name)"
    )


def _bar(progress, total):
    """A context whose value is called with every step."""
    from contextlib import nullcontext

    if progress is False:
        return nullcontext(lambda t: None)
    if callable(progress):
        return nullcontext(lambda t: progress(t + 1))
    from .progress import bar

    return bar(total)
