"""Properties of the oracles, exact in rational numbers wherever the rule allows it."""

import inspect
import math
from fractions import Fraction as F
from itertools import pairwise
from math import inf, nan

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import oracles as plain
from with_defaults import oracles

numbers = st.fractions(-4, 4, max_denominator=4)
positive = st.fractions(F(1, 8), 4, max_denominator=8)
ratios = st.sampled_from([F(1, 4), F(1, 2), F(9, 10)])


def vectors(size):
    return st.tuples(*[numbers] * size)


@st.composite
def quadratics(draw, size=2):
    """One to three positive definite quadratics, Q = A'A + I, with minima of their own."""
    count = draw(st.integers(1, 3))
    Q = []
    for _ in range(count):
        A = draw(st.lists(vectors(size), min_size=size, max_size=size))
        columns = list(zip(*A, strict=True))
        Q.append([tuple(oracles.dot(u, v) + (u is v) for v in columns) for u in columns])
    return oracles.Quadratics(Q, draw(st.lists(vectors(size), min_size=count, max_size=count)))


def everything(problem):
    return tuple(range(len(problem.m)))


def single_samples(problem, steps):
    return [(t % len(problem.m),) for t in range(steps)]


def parabola(q, m=0):
    """1/2 q (x - m)^2."""
    return oracles.Quadratics([[(q,)]], [(m,)])


class Made:
    """A problem of one variable from two functions; the batch is a factor of the loss."""

    def __init__(self, value, slope):
        self.value = lambda x, batch: batch * value(x[0])
        self.gradient = lambda x, batch: (batch * slope(x[0]),)


class Plain:
    """Any problem, with nothing but the two functions that a problem must have."""

    def __init__(self, problem):
        self.value, self.gradient = problem.value, problem.gradient


downhill = Made(lambda x: -x, lambda x: -1)


def only(moves):
    (move,) = moves
    return move


# --- square roots and problems


@given(numbers)
def test_roots_of_rational_squares_are_exact(v):
    assert oracles.root(v * v) == abs(v)
    assert isinstance(oracles.root(v * v), F)


def test_other_roots_are_those_of_math():
    assert [oracles.root(v) for v in (F(1, 2), 2, 0.25)] == [math.sqrt(0.5), math.sqrt(2), 0.5]


def stencil(phi):
    """phi'(0), exact for polynomials of degree four."""
    return (phi(-2) - 8 * phi(-1) + 8 * phi(1) - phi(2)) / F(12)


@given(quadratics(), vectors(2), vectors(2))
def test_quadratics_have_their_own_derivatives(problem, x, d):
    batch = everything(problem)
    phi, slope = oracles.line(problem, x, d, batch)
    assert stencil(phi) == slope(0)
    assert stencil(slope) == problem.curvature(d, batch)


@given(st.data(), st.sampled_from([None, 1, 2]))
def test_factorization_has_its_own_derivatives(data, rank):
    inputs, outputs, samples = 2, 3, 2
    X = data.draw(st.lists(vectors(inputs), min_size=samples, max_size=samples))
    Y = data.draw(st.lists(vectors(outputs), min_size=samples, max_size=samples))
    size = inputs * outputs if rank is None else rank * (inputs + outputs)
    theta, d = data.draw(vectors(size)), data.draw(vectors(size))
    phi, slope = oracles.line(oracles.Factorization(X, Y, rank), theta, d, (0, 1))
    assert stencil(phi) == slope(0)


def test_factorization_by_hand():
    """W1 = (1 2), W2 = (3 4)': x = (1, 1) gives (9, 12), two away from (7, 14) in both outputs."""
    problem = oracles.Factorization([(1, 1), (0, 0)], [(7, 14), (0, 2)], 1)
    assert problem.value((1, 2, 3, 4), (0,)) == 4
    assert problem.value((1, 2, 3, 4), (0, 1)) == 3
    linear = oracles.Factorization([(1, 1)], [(7, 14)], None)
    assert linear.value((3, 6, 4, 8), (0,)) == 4  # W = W2 W1, row by row


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=2), st.tuples(st.booleans(), st.booleans()))
def test_logistic_loss_has_its_own_derivative(theta, labels):
    problem = oracles.KernelLogistic([(1.0, 0.5), (0.25, 1.0)], labels)
    phi, slope = oracles.line(problem, tuple(theta), (1.0, -0.5), (0, 1))
    h = 1e-3  # truncation h^4 / 30 phi^(5), rounding 1e-16 / h
    assert (8 * phi(h) - 8 * phi(-h) + phi(-2 * h) - phi(2 * h)) / (12 * h) == pytest.approx(slope(0), abs=1e-11)


@pytest.mark.parametrize(("label", "side"), [(1, 1), (0, -1)])
def test_logistic_loss_keeps_its_digits_far_out(label, side):
    problem = oracles.KernelLogistic([(1.0,)], [label])
    assert problem.value((side * 50.0,), (0,)) == pytest.approx(math.exp(-50), rel=1e-15)
    assert problem.gradient((side * 50.0,), (0,)) == (pytest.approx(-side * math.exp(-50), rel=1e-15),)
    assert problem.value((side * -1e4,), (0,)) == 1e4
    assert problem.gradient((side * -1e4,), (0,)) == (-side,)


# --- fixed rates


@given(quadratics(), vectors(2), positive)
def test_sgd_is_momentum_without_memory(problem, x, rate):
    batches = single_samples(problem, 5)
    assert list(oracles.momentum(problem, x, batches, rate=rate, beta=0)) == list(
        oracles.sgd(problem, x, batches, rate=rate)
    )


@given(vectors(1), numbers, ratios)
def test_momentum_adds_up_faded_gradients(x, m, beta):
    problem = parabola(F(1, 2), m)
    points = [x, *(move.x for move in oracles.momentum(problem, x, [(0,)] * 5, rate=1, beta=beta))]
    g = [problem.gradient(p, (0,))[0] for p in points]
    for t, (old, new) in enumerate(pairwise(points)):
        assert old[0] - new[0] == sum(beta ** (t - k) * g[k] for k in range(t + 1))


def test_a_schedule_is_asked_once_per_step():
    moves = list(oracles.sgd(downhill, (0,), [1] * 3, rate=lambda t: F(1, t + 1)))
    assert [move.step for move in moves] == [1, F(1, 2), F(1, 3)]
    assert moves[-1].x == (F(11, 6),)


@given(vectors(2), positive)
def test_nsgd_takes_steps_of_length_rate(x, rate):
    problem = oracles.Quadratics([((1, 0), (0, 3))], [(5, 5)])
    move = only(oracles.nsgd(problem, x, [(0,)], rate=rate))
    assert oracles.norm(oracles.add(move.x, -1, x)) == pytest.approx(float(rate), rel=1e-12)


@given(positive, positive, positive)
def test_adam_and_rmsprop_under_a_constant_gradient(size, rate, eps):
    """The unbiased moments of a constant are itself and its square, from the first step on."""
    slide = Made(lambda x: -size * x, lambda x: -size)
    adam = oracles.adam(slide, (0,), [1] * 4, rate=rate, beta1=F(9, 10), beta2=F(99, 100), eps=eps)
    assert [move.x for move in adam] == [(rate * t * size / (size + eps),) for t in range(1, 5)]
    rmsprop = only(oracles.rmsprop(slide, (0,), [1], rate=rate, decay=F(3, 4), eps=eps))
    assert rmsprop.x == (rate * size / (size / 2 + eps),)  # its mean square starts at (1 - 3/4) size^2


# --- searches


@given(quadratics(), vectors(2), ratios, ratios, positive, st.sampled_from([0, 1, 2]))
def test_sls_takes_the_first_step_of_sufficient_decrease(problem, x, c, beta, first, reset):
    gamma, epoch, eta = F(3), F(1), first
    batches = single_samples(problem, 4)
    search = {"c": c, "beta": beta, "gamma": gamma, "first": first, "reset": reset, "steps_per_epoch": epoch}
    for batch, move in zip(batches, oracles.sls(problem, x, batches, **search), strict=True):
        eta = {0: eta, 1: eta * gamma, 2: first}[reset]
        g = problem.gradient(x, batch)
        if g == (0, 0):
            assert move == (x, 0, oracles.STATIONARY, 0)
            continue
        tried = [eta * beta**k for k in range(move.trials)]
        accepted = [
            problem.value(oracles.add(x, -s, g), batch) <= problem.value(x, batch) - c * s * oracles.dot(g, g)
            for s in tried
        ]
        assert accepted == [False] * (move.trials - 1) + [True]
        assert (move.step, move.x, move.status) == (tried[-1], oracles.add(x, -tried[-1], g), oracles.FOUND)
        x, eta = move.x, move.step


def test_sls_grows_by_gamma_in_one_epoch():
    steps = [move.step for move in oracles.sls(downhill, (0.0,), [1] * 4, gamma=1.5, steps_per_epoch=4)]
    assert steps == pytest.approx([1.5 ** (t / 4) for t in range(1, 5)], rel=1e-14)


@given(vectors(1), numbers, positive, positive, ratios)
def test_backtracking_is_sls_that_forgets(x, m, q, first, c):
    options = {"c": c, "beta": F(1, 2), "first": first}
    backtracking = oracles.backtracking(parabola(q, m), x, [(0,)] * 3, **options)
    assert list(backtracking) == list(oracles.sls(parabola(q, m), x, [(0,)] * 3, reset=2, **options))


def test_sls_can_search_on_a_fresh_batch():
    """At x = 1 both samples have slope 1, so d = -1; the Armijo bound 2 (1 - c) / q is 1 or 1/8."""
    problem = oracles.Quadratics([[(F(1),)], [(F(8),)]], [(F(0),), (F(7, 8),)])
    options = {"c": F(1, 2), "beta": F(1, 2), "first": F(1), "reset": 2}
    assert only(oracles.sls(problem, (F(1),), [(0,)], **options)).step == 1
    move = only(oracles.sls(problem, (F(1),), [(0,)], judges=[(1,)], **options))
    assert (move.x, move.step, move.trials) == ((F(7, 8),), F(1, 8), 4)


def test_a_failed_search_of_sls_stays_and_goes_on_from_the_shrunken_step():
    x, options = (F(1),), {"c": F(1, 10), "beta": F(1, 2), "first": F(8), "reset": 0, "tries": 2}
    paper = list(oracles.sls(parabola(1), x, [(0,)] * 2, **options))
    assert paper == [(x, 0, oracles.EXHAUSTED, 2), ((-1 + x[0],), 1, oracles.FOUND, 2)]
    released = only(oracles.sls(parabola(1), x, [(0,)], variant="released", **options))
    assert released == ((1 - 1e-6,), 1e-6, oracles.EXHAUSTED, 2)


def test_released_sls_skips_small_gradients_while_its_step_grows():
    calls = {"gamma": 2, "steps_per_epoch": F(1), "first": F(1), "c": F(1, 2)}
    batches = [F(1, 10**9), 1]
    paper = list(oracles.sls(downhill, (F(0),), batches, **calls))
    released = list(oracles.sls(downhill, (F(0),), batches, variant="released", **calls))
    assert [move.step for move in paper] == [2, 4]
    assert [(move.step, move.status) for move in released] == [(0, oracles.STATIONARY), (4, oracles.FOUND)]


@given(st.lists(st.tuples(positive, numbers), min_size=1, max_size=4), vectors(1), positive)
def test_pal_reaches_the_minimum_of_a_parabola_in_one_step(samples, x, mu):
    problem = oracles.Quadratics([[(q,)] for q, _ in samples], [(m,) for _, m in samples])
    minimum = sum(q * m for q, m in samples) / sum(q for q, _ in samples)
    assume(x != (minimum,))
    move = only(oracles.pal(problem, x, [everything(problem)], mu=mu, beta=0, s_max=inf))
    assert move == ((minimum,), abs(minimum - x[0]), oracles.FOUND, 1)
    assert isinstance(move.x[0], F)


@given(positive, positive, st.fractions(1, 2, max_denominator=5), positive)
def test_pal_caps_the_adapted_step(q, distance, alpha, s_max):
    move = only(oracles.pal(parabola(q), (distance,), [(0,)], mu=F(1, 10), alpha=alpha, beta=0, s_max=s_max))
    s = min(alpha * distance, s_max)
    assert move[:2] == ((distance - s,), s)
    assert move.status == (oracles.CAPPED if alpha * distance >= s_max else oracles.FOUND)


@pytest.mark.parametrize(("mu", "s", "status"), [(F(1, 2), F(1, 2), oracles.FOUND), (2, 1, oracles.CAPPED)])
@pytest.mark.parametrize("curvature", [0, -1])
def test_pal_goes_to_mu_where_there_is_no_minimum(mu, s, status, curvature):
    hill = Made(lambda x: -x + curvature * x * x, lambda x: -1 + 2 * curvature * x)
    assert only(oracles.pal(hill, (F(0),), [1], mu=mu, s_max=1)) == ((s,), s, status, 1)


@given(positive, numbers, ratios)
def test_pal_adds_the_last_direction(q, m, beta):
    """In one dimension the unit direction is a sign, but the inexact slope -|d| feels the memory."""
    x, problem = (F(5),), parabola(q, m)  # always to the left of x
    options = {"mu": F(1, 4), "beta": beta, "s_max": inf}
    first, second = oracles.pal(problem, x, [(0,)] * 2, alpha=F(1, 2), exact_slope=False, **options)
    d0 = q * (x[0] - m)
    assert first.step == d0 / (2 * q)  # half the way; then the gradient is d0 / 2 and the direction (1/2 + beta) d0
    b = (F(1, 2) + beta) * d0
    a = q / 2 + (b - d0 / 2) / F(1, 4)  # (4.2) with the wrong b
    assert second.step == b / (2 * a) / 2
    *_, exact = oracles.pal(problem, x, [(0,)] * 2, alpha=F(1, 2), **options)
    assert exact.step == d0 / (4 * q)


@given(quadratics(), vectors(2))
def test_the_new_gradient_of_an_exact_search_is_orthogonal_to_its_direction(problem, x):
    for batch in single_samples(problem, 3):
        move = only(oracles.exact(problem, x, [batch]))
        d = oracles.scale(-1, problem.gradient(x, batch))
        assert oracles.dot(problem.gradient(move.x, batch), d) == 0
        assert move.x == oracles.add(x, move.step, d)
        x = move.x


@given(quadratics(), vectors(2))
def test_exact_full_looks_at_all_samples_along_the_gradient_of_one(problem, x):
    move = only(oracles.exact_full(problem, x, [(0,)], full=everything(problem)))
    _, slope = oracles.line(problem, x, oracles.scale(-1, problem.gradient(x, (0,))), everything(problem))
    if slope(0) < 0:
        assert (slope(move.step), move.status) == (0, oracles.FOUND)
    else:
        assert move[:2] == (x, 0)
        assert move.status == (oracles.ASCENT if slope(0) > 0 else oracles.STATIONARY)


@given(quadratics(), vectors(2))
def test_bisection_finds_the_minimum_of_a_parabola(problem, x):
    formula = only(oracles.exact(problem, x, [(0,)]))
    search = only(oracles.exact(Plain(problem), x, [(0,)]))
    assert search.step == pytest.approx(float(formula.step), rel=1e-11)  # spacing of floats times conditioning
    assert search.status == formula.status


def test_an_exact_search_on_a_curve():
    valley = Made(lambda x: math.cosh(x - 3), lambda x: math.sinh(x - 3))
    move = only(oracles.exact(valley, (0.0,), [1.0]))
    assert move.x == (pytest.approx(3, abs=1e-14),)
    assert only(oracles.exact(valley, (0.0,), [1.0], s_max=1e-3))[1:] == (1e-3, oracles.CAPPED, 1)


# --- fractions, and how searches end


FRACTIONS = {
    oracles.sgd: {"rate": F(1, 9)},
    oracles.momentum: {"rate": F(1, 9), "beta": F(9, 10)},
    oracles.backtracking: {"c": F(1, 10), "beta": F(9, 10), "first": F(1)},
    oracles.sls: {"beta": F(9, 10), "gamma": 2, "first": F(1), "steps_per_epoch": F(1)},
    oracles.exact: {},
    oracles.exact_full: {"full": (0, 1)},
}
SEARCHES = [oracles.backtracking, oracles.sls, oracles.pal, oracles.exact]
METHODS = [oracles.sgd, oracles.momentum, oracles.nsgd, oracles.adam, oracles.rmsprop, *SEARCHES]


@pytest.mark.parametrize("method", FRACTIONS)
def test_fractions_stay_fractions(method):
    problem = oracles.Quadratics([((2, 1), (1, 3)), ((1, 0), (0, 5))], [(F(0), F(1)), (F(2), F(-1))])
    moves = list(method(problem, (F(1), F(1, 3)), [(0,), (1,)] * 2, **FRACTIONS[method]))
    assert {type(v) for move in moves for v in move.x} == {F}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_says_how_it_fared(method):
    move = only(method(parabola(1.0), (0.5,), [(0,)]))
    assert move.status == oracles.FOUND
    assert abs(move.x[0]) < 0.5


@pytest.mark.parametrize("method", METHODS)
def test_nothing_moves_at_a_stationary_point(method):
    assert only(method(parabola(F(1)), (F(0),), [(0,)])) == ((0,), 0, oracles.STATIONARY, 0)


@pytest.mark.parametrize("slope", [inf, -inf, nan])
@pytest.mark.parametrize("method", METHODS)
def test_nothing_moves_on_a_slope_that_is_not_finite(method, slope):
    move = only(method(Made(lambda x: x, lambda x: slope), (0.5,), [1]))
    assert move == ((0.5,), 0, oracles.NONFINITE, 0)


@pytest.mark.parametrize("loss", [inf, -inf, nan])
@pytest.mark.parametrize("method", SEARCHES)
def test_no_search_starts_from_a_loss_that_is_not_finite(method, loss):
    move = only(method(Made(lambda x: loss, lambda x: 1.0), (0.5,), [1]))
    assert move == ((0.5,), 0, oracles.NONFINITE, 0)


@pytest.mark.parametrize("loss", [inf, -inf, nan])
def test_pal_does_not_trust_a_second_loss_that_is_not_finite(loss):
    cliff = Made(lambda x: -x if x == 0 else loss, lambda x: -1.0)
    assert only(oracles.pal(cliff, (0.0,), [1])) == ((0.0,), 0, oracles.NONFINITE, 1)


def test_armijo_walks_back_from_a_cliff():
    cliff = Made(lambda x: -x if x < 0.6 else nan, lambda x: -1.0)
    assert only(oracles.sls(cliff, (0.0,), [1], beta=0.5, reset=0)) == ((0.5,), 0.5, oracles.FOUND, 2)


def test_searches_stop_uphill():
    problem = oracles.Quadratics([[(F(1),)], [(F(1),)]], [(F(0),), (F(2),)])  # x = 1 lies between two minima
    stay = ((F(1),), 0, oracles.ASCENT, 0)
    assert only(oracles.sls(problem, (F(1),), [(0,)], judges=[(1,)])) == stay
    assert only(oracles.exact_full(problem, (F(1),), [(0,)], full=(1,))) == stay
    first, second = oracles.pal(problem, (F(10),), [(0,), (1,)], mu=1, alpha=F(9, 10), beta=1, s_max=inf)
    assert first.x == (1,)  # the gradient of batch 1 is now -1, the direction still 1 - 10
    assert second == stay


def test_the_largest_step_is_reported():
    assert only(oracles.sls(downhill, (F(0),), [1], max_step=F(1, 2)))[1:] == (F(1, 2), oracles.CAPPED, 1)
    assert only(oracles.exact(parabola(F(1)), (F(3),), [(0,)], s_max=F(1, 2)))[1:] == (F(1, 2), oracles.CAPPED, 0)
    assert only(oracles.exact(downhill, (F(0),), [1], s_max=3))[1:3] == (3, oracles.CAPPED)


def test_a_line_without_minimum_exhausts_the_exact_search():
    assert only(oracles.exact(downhill, (0.0,), [1], s_max=inf))[:3] == ((0.0,), 0, oracles.EXHAUSTED)
    assert only(oracles.exact(parabola(F(-1)), (F(1),), [(0,)], s_max=inf)) == ((1,), 0, oracles.EXHAUSTED, 0)


def test_backtracking_gives_up():
    move = only(oracles.backtracking(parabola(F(1)), (F(1),), [(0,)], first=F(8), beta=F(1, 2), tries=2))
    assert move == ((1,), 0, oracles.EXHAUSTED, 2)


def test_no_oracle_has_a_number_of_its_own():
    """So that no default of the package's is written a second time, where it could be forgotten."""
    functions = {name: f for name, f in vars(plain).items() if inspect.isfunction(f) and hasattr(f, "__wrapped__")}
    kept = {
        name: p.name
        for name, f in functions.items()
        for p in inspect.signature(f).parameters.values()
        if p.default != p.empty
    }
    assert len(functions) >= 20
    assert not kept
