"""LABPAL: its twin and the released code, several batches in one gradient, and what all of it costs."""

import math

import numpy as np
import pytest

import toybox as tb
from optional import TORCH
from toybox import Status
from toybox.lines import MeanLine
from toybox.methods.fixed import Fixed, Gradient
from toybox.methods.labpal import LABPAL, BatchSchedule, Printed, Released
from toybox.optimizer import Optimizer
from toybox.problems import Factorization, NoisyQuadratic
from toybox.rays import Ledger, Ray, Walk
from toybox.text import Pool
from traces import SETTINGS, load, problem_a, row, tolerance, worst
from with_defaults import oracles

D, B, DIM, STEPS = 24, 4, 3, 25
KINDS = ["labpal-sgd", "labpal-nsgd"]
every_kind = pytest.mark.parametrize("name", KINDS)


def data(curvature=1.0, bend=0.0, spread=1.0):
    """Q (D, n, n) around curvature diag(1, .., .2), changed by bend in random directions, and minimisers."""
    rng = np.random.default_rng(7)
    W = rng.standard_normal((D, DIM, DIM))
    Q = curvature * np.diag(np.linspace(1, 0.2, DIM)) + bend * (W + np.swapaxes(W, 1, 2))
    return Q, 1 + spread * rng.standard_normal((D, DIM))


def sampler(t, j):
    return np.random.default_rng((t, j)).integers(0, D, (1, B))


def walk(problem, method, steps=STEPS, **options):
    iterate = tb.Probe("theta", lambda look: look.theta)
    trace = tb.run(problem, method, steps=steps, **{"batch": B, "probes": [iterate], **options})
    return trace, trace.probes["theta"]


# --- by hand, on a bare line: curvature 1, the minimum at 8; d has the length 2, so that a length is twice a step


def search(phi=lambda s: s * s / 2 - 8 * s, norm=2.0, slope0=-8.0, state=None, **hyper):
    return tb.search(LABPAL(**{"s_max": math.inf, "alpha": 0.5} | hyper), phi, slope0=slope0, norm=norm, state=state)


@pytest.mark.parametrize("keeps", ["rate", "length"])
def test_an_estimate_serves_until_it_is_reused_so_often(keeps):
    """Lines 32 to 35: searched where there is none, and where it has served ``reuse`` updates."""
    first = search(keeps=keeps, reuse=3)
    kept = 4 if keeps == "rate" else 8
    assert (first.step, first.status) == (pytest.approx(4, rel=1e-8), Status.FOUND)
    assert first.state == (pytest.approx(kept, rel=1e-8), 1)
    (question,) = first.questions
    assert (question.kind, question.batch, question.s) == ("change", Pool(10), (1e-4 / 2, 1e-2 / 2))
    for used in (1, 2):
        again = search(keeps=keeps, reuse=3, norm=4.0, state=Printed(6.0, used))
        assert again == (6 if keeps == "rate" else 1.5, Status.FOUND, [], (6, used + 1))
    assert search(keeps=keeps, reuse=3, state=Printed(6.0, 3)).state == (pytest.approx(kept, rel=1e-8), 1)


@pytest.mark.parametrize("keeps", ["rate", "length"])
def test_the_largest_step_is_a_length_after_alpha(keeps):
    """alpha times the length 16 is 8."""
    assert search(keeps=keeps, s_max=7.0)[:2] == (3.5, Status.CAPPED)
    assert search(keeps=keeps, s_max=9.0)[:2] == (pytest.approx(4, rel=1e-8), Status.FOUND)


@pytest.mark.parametrize("phi", [lambda s: -s * s - 8 * s, lambda s: s * s + 8 * s, lambda s: math.inf])
def test_without_a_minimum_ahead_the_last_estimate_stays(phi):
    """Bent down, uphill on the pool, or no number: EXHAUSTED; without an estimate theta stays."""
    assert search(phi, reuse=3, state=Printed(6.0, 3))[:2] == (6, Status.EXHAUSTED)
    assert search(phi, reuse=3, state=Printed(6.0, 3)).state == (6, 1)
    found = search(phi)
    assert found[:2] == (0, Status.EXHAUSTED)
    assert math.isnan(found.state.estimate)


def test_where_nothing_descends_only_a_search_stays():
    assert search(slope0=1.0)[:3] == (0, Status.ASCENT, [])
    assert search(slope0=1.0, state=Printed(6.0, 7)) == (6, Status.FOUND, [], (6, 8))
    assert search(slope0=0.0, norm=0.0, state=Printed(6.0, 7)) == (0, Status.STATIONARY, [], (6, 8))


# the released code: the estimate on a parabola is alpha (2 s_min - 1.77e-4), as a length 16 - 8.85e-5

LENGTH = 16 - 1.77e-4 / 2


def released(norm=2.0, state=(), phi=lambda s: s * s / 2 - 8 * s, slope0=-8.0, **hyper):
    s_max = hyper.get("s_max", math.inf)
    given = Released(s_max)._replace(**{"k": 1, "used": 1, "estimate": (6.0, 5.0)} | dict(state))
    found = search(phi, norm, slope0, given, **{"variant": "released", "keeps": "length"} | hyper)
    return found, found.state


def test_the_released_estimate():
    found, state = released(state={"estimate": (math.nan, math.nan)})
    assert (found.step, found.status) == (pytest.approx(LENGTH / 2, rel=1e-7), Status.FOUND)
    assert state.estimate == (pytest.approx(LENGTH, rel=1e-7), pytest.approx(LENGTH / 2, rel=1e-7))
    assert (state.k, state.used, state.updates, state.recent) == (1, 1, 1, ())
    (question,) = found.questions
    assert (question.batch, question.s) == (Pool(10), (1.77e-4 / 2, 1e-2 / 2))


def test_when_the_released_code_searches():
    """After ``reuse`` steps, when k changes, and at the update untrustworthy + 2; else it goes by what it keeps."""
    searches = lambda **state: len(released(state=state, reuse=4, untrustworthy=5)[0].questions)
    assert [searches(used=used) for used in (3, 4)] == [0, 1]
    assert [searches(k=k) for k in (1, 2)] == [0, 1]
    assert [searches(updates=updates) for updates in (6, 7, 8)] == [0, 1, 0]
    for keeps, step in (("length", 3), ("rate", 5)):
        found, state = released(state={"used": 2, "updates": 9}, keeps=keeps)
        assert (found.step, found.status, state.used, state.updates) == (step, Status.FOUND, 3, 10)


@pytest.mark.parametrize(("norm", "asks"), [(0.99e-3, 0), (1e-3, 1), (100.0, 1), (100.1, 0)])
def test_directions_that_the_released_code_searches(norm, asks):
    """Elsewhere there is no step, and the update does not count."""
    found, state = released(norm, {"k": 3, "updates": 8})
    assert len(found.questions) == asks
    if not asks:
        assert (found.step, found.status, state.updates, state.used) == (0, Status.EXHAUSTED, 8, 2)


def test_the_released_largest_step_grows_where_it_bounds():
    """It is one before alpha, here 1/4, which multiplies it too."""
    found, state = released(state={"k": 3, "s_max": 8.0}, alpha=0.25)
    assert (found.step, found.status, state.s_max) == (1, Status.CAPPED, 2)
    found, state = released(state={"k": 3, "s_max": 33.0}, alpha=0.25)
    assert (found.status, state.s_max) == (Status.FOUND, 33)


def test_the_smallest_released_step_and_rate():
    found, state = released(state={"k": 3}, alpha=1e-9)
    assert state.estimate == (1e-6, 1e-6)
    assert found.step == 5e-7
    steep = lambda s: 50 * 50 * s * s / 2 - 50 * s  # along a direction of length 50; its rate serves from the next step
    found, state = released(50.0, {"k": 3}, steep, alpha=1e-5, keeps="rate")
    length = pytest.approx(1e-5 * (2 - 1.77e-4), rel=1e-6)
    assert state.estimate == (length, 1e-6)
    assert 50 * found.step == length


def test_released_estimates_are_averaged_as_soon_as_they_are_trusted():
    """From the update untrustworthy + 2 on, over the last ``average`` of them."""
    state = {"k": 3, "recent": ((1.0, 7.0), (2.0, 8.0), (3.0, 9.0))}
    run = lambda updates, many: released(state=state | {"updates": updates}, untrustworthy=5, average=many)[1]
    new = (pytest.approx(LENGTH, rel=1e-7), pytest.approx(LENGTH / 2, rel=1e-7))
    assert run(7, 3).recent == ((2, 8), (3, 9), new)
    assert run(7, 3).estimate == (pytest.approx((5 + LENGTH) / 3), pytest.approx((17 + LENGTH / 2) / 3))
    assert run(7, 9).recent == (*state["recent"], new)
    assert run(6, 9).recent == state["recent"]


@pytest.mark.parametrize("phi", [lambda s: -s * s - 8 * s, lambda s: s * s + 8 * s, lambda s: math.inf])
def test_without_a_minimum_ahead_the_last_released_estimate_stays(phi):
    found, state = released(state={"k": 3}, phi=phi)
    assert (found.step, found.status, state.estimate, state.used) == (3, Status.EXHAUSTED, (6, 5), 1)
    found, state = released(state={"estimate": (math.nan, math.nan)}, phi=phi)
    assert (found.step, found.status, state.updates) == (0, Status.EXHAUSTED, 0)


def test_where_nothing_descends_a_released_search_is_put_off():
    assert released(state={"k": 3}, slope0=1.0)[0][:3] == (0, Status.ASCENT, [])
    assert released(slope0=1.0)[0][:2] == (3, Status.FOUND)


@pytest.mark.parametrize("k", [1, 2])
def test_between_searches_the_released_code_goes_along_the_bare_gradient(k):
    """With k = 1; where it searches, at every third step, and with more batches, along the momentum vector."""
    place = NoisyQuadratic(*data())
    options = {"noise_factor": k, "momentum": 0.5, "schedule": "constant", "alpha": 0.4, "approximation_batches": 3}
    trace, theta = walk(place, tb.method("labpal-nsgd", variant="released", reuse=3, **options), 4, sampler=sampler)
    assert (np.diff(trace.cost("batches")[:, 0], prepend=0) == [3 * k, k, k, 3 * k]).all()
    m = np.zeros(DIM)
    for t in range(4):
        g = np.mean([place.at(theta[t], sampler(t, j)).gradient[0] for j in range(k)], axis=0)
        m = m / 2 + g
        along = g if k == 1 and t % 3 else m
        np.testing.assert_allclose(theta[t + 1, 0] - theta[t, 0], -trace.size[t, 0] * along, rtol=0, atol=1e-12)


# --- the released code


@pytest.mark.shared
@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("name", [name for name in SETTINGS if name.startswith("labpal")])
def test_the_released_variant_takes_the_released_steps(name):
    a, expected, (method, hyper) = problem_a(), load(name), SETTINGS[name]
    draw = lambda t, j: a.batches[row(name, expected, t, j)][None]
    place, steps = NoisyQuadratic(a.Q, a.m, start=a.x0), len(expected.step)
    trace, theta = walk(place, tb.method(method, **hyper), steps, batch=a.batches.shape[1], sampler=draw)
    assert worst(theta, expected.theta) < tolerance(name) <= 1e-6
    assert worst(trace.size if method == "labpal-sgd" else trace.arc, expected.step) < tolerance(name)
    assert set(trace.status.ravel()) == {Status.FOUND, Status.CAPPED}
    consumed = np.diff(trace.cost("batches")[:, 0], prepend=0)
    assert consumed.tolist() == (expected.last + 1 - expected.first).tolist()


# --- the twin

SHARED = {
    "defaults": {},
    "constant": {"reuse": 4, "schedule": "constant", "alpha": 0.7},
    "a search per step": {"reuse": 1, "alpha": 0.6, "schedule": "constant"},
    "momentum": {"reuse": 3, "momentum": 0.8, "approximation_batches": 3, "alpha": 0.4},
    "uphill": {"reuse": 1, "momentum": 0.95, "alpha": 0.9},
    "capped": {"reuse": 4, "s_max": 0.05, "approximation_batches": 2},
    "doubling": {"reuse": 5, "schedule": "doubling", "approximation_batches": 3, "alpha": 0.7},
    "doubling, momentum": {"reuse": 5, "schedule": "doubling", "momentum": 0.5, "alpha": 0.7},
    "noise factor": {"reuse": 6, "noise_factor": 2.6, "approximation_batches": 7, "alpha": 0.7},
    "own schedule": {"reuse": 6, "schedule": lambda t: 3 - t % 3, "alpha": 0.7, "momentum": 0.3},
    "more batches than are pooled": {"reuse": 4, "noise_factor": 4, "approximation_batches": 2, "alpha": 0.7},
}
AVERAGES = {
    "one by one": {"reuse": 2, "alpha": 0.4, "untrustworthy": 0, "average": 1},
    "averages": {"reuse": 2, "alpha": 0.4, "untrustworthy": 5, "average": 3},
    "averages, momentum": {"reuse": 3, "alpha": 0.2, "untrustworthy": 4, "average": 4, "momentum": 0.6},
    "averages, uphill": {"reuse": 1, "alpha": 0.9, "untrustworthy": 5, "average": 2, "momentum": 0.95},
    "averages, capped": {"reuse": 1, "alpha": 0.9, "untrustworthy": 3, "average": 2, "s_max": 0.1},
}
CASES = [("paper", key) for key in SHARED] + [("released", key) for key in SHARED | AVERAGES]


def draws(k_of, steps, many=10, reuse=1000, variant="paper", untrustworthy=400):
    """Algorithm 9 update by update, as (k, batches drawn): t counts batches; a search takes groups of k until there are
    ``many``, released: ``many`` groups, and it is due when k changes, too."""
    t, made, since = 0, [], None
    for update in range(steps):
        k = k_of(t)
        search = since is None or since >= reuse
        if variant == "released":
            search = search or k != made[-1][0] or update == untrustworthy + 2
        n = k if not search else k * many if variant == "released" else k * len(range(0, many, k))
        since = 1 if search else since + 1
        made.append((k, n))
        t += n
    return made


def printed(k_of_share, steps, **hyper):
    """The same where k depends on t / t_max, for each t_max that suffices for the updates while one less does not.
    (There may be several: released, a change of k asks for a search.)"""
    suffices = lambda T: sum(n for _, n in plan(T)) <= T
    plan = lambda T: draws(lambda t: k_of_share(t, T), steps, **hyper)
    most = sum(n for _, n in plan(0)) + 1
    return [plan(T) for T in range(1, most) if suffices(T) and not suffices(T - 1)]


def quarters(t, T):
    """Algorithm 9's k(t)."""
    return 4 if t > 3 * T // 4 else 2 if t > T // 2 else 1


def batches_of(hyper, steps=STEPS):
    """(k, batches drawn) of every update by these loops: of a t_max that will do, that of the method."""
    known = {"approximation_batches": "many", "reuse": "reuse", "variant": "variant", "untrustworthy": "untrustworthy"}
    options = {known[name]: value for name, value in hyper.items() if name in known}
    factor, schedule = hyper.get("noise_factor", 1), hyper.get("schedule", "doubling")
    times = lambda k: max(math.floor(factor * k), 1)
    if callable(schedule):
        return draws(lambda t: times(schedule(t)), steps, **options)
    if schedule == "constant":
        return draws(lambda t: times(1), steps, **options)
    found = tb.method("labpal-sgd", **hyper).batches(steps)
    return next(made for made in printed(lambda t, T: times(quarters(t, T)), steps, **options) if found == ks(made))


def ks(made):
    return [k for k, _ in made]


def twin_moves(name, curve, start, hyper):
    """The plain-number moves of the same method on the same batches."""
    drawn = batches_of(hyper)
    k_at = {int(t): k for t, (k, _) in zip(np.cumsum([0, *(n for _, n in drawn)]), drawn, strict=False)}
    hyper = {name: value for name, value in hyper.items() if name not in ("noise_factor", "schedule")}
    problem = oracles.Quadratics([tuple(map(tuple, q)) for q in curve[0].tolist()], list(map(tuple, curve[1].tolist())))
    draw = lambda t, j: tuple(sampler(t, j)[0].tolist())
    twin = getattr(oracles, name.replace("-", "_"))
    batches = [draw(t, 0) for t in range(STEPS)]
    return list(twin(problem, tuple(start), batches, fresh=draw, schedule=k_at.__getitem__, **hyper))


def assert_twins(name, curve, hyper, start=(3.0, -2.0, 1.0)):
    """The same iterates, steps, statuses and trials: rounded losses, divided by h1 h2, leave 1e-10 of a curvature.

    A fresh batch's loss at 0 is one trial more here, and the k batches of a gradient are one sample.
    """
    trace, theta = walk(NoisyQuadratic(*curve, start=start), tb.method(name, **hyper), sampler=sampler)
    moves = twin_moves(name, curve, start, hyper)
    taken = trace.arc if name == "labpal-nsgd" else trace.size
    scale = np.max(np.abs([move.x for move in moves]))
    np.testing.assert_allclose(theta[1:, 0], [move.x for move in moves], rtol=0, atol=1e-7 * scale)
    np.testing.assert_allclose(taken[:, 0], [move.step for move in moves], rtol=1e-6)
    assert [Status(status).name for status in trace.status[:, 0]] == [move.status for move in moves]
    k, n = np.array([k for k, _ in batches_of(hyper)]), np.diff(trace.cost("batches")[:, 0], prepend=0)
    assert (trace.trials[:, 0] - (n - k) + 2 * (k - 1) * (trace.trials[:, 0] > 0)).tolist() == [
        move.trials for move in moves
    ]
    return trace


@every_kind
@pytest.mark.parametrize(("variant", "key"), CASES)
def test_arrays_and_plain_numbers_take_the_same_steps(name, variant, key):
    assert_twins(name, data(bend=0.03), (SHARED | AVERAGES)[key] | {"variant": variant})


@every_kind
@pytest.mark.parametrize("variant", ["paper", "released"])
def test_settings_of_the_twin_reach_every_end(name, variant):
    """What the other tests rely on: caps, ascents and searches that find no minimum occur."""
    run = lambda key, **curve: set(
        assert_twins(name, data(**curve), SHARED[key] | {"variant": variant}).status.ravel().tolist()
    )
    assert Status.CAPPED in run("capped")
    assert Status.ASCENT in run("uphill")
    assert Status.EXHAUSTED in run("a search per step", bend=0.4, curvature=1.5)


@every_kind
@pytest.mark.parametrize("curvature", [1e-4, 200.0])
def test_the_released_code_does_not_search_along_short_or_long_directions(name, curvature):
    curve, hyper = data(curvature, spread=0.5), {"variant": "released", "reuse": 4, "alpha": 0.4}
    trace = assert_twins(name, curve, hyper, start=(3.0, 1.0, 1.0))
    assert (trace.status[0], trace.size[0], trace.trials[0]) == (Status.EXHAUSTED, 0, 0)


# --- an exact parabola


@every_kind
@pytest.mark.parametrize("variant", ["paper", "released"])
@pytest.mark.parametrize("alpha", [0.7, 1.8])
def test_the_first_step_on_an_exact_parabola(name, variant, alpha):
    """Paper: alpha s_min. Released: half the curvature, the slope at .0000885, hence alpha (2 s_min - .000177)."""
    place = NoisyQuadratic(np.diag([1.0, 0.5, 0.1]), np.zeros((D, 3)), start=[1.0, 2.0, -1.0])
    trace, _ = walk(place, tb.method(name, variant=variant, alpha=alpha, s_max=np.inf), steps=1)
    g = np.diag(place.Q) * place.start
    minimum = (g @ g) ** 1.5 / (g @ place.Q @ g)
    expected = alpha * (minimum if variant == "paper" else 2 * minimum - 1.77e-4)
    np.testing.assert_allclose(trace.arc[0, 0], expected, rtol=1e-8)
    assert trace.status[0, 0] == Status.FOUND


@every_kind
@pytest.mark.parametrize("variant", ["paper", "released"])
def test_where_a_line_that_is_no_parabola_is_measured(name, variant):
    """Along a quartic the estimate tells at which points, and how slopes are made of them."""
    rng = np.random.default_rng(1)
    place = Factorization(*(10 * rng.standard_normal((D, n)) for n in (3, 2)), 2)
    method = tb.method(name, variant=variant, alpha=0.5, approximation_batches=3, s_max=9.0)
    trace, theta = walk(place, method, 1, sampler=sampler)
    g = place.at(theta[0], sampler(0, 0)).gradient
    h1, h2 = (1e-4, 1e-2) if variant == "paper" else (1.77e-4, 1e-2)
    lines = [place.at(theta[0], sampler(0, j)).along(-g / np.linalg.norm(g)) for j in range(3)]
    f1, f2 = np.mean([line.change(np.array([[h1, h2]]))[0] for line in lines], axis=0)
    if variant == "paper":
        a, b, _ = np.polyfit([0, h1, h2], [0, f1, f2], 2)
    else:
        slopes = f1 / h1, np.gradient([0, f1, f2], [0, h1, h2], edge_order=1)[1]
        a, b = (slopes[1] - slopes[0]) / h1 / 2, slopes[0]
    np.testing.assert_allclose(trace.arc[0, 0], -0.5 * b / (2 * a), rtol=1e-6)


@every_kind
def test_an_estimate_is_a_rate_or_a_length(name):
    """Between two searches: the same multiple of the gradient, or steps of the same length."""
    place = NoisyQuadratic(*data())
    _, theta = walk(place, tb.method(name, reuse=10, s_max=0.1, schedule="constant"), steps=20, sampler=sampler)
    lengths = np.linalg.norm(np.diff(theta[:, 0], axis=0), axis=1)
    gradients = np.array([place.at(theta[t], sampler(t, 0)).gradient[0] for t in range(20)])
    rates = lengths / np.linalg.norm(gradients, axis=1)
    kept, other = (lengths, rates) if name == "labpal-nsgd" else (rates, lengths)
    for first in (0, 10):
        np.testing.assert_allclose(kept[first : first + 10], kept[first], rtol=1e-9)
        assert np.ptp(other[first : first + 10]) > 0.1 * other[first]


# --- lanes


@every_kind
@pytest.mark.parametrize("variant", ["paper", "released"])
@pytest.mark.parametrize("key", [*SHARED, "averages", "averages, momentum"])
def test_lanes_are_single_runs(name, variant, key):
    """Bit for bit, where searches of one lane fail and those of its neighbours do not."""
    hyper = (SHARED | AVERAGES)[key] | {"variant": variant}
    values = {"alpha": [0.4, 0.9, 1.9], "s_max": [1.0, 0.02, np.inf], "momentum": [0.0, 0.5, 0.9]}
    place, seeds = NoisyQuadratic(*data(bend=0.3)), (0, 4)
    many, theta = walk(place, tb.method(name, **(hyper | {h: np.array(v) for h, v in values.items()})), seeds=seeds)
    for i, seed in enumerate(seeds):
        for h in range(3):
            lane, alone = walk(place, tb.method(name, **(hyper | {k: v[h] for k, v in values.items()})), seeds=(seed,))
            np.testing.assert_array_equal(alone[:, 0], theta[:, i, h])
            for column in ("loss", "size", "arc", "status", "trials"):
                np.testing.assert_array_equal(getattr(lane, column)[:, 0], getattr(many, column)[:, i, h])
            for kind in ("values", "gradients", "samples", "batches"):
                np.testing.assert_array_equal(lane.cost(kind)[:, 0], many.cost(kind)[:, i, h])


@every_kind
@pytest.mark.parametrize("variant", ["paper", "released"])
@pytest.mark.parametrize("backend", ["strict", TORCH])
def test_backends_agree(name, variant, backend):
    hyper = {"variant": variant, "alpha": np.array([0.4, 1.2]), "reuse": 3, "schedule": "doubling", "momentum": 0.5}
    hyper |= {"untrustworthy": 3, "average": 2}
    method = tb.method(name, **hyper)
    found, expected = (
        walk(NoisyQuadratic(*data(bend=0.03), backend=xp), method, seeds=(0, 1))[1] for xp in (backend, "numpy")
    )
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


# --- batches


@every_kind
@pytest.mark.parametrize("variant", ["paper", "released"])
@pytest.mark.parametrize(("k", "many"), [(1, 5), (2, 5), (3, 5), (3, 6), (6, 4)])
def test_batches_that_are_drawn(name, variant, k, many):
    """k per step; a search pools n of them, paper: as many as make whole gradients, released: `many` of k each."""
    hyper = {"noise_factor": k, "approximation_batches": many, "reuse": 4, "alpha": 0.5, "schedule": "constant"}
    method = tb.method(name, variant=variant, **hyper)
    drawn = []

    def noted(t, j):
        drawn.append((t, j))
        return sampler(t, j)

    trace, _ = walk(NoisyQuadratic(*data()), method, steps=8, sampler=noted)
    n = {"paper": k * -(-many // k), "released": k * many}[variant]
    pooled = [n, k, k, k, n, k, k, k]
    assert drawn == [(t, j) for t in range(8) for j in range(pooled[t])]
    np.testing.assert_array_equal(trace.cost("batches")[:, 0], np.cumsum(pooled))
    np.testing.assert_allclose(trace.cost("epochs")[:, 0], np.cumsum(pooled) * B / D)
    searched = np.array(pooled) == n if n > k else np.arange(8) % 4 == 0
    samples = k + searched * (2 * k + 3 * (n - k))  # a gradient; two losses; on fresh batches also that at 0
    np.testing.assert_array_equal(trace.cost("samples")[:, 0], np.cumsum(B * samples))
    np.testing.assert_array_equal(trace.cost("gradients")[:, 0], np.arange(1, 9))


def test_a_schedule_by_hand():
    """t counts batches. Seven updates, no search beside them: for t_max = 9 they would begin at t = 0, .., 5 and 7 and
    end with 4 more, beyond it; for 10 they begin at 0, .., 5 with one batch each, and at 6 with two."""
    plan = lambda steps, *given, **hyper: BatchSchedule(LABPAL(**{"approximation_batches": 1} | hyper), *given)(steps)
    assert plan(7) == [1, 1, 1, 1, 1, 1, 2]
    assert plan(4, "doubling", 2.6) == [2, 2, 2, 5]  # t = 0, 2, 4, 6 of t_max = 11; of 10 they would draw 11, too
    assert plan(4, lambda t: t + 1, 1.5) == [1, 3, 7, 18]  # t = 0, 1, 4, 11
    assert plan(3, lambda t: t + 1, approximation_batches=3, reuse=2) == [1, 4, 8]  # searches draw 3 and 8: t = 0, 3, 7
    assert plan(1, "constant", 0.3) == [1]
    assert plan(0) == []


@pytest.mark.parametrize("schedule", ["doubling", "constant", lambda t: 1 + t % 3])
@pytest.mark.parametrize("variant", ["paper", "released"])
@pytest.mark.parametrize("hyper", [{}, {"reuse": 7}, {"reuse": 5, "noise_factor": 2.6, "approximation_batches": 3}])
def test_a_schedule_counts_batches(hyper, variant, schedule):
    hyper = hyper | {"variant": variant, "schedule": schedule, "untrustworthy": 10}
    for steps in (1, 2, 3, 40, 57):
        assert tb.method("labpal-sgd", **hyper).batches(steps) == [k for k, _ in batches_of(hyper, steps)]


@pytest.mark.parametrize("variant", ["paper", "released"])
@pytest.mark.parametrize("t_max", [1, 10, 11, 12, 57, 400])
def test_a_run_within_so_many_batches(t_max, variant):
    """Algorithm 9's loop: the last update is the one that reaches t_max."""
    hyper = {"reuse": 7, "variant": variant}
    made = draws(lambda t: quarters(t, t_max), t_max, **hyper)
    before = np.cumsum([0, *(n for _, n in made)])[:-1]
    assert tb.method("labpal-sgd", **hyper).batches.within(t_max) == [
        k for (k, _), t in zip(made, before, strict=True) if t < t_max
    ]


@every_kind
def test_half_of_the_batches_are_drawn_one_by_one(name):
    """By default, as printed: k = 1 for one half of all batches, then 2 and 4 for a quarter each, searches included."""
    trace, _ = walk(NoisyQuadratic(*data()), tb.method(name, reuse=20, alpha=0.5), 400, sampler="fresh")
    drawn, k = np.diff(trace.cost("batches")[:, 0], prepend=0), np.array(tb.method(name, reuse=20).batches(400))
    assert sorted(set(k)) == [1, 2, 4]
    shares = [drawn[k == many].sum() / drawn.sum() for many in (1, 2, 4)]
    np.testing.assert_allclose(shares, [0.5, 0.25, 0.25], atol=12 / drawn.sum())  # a phase ends with a whole update


def test_the_noise_factor_of_a_smaller_batch():
    """Eq. 6.8 by hand: a quarter of the batch on the same data asks for four times as many batches."""
    assert tb.noise_factor(32, 40_000) == (4.0, 600_000)
    assert tb.noise_factor(8, 40_000, steps=100) == (16.0, 1600)
    assert tb.noise_factor(100, 800, 400, original_batch=50, original_size=1600) == (0.25, 100)
    scale = lambda batch, size: size / batch  # eq. 6.5 at one rate
    epsilon = tb.noise_factor(12, 700, 1, 30, 900).epsilon
    assert epsilon == pytest.approx(scale(12, 700) / scale(30, 900), rel=1e-15)
    assert epsilon * 12 / 700 == pytest.approx(30 / 900, rel=1e-15)  # so many batches together: the old scale


@pytest.mark.parametrize("name", ["batch", "size", "steps", "original_batch", "original_size"])
@pytest.mark.parametrize("bad", [0, 1.5, True, "3"])
def test_noise_factor_of_bad_numbers(name, bad):
    with pytest.raises(ValueError, match=f"{name}=.* is not accepted; accepted: a whole number of at least 1"):
        tb.noise_factor(**{"batch": 10, "size": 100, name: bad})


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"schedule": "doublin"}, "did you mean 'doubling'"),
        ({"schedule": 3}, "schedule 3 is unknown"),
        *(({"noise_factor": bad}, "noise_factor") for bad in (0, -1.0, np.nan, np.inf, True, "2", np.ones(2))),
        *(({name: bad}, name) for name in ("approximation_batches", "reuse", "average") for bad in (0, 1.5, True)),
        ({"untrustworthy": -1}, "untrustworthy"),
        ({"variant": "printed"}, "variant"),
        ({"momentum": 1.0}, "beta"),
    ],
)
@every_kind
def test_bad_arguments(name, options, says):
    with pytest.raises(ValueError, match=says):
        tb.method(name, **options)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_a_gradient_averages_base_batches(k):
    """As one step on the union of the batches, and as the mean of single gradients."""
    place = NoisyQuadratic(*data(bend=0.1), start=(3.0, -2.0, 1.0))
    method = Optimizer(Gradient(), Fixed(0.1, "constant"), batches=lambda steps: [1, k, k])
    trace, theta = walk(place, method, steps=3, sampler=sampler)
    for t in range(3):
        single = [place.at(theta[t], sampler(t, j)) for j in range(k if t else 1)]
        moved = theta[t] - 0.1 * np.mean([point.gradient for point in single], axis=0)
        np.testing.assert_allclose(theta[t + 1], moved, rtol=1e-13)
        np.testing.assert_allclose(trace.loss[t], np.mean([point.value for point in single], axis=0), rtol=1e-13)
    assert trace.cost("batches")[-1] == 1 + 2 * k
    assert trace.cost("samples")[-1] == (1 + 2 * k) * B


def test_one_batch_per_gradient_is_what_it_was():
    place, plain = NoisyQuadratic(*data()), tb.method("sgd")
    (_, a), (_, b) = (walk(place, m) for m in (plain, plain._replace(batches=lambda steps: [1] * steps)))
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("bad", [[1, 1, 0], [1, 1, -1], [1, 1, 1.0], [1, 1, None], [1, True, 1], [1, 1], []])
def test_batches_that_are_no_numbers(bad):
    method = tb.method("sgd")._replace(batches=lambda steps: bad if steps == 3 else [1] * steps)
    tb.run(NoisyQuadratic(*data()), method, steps=2, batch=B)
    with pytest.raises(ValueError, match=r"batches\(3\)=.* is not accepted; accepted: .* each of the 3 steps"):
        tb.run(NoisyQuadratic(*data()), method, steps=3, batch=B)


@pytest.mark.parametrize("bad", [0, 1.5, None, True])
def test_a_schedule_of_one_s_own_that_gives_no_number(bad):
    method = tb.method("labpal-sgd", schedule=lambda t: bad)
    with pytest.raises(ValueError, match=r"schedule\(0\)=.* is not accepted"):
        tb.run(NoisyQuadratic(*data()), method, steps=3, batch=B)


def test_samples_that_cannot_be_joined():
    method = tb.method("sgd")._replace(batches=lambda steps: [2] * steps)
    with pytest.raises(TypeError, match=r"slice.*cannot be joined"):
        tb.run(NoisyQuadratic(*data()), method, steps=1, batch=B, sampler=lambda t, j: slice(None))


def test_a_pool_weighs_the_gradient_s_line():
    place, ledger = NoisyQuadratic(*data(bend=0.1)), Ledger()
    theta, s = np.array([[1.0, 2.0, 3.0]]), np.array([[0.1, -2.0]])
    origin = place.at(theta, np.concatenate([sampler(0, j) for j in range(3)], axis=-1))
    ray = Ray(Walk(place, sampler, B, 1, ledger), origin, -origin.gradient, 0, batches=3)
    single = [place.at(theta, sampler(0, j)).along(ray.d) for j in range(5)]
    pool, expected = ray.pool(5), MeanLine(place.xp, single)
    for ask in ("change", "slope", "curvature"):
        np.testing.assert_allclose(getattr(pool, ask)(s), getattr(expected, ask)(s), rtol=1e-13)
    np.testing.assert_allclose(pool.value0, expected.value0, rtol=1e-13)
    np.testing.assert_allclose(pool.slope0, expected.slope0, rtol=1e-13)
    for found, wanted in zip(pool.samples(s), expected.samples(s), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-13)
    with pytest.raises(ValueError, match="at least the 3"):
        ray.pool(2)


def test_equal_weights_change_no_bit():
    place = NoisyQuadratic(*data(bend=0.1))
    lines = [place.at(np.ones((1, 3)), sampler(0, j)).along(np.ones((1, 3))) for j in range(3)]
    s = np.linspace(-1, 1, 50)[None]
    for weights in ([1, 1, 1], [7, 7, 7]):
        np.testing.assert_array_equal(MeanLine(place.xp, lines, weights).change(s), MeanLine(place.xp, lines).change(s))


def test_a_gradient_of_too_many_batches_is_refused():
    method = tb.method("labpal-sgd", noise_factor=1e300)
    with pytest.raises(
        ValueError, match=r"^noise_factor=1e\+300 makes a gradient of 1e\+300 batches; accepted: one that"
    ):
        method.batches(3)
