"""Rules without a search, by hand: schedules as the papers have them, momentum, and what ends or bounds a step."""

import math

import numpy as np
import pytest

import toybox as tb
from toybox.problems import FromFunction, NoisyQuadratic
from with_defaults import oracles

PARABOLA = NoisyQuadratic(np.eye(1), np.zeros((1, 1)))
SLIDE = FromFunction(lambda theta, index: (-theta[..., 0], 0 * theta - 1), 1, 1)
QUARTIC = FromFunction(lambda theta, index: (theta[..., 0] ** 4 / 4, theta**3), 1, 1)

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


@pytest.mark.parametrize(("s_max", "status"), [(1.0, "CAPPED"), (np.nextafter(1.0, 2.0), "FOUND")])
def test_the_largest_step_of_pal_is_capped(s_max, status):
    """The minimum lies at 1, without rounding; a step of s_max is the largest one allowed, which CAPPED says."""
    options = {"mu": 0.5, "s_max": s_max, "beta": 0.0}
    trace = tb.run(PARABOLA, tb.method("pal", **options), steps=1, batch=1, theta=[1.0])
    assert (trace.size[0, 0], tb.Status(trace.status[0, 0]).name) == (1.0, status)
    (move,) = oracles.pal(oracles.Quadratics([((1.0,),)], [(0.0,)]), (1.0,), [(0,)], **options)
    assert (move.step, move.status) == (1.0, status)


# --- rates that adapt without a search


@pytest.mark.parametrize(
    ("form", "subtracted"),
    [("gradient", [1, 1, 1]), ("momentum", [1, 1.5, 1.75]), ("nesterov", [1.5, 1.75, 1.875])],
)
def test_the_hypergradient_is_that_of_what_was_subtracted(form, subtracted):
    """Down a slide of slope 1: momentum 1/2 makes the vectors 1, 1 + 1/2, ..., and Nesterov's 1 + half of them; the
    rate grows by 1/64 of the last vector. All of it is exact."""
    options = {"rate": 0.5, "hyper_rate": 1 / 64, "form": form, "momentum": 0.5}
    trace = tb.run(SLIDE, tb.method("sgd-hd", **options), steps=3, batch=1, theta=[0.0])
    rates = [0.5, 0.5 + subtracted[0] / 64, 0.5 + (subtracted[0] + subtracted[1]) / 64]
    assert trace.size[:, 0].tolist() == rates
    assert trace.theta[0, 0] == sum(rate * u for rate, u in zip(rates, subtracted, strict=True))


def test_a_hypergradient_that_overflows_leaves_the_rate_alone():
    """1.3e154 times -1.5e154 is more than a double holds, though no vector is too long for its square: with momentum
    .9 the second one is 1.17e154 - 1.5e154."""
    slopes = np.array([1.3e154, -1.5e154])
    steep = FromFunction(lambda theta, index: (0 * theta[..., 0], slopes[index][..., :1] + 0 * theta), 1, 2)
    method = tb.method("sgd-hd", rate=1e-160, form="momentum", momentum=0.9)
    with np.errstate(over="ignore"):
        trace = tb.run(steep, method, steps=2, batch=1, theta=[0.0], sampler=lambda t, j: np.array([[t]]))
    assert trace.size[:, 0].tolist() == [1e-160, 1e-160]
    assert (trace.status == tb.Status.FOUND).all()


@pytest.mark.parametrize(("adjusted", "second"), [(False, 0.328125), (True, 0.230625)])
def test_two_steps_of_ali_g_with_momentum(adjusted, second):
    """x^4 / 4 from 1, eps = 0, momentum 1/2: eta = 1 / (4 x^2), and eta g = x / 4. First 1 - 1/4 - 1/2 1/4 = 5/8, with
    a velocity of 1/4, or of 1 if it is made of gradients. Then eta = .64 and 5/8 is left by 5/32 and by half of
    1/2 1/4 + 5/32, or by half of .64 (1/2 1 + (5/8)^3)."""
    method = tb.method("ali-g", eps=0.0, momentum=0.5, adjusted=adjusted)
    ends = [tb.run(QUARTIC, method, steps=steps, batch=1, theta=[1.0]).theta[0, 0] for steps in (1, 2)]
    np.testing.assert_allclose(ends, [0.625, second], rtol=16 * 2.0**-52)


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_ali_g_never_goes_uphill(momentum):
    """A negative loss counts as 0, which is the least that the rule knows of."""
    trace = tb.run(SLIDE, tb.method("ali-g", momentum=momentum), steps=1, batch=1, theta=[3.0])  # the loss is -3
    assert (trace.status[0, 0], trace.size[0, 0], trace.theta[0, 0]) == (tb.Status.UNMOVED, 0, 3)
    (move,) = oracles.ali_g(oracles.Quadratics([((1.0,),)], [(0.0,)], [-9.0]), (3.0,), [(0,)], momentum=momentum)
    assert move == ((3.0,), 0, oracles.UNMOVED, 0)


def test_ali_g_is_not_capped_where_it_takes_no_step():
    """No gradient, and still a loss of 1: without a step there is no largest one, though the momentum goes on."""
    f = lambda theta, index: (0 * theta[..., 0] + 1, np.where(index[..., :1] == 1, 0.0, -1.0) + 0 * theta)
    trace = tb.run(
        FromFunction(f, 1, 2), tb.method("ali-g", max_rate=0.5, momentum=0.5), steps=2, batch=1, theta=[0.0],
        sampler=lambda t, j: np.array([[t]]),
    )  # fmt: skip
    assert trace.status[:, 0].tolist() == [tb.Status.CAPPED, tb.Status.FOUND]
    assert trace.size[:, 0].tolist() == [0.5, 0]


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
