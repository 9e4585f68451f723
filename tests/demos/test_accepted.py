"""D1: the sets of the picture against closed forms and against the inequalities, evaluated at the problem itself."""

from itertools import product

import numpy as np
import pytest

from toybox.demos import accepted
from toybox.demos.accepted import ACCEPTED, FIRST, LINES, line, searches, sets

C1, C2, BETA = (ACCEPTED.controls[name].values for name in ("c1", "c2", "beta"))


def measured(function, s):
    """Change and slope of the loss at steps s (k,), point by point, in the units of the picture."""
    at = line(function)
    d = -at.unit * at.point.gradient
    here = [at.problem.at(at.point.theta + x * d, at.point.sample) for x in (0.0, 1.0, *s)]
    change = np.array([float(point.value[0]) for point in here]) - float(at.point.value[0])
    slope = np.array([float((point.gradient * d).sum()) for point in here])
    gain = -change[1]
    return change[2:] / gain, slope[2:] / gain, slope[0] / gain


def test_on_the_parabola_all_ends_are_the_closed_forms():
    for c1, c2 in product(C1, C2):
        ends = {
            "Armijo": (0, 2 * (1 - c1)),
            "Wolfe": (1 - c2, 2 * (1 - c1)),
            "strong Wolfe": (1 - c2, min(2 * (1 - c1), 1 + c2)),
            "Goldstein": (2 * c1, 2 * (1 - c1)),
        }
        for name, found in sets("parabola", c1, c2).items():
            np.testing.assert_allclose(found.pairs, [ends[name]], atol=1e-7, err_msg=f"{name} {c1} {c2}")


@pytest.mark.parametrize("function", LINES)
def test_the_sets_are_where_the_inequalities_hold(function):
    s = np.linspace(0.003, 0.997, 97) * line(function).reach
    change, slope, slope0 = measured(function, s)
    np.testing.assert_allclose(line(function).phi(s), change, atol=1e-8)  # the curve drawn
    for c1, c2 in ((C1[0], C2[-1]), (0.1, 0.5), (C1[-1], C2[0])):
        low = change - c1 * slope0 * s
        excess = {  # <= 0 where accepted
            "Armijo": low,
            "Wolfe": np.maximum(low, c2 * slope0 - slope),
            "strong Wolfe": np.maximum(low, np.abs(slope) + c2 * slope0),
            "Goldstein": np.maximum(low, (1 - c1) * slope0 * s - change),
        }
        for name, found in sets(function, c1, c2).items():
            clear = np.abs(excess[name]) > 1e-6
            assert clear.sum() > 80
            np.testing.assert_array_equal(found.contains(s[clear]), excess[name][clear] < 0, err_msg=name)


@pytest.mark.parametrize("function", LINES)
def test_the_trials_are_what_backtracking_does_and_every_search_ends_in_its_set(function):
    for c1, c2, beta in product(C1[::2], C2[::2], BETA[::2]):
        found, accepts = searches(function, c1, c2, beta), sets(function, c1, c2)
        trials = found["Armijo"].trials
        expected = FIRST * line(function).reach * beta ** np.arange(len(trials))
        np.testing.assert_allclose(trials, expected, rtol=1e-9)
        assert accepts["Armijo"].contains(trials).tolist() == [False] * (len(trials) - 1) + [True]
        for name, search in found.items():
            assert not search.found or accepts[name].contains(search.trials[-1]), (name, c1, c2, beta)
            assert search.price.startswith(f"{len(search.trials)} losses")


def test_the_point_sets_in_pieces_down_to_zero_and_without_the_minimum():
    bumpy, quartic = sets("bumpy", 0.1, 0.5), sets("quartic", 0.1, 0.5)
    assert [len(found.pairs) for found in bumpy.values()] == [2, 2, 2, 2]
    assert all(sets(function, c1, 0.5)["Armijo"].pairs[0][0] == 0 for function, c1 in product(LINES, C1))
    assert all(sets(function, c1, 0.5)["Wolfe"].contains(1e-3) == 0 for function, c1 in product(LINES, C1))
    assert quartic["strong Wolfe"].contains(1.0)
    assert not quartic["Goldstein"].contains(1.0)
    shrunk = [searches("bumpy", 0.1, 0.5, beta)["Armijo"].trials for beta in (0.5, 0.9)]
    assert len(shrunk[0]) < len(shrunk[1])  # fewer trials


@pytest.mark.parametrize("function", LINES)
def test_the_answer_is_what_the_loss_at_the_minimum_says(function):
    change, _, slope0 = measured(function, [1.0])
    share = change[0] / slope0
    right = "none of them" if share < accepted.ASKED else "all but Goldstein" if share > 0.6 else "all four"
    for c2 in C2:
        said = ACCEPTED.answer(function, 0.1, c2, 0.8)
        assert said.right == right
        assert said.right in ACCEPTED.answers
        assert f"{share:.2f}" in said.words
