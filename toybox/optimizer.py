"""An optimizer is a direction and a rule; ``run`` lets many of them, in lanes, walk over a problem.

Lanes are seeds x hyper-parameters: shape (len(seeds), *hyper). A lane's result never depends on its neighbours. A lane
whose loss, slope or step is not finite ends with status NONFINITE and keeps its last finite iterate.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from . import hyper, memory, sampling
from .given import finite_array, measurement, own_sampler
from .parts import gradients
from .rays import Ledger, Ray, Status, refuse_unfit
from .trace import Trace
from .xp import Array, dtype_name

# Seeds run one group after another. A group gathers no more bytes of rows than GATHER, and in NumPy no more than CACHE
# as soon as it has ENOUGH lanes to share the cost of the calls.
GATHER, CACHE, ENOUGH = 256 << 20, 4 << 20, 64
RECORDED = 80  # bytes of a step of a lane in the trace: three floats, six counts, a status, and some that all share
FLUSH = 512  # steps between transfers of the record to the host
CARRY = 50  # steps for which full-batch predictions are carried along before they are computed anew


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


class Look(NamedTuple):
    """What a probe sees at a step: nothing it does can change the run. In NumPy what the run goes on with is read-only;
    on other backends a probe must not write into it."""

    problem: Any
    t: int
    theta: Array  # (*lanes, dim)
    whole: Any  # the Point on the whole data set
    ray: Ray | None  # this step's ray with a ledger of its own; None after the last step


class Probe(NamedTuple):
    """A named measurement: ``measure(look)`` returns an array (*lanes, ...) of numbers, truth values or text, a copy of
    which is recorded in ``trace.probes[name]``."""

    name: str
    measure: Callable[[Look], Array]


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
) -> Trace:
    """Let an optimizer walk ``steps`` steps on batches of ``batch`` samples, once per seed and hyper-parameter lane.

    theta: first iterate, broadcast to (seeds, *hyper, dim); None: ``problem.initial(seeds)``. sampler: "epochs",
    "fresh", "replacement", or a callable (t, j) -> Sample: whole numbers that broadcast to (*lanes, batch). The full
    loss, the test accuracy and the probes are measured at steps 0, every, 2 every, ... and after the last step;
    every=None: only at the two ends. progress: True shows a bar; a callable gets the number of steps done. Raises
    ``ValueError`` for bad arguments, before anything runs.
    """
    seeds, probes = _checked(problem, optimizer, steps, batch, seeds, sampler, probes, every)
    counts = _counts(optimizer, steps)
    many = len(seeds) if callable(sampler) else group(problem, optimizer, batch, counts)
    if theta is not None:
        theta = _first(problem, theta, (len(seeds), *optimizer.lanes, problem.dim))
    with _bar(progress, steps * -(-len(seeds) // many)) as tick, np.errstate(all="ignore"):
        parts, start = [], 0
        while start < len(seeds):
            chosen, failure = slice(start, start + many), ""
            first = None if theta is None else theta[chosen]
            try:
                parts.append(
                    _run(problem, optimizer, counts, batch, seeds[chosen], first, sampler, probes, every, tick)
                )
                start += many
            except MemoryError as error:  # CuPy's, too
                failure = str(error)
            if failure:
                many = _smaller(many, callable(sampler), seeds[chosen], optimizer.lanes, failure)
    return Trace.join(parts)


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


def _run(problem, optimizer, counts, batch, seeds, theta, sampler, probes, every, tick) -> Trace:
    """One group of seeds; ``counts``: batches per gradient, step by step."""
    xp, lanes, steps = problem.xp, (len(seeds), *optimizer.lanes), len(counts)
    direction = hyper.bind(optimizer.direction, xp, problem.dtype)
    rule = hyper.bind(optimizer.rule, xp, problem.dtype)
    if theta is None:
        theta = xp.reshape(problem.initial(seeds.tolist()), (len(seeds), *[1] * len(optimizer.lanes), problem.dim))
    # a sum, not a copy of a broadcast view: that would keep the view's layout, and add up in another order than a lane
    theta = xp.zeros((*lanes, problem.dim), dtype=problem.dtype) + xp.asarray(theta, dtype=problem.dtype)
    shape = (-1, *[1] * len(optimizer.lanes))
    draw = (
        own_sampler(problem, sampler, lanes, batch)
        if callable(sampler)
        else _named(problem, seeds.reshape(shape), batch, sampler)
    )
    record = _Record(problem, lanes, probes)
    ledger = record.ledger
    origin, whole, alive, d_state, r_state = None, None, None, None, rule.init(xp, lanes)

    k = 1
    for t in range(steps):
        if origin is None:
            k = counts[t]
            origin = problem.at(theta, draw(t, 0) if k == 1 else _joined(xp, [draw(t, j) for j in range(k)]))
            ledger.charge("batches", batch, k)
            ledger.charge("gradients", k * batch)
        if t == 0:
            d_state = direction.init(xp, origin)
        if more := gradients(direction, t) - 1:
            ledger.charge("gradients", k * batch, more)
        d, d_state = direction.step(xp, origin, d_state)
        ray = Ray(problem, origin, d, t, steps, batch, ledger, draw, whole, k)
        if t == 0 or (every and t % every == 0):
            shown = None
            if probes:  # a view of d: the direction may use its memory again
                for array in (theta, origin.theta, origin.sample):
                    xp.frozen(array)
                shown = Ray(problem, origin, xp.frozen(d[...]), t, steps, batch, Ledger(), draw, None, k)
            whole = record.look(t, theta, whole, shown)
        step = rule.step(ray, r_state)
        if t == 0:
            refuse_unfit(step, rule, xp, theta)
        size, r_state, arc = step.size, step.state, step.size * ray.norm

        fine = xp.isfinite(origin.value + arc)
        if step.point is None:
            moved = theta + size[..., None] * d
        else:
            moved = step.point.theta
            fine = fine & xp.all(xp.isfinite(moved), axis=-1)
        walked = None if step.point is not None else getattr(ray.full_line, "walked", None)
        # off NumPy reading a flag waits for the device: every step is masked
        if alive is not None or not (xp.eager and xp.all(fine)):
            alive = fine if alive is None else alive & fine
            moved = xp.where(alive[..., None], moved, theta)
            step = step._replace(status=xp.where(alive, step.status, int(Status.NONFINITE)))
        record.step(origin.value, size, arc, step.status, xp.all(moved == theta, axis=-1))
        whole = None
        if walked is not None and t % CARRY != CARRY - 1:  # a lane that has ended stays
            whole = walked(moved, size if alive is None else xp.where(alive, size, 0.0))
        theta, origin = moved, step.point if step.carry else None
        tick(t)
    record.look(steps, xp.frozen(theta), whole, None)
    return record.trace(theta, optimizer, seeds, steps, batch, sampler)


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


def _joined(xp, samples: list) -> Any:
    """The union of samples: index arrays (*lanes, b) end to end."""
    if not all(getattr(sample, "ndim", 0) for sample in samples):
        raise TypeError(
            f"a sample {hyper.shown(samples[0])} cannot be joined with others to one gradient; accepted for more than "
            "one batch per gradient: samples that are arrays (*lanes, b)"
        )
    return xp.concat(samples, axis=-1)


class _Record:
    """Gathers what happens, moving it to the host every few hundred steps."""

    def __init__(self, problem, lanes, probes):
        self.problem, self.lanes, self.probes = problem, lanes, probes
        self.ledger, self.began = Ledger(), time.perf_counter()
        self.rows, self.blocks, self.seconds = [], [], []
        self.at, self.full, self.accuracy = [], [], []
        self.measured: dict[str, list] = {probe.name: [] for probe in probes}

    def step(self, *row):
        """Note a step's loss, size, arc and status, and whether theta stays where it is (*lanes,)."""
        self.rows.append(row)
        self.seconds.append(time.perf_counter() - self.began)
        self.ledger.step += 1
        if len(self.rows) == FLUSH:
            self.flush()

    def flush(self):
        if self.rows:
            xp, shape = self.problem.xp, (len(self.rows), *self.lanes)
            columns = [xp.to_host(xp.concat(column)).reshape(shape) for column in zip(*self.rows, strict=True)]
            *columns, status, stays = columns
            accepted = (status == Status.FOUND) | (status == Status.CAPPED)
            columns.append(np.where(accepted & stays, np.int8(Status.UNMOVED), status))
            self.blocks.append((*columns, self.ledger.settle(xp, len(self.rows), self.lanes)))
            self.rows = []

    def look(self, t, theta, whole, ray):
        """Measure full loss, test accuracy and the probes at step t; returns the point on the whole data set."""
        problem, xp = self.problem, self.problem.xp
        whole = whole or problem.at(theta, problem.population)
        self.at.append(t)
        self.full.append(xp.broadcast_to(whole.value, self.lanes))
        if getattr(problem, "test", None) is not None and hasattr(problem, "accuracy"):
            self.accuracy.append(problem.accuracy(theta))
        for probe in self.probes:
            self.measured[probe.name].append(measurement(probe, Look(problem, t, theta, whole, ray), xp, self.lanes))
        return whole

    def trace(self, theta, optimizer, seeds, steps, batch, sampler) -> Trace:
        self.flush()
        xp = self.problem.xp
        if not self.blocks:
            nothing = np.zeros((0, *self.lanes))
            self.blocks = [(nothing, nothing, nothing, nothing, self.ledger.settle(xp, 0, self.lanes))]
        loss, size, arc, status = (np.concatenate([block[i] for block in self.blocks]) for i in range(4))
        paid = {kind: np.concatenate([block[4][kind] for block in self.blocks]) for kind in Ledger.KINDS}
        trials = paid.pop("searches")
        return Trace(
            theta=np.array(xp.to_host(theta)),
            loss=loss,
            size=size,
            arc=arc,
            status=status.astype(np.int8),
            trials=trials,
            counts={kind: steps.cumsum(axis=0) for kind, steps in paid.items()},
            seconds=np.array(self.seconds),
            probe_steps=np.array(self.at),
            full_loss=xp.to_host(xp.stack(self.full)),
            test_accuracy=xp.to_host(xp.stack(self.accuracy)) if self.accuracy else None,
            probes={name: _stack(values) for name, values in self.measured.items()},
            seeds=np.asarray(seeds),
            method=optimizer.name,
            problem_size=self.problem.size,
            batch=batch,
            hyper={k: v for k, v in optimizer.hyper.items() if isinstance(v, np.ndarray)},
        )


def _stack(values: list) -> Any:
    """Probe results as one array where they have one shape, else as they are."""
    return np.stack(values) if len({np.shape(v) for v in values}) == 1 else values


def _named(problem, seeds, batch, how):
    """Draws for all lanes of a run; samples have shape (seeds, 1, ..., b), so hyper-parameter lanes share them."""
    return lambda t, j: problem.xp.asarray(problem.draw(seeds, t, j, batch, how), copy=True)


def _checked(problem, optimizer, steps, batch, seeds, sampler, probes, every):
    """Seeds as an int64 array and the probes; raises one clear sentence for whatever cannot run."""
    whole = {"steps": (steps, 0), "batch": (batch, 1)} | ({} if every is None else {"every": (every, 1)})
    for name, (value, least) in whole.items():
        if not hyper.is_whole(value, least):
            raise ValueError(
                f"{name}={hyper.shown(value)} is not accepted; accepted: a whole number of at least {least}"
            )
    for name in ("at", "dim", "size", "xp", "population"):
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
        record = getattr(optimizer, part)
        if isinstance(record, type) or not (dataclasses.is_dataclass(record) and hasattr(record, "step")):
            raise TypeError(
                f"optimizer.{part}={hyper.shown(record)} is no {part}; accepted: an object with init and step, of a "
                "class decorated with @hyperparameters"
            )
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


def _bar(progress, total):
    """A context whose value is called with every step."""
    from contextlib import nullcontext

    if progress is False:
        return nullcontext(lambda t: None)
    if callable(progress):
        return nullcontext(lambda t: progress(t + 1))
    from .progress import bar

    return bar(total)
