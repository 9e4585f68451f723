"""The loop: when it measures, what it draws and charges, how lanes end, and what rules of one's own may do."""

from types import SimpleNamespace

import numpy as np
import pytest

import toybox as tb
from optional import TORCH
from toybox import optimizer
from toybox.hyper import Hyper, hyperparameters, number
from toybox.methods.fixed import Fixed, Gradient
from toybox.rays import Ledger, Status, Step
from toybox.trace import COSTS

QUADRATIC = tb.problem("quadratic", dim=3, size=10)
SLS = tb.method("sls")


def same(a, b, exactly=True):
    """Two traces hold the same numbers, times apart."""
    for name in ("theta", "loss", "size", "arc", "status", "trials", "full_loss", "probe_steps"):
        if exactly:
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
        else:
            np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=1e-9, atol=1e-13, err_msg=name)
    for kind in COSTS[:-1]:
        np.testing.assert_array_equal(a.cost(kind), b.cost(kind), err_msg=kind)


# When it measures


@pytest.mark.parametrize(
    ("steps", "every", "expected"),
    [(7, 3, [0, 3, 6, 7]), (6, 3, [0, 3, 6]), (5, None, [0, 5]), (3, 1, [0, 1, 2, 3]), (0, 1, [0]), (2, 9, [0, 2])],
)
def test_the_full_loss_is_measured_at_every_and_at_both_ends(steps, every, expected):
    trace = tb.run(QUADRATIC, SLS, steps=steps, batch=2, every=every)
    if steps == 0:
        expected = trace.probe_steps.tolist()  # one look or two, all at the first iterate
        assert set(expected) == {0}
    assert trace.probe_steps.tolist() == expected
    assert trace.full_loss.shape == (len(expected), 1)
    assert trace.loss.shape == (steps, 1)


def test_measuring_changes_nothing():
    often = tb.run(QUADRATIC, SLS, steps=7, batch=2, every=1)
    rarely = tb.run(QUADRATIC, SLS, steps=7, batch=2, every=None)
    np.testing.assert_array_equal(often.theta, rarely.theta)
    np.testing.assert_array_equal(often.full_loss[[0, -1]], rarely.full_loss)
    np.testing.assert_array_equal(often.cost("values"), rarely.cost("values"))


def test_no_steps_leave_the_first_iterate():
    trace = tb.run(QUADRATIC, SLS, steps=0, batch=2, seeds=(3, 4))
    np.testing.assert_array_equal(trace.theta, QUADRATIC.initial((3, 4)))
    assert trace.cost("values").shape == (0, 2)


def test_probes_see_the_ray_of_every_step_and_cost_nothing():
    seen = []

    def measure(look):
        seen.append((look.t, look.ray is None))
        if look.ray is not None:
            look.ray.full().slope(np.ones((1, 5)))
            return look.ray.line(3).value0
        return look.whole.value

    probe = tb.Probe("fresh loss", measure)
    probed = tb.run(QUADRATIC, SLS, steps=5, batch=2, probes=[probe], every=2)
    assert seen == [(0, False), (2, False), (4, False), (5, True)]
    assert probed.probes["fresh loss"].shape == (4, 1)
    same(probed, tb.run(QUADRATIC, SLS, steps=5, batch=2, every=2))


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)])
def test_progress_is_called_with_the_steps_done(seeds):
    done = []
    tb.run(QUADRATIC, SLS, steps=4, batch=2, seeds=seeds, progress=done.append)
    assert done == [1, 2, 3, 4]


def test_a_bar_is_drawn(capsys):
    tb.run(QUADRATIC, SLS, steps=4, batch=2, progress=True)
    assert capsys.readouterr().out == ""  # it belongs to standard error


# Costs


def test_costs_of_plain_sgd():
    trace = tb.run(QUADRATIC, tb.method("sgd"), steps=6, batch=3)
    t = np.arange(1, 7)[:, None]
    for kind, per_step in {"steps": 1, "batches": 1, "epochs": 0.3, "values": 1, "gradients": 1, "samples": 3}.items():
        np.testing.assert_allclose(trace.cost(kind), per_step * t, rtol=1e-15, err_msg=kind)
    assert (trace.trials == 0).all()
    assert (np.diff(trace.cost("seconds")[:, 0], prepend=0) >= 0).all()


@pytest.mark.parametrize("sample", [0, 1])
def test_costs_of_a_search(sample):
    """A gradient (value and slope) per step, and a value per try; on a fresh batch its base value and slope too."""
    trace = tb.run(QUADRATIC, tb.method("sls", first=8.0, sample=sample), steps=6, batch=3, seeds=(0, 1, 2))
    tries = trace.trials - sample  # the base point of a fresh batch is an evaluation of the search
    np.testing.assert_array_equal(tries == 0, trace.status == Status.ASCENT)  # a fresh batch may disagree
    assert tries.max() > 1
    t = np.arange(1, 7)[:, None] + np.zeros((1, 3), int)
    np.testing.assert_array_equal(trace.cost("values"), t + trace.trials.cumsum(axis=0))
    np.testing.assert_array_equal(trace.cost("gradients"), (1 + sample) * t)
    np.testing.assert_array_equal(trace.cost("samples"), 3 * trace.cost("values"))
    np.testing.assert_array_equal(trace.cost("batches"), (1 + sample) * t)
    np.testing.assert_allclose(trace.cost("epochs"), trace.cost("batches") * 3 / QUADRATIC.size, rtol=1e-15)


def test_the_cost_of_a_probe_is_what_had_been_paid_before():
    trace = tb.run(QUADRATIC, tb.method("sgd"), steps=5, batch=2, every=2)
    assert trace.probe_cost("values")[:, 0].tolist() == [0, 2, 4, 5]


# Samplers and first iterates


def test_a_sampler_of_ones_own():
    rows = np.random.default_rng(0).integers(0, 10, (8, 2))
    trace = tb.run(QUADRATIC, tb.method("sgd"), steps=8, batch=2, sampler=lambda t, j: rows[t][None])
    theta = QUADRATIC.initial([0])
    for t in range(8):
        point = QUADRATIC.at(theta, rows[t][None])
        assert trace.loss[t, 0] == point.value[0]
        theta = theta - 0.1 * point.gradient
    np.testing.assert_allclose(trace.theta, theta, rtol=1e-14)


@pytest.mark.parametrize("backend", ["numpy", TORCH, "strict", pytest.param("cupy", marks=pytest.mark.cupy)])
def test_a_sampler_of_ones_own_may_draw_on_the_host(backend, request):
    if backend == "cupy":
        request.getfixturevalue("cupy_backend")
    problem = tb.problem("quadratic", dim=3, size=20, backend=backend)
    draw = lambda t, j: np.array([[t % 20, (t + 3) % 20]])
    expected = tb.run(tb.problem("quadratic", dim=3, size=20), tb.method("sgd"), steps=5, batch=2, sampler=draw)
    found = tb.run(problem, tb.method("sgd"), steps=5, batch=2, sampler=draw)
    np.testing.assert_allclose(found.theta, expected.theta, rtol=1e-13)
    with pytest.raises(IndexError):
        tb.run(problem, tb.method("sgd"), steps=5, batch=2, sampler=lambda t, j: np.array([[t, 20]]))


def test_a_sampler_of_ones_own_may_be_shaped_for_all_seeds(monkeypatch):
    monkeypatch.setattr(optimizer, "GATHER", 1)
    rows = np.random.default_rng(0).integers(0, 10, (4, 3, 2))
    trace = tb.run(QUADRATIC, SLS, steps=4, batch=2, seeds=(0, 1, 2), sampler=lambda t, j: rows[t])
    assert trace.loss.shape == (4, 3)


@pytest.mark.parametrize("shape", [(3,), (1, 3), (2, 1, 3), (1, 4, 3), (2, 4, 3)])
def test_first_iterates_broadcast_to_lanes(shape):
    theta = np.random.default_rng(0).normal(size=shape)
    method = tb.method("sgd", rate=[0.0, 0.1, 0.2, 0.3])
    trace = tb.run(QUADRATIC, method, steps=1, batch=2, seeds=(0, 1), theta=theta)
    np.testing.assert_array_equal(trace.theta[:, 0], np.broadcast_to(theta, (2, 4, 3))[:, 0])
    before = theta.copy()
    tb.run(QUADRATIC, method, steps=3, batch=2, seeds=(0, 1), theta=theta)
    np.testing.assert_array_equal(theta, before)


@pytest.mark.parametrize("gather", [1, 2000, 5000])
@pytest.mark.parametrize("given", [False, True])
def test_groups_of_seeds_change_nothing(monkeypatch, gather, given):
    problem, seeds = tb.problem("factorization", rank=4), (5, 3, 9, -1, 7)
    method, probe = tb.method("sls", c=[0.1, 0.5]), tb.Probe("norm", lambda look: (look.theta**2).sum(-1))
    arguments = {"steps": 12, "batch": 10, "seeds": seeds, "every": 5, "probes": [probe]}
    if given:
        arguments["theta"] = np.random.default_rng(0).normal(size=(5, 2, problem.dim))
    together = tb.run(problem, method, **arguments)
    monkeypatch.setattr(optimizer, "GATHER", gather)
    done = []
    grouped = tb.run(problem, method, **arguments, progress=done.append)
    assert len(done) == 12 * -(-5 // max(1, gather // (10 * problem.sample_bytes)))
    same(grouped, together)
    np.testing.assert_array_equal(grouped.probes["norm"], together.probes["norm"])
    assert grouped.seeds.tolist() == list(seeds)


# What users' functions are shown, and what they answer


def vandal(target):
    """A probe that writes into what ``target(look)`` gives it."""

    def measure(look):
        if look.ray is not None:
            target(look)[...] = 7
        return look.theta[..., 0]

    return tb.Probe("vandal", measure)


SHOWN = {
    "theta": lambda look: look.theta,
    "full loss": lambda look: look.whole.value,
    "full gradient": lambda look: look.whole.gradient,
    "theta of the whole": lambda look: look.whole.theta,
    "d": lambda look: look.ray.d,
    "loss": lambda look: look.ray.origin.value,
    "gradient": lambda look: look.ray.origin.gradient,
    "theta of the origin": lambda look: look.ray.origin.theta,
    "sample": lambda look: look.ray.origin.sample,
    "another sample": lambda look: look.ray.sample(2),
    "loss of the line": lambda look: look.ray.line().value0,
    "slope of the line": lambda look: look.ray.line().slope0,
    "data": lambda look: next(v for v in vars(look.problem).values() if isinstance(v, np.ndarray)),
}


@pytest.mark.parametrize("shown", SHOWN)
@pytest.mark.parametrize("case", ["quadratic", "logistic", "digits", "factorization", "a user's function"])
@pytest.mark.parametrize("name", ["exact-full", "golsi"])
def test_a_probe_that_writes_is_stopped_by_name_or_writes_into_its_own(shown, case, name):
    """Whatever it gets at is read-only, or was made for it: the run's numbers stay."""
    options = {"quadratic": {"dim": 3, "size": 12}, "logistic": {"size": 40}, "digits": {"hidden": 3}}.get(case, {})
    problem = user_problem() if case == "a user's function" else tb.problem(case, **options)
    method, how = tb.method(name, **({"variant": "released"} if name == "golsi" else {})), {"steps": 3, "batch": 2}
    expected = tb.run(problem, method, **how)
    stopped, found = None, None
    try:
        found = tb.run(problem, method, **how, probes=[vandal(SHOWN[shown])])
    except ValueError as error:
        stopped = error
    if found is not None:
        same(found, expected)
    else:
        assert "read-only" in str(stopped)  # NumPy's own words
        assert stopped.__notes__ == ["in probe 'vandal' at step 0"]
    same(tb.run(problem, method, **how), expected)  # nothing stays behind either


def user_problem(f=None, **options):
    rows = np.random.default_rng(0).normal(size=(12, 3))

    def plain(theta, index):
        r = np.sum(rows[index] * theta[..., None, :], axis=-1) - 1
        return (r**2).mean(-1), 2 * (r[..., None] * rows[index]).mean(-2)

    def samples(theta, index):
        r = np.sum(rows[index] * theta[..., None, :], axis=-1) - 1
        return r**2, 2 * r[..., None] * rows[index]

    def hvp(theta, index, v):
        return 2 * (np.sum(rows[index] * v[..., None, :], axis=-1)[..., None] * rows[index]).mean(-2)

    return tb.problems.FromFunction(f(plain) if f else plain, 3, 12, samples=samples, hvp=hvp, **options)


def reusing(function):
    """The same function, which answers in the same memory whenever the shapes are the same."""
    memory = {}

    def answer(*arguments):
        parts = function(*arguments)
        parts = parts if isinstance(parts, tuple) else (parts,)
        kept = [memory.setdefault((i, part.shape), np.empty_like(part)) for i, part in enumerate(parts)]
        for place, part in zip(kept, parts, strict=True):
            place[...] = part
        return tuple(kept) if len(kept) > 1 else kept[0]

    return answer


@pytest.mark.parametrize("name", ["sls", "exact-full", "pls", "golsi", "pal", "strong-wolfe", "labpal-sgd", "sgd-hd"])
def test_functions_may_answer_in_the_same_memory_each_time(name):
    expected = tb.run(user_problem(), tb.method(name), steps=6, batch=2, seeds=(0, 1))
    problem = user_problem()
    for function in ("f", "samples", "hvp"):
        setattr(problem, function, reusing(getattr(problem, function)))
    same(tb.run(problem, tb.method(name), steps=6, batch=2, seeds=(0, 1)), expected)


def test_samplers_and_probes_may_answer_in_the_same_memory_each_time():
    draw = lambda t, j: np.array([[(3 * t + j) % 12, (t + 5 * j) % 12]])
    probe = lambda look: look.theta * (1 + look.t)
    how, problem = {"steps": 6, "batch": 2}, user_problem()
    expected = tb.run(problem, tb.method("golsi"), sampler=draw, probes=[tb.Probe("p", probe)], **how)
    found = tb.run(problem, tb.method("golsi"), sampler=reusing(draw), probes=[tb.Probe("p", reusing(probe))], **how)
    same(found, expected)
    np.testing.assert_array_equal(found.probes["p"], expected.probes["p"])


@pytest.mark.parametrize("argument", [0, 1])
def test_a_function_that_writes_into_its_arguments_is_stopped(argument):
    def writing(plain):
        def f(*arguments):
            arguments[argument][...] = 0
            return plain(*arguments)

        return f

    with pytest.raises(ValueError, match="read-only"):
        tb.run(user_problem(writing), SLS, steps=2, batch=2)
    problem = user_problem()
    theta, index = problem.initial([0]), np.array([[1, 2]])
    assert problem.at(theta, index).gradient.shape == theta.shape
    assert theta.flags.writeable  # the caller's own arrays stay the caller's
    assert index.flags.writeable


def test_a_wider_answer_is_rounded_to_the_dtype_of_the_problem():
    wide = lambda plain: lambda theta, index: tuple(x.astype("float64") for x in plain(theta, index))
    narrow = lambda plain: lambda theta, index: tuple(x.astype("float32") for x in plain(theta, index))
    found, expected = (tb.run(user_problem(f, dtype="float32"), SLS, steps=5, batch=2) for f in (wide, narrow))
    assert found.theta.dtype == found.loss.dtype == np.float32
    same(found, expected)


# Rules and directions of one's own, in the twenty lines they should take


@hyperparameters
class SignOfGradient:
    """d = -sign(g)."""

    def init(self, xp, point):
        return ()

    def step(self, xp, point, state):
        return -xp.sign(point.gradient), state


@hyperparameters
class Halving:
    """The first of 1, 1/2, 1/4, ... that decreases the loss."""

    first: Hyper = number(1.0, "(0, inf)")

    def init(self, xp, lanes):
        return xp.broadcast_to(self.first, lanes)

    def step(self, ray, s):
        xp, line, first = ray.xp, ray.line(), s
        for _ in range(60):
            worse = line.change(s[..., None])[..., 0] >= 0
            if not xp.any(worse):
                break
            s = xp.where(worse, s / 2, s)
        return Step(s, first, xp.zeros(s.shape, dtype=xp.int8))


@pytest.mark.parametrize("backend", ["numpy", "strict", TORCH])
def test_a_rule_and_a_direction_of_ones_own(backend):
    problem = tb.problem("quadratic", dim=3, size=10, spread=0, backend=backend)
    mine = tb.Optimizer(SignOfGradient(), Halving([0.5, 1.0]))
    trace = tb.run(problem, mine, steps=20, batch=5, seeds=range(3))
    assert trace.theta.shape == (3, 2, 3)
    assert trace.hyper["first"].tolist() == [0.5, 1.0]
    assert (trace.full_loss[-1] < 0.01 * trace.full_loss[0]).all()


@hyperparameters
class Extra:
    """A rule whose next iterate is no point of its ray: one more gradient step from where the ray led."""

    rate: Hyper = number(0.1, "(0, inf)")
    carry: bool = False

    def init(self, xp, lanes):
        return xp.broadcast_to(self.rate, lanes)

    def step(self, ray, s):
        half = ray.line().at(s)
        point = half.along(-half.gradient).at(s)
        return Step(s, s, ray.xp.zeros(s.shape, dtype=ray.xp.int8), point, self.carry)


def test_an_explicit_next_point_is_the_next_iterate():
    trace = tb.run(QUADRATIC, tb.Optimizer(Gradient(), Extra()), steps=5, batch=2)
    theta = QUADRATIC.initial([0])
    for t in range(5):
        batch = QUADRATIC.draw(np.array([0]), t, 0, 2)
        assert trace.loss[t, 0] == pytest.approx(QUADRATIC.at(theta, batch).value[0], rel=1e-13)
        for _ in range(2):
            theta = theta - 0.1 * QUADRATIC.at(theta, batch).gradient
    np.testing.assert_allclose(trace.theta, theta, rtol=1e-13)
    assert trace.cost("batches")[-1] == 5


def test_a_carried_point_draws_no_batch_and_costs_no_gradient():
    drawn = []

    def sampler(t, j):
        drawn.append((t, j))
        return np.array([[1, 4]])

    trace = tb.run(QUADRATIC, tb.Optimizer(Gradient(), Extra(carry=True)), steps=5, batch=2, sampler=sampler)
    assert drawn == [(0, 0)]
    assert trace.cost("batches")[:, 0].tolist() == [1] * 5
    assert trace.cost("gradients")[:, 0].tolist() == [1] * 5  # the rule pays for what it carries
    theta = QUADRATIC.initial([0])
    for t in range(5):
        assert trace.loss[t, 0] == pytest.approx(QUADRATIC.at(theta, np.array([[1, 4]])).value[0], rel=1e-13)
        for _ in range(2):
            theta = theta - 0.1 * QUADRATIC.at(theta, np.array([[1, 4]])).gradient
    np.testing.assert_allclose(trace.theta, theta, rtol=1e-13)


def test_a_carried_point_stays_carried_when_another_lane_ends():
    start = np.stack([np.ones(3), np.full(3, 1.7e308)])
    both = tb.run(QUADRATIC, tb.Optimizer(Gradient(), Extra(carry=True)), steps=5, batch=2, seeds=(0, 1), theta=start)
    alone = tb.run(QUADRATIC, tb.Optimizer(Gradient(), Extra(carry=True)), steps=5, batch=2, seeds=(0,), theta=start[0])
    np.testing.assert_array_equal(both.theta[0], alone.theta[0])
    np.testing.assert_array_equal(both.loss[:, 0], alone.loss[:, 0])
    np.testing.assert_array_equal(both.cost("batches")[:, 0], alone.cost("batches")[:, 0])


# How lanes end


def cliff(bad_value=0.0, bad_gradient=0.0):
    """|theta|^2 / 2 whose value or gradient turns bad below |theta| = 1/2."""

    def f(theta, index):
        r2 = (theta**2).sum(-1)
        low = np.where(r2 < 0.25, 1.0, 0.0)
        value = r2 / 2 + np.where(low > 0, bad_value, 0)
        return value + 0 * index.mean(), theta + np.where(low > 0, bad_gradient, 0)[..., None]

    return tb.problems.FromFunction(f, 2, 4)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["bad_value", "bad_gradient"])
def test_a_lane_with_a_bad_value_or_gradient_keeps_its_last_finite_iterate(where, bad):
    """At rate .5 a lane halves each step: from (1, 0) it enters the bad disc with its second step, to (.25, 0)."""
    problem, start = cliff(**{where: bad}), np.array([[1.0, 0.0], [64.0, 0.0]])
    method = tb.method("sgd", rate=0.5)
    trace = tb.run(problem, method, steps=6, batch=2, seeds=(0, 1), theta=start)
    assert trace.theta.tolist() == [[0.25, 0.0], [1.0, 0.0]]
    assert trace.status[:, 0].tolist() == [0, 0, 5, 5, 5, 5]
    assert (trace.status[:, 1] == 0).all()
    assert trace.ended.tolist() == [2, 6]
    alone = tb.run(problem, method, steps=6, batch=2, seeds=(1,), theta=start[1])
    np.testing.assert_array_equal(trace.loss[:, 1:], alone.loss)


@hyperparameters
class Jump:
    """Steps of a quarter, but at t = 2 something else in the first lane."""

    size: float = 0.25
    point: bool = False

    def init(self, xp, lanes):
        return xp.zeros(lanes)

    def step(self, ray, zero):
        size = np.where((np.arange(len(zero)) == 0) & (ray.t == 2), self.size, 0.25)
        if self.point:
            return Step(zero, zero, zero.astype(np.int8), ray.line().at(size))
        return Step(size, zero, zero.astype(np.int8))


@pytest.mark.parametrize("size", [np.nan, np.inf])
@pytest.mark.parametrize("point", [False, True])
def test_a_lane_with_a_bad_step_or_point_keeps_its_last_finite_iterate(size, point):
    trace = tb.run(QUADRATIC, tb.Optimizer(Gradient(), Jump(size, point)), steps=5, batch=10, seeds=(0, 1))
    two = tb.run(QUADRATIC, tb.Optimizer(Gradient(), Jump(0.25, point)), steps=2, batch=10, seeds=(0, 1))
    five = tb.run(QUADRATIC, tb.Optimizer(Gradient(), Jump(0.25, point)), steps=5, batch=10, seeds=(0, 1))
    assert np.isfinite(trace.theta).all()
    np.testing.assert_array_equal(trace.theta[0], two.theta[0])
    np.testing.assert_array_equal(trace.theta[1], five.theta[1])
    assert trace.status[:, 0].tolist() == [0, 0, 5, 5, 5]
    assert (trace.full_loss[2:, 0] == trace.full_loss[2, 0]).all()


def test_a_diverging_run_ends_instead_of_overflowing():
    trace = tb.run(QUADRATIC, tb.method("sgd", rate=1e6), steps=200, batch=2, every=None)
    assert np.isfinite(trace.theta).all()
    assert 0 < trace.ended[0] < 200
    assert trace.status[-1, 0] == Status.NONFINITE


# Full-batch predictions carried along


@pytest.mark.parametrize("method", ["exact-full", "sls"])
def test_carried_predictions_equal_recomputed_ones(monkeypatch, method):
    """z += s z1 adds one rounding per step: with steps that depend smoothly on z, 60 of them stay near 1e-12."""
    problem = tb.problem("logistic", size=60, overlap=2.0)
    method = tb.method(method, **({"s_max": 100.0} if method == "exact-full" else {}))
    carried = tb.run(problem, method, steps=60, batch=10)
    monkeypatch.setattr("toybox.walk.CARRY", 1)
    anew = tb.run(problem, method, steps=60, batch=10)
    np.testing.assert_allclose(carried.full_loss, anew.full_loss, rtol=1e-9)
    np.testing.assert_allclose(carried.theta, anew.theta, rtol=1e-7, atol=1e-9)


def test_products_with_all_of_k_are_saved_and_renewed(monkeypatch):
    """Of 2 products per step (z0, z1) one is saved where z0 is carried; every CARRY-th step computes it anew."""
    problem = tb.problem("logistic", size=60, overlap=2.0)
    counted, plain = [], type(problem).logits

    def logits(self, theta, X=None):
        if X is None:
            counted.append(int(np.prod(theta.shape[:-1])))
        return plain(self, theta, X)

    monkeypatch.setattr(type(problem), "logits", logits)
    for carry, expected in ((1, 2 * 20 + 1), (5, 20 + 20 // 5 + 1)):  # 1 for the look at the end
        monkeypatch.setattr("toybox.walk.CARRY", carry)
        counted.clear()
        tb.run(problem, tb.method("exact-full"), steps=20, batch=10, every=None)
        assert sum(counted) == expected


@hyperparameters
class Falter:
    """-g, with a number that is not finite in the second lane at t = 7."""

    value: float = np.nan

    def init(self, xp, point):
        return 0

    def step(self, xp, point, t):
        d = -point.gradient
        if t == 7 and len(d) > 1:
            d[1] = self.value
        return d, t + 1


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["exact-full", "fbpal"])
@pytest.mark.parametrize("outputs", [1, 2])
def test_predictions_are_carried_past_a_lane_that_ends(monkeypatch, value, name, outputs):
    """Its neighbours have the bits of their own runs; its own full loss stays that of its last finite iterate, to the
    rounding of two sums of 48 products."""
    problem = tb.problem("logistic", size=60, overlap=2.0, outputs=outputs)
    method = tb.method(name)._replace(direction=Falter(value))
    monkeypatch.setattr("toybox.walk.CARRY", 5)
    how = {"steps": 20, "batch": 10, "every": 1}
    alone = [tb.run(problem, method, seeds=[seed], **how) for seed in (0, 2)]
    three = tb.run(problem, method, seeds=(0, 1, 2), **how)
    assert three.ended.tolist() == [20, 7, 20]
    for lane, at in zip(alone, (0, 2), strict=True):
        for field in ("loss", "size", "arc", "status", "trials", "full_loss"):
            np.testing.assert_array_equal(getattr(three, field)[:, at], getattr(lane, field)[:, 0], err_msg=field)
        np.testing.assert_array_equal(three.theta[at], lane.theta[0])
    last = problem.at(three.theta, problem.population).value[1]
    np.testing.assert_allclose(three.full_loss[7:, 1], last, rtol=1e-13)


def test_a_run_leaves_no_open_ledger():
    assert Ledger().settle(QUADRATIC.xp, 0, (1,))["values"].shape == (0, 1)


def test_optimizers_know_their_lanes_and_numbers():
    method = tb.method("pal", mu=[0.1, 0.2])
    assert method.lanes == (2,)
    assert method.name == "pal"
    assert method.hyper["beta"] == 0.4
    assert tb.Optimizer(Gradient(), Fixed(0.5)).hyper == {"rate": 0.5, "schedule": "constant"}


class Tight:
    """A problem with memory for a few lanes at once."""

    def __init__(self, problem, most):
        self.problem, self.most, self.asked = problem, most, []

    def __getattr__(self, name):
        return getattr(self.problem, name)

    def at(self, theta, sample):
        lanes = int(np.prod(theta.shape[:-1]))
        self.asked.append(lanes)
        if lanes > self.most:
            raise MemoryError(f"no room for {lanes} lanes")
        return self.problem.at(theta, sample)


def test_seeds_that_do_not_fit_into_memory_run_in_smaller_groups():
    problem, method = tb.problem("quadratic", dim=3, size=20), tb.method("sls")
    tight = Tight(problem, 3)
    found = tb.run(tight, method, steps=5, batch=4, seeds=range(7))
    expected = tb.run(problem, method, steps=5, batch=4, seeds=range(7))
    np.testing.assert_array_equal(found.theta, expected.theta)
    np.testing.assert_array_equal(found.full_loss, expected.full_loss)
    assert sorted(set(tight.asked)) == [1, 2, 4, 7]  # halved until they fit; one is left for the last group


def test_lanes_of_one_seed_that_do_not_fit_say_so():
    tight, method = Tight(tb.problem("quadratic", dim=3, size=20), 3), tb.method("sgd", rate=np.full(5, 0.1))
    with pytest.raises(
        MemoryError, match=r"no memory for 1 seed with 5 hyper-parameter lanes, .*no room for 5 lanes; accepted:"
    ):
        tb.run(tight, method, steps=5, batch=4, seeds=range(4))
    assert min(tight.asked) == 5


@pytest.mark.cupy
def test_a_device_that_runs_out_of_memory_gets_smaller_groups(cupy_backend):
    problem, method = tb.problem("quadratic", dim=30, size=20, backend="cupy"), tb.method("sls")
    expected = tb.run(problem, method, steps=3, batch=10, seeds=range(64))
    pool = cupy_backend.module.get_default_memory_pool()
    pool.free_all_blocks()
    pool.set_limit(size=pool.used_bytes() + (4 << 20))  # 64 lanes gather 4.6 MB
    try:
        found = tb.run(problem, method, steps=3, batch=10, seeds=range(64))
    finally:
        pool.set_limit(size=0)
    np.testing.assert_array_equal(found.theta, expected.theta)


@pytest.mark.parametrize(
    ("eager", "gathered", "lanes", "expected"),
    [
        (True, 1 << 10, 1, 4096),  # 4 MB at once
        (True, 1 << 10, 16, 256),
        (True, 1 << 20, 1, 64),  # enough to share the cost of the calls
        (True, 1 << 20, 100, 1),
        (True, 1 << 26, 1, 4),  # 256 MB and no more
        (True, 1 << 30, 1, 1),
        (False, 1 << 10, 16, 1 << 18),  # a device wants all it can hold
    ],
)
def test_how_many_seeds_run_at_once(eager, gathered, lanes, expected):
    xp = SimpleNamespace(eager=eager)
    method = tb.method("sgd", rate=np.full(lanes, 0.1)) if lanes > 1 else tb.method("sgd")
    assert optimizer.group(SimpleNamespace(xp=xp, sample_bytes=gathered // 4), method, 2, [1, 2]) == expected
