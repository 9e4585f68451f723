"""The steps of one group of lanes: a direction, a ray along it, a rule's answer, a move, all of it recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import hyper
from .given import own_sampler
from .meeting import end_step, shared
from .parts import gradients
from .rays import Ledger, Ray, Status, Step, Walk, refuse_unfit, refuse_unfit_direction, refuse_unfit_point
from .record import Record
from .trace import Trace
from .xp import Array

CARRY = 50  # steps for which full-batch predictions are carried along before they are computed anew


def walk(
    problem: Any,
    optimizer: Any,
    counts: Sequence[int],
    batch: int,
    seeds: np.ndarray,
    theta: Any,
    sampler: Any,
    probes: Sequence[Any],
    every: int | None,
    tick: Callable[[int], Any],
) -> Trace:
    """counts: how many base batches the gradient of each step averages; theta: None for ``problem.initial``; tick is
    called with the number of every step. All else as for ``toybox.run``, which has looked at it."""
    xp, lanes, steps = problem.xp, (len(seeds), *optimizer.lanes), len(counts)
    direction, rule = (hyper.bind(part, xp, problem.dtype) for part in (optimizer.direction, optimizer.rule))
    theta = _start(problem, seeds, lanes, theta)
    shared = Walk(problem, _draws(problem, seeds, lanes, batch, sampler), batch, steps, Ledger())
    record = Record(problem, lanes, probes, shared.ledger)
    origin, whole, alive, memory, state, k = None, None, None, None, rule.init(xp, lanes), 1
    shown = theta  # the iterate that is reported

    for t in range(steps):
        if origin is None:
            k = counts[t]
            origin = _origin(shared, theta, t, k)
        if t == 0:
            refuse_unfit_point(origin, xp, theta)
            memory = direction.init(xp, origin)
        if more := gradients(direction, t) - 1:
            shared.ledger.charge("gradients", k * batch, more)
        turned = direction.step(xp, origin, memory)
        if t == 0:
            refuse_unfit_direction(turned, direction, xp, theta)
        d, memory = turned
        ray = Ray(shared, origin, d, t, k, whole if shown is theta else None, memory)
        if t == 0 or (every and t % every == 0):
            found = record.look(t, shown, whole, _onlooker(ray, theta) if probes else None)
            ray.whole = found if shown is theta else None
        step = rule.step(ray, state)
        if t == 0:
            refuse_unfit(step, rule, xp, theta)
        state, arc = step.state, step.size * ray.norm
        moved = theta + step.size[..., None] * d if step.point is None else step.point.theta
        alive, moved, step = _ended(xp, alive, origin.value + arc, theta, moved, step)
        record.step(origin.value, step.size, arc, step.status, xp.all(moved == theta, axis=-1))
        whole = _carried(ray, t, moved, step, alive)
        shown = moved if step.report is None else _kept(xp, alive, step.report, shown)
        theta, origin = moved, step.point if step.carry else None
        tick(t)
        end_step()
    record.look(steps, xp.frozen(shown), whole, None)
    return record.trace(shown, optimizer, seeds, steps, batch)


def _start(problem: Any, seeds: np.ndarray, lanes: tuple[int, ...], theta: Any) -> Array:
    """The first iterate of every lane, in an array of its own (*lanes, dim)."""
    xp = problem.xp
    if theta is None:
        theta = xp.reshape(problem.initial(seeds.tolist()), (len(seeds), *[1] * (len(lanes) - 1), problem.dim))
    # a sum, not a copy of a broadcast view: that would keep the view's layout, and add up in another order than a lane
    return xp.zeros((*lanes, problem.dim), dtype=problem.dtype) + xp.asarray(theta, dtype=problem.dtype)


def _draws(problem: Any, seeds: np.ndarray, lanes: tuple[int, ...], batch: int, sampler: Any) -> Callable:
    """(t, j) -> sample j of step t for all lanes; those drawn here have the shape (seeds, 1, ..., batch), so that lanes
    of hyper-parameters share them."""
    if callable(sampler):
        return own_sampler(problem, sampler, lanes, batch)
    seeds = seeds.reshape(-1, *[1] * (len(lanes) - 1))
    draw = lambda t, j: problem.xp.asarray(problem.draw(seeds, t, j, batch, sampler), copy=True)
    return lambda t, j: shared(lambda: draw(t, j), problem, seeds.shape, seeds, batch, sampler, t, j)


def _origin(walk: Walk, theta: Array, t: int, k: int) -> Any:
    """The point at theta on k new base batches."""
    samples = [walk.draw(t, j) for j in range(k)]
    walk.ledger.charge("batches", walk.batch, k)
    walk.ledger.charge("gradients", k * walk.batch)
    return walk.problem.at(theta, samples[0] if k == 1 else _joined(walk.problem.xp, samples))


def _joined(xp, samples: list) -> Any:
    """The union of samples: index arrays (*lanes, b) end to end."""
    if not all(getattr(sample, "ndim", 0) for sample in samples):
        raise TypeError(
            f"a sample {hyper.shown(samples[0])} cannot be joined with others to one gradient; accepted for more than "
            "one batch per gradient: samples that are arrays (*lanes, b)"
        )
    return xp.concat(samples, axis=-1)


def _onlooker(ray: Ray, theta: Array) -> Ray:
    """The ray for probes: with a ledger of its own, and nothing that can be written into. d is seen through a view,
    because the direction may use its memory again."""
    for array in (theta, ray.origin.theta, ray.origin.sample):
        ray.xp.frozen(array)
    return Ray(ray.walk._replace(ledger=Ledger()), ray.origin, ray.xp.frozen(ray.d[...]), ray.t, ray.batches)


def _ended(xp: Any, alive: Any, finite: Array, theta: Array, moved: Array, step: Step) -> tuple[Any, Array, Step]:
    """Lanes whose loss, step or iterate is not finite stay where they were, now and ever after: which are alive (None:
    all), the iterate, and the step with its status."""
    fine = xp.isfinite(finite)
    if step.point is not None:
        fine = fine & xp.all(xp.isfinite(moved), axis=-1)
    # off NumPy reading a flag waits for the device: every step is masked
    if alive is None and xp.eager and xp.all(fine):
        return None, moved, step
    alive = fine if alive is None else alive & fine
    status = xp.where(alive, step.status, int(Status.NONFINITE))
    return alive, _kept(xp, alive, moved, theta), step._replace(status=status)


def _kept(xp: Any, alive: Any, new: Array, old: Array) -> Array:
    return new if alive is None else xp.where(alive[..., None], new, old)


def _carried(ray: Ray, t: int, moved: Array, step: Step, alive: Any) -> Any:
    """The point on the whole data set at the next iterate, where its predictions follow from those along this ray."""
    walked = None if step.point is not None or step.report is not None else getattr(ray.full_line, "walked", None)
    if walked is None or t % CARRY == CARRY - 1:
        return None
    return walked(moved, step.size if alive is None else ray.xp.where(alive, step.size, 0.0))  # an ended lane stays
