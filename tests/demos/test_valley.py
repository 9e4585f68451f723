"""Demo D8: what its picture is drawn from, against quadratics by hand (claims WALK-06, 07, 08 and 11)."""

import numpy as np
import pytest

from toybox.demos import valley
from toybox.demos.valley import STEPS

CONTROLS = valley.VALLEY.controls
ETAS, NOISES = CONTROLS["eta"].values, CONTROLS["noise"].values
START, H = CONTROLS["start"].value, np.array([1 / 20, 1.0])


def by_hand(theta):
    """Loss above the floor."""
    return (H * theta**2).sum(-1) / 2


def cosine(u, v):
    return (u * v).sum(-1) / np.linalg.norm(u, axis=-1) / np.linalg.norm(v, axis=-1)


def test_minimum_and_eigenvalues_are_those_named():
    for noise in NOISES:
        problem = valley.valley(noise)
        np.testing.assert_allclose(problem.solution, 0, atol=1e-13)
        np.testing.assert_allclose(problem.m.std(axis=0), noise)
        np.testing.assert_array_equal(problem.Q, np.diag(H))


@pytest.mark.parametrize("start", [START, (6.0, -3.0)])
def test_without_noise_a_step_multiplies_by_1_minus_eta_h(start):
    for eta in ETAS:
        exact = np.array(start) * (1 - eta * H) ** np.arange(STEPS + 1)[:, None]
        np.testing.assert_allclose(valley.walk(eta, 0.0, start).theta, exact, rtol=1e-11, atol=1e-13)


def test_2_over_the_largest_eigenvalue_is_the_cliff():
    ends = {eta: by_hand(valley.walk(eta, 0.0, START).theta) for eta in ETAS}
    for eta, loss in ends.items():
        assert (np.diff(loss) < 0).all() if eta <= 1.9 else loss[-1] > 0.75 * loss[0]
    assert ends[2.0][-1] == pytest.approx(START[1] ** 2 / 2, rel=1e-2)  # across it bounces for ever
    for noise in NOISES:
        last = [by_hand(valley.walk(eta, noise, START).theta[-10:]).mean() for eta in (1.9, 2.05, 2.3)]
        assert last[0] < by_hand(np.array(START)) < last[1] < last[2]


@pytest.mark.parametrize("noise", NOISES)
def test_no_barrier_and_a_minimum_inside_where_the_slopes_say_so(noise):
    for eta in ETAS:
        theta, between, _ = valley.walk(eta, noise, START)
        step, alpha = np.diff(theta, axis=0), np.linspace(0, 1, 301)[:, None, None]
        line = by_hand(theta[:-1] + alpha * step)
        ends = np.maximum(line[0], line[-1])
        assert (line <= ends * (1 + 1e-12)).all()
        assert not between.barriers.any()
        first, last = ((H * part * step).sum(-1) for part in (theta[:-1], theta[1:]))  # slopes
        np.testing.assert_array_equal(between.inside[:, 0], (first < 0) & (last > 0))
        drawn = between.loss + between.along[:, 0] - valley.valley(noise).floor
        np.testing.assert_allclose(drawn, line[::15].T, rtol=1e-9, atol=1e-13 * line.max())


def test_without_noise_minimum_and_cosine_follow_eta_times_the_rayleigh_quotient():
    for eta in ETAS:
        theta, between, found = valley.walk(eta, 0.0, START)
        g = H * theta
        R = (H * g**2).sum(-1) / (g**2).sum(-1)
        clear = np.abs(eta * R[:-1] - 1) > 1e-9
        np.testing.assert_array_equal(between.inside[clear, 0], (eta * R[:-1] > 1)[clear])
        np.testing.assert_allclose(found[1:], cosine(g[:-2], g[1:-1]), rtol=1e-9, atol=1e-9)
        assert np.isnan(found[0])


@pytest.mark.parametrize("noise", NOISES[1:])
def test_every_step_is_that_of_one_sample_and_the_cosine_that_of_the_steps(noise):
    for eta in (0.2, 1.0, 1.9):
        theta, _, found = valley.walk(eta, noise, START)
        step = np.diff(theta, axis=0)
        seen = theta[:-1] + step / (eta * H)  # the minimiser of the sample whose gradient was followed
        apart = np.abs(seen[:, None] - valley.valley(noise).m).max(-1)
        assert (apart.min(axis=1) < 1e-12).all()
        assert len(set(apart.argmin(axis=1).tolist())) == STEPS  # an epoch has 100
        np.testing.assert_allclose(found[1:], cosine(step[:-1], step[1:]), rtol=1e-9, atol=1e-9)


def test_at_the_first_picture_all_minima_lie_inside():
    theta, between, found = valley.walk(*(CONTROLS[name].value for name in ("eta", "noise", "start")))
    t = CONTROLS["t"].value
    assert between.inside[:t].all()
    assert (found[1 : t + 1] < -0.9).all()
    assert not valley.outside(theta).any()


@pytest.mark.parametrize(("eta", "t", "left"), [(1.9, STEPS, False), (2.3, 3, False), (2.3, STEPS, True)])
def test_diverged_runs_are_drawn_with_a_word(eta, t, left):
    plane = valley.draw(eta, 0.3, START, t).axes[0]
    assert any("left the picture" in text.get_text() for text in plane.texts) == left
    assert plane.get_xlim() == (-valley.WIDE, valley.WIDE)
    for (low, high), limits in zip(CONTROLS["start"][1:3], (plane.get_xlim(), plane.get_ylim()), strict=True):
        assert limits[0] < low
        assert high < limits[1]


def test_the_answer_is_none_in_every_state():
    for eta in (0.2, 1.9, 2.3):
        found = valley.answer(eta, 0.1, START, 0)
        assert found.right == valley.NONE
        assert found.right in valley.VALLEY.answers
