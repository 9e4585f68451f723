"""D7: what was seen are fresh batches; the belief is a Gaussian process and nearer to the truth than a spline."""

import numpy as np
import pytest

import toybox as tb
from toybox.analysis import beliefs
from toybox.demos import belief

DEFAULT = {name: control.value for name, control in belief.BELIEF.controls.items()}
GRID = np.linspace(0, 2, 41)


def start(seed, batch):
    """The first iterate, its batch and gradient, and the loss on any samples after a step s."""
    problem, seeds = belief.problem(), np.array([belief.START + seed])
    theta = problem.initial(seeds)
    draw = lambda j: problem.draw(seeds, 0, j, batch, "fresh")
    g = problem.at(theta, draw(0)).gradient
    return draw, lambda s, batch: problem.at(theta - s * g, batch), g


def test_every_observation_is_a_fresh_batch():
    one = belief.search(10, 0.8, 0)
    b = beliefs(one.seen, GRID)
    draw, at, g = start(0, 10)
    assert len(one.points) == 4
    for j, s in enumerate([0.0, *one.points]):
        point = at(s, draw(j))
        assert b.s[j] == s
        assert b.values[j] == pytest.approx(point.value[0] - at(0, draw(0)).value[0], abs=1e-12)
        assert b.slopes[j] == pytest.approx(-(point.gradient * g).sum(), rel=1e-9)


def test_the_belief_is_that_of_a_once_integrated_wiener_process():
    """Posterior mean and variance from the covariance of values and slopes, in the units of the first trial."""
    one = belief.search(10, 0.8, 0)
    b = beliefs(one.seen, GRID)
    steep = -b.slopes[0]
    unit = steep * belief.FIRST
    value = lambda s, t: np.minimum(s, t) ** 3 / 3 + abs(s - t) * np.minimum(s, t) ** 2 / 2
    by_t = lambda s, t: np.where(s < t, s * s / 2, s * t - t * t / 2)
    u, grid = b.s / belief.FIRST + 10, GRID / belief.FIRST + 10
    across = lambda a, c: (a[:, None], c[None])
    cross = np.hstack([value(*across(grid, u)), by_t(*across(grid, u))])
    inner = np.block([
        [value(*across(u, u)), by_t(*across(u, u))], [by_t(*across(u, u)).T, np.minimum(*across(u, u))]
    ])  # fmt: skip
    n = len(u)
    inner += np.diag([(b.value_sd / unit) ** 2] * n + [(b.slope_sd / steep) ** 2] * n)
    seen = np.concatenate([b.values / unit, b.slopes / steep])
    variance = value(grid, grid) - (cross * np.linalg.solve(inner, cross.T).T).sum(axis=1)
    assert b.mean == pytest.approx(unit * (cross @ np.linalg.solve(inner, seen)), abs=1e-6)
    assert b.sd == pytest.approx(unit * np.sqrt(variance), rel=1e-4)


@pytest.mark.parametrize("batch", [5, 10, 50])
def test_the_belief_is_nearer_to_all_data_than_the_spline(batch):
    errors = np.array([belief.errors(belief.search(batch, 0.8, seed)) for seed in range(20)])
    assert (errors[:, 0] < errors[:, 1]).sum() >= 15
    assert np.median(errors[:, 1] / errors[:, 0]) > 1.25


def test_the_spline_goes_through_all_that_was_seen():
    b = beliefs(belief.search(10, 0.8, 0).seen, GRID)
    assert belief.spline(b)(b.s) == pytest.approx(b.values, abs=1e-12)
    assert belief.spline(b)(b.s, 1) == pytest.approx(b.slopes, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_without_noise_both_are_one_curve_and_observed_points_are_certain(seed):
    one = belief.search(100, 0.8, seed)
    grid = np.linspace(0, one.points.max(), 50)
    b = beliefs(one.seen, grid)
    assert b.value_sd == b.slope_sd == 0
    assert b.mean == pytest.approx(belief.spline(b)(grid), abs=1e-9)
    assert b.mean == pytest.approx(one.true(grid), abs=1e-9)
    assert np.isin(beliefs(one.seen, one.points).wolfe.round(6), [0, 1]).all()
    assert ((0.01 < b.wolfe) & (b.wolfe < 0.99)).any()


@pytest.mark.parametrize("seed", range(6))
def test_truth_and_its_wolfe_conditions_by_hand(seed):
    one = belief.search(10, 0.3, seed)
    draw, at, g = start(seed, 10)
    everything = belief.problem().population
    loss = lambda s: at(s, everything).value[0]
    slope = lambda s: -(at(s, everything).gradient * g).sum()
    first = at(0, draw(0)).value[0]
    assert one.true(GRID) == pytest.approx([loss(s) - first for s in GRID])
    assert slope(one.minimum()) == pytest.approx(0, abs=1e-9 * abs(slope(0)))
    for s in (one.taken, *(one.minimum() * np.array([0.15, 0.25, 1, 1.85, 1.95, 2.1]))):
        both = loss(s) <= loss(0) + 0.05 * s * slope(0) and slope(s) >= 0.8 * slope(0)
        assert one._replace(taken=s).wolfe() == both


def test_accepted_points_are_probable_and_the_next_is_a_candidate():
    for seed in range(8):
        one = belief.search(10, 0.8, seed)
        there = lambda s, n, one=one: beliefs(one.seen, np.array([s]), n)
        if one.found:
            assert there(one.taken, None).wolfe[0] > 0.8
        for n in range(1, len(one.points)):
            before = beliefs(one.seen, one.points[:n], n)
            assert before.wolfe.max() <= 0.8
            assert np.isclose(before.candidates, one.points[n]).any() or one.points[n] < one.points[:n].min()


def test_a_picture_says_where_the_search_has_ended():
    def title(**changed):
        return belief.draw(**DEFAULT | changed).axes[0].get_title()

    assert title() == "after 4 observations"
    assert title(n=9) == "asked for 9 observations, but the search ended after 4 observations"
    assert title(n=1) == "after 1 observation"

    def marked(**changed):
        axes = belief.draw(**DEFAULT | changed).axes[0]
        return next(text.xy[0] for text in axes.texts), axes.texts[0].get_text()

    one = belief.search(10, 0.8, 0)
    assert marked() == marked(n=9) == (one.taken, "accepted")
    assert marked(n=2) == (one.points[2], "next")


def test_the_answer_is_counted():
    errors = [belief.errors(belief.search(10, 0.8, seed)) for seed in range(belief.SEARCHES)]
    nearer = sum(mine < through for mine, through in errors)
    answer = belief.answer(**DEFAULT)
    assert nearer > 18
    assert answer.right == "on more than nine tenths"
    assert f"nearer on {nearer} of 20 lines" in answer.words
    assert belief.answer(**DEFAULT | {"batch": 100}).right == "on none: both are one curve"
    assert belief.answer(**DEFAULT | {"threshold": 0.3}).right == "on half to nine tenths"
    assert tb.METHODS["pls"].make().rule.threshold == 0.3  # the lead says so
