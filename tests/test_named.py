"""The mirrored losses: what they are, exact moves of the Armijo search on them, and that it diverges for small c."""

from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import toybox as tb

EPS = 2.0**-52
places = st.fractions(-9, 9, max_denominator=8)
flats = st.sampled_from([F(0), F(3, 80), F(1, 2), F(1)])
bends = st.sampled_from([F(1, 4), F(2), None])


def h(x, flat, bend):
    """Value and slope on exact numbers: the slope is a polygon, the value the area below it."""
    if x <= 0:
        return flat * x * x / 2, flat * x
    if bend is None or x <= bend:
        return x * x / 2, x
    return bend * bend / 2 + bend * (x - bend), bend


def mirrored(flat, bend):
    return tb.problem("mirrored", flat=float(flat), bend=np.inf if bend is None else float(bend))


def at(problem, x, *index):
    return problem.at(np.array([[float(x)]]), np.array([index]))


@given(places, flats, bends)
def test_the_second_sample_is_the_mirror_image_of_the_first(x, flat, bend):
    """A handful of operations on numbers that floats hold, flat but for its rounding."""
    problem = mirrored(flat, bend)
    ours = [at(problem, x, 0), at(problem, x, 1), at(problem, x, 0, 1)]
    exact = [h(x, flat, bend), tuple(sign * part for sign, part in zip((1, -1), h(-x, flat, bend), strict=True))]
    exact.append(tuple((a + b) / 2 for a, b in zip(*exact, strict=True)))
    for point, (value, slope) in zip(ours, exact, strict=True):
        assert point.value[0] == pytest.approx(float(value), rel=8 * EPS)
        assert point.gradient[0, 0] == pytest.approx(float(slope), rel=8 * EPS, abs=8 * EPS * abs(float(x)))
    values, slopes = ours[2].examples(np.array([[2.0]]))
    assert values[0].tolist() == [ours[0].value[0], ours[1].value[0]]
    assert slopes[0].tolist() == [2 * ours[0].gradient[0, 0], 2 * ours[1].gradient[0, 0]]


@given(places, places, flats, bends)
def test_both_are_convex_and_smooth_with_their_minimum_at_0(x, y, flat, bend):
    problem, mu = mirrored(flat, bend), float(flat) if bend is None else 0.0
    for i in (0, 1):
        one, other = at(problem, x, i), at(problem, y, i)
        rise = (one.gradient - other.gradient)[0, 0] * float(x - y)
        allowed = 32 * EPS * (1 + float(abs(x) + abs(y))) ** 2
        assert mu * float(x - y) ** 2 - allowed <= rise <= float(x - y) ** 2 + allowed
        assert one.value[0] >= 0 == at(problem, 0, i).value[0]


@pytest.mark.parametrize("index", [(0,), (1,), (0, 1)])
@pytest.mark.parametrize("bend", [np.inf, 0.5])
@pytest.mark.parametrize("x", [-2.0, -0.25, 0.25, 2.0])
def test_curvatures_are_differences_of_slopes(x, bend, index):
    """The slope is straight near each of these places: its difference over 1/8 errs by rounding only."""
    problem = tb.problem("mirrored", flat=0.125, bend=bend)
    rise = (at(problem, x + 0.0625, *index).gradient - at(problem, x - 0.0625, *index).gradient)[0, 0]
    found = at(problem, x, *index).hvp(np.array([[3.0]]))
    assert found.shape == (1, 1)
    assert found[0, 0] == pytest.approx(3 * 8 * rise, abs=64 * EPS)


def sls(problem, picks, theta, **hyper):
    """One lane for each of the samples picked, one step."""
    picks = np.array(picks)[:, None]
    return tb.run(
        problem, tb.method("sls", **hyper), steps=1, batch=1, seeds=range(len(picks)), theta=theta,
        sampler=lambda t, j: picks,
    ).theta[:, 0]  # fmt: skip


def test_the_moves_of_the_exact_counterexample():
    """SLS-05: with c = 1/10 and steps of 11/3 every first trial is accepted; just below it, to be safe of rounding."""
    first = 11 / 3 * (1 - 1e-9)
    moved = sls(tb.problem("mirrored"), [0, 1], 1.0, c=0.1, first=first, reset=2)
    np.testing.assert_allclose(moved, [-8 / 3, 69 / 80], rtol=4e-9)


@pytest.mark.parametrize(
    ("options", "x", "first", "limit"),
    [
        ({}, 1.0, 2.0, (1 - 3 / 80) / 4),
        ({"flat": 0.5}, 3.0, 2.0, 0.125),
        ({"flat": 0.0, "bend": 0.25}, 4.0, 32.0, 0.5 - 0.25 / 16),
    ],
)
def test_which_c_lets_a_step_land_as_far_on_the_other_side(options, x, first, limit):
    problem = tb.problem("mirrored", **options)
    assert sls(problem, [0], x, c=limit * (1 - 1e-9), first=first, reset=2) == -x
    assert sls(problem, [0], x, c=limit * (1 + 1e-9), first=first, reset=2) > -x
    assert sls(problem, [1], -x, c=limit * (1 - 1e-9), first=first, reset=2) == x


def test_sls_diverges_for_small_c_and_never_for_one_half():
    """Algorithm 3 as it stands: parabolas for c well below 1/4, hinges for c well below 1/2."""
    for options, diverging, converging in (({}, [0.1], [0.3, 0.5]), ({"flat": 0.0, "bend": 1e-3}, [0.1, 0.4], [0.5])):
        method = tb.method("sls", c=np.array(diverging + converging))
        problem = tb.problem("mirrored", **options)
        trace = tb.run(problem, method, steps=400, batch=1, seeds=range(40), sampler="fresh", every=None)
        grown = trace.full_loss[-1] / trace.full_loss[0]
        assert ((grown[:, : len(diverging)] > 1e10).sum(axis=0) >= 30).all()
        assert (grown[:, len(diverging) :] < 1e-30).all()


@pytest.mark.parametrize(("name", "value"), [("flat", -0.1), ("flat", 1.5), ("bend", 0.0), ("line", "other")])
def test_bad_options_are_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"{name}=.*accepted"):
        tb.problem("mirrored", **{name: value})
