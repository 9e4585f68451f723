"""Laws of what must not matter: coordinates, the order of samples, the level of the loss, the length of d.

Both runs of a comparison are the same in exact arithmetic; they differ by AMPLIFIED rounding errors.
"""

import dataclasses
from typing import Any

import numpy as np
import pytest

import toybox as tb
from toybox.problems import NoisyQuadratic
from zoo_cases import (
    AMPLIFIED,
    LOCAL,
    METHODS,
    SIZE,
    assert_follows,
    every_method,
    every_problem,
    growth,
    path,
    problem,
    quadratic_data,
    run,
    says,
    worst,
)

TOLERANCE = AMPLIFIED * 2.0**-52
SEEDS, STEPS = (0, 1), 12
every_quadratic = pytest.mark.parametrize("common", [True, False], ids=["common Q", "different Q"])


@every_quadratic
@every_method
def test_a_rotated_problem_has_rotated_trajectories(name, common):
    """For a method that treats coordinates on their own, the law fails clearly: the declaration is not idle."""
    method, (Q, m) = tb.method(name), quadratic_data(common)
    U = np.linalg.qr(np.random.default_rng(8).standard_normal(Q.shape[-2:]))[0]
    start = NoisyQuadratic(Q, m).initial(SEEDS)
    trace, theta, _ = path(NoisyQuadratic(Q, m), method, seeds=SEEDS, theta=start)
    turned, turned_theta, _ = path(NoisyQuadratic(U @ Q @ U.T, m @ U.T), method, seeds=SEEDS, theta=start @ U.T)
    difference = worst(turned_theta - turned_theta[0], (theta - theta[0]) @ U.T)
    if says(method, "per_coordinate"):
        assert difference > 1e-3
    else:
        assert difference <= TOLERANCE
        assert worst(turned.size, trace.size) <= TOLERANCE
        np.testing.assert_array_equal(turned.status, trace.status)


@every_problem
@every_method
def test_the_order_of_samples_does_not_matter_on_full_batches(name, case):
    order = np.random.default_rng(9).permuted(np.tile(np.arange(SIZE), (50, 1)), axis=1)
    place, method, in_order = problem(case), tb.method(name), lambda t, j: np.arange(SIZE)[None]
    options = {"batch": SIZE, "seeds": SEEDS}
    straight = run(place, method, sampler=in_order, **options)
    shuffled = run(place, method, sampler=lambda t, j: order[[(t + 7 * j) % 50]], **options)
    unit = 2.0**-52 * max(1, says(method, "belief") / LOCAL)
    assert_follows(shuffled, straight, growth(place, method, STEPS, SEEDS, batch=SIZE, sampler=in_order), unit)


@every_quadratic
@every_method
@pytest.mark.parametrize("constant", [-1.0, 8.0])
def test_the_level_of_the_loss_does_not_matter(name, common, constant):
    method, data = tb.method(name), quadratic_data(common)
    expected = run(NoisyQuadratic(*data), method, seeds=SEEDS)
    found = run(NoisyQuadratic(*data, offsets=constant), method, seeds=SEEDS)
    if says(method, "absolute_loss"):
        assert worst(found.size, expected.size) > 1e-3
        return
    assert worst(found.loss - constant, expected.loss) <= TOLERANCE
    assert worst(found.theta, expected.theta) <= TOLERANCE
    assert worst(found.size, expected.size) <= TOLERANCE
    np.testing.assert_array_equal(found.status, expected.status)


@dataclasses.dataclass(frozen=True)
class Times:
    """Another direction, c times as long."""

    direction: Any
    c: float

    def init(self, xp, point):
        return self.direction.init(xp, point)

    def step(self, xp, point, state):
        d, state = self.direction.step(xp, point, state)
        return self.c * d, state


def longer(direction, c):
    """The direction with the innermost of all that it wraps c times as long."""
    for field in dataclasses.fields(direction):
        inner = getattr(direction, field.name)
        if dataclasses.is_dataclass(inner):
            return dataclasses.replace(direction, **{field.name: longer(inner, c)})
    return Times(direction, c)


def bare(direction):
    """A direction without what makes its length not matter."""
    return bare(direction.direction) if getattr(direction, "scale_free", False) else direction


def scale_free():
    """Methods that say so; and the rules that say so, along a bare direction. All other steps multiply d on purpose."""
    for name in METHODS:
        method = tb.method(name)
        if says(method, "scale_free"):
            yield pytest.param(method, id=name)
        if getattr(method.rule, "scale_free", False) and bare(method.direction) is not method.direction:
            yield pytest.param(method._replace(direction=bare(method.direction)), id=f"{name}, bare")


@every_problem
@pytest.mark.parametrize("method", list(scale_free()))
@pytest.mark.parametrize("c", [1 / 3, 20.0])
def test_the_length_of_the_direction_does_not_matter(method, case, c):
    place, changed = problem(case), method._replace(direction=longer(method.direction, c))
    found, expected = (run(place, m, seeds=SEEDS) for m in (changed, method))
    found.size[:] = expected.size  # in multiples of d, which is another one
    assert_follows(found, expected, growth(place, method, STEPS, SEEDS), 2.0**-52)
