"""Properties of further oracles: schedules, hypergradients, conjugate directions, searches, LABPAL."""

import math
from fractions import Fraction as F
from functools import partial
from itertools import islice, pairwise
from math import inf, nan
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from test_oracles import (
    Made,
    downhill,
    everything,
    numbers,
    only,
    parabola,
    positive,
    quadratics,
    ratios,
    single_samples,
    vectors,
)
from with_defaults import oracles

FORMULAS = ["FR", "PR", "HS", "DY"]
same = lambda batch: lambda t, j: batch  # every fresh batch is this one


class Notes:
    """Fresh batches that remember who asked for them."""

    def __init__(self, batch=(0,)):
        self.batch, self.asked = batch, []

    def __call__(self, t, j):
        self.asked.append((t, j))
        return self.batch


# --- schedules


def test_schedules_by_hand():
    T = 8
    assert [oracles.piecewise(t, T) for t in range(T)] == [1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01]
    assert [oracles.cosine(t, T) for t in (0, 4, 8)] == [1, 0.5, 0]
    assert [oracles.inverse(t, T) for t in range(3)] == [1, 1 / 2, 1 / 3]
    assert [oracles.inverse_root(t, T) for t in (0, 3)] == [1, 0.5]
    assert [oracles.doubling(t, T) for t in range(T + 1)] == [1, 1, 1, 1, 1, 2, 2, 4, 4]


@pytest.mark.parametrize("name", oracles.SCHEDULES)
def test_schedules_never_grow_and_make_rates(name):
    factor = oracles.SCHEDULES[name]
    factors = [factor(t, 9) for t in range(9)]
    assert factors[0] == 1
    assert all(0 < new <= old for old, new in pairwise(factors))
    moves = oracles.sgd(downhill, (0.0,), [1] * 9, rate=lambda t: 0.5 * factor(t, 9))
    assert [move.step for move in moves] == [0.5 * f for f in factors]


# --- hypergradients


@given(positive, numbers, positive, st.fractions(0, F(1, 10), max_denominator=100))
def test_the_hypergradient_moves_the_rate_towards_the_minimum_of_the_line(q, x, rate, hyper_rate):
    """lambda' - 1/q = (1 - alpha q g^2) (lambda - 1/q), in the second step already, from the first gradient."""
    g = q * x
    assume(g and rate * q != 1)
    first, second = oracles.sgd_hd(parabola(q), (x,), [(0,)] * 2, rate=rate, hyper_rate=hyper_rate)
    assert first.step == rate
    assert second.step - 1 / q == (1 - hyper_rate * q * g * g) * (rate - 1 / q)
    assert second.x == (first.x[0] * (1 - second.step * q),)


def test_the_hypergradient_as_its_indices_are_printed():
    """Eq. 2.49: lambda_{t+1} = lambda_t + alpha g_t g_{t-1}, so that step t still uses lambda_t."""
    options = {"rate": F(1, 2), "hyper_rate": F(1, 100), "variant": "dissertation"}
    moves = list(oracles.sgd_hd(parabola(F(1)), (F(8),), [(0,)] * 4, **options))
    x, rate = [F(8)], [F(1, 2)]
    for t in range(4):
        x.append(x[t] - rate[t] * x[t])
        rate.append(rate[t] + F(1, 100) * x[t] * (x[t - 1] if t else 0))
    assert [move.x for move in moves] == [(value,) for value in x[1:]]
    assert [move.step for move in moves] == rate[:4]
    assert rate[1] == rate[0] != rate[2]


@pytest.mark.parametrize("form", ["gradient", "momentum", "nesterov"])
def test_the_hypergradient_is_taken_in_what_was_subtracted(form):
    m, rate, hyper = F(9, 10), F(1, 2), F(1, 100)
    moves = list(oracles.sgd_hd(downhill, (F(0),), [1] * 3, rate=rate, hyper_rate=hyper, form=form, momentum=m))
    u = {"gradient": [1, 1, 1], "momentum": [1, 1 + m, 1 + m + m * m]}
    u["nesterov"] = [1 + m * v for v in u["momentum"]]
    rates = [rate, rate + hyper * u[form][0], rate + hyper * (u[form][0] + u[form][1])]
    assert [move.step for move in moves] == rates
    assert moves[-1].x == (sum(a * b for a, b in zip(rates, u[form], strict=True)),)


def test_a_hypergradient_that_is_not_finite_leaves_the_rate_alone():
    slope = iter([-1.0, inf, -1.0])
    moves = list(oracles.sgd_hd(Made(lambda x: x, lambda x: next(slope)), (0.0,), [1] * 3, rate=0.5))
    assert [(move.step, move.status) for move in moves] == [(0.5, "FOUND"), (0, "NONFINITE"), (0.5, "FOUND")]


# --- ALI-G


@given(positive, numbers)
def test_the_step_of_polyak_halves_the_way_on_a_parabola(q, x):
    assume(x != 0)
    assert only(oracles.ali_g(parabola(q), (x,), [(0,)], eps=0)) == ((x / 2,), 1 / (2 * q), oracles.FOUND, 0)


@given(numbers, positive, positive)
def test_ali_g_finds_the_root_of_a_line_unless_it_is_too_far(height, slope, max_rate):
    """A loss below 0 counts as 0: the step is 0, never uphill."""
    line = Made(lambda x: slope * x, lambda x: slope)
    move = only(oracles.ali_g(line, (height,), [1], eps=0, max_rate=max_rate))
    eta = min(max(height, 0) / slope, max_rate)
    assert move[:2] == ((height - eta * slope,), eta)
    assert move.status == (oracles.CAPPED if eta == max_rate else oracles.FOUND if eta else oracles.UNMOVED)


@given(quadratics(), vectors(2), ratios, st.booleans())
def test_momentum_of_ali_g(problem, x, m, adjusted):
    """Nesterov's momentum: the velocity is a faded sum of steps, or of gradients times the newest rate."""
    batches, eps = single_samples(problem, 4), F(1, 100)
    options = {"momentum": m, "adjusted": adjusted, "eps": eps}
    v = (0, 0)
    for batch, move in zip(batches, oracles.ali_g(problem, x, batches, **options), strict=True):
        g, loss = problem.gradient(x, batch), problem.value(x, batch)
        assume(g != (0, 0))
        eta = loss / (oracles.dot(g, g) + eps)
        v = oracles.add(oracles.scale(m, v), -1 if adjusted else -eta, g)
        assert move.step == eta
        assert move.x == oracles.add(oracles.add(x, -eta, g), m * eta if adjusted else m, v)
        x = move.x


def test_the_first_step_of_ali_g_with_momentum_is_longer():
    move = only(oracles.ali_g(parabola(F(1)), (F(1),), [(0,)], eps=0, momentum=F(9, 10)))
    assert 1 - move.x[0] == (1 + F(9, 10)) * F(1, 2)


# --- COCOB


@given(vectors(3), st.sampled_from([F(5), F(25), F(100)]))
def test_the_first_bet_is_one_part_in_alpha(g, alpha):
    slide = Made(lambda x: 0, lambda x: 0)
    slide.gradient = lambda x, batch: g
    move = only(oracles.cocob(slide, (F(0),) * 3, [1], alpha=alpha, eps=F(1, 10**8)))
    assert move.x == tuple(0 if a == 0 else -1 / alpha if a > 0 else 1 / alpha for a in g)


@given(st.lists(vectors(1), min_size=1, max_size=6), positive)
def test_bets_do_not_know_the_scale_of_the_loss(slopes, scale):
    assume(slopes[0] != (0,))

    def run(factor):
        g = iter(slopes)
        slide = Made(lambda x: 0, lambda x: factor * next(g)[0])
        return list(oracles.cocob(slide, (F(1),), [1] * len(slopes), alpha=F(10), eps=F(1, 10**8)))

    assert run(scale) == run(1)


@given(st.lists(vectors(2), min_size=1, max_size=6))
def test_every_coordinate_bets_on_its_own(slopes):
    def run(columns):
        g = iter([tuple(slope[c] for c in columns) for slope in slopes])
        slide = Made(lambda x: 0, lambda x: 0)
        slide.gradient = lambda x, batch: next(g)
        return [m.x for m in oracles.cocob(slide, (F(1),) * len(columns), [1] * len(slopes), eps=F(1, 10**8))]

    assert [(a[0], b[0]) for a, b in zip(run([0]), run([1]), strict=True)] == run([0, 1])


@given(st.lists(st.sampled_from([F(-1), F(1), F(1, 2)]), min_size=1, max_size=12))
def test_bets_follow_wealth_over_opposition(signs):
    """With |g| <= L = 1 throughout: x - x0 = S (1 + R) / max(G + 1, alpha), R the reward cut at 0 (algorithm 2)."""
    g = iter(signs)
    alpha = F(3)
    moves = list(oracles.cocob(Made(lambda x: 0, lambda x: next(g)), (F(0),), [1] * len(signs), alpha=alpha, eps=F(1)))
    w = S = G = R = F(0)
    for sign, move in zip(signs, moves, strict=True):
        R, S, G = max(R - sign * w, F(0)), S - sign, G + abs(sign)
        w = S * (1 + R) / max(G + 1, alpha)
        assert move == ((w,), 1, oracles.FOUND, 0)


# --- PAL along other directions, and on all samples


@given(quadratics(3), vectors(3), st.sampled_from(FORMULAS))
def test_conjugate_directions_end_after_as_many_steps_as_dimensions(problem, x, formula):
    batch = everything(problem)
    at = tuple(map(float, x))
    moves = list(oracles.pal_conjugate(problem, at, [batch] * 3, formula=formula, mu=1.0, s_max=inf, restart=None))
    start, end = (oracles.norm(problem.gradient(p, batch)) for p in (at, moves[-1].x))
    assert end <= 1e-6 * max(1, start)  # rounding, times condition numbers up to about 1e3


def test_plain_gradients_need_more_steps():
    problem = oracles.Quadratics([((1.0, 0.0), (0.0, 10.0))], [(0.0, 0.0)])
    options = {"mu": 1.0, "s_max": inf}
    *_, conjugate = oracles.pal_conjugate(problem, (10.0, 1.0), [(0,)] * 2, **options)
    *_, plain = oracles.pal_conjugate(problem, (10.0, 1.0), [(0,)] * 2, restart=1, **options)
    assert oracles.norm(conjugate.x) < 1e-12
    assert oracles.norm(plain.x) > 1


@given(vectors(2), vectors(2), vectors(2))
def test_conjugate_factors_by_hand(g, g_old, d_old):
    y = oracles.add(g, -1, g_old)
    assume(oracles.dot(g_old, g_old) and oracles.dot(d_old, y))
    over = lambda a, b: oracles.dot(*a) / oracles.dot(*b)
    plain = {
        "FR": over((g, g), (g_old, g_old)),
        "PR": over((g, y), (g_old, g_old)),
        "HS": over((g, y), (d_old, y)),
        "DY": over((g, g), (d_old, y)),
    }
    expected = plain | {"PR": max(0, plain["PR"]), "HS": max(0, plain["HS"])}
    assert {formula: oracles.conjugate(formula, g, g_old, d_old) for formula in FORMULAS} == expected


@given(quadratics(), vectors(2), st.sampled_from(FORMULAS), st.sampled_from([None, 2, 10]))
def test_conjugate_directions_descend(problem, x, formula, restart):
    batches = single_samples(problem, 8)
    moves = oracles.pal_conjugate(problem, tuple(map(float, x)), batches, formula=formula, restart=restart)
    assert {move.status for move in moves} <= {oracles.FOUND, oracles.CAPPED, oracles.STATIONARY, oracles.UNMOVED}


@given(quadratics(), vectors(2), st.sampled_from(FORMULAS))
def test_a_restart_in_every_step_is_pal_without_memory(problem, x, formula):
    batches = single_samples(problem, 3)
    conjugate = oracles.pal_conjugate(problem, x, batches, formula=formula, restart=1)
    assert list(conjugate) == list(oracles.pal(problem, x, batches, beta=0))


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_gradient_that_stays_gives_no_conjugate_factor(formula):
    """y = 0 in the denominator: the direction is -g."""
    moves = list(oracles.pal_conjugate(downhill, (F(0),), [1] * 3, formula=formula, mu=F(1)))
    assert [move.x for move in moves] == [(1,), (2,), (3,)]
    assert oracles.conjugate("DY", (1, 0), (1, 0), (2, 0)) is nan


def test_names_of_conjugate_formulas():
    for formula in FORMULAS:
        named = getattr(oracles, f"pal_{formula.lower()}")
        problem = oracles.Quadratics([((1.0, 0.0), (0.0, 10.0)), ((3.0, 1.0), (1.0, 1.0))], [(0.0, 0.0), (1.0, 1.0)])
        run = lambda method, problem=problem, **o: list(method(problem, (3.0, 1.0), [(0,), (1,)] * 2, **o))
        assert run(named) == run(oracles.pal_conjugate, formula=formula)


@given(quadratics(), vectors(2), positive)
def test_fbpal_goes_to_the_minimum_on_all_samples(problem, x, mu):
    batch, x = everything(problem), tuple(map(float, x))
    exact = only(oracles.exact_full(problem, x, [(0,)], full=batch))
    move = only(oracles.fbpal(problem, x, [(0,)], full=batch, mu=mu, s_max=inf))
    assert move.status == exact.status
    assert move.x == pytest.approx(exact.x, rel=1e-6, abs=1e-6)
    assert move.trials == (move.status == oracles.FOUND)


@given(quadratics(), vectors(2))
def test_fbpal_on_full_batches_is_pal(problem, x):
    batch, x = everything(problem), tuple(map(float, x))
    full = list(oracles.fbpal(problem, x, [batch] * 3, full=batch))
    assert [m.x for m in full] == [pytest.approx(m.x, rel=1e-9) for m in oracles.pal(problem, x, [batch] * 3, beta=0)]


# --- Goldstein


@given(quadratics(), vectors(2), st.sampled_from([F(1, 10), F(1, 4)]), positive, st.sampled_from([0, 1, 2]))
def test_goldstein_steps_lie_between_both_lines(problem, x, c, first, reset):
    """Every window 2 c <= s / s_min <= 2 (1 - c) is wider than a shrinking, so that none is jumped over for ever."""
    batches, eta = single_samples(problem, 4), first
    options = {"c": c, "beta": F(3, 4), "grow": F(2), "first": first, "max_step": F(10), "gamma": F(2), "reset": reset}
    moves = oracles.sls_goldstein(problem, x, batches, min_step=F(1, 10**8), steps_per_epoch=F(1), **options)
    for batch, move in zip(batches, moves, strict=True):
        g = problem.gradient(x, batch)
        if g == (0, 0):
            assert move == (x, 0, oracles.STATIONARY, 0)
            continue
        phi, slope = oracles.line(problem, x, oracles.scale(-1, g), batch)
        drop = phi(0) - phi(move.step)
        assert move.status in (oracles.FOUND, oracles.CAPPED)
        assert -c * move.step * slope(0) <= drop
        assert drop <= -(1 - c) * move.step * slope(0) or move.step == 10
        assert move.x == oracles.add(x, -move.step, g)
        eta = min({0: eta, 1: 2 * eta, 2: first}[reset], 10)
        assert (move.trials == 1) == (move.step == eta)
        x, eta = move.x, move.step


def test_goldstein_grows_and_shrinks():
    options = {"c": F(1, 4), "beta": F(1, 2), "grow": F(2)}  # 1/2 <= s <= 3/2 on this parabola
    ends = lambda first: only(oracles.sls_goldstein(parabola(F(1)), (F(1),), [(0,)], first=first, **options))[1:]
    assert ends(F(1, 8)) == (F(1, 2), oracles.FOUND, 3)
    assert ends(F(5)) == (F(5, 4), oracles.FOUND, 3)


def test_goldstein_keeps_its_last_trial():
    """c > 1/2: the lines cross, nothing lies between them. Trials 1, 1/2 (too low), 1 (too high), ..."""
    options = {"c": F(2, 3), "beta": F(1, 2), "grow": F(2), "tries": 4}
    moves = list(oracles.sls_goldstein(parabola(F(1)), (F(1),), [(0,)] * 2, first=F(1), **options))
    assert moves[0] == ((F(1, 2),), F(1, 2), oracles.EXHAUSTED, 4)
    assert moves[1].step == 1  # goes on from 1/2


def test_goldstein_stops_at_its_largest_and_smallest_step():
    assert only(oracles.sls_goldstein(downhill, (F(0),), [1], first=F(1), grow=F(4), c=F(1, 10)))[1:] == (
        10,
        oracles.CAPPED,
        3,
    )
    wall = Made(lambda x: x and inf, lambda x: -1.0)
    assert only(oracles.sls_goldstein(wall, (0.0,), [1], min_step=0.25, beta=0.5))[1:] == (0.25, oracles.EXHAUSTED, 3)


# --- SLS with momentum, extragradient


@given(quadratics(), vectors(2), positive, st.sampled_from([0, 1, 2]))
def test_polyak_without_momentum_is_sls(problem, x, first, reset):
    batches = single_samples(problem, 4)
    options = {"first": first, "reset": reset, "gamma": F(3), "steps_per_epoch": F(1), "beta": F(1, 2), "c": F(1, 10)}
    polyak = list(oracles.sls_polyak(problem, x, batches, momentum=0, **options))
    assert polyak == list(oracles.sls(problem, x, batches, **options))


@given(quadratics(), vectors(2), ratios)
def test_polyak_repeats_a_part_of_the_last_move(problem, x, momentum):
    batches, before = single_samples(problem, 4), x
    options = {"c": F(1, 10), "beta": F(1, 2), "first": F(1)}
    for batch, move in zip(batches, oracles.sls_polyak(problem, x, batches, momentum=momentum, **options), strict=True):
        y = oracles.add(x, -move.step, problem.gradient(x, batch))
        assert move.x == tuple(a + momentum * (b - c) for a, b, c in zip(y, x, before, strict=True))
        before, x = x, move.x


def test_nesterov_throws_its_first_step_away():
    options = {"c": 0.1, "beta": 0.5, "first": 1.0}
    problem, x = parabola(1.5), (1.0,)
    first, second, third, fourth = oracles.sls_nesterov(problem, x, [(0,)] * 4, **options)
    assert (first.x, first.step) == (x, 1)  # the search finds 1, but x stays
    plain = list(oracles.sls(problem, x, [(0,)] * 2, reset=0, **options))
    assert [second.x, third.x] == [move.x for move in plain]
    armijo = oracles.add(third.x, -fourth.step, problem.gradient(third.x, (0,)))[0]
    tau = (1 - (1 + math.sqrt(5)) / 2) / ((1 + math.sqrt(5)) / 2)
    assert fourth.x[0] == pytest.approx((1 - tau) * armijo + tau * third.x[0], rel=1e-14)


@given(positive, numbers, positive, ratios, ratios)
def test_extragradient_steps_along_the_gradient_ahead(q, x, first, c, beta):
    """On a parabola the gradient changes by s q |g|: accepted are the s <= c / q."""
    assume(x != 0)
    move = only(oracles.seg(parabola(q), (x,), [(0,)], c=c, beta=beta, first=first, reset=0))
    s = first
    while s > c / q:
        s *= beta
    assert move[:3] == ((x - s * q * (x - s * q * x),), s, oracles.FOUND)
    assert first * beta ** (move.trials - 1) == s


def test_extragradient_grows_its_step_and_gives_up():
    steps = [move.step for move in oracles.seg(downhill, (0.0,), [1] * 4, gamma=1.5, steps_per_epoch=4)]
    assert steps == pytest.approx([1.5 ** (t / 4) for t in range(1, 5)], rel=1e-14)
    options = {"c": F(1, 2), "beta": F(1, 2), "first": F(4), "reset": 0, "tries": 2}
    moves = list(oracles.seg(parabola(F(1)), (F(1),), [(0,)] * 2, **options))
    assert moves[0] == ((1,), 0, oracles.EXHAUSTED, 2)
    assert moves[1].step == F(1, 2)  # from the shrunken 1


# --- strong Wolfe conditions

VALLEYS = {
    "hyperbola": Made(lambda x: math.hypot(x - 3, 1), lambda x: (x - 3) / math.hypot(x - 3, 1)),
    "wave": Made(lambda x: math.sin(3 * x) - x / 2 + x * x / 50, lambda x: 3 * math.cos(3 * x) - 0.5 + x / 25),
    "quartic": Made(lambda x: (x * x - 1) ** 2 + x / 5, lambda x: 4 * x * (x * x - 1) + 0.2),
}


def assert_strong_wolfe(problem, x, batch, move, c1, c2):
    phi, slope = oracles.line(problem, x, oracles.scale(-1, problem.gradient(x, batch)), batch)
    assert phi(move.step) <= phi(0) + c1 * move.step * slope(0)
    assert abs(slope(move.step)) <= c2 * abs(slope(0))


@given(
    st.sampled_from(sorted(VALLEYS)), st.floats(-3, 3), st.sampled_from([0.01, 1.0, 50.0]), st.sampled_from([0.9, 0.1])
)
def test_strong_wolfe_steps_satisfy_both_conditions(valley, x, first, c2):
    problem = VALLEYS[valley]
    assume(abs(problem.gradient((x,), 1)[0]) > 1e-3)
    move = only(oracles.strong_wolfe(problem, (x,), [1], first=first, c2=c2))
    assert move.status == oracles.FOUND
    assert_strong_wolfe(problem, (x,), 1, move, 1e-4, c2)


@given(quadratics(), vectors(2), positive)
def test_strong_wolfe_steps_of_parabolas(problem, x, first):
    options = {"c1": F(1, 10), "c2": F(1, 4)}
    for batch in single_samples(problem, 3):
        move = only(oracles.strong_wolfe(problem, x, [batch], first=first, **options))
        if move.status == oracles.FOUND:
            assert_strong_wolfe(problem, x, batch, move, *options.values())
            assert all(isinstance(v, F) for v in move.x)
        else:
            assert move == (x, 0, oracles.STATIONARY, 0)
        x = move.x


def test_strong_wolfe_ends():
    assert only(oracles.strong_wolfe(downhill, (0.0,), [1], max_step=5.0))[1:] == (5, oracles.CAPPED, 4)
    assert only(oracles.strong_wolfe(parabola(1.0), (1.0,), [(0,)], first=8.0, tries=2)) == (
        (1,),
        0,
        oracles.EXHAUSTED,
        2,
    )
    cliff = Made(lambda x: -x if x < 0.6 else nan, lambda x: -1.0)
    assert only(oracles.strong_wolfe(cliff, (0.0,), [1], tries=20)).status == oracles.EXHAUSTED


# --- GOLS-I

VARIANTS = ["paper", "released"]


@given(
    positive,
    st.fractions(F(1, 50), F(1, 5), max_denominator=50),
    st.sampled_from([F(1, 10**8), F(1, 64), F(1), F(100)]),
    st.sampled_from(VARIANTS),
)
def test_golsi_on_a_parabola_ends_around_its_minimum(q, x, first, variant):
    """Away from the limits: x < 1/4. A search that has the sign of l' wrong runs the other way."""
    options = {"fresh": same((0,)), "first": first, "smallest": F(1, 10**8), "variant": variant}
    move = only(oracles.golsi(parabola(q), (x,), [(0,)], **options))
    assert move.status == oracles.FOUND
    assert 1 / (2 * q) <= move.step < 2 / q
    assert move.x == (x - move.step * q * x,)


@pytest.mark.parametrize("c2", [F(1, 2), F(9, 10)])
def test_golsi_takes_its_first_step_only_behind_the_minimum(c2):
    """0 <= l'(s) <= c2 |l'(0)| is 1 <= s / s_min <= 1 + c2; released: without the ends."""

    def accepts(ratio, variant):
        options = {"fresh": same((0,)), "first": 2 * ratio, "c2": c2, "variant": variant}
        move = only(oracles.golsi(parabola(F(1, 2)), (F(1, 4),), [(0,)], **options))  # s_min 2, largest step 8
        assert (move.step == 2 * ratio) == (move.trials == 1)
        return move.trials == 1

    ratios = [1 - F(1, 100), 1, 1 + F(1, 100), 1 + c2 - F(1, 100), 1 + c2, 1 + c2 + F(1, 100)]
    assert [accepts(ratio, "paper") for ratio in ratios] == [False, True, True, True, True, False]
    assert [accepts(ratio, "released") for ratio in ratios] == [False, False, True, True, False, False]


def test_golsi_asks_for_a_new_batch_in_every_evaluation():
    fresh = Notes()
    moves = list(oracles.golsi(parabola(0.5), (0.25,), [(0,)] * 3, fresh=fresh, first=1e-3))
    asked = sorted(set(fresh.asked))
    assert asked == [(t, j) for t, move in enumerate(moves) for j in range(1, move.trials + 1)]
    assert moves[0].trials == 12  # the first, and eleven doublings beyond 2


def test_golsi_judges_on_fresh_batches():
    """The gradient's batch says go, all others say stop: the search shrinks to its limit."""
    problem = oracles.Quadratics([[(F(1),)], [(F(1),)]], [(F(0),), (F(4),)])
    move = only(oracles.golsi(problem, (F(2),), [(0,)], fresh=same((1,)), first=F(1, 4), smallest=F(1, 64)))
    assert move[1:] == (F(1, 64), oracles.EXHAUSTED, 4)  # 1/4, 1/8, 1/16, 1/32 measured, 1/64 < 2/64 is not


@pytest.mark.parametrize(("variant", "step", "trials"), [("paper", 2, 1), ("released", 1, 1)])
def test_golsi_at_its_upper_limit(variant, step, trials):
    """The limit is 1 / |d| = 1 in every step, also in the third: it must not grow with the step that was cut to it."""
    moves = oracles.golsi(downhill, (F(0),), [1] * 3, fresh=same(1), first=F(100), variant=variant)
    assert [move[1:] for move in moves] == [(step, oracles.CAPPED, trials)] * 3


@pytest.mark.parametrize(("variant", "trials"), [("paper", 6), ("released", 7)])
def test_golsi_grows_past_its_limit_at_most_once(variant, trials):
    """1/64, ..., 1/2 do not pass 1 / 2, 1 does; the released code measures there, too."""
    move = only(
        oracles.golsi(downhill, (F(0),), [1], fresh=same(1), first=F(1, 64), smallest=F(1, 64), variant=variant)
    )
    assert move[1:] == (1, oracles.CAPPED, trials)


@given(st.integers(-10, 10), st.integers(-10, 4), st.integers(0, 2**32), st.sampled_from(VARIANTS))
def test_golsi_respects_its_limits_up_to_a_factor_and_ends(steepness, start, seed, variant):
    """Whatever the slopes: smallest / 2 <= s <= 2 largest after at most log2(largest / smallest) + 4 slopes."""
    size, smallest = F(2) ** steepness, F(1, 2**20)
    noise = lambda t, j: 1 if (seed >> (j % 32)) & 1 else -1
    problem = Made(lambda x: -size * x, lambda x: -size)
    first = F(2) ** start
    move = only(
        oracles.golsi(problem, (F(0),), [1], fresh=noise, first=first, smallest=smallest, factor=2, variant=variant)
    )
    largest = 1 / size
    assert smallest / 2 <= move.step <= 2 * largest
    assert move.trials <= 20 + max(0, -steepness) + 4


def test_golsi_goes_on_from_its_last_step():
    """The step of the first search, 2, is the first trial of the second, and accepted at once."""
    options = {"fresh": same((0,)), "first": F(1), "c2": F(9, 10)}
    first, second = oracles.golsi(parabola(F(3, 4)), (F(1, 8),), [(0,)] * 2, **options)
    assert [(move.step, move.trials) for move in (first, second)] == [(2, 2), (2, 1)]


def test_released_golsi_begins_on_the_batch_that_judged_last():
    """Batch 0 pulls to 0, batch 1 to 4. The first search is judged by 1, so the second goes along its gradient."""
    problem = oracles.Quadratics([[(F(1, 8),)], [(F(1, 8),)]], [(F(0),), (F(4),)])
    options = {"fresh": same((1,)), "first": F(1, 4), "smallest": F(1, 4)}
    for variant, sign in (("paper", -1), ("released", 1)):
        first, second = oracles.golsi(problem, (F(2),), [(0,)] * 2, variant=variant, **options)
        assert (second.x[0] - first.x[0]) * sign > 0


def test_golsi_does_not_trust_a_slope_that_is_not_finite():
    cliff = Made(lambda x: -x / 4, lambda x: -0.25 if x < 0.15 else nan)  # s < 0.6
    assert only(oracles.golsi(cliff, (0.0,), [1], fresh=same(1), first=0.4)) == ((0.0,), 0, oracles.NONFINITE, 2)
    assert only(oracles.golsi(cliff, (0.0,), [1], fresh=same(1), first=0.8))[1:] == (0.4, oracles.FOUND, 2)


# --- LABPAL


@given(positive, numbers, st.fractions(1, 2, max_denominator=5), st.sampled_from(["sgd", "nsgd"]))
def test_labpal_takes_alpha_times_the_step_to_the_minimum(q, x, alpha, mode):
    assume(x != 0)
    options = {"mode": mode, "alpha": alpha, "reuse": 1, "approximation_batches": 2, "s_max": inf}
    move = only(oracles.labpal(parabola(q), (x,), [(0,)], fresh=same((0,)), **options))
    assert move == ((x - alpha * x,), alpha / q if mode == "sgd" else alpha * abs(x), oracles.FOUND, 4)
    assert isinstance(move.x[0], F)


@given(positive, numbers, st.fractions(1, 2, max_denominator=5))
def test_released_labpal_halves_the_curvature(q, x, alpha):
    assume(1e-3 <= abs(q * x) <= 100)
    options = {"mode": "nsgd", "alpha": alpha, "approximation_batches": 2, "s_max": F(100), "variant": "released"}
    move = only(oracles.labpal(parabola(q), (x,), [(0,)], fresh=same((0,)), **options))
    assert move.step == alpha * (2 * abs(x) - F(177, 10**6))


@given(st.lists(numbers, min_size=3, max_size=3))
def test_three_points_make_a_parabola(coefficients):
    a, b, c = coefficients
    phi = lambda s: a * s * s + b * s + c
    h1, h2 = F(1, 10**4), F(1, 100)
    assert oracles.three_point_parabola(phi, h1, h2) == (a, b)
    assert oracles.released_parabola(phi, h1, h2) == (a / 2, b + a * h1)


def test_labpal_fits_the_mean_of_its_batches():
    """Curvatures 1 and 3, minima 0 and 4: the mean's is 3, not the 2 of the mean of both."""
    problem = oracles.Quadratics([[(F(1),)], [(F(3),)]], [(F(0),), (F(4),)])
    options = {"alpha": 1, "approximation_batches": 2, "s_max": inf}
    assert only(oracles.labpal(problem, (F(10),), [(0,)], fresh=same((1,)), **options)).x == (3,)
    assert only(oracles.labpal(problem, (F(10),), [(1,)], fresh=same((0,)), **options)).x == (3,)
    uphill = only(oracles.labpal(problem, (F(2),), [(0,)], fresh=same((1,)), **options))
    assert uphill == ((2,), 0, oracles.EXHAUSTED, 4)  # batch 0 descends, the mean of both does not


@pytest.mark.parametrize("mode", ["sgd", "nsgd"])
def test_labpal_uses_an_estimate_several_times(mode):
    """The rate is kept, or the length."""
    fresh, x = Notes(), F(16)
    options = {"mode": mode, "alpha": F(1, 4), "approximation_batches": 3, "reuse": 2, "s_max": inf}
    moves = list(oracles.labpal(parabola(F(1)), (x,), [(0,)] * 4, fresh=fresh, **options))
    assert [move.trials for move in moves] == [6, 0, 6, 0]
    assert fresh.asked == [(0, 1), (0, 2), (2, 1), (2, 2)]
    assert [move.x[0] for move in moves] == ([12, 9, F(27, 4), F(81, 16)] if mode == "sgd" else [12, 8, 6, 4])


@pytest.mark.parametrize(("variant", "searched"), [("paper", [10, 10, 12]), ("released", [10, 20, 40])])
def test_batches_that_labpal_draws(variant, searched):
    """k(t) = 1, 2, 4: the search takes 10 batches in groups of k(t), released 10 groups; an update takes one group."""
    for k, batches in zip((1, 2, 4), searched, strict=True):
        fresh = Notes()
        options = {"schedule": lambda t, k=k: k, "alpha": 0.1, "variant": variant}
        list(oracles.labpal(parabola(1.0), (1.0,), [(0,)] * 2, fresh=fresh, **options))
        assert fresh.asked == [(0, j) for j in range(1, batches)] + [(1, j) for j in range(1, k)]


def test_the_noise_factor_multiplies_the_batches_of_an_update():
    """(6.8): a quarter of the batch size, or four times the data, ask for four batches; never for less than one."""
    for factor, drawn in ((4, 4), (2.5, 2), (0.3, 1)):
        fresh = Notes()
        list(oracles.labpal(parabola(1.0), (1.0,), [(0,)] * 2, fresh=fresh, noise_factor=factor, alpha=0.1))
        assert [j for t, j in fresh.asked if t == 1] == list(range(1, drawn))


@given(quadratics(), vectors(2))
def test_an_update_of_labpal_averages_its_gradients(problem, x):
    """With k batches of one sample each it is the step of one batch of all."""
    samples, k = everything(problem), len(everything(problem))
    run = lambda batches, fresh, **o: [
        m.x for m in oracles.labpal(problem, x, batches, fresh=fresh, alpha=F(1, 2), s_max=inf, reuse=9, **o)
    ]
    single = run([(0,)] * 3, lambda t, j: (samples[j],), schedule=lambda t: k, approximation_batches=k)
    assert single == run([samples] * 3, same(samples), approximation_batches=1)


@given(quadratics(), vectors(2), ratios)
def test_labpal_follows_momentum(problem, x, beta):
    batches = single_samples(problem, 3)
    moves = list(oracles.labpal(problem, x, batches, fresh=same((0,)), momentum=beta, alpha=F(1, 2), s_max=inf))
    assume(oracles.FOUND == moves[0].status)
    m = (0, 0)
    for batch, move in zip(batches, moves, strict=True):
        m = oracles.add(problem.gradient(x, batch), beta, m)
        assert move.x == pytest.approx(oracles.add(x, -move.step, m), rel=1e-9, abs=1e-9)
        x = move.x


def test_released_labpal_forgets_its_momentum_between_searches():
    """k = 1: the gradient, not the momentum vector; with two batches per update it is the vector."""
    options = {"variant": "released", "momentum": 0.5, "alpha": 0.01, "approximation_batches": 1}
    for k, memory in ((1, 0.0), (2, 0.5)):
        run = oracles.labpal(parabola(1.0), (1.0,), [(0,)] * 2, fresh=same((0,)), schedule=lambda t, k=k: k, **options)
        first, second = run
        m = first.x[0] + memory * 1.0
        assert second.x[0] == pytest.approx(first.x[0] - second.step * m, rel=1e-14)


@pytest.mark.parametrize(("variant", "steps"), [("paper", [1, 1, 1]), ("released", [2, 4, 8])])
def test_the_largest_step_of_labpal(variant, steps):
    """Printed: it bounds the step, in every search alike. Released: it grows by alpha in place."""
    options = {"mode": "nsgd", "alpha": 2, "reuse": 1, "s_max": 1, "approximation_batches": 1, "variant": variant}
    moves = oracles.labpal(parabola(F(1, 100)), (F(1000),), [(0,)] * 3, fresh=same((0,)), **options)
    assert [(move.step, move.status) for move in moves] == [(s, oracles.CAPPED) for s in steps]


def test_labpal_stays_where_its_direction_does_not_descend_and_searches_again():
    """Momentum carries over the minimum: the first search jumps from 8 to -8, then m = -8 + 8 beta is uphill."""
    options = {"alpha": 2, "momentum": 2, "s_max": inf, "reuse": 1, "approximation_batches": 1}
    moves = list(oracles.labpal(parabola(F(1)), (F(8),), [(0,)] * 3, fresh=same((0,)), **options))
    assert [(move.x, move.status, move.trials) for move in moves[:2]] == [((-8,), "FOUND", 2), ((-8,), "ASCENT", 0)]
    assert (moves[2].status, moves[2].trials) == (oracles.ASCENT, 0)


def test_labpal_keeps_its_last_estimate_where_there_is_no_minimum():
    """Batch 1 is a slide."""
    problem = Made(lambda x: 0, lambda x: 0)
    problem.value = lambda x, batch: x[0] * x[0] / 2 if batch == 0 else x[0]
    problem.gradient = lambda x, batch: x if batch == 0 else (F(1),)
    options = {"alpha": F(1, 2), "s_max": inf, "reuse": 1, "approximation_batches": 1, "fresh": same(0)}
    moves = list(oracles.labpal(problem, (F(4),), [1, 0, 1, 0], **options))
    assert [move.status for move in moves] == ["EXHAUSTED", "FOUND", "EXHAUSTED", "FOUND"]
    assert [move.x for move in moves] == [(4,), (2,), (F(3, 2),), (F(3, 4),)]


@pytest.mark.parametrize("size", [1e-4, 1e3])
def test_released_labpal_does_not_search_along_extreme_directions(size):
    run = partial(oracles.labpal, parabola(1.0), (size,), [(0,)], fresh=same((0,)), approximation_batches=1)
    assert only(run(variant="released")) == ((size,), 0, oracles.EXHAUSTED, 0)
    assert only(run()).trials == 2


def test_released_labpal_averages_what_it_trusts():
    """untrustworthy = 1: estimates 0, 1, 2 stand alone, the search of update 3 is the first to be averaged."""
    options = {"variant": "released", "mode": "nsgd", "alpha": F(1, 10), "s_max": F(100), "approximation_batches": 1}
    run = lambda **o: list(
        oracles.labpal(parabola(F(1)), (F(8),), [(0,)] * 6, fresh=same((0,)), untrustworthy=1, **options, **o)
    )
    moves, x, trusted = run(reuse=1, average=2), F(8), []
    for t, move in enumerate(moves):
        estimate = F(1, 10) * (2 * x - F(177, 10**6))
        trusted = [*trusted, estimate][-2:] if t >= 3 else []
        assert move.step == (sum(trusted) / len(trusted) if trusted else estimate)
        x = move.x[0]
    assert [move.trials > 0 for move in run(reuse=5)] == [True, False, False, True, False, False]


def test_a_new_batch_size_makes_released_labpal_search():
    for variant, searched in (("released", [0, 2]), ("paper", [0])):
        options = {"schedule": lambda t: 1 + (t >= 11), "alpha": 0.1, "variant": variant}  # t: 0, 10, 11, ...
        moves = list(oracles.labpal(parabola(1.0), (1.0,), [(0,)] * 4, fresh=same((0,)), **options))
        assert [t for t, move in enumerate(moves) if move.trials] == searched


# --- all of them


def with_fresh(method, **options):
    return lambda problem, x, batches: method(problem, x, batches, fresh=lambda t, j: batches[0], **options)


SEARCHES = {
    **{f"pal_{formula}": partial(oracles.pal_conjugate, formula=formula) for formula in FORMULAS},
    "fbpal": lambda problem, x, batches: oracles.fbpal(problem, x, batches, full=batches[0]),
    **{f.__name__: f for f in (oracles.sls_goldstein, oracles.sls_polyak, oracles.seg, oracles.strong_wolfe)},
    "golsi": with_fresh(oracles.golsi),
    "labpal": with_fresh(oracles.labpal),
    "labpal released": with_fresh(oracles.labpal, variant="released", alpha=0.9),
    "labpal_nsgd": with_fresh(oracles.labpal_nsgd),
}
SECOND = {"sls_nesterov": lambda problem, x, batches: islice(oracles.sls_nesterov(problem, x, batches * 2), 1, None)}
ALL = SEARCHES | SECOND | {f.__name__: f for f in (oracles.sgd_hd, oracles.ali_g, oracles.cocob)}


@pytest.mark.parametrize("name", ALL)
def test_every_method_descends(name):
    move = only(ALL[name](parabola(0.7), (0.5,), [(0,)]))
    assert move.status in (oracles.FOUND, oracles.CAPPED)
    assert abs(move.x[0]) < 0.5


@pytest.mark.parametrize("name", ALL)
def test_nothing_moves_at_a_stationary_point(name):
    assert only(ALL[name](parabola(F(1)), (F(0),), [(0,)])) == ((0,), 0, oracles.STATIONARY, 0)


@pytest.mark.parametrize("slope", [inf, -inf, nan])
@pytest.mark.parametrize("name", ALL)
def test_nothing_moves_on_a_slope_that_is_not_finite(name, slope):
    move = only(ALL[name](Made(lambda x: x, lambda x: slope), (0.5,), [1]))
    assert move == ((0.5,), 0, oracles.NONFINITE, 0)


@pytest.mark.parametrize("loss", [inf, -inf, nan])
@pytest.mark.parametrize("name", [*SEARCHES, "ali_g", "sls_nesterov"])
def test_no_search_starts_from_a_loss_that_is_not_finite(name, loss):
    move = only(ALL[name](Made(lambda x: loss, lambda x: 1.0), (0.5,), [1]))
    assert move == ((0.5,), 0, oracles.NONFINITE, 0)


HALF: dict[str, Any] = {"first": F(1), "beta": F(1, 2), "c": F(1, 10)}
FRACTIONS = {
    "sgd_hd": partial(oracles.sgd_hd, rate=F(1, 9), hyper_rate=F(1, 100), form="nesterov", momentum=F(9, 10)),
    "ali_g": partial(oracles.ali_g, eps=F(1, 10**5), momentum=F(9, 10)),
    "cocob": partial(oracles.cocob, eps=F(1, 10**8)),
    "sls_goldstein": partial(oracles.sls_goldstein, grow=2, max_step=10, **HALF),
    "sls_polyak": partial(oracles.sls_polyak, momentum=F(3, 5), **HALF),
    "seg": partial(oracles.seg, reset=0, **HALF),
    "strong_wolfe": partial(oracles.strong_wolfe, first=F(1), c1=F(1, 10), c2=F(9, 10)),
    "golsi": with_fresh(oracles.golsi, first=F(1, 100), smallest=F(1, 10**8), c2=F(9, 10)),
    "labpal": with_fresh(oracles.labpal, alpha=F(9, 5), s_max=F(100)),
    "labpal released": with_fresh(oracles.labpal, alpha=F(9, 5), s_max=F(100), variant="released"),
}


@pytest.mark.parametrize("name", FRACTIONS)
def test_fractions_stay_fractions(name):
    """Gradients (3, 4) and (6, 8) times powers of 2 have rational lengths."""
    moves = list(FRACTIONS[name](parabola(F(1, 8)), (F(3, 2),), [(0,)] * 2))
    assert {type(v) for move in moves for v in move.x} == {F}
    assert {move.status for move in moves} <= {oracles.FOUND, oracles.CAPPED}
