"""Demo D3: what its picture is drawn from, against closed forms and recursions by hand."""

import numpy as np
import pytest

import toybox as tb
from toybox.analysis.barriers import path
from toybox.demos import parabolas
from toybox.demos.parabolas import OFF, PLAIN, STEPS, TOGETHER, WEIGHTED

CONTROLS = parabolas.PARABOLAS.controls
RATIOS, ALPHAS = CONTROLS["ratio"].values, CONTROLS["alpha"].values


def bends(ratio):
    """Second derivatives of both parabolas, with mean 2; their minima are 0 and 2."""
    return np.array([1, ratio]) * 4 / (1 + ratio)


def test_the_first_picture_jumps_0_2_0_2():
    x = parabolas.courses(1.0, 1.0, PLAIN)["pal"]
    np.testing.assert_allclose(x[1:], [0, 2] * (STEPS // 2), atol=1e-12)
    np.testing.assert_allclose(parabolas.courses(1.0, 1.0, PLAIN)["average"][1:], 1, atol=1e-12)


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("alpha", ALPHAS)
def test_pal_jumps_around_halfway_whatever_the_ratio(ratio, alpha):
    """Each step multiplies the distance from the minimum shown by 1 - alpha: the homework's closed form."""
    x, low, high = (
        parabolas.iterates(ratio, "pal", "in turn", alpha)[:, 0],
        2 * (1 - alpha) / (2 - alpha),
        2 / (2 - alpha),
    )
    by_hand = [parabolas.START]
    for t in range(STEPS):
        by_hand.append(2 * (t % 2) + (1 - alpha) * (by_hand[-1] - 2 * (t % 2)))
    np.testing.assert_allclose(x, by_hand, atol=1e-10)
    left = 2 * abs(1 - alpha) ** (STEPS - 1) + 1e-10  # at most, of the distance from the cycle
    np.testing.assert_allclose(x[-2:], [low, high], atol=left)


@pytest.mark.parametrize("ratio", RATIOS)
def test_averaged_minimisers_are_right_if_and_only_if_the_curvatures_agree(ratio):
    best = bends(ratio) @ [0, 2] / bends(ratio).sum()
    assert parabolas.parabolas(ratio).solution[0] == pytest.approx(best, abs=1e-14)
    for alpha in ALPHAS:
        plain, weighted, together = (parabolas.averaged(ratio, alpha, how)[-1] for how in (PLAIN, WEIGHTED, TOGETHER))
        left = 3 * abs(1 - alpha) ** STEPS + 1e-10
        assert plain == pytest.approx(1, abs=left)
        assert (abs(plain - best) <= left) == (ratio == 1)
        assert weighted == pytest.approx(best, abs=left)
        assert together == pytest.approx(best, abs=left)


@pytest.mark.parametrize("ratio", RATIOS)
def test_sgd_drifts_near_the_minimum_of_the_mean(ratio):
    x = [parabolas.START]
    for t in range(STEPS):
        x.append(x[-1] - parabolas.RATE * bends(ratio)[t % 2] * (x[-1] - 2 * (t % 2)))
    found = parabolas.courses(ratio, 1.0, OFF)["sgd"]
    np.testing.assert_allclose(found, x, atol=1e-12)
    assert abs(found[-2:].mean() - parabolas.parabolas(ratio).solution[0]) < 0.06


def test_at_ratio_1_it_is_the_named_problem():
    named, turns = tb.problem("alternating"), {"batch": 1, "sampler": lambda t, j: np.array([[(t + j) % 2]])}
    x = path(named, tb.method("sgd", rate=parabolas.RATE), steps=STEPS, theta=parabolas.START, **turns)
    np.testing.assert_allclose(parabolas.iterates(1.0, "sgd", "in turn")[:, 0], x[:, 0, 0], atol=1e-13)


def test_the_losses_drawn():
    x = np.array([-1.0, 0.5, 2.0])
    for ratio in RATIOS:
        a, b = bends(ratio) / 2
        np.testing.assert_allclose(parabolas.loss(ratio, 0, x), a * x**2, atol=1e-13)
        np.testing.assert_allclose(parabolas.loss(ratio, 1, x), b * (x - 2) ** 2, atol=1e-13)
        np.testing.assert_allclose(parabolas.loss(ratio, None, x), (a * x**2 + b * (x - 2) ** 2) / 2, atol=1e-13)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_the_answer_is_halfway_at_every_alpha(alpha):
    found = parabolas.answer(9.0, alpha, OFF, 3)
    assert found.right == parabolas.HALFWAY
    assert found.right in parabolas.PARABOLAS.answers
    assert "minimum of the mean is at 1.500" in found.words
