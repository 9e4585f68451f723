"""Law: a method on arrays takes the steps of its twin, a plain loop (``oracles``), which shares nothing with it.

Both get the same batches. The twin subtracts rounded losses where lines know the difference, so its rounding is the
larger one: a trial costs eps phi / (mu^2 a) where a parabola is measured, and bisection ends where rounding decides the
sign of a slope. 25 steps amplify it, so that trajectories agree to TOLERANCE; statuses and, unless a search goes on
until nothing changes, numbers of trials agree exactly.
"""

import inspect
import math
from fractions import Fraction

import numpy as np
import pytest

import oracles
import toybox as tb
from toybox import zoo
from toybox.exact import fraction
from toybox.methods.fixed import Unit
from toybox.problems import FromFunction, NoisyQuadratic
from zoo_cases import (
    AMPLIFIED,
    BATCH,
    LOCAL,
    METHODS,
    SHAKE,
    SIZE,
    clouds,
    every_method,
    every_variant,
    factorization_data,
    growth,
    horizon,
    numbers,
    parted,
    path,
    problem,
    quadratic_data,
    run,
    says,
    worst,
)

TOLERANCE = 4 * AMPLIFIED * 2.0**-52
STEPS = 25


def quadratics(common, number=float):
    Q, m = quadratic_data(common)
    exact = np.vectorize(number, otypes=[object])
    Q, m = exact(np.broadcast_to((Q + np.swapaxes(Q, -1, -2)) / 2, (SIZE, *Q.shape[-2:]))), exact(m)
    return oracles.Quadratics([list(map(tuple, matrix)) for matrix in Q.tolist()], list(map(tuple, m.tolist())))


def factorization(rank):
    X, Y = factorization_data()
    return oracles.Factorization(X.tolist(), Y.tolist(), rank)


def logistic():
    X, y = clouds()
    kernel = lambda a, b: math.exp(-sum((u - v) ** 2 for u, v in zip(a, b, strict=True)) / (2 * 2.0**2))
    return oracles.KernelLogistic([[kernel(a, b) for b in X.tolist()] for a in X.tolist()], y.tolist())


TWINS = {
    "quadratic, common Q": lambda: quadratics(True),
    "quadratic": lambda: quadratics(False),
    "factorization, true model": lambda: factorization(None),
    "factorization, rank 1": lambda: factorization(1),
    "factorization, rank 4": lambda: factorization(4),
    "kernel, logistic": logistic,
}


def sampler(place):
    return lambda t, j: place.draw(np.array([3]), t, j, BATCH, "fresh")


def twin_moves(name, options, twin, start, draw, number=float, steps=STEPS):
    """The moves of a method's twin from the published defaults and these options, in a run of so many steps."""
    function = getattr(oracles, name.replace("-", "_"))
    given = zoo.defaults(zoo.METHODS[name]) | options
    batch = lambda t, j: tuple(draw(t, j)[0].tolist())
    rows = lambda j: [batch(t, j) for t in range(steps)]
    known = {"steps_per_epoch": SIZE / BATCH, "full": tuple(range(SIZE)), "fresh": batch, "min_step": 1e-8}
    known |= {"judges": rows(options["sample"]) if options.get("sample") else None}
    wanted = {p.name for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY}
    if "schedule" in wanted:  # how many batches make a gradient
        numbers = iter(tb.method(name, **options).batches(steps))  # themselves tested in test_labpal.py
        given["schedule"] = lambda t: next(numbers)
    exactly = lambda v: number(v) if isinstance(v, float) and v < math.inf else v
    of_its_own = getattr(function, "keywords", {})
    hyper = {key: exactly(known[key] if given.get(key) is None else given[key]) for key in wanted - {*of_its_own}}
    if "schedule" in options and "schedule" not in wanted:
        rate, factor = hyper["rate"], oracles.SCHEDULES[options["schedule"]]
        hyper["rate"] = lambda t: rate * factor(t, STEPS)
    return function(twin, tuple(map(number, start)), rows(0), **hyper)


def assert_twins(case, name, options):
    place, method = problem(case), tb.method(name, **options)
    start, draw = place.initial([0])[0], sampler(place)
    trace, theta, _ = path(place, method, steps=STEPS, sampler=draw)
    moves = list(twin_moves(name, options, TWINS[case](), start.tolist(), draw))
    grown = growth(place, method, STEPS, (0,), sampler=draw, theta=place.initial([0]))
    allowed = np.maximum(TOLERANCE, LOCAL * grown * 2.0**-52) * max(1, 0.1**2 / (says(method, "area") or 1))
    far = horizon(allowed, trace.loss)
    assert far >= 5
    theta, trials, moves = theta[1 : far + 1, 0], trace.trials[:far, 0], moves[:far]
    assert worst(theta, [move.x for move in moves]) <= allowed[far - 1]
    lengths = isinstance(tb.method(name).direction, Unit)  # which some options replace by the bare direction
    taken = (trace.arc if lengths else trace.size)[:far, 0]
    assert worst(taken, [float(move.step) for move in moves]) <= allowed[far - 1]
    assert [tb.Status(status).name for status in trace.status[:far, 0]] == [move.status for move in moves]
    if not says(method, "to_rounding"):
        # the loss at 0 of another batch, or of all data, is one trial more
        k = np.array(method.batches(STEPS) if method.batches else [1] * STEPS)[:far]  # one sample here, k batches there
        fresh = np.diff(trace.cost("batches")[:far, 0], prepend=0) - k - 2 * (k - 1) * (trials > 0)
        elsewhere = fresh if says(method, "afresh") else int(says(method, "whole"))
        assert (trials - elsewhere).tolist() == [move.trials for move in moves]


@pytest.mark.parametrize("case", TWINS)
@every_method
def test_arrays_and_plain_numbers_take_the_same_steps(name, case):
    assert_twins(case, name, {})


@pytest.mark.parametrize("case", ["quadratic", "factorization, rank 4"])
@every_variant
def test_variants_take_the_same_steps(name, options, case):
    assert_twins(case, name, options)


@pytest.mark.parametrize("case", ["quadratic", "factorization, rank 1"])
@every_method
def test_other_numbers_take_the_same_steps(name, case):
    assert_twins(case, name, {hyper: values[1] for hyper, values in numbers(name).items()})


class Cliff:
    """-x + x^2 / 16 up to 0; beyond, the value is not finite and the slope no number. On numbers and on arrays."""

    def __init__(self, beyond, shake=0.0):
        self.beyond, self.shake = beyond, shake  # a relative error of the arrays' losses

    def value(self, x, batch):
        return x[0] * x[0] / 16 - x[0] if x[0] <= 0 else self.beyond

    def gradient(self, x, batch):
        return (x[0] / 8 - 1 if x[0] <= 0 else math.nan,)

    def f(self, theta, index):
        low = np.minimum(theta, 0.0)
        value = (low * low / 16 - low) * (1 + self.shake * np.cos(1e6 * low))
        return np.where(theta > 0, self.beyond, value)[..., 0], np.where(theta > 0, math.nan, low / 8 - 1)

    def samples(self, theta, index):
        value, gradient = self.f(theta, index)
        return value[..., None] + 0.0 * index, gradient[..., None, :] + 0.0 * index[..., None]


@pytest.mark.parametrize("beyond", [math.nan, math.inf])
@pytest.mark.parametrize("start", [-0.55, -0.05, 0.0])
@every_method
def test_arrays_and_plain_numbers_end_alike_at_a_cliff(name, start, beyond):
    """The same iterates and statuses, up to the one with which a lane ends; on which side of the edge a search to
    rounding steps is for rounding to decide."""
    method = tb.method(name)
    cliff, draw = Cliff(beyond), lambda t, j: np.zeros((1, BATCH), int)
    place = FromFunction(cliff.f, 1, SIZE, samples=cliff.samples)
    trace, theta, _ = path(place, method, steps=STEPS, sampler=draw, theta=[start])
    moves = list(twin_moves(name, {}, cliff, [start], draw))
    other = Cliff(beyond, SHAKE)  # shows what becomes of rounding errors of losses, in a Gram matrix for instance
    shaken = run(FromFunction(other.f, 1, SIZE, samples=other.samples), method, STEPS, sampler=draw, theta=[start])
    difference, flipped = parted(shaken, trace)
    allowed = np.maximum(TOLERANCE, np.where(flipped, 1, LOCAL * difference / SHAKE * 2.0**-52))[1:]
    drowned = bool(says(method, "belief")) & (trace.status[:, 0] == tb.Status.EXHAUSTED)
    allowed = np.where(np.maximum.accumulate(drowned), 1, allowed)
    known = int(np.argmax(np.append(allowed > 0.125, True)))
    assert known >= 1 or drowned[0]
    ended = min(int(trace.ended[0]) + 1, STEPS, max(known, 1))
    allowed = allowed[: max(known, 1)]
    found, expected = theta[1 : ended + 1, 0], [move.x for move in moves[:ended]]
    assert (np.abs(found - expected) <= allowed[:ended, None]).all()
    assert says(method, "to_rounding") or [tb.Status(status).name for status in trace.status[:ended, 0]] == [
        move.status for move in moves[:ended]
    ]


@every_method
def test_arrays_round_what_fractions_compute(name):
    """Four steps in rational numbers, as far as the rule has no roots: nothing but the arrays' own rounding is left."""
    place = problem("quadratic, common Q")
    start, draw = place.initial([0])[0], sampler(place)
    trace, theta, _ = path(place, tb.method(name), steps=4, sampler=draw)
    moves = twin_moves(name, {}, quadratics(True, Fraction), start.tolist(), draw, Fraction, steps=4)
    exact = list(moves)
    assert worst(theta[1:, 0], [[float(x) for x in move.x] for move in exact]) <= 2**11 * 2.0**-52
    assert worst(trace.size[:, 0], [float(move.step) for move in exact]) <= 2**11 * 2.0**-52


@every_method
def test_exact_runs_take_the_steps_of_the_loops(name):
    """Without rounding there is nothing to allow for, unless a root is not rational, or a belief is one of floats."""
    Q, m = (np.vectorize(fraction, otypes=[object])(part) for part in quadratic_data(True))
    place = NoisyQuadratic(Q, m, backend="exact")
    start, draw = [fraction(round(x, 2)) for x in problem("quadratic, common Q").initial([0])[0]], sampler(place)
    plain = oracles.Quadratics([((Q + Q.T) / 2).tolist()] * SIZE, list(map(tuple, m.tolist())))
    trace = tb.run(place, tb.method(name), steps=3, batch=BATCH, theta=start, sampler=draw)
    *_, last = twin_moves(name, {}, plain, start, draw, fraction, steps=3)
    found, expected = trace.theta[0].tolist(), list(last.x)
    if all(isinstance(x, Fraction) for x in found + expected):
        assert found == expected
    else:
        assert list(map(float, found)) == pytest.approx(list(map(float, expected)), rel=1e-9)


def test_some_methods_are_rational():
    place = problem("quadratic, common Q")
    start, draw = place.initial([0])[0], sampler(place)
    first = lambda name: next(twin_moves(name, {}, quadratics(True, Fraction), start.tolist(), draw, Fraction))
    assert sum(all(isinstance(x, Fraction) for x in first(name).x) for name in METHODS) >= 4
