import numpy as np

import toybox as tb
from toybox.demos import dial
from toybox.looks import LOOKS


def by_hand(spread, seed, steps):
    """Loss above the floor of exact line search on batches of one sample, step by step in NumPy."""
    problem = tb.problem("quadratic", dim=2, size=100, condition=20.0, spread=spread)
    Q, m = (np.asarray(table) for table in (problem.Q, problem.m))
    losses, lowest = [], np.linalg.solve(Q.sum(0), np.einsum("nij,nj->i", Q, m))

    def loss(x):
        return 0.5 * np.einsum("ni,nij,nj->", x - m, Q, x - m) / len(m)

    x = np.array(problem.initial(np.array([seed]))[0])
    for t in range(steps):
        losses.append(loss(x) - loss(lowest))
        i = int(problem.draw(np.array([seed]), t, 0, 1)[0, 0])
        g = Q[i] @ (x - m[i])
        x = x - (g @ g) / (g @ Q[i] @ g) * g
    return np.array(losses)


def test_the_curves_are_those_of_a_plain_loop():
    mine = np.median([by_hand(0.1, seed, 40) for seed in range(dial.RUNS)], axis=0)
    np.testing.assert_allclose(dial.losses("exact", 0.1, 1, 0)[:40], mine, rtol=1e-6)


def test_the_dial_turns_the_order_around():
    best = {spread: min(dial.end(name, spread, 1, 0) for name in dial.METHODS) for spread in (0.0, 1.0)}
    assert dial.end("exact", 0.0, 1, 0) == best[0.0]  # down to what is drawn: among the best
    assert sum(dial.end(name, 1.0, 1, 0) > dial.end("exact", 1.0, 1, 0) for name in dial.METHODS) < 2  # the worst
    assert dial.end("exact", 1.0, 1, 0) > 100 * dial.end("exact-full", 1.0, 1, 0)
    assert dial.end("exact", 1.0, 1, 0) > 3 * dial.end("sgd", 1.0, 1, 0)
    assert dial.end("exact-full", 1.0, 1, 0) == best[1.0]


def test_batches_of_all_samples_do_not_feel_the_spread():
    for name in ("exact", "pal"):
        np.testing.assert_allclose(*(dial.losses(name, s, 100, 0)[:8] for s in (0.0, 1.0)), rtol=1e-6, atol=1e-14)


def test_the_answer_compares_what_it_says():
    said = dial.answer(0.0, "all", 1, 0)
    one, ten = dial.end("exact", 1.0, 1, 0), dial.end("exact", 1.0, 10, 0)
    assert f"{one / ten:.1f} times lower" in said.words
    distance = {name: abs(np.log(one / ten) - np.log(factor)) for name, factor in dial.FACTORS.items()}
    assert distance[said.right] == min(distance.values())
    assert all(name in LOOKS for name in dial.METHODS)
