"""Gradients against the Hessian: exact formulas by enumeration of all batches, dense Hessians by finite differences."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import toybox as tb
from chance import assert_uncorrelated, assert_uniform
from toybox.analysis import curvature
from toybox.analysis.curvature import Moments, alignment, follow, moments, top_eigenvalues
from toybox.problems import NoisyQuadratic
from zoo_cases import BATCH, METHODS, PROBLEMS, SIZE
from zoo_cases import problem as zoo_problem

TINY_STEP = 1e-5  # of finite differences: it leaves about 1e-10 of third derivatives, 1e-11 of rounding


class Population:
    """A few quadratics with Hessians of their own, at theta; everything by plain sums over all batches."""

    def __init__(self, seed, D=5, n=3):
        rng = np.random.default_rng(seed)
        root = rng.standard_normal((D, n, n)) * 10 ** rng.uniform(-1, 1, n)
        self.Q, self.m = root @ np.swapaxes(root, 1, 2), rng.standard_normal((D, n)) * 10 ** rng.uniform(-1, 1, n)
        self.theta, self.D, self.H = 2 * rng.standard_normal(n), D, self.Q.mean(axis=0)

    @property
    def problem(self):
        return NoisyQuadratic(self.Q, self.m)

    def gradient(self, theta, batch):
        return np.mean([self.Q[i] @ (theta - self.m[i]) for i in batch], axis=0)

    def gradients(self, B):
        return [self.gradient(self.theta, batch) for batch in combinations(range(self.D), B)]

    def alignment(self, B):
        drawn = self.gradients(B)
        return sum(g @ self.H @ g for g in drawn) / sum(g @ g for g in drawn)

    def cosine(self, B, rate):
        over = under = 0.0
        for g in self.gradients(B):
            later = [self.gradient(self.theta - rate * g, batch) for batch in combinations(range(self.D), B)]
            over, under = over + g @ np.mean(later, axis=0), under + g @ g
        return over / under

    def expected_loss(self, B, rate):
        """The mean over all batches of the full loss after a step."""
        after = [self.theta - rate * g for g in self.gradients(B)]
        return np.mean([(x - m) @ Q @ (x - m) / 2 for x in after for Q, m in zip(self.Q, self.m, strict=True)])


seeds = st.integers(0, 10**6)


@given(seeds)
def test_the_exact_ratio_of_expectations_is_that_of_all_batches(seed):
    p = Population(seed)
    m = moments(p.problem, p.theta)
    found = [p.alignment(B) for B in range(1, p.D + 1)]
    np.testing.assert_allclose(m.alignment(np.arange(1, p.D + 1)), found, rtol=1e-9)
    if abs(m.excess) > 1e-6 * abs(np.diff(found)).max():
        assert [later > former for former, later in pairwise(found)] == [m.alignment_grows] * (p.D - 1)


@given(seeds, st.floats(0.01, 3.0))
def test_the_statistic_of_turning_back_is_that_of_all_pairs_of_batches(seed, factor):
    p = Population(seed, D=4)
    m = moments(p.problem, p.theta)
    rate = factor / abs(m.excess)  # 1 is where it neither rises nor falls
    found = [p.cosine(B, rate) for B in range(1, p.D + 1)]
    size = 1 + rate * np.linalg.norm(p.H, 2)
    np.testing.assert_allclose(m.cosine(np.arange(1, p.D + 1), rate), found, rtol=0, atol=1e-9 * size)
    if abs(factor - 1) > 1e-3:
        assert [later < former for former, later in pairwise(found)] == [m.cosine_falls(rate)] * (p.D - 1)


@given(seeds, st.integers(1, 5))
def test_the_best_rate_is_the_vertex_of_the_expected_loss(seed, B):
    p = Population(seed)
    m = moments(p.problem, p.theta)
    best = m.rate(B)
    left, middle, right = (p.expected_loss(B, factor * best) for factor in (0, 1, 2))
    assert left == pytest.approx(right, rel=1e-7)  # a parabola around it
    assert middle < left
    assert best == pytest.approx(m.rate(p.D) / (1 + m.noise_scale * (1 / B - 1 / p.D)), rel=1e-12)


def test_rates_grow_with_the_batch_and_are_infinite_without_a_minimum():
    p = Population(3)
    assert (np.diff(moments(p.problem, p.theta).rate(np.arange(1, 6))) > 0).all()
    assert Moments(5, np.ones(1), 1.0, -1.0, 1.0, 0.0).rate(2) == np.inf


def test_the_simple_noise_scale_is_the_unbiased_variance_over_the_square():
    p = Population(4)
    each = np.array(p.gradients(1))
    wanted = each.var(axis=0, ddof=1).sum() / (each.mean(axis=0) ** 2).sum()
    assert moments(p.problem, p.theta).simple_noise_scale == pytest.approx(wanted, rel=1e-12)


def planted(H, g, S, D=1000):
    """Quadratics with the Hessian H whose D gradients at the origin have exactly mean g and unbiased covariance S."""
    raw = np.random.default_rng(0).standard_normal((D, len(g)))
    raw -= raw.mean(axis=0)
    noise = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T))).T @ np.linalg.cholesky(S).T
    return NoisyQuadratic(H, -np.linalg.solve(H, (g + noise).T).T)


def test_an_alignment_that_falls_as_the_batch_grows():
    """The counterexample of WALK-05, with the numbers that are quoted there."""
    problem = planted(np.diag([10.0, 1.0]), np.array([0.0, 1.0]), np.diag([4.0, 0.1]))
    m = moments(problem, np.zeros(2))
    np.testing.assert_allclose(m.alignment([1, 10, 100, 1000]), [8.06, 3.54, 1.31, 1.00], atol=0.005)
    assert not m.alignment_grows
    means = alignment(problem, np.zeros(2), [1, 10, 100, 1000]).mean(axis=1)
    assert (np.diff(means) < 0).all()  # so does the mean of eq. 4


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.15, 0.19])
def test_whether_the_cosine_falls_is_decided_by_the_rate(rate):
    """Sharp mean, even noise: R - tr HS / tr S = 10 - 5.5, so that it falls from a rate of 1 / 4.5 = .222 on."""
    m = moments(planted(np.diag([10.0, 1.0]), np.array([2.0, 0.0]), np.eye(2)), np.zeros(2))
    assert m.excess == pytest.approx(4.5, rel=1e-9)
    for factor in (1, 2):
        assert m.cosine_falls(factor * rate) == (factor * rate > 1 / 4.5)
        assert (np.diff(m.cosine([1, 10, 100], factor * rate)) < 0).all() == (factor * rate > 1 / 4.5)


def test_without_noise_nothing_grows_or_falls():
    m = moments(NoisyQuadratic(np.diag([2.0, 1.0]), np.zeros((4, 2))), np.ones(2))
    assert (m.noise, m.bent_noise, m.alignment_grows, m.cosine_falls(9.0)) == (0, 0, False, False)
    alone = moments(NoisyQuadratic(np.eye(2), np.zeros(2)), np.ones(2))
    assert (alone.size, alone.noise) == (1, 0)


# --- against dense Hessians of all families of problems


def hessian(problem, theta):
    """By central differences of the full gradient, in one go: (dim, dim)."""
    steps = TINY_STEP * np.concatenate([np.eye(problem.dim), -np.eye(problem.dim)])
    there = problem.at(theta + steps, problem.population).gradient
    H = (there[: problem.dim] - there[problem.dim :]) / (2 * TINY_STEP)
    return (H + H.T) / 2


@pytest.mark.parametrize("name", PROBLEMS)
def test_moments_and_eigenvalues_are_those_of_the_dense_hessian(name):
    problem = zoo_problem(name)
    theta = problem.initial([7])[0]
    H, m = hessian(problem, theta), moments(problem, theta)
    each = np.array([problem.at(theta, np.array([i])).gradient for i in range(problem.size)])
    S, g = np.cov(each.T), each.mean(axis=0)
    wanted = g @ g, g @ H @ g, np.trace(S), np.trace(H @ S)
    size = np.linalg.norm(H, 2)
    bounds = np.array([1, size, 1, size]) * (g @ g + np.trace(S))
    assert (np.abs(np.array([m.square, m.bent, m.noise, m.bent_noise]) - wanted) < 1e-6 * bounds).all()
    np.testing.assert_allclose(m.g, g, rtol=0, atol=1e-12 * np.linalg.norm(g))
    eigenvalues = np.linalg.eigvalsh(H)[::-1]
    for k in (1, 3, problem.dim):
        np.testing.assert_allclose(top_eigenvalues(problem, theta, k), eigenvalues[:k], rtol=0, atol=1e-6 * size)
    quotients = alignment(problem, theta, [1, 5, problem.size], draws=7)
    assert quotients.shape == (3, 7)
    assert (quotients >= eigenvalues[-1] - 1e-6 * size).all()
    assert (quotients <= eigenvalues[0] + 1e-6 * size).all()
    np.testing.assert_allclose(quotients[2], m.bent / m.square, rtol=1e-9)


def test_the_largest_eigenvalue_is_not_that_of_largest_size():
    problem = NoisyQuadratic(np.diag([-9.0, 2.0, 1.0, -0.5]), np.zeros(4))
    np.testing.assert_allclose(top_eigenvalues(problem, np.ones(4), 2), [2, 1], rtol=1e-12)
    np.testing.assert_allclose(top_eigenvalues(problem, np.ones(4), 4), [2, 1, -0.5, -9], rtol=1e-12)


def test_alignments_are_those_of_batches_that_are_all_equally_likely():
    p, draws = Population(5), 3000
    wanted = np.sort([g @ p.H @ g / (g @ g) for g in p.gradients(2)])
    found = alignment(p.problem, p.theta, [2], draws=draws, seed=3)[0]
    which = np.abs(found[:, None] - wanted).argmin(axis=1)
    np.testing.assert_allclose(found, wanted[which], rtol=1e-9)
    assert_uniform(np.bincount(which, minlength=10), "batches of 2 of 5")


def test_a_draw_depends_on_seed_size_and_number_only():
    p = Population(6, D=30)
    both = alignment(p.problem, p.theta, [3, 4], draws=8, seed=1)
    np.testing.assert_array_equal(alignment(p.problem, p.theta, [4], draws=5, seed=1)[0], both[1, :5])
    assert (alignment(p.problem, p.theta, [4], draws=8, seed=2)[0] != both[1]).any()


def test_larger_batches_are_not_the_smaller_ones_with_more_samples():
    p = Population(7, D=60)
    assert_uncorrelated(*alignment(p.problem, p.theta, [9, 10], draws=1000))


@pytest.mark.parametrize("name", ["kernel, softmax", "factorization, rank 4"])
def test_blocks_change_nothing(name, monkeypatch):
    problem = zoo_problem(name)
    theta = problem.initial([1])[0]
    whole = moments(problem, theta), alignment(problem, theta, [1, 7], draws=9)
    monkeypatch.setattr(curvature, "BLOCK", 21 * problem.sample_bytes)
    monkeypatch.setattr(curvature, "LANES", 11)
    again = moments(problem, theta), alignment(problem, theta, [1, 7], draws=9)
    np.testing.assert_allclose(np.hstack(again[0]), np.hstack(whole[0]), rtol=1e-12)
    np.testing.assert_allclose(again[1], whole[1], rtol=1e-12)


# --- along a trajectory


@pytest.mark.parametrize("name", METHODS)
def test_following_a_run_does_not_disturb_it(name):
    problem, method = zoo_problem("factorization, rank 4"), tb.method(name)
    options = {"steps": 6, "batch": BATCH, "seeds": (3, 4), "sampler": "fresh", "every": 2}
    alone, found = tb.run(problem, method, **options), follow(problem, method, **options)
    for field in ("theta", "loss", "size", "arc", "status", "trials", "full_loss"):
        np.testing.assert_array_equal(getattr(found.trace, field), getattr(alone, field))
    for kind, paid in alone.counts.items():
        np.testing.assert_array_equal(found.trace.counts[kind], paid)
    assert found.cosine.shape == found.distance.shape == found.angle.shape == (6, 2)


def replayed(p, rate, seed, steps, batch):
    """SGD in plain NumPy on the same batches: cosines, distances, angles."""
    x, last, rows = p.theta, None, []
    cosine = lambda u, v: u @ v / np.sqrt((u @ u) * (v @ v))
    for t in range(steps):
        drawn = p.problem.draw(np.array([seed]), t, 0, batch, "fresh")[0]
        g, after = p.gradient(x, drawn), p.gradient(x - rate * p.gradient(x, drawn), drawn)
        rows.append((np.nan if last is None else cosine(last, g), np.linalg.norm(x - p.theta), cosine(after, g)))
        x, last = x - rate * g, g
    cosines, distances, ends = np.array(rows).T
    return cosines, distances, np.degrees(np.arccos(ends))


def test_what_is_noted_is_what_a_plain_loop_sees():
    p = Population(8, D=20)
    rates = np.array([0.1, 1.0]) / np.linalg.norm(p.H, 2)
    method = tb.method("sgd", rate=rates)
    found = follow(p.problem, method, steps=5, batch=3, seeds=[5, 6], theta=p.theta, sampler="fresh")
    for i, seed in enumerate([5, 6]):
        for j, rate in enumerate(rates):
            wanted = replayed(p, rate, seed, 5, 3)
            for name, column in zip(("cosine", "distance", "angle"), wanted, strict=True):
                np.testing.assert_allclose(getattr(found, name)[:, i, j], column, rtol=1e-7, atol=1e-9)
    assert np.isnan(found.cosine[0]).all()
    assert not np.isnan(found.cosine[1:]).any()


@pytest.mark.parametrize("name", ["exact", "pal"])
def test_a_minimum_of_the_line_is_at_a_right_angle(name):
    """On parabolas PAL's estimate is the minimum, if its largest step allows it."""
    method = tb.method(name, **({"beta": 0.0, "s_max": np.inf} if name == "pal" else {}))
    found = follow(zoo_problem("quadratic"), method, steps=20, batch=BATCH, seeds=range(3))
    np.testing.assert_allclose(found.angle, 90, atol=1e-5)


def test_angles_tell_short_from_far_and_cosines_turn_back():
    """Along an eigenvector of eigenvalue 2: 0 degrees short of the minimum 1/2, 180 beyond it; cosines 1 and -1."""
    problem = NoisyQuadratic(np.diag([2.0, 1.0]), np.zeros((3, 2)), start=np.array([1.0, 0.0]))
    found = follow(problem, tb.method("sgd", rate=np.array([0.4, 0.5, 0.6])), steps=2, batch=2)
    np.testing.assert_array_equal(found.angle[0, 0], [0, np.nan, 180])  # at the minimum the gradient is 0
    np.testing.assert_array_equal(found.cosine[1, 0], [1, np.nan, -1])
    np.testing.assert_allclose(found.distance[1, 0], [0.8, 1.0, 1.2], rtol=1e-15)


def test_an_ended_lane_has_no_angle():
    found = follow(zoo_problem("quadratic"), tb.method("sgd", rate=np.array([0.1, 1e200])), steps=8, batch=BATCH)
    ended = found.trace.status == int(tb.Status.NONFINITE)
    assert ended[-1, 0, 1]
    for noted in (found.angle, found.distance, found.cosine[1:]):
        assert not np.isnan(noted[..., 0]).any()
        assert np.isnan(noted[-1, 0, 1])


def test_seeds_in_groups_are_put_together(monkeypatch):
    problem, options = zoo_problem("kernel, logistic"), {"steps": 4, "batch": BATCH, "seeds": range(5)}
    wanted = follow(problem, tb.method("sls"), **options)
    monkeypatch.setattr("toybox.optimizer.GATHER", 2 * BATCH * problem.sample_bytes)
    found = follow(problem, tb.method("sls"), **options)
    for name in ("cosine", "distance", "angle"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))


# --- other backends, bad arguments


@pytest.mark.parametrize("name", ["quadratic", "factorization, rank 4", "kernel, logistic"])
def test_the_strict_backend_gives_the_same(name):
    here, there = zoo_problem(name), zoo_problem(name, backend="strict")
    theta = np.asarray(here.initial([0])[0])
    for a, b in zip(moments(here, theta), moments(there, theta), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)
    pair = [alignment(p, theta, [2, SIZE], draws=3) for p in (here, there)]
    np.testing.assert_allclose(*pair, rtol=1e-9)
    np.testing.assert_allclose(top_eigenvalues(here, theta, 2), top_eigenvalues(there, theta, 2), rtol=1e-9)
    runs = [follow(p, tb.method("pal"), steps=3, batch=BATCH) for p in (here, there)]
    np.testing.assert_allclose(runs[0].angle, runs[1].angle, rtol=1e-6)
    assert isinstance(runs[1].angle, np.ndarray)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: moments(p, np.zeros(3)), r"theta=array of shape \(3,\) .* shape \(5,\)"),
        (lambda p: alignment(p, "here", [1]), r"theta='here' .* shape \(5,\)"),
        (lambda p: top_eigenvalues(p, np.zeros((1, 5))), r"theta=array of shape \(1, 5\)"),
        (lambda p: alignment(p, np.zeros(5), [1, 41]), r"batch=41 .* from 1 to 40"),
        (lambda p: alignment(p, np.zeros(5), [0]), r"batch=0 .* from 1 to 40"),
        (lambda p: alignment(p, np.zeros(5), [1], draws=0), r"draws=0 .* at least 1"),
        (lambda p: top_eigenvalues(p, np.zeros(5), 6), r"k=6 .* from 1 to dim=5"),
        (lambda p: top_eigenvalues(p, np.zeros(5), 0), r"k=0 .* from 1 to dim=5"),
        (lambda p: follow(p, tb.method("sgd"), steps=0, batch=2), r"steps=0 .* at least 1"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call(zoo_problem("quadratic"))
