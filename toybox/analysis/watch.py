"""Looking over a rule's shoulder: what it asked at one step of a real run, and what it made of the answers.

    seen = watch(problem, tb.method("golsi"), t=7, batch=10)
    seen.questions        # every question of that step: sample number, kind, steps, answers
    seen.ray              # the ray it saw, to ask further; the run is over, so nothing is disturbed

A table of these is what the pictures are drawn from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ..optimizer import Optimizer, run
from ..rays import Ray, Step


class Question(NamedTuple):
    """One question of a rule to a line."""

    j: int  # number of the sample; -1: the whole data set
    kind: str  # change, slope, both, once, samples, curvature, or gradient
    s: np.ndarray  # steps (*lanes, k); of once and gradient (*lanes,)
    answer: Any
    pooled: int = 1  # of how many samples, 0 to pooled - 1, the line was the mean


class Seen(NamedTuple):
    """One step of a run, with everything that the rule knew and asked."""

    rule: Any  # its numbers are arrays
    ray: Ray
    state: Any  # before the step
    questions: list[Question]
    step: Step


class Asked:
    """A ray that notes down what its lines are asked."""

    def __init__(self, ray: Ray):
        self._ray, self.questions = ray, list[Question]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ray, name)

    def line(self, j: int = 0, brief: bool = False) -> Any:
        return _Noted(self._ray.line(j, brief), self.questions, j)

    def pool(self, n: int) -> Any:
        return _Noted(self._ray.pool(n), self.questions, 0, n)

    def full(self) -> Any:
        return _Noted(self._ray.full(), self.questions, -1)

    def gradient(self, s: Any, where: Any = None) -> Any:
        answer = self._ray.gradient(s, where)
        self.questions.append(Question(0, "gradient", s, answer))
        return answer

    turn = Ray.turn  # which asks this ray for the gradient


class _Noted:
    """A line that notes down its questions."""

    KINDS = ("change", "slope", "both", "once", "samples", "curvature")

    def __init__(self, line: Any, questions: list[Question], j: int, pooled: int = 1):
        self._line, self._questions, self._j, self._pooled = line, questions, j, pooled

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._line, name)
        if name not in self.KINDS:
            return found

        def ask(s, *arguments, **options):
            answer = found(s, *arguments, **options)
            self._questions.append(Question(self._j, name, s, answer, self._pooled))
            return answer

        return ask


@dataclass(frozen=True)
class Watch:
    """A rule that does what another one does, and keeps what happened at step ``at``."""

    rule: Any
    at: int
    seen: list = field(default_factory=list, compare=False)

    def init(self, xp, lanes):
        return self.rule.init(xp, lanes)

    def step(self, ray, state):
        if ray.t != self.at:
            return self.rule.step(ray, state)
        asked = Asked(ray)
        step = self.rule.step(asked, state)
        self.seen.append(Seen(self.rule, ray, state, asked.questions, step))
        return step


def watch(problem: Any, optimizer: Optimizer, t: int, **options: Any) -> Seen:
    """Step t of a run, as its rule saw it. options: those of ``tb.run`` (batch, seeds, theta, sampler, ...).

    One group of seeds at a time is watched: a run whose gathered rows fill more memory than a group may is refused.
    """
    if not t >= 0:
        raise ValueError(f"t={t!r} is not accepted; accepted: the number of a step, 0, 1, ...")
    watched = Watch(optimizer.rule, t)
    run(problem, optimizer._replace(rule=watched), steps=t + 1, every=None, **options)
    if len(watched.seen) != 1:
        raise ValueError(f"seeds={options.get('seeds')!r} run in {len(watched.seen)} groups; accepted: fewer seeds")
    return watched.seen[0]


class Beliefs(NamedTuple):
    """What PLS believed of one line (lane 0), in multiples s of d; all differences to the loss at 0 as it was seen."""

    s: np.ndarray  # where it looked (n,), 0 first
    values: np.ndarray
    slopes: np.ndarray
    value_sd: float  # of the errors of the values and of the slopes
    slope_sd: float
    grid: np.ndarray  # (k,)
    mean: np.ndarray  # belief on the grid
    sd: np.ndarray
    slope_mean: np.ndarray
    slope_sds: np.ndarray
    improvement: np.ndarray  # EI, eq. 2.36
    wolfe: np.ndarray  # p_Wolfe, eq. 2.38
    candidates: np.ndarray


def beliefs(seen: Seen, grid: np.ndarray, evaluations: int | None = None) -> Beliefs:
    """The belief after the first ``evaluations`` (None: all) questions of a probabilistic search."""
    from ..methods.belief import believe
    from ..methods.pls import Scaled

    looks = [q for q in seen.questions if q.kind == "samples" and q.j > 0][:evaluations]
    scaled = Scaled(seen.ray, seen.state.first)
    first, unit, steep = (float(x.flat[0]) for x in (np.asarray(seen.state.first), scaled.unit, scaled.steep))
    u, values, slopes = np.zeros((1, 1)), np.zeros((1, 1)), np.full((1, 1), -1.0)
    for q in looks:
        at = np.asarray(q.s).reshape(-1)[:1] / first
        value, slope = scaled(q.j, np.broadcast_to(at, scaled.unit.shape))
        u, values, slopes = (
            np.append(x, [[float(y.flat[0])]], axis=1) for x, y in ((u, at), (values, value), (slopes, slope))
        )
    noise = [float(v.flat[0]) for v in scaled.noise]
    belief = believe(u, values, slopes, *noise)
    there = belief.at(grid[None] / first)
    c1, c2 = (float(np.asarray(c).flat[0]) for c in (seen.rule.c1, seen.rule.c2))
    minima, furthest = belief.minimizers()[0], 2 * u.max()
    (mean, sd), (slope_mean, slope_sd) = there.value(), there.slope()
    return Beliefs(
        s=u[0] * first,
        values=values[0] * unit,
        slopes=slopes[0] * steep,
        value_sd=noise[0] ** 0.5 * unit,
        slope_sd=noise[1] ** 0.5 * steep,
        grid=grid,
        mean=mean[0] * unit,
        sd=sd[0] * unit,
        slope_mean=slope_mean[0] * steep,
        slope_sds=slope_sd[0] * steep,
        improvement=there.expected_improvement()[0] * unit,
        wolfe=there.wolfe_probability(c1, c2)[0],
        candidates=np.append(minima[np.isfinite(minima)], furthest) * first,
    )
