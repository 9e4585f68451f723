"""Problems: known solutions and floors, exact recursions, published numbers, derivatives by finite differences."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.spatial.distance import cdist

import toybox as tb
from chance import assert_mean
from toybox.problems import kernel as kernel_module
from toybox.problems.data import mushrooms, split
from toybox.problems.quadratic import expected_risk

EPS = 2.0**-52


def full(problem, theta):
    """Loss and gradient on the whole data set at one theta."""
    point = problem.at(np.asarray(theta)[None], problem.population)
    return float(point.value[0]), point.gradient[0]


# Noisy quadratics


@pytest.mark.parametrize("common", [True, False])
@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_solution_and_floor_are_the_optimum(common, spread):
    """BFGS stops at gradients of 1e-9; its loss is then within |g|^2 / (2 h_min) = 5e-17 of the minimum."""
    problem = tb.problem("quadratic", dim=4, size=30, condition=100, common=common, spread=spread)
    found = minimize(lambda x: full(problem, x), np.zeros(4), jac=True, method="BFGS", options={"gtol": 1e-9})
    np.testing.assert_allclose(problem.solution, found.x, atol=1e-6)
    assert problem.floor == pytest.approx(found.fun, rel=1e-12, abs=1e-15)
    value, gradient = full(problem, problem.solution)
    assert value == pytest.approx(problem.floor, rel=1e-13, abs=1e-30)
    assert np.abs(gradient).max() < 100 * EPS * 4
    assert (problem.floor == 0) == (spread == 0)


def test_offsets_raise_the_loss_and_nothing_else():
    rng = np.random.default_rng(0)
    Q, m, offsets = np.diag([1.0, 3.0]), rng.normal(size=(5, 2)), rng.normal(size=5)
    plain, raised = tb.problems.NoisyQuadratic(Q, m), tb.problems.NoisyQuadratic(Q, m, offsets)
    assert raised.floor == pytest.approx(plain.floor + offsets.mean(), rel=1e-14)
    theta, batch = np.ones((1, 2)), np.array([[0, 3]])
    a, b = plain.at(theta, batch), raised.at(theta, batch)
    np.testing.assert_allclose(b.value, a.value + offsets[[0, 3]].mean(), rtol=4 * EPS)
    np.testing.assert_array_equal(a.gradient, b.gradient)
    np.testing.assert_allclose(b.examples(theta)[0].mean(), b.value[0], rtol=4 * EPS)
    assert tb.problems.NoisyQuadratic(Q, m, 7.0).floor == pytest.approx(plain.floor + 7, rel=1e-14)


def test_only_the_symmetric_part_counts():
    rng = np.random.default_rng(0)
    Q, m = rng.normal(size=(3, 3)), rng.normal(size=(4, 3))
    skewed, symmetric = tb.problems.NoisyQuadratic(Q, m), tb.problems.NoisyQuadratic((Q + Q.T) / 2, m)
    theta = rng.normal(size=3)
    value, gradient = full(skewed, theta)
    e = theta - m
    assert value == pytest.approx(0.5 * np.einsum("di,ij,dj->d", e, Q, e).mean(), rel=1e-13)
    np.testing.assert_array_equal(gradient, full(symmetric, theta)[1])


def test_a_common_q_equals_the_same_q_for_every_sample():
    rng = np.random.default_rng(0)
    root, m, theta, d = (
        rng.normal(size=(3, 3)),
        rng.normal(size=(6, 3)),
        rng.normal(size=(2, 3)),
        rng.normal(size=(2, 3)),
    )
    Q, index = root @ root.T, np.array([[0, 5, 2], [1, 1, 4]])
    points = [tb.problems.NoisyQuadratic(q, m).at(theta, index) for q in (Q, Q[None], np.tile(Q, (6, 1, 1)))]
    for other in points[1:]:
        for name in ("value", "gradient"):
            np.testing.assert_allclose(getattr(other, name), getattr(points[0], name), rtol=1e-13)
        np.testing.assert_allclose(other.hvp(d), points[0].hvp(d), rtol=1e-13)
        s = np.array([[1.0, -2.0], [0.5, 0.1]])
        np.testing.assert_allclose(other.along(d).change(s), points[0].along(d).change(s), rtol=1e-12)


def test_without_spread_every_batch_has_its_minimum_at_the_solution():
    problem = tb.problem("quadratic", dim=5, size=20, spread=0)
    for i in range(problem.size):
        point = problem.at(problem.solution[None], np.array([[i]]))
        assert point.value == 0
        assert (point.gradient == 0).all()


@pytest.mark.parametrize(("spectrum", "condition"), [("log", 1e3), ("linear", 50.0), ("inverse", 7.0)])
def test_spectrum_and_condition_are_as_ordered(spectrum, condition):
    problem = tb.problem("quadratic", dim=7, condition=condition, spectrum=spectrum, common=True)
    values = np.linalg.eigvalsh(problem.Q)[::-1]
    ordered = {
        "log": condition ** -(np.arange(7) / 6),
        "linear": 1 - np.arange(7) / 6 * (1 - 1 / condition),
        "inverse": 1 / np.arange(1, 8),
    }[spectrum]
    np.testing.assert_allclose(values, ordered, rtol=1e-12)
    assert problem.condition == pytest.approx(condition, rel=1e-11)


def test_different_curvatures_have_the_ordered_mean():
    """Wishart matrices: each entry's mean over D samples, within five standard errors."""
    problem = tb.problem("quadratic", dim=3, size=4000, condition=10)
    same = tb.problem("quadratic", dim=3, size=4000, condition=10, common=True)
    assert_mean(problem.Q, same.Q)


@pytest.mark.parametrize("noise", [0.5, 2.0])
def test_the_noisy_quadratic_model_has_exactly_its_covariance(noise):
    problem = tb.problem("nqm", dim=8, size=50, noise=noise)
    h = 1 / np.arange(1, 9)
    np.testing.assert_allclose(problem.m.mean(axis=0), 0, atol=1e-13)
    np.testing.assert_allclose(problem.m.T @ problem.m / 50, noise**2 * np.diag(1 / h), atol=1e-11)
    gradients = np.stack([problem.at(np.zeros((1, 8)), np.array([[i]])).gradient[0] for i in range(50)])
    np.testing.assert_allclose(gradients.T @ gradients / 50, noise**2 * np.diag(h), atol=1e-12)


def test_alternating_parabolas():
    problem = tb.problem("alternating", delta=2.0, curvature=3.0)
    assert problem.size == 2
    for i, shift in enumerate((0.0, 2.0)):
        assert problem.at(np.array([[5.0]]), np.array([[i]])).value[0] == 3 * (5 - shift) ** 2


@pytest.mark.parametrize("sampler", ["replacement", "fresh"])
@pytest.mark.parametrize("momentum", [0.0, 0.6])
def test_the_expected_risk_is_the_mean_over_ten_thousand_runs(sampler, momentum):
    start = np.array([1.0, -2.0])
    problem = tb.problem("quadratic", dim=2, size=8, condition=5, common=True)
    method = tb.method("momentum", rate=0.3, beta=momentum)
    trace = tb.run(problem, method, steps=12, batch=3, seeds=range(10_000), sampler=sampler, every=3, theta=start)
    exact = expected_risk(problem, 0.3, 3, 12, start, sampler=sampler, momentum=momentum)
    assert exact[0] == pytest.approx(full(problem, start)[0], rel=1e-13)
    assert_mean(trace.full_loss, exact[trace.probe_steps], axis=1, rounding=1e-12)


def test_batches_of_everything_have_no_noise():
    problem = tb.problem("quadratic", dim=2, size=8, common=True)
    trace = tb.run(problem, tb.method("sgd", rate=0.3), steps=10, batch=8, theta=[1.0, 1.0])
    exact = expected_risk(problem, 0.3, 8, 10, [1.0, 1.0], sampler="fresh")
    np.testing.assert_allclose(trace.full_loss[:, 0], exact, rtol=1e-12)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_risk_settles_where_noise_and_contraction_balance(rate):
    """One dimension: the variance of x ends at rate sigma^2 / (h (2 - rate h)), sigma^2 that of the batch gradient."""
    h, m, B = 2.0, np.array([-1.0, 0.5, 3.0, 0.0]), 2
    problem = tb.problems.NoisyQuadratic([[h]], m[:, None], start=[9.0])
    sigma2 = h**2 * m.var() / B
    risk = expected_risk(problem, rate, B, 400)
    assert risk[-1] - problem.floor == pytest.approx(0.5 * h * rate * sigma2 / (h * (2 - rate * h)), rel=1e-12)


# Matrix factorization


@pytest.mark.parametrize(("rank", "floor"), [(1, 0.131786), (4, 0.00934884)])
def test_published_floors(rank, floor):
    assert tb.problem("factorization", rank=rank).floor == pytest.approx(floor, rel=5e-6)


@pytest.mark.parametrize(("data_seed", "floor"), [(42, 0.0093), (43, 0.0119), (44, 0.0038), (45, 0.0067), (46, 0.0082)])
def test_published_floors_of_five_data_seeds(data_seed, floor):
    assert tb.problem("factorization", rank=4, data_seed=data_seed).floor == pytest.approx(floor, abs=5e-5)


def test_published_singular_values_and_sizes():
    problem = tb.problem("factorization")
    A = np.linalg.lstsq(problem.X, problem.Y, rcond=None)[0]
    np.testing.assert_allclose(np.linalg.svd(A, compute_uv=False), [2.24, 0.80, 0.66, 0.45, 0.27, 0.14], atol=0.005)
    assert (problem.size, problem.dim, len(problem.test[0])) == (800, 160, 200)
    assert problem.condition == pytest.approx(2.24 / 0.14, rel=0.05)
    assert tb.problem("factorization", rank=None).dim == 60


def test_ten_and_none_interpolate_and_logspace_is_ill_conditioned():
    for rank in (6, 10, None):
        assert 0 <= tb.problem("factorization", rank=rank).floor < 1e-28
    assert tb.problem("factorization", rows="logspace").condition > 1e4


@pytest.mark.parametrize("rank", [1, 4, 6])
def test_the_floor_is_reached_by_the_best_rank_k_fit_and_by_nothing_below(rank):
    """Project the least-squares map on the first right singular vectors of its fit: W2 W1 = V V' M'."""
    problem = tb.problem("factorization", rank=rank)
    M = np.linalg.lstsq(problem.X, problem.Y, rcond=None)[0]
    V = np.linalg.svd(problem.X @ M, full_matrices=False)[2][:rank].T
    best = np.concatenate([(M @ V).T.ravel(), V.ravel()])
    value, gradient = full(problem, best)
    assert value == pytest.approx(problem.floor, rel=1e-11, abs=1e-28)
    assert np.abs(gradient).max() < 1e-13
    for seed in range(20):
        theta = best + 0.05 * np.random.default_rng(seed).normal(size=problem.dim)
        assert full(problem, theta)[0] > problem.floor


def test_floors_count_what_no_linear_map_explains():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(30, 3)), rng.normal(size=(30, 4))
    problem = tb.problems.Factorization(X, Y, None)
    residual = Y - X @ np.linalg.lstsq(X, Y, rcond=None)[0]
    assert problem.floor == pytest.approx((residual**2).mean(), rel=1e-13)


def test_losses_are_means_over_batch_and_outputs():
    problem, theta, index = tb.problem("factorization", rank=4), np.linspace(-1, 1, 64), np.array([[3, 700, 3]])
    W1, W2 = theta[:24].reshape(4, 6), theta[24:].reshape(10, 4)
    errors = problem.X[index[0]] @ W1.T @ W2.T - problem.Y[index[0]]
    assert problem.at(theta[None], index).value[0] == pytest.approx((errors**2).mean(), rel=1e-14)
    W1_again, W2_again = problem.matrices(theta[None])
    np.testing.assert_array_equal(W1_again[0], W1)
    np.testing.assert_array_equal(W2_again[0], W2)
    X, Y = problem.test
    assert problem.test_loss(theta[None])[0] == pytest.approx(((X @ W1.T @ W2.T - Y) ** 2).mean(), rel=1e-14)
    single = tb.problem("factorization", rank=4, dtype="float32")
    assert single.test_loss(theta[None].astype("float32")).dtype == np.float32


def test_first_iterates_are_uniform_within_their_fan_in():
    problem = tb.problem("factorization", rank=4)
    start = problem.initial(range(500))
    assert np.abs(start[:, :24]).max() <= 6**-0.5
    assert np.abs(start[:, 24:]).max() <= 4**-0.5
    assert_mean(start[:, :24].ravel() ** 2, 1 / 6 / 3)
    assert_mean(start[:, 24:].ravel() ** 2, 1 / 4 / 3)


# Kernel classification


def clouds(n=60, **options):
    rng = np.random.default_rng(1)
    y = np.arange(n) % 2
    X = rng.normal(size=(n, 3)) + 2 * y[:, None]
    X_test = rng.normal(size=(21, 3)) + 2 * (np.arange(21) % 2)[:, None]
    return tb.problems.KernelClassifier(X, y, 0.8, (X_test, np.arange(21) % 2), **options)


def test_the_kernel_is_the_gaussian_of_the_distance():
    """|a|^2 + |b|^2 - 2 a.b cancels: errors of eps (|a|^2 + |b|^2), divided by 2 sigma^2."""
    problem = clouds()
    expected = np.exp(-cdist(problem.X, problem.X, "sqeuclidean") / (2 * 0.8**2))
    bound = 8 * EPS * 2 * (problem.X**2).sum(1).max() / (2 * 0.8**2)
    np.testing.assert_allclose(problem.rows(np.arange(60)), expected, rtol=bound)
    found = kernel_module.rbf(problem.xp, problem.X[:7], problem.X, 0.8, np.float64)
    np.testing.assert_allclose(found, expected[:7], rtol=bound)


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_tiles_equal_the_stored_kernel(outputs, dtype):
    """The same formula on other blocks of rows: sums of 3 and of 60 products in another order."""
    stored, tiles = (clouds(storage=s, outputs=outputs, dtype=dtype) for s in ("full", "tiles"))
    assert (stored.storage, tiles.storage) == ("full", "tiles")
    rng, rtol = np.random.default_rng(0), 300 * np.finfo(dtype).eps
    theta, d = rng.normal(size=(2, 2, stored.dim)).astype(dtype)
    for sample in (np.array([[0, 5, 59], [7, 7, 1]]), stored.population):
        a, b = stored.at(theta, sample), tiles.at(theta, sample)
        assert a.value.dtype == dtype
        np.testing.assert_allclose(a.value, b.value, rtol=rtol)
        np.testing.assert_allclose(a.gradient, b.gradient, rtol=rtol, atol=rtol)
        s = np.array([[0.5, -1.0], [2.0, 1e-3]], dtype)
        np.testing.assert_allclose(a.along(d).change(s), b.along(d).change(s), rtol=3 * rtol, atol=rtol)
    np.testing.assert_array_equal(stored.accuracy(theta), tiles.accuracy(theta))


def test_single_precision_rounds_the_same_kernel():
    double, single = clouds(), clouds(dtype="float32")
    rows = np.arange(60)
    np.testing.assert_array_equal(single.rows(rows), double.rows(rows).astype("float32"))


def test_softmax_with_two_outputs_is_the_logistic_model():
    """Logits -z and z: log(1 + exp(-2z)) is the logistic loss of 2z, so W = (-theta, theta) does what 2 theta does."""
    one, two = clouds(), clouds(outputs=2)
    rng = np.random.default_rng(0)
    theta, d = rng.normal(size=(2, 3, 60))
    s, index = np.array([[0.1, 1.0]] * 3), np.array([[0, 1, 2, 3]] * 3)
    for sample in (index, one.population):
        a, b = one.at(2 * theta, sample), two.at(np.concatenate([-theta, theta], -1), sample)
        np.testing.assert_allclose(b.value, a.value, rtol=1e-12)
        g = b.gradient.reshape(3, 2, 60)  # the gradient by each row is that by the logit: half of it comes from each
        np.testing.assert_allclose(g[:, 1], a.gradient, rtol=1e-11, atol=1e-15)
        np.testing.assert_allclose(g[:, 0], -a.gradient, rtol=1e-11, atol=1e-15)
        lines = a.along(2 * d), b.along(np.concatenate([-d, d], -1))
        for name in ("change", "slope", "curvature"):
            np.testing.assert_allclose(getattr(lines[1], name)(s), getattr(lines[0], name)(s), rtol=1e-10, atol=1e-14)
    np.testing.assert_array_equal(two.accuracy(np.concatenate([-theta, theta], -1)), one.accuracy(2 * theta))


def test_accuracy_counts_test_rows():
    problem = clouds()
    X, y = problem.test
    theta = np.random.default_rng(0).normal(size=(2, 3, 60))
    z = theta @ np.exp(-cdist(problem.X, X, "sqeuclidean") / (2 * 0.8**2))
    np.testing.assert_array_equal(problem.accuracy(theta), ((z > 0) == (y == 1)).mean(-1))
    assert problem.accuracy(np.zeros((1, 60)))[0] == 11 / 21  # a tie counts as class 0


def test_the_squared_hinge_is_another_loss_of_the_same_logits():
    problem = clouds(loss="squared_hinge")
    theta = np.random.default_rng(0).normal(size=(1, 60))
    margin = (2 * problem.y - 1) * problem.logits(theta)[0]
    assert full(problem, theta[0])[0] == pytest.approx((np.maximum(0, 1 - margin) ** 2).mean(), rel=1e-13)


def test_storage_is_chosen_by_memory():
    need = 8 * 60**2
    assert clouds(memory=need).storage == "full"
    assert clouds(memory=need - 1).storage == "tiles"
    assert clouds(memory=need // 2, dtype="float32").storage == "full"
    assert clouds(memory=0, storage="full").storage == "full"


@pytest.mark.parametrize("outputs", [1, 2])
def test_predictions_carried_along_a_line_equal_recomputed_ones(outputs):
    """z0 + s z1 against K (theta + s d): sums of sixty products each."""
    problem = clouds(outputs=outputs)
    theta, d = np.random.default_rng(0).normal(size=(2, 3, problem.dim))
    whole, s = problem.at(theta, problem.population), np.array([0.0, 0.3, -2.0])
    carried = whole.along(d).at(s)
    anew = problem.at(carried.theta, problem.population)
    assert "_z" in carried.__dict__
    np.testing.assert_array_equal(carried.theta, theta + s[:, None] * d)
    np.testing.assert_allclose(carried.value, anew.value, rtol=1e-13)
    np.testing.assert_allclose(carried.gradient, anew.gradient, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("storage", ["full", "tiles"])
@pytest.mark.parametrize("count", [1, 2, 4, 7])
def test_products_by_blocks_equal_the_plain_product(monkeypatch, count, storage):
    monkeypatch.setattr(kernel_module, "TILE", 8 * 60 * 17)  # the last block is shorter
    problem = clouds(storage=storage)
    vectors = np.random.default_rng(0).normal(size=(count, 60))
    K = clouds(storage="full").rows(np.arange(60))
    np.testing.assert_allclose(problem.product(vectors), vectors @ K, rtol=1e-12, atol=1e-14)


def test_published_mushrooms_sizes_and_splits():
    shuffled, ordered = (tb.problem("mushrooms", storage="tiles", split=s) for s in ("shuffled", "ordered"))
    assert (shuffled.size, shuffled.X.shape[1], len(shuffled.test[1])) == (6499, 112, 1625)
    assert (ordered.size, len(ordered.test[1])) == (6499, 1625)
    assert not np.array_equal(shuffled.y, ordered.y)
    train, _ = split(8124)
    X, y, _ = mushrooms()
    np.testing.assert_array_equal(shuffled.X, X[train])
    np.testing.assert_array_equal(ordered.y, y[:6499])
    rows = shuffled.rows(np.arange(3))
    rows[np.arange(3), np.arange(3)] = 0
    assert rows.max() <= np.exp(-4) + EPS  # at least two attributes differ: |a - b|^2 >= 2
    few = tb.problem("mushrooms", rows=100)
    assert (few.size, len(few.test[1]), few.storage) == (80, 20, "full")


# Functions of a user's own


def test_a_function_is_a_problem():
    def f(theta, index):
        weight = (index + 1.0).mean(-1)
        return weight * (theta**2).sum(-1) / 2, weight[..., None] * theta

    problem = tb.problems.FromFunction(f, 2, 4, start=lambda seed: [seed, 1.0])
    assert problem.initial([3, 5]).tolist() == [[3, 1], [5, 1]]
    assert full(problem, [1.0, 1.0])[0] == 2.5
    trace = tb.run(problem, tb.method("sls", first=0.1), steps=60, batch=2, seeds=(1, 2))
    assert (trace.full_loss[-1] < 1e-3 * trace.full_loss[0]).all()
    own = tb.problems.FromFunction(f, 2, 4)
    assert own.initial([0]).shape == (1, 2)
    np.testing.assert_array_equal(own.initial([7, 0])[1], own.initial([0])[0])


# Derivatives of every problem

ALL = {
    "quadratic": lambda: tb.problem("quadratic", dim=3, size=10),
    "quadratic, common": lambda: tb.problem("quadratic", dim=3, size=10, common=True),
    "paths": lambda: tb.problem("paths"),
    "nqm": lambda: tb.problem("nqm", dim=4, size=20),
    "rank 1": lambda: tb.problem("factorization", rank=1),
    "rank 10": lambda: tb.problem("factorization", rank=10),
    "true model": lambda: tb.problem("factorization", rank=None),
    "logistic": clouds,
    "tiles": lambda: clouds(storage="tiles"),
    "softmax": lambda: clouds(outputs=2),
    "squared hinge": lambda: clouds(loss="squared_hinge"),
}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("whole", [True, False])
def test_gradients_and_hessian_products_are_derivatives(name, whole):
    """Central differences with h = 6e-6 err by h^2 / 6 times a third derivative and by eps / h times the value: some
    1e-10 of the function's size each, one hundred times less than the tolerance."""
    problem, h, rng = ALL[name](), 6e-6, np.random.default_rng(8)
    theta, v = rng.normal(size=(2, problem.dim)), rng.normal(size=(2, problem.dim))
    sample = problem.population if whole else rng.integers(0, problem.size, (2, 5))
    here, up, down = (problem.at(theta + k * h * v, sample) for k in (0, 1, -1))
    slope = (here.gradient * v).sum(-1)
    size = np.abs(slope).max() + np.abs(here.value).max()
    np.testing.assert_allclose((up.value - down.value) / (2 * h), slope, rtol=0, atol=1e-8 * size)
    product = here.hvp(v)
    assert product.shape == theta.shape
    size = np.abs(product).max() + np.abs(here.gradient).max()
    np.testing.assert_allclose((up.gradient - down.gradient) / (2 * h), product, rtol=0, atol=1e-8 * size)


@pytest.mark.parametrize("name", ALL)
def test_lanes_start_where_their_seed_says(name):
    problem = ALL[name]()
    start = problem.initial([5, -1, 0])
    assert start.shape == (3, problem.dim)
    np.testing.assert_array_equal(problem.initial([0])[0], start[2])
    assert not np.array_equal(start[0], start[1])
