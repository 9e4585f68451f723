"""The losses along the lines that a run walks: full batch, defining batch, and other batches (dissertation, chapter 5).

    lines = sample(problem, tb.method("sgd", rate=0.1), steps=1000, batch=100, window=(-0.5, 0.5), points=167)
    lines.full            # (1000, 1, 167): the full loss along every line, less its value at 0
    lines.optimum         # (1000, 1): where its minimum is

Every line is evaluated through its Chebyshev interpolant where that converges (``converged``), point by point where it
does not; minima are exact, not those of the grid. The run itself is not disturbed.

``s`` counts units, and ``unit`` says of what: "d", multiples of the direction; "arc", length in parameter space (the
published choice); "step", multiples of the step taken; "newton", multiples of the Newton step |phi'(0)| / |phi''(0)| of
the full loss, which is the optimum where the line is a parabola.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..chebyshev import Proxy, stacked
from ..hyper import bind, refuse_unknown, shown
from ..lines import Line
from ..methods.fixed import Unit
from ..optimizer import Optimizer, run
from ..rays import Ray, Step
from ..trace import Trace

UNITS = ("arc", "d", "step", "newton")
CARRIED = 200  # lines along which full-batch predictions are carried: each adds about one rounding error to them
OTHERS = 1000  # number of the first of the other batches: no rule draws so many


class Lines(NamedTuple):
    """Lines of the recorded steps t (T,). Losses along them are changes from the value at 0; steps and slopes are per
    unit; arrays are NumPy's. ``batch_*``: of the batch that gave the direction."""

    t: np.ndarray
    s: np.ndarray  # (points,) the grid
    unit: np.ndarray  # (T, *lanes) one unit, in multiples of d
    norm: np.ndarray  # (T, *lanes) |d|; unit * norm is the arc length of a unit
    taken: np.ndarray  # (T, *lanes) the step that the run took
    loss: np.ndarray  # (T, *lanes) full loss at 0
    slope: np.ndarray  # (T, *lanes) of the full loss at 0
    curvature: np.ndarray
    full: np.ndarray  # (T, *lanes, points)
    optimum: np.ndarray  # (T, *lanes) minimum of the full loss inside the window; nan where there is none
    lowest: np.ndarray  # (T, *lanes) full loss there, or at the better end, less that at 0
    converged: np.ndarray  # (T, *lanes) whether the interpolant of the full loss did
    batch_loss: np.ndarray
    batch_slope: np.ndarray
    batch_curvature: np.ndarray
    batch: np.ndarray
    batch_optimum: np.ndarray
    others_loss: np.ndarray  # (T, others, *lanes) of other batches, at 0
    others: np.ndarray  # (T, others, *lanes, points)
    steps: dict[str, np.ndarray]  # by name of a method: the step that its rule would take (T, *lanes)
    gains: dict[str, np.ndarray]  # and the full loss there, less that at 0
    trace: Trace  # of the run

    def arc(self, s: np.ndarray) -> np.ndarray:
        """Steps (T, *lanes) as lengths in parameter space."""
        return s * self.unit * self.norm


def sample(
    problem: Any,
    optimizer: Optimizer,
    *,
    steps: int,
    batch: int,
    window: tuple[float, float] = (-0.5, 0.5),
    points: int = 167,
    unit: str = "arc",
    at: Iterable[int] | None = None,
    others: int = 0,
    methods: Mapping[str, Optimizer] | None = None,
    **options: Any,
) -> Lines:
    """The lines at steps ``at`` (None: all) of a run; options: those of ``tb.run`` (seeds, theta, sampler, ...).

    others: how many other batches of the same size to evaluate at each of them. methods: optimizers whose rules are
    asked at each of them what step they would take along the run's direction (its unit vector for rules that expect
    one); each keeps its own state from line to line. Raises ``ValueError`` for a bad unit, window, number or step.
    """
    refuse_unknown("unit", unit, UNITS)
    at = np.arange(steps) if at is None else np.unique(np.asarray(list(at)))
    if not len(at) or at.dtype.kind != "i" or at[0] < 0 or at[-1] >= steps:
        raise ValueError(f"at={shown(at)} is not accepted; accepted: numbers of steps from 0 to {steps - 1}")
    if not points >= 3:
        raise ValueError(f"points={points!r} is not accepted; accepted: a whole number of at least 3")
    low, high = window
    if not (np.isfinite(low) and np.isfinite(high) and low <= 0 < high):
        raise ValueError(f"window={window!r} is not accepted; accepted: finite (low, high) with low <= 0 < high")
    passengers = {name: Passenger(problem, method) for name, method in (methods or {}).items()}
    grid = np.linspace(low, high, points)
    square = 32 * len(at) > problem.size and getattr(problem, "square", None) is not None
    scope = Scope(problem, grid, unit, others, passengers, square)
    recorder = Recorder(optimizer.rule, frozenset(at.tolist()), scope)
    trace = run(problem, optimizer._replace(rule=recorder), steps=steps, batch=batch, **{"every": None} | options)
    if len(scope.rows) != len(at):
        raise ValueError(f"seeds={options.get('seeds')!r} run in several groups; accepted: fewer seeds at once")
    return _gathered(scope.rows, at, grid, trace)


@dataclass(frozen=True)
class Recorder:
    """A rule that does what another one does, and has the line of every chosen step measured."""

    rule: Any
    at: frozenset
    scope: Scope

    def init(self, xp: Any, lanes: tuple[int, ...]) -> Any:
        return self.rule.init(xp, lanes)

    def step(self, ray: Ray, state: Any) -> Step:
        step = self.rule.step(ray, state)
        if ray.t in self.at:
            self.scope.rows.append(self.scope.measure(ray, step))
        return step


class Scope:
    """Measures lines, and remembers the point on the whole data set to which the last of them led."""

    def __init__(
        self, problem: Any, grid: np.ndarray, unit: str, others: int, passengers: dict[str, Passenger], square: bool
    ):
        self.problem, self.grid, self.unit, self.others, self.passengers = problem, grid, unit, others, passengers
        self.square = square  # whether predictions of gradients come from K K: it pays after some hundred lines
        self.rows: list[dict[str, Any]] = []
        self.carried: Any = None

    def measure(self, ray: Ray, step: Step) -> dict[str, Any]:
        host, line = self.problem.xp.to_host, self.whole(ray)
        self.carried = line.at(step.size) if step.point is None and ray.t % CARRIED != CARRIED - 1 else None
        norm, slope, curvature = host(ray.norm), host(line.slope0), _curvature(line, host)
        one = {"d": 1.0 + 0 * norm, "step": host(step.size)}
        with np.errstate(all="ignore"):
            one |= {"arc": 1 / norm, "newton": np.abs(slope / curvature)}
        unit = np.where(np.isfinite(one[self.unit]) & (one[self.unit] > 0), one[self.unit], 1.0)
        row = {"norm": norm, "unit": unit, "taken": host(step.size) / unit, "loss": host(line.value0)}
        row |= {"slope": slope * unit, "curvature": curvature * unit**2, "full": self.along(line, unit)}
        mine = ray.origin.along(ray.d)
        row |= {"batch_loss": host(mine.value0), "batch_slope": host(mine.slope0) * unit}
        row |= {"batch_curvature": _curvature(mine, host) * unit**2, "batch": self.along(mine, unit)}
        row["others_loss"], row["others"] = self.distribution(ray, unit)
        sizes = {name: passenger.step(ray, line) for name, passenger in self.passengers.items()}
        row["steps"] = {name: host(size) / unit for name, size in sizes.items()}
        row["gains"] = {name: host(line.change(size[..., None]))[..., 0] for name, size in sizes.items()}
        return row

    def whole(self, ray: Ray) -> Line:
        """The line on the whole data set, with what is known of it: predictions at its origin, carried along from the
        line before, and those of a negative gradient."""
        xp, theta, origin = self.problem.xp, ray.origin.theta, ray.origin
        whole = self.carried
        if whole is None or not xp.all(whole.theta == theta):
            whole = self.problem.at(theta, self.problem.population)
        if self.square and xp.all(ray.d == -origin.gradient):
            return whole.closed(ray.d, -origin.gradient_logits())
        return whole.along(ray.d)

    def along(self, line: Line, unit: np.ndarray) -> Proxy | Walked:
        """The line's interpolant, or what is wanted of the line itself where that does not converge."""
        xp = self.problem.xp
        proxy = line.proxy((self.grid[0] * unit, self.grid[-1] * unit))
        if xp.all(proxy.converged):
            return proxy
        s = self.grid * unit[..., None]
        change = xp.to_host(line.change(xp.asarray(s, dtype=proxy.value0.dtype)))
        return _walked(xp, line, s, change, unit, proxy.converged)

    def distribution(self, ray: Ray, unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Losses at 0 and changes on the grid of other batches: (others, *lanes) and (others, *lanes, points)."""
        xp, host = self.problem.xp, self.problem.xp.to_host
        aside, s = ray.aside(), xp.asarray(self.grid * unit[..., None], dtype=ray.d.dtype)
        losses = np.empty((self.others, *unit.shape))
        changes = np.empty((self.others, *s.shape))
        for j in range(self.others):
            line = aside.line(OTHERS + j)
            losses[j], changes[j] = host(line.value0), host(line.change(s))
        return losses, changes


class Passenger:
    """A method that is asked for its step along somebody else's directions."""

    def __init__(self, problem: Any, method: Optimizer):
        self.rule = bind(method.rule, problem.xp, problem.dtype)
        self.straight = isinstance(method.direction, Unit)
        self.state: Any = None

    def step(self, ray: Ray, full: Line) -> Any:
        """The step, in multiples of the ray's d: (*lanes,)."""
        c = 1 / ray.xp.divisor(ray.norm) if self.straight else 0 * ray.norm + 1
        aside = ray.aside(c[..., None] * ray.d, Scaled(full, c)) if self.straight else ray.aside(full=full)
        if self.state is None:
            self.state = self.rule.init(ray.xp, ray.norm.shape)
        step = self.rule.step(aside, self.state)
        self.state = step.state
        return c * step.size


class Scaled:
    """The line along c d, c (*lanes,): phi(c s)."""

    def __init__(self, line: Line, c: Any):
        self._line, self._c = line, c
        self.value0, self.slope0 = line.value0, c * line.slope0

    def change(self, s: Any, *who: Any) -> Any:
        return self._line.change(self._c[..., None] * s, *who)

    def slope(self, s: Any, *who: Any) -> Any:
        return self._c[..., None] * self._line.slope(self._c[..., None] * s, *who)

    def at(self, s: Any) -> Any:
        return self._line.at(self._c * s)


def _curvature(line: Line, host: Callable) -> np.ndarray:
    """phi''(0) (*lanes,); nan where a problem gives none."""
    zero = 0 * line.value0[..., None]
    try:
        return host(line.curvature(zero))[..., 0]
    except NotImplementedError:
        return np.nan * host(line.value0)


def lowest(slope: Callable[[np.ndarray], np.ndarray], s: np.ndarray, change: np.ndarray) -> np.ndarray:
    """The minimum next to the lowest point of a grid s (*lanes, points): (*lanes,), nan where that point is an end and
    the line falls out of the grid there.

    Regula falsi (Illinois) on the slope, between the neighbours of that point.
    """
    best, last = change.argmin(-1), s.shape[-1] - 1
    left, right = (np.take_along_axis(s, np.clip(best + by, 0, last)[..., None], -1)[..., 0] for by in (-1, 1))
    falling, rising = np.minimum(slope(left), 0.0), np.maximum(slope(right), 0.0)
    inside = ((best > 0) | (falling < 0)) & ((best < last) | (rising > 0))
    x, side = right, np.zeros(best.shape, int)
    for _ in range(100):
        total = rising - falling
        new = np.where(total > 0, (left * rising - right * falling) / np.where(total > 0, total, 1.0), x)
        if (np.abs(new - x) <= 4e-16 * np.abs(right - left) + 4e-16 * np.abs(new)).all():
            break
        x, rise = new, slope(new)
        low = rise < 0
        rising = np.where(low & (side < 0), rising / 2, np.where(low, rising, rise))
        falling = np.where(~low & (side > 0), falling / 2, np.where(low, rise, falling))
        left, right, side = np.where(low, x, left), np.where(low, right, x), np.where(low, -1, 1)
    return np.where(inside, x, np.nan)


class Walked(NamedTuple):
    """A line as it is on the grid."""

    change: np.ndarray  # (*lanes, points)
    optimum: np.ndarray  # (*lanes,)
    lowest: np.ndarray
    converged: np.ndarray


def _walked(xp: Any, line: Any, s: np.ndarray, change: np.ndarray, unit: np.ndarray, converged: Any) -> Walked:
    """What is wanted of a line that is known on a grid s (*lanes, points)."""

    def ask(question, s):
        return xp.to_host(question(xp.asarray(s[..., None], dtype=line.value0.dtype)))[..., 0]

    optimum = lowest(partial(ask, line.slope), s, change)
    inside = np.isfinite(optimum)
    best = np.where(inside, ask(line.change, np.where(inside, optimum, 0.0)), change.min(-1))
    return Walked(change, optimum / unit, best, xp.to_host(converged))


def _gathered(rows: list[dict[str, Any]], at: np.ndarray, grid: np.ndarray, trace: Trace) -> Lines:
    """The rows of all lines as arrays."""

    def column(name):
        values = [row[name] for row in rows]
        if isinstance(values[0], dict):
            return {key: np.stack([value[key] for value in values]) for key in values[0]}
        return np.stack(values)

    units = column("unit")
    full, mine = (_together([row.pop(name) for row in rows], units, grid) for name in ("full", "batch"))
    found = {name: column(name) for name in rows[0]} | full._asdict()
    return Lines(
        t=at, s=grid, trace=trace, full=found.pop("change"), batch=mine.change, batch_optimum=mine.optimum, **found
    )


def _together(lines: list[Any], unit: np.ndarray, grid: np.ndarray) -> Walked:
    """All lines (T, ...), in their order; the interpolants among them are walked in one go."""
    smooth = [line for line in lines if isinstance(line, Proxy)]
    quick: Iterator[Walked] = iter(())
    if smooth:
        proxy, unit = stacked(smooth), unit[[isinstance(line, Proxy) for line in lines]]
        change = proxy.xp.to_host(proxy.changes(2 * (grid - grid[0]) / (grid[-1] - grid[0]) - 1))
        change[..., grid == 0] = 0.0
        walked = _walked(proxy.xp, proxy, grid * unit[..., None], change, unit, proxy.converged)
        quick = map(Walked._make, zip(*walked, strict=True))
    return Walked(*map(np.stack, zip(*(next(quick) if isinstance(x, Proxy) else x for x in lines), strict=True)))
