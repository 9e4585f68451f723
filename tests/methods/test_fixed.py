"""Fixed rates: schedules as the papers have them, and lengths whose squares a dtype does not hold."""

import math

import numpy as np
import pytest

import toybox as tb
from places import SLIDE
from toybox.problems import FromFunction
from with_defaults import oracles

FACTORS = {  # of the rate at steps 0 .. 7 of 8
    "constant": [1.0] * 8,
    # "dividing the learning rate by 10 at 50% and 75% of the steps" (dissertation, appendix A.2.3)
    "piecewise": [1.0, 1.0, 1.0, 1.0, 0.1, 0.1, 0.01, 0.01],
    # half a wave (Loshchilov & Hutter 2017): (1 + cos x) / 2 is the square of cos x / 2
    "cosine": [math.cos(math.pi * t / 16) ** 2 for t in range(8)],
    "1/t": [1.0, 1 / 2, 1 / 3, 1 / 4, 1 / 5, 1 / 6, 1 / 7, 1 / 8],  # after eq. 2.13, from 1
    "1/sqrt(t)": [1.0, 0.5**0.5, 3**-0.5, 0.5, 5**-0.5, 6**-0.5, 7**-0.5, 8**-0.5],
}


@pytest.mark.parametrize("schedule", FACTORS)
def test_the_factors_of_schedules(schedule):
    """On arrays and on plain numbers; the cosine near -1 costs one more digit than its eps."""
    trace = tb.run(SLIDE, tb.method("sgd", rate=2.0, schedule=schedule), steps=8, batch=1, theta=[0.0])
    np.testing.assert_allclose(trace.size[:, 0], 2 * np.array(FACTORS[schedule]), rtol=16 * 2.0**-52)
    factors = [oracles.SCHEDULES[schedule](t, 8) for t in range(8)]
    np.testing.assert_allclose(factors, FACTORS[schedule], rtol=16 * 2.0**-52)


def test_every_schedule_has_its_factors():
    with pytest.raises(ValueError, match="accepted") as refused:
        tb.method("sgd", schedule="?")
    assert all(name in str(refused.value) for name in FACTORS)
    assert set(oracles.SCHEDULES) == set(FACTORS)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("power", [0.52, -0.52])
@pytest.mark.parametrize(("name", "along"), [("nsgd", 1), ("sgd", 0)])
def test_directions_whose_squares_overflow_or_underflow_have_a_length(name, along, power, dtype):
    """|g|^2 is infinite, or 0, in one lane of two: the step is the same multiple of g as in the other."""
    steep = np.array([10.0 ** (power * (308 if dtype == "float64" else 38)), 1.0])
    f = lambda theta, index: (0 * theta[..., 0], np.asarray(steep[:, None] * [3.0, 4.0], dtype))
    trace = tb.run(
        FromFunction(f, 2, 1, dtype=dtype), tb.method(name, rate=0.1), steps=1, batch=1, seeds=(0, 1), theta=[0, 0]
    )
    assert (trace.status == tb.Status.FOUND).all()
    expected = 0.1 * np.array([-0.6, -0.8]) if along else 0.1 * steep[:, None] * [-3.0, -4.0]
    np.testing.assert_allclose(trace.theta, np.broadcast_to(expected, (2, 2)), rtol=8 * np.finfo(dtype).eps)
    lengths = np.full(2, 0.1) if along else 0.5 * steep
    np.testing.assert_allclose(trace.arc[0], lengths, rtol=8 * np.finfo(dtype).eps)
