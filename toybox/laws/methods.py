"""The laws of methods: what holds of every one in the package, tried on any.

A law goes through its cases and yields "" for each that holds, else a sentence. Numbers are compared bit for bit; or to
half of their digits, where the same is computed in another way: rounding takes a few of them in STEPS steps, and a law
that is broken changes the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from .. import zoo
from ..optimizer import run
from ..problems import NoisyQuadratic
from ..rays import Status
from .lines import BATCH as FEW
from .lines import LINES, TAME, line
from .report import Cases, DoesNotApply, Endless, number, spoken, unless
from .walks import (
    BATCH,
    PLACES,
    QUESTIONS,
    SEEDS,
    STEPS,
    Method,
    Times,
    Twice,
    innermost,
    lane,
    nearly,
    parted,
    place,
    varied,
)

NAMES = tuple(name for name, _ in PLACES)


def runs(m: Method) -> Cases:
    """It runs, and every answer is a tb.Step of the lanes' shape and of the problem's dtype."""
    for name in NAMES:
        run(place(name), m.optimizer, steps=0, batch=BATCH)
        m.walk(place(name))
        yield ""


def float32(m: Method) -> Cases:
    """On a problem in float32 every answer and every question is in float32."""
    asked = set[str]()
    watched = line("parabola", "float32", lambda theta: asked.add(theta.dtype.name))
    for problem in (*(place(name, dtype="float32") for name in NAMES), watched):
        m.walk(problem, batch=FEW)
        yield ""
    yield unless("float64" not in asked, f"on a problem in float32 steps are asked in float64 ({m.place})")


def lanes(m: Method) -> Cases:
    """In any company a lane is what it is alone, bit for bit: other seeds, other numbers, one that has ended."""
    (many, second, names), (d_many, d_second, d_names) = varied(m.part("rule")), varied(m.part("direction"))
    together = m.optimizer._replace(rule=many, direction=d_many)
    alone = [m.optimizer, m.optimizer._replace(rule=second, direction=d_second)]
    values = "".join(f", {k} {v[0]:.4g} and {v[1]:.4g}" for k, v in (names | d_names).items())
    for problem in (*map(place, NAMES), place(NAMES[1], dtype="float32")):
        start = problem.initial(SEEDS)
        start[1] = np.finfo(start.dtype).max / 2
        full, beside = m.walk(problem, optimizer=together), m.walk(problem, theta=start)
        for i, h in ((0, int(bool(values))), (2, 0)):
            by_itself = [lane(m.walk(problem, optimizer=one, seeds=SEEDS[i : i + 1])) for one in (alone[h], alone[0])]
            found = parted(lane(full, (i, h) if values else (i,)), by_itself[0])
            company = f"among seeds {list(SEEDS)}{values}, seed {SEEDS[i]}"
            yield found and f"{company} has {found}, which it has alone; {m.seen(problem)}"
            found = parted(lane(beside, (i,)), by_itself[1])
            ended = f"with theta = p.initial({list(SEEDS)}), theta[1] = {start[1, 0]:.3g}, where that lane ends, seed"
            call = f"p = {problem.made}, {m.seen('p', more=', theta=theta')}"
            yield found and f"{ended} {SEEDS[i]} has {found}, which it has alone; {call}"


def state(m: Method) -> Cases:
    """Asked the same twice it answers the same: what it knows of earlier steps is in the state that it is handed."""
    for problem in map(place, NAMES):
        found = parted(lane(m.walk(problem)), lane(m.walk(problem)))
        yield found and f"a second run of seed {SEEDS[0]} has {found} of the first; {m.seen(problem)}"
        for part in ("rule", "direction"):
            said = list[tuple]()
            twice: dict[str, Any] = {part: Twice(m.part(part), said)}
            m.walk(problem, optimizer=m.optimizer._replace(**twice))
            for t, (of_copy, answer) in enumerate(said):
                for i, what in {0: "size", 2: "status"}.items() if part == "rule" else [(0, "d")]:
                    a, b = (np.asarray(problem.xp.to_host(one[i])) for one in (of_copy, answer))
                    yield unless(
                        np.array_equal(a, b, equal_nan=True),
                        f"a copy of the {part} as it was before the run answers {what} {number(a)} at step {t}, the "
                        f"{part} itself {number(b)}: it keeps something beside its state; {m.seen(problem)}",
                    )


def level(m: Method) -> Cases:
    """A constant that is added to the loss changes no step."""
    if m.says("absolute_loss"):
        raise DoesNotApply("it declares absolute_loss")
    problem = place("quadratic")
    expected = m.walk(problem)
    for constant in (-1.0, 8.0):
        lifted = m.walk(NoisyQuadratic(problem.Q, problem.m, constant))
        call = f"with p = {problem.made} " + m.seen(f"tb.problems.NoisyQuadratic(p.Q, p.m, {constant})")
        for i, seed in enumerate(SEEDS):
            found = nearly(*(lane(trace, (i,), "status", "size", "arc") for trace in (lifted, expected)))
            has = f"with {constant:g} added to the loss seed {seed} has {found}"
            yield found and f"{has}, and absolute_loss = True is not declared; {call}"


def units(m: Method) -> Cases:
    """Along 4 d and d / 4 in turn it moves as far as along d where it declares scale_free, and only there."""
    direction, free, differ = m.part("direction"), m.says("scale_free", "rule"), []
    bare = direction
    while getattr(bare, "scale_free", False):
        bare = bare.direction
    for problem in map(place, NAMES):
        differ.append(_moves(m, problem, Times(bare), bare))
        if free:
            yield differ[-1] and f"{differ[-1]}, though its rule declares scale_free; {m.seen(problem)}"
        if bare is not direction:
            found = _moves(m, problem, innermost(direction, Times), direction)
            yield found and f"{found}, though its direction declares scale_free; {m.seen(problem)}"
    if not free:
        yield unless(
            any(differ),
            f"along 4 d and d / 4 in turn it moves as along d on {', '.join(NAMES)}, and scale_free = True is not "
            f"declared; where a step is meant as a length, it is (length / ray.norm) d ({m.place})",
        )


def _moves(m: Method, problem: Any, longer: Any, direction: Any) -> str:
    """In what a run along a longer direction moves in another way, or nothing."""
    traces = [m.walk(problem, optimizer=m.optimizer._replace(direction=d)) for d in (longer, direction)]
    for i, seed in enumerate(SEEDS):
        if found := nearly(*(lane(trace, (i,), "status", "arc", "loss") for trace in traces)):
            return f"along 4 d and d / 4 in turn seed {seed} has {found}, which it has along d"
    return ""


def turned(m: Method) -> Cases:
    """On a turned problem it takes the turned steps."""
    if m.says("per_coordinate"):
        raise DoesNotApply("it declares per_coordinate")
    problem = place("quadratic")
    U, start = np.linalg.qr(np.random.default_rng(8).standard_normal((problem.dim,) * 2))[0], problem.initial(SEEDS)
    there, here = m.walk(NoisyQuadratic(U @ problem.Q @ U.T, problem.m @ U.T), theta=start @ U.T), m.walk(problem)
    call = m.seen("tb.problems.NoisyQuadratic(U @ p.Q @ U.T, p.m @ U.T)", more=", theta=p.initial(seeds) @ U.T")
    for i, seed in enumerate(SEEDS):
        new, old = (lane(trace, (i,), "status", "size", "loss") for trace in (there, here))
        found = nearly({**new, "theta": new["theta"] @ U}, old)
        has = f"in coordinates turned by an orthogonal U seed {seed} has {found}"
        yield found and f"{has}, and per_coordinate = True is not declared; with p = {problem.made} {call}"


def bounded(m: Method) -> Cases:
    """On any line a step ends, after at most 2,000 questions."""
    for name in LINES:
        ended, _ = on_line(m, name)
        if isinstance(ended, Endless):
            yield f"on the line {name!r} {ended}; {_see(m, name)}"
        else:
            most = int(ended.trials.max())
            yield unless(most <= QUESTIONS, f"on the line {name!r} a step asks {most} questions; {_see(m, name)}")


def statuses(m: Method) -> Cases:
    """What a status says is so, on any line."""
    for name in LINES:
        ended, noted = on_line(m, name)
        for t, taken in enumerate(noted):
            yield next((f"on the line {name!r} step {t} {lie}; {_see(m, name)}" for lie in _lies(m, taken, name)), "")
        if not isinstance(ended, Endless):
            says = ended.status[:, 0] == Status.NONFINITE
            holds = (np.maximum.accumulate(says) == says).all()
            yield unless(holds, f"on the line {name!r} the lane goes on after NONFINITE; {_see(m, name)}")


@lru_cache(maxsize=len(LINES))
def on_line(m: Method, name: str) -> tuple[Any, list[dict[str, Any]]]:
    """A run on one line, or how it was stopped; and what is to be known of every step until its lane ends."""
    noted = list[dict[str, Any]]()

    def note(ray, state, answer):
        theta, loss = ray.origin.theta, ray.origin.value
        there = theta + answer.size[:, None] * ray.d if answer.point is None else answer.point.theta
        numbers = {"status": answer.status, "size": answer.size, "slope0": ray.aside().line().slope0, "loss": loss}
        numbers |= {"moves": (there != theta).any(axis=-1), "ends": ~np.isfinite(loss + answer.size * ray.norm)}
        if not (noted and noted[-1]["ends"]):
            noted.append({key: array[0] for key, array in numbers.items()})

    try:
        return m.walk(line(name), note=note, steps=STEPS // 2, batch=FEW, seeds=SEEDS[:1]), noted
    except Endless as ended:
        return ended, noted


def _see(m: Method, name: str) -> str:
    return m.seen(f"tb.laws.line({name!r})", steps=STEPS // 2, batch=FEW, seeds=SEEDS[:1])


def _lies(m: Method, taken: dict[str, Any], name: str) -> Iterator[str]:
    """What is wrong with one step of one lane, in words."""
    status, s, slope0, moves = (taken[key] for key in ("status", "size", "slope0", "moves"))
    if status not in [*Status]:
        yield f"answers status {status}; accepted: a tb.Status, " + ", ".join(f"{x.name} {x.value}" for x in Status)
        return
    says = f"says {Status(status).name} of size {number(s)} where the slope at 0 is {number(slope0)}"
    if not np.isfinite(s) and name in TAME:
        yield f"{says} and the line is finite everywhere; accepted: a finite size"
    if taken["ends"]:
        return
    needs = {Status.STATIONARY: slope0 == 0, Status.ASCENT: slope0 > 0, Status.EXHAUSTED: slope0 < 0}
    if not needs.get(Status(status), True):
        yield f"{says}; accepted: STATIONARY where it is 0, ASCENT where it is positive, EXHAUSTED where it is negative"
    if status in (Status.STATIONARY, Status.ASCENT, Status.NONFINITE) and moves and s != 0:
        yield f"{says}; accepted: size 0, or NaN for NONFINITE, which ends the lane"
    nothing_left = m.says("absolute_loss") and taken["loss"] <= 0
    if status in (Status.FOUND, Status.CAPPED) and s == 0 and not moves and not nothing_left:
        yield f"{says}: that is no step; accepted: EXHAUSTED where it is negative, STATIONARY where 0, ASCENT else"


def charged(m: Method) -> Cases:
    """Every evaluation of the loss is paid for."""
    calls, carried = list[None](), list[bool]()
    problem = line("waves", note=lambda theta: calls.append(None))
    note = lambda ray, state, answer: carried.append(answer.carry)
    trace = m.walk(problem, note=note, batch=FEW, seeds=SEEDS[:1])
    known = 2 + sum(carried[:-1])  # the first and the last loss are the run's; a point carried on was paid for
    paid, evaluated = int(trace.cost("values")[-1, 0]), len(calls) - known
    yield unless(
        evaluated <= paid,
        f"in {STEPS} steps on the line 'waves' the loss is evaluated {evaluated} times and {paid} are paid for; "
        f"accepted: questions to ray.line(), ray.full() or ray.pool(), not to what lies behind them ({m.place})",
    )


def exact(m: Method) -> Cases:
    """On exact numbers it takes the steps that floats round."""
    options = {"dim": 2, "size": 6, "condition": 10.0, "common": True}
    rounded, problem = (zoo.problem("quadratic", **options, backend=backend) for backend in ("numpy", "exact"))
    few: dict[str, Any] = {"steps": 3, "batch": 2, "seeds": SEEDS[:1]}  # fractions grow with every step
    try:
        there = m.walk(problem, **few)
    except Exception as error:
        raise DoesNotApply(f"it needs what exact numbers lack: {spoken(error)}") from error
    here = m.walk(rounded, **few)
    still = here.status == Status.UNMOVED  # a step that floats round away
    there.status[still & np.isin(there.status, (Status.FOUND, Status.CAPPED))] = Status.UNMOVED
    found, expected = (lane(trace, (0,), "status", "size", "loss") for trace in (there, here))
    parted = nearly({name: array.astype(expected[name].dtype) for name, array in found.items()}, expected)
    yield parted and f"on exact numbers seed {SEEDS[0]} has {parted} on floats; {m.seen(problem, **few)}"


LAWS = (runs, bounded, statuses, float32, exact, state, lanes, level, units, turned, charged)
