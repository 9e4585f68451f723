"""The energy balance against stationary covariances, closed forms, and what an interval promises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import solve_discrete_lyapunov

import toybox as tb
from chance import assert_mean
from toybox.analysis import sample
from toybox.analysis.balance import Energies, balance, energies, singles

Q = np.array([[2.0, 0.5, 0.3], [0.5, 1.5, -0.4], [0.3, -0.4, 1.0]])
BATCH, SIZE = 4, 24


@pytest.fixture(scope="module")
def problem():
    return tb.problems.NoisyQuadratic(Q, np.random.default_rng(2).standard_normal((SIZE, 3)))


def method(rate, beta):
    return tb.method("momentum", rate=rate, beta=beta) if beta else tb.method("sgd", rate=rate)


def stationary(problem, rate, beta):
    """E[g'u] and E[u'Hu] of independent batches from the covariance of (x - x*, the m before the step)."""
    e = problem.solution - problem.m
    noise = (SIZE - BATCH) / (BATCH * (SIZE - 1)) * Q @ (e.T @ e / SIZE) @ Q
    eye = np.eye(3)
    A = np.block([[eye - rate * Q, -rate * beta * eye], [Q, beta * eye]])
    kick = np.block([[rate**2 * noise, -rate * noise], [-rate * noise, noise]])
    S = solve_discrete_lyapunov(A, kick)
    u = np.hstack([Q, beta * eye])  # u = Q e + beta m + noise
    return np.trace(Q @ S[:3] @ u.T), np.trace(Q @ (u @ S @ u.T + noise))


@pytest.mark.parametrize(("rate", "beta"), [(0.1, 0.0), (0.8, 0.0), (0.05, 0.9), (0.3, 0.5)])
def test_stationary_energies(problem, rate, beta):
    """Half of the rate exactly, with momentum, too; the measured energies by 5 standard errors over the runs."""
    gu, uHu = stationary(problem, rate, beta)
    np.testing.assert_allclose(gu / uHu, rate / 2, rtol=1e-12)
    options = {"steps": 500, "batch": BATCH, "seeds": range(60), "sampler": "fresh", "theta": problem.solution}
    found = energies(problem, method(rate, beta), **options)
    assert_mean(-found.slope[200:].mean(0), gu)
    assert_mean(found.curvature[200:].mean(0), uHu)
    books = balance(found, window=(200, 500))
    wide = balance(found, window=(200, 500), confidence=1 - 6e-7)
    assert wide.low < 0.5 < wide.high
    assert books.high - books.low < 0.02
    np.testing.assert_allclose(books.alpha * books.share, 1, rtol=1e-14)
    assert abs(books.drift) < 0.02


def test_the_loss_falls_by_the_books(problem):
    """Every step, in every phase, with another step each: the loss is a parabola along all of them."""
    found = energies(problem, tb.method("sls"), steps=40, batch=BATCH, seeds=range(3))
    fall = -found.slope * found.taken - found.curvature * found.taken**2 / 2
    size = np.abs(found.loss).max()
    np.testing.assert_allclose(found.loss[:-1] - found.loss[1:], fall[:-1], atol=1e-13 * size)


def test_early_the_best_rate_is_larger(problem):
    start = problem.solution + 30.0
    options = {"steps": 300, "batch": BATCH, "seeds": range(20), "sampler": "fresh", "theta": start}
    found = energies(problem, tb.method("sgd", rate=0.1), **options)
    early, late = balance(found, (0, 5)), balance(found, (200, 300))
    assert early.low > 2
    assert late.high < 0.6
    whole = balance(found, (0, 200))
    assert early.drift > whole.drift > 1
    np.testing.assert_allclose(whole.alpha + whole.drift, 2, rtol=2 / 200)  # the losses span one step less


def test_only_whole_epochs_balance(problem):
    """Without replacement the batches of an epoch make up for each other: the first of them overshoots most."""
    options = {"steps": 600, "batch": BATCH, "seeds": range(40), "theta": problem.solution}
    found = energies(problem, tb.method("sgd", rate=0.1), **options)
    books = balance(found, (120, 600), confidence=1 - 6e-7)
    assert books.low < 0.5 < books.high
    assert books.high - books.low < 0.02
    length = SIZE // BATCH
    first, last = (Energies(*(part[position::length] for part in found)) for position in (0, length - 1))
    assert balance(first).high < 0.3 < 0.6 < balance(last).low


def test_gradient_descent_is_far_from_it(problem):
    """Without noise alpha_eff is rate times the Rayleigh quotient of g, in the end that of the smallest eigenvalue."""
    found = energies(problem, tb.method("sgd", rate=0.1), steps=60, batch=SIZE, seeds=range(2))
    books = balance(found, (50, 60))
    np.testing.assert_allclose(books.alpha, 0.1 * np.linalg.eigvalsh(Q)[0], rtol=0.02)


@pytest.mark.parametrize("unit", ["d", "step", "newton", "arc"])
def test_lines_of_any_unit_say_the_same(unit):
    problem, optimizer = tb.problem("logistic", size=60, sigma=1.0), tb.method("sls", beta=np.array([0.5, 0.9]))
    options = {"steps": 12, "batch": 8, "seeds": range(3)}
    lines = sample(problem, optimizer, window=(0, 1), points=3, unit=unit, at=range(0, 12, 2), **options)
    found = energies(problem, optimizer, every=2, **options)
    np.testing.assert_array_equal(lines.t, found.t)
    np.testing.assert_allclose(singles(lines), singles(found), rtol=1e-6)  # curvatures of interpolants lose digits
    for one, other in zip(balance(lines, (4, 10)), balance(found, (4, 10)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def synthetic(rng, ratio, steps=40, seeds=6, lanes=1000, memory=0.9):
    """Energies with E[g'u] / E[u'Hu] = ratio whose noise remembers earlier steps; every lane is a repetition."""
    noise, kept = rng.standard_normal((steps, seeds, lanes)), np.zeros((seeds, lanes))
    kept = rng.standard_normal((seeds, lanes)) / (1 - memory**2) ** 0.5
    for t in range(steps):
        noise[t] = kept = memory * kept + noise[t]
    bend = rng.gamma(4.0, 0.25, (steps, seeds, lanes))
    return Energies(np.arange(steps), 0 * bend, -ratio * bend - 0.2 * noise, bend, 1 + 0 * bend)


def test_intervals_hold_what_they_promise():
    """Of 95 % over the seeds, within 5 binomial standard errors, however long the memory; stretches as short as half of
    it promise too much."""
    found = synthetic(np.random.default_rng(0), 0.5)
    held = lambda books: ((books.low < 0.5) & (books.high > 0.5)).mean()
    assert abs(held(balance(found)) - 0.95) < 5 * (0.95 * 0.05 / 1000) ** 0.5
    assert held(balance(found, blocks=8)) < 0.85
    assert abs(held(balance(found, confidence=0.5)) - 0.5) < 5 * (0.25 / 1000) ** 0.5


def test_stretches_of_a_stationary_run_are_cautious(problem):
    """The sum over a run telescopes, which stretches of it do not know."""
    options = {"steps": 600, "batch": BATCH, "seeds": range(40), "sampler": "fresh", "theta": problem.solution}
    found = energies(problem, tb.method("sgd", rate=0.3), **options)
    whole, stretches = balance(found, (100, 600)), balance(found, (100, 600), blocks=20)
    np.testing.assert_allclose(whole.share, stretches.share, rtol=1e-12)
    assert stretches.high - stretches.low > 2 * (whole.high - whole.low)


@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(-2, 4), st.integers(0, 2)), min_size=2, max_size=8))
def test_single_steps(rows):
    """lambda_opt / lambda = -slope / (curvature taken) where there is a minimum; moments are those of the list."""
    slope, curvature, taken = np.array(rows, float).T.reshape(3, -1, 1)
    found = Energies(np.arange(len(rows)), 0 * slope, slope, curvature, taken)
    expected = [-s / (c * t) if c > 0 and t else np.nan for s, c, t in rows]
    np.testing.assert_allclose(singles(found)[:, 0], expected)
    twice = Energies(found.t, *(np.concatenate([part, part], axis=1) for part in found[1:]))
    known = [x for x in expected if x == x]
    if known and sum(c * t * t for _, c, t in rows) and sum(s * t for s, _, t in rows):
        books = balance(twice)
        np.testing.assert_allclose([books.mean, books.sd], [np.mean(known), np.std(known)], atol=1e-12)
        np.testing.assert_allclose(books.quartiles[1], np.median(known), atol=1e-12)
        np.testing.assert_allclose(books.negative, np.mean(np.array(known) < 0))
        share = -sum(s * t for s, _, t in rows) / sum(c * t * t for _, c, t in rows)
        np.testing.assert_allclose(books.share, share)


def test_an_interval_by_hand():
    """Two runs with lambda g'u = 1, 3 and lambda^2 u'Hu = 2, 2: share 1, residues -1 and 1, of standard deviation
    sqrt 2 as two replicates have one degree of freedom; divided by the mean of 2 and by sqrt 2 that is 1/2. Student's t
    with one degree of freedom is Cauchy's: its quantile at .975 is the tangent of .475 pi."""
    gain, bend = np.array([[1.0, 3.0]]), np.array([[2.0, 2.0]])
    books = balance(Energies(np.arange(1), 0 * gain, -gain, bend, 1 + 0 * gain))
    half = np.tan(0.475 * np.pi) / 2
    np.testing.assert_allclose([books.low, books.share, books.high], [1 - half, 1, 1 + half], rtol=1e-12)


def test_a_window_ends_before_its_end():
    slope = -np.arange(1.0, 7.0)[:, None] * np.ones(2)
    found = Energies(np.arange(0, 12, 2), 0 * slope, slope, 0 * slope + 1, 0 * slope + 1)
    assert balance(found, (2, 6)).share == 2.5
    assert balance(found).share == 3.5


@pytest.mark.parametrize(
    ("seeds", "options", "named"),
    [
        (1, {}, "1 seed"),
        (2, {"blocks": 0}, "blocks=0"),
        (2, {"blocks": 9}, "blocks=9"),
        (2, {"window": (50, 60)}, "the number of steps"),
        (2, {"confidence": 1.0}, r"confidence=1\.0"),
    ],
)
def test_bad_input(seeds, options, named):
    ones = np.ones((8, seeds))
    with pytest.raises(ValueError, match=named):
        balance(Energies(np.arange(8), ones, -ones, ones, ones), **options)
