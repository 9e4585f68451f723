"""The laws of methods: what holds of every one in the package, tried on any.

A law goes through its cases and yields "" for each that holds, else a sentence; where nothing can be asked it returns
why. Numbers are compared bit for bit; or to half of their digits, where the same is computed in another way: rounding
takes a few of them in STEPS steps, and a law that is broken changes the first.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..optimizer import run
from ..problems import FromFunction, NoisyQuadratic
from ..rays import Status
from .lines import BATCH as FEW
from .lines import LINES, TAME, line
from .report import Cases, Endless, number
from .walks import (
    BATCH,
    HALF,
    PLACES,
    QUESTIONS,
    SEEDS,
    STEPS,
    Method,
    Times,
    Twice,
    innermost,
    lane,
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

    def f(theta, index):
        asked.add(theta.dtype.name)
        return inner.f(theta, index)

    inner = line("parabola", "float32")
    seen = FromFunction(f, 1, inner.size, samples=inner.samples, hvp=inner.hvp, start=inner.start, dtype="float32")
    for problem in (*(place(name, dtype="float32") for name in NAMES), seen):
        m.walk(problem, batch=FEW)
        yield ""
    yield f"steps are asked in float64 on a problem in float32 ({m.place})" if "float64" in asked else ""


def lanes(m: Method) -> Cases:
    """In any company a lane is what it is alone, bit for bit: other seeds, other numbers, one that has ended."""
    (many, second, names), (d_many, d_second, d_names) = varied(m.part("rule")), varied(m.part("direction"))
    all_values = m.optimizer._replace(rule=many, direction=d_many)
    others = [m.optimizer, m.optimizer._replace(rule=second, direction=d_second)]
    values = ", ".join(f"{k}={v[0]:.4g} or {v[1]:.4g}" for k, v in (names | d_names).items())
    for name in NAMES:
        problem = place(name)
        together = m.walk(problem, optimizer=all_values)
        for i, h in ((0, 1), (2, 0)) if values else ((0, 0), (2, 0)):
            alone = m.walk(problem, optimizer=others[h], seeds=SEEDS[i : i + 1])
            found = parted(lane(together, (i, h) if values else (i,)), lane(alone))
            among = f"among seeds {list(SEEDS)}" + (f" and values {values}" if values else "")
            yield found and f"{among} {_of(SEEDS[i], found)} alone; {m.seen(problem)}"
        start = problem.initial(SEEDS)
        start[1] = np.finfo(start.dtype).max / 2
        beside = m.walk(problem, theta=start)
        for i in (0, 2):
            found = parted(lane(beside, (i,)), lane(m.walk(problem, seeds=SEEDS[i : i + 1])))
            yield found and f"beside a lane that has ended {_of(SEEDS[i], found)} alone; {m.seen(problem)}"


def _of(seed: int, found: str) -> str:
    return f"of seed {seed} {found}"


def state(m: Method) -> Cases:
    """Asked the same twice it answers the same: what it knows of earlier steps is in the state that it is handed."""
    for name in NAMES:
        problem, said = place(name), list[tuple]()
        once = m.walk(problem)
        m.walk(problem, optimizer=m.optimizer._replace(rule=Twice(m.part("rule"), said)))
        for t, first, answer in said:
            for what in ("size", "status"):
                a, b = (np.asarray(problem.xp.to_host(getattr(x, what))) for x in (first, answer))
                yield "" if np.array_equal(a, b, equal_nan=True) else (
                    f"a copy of the rule as it was before the run answers {what} {number(a)} at step {t}, the rule "
                    f"{number(b)}: it keeps something beside its state; {m.seen(problem)}"
                )
        found = parted(lane(m.walk(problem)), lane(once))
        yield found and f"in a second run {found}; {m.seen(problem)}"


def level(m: Method) -> Cases:
    """A constant that is added to the loss changes no step."""
    if m.says("absolute_loss"):
        return "it declares absolute_loss"
    problem = place("quadratic")
    expected = m.walk(problem)
    for constant in (-1.0, 8.0):
        lifted = m.walk(NoisyQuadratic(problem.Q, problem.m, constant), theta=problem.initial(SEEDS))
        for i, seed in enumerate(SEEDS):
            steps = (lane(trace, (i,), "status", "size", "arc") for trace in (lifted, expected))
            found = parted(*steps, tolerance=HALF["float64"])
            call = f"tb.problems.NoisyQuadratic(p.Q, p.m, {constant})"
            yield found and (
                f"with {constant:g} added to the loss {_of(seed, found)}, and absolute_loss = True is not declared; "
                f"with p = {problem.made} {m.seen(call)}"
            )
    return None


def units(m: Method) -> Cases:
    """Along 4 d and d / 4 in turn it moves as far as along d where it declares scale_free, and only there."""
    same = True
    free, bare = m.says("scale_free", "rule"), m.part("direction")
    while getattr(bare, "scale_free", False):
        bare = bare.direction
    for name in NAMES:
        along, longer = (m.optimizer._replace(direction=d) for d in (bare, Times(bare)))
        found = _moves(m, place(name), longer, along)
        same = same and not found
        if free:
            yield found and f"along 4 d and d / 4 in turn {found}, though it declares scale_free; {m.seen(place(name))}"
        if bare is not m.part("direction"):
            longer = m.optimizer._replace(direction=innermost(m.part("direction"), Times))
            found = _moves(m, place(name), longer, m.optimizer)
            yield found and f"with its d times 4 and 1 / 4 in turn {found}, though its direction is scale_free; {m.place}"
    if not free:
        yield "" if not same else (
            f"it moves as far along 4 d and d / 4 as along d on {', '.join(NAMES)}, and scale_free = True is not "
            f"declared; its size is then a length divided by ray.norm ({m.place})"
        )


def _moves(m: Method, problem: Any, found: Any, expected: Any) -> str:
    """How two runs part in where they go, or nothing."""
    traces = [m.walk(problem, optimizer=optimizer) for optimizer in (found, expected)]
    lanes = ([lane(trace, (i,), "status", "arc", "loss") for trace in traces] for i in range(len(SEEDS)))
    parts = (parted(*pair, tolerance=HALF["float64"]) for pair in lanes)
    return next((_of(seed, part) for seed, part in zip(SEEDS, parts, strict=True) if part), "")


def turned(m: Method) -> Cases:
    """On a turned problem it takes the turned steps."""
    if m.says("per_coordinate"):
        return "it declares per_coordinate"
    problem = place("quadratic")
    U, start = np.linalg.qr(np.random.default_rng(8).standard_normal((problem.dim,) * 2))[0], problem.initial(SEEDS)
    turned = m.walk(NoisyQuadratic(U @ problem.Q @ U.T, problem.m @ U.T), theta=start @ U.T)
    expected = m.walk(problem)
    for i, seed in enumerate(SEEDS):
        there, here = (lane(trace, (i,), "status", "size", "loss") for trace in (turned, expected))
        found = parted({**there, "theta": there["theta"] @ U}, here, tolerance=HALF["float64"])
        yield found and (
            f"in turned coordinates {_of(seed, found)}, and per_coordinate = True is not declared; with p = "
            f"{problem.made} and an orthogonal U {m.seen('tb.problems.NoisyQuadratic(U @ p.Q @ U.T, p.m @ U.T)')}"
        )
    return None


def bounded(m: Method) -> Cases:
    """On any line a step ends, after at most 10,000 questions."""
    for name in LINES:
        ended, _ = on_line(m, name)
        if isinstance(ended, Endless):
            yield f"on the line {name!r} {ended}; {_see(m, name)}"
        else:
            most = ended.trials.max()
            yield "" if most <= QUESTIONS else f"on the line {name!r} a step asks {most} questions; {_see(m, name)}"


def statuses(m: Method) -> Cases:
    """What a status says is so, on any line."""
    for name in LINES:
        ended, noted = on_line(m, name)
        for t, taken in enumerate(noted):
            yield next((f"on the line {name!r} step {t} {lie}; {_see(m, name)}" for lie in _lies(m, taken, name)), "")
        if not isinstance(ended, Endless):
            over = np.maximum.accumulate(ended.status[:, 0] == Status.NONFINITE)
            yield f"on the line {name!r} a lane goes on after NONFINITE; {_see(m, name)}" if (
                over & (ended.status[:, 0] != Status.NONFINITE)
            ).any() else ""


@lru_cache(maxsize=len(LINES))
def on_line(m: Method, name: str) -> tuple[Any, list[dict[str, Any]]]:
    """A run on one line, or how it was stopped, and every step of it until its lane ended."""
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
    return m.seen(f"toybox.laws.line({name!r})", steps=STEPS // 2, batch=FEW, seeds=SEEDS[:1])


def _lies(m: Method, taken: dict[str, Any], name: str) -> Any:
    """What is wrong with one step of one lane, in words; only where the lane has not ended."""
    status, s, slope0, loss = (taken[key] for key in ("status", "size", "slope0", "loss"))
    if status not in [*Status]:
        yield f"answers status {status}; accepted: a tb.Status, " + ", ".join(f"{x.name} {x.value}" for x in Status)
        return
    says = f"says {Status(status).name} of size {number(s)} where the slope at 0 is {number(slope0)}"
    if not np.isfinite(s) and name in TAME:
        yield f"answers size {number(s)}, though the line is finite everywhere: the lane ends"
    if taken["ends"]:
        return
    if status == Status.NONFINITE and taken["moves"]:
        yield f"{says}, which moves; accepted: size NaN, which ends the lane"
    gone = s == 0 and not taken["moves"]
    if status in (Status.FOUND, Status.CAPPED) and gone and not (m.says("absolute_loss") and loss <= 0):
        yield f"{says}: no step was found; accepted: EXHAUSTED, or STATIONARY where the slope is 0, ASCENT where it is more"
    right = {Status.STATIONARY: slope0 == 0, Status.ASCENT: slope0 > 0, Status.EXHAUSTED: slope0 < 0}
    if not right.get(Status(status), True):
        yield f"{says}; accepted: STATIONARY where it is 0, ASCENT where it is positive, EXHAUSTED where it is negative"
    if status in (Status.STATIONARY, Status.ASCENT) and s != 0:
        yield f"{says}; accepted: size 0"


def charged(m: Method) -> Cases:
    """Every evaluation of the loss is paid for."""
    calls = list[str]()
    draw = np.random.default_rng(6)
    table, right = draw.standard_normal((40, 4)), 1 + draw.standard_normal(40)

    def parts(name, theta, index):
        calls.append(name)
        a = table[index]
        r = np.vecdot(a, theta[..., None, :]) - right[index]
        root = np.sqrt(1 + r * r)
        return a, r, root

    def samples(theta, index, name="samples"):
        a, r, root = parts(name, theta, index)
        return root - 1, (r / root)[..., None] * a

    def f(theta, index):
        values, gradients = samples(theta, index, "f")
        return values.mean(-1), gradients.mean(-2)

    def hvp(theta, index, v):
        a, _, root = parts("hvp", theta, index)
        return ((np.vecdot(a, v[..., None, :]) / root**3)[..., None] * a).mean(-2)

    problem = FromFunction(f, 4, 40, samples=samples, hvp=hvp)
    trace = m.walk(problem, seeds=SEEDS[:1])
    paid, evaluated = int(trace.cost("values")[-1, 0]), len(calls) - 2  # the first and the last loss are the run's
    yield "" if paid == evaluated else (
        f"in {STEPS} steps the loss is evaluated {evaluated} times and {paid} are paid for: ask ray.line(), ray.full() "
        f"or ray.pool() themselves, not their points ({m.place})"
    )


LAWS = (runs, float32, lanes, state, level, units, turned, bounded, statuses, charged)
