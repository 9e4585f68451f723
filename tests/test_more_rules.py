"""Rules that stand in the package but not yet in the zoo: the authors' traces, their plain twins, their promises."""

from itertools import islice
from math import inf

import numpy as np
import pytest

import toybox as tb
import traces
from toybox import tiny
from toybox.directions import Conjugate, Gradient, Momentum, Unit
from toybox.rules.bracketing import GOLSI, StrongWolfe
from toybox.rules.closed import ALIG, PAL, Hypergradient


def sgd_hd(rate, hyper_rate, form, momentum=0.9):
    along = Gradient() if form == "gradient" else Momentum(momentum, nesterov=form == "nesterov")
    return tb.Optimizer(along, Hypergradient(rate, hyper_rate))


MAKE = {
    "sgd-hd": sgd_hd,
    "ali-g": lambda **hyper: tb.Optimizer(Gradient(), ALIG(**hyper)),
    "golsi": lambda **hyper: tb.Optimizer(Gradient(), GOLSI(**hyper, variant="released")),
}
NAMES = [name for name, (method, _) in traces.SETTINGS.items() if method in MAKE]


def walk(problem, optimizer, steps, sampler):
    """Iterates (steps + 1, dim) and the trace of one lane."""
    probe = tb.Probe("theta", lambda look: look.theta)
    trace = tb.run(problem, optimizer, steps=steps, batch=5, sampler=sampler, probes=[probe])
    return trace.probes["theta"][:, 0], trace


@pytest.mark.shared
@pytest.mark.parametrize("name", NAMES)
def test_released_code_takes_the_same_steps(name, shared):
    method, hyper = traces.SETTINGS[name]
    a, trace = traces.problem_a(), traces.load(name)
    problem = tb.problems.NoisyQuadratic(a.Q, a.m, start=a.x0)
    hyper = {key: value for key, value in hyper.items() if key != "variant"}
    draw = lambda t, j: a.batches[traces.row(name, trace, t, j)][None]
    theta, found = walk(problem, MAKE[method](**hyper), len(trace.step), draw)
    assert traces.worst(theta, trace.theta) < traces.tolerance(name)
    if np.isfinite(trace.step).all():
        assert traces.worst(found.size[:, 0], trace.step) < traces.tolerance(name)


# Twins: 12 steps on 40 quadratics amplify rounding, by 1 / mu^2 = 100 alone where a parabola is measured

SIZE, STEPS = 40, 12
TOLERANCE = 2.0**16 * 2.0**-52
TWINS = {
    "ali-g": (tb.Optimizer(Gradient(), ALIG(max_rate=0.5)), tiny.ali_g, {"max_rate": 0.5}),
    "ali-g, momentum": (
        tb.Optimizer(Gradient(), ALIG(max_rate=0.2, momentum=0.5)), tiny.ali_g, {"max_rate": 0.2, "momentum": 0.5},
    ),
    "sgd-hd": (sgd_hd(0.01, 1e-3, "nesterov"), tiny.sgd_hd, {"rate": 0.01, "hyper_rate": 1e-3, "form": "nesterov"}),
    "golsi": (tb.Optimizer(Gradient(), GOLSI()), tiny.golsi, {}),
    "strong wolfe": (tb.Optimizer(Gradient(), StrongWolfe()), tiny.strong_wolfe, {"max_step": 1e10}),
    "fbpal": (tb.Optimizer(Unit(Gradient()), PAL(on="full")), tiny.fbpal, {}),
} | {
    f"pal-{formula}": (
        tb.Optimizer(Unit(Conjugate(formula, 10)), PAL()), tiny.pal_conjugate, {"formula": formula},
    )
    for formula in ("FR", "PR", "HS", "DY")
}  # fmt: skip


@pytest.mark.parametrize("name", TWINS)
def test_arrays_and_plain_numbers_take_the_same_steps(name):
    optimizer, twin, hyper = TWINS[name]
    rng = np.random.default_rng(1)
    A = rng.standard_normal((SIZE, 3, 6)) / 6**0.5
    Q, m = A @ np.swapaxes(A, 1, 2), 2 + rng.standard_normal((SIZE, 3))
    problem = tb.problems.NoisyQuadratic(Q, m, offsets=1.0, start=np.zeros(3))
    draw = lambda t, j: problem.draw(np.array([3]), t, j, 10, "fresh")
    theta, trace = walk(problem, optimizer, STEPS, draw)
    plain = tiny.Quadratics([list(map(tuple, q)) for q in Q.tolist()], list(map(tuple, m.tolist())), [1.0] * SIZE)
    rows = lambda t, j: tuple(draw(t, j)[0].tolist())
    extra = {"fresh": rows} if "golsi" in name else {"full": tuple(range(SIZE))} if name == "fbpal" else {}
    moves = list(islice(twin(plain, (0.0, 0.0, 0.0), [rows(t, 0) for t in range(STEPS)], **hyper, **extra), STEPS))
    assert traces.worst(theta[1:], np.array([move.x for move in moves])) < TOLERANCE
    assert [tb.Status(status).name for status in trace.status[:, 0]] == [move.status for move in moves]


def test_strong_wolfe_conditions_hold_on_smooth_lines():
    """On a factorization's quartics: both conditions recomputed, and a largest step that is too short is CAPPED."""
    problem = tb.problem("factorization", rank=4)
    theta = problem.initial(range(8))
    point = problem.at(theta, problem.population)
    line = point.along(-point.gradient)
    for first in (1e-3, 1.0, 1e3):
        rule = tb.Optimizer(Gradient(), StrongWolfe(first=first))
        trace = tb.run(problem, rule, steps=1, batch=problem.size, seeds=range(8), theta=theta)
        s = trace.size[0][:, None]
        assert (line.change(s) <= 1e-4 * s * line.slope0[:, None]).all()
        assert (abs(line.slope(s)) <= 0.9 * abs(line.slope0[:, None])).all()
    short = tb.Optimizer(Gradient(), StrongWolfe(first=1e-6, max_step=1e-5, c2=0.5))
    assert (tb.run(problem, short, steps=1, batch=800, seeds=range(8)).status == tb.Status.CAPPED).all()


def test_a_gradient_only_search_ends_where_nothing_is_finite():
    """Its loop has no number of tries: slopes and steps that are no numbers must end it, and the lane."""
    nothing = lambda theta, index: (np.full(theta.shape[:-1], inf), np.full(theta.shape, np.nan))
    wild = tb.problems.FromFunction(nothing, dim=2, size=4)
    trace = tb.run(wild, tb.Optimizer(Gradient(), GOLSI()), steps=5, batch=2)
    assert (trace.status == tb.Status.NONFINITE).all()
