"""D4: the parabolas are those that the rules fit, on the lines of a run, and the batch that gave a line is special."""

import matplotlib.colors
import numpy as np
import pytest

import toybox as tb
from toybox.analysis import sample
from toybox.demos import whose

BATCH, T = 16, 12


def drawn(j):
    return whose.problem().draw(np.array([whose.SEED]), T, j, BATCH, "fresh")


def value(theta, batches):
    return whose.problem().at(theta[None], batches).value[0]


def line(*batches):
    """theta, the unit vector along -g, and the loss on these batches together as a function of the length."""
    theta = whose.way(BATCH)[T]
    g = whose.problem().at(theta[None], drawn(0)).gradient[0]
    d = -g / np.linalg.norm(g)
    together = np.concatenate([drawn(j) for j in batches], axis=1)
    return theta, g, d, lambda s: value(theta + s * d, together)


@pytest.mark.parametrize("mu", [0.03, 1.0])
def test_pals_parabola_goes_through_its_two_losses_with_the_slope_of_the_batch(mu):
    _, g, _, phi = line(0)
    b = -np.linalg.norm(g)
    a = (phi(mu) - phi(0) - b * mu) / mu**2  # eq. 4.2
    one = whose.fit(
        "pal",
        mu,
        BATCH,
    )
    assert [one.value[T], one.slope[T]] == pytest.approx([phi(0), b], rel=1e-12)
    assert one.bend[T] == pytest.approx(a, rel=1e-9)
    assert one.step[T] == pytest.approx(-b / (2 * a), rel=1e-9)


@pytest.mark.parametrize("times", [1, 5])
def test_labpals_parabola_goes_through_three_losses_on_its_batches_together(times):
    _, _, _, phi = line(*range(times))
    one = whose.fit("labpal-nsgd", times, BATCH)
    for s in (0, 1e-4, 1e-2):
        assert whose.parabola(one, T, s) == pytest.approx(phi(s), abs=1e-12)
    assert one.step[T] == pytest.approx(-one.slope[T] / (2 * one.bend[T]), rel=1e-9)


def test_slopes_at_0_are_those_of_the_gradients():
    theta, g, d, _ = line(0)
    m = whose.problem().at(theta[None], whose.problem().population).gradient[0]
    assert whose.fit("exact", 0, BATCH).slope[T] == pytest.approx(-np.linalg.norm(g))
    assert whose.fit("exact-full", 0, BATCH).slope[T] == pytest.approx(m @ d)


def test_minima_are_those_of_the_lines_of_the_run():
    lines = sample(
        whose.problem(), tb.method("sgd", rate=whose.RATE), steps=whose.STEPS + 1, batch=BATCH, seeds=(whose.SEED,),
        sampler="fresh", unit="arc", window=(-0.5, 3.5), points=81,
    )  # fmt: skip
    assert whose.fit("exact-full", 0, BATCH).step == pytest.approx(lines.optimum[:, 0], rel=1e-3)
    assert whose.fit("exact", 0, BATCH).step == pytest.approx(lines.batch_optimum[:, 0], rel=1e-3)


@pytest.mark.parametrize("batch", [4, 16, 64])
def test_a_larger_batch_pulls_the_parabola_to_that_of_all_data(batch):
    found = whose.fits(batch, 0.1, 1)
    assert (found["exact"].slope < found["exact-full"].slope).all()
    few, some, many = (whose.farther(whose.fits(batch, 0.1, times))["labpal-nsgd"] for times in (1, 5, 40))
    assert 1.8 < whose.farther(found)["pal"]
    assert few > some > many
    assert many - 1 < 0.3 * (few - 1)


def test_what_the_homework_expects():
    """E of the slope along -g: -(|m|^2 + tr C / B) on the batch, -|m|^2 on all data (drawn without replacement)."""
    problem, theta = whose.problem(), whose.way(BATCH)[T]
    each = problem.at(np.broadcast_to(theta, (problem.size, problem.dim)), np.arange(problem.size)[:, None]).gradient
    m, spread = each.mean(axis=0), each.var(axis=0, ddof=1).sum()
    draws = problem.draw(np.arange(400), 0, 0, BATCH, "fresh")
    g = each[draws].mean(axis=1)
    own, full = (g * g).sum(axis=1), g @ m
    excess = spread / BATCH * (1 - BATCH / problem.size)
    for seen, expected in ((own, m @ m + excess), (full, m @ m)):
        assert abs(seen.mean() - expected) < 4 * seen.std() / len(seen) ** 0.5
    assert excess > m @ m  # at least twice as steep


@pytest.mark.parametrize(("batch", "right"), [(16, "more than twice as far"), (64, "1.2 to 2 times as far")])
def test_the_answer_is_counted(batch, right):
    ratios = whose.fit("pal", 0.1, batch).step / whose.fit("exact-full", 0, batch).step
    answer = whose.answer(batch, 0.1, 10, 5)
    assert answer.right == right
    assert answer.words.startswith(f"In the median {np.median(ratios):.2f} times")


def test_curves_have_their_colours():
    axes = whose.draw(BATCH, 0.1, 5, T).axes[0]
    phi = line(0)[-1]
    (blue,) = (one for one in axes.lines if one.get_label() == "its own batch")
    assert blue.get_ydata()[[0, -1]] == pytest.approx([phi(s) for s in blue.get_xdata()[[0, -1]]])
    assert matplotlib.colors.same_color(blue.get_color(), whose.BATCH)
    assert sum(one.get_linewidth() < 1 for one in axes.lines) == whose.OTHERS
