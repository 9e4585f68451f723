"""D5: step sizes against a search written out by hand and against gamma^epoch beta^backtracks."""

import numpy as np
import pytest

from toybox.demos.growing import BETA, EPOCHS, GROWING, PROBLEMS, balance, each_epoch, problem, undone, walk


def by_hand(name, gamma, c, seed, epochs):
    """Algorithm 3 of the dissertation in plain steps: sizes and rejected trials."""
    p, batch = problem(name), PROBLEMS[name][2]
    theta, s, sizes, rejected = p.initial([seed]), 1.0, [], []
    for t in range(epochs * p.size // batch):
        sample = p.draw(np.array([seed]), t, 0, batch)
        here = p.at(theta, sample)
        g, value = here.gradient, float(here.value[0])
        s, count = s * gamma ** (batch / p.size), 0
        while float(p.at(theta - s * g, sample).value[0]) > value - c * s * float((g * g).sum()):
            s, count = BETA * s, count + 1
        theta = theta - s * g
        sizes.append(s)
        rejected.append(count)
    return sizes, rejected


@pytest.mark.parametrize(("name", "gamma", "c"), [("factorization, rank 1", 4.0, 0.1), ("logistic", 4.0, 0.5)])
def test_a_walk_is_the_algorithm(name, gamma, c):
    run = walk(name, gamma, c, 3, epochs=4)
    sizes, rejected = by_hand(name, gamma, c, 3, epochs=4)
    assert run.backtracks.tolist() == rejected
    assert sum(rejected) > 10
    np.testing.assert_allclose(run.size, sizes, rtol=1e-9)


@pytest.mark.parametrize("name", PROBLEMS)
def test_growth_and_backtracks_explain_the_step(name):
    for gamma, c in ((2.0, 0.1), (8.0, 0.9)):
        run = walk(name, gamma, c, 0)
        explained = gamma**run.epochs * BETA ** np.cumsum(run.backtracks)
        np.testing.assert_allclose(run.size, explained, rtol=1e-3 if name == "mushrooms" else 1e-9)  # float32
        assert undone(name, gamma, c, 0) == pytest.approx(
            1 - np.log(run.size[-1]) / np.log(gamma ** run.epochs[-1]), abs=1e-4
        )
        counted = [run.backtracks[(run.epochs > k) & (run.epochs <= k + 1)].sum() for k in range(EPOCHS)]
        np.testing.assert_allclose(each_epoch(run), counted)
    assert gamma * BETA ** balance(gamma) == pytest.approx(1)


def test_mushrooms_never_backtracks_in_the_published_epochs():
    run = walk("mushrooms", 1.5, 0.1, 0, epochs=35)
    assert len(run.size) == 2274
    assert run.backtracks.sum() == 0
    np.testing.assert_allclose(run.size, 1.5**run.epochs, rtol=1e-3)


def test_at_the_default_only_mushrooms_is_a_schedule():
    state = {name: control.value for name, control in GROWING.controls.items()}
    found = {name: undone(name, state["gamma"], state["c"], state["seed"]) for name in PROBLEMS}
    assert found.pop("mushrooms") == 0
    assert all(0.5 < share < 1.1 for share in found.values()), found


def test_the_answer_follows_the_strict_run():
    rights = []
    for gamma in GROWING.controls["gamma"].values:
        said = GROWING.answer("digits", gamma, 0.1, 0)
        run = walk("mushrooms", gamma, 0.9, 0)
        left = np.log(run.size[-1]) / np.log(gamma ** run.epochs[-1])
        rights.append(GROWING.answers.index(said.right))
        assert rights[-1] == (0 if run.backtracks.sum() == 0 else 1 if left > 0.5 else 2 if left > 0 else 3)
        assert f"{run.backtracks.sum()} backtracks" in said.words
    assert rights == sorted(rights)
    assert len(set(rights)) > 1
