"""Laws of steps: what was accepted is acceptable, recomputed from plain values; how a search ended is true.

The promises stand in ``contracts.py``, by type of rule.
"""

from fractions import Fraction

import numpy as np
import pytest

import toybox as tb
from contracts import Taken, assert_armijo, assert_contract, assert_minimum, assert_parabola
from toybox.problems import FromFunction, NoisyQuadratic
from zoo_cases import BATCH, VARIANTS, every_method, every_problem, every_variant, path, problem, run

STEPS = 25


def taken_steps(place, method, steps=STEPS, batch=BATCH, seed=0, **options):
    """Every step of a run of one lane."""
    draw = lambda t, j: place.draw(np.array([seed]), t, j, batch, "fresh")
    trace, theta, d = path(place, method, steps=steps, batch=batch, seeds=(seed,), sampler=draw, **options)
    for t in range(steps):
        status, samples = tb.Status(trace.status[t, 0]), lambda j, t=t: draw(t, j)
        arguments = float(trace.size[t, 0]), status, int(trace.trials[t, 0]), t, steps, samples
        yield Taken(place, theta[t, 0], d[t, 0], *arguments)


@every_problem
@every_method
def test_accepted_steps_keep_the_promises_of_their_rule(name, case):
    method = tb.method(name)
    for taken in taken_steps(problem(case), method):
        assert_contract(method.rule, taken)


@every_variant
def test_steps_of_every_variant_keep_the_promises_of_their_rule(name, options):
    method = tb.method(name, **options)
    for taken in taken_steps(problem("factorization, rank 4"), method):
        assert_contract(method.rule, taken)


def test_contracts_notice_wrong_steps():
    """Half and twice a good step break the promises that they should."""
    place = problem("quadratic")
    exact, pal = (next(taken_steps(place, tb.method(name))) for name in ("exact", "pal"))
    assert_minimum(exact, exact.s)
    assert_armijo(exact, exact.s, 0.49)  # half of the slope is lost at the minimum of a parabola
    assert_armijo(exact, exact.s, 0.51, holds=False)
    for factor in (0.5, 0.999, 1.001, 2.0):
        with pytest.raises(AssertionError):
            assert_minimum(exact, factor * exact.s)
        with pytest.raises(AssertionError):
            assert_parabola(Taken(**(vars(pal) | {"s": factor * pal.s})), 0.1, 1.0, 100.0)
    with pytest.raises(AssertionError):
        assert_armijo(exact, exact.s, 0.51)
    with pytest.raises(AssertionError):
        assert_armijo(exact, exact.s, 0.49, holds=False)


# --- how a search ends


def parabolas(*minima, **options):
    """1/2 (x - m)^2, one sample per minimum."""
    return NoisyQuadratic(np.eye(1), np.reshape(np.array(minima, float), (-1, 1)), **options)


def bowl(theta, index):
    """A loss that overflows above 1e150."""
    return (theta * theta)[..., 0], 2 * theta


in_turn = lambda t, j: np.array([[(t + j) % 2]])
ENDS = {  # status -> problem, method, options of the run: its first step ends so
    "FOUND": (parabolas(0), tb.method("sls"), {"theta": [1.0]}),
    "CAPPED by sls": (parabolas(0), tb.method("sls", max_step=0.25), {"theta": [1.0]}),
    "CAPPED by pal": (parabolas(0), tb.method("pal", s_max=0.5), {"theta": [1.0]}),
    "CAPPED by exact": (parabolas(0), tb.method("exact", s_max=0.5), {"theta": [1.0]}),
    "EXHAUSTED by sls": (parabolas(0), tb.method("sls", first=1e3, tries=3), {"theta": [1.0]}),
    "EXHAUSTED by backtracking": (parabolas(0), tb.method("backtracking", first=1e3, tries=3), {"theta": [1.0]}),
    "ASCENT on a fresh batch": (parabolas(0, 2), tb.method("sls", sample=1), {"theta": [0.5], "sampler": in_turn}),
    "ASCENT on all samples": (parabolas(0, 9), tb.method("exact-full"), {"theta": [0.5], "sampler": in_turn}),
    "STATIONARY for sgd": (parabolas(0), tb.method("sgd"), {"theta": [0.0]}),
    "STATIONARY for nsgd": (parabolas(0), tb.method("nsgd"), {"theta": [0.0]}),
    "STATIONARY": (parabolas(0), tb.method("sls"), {"theta": [0.0]}),
    "STATIONARY for pal": (parabolas(0), tb.method("pal"), {"theta": [0.0]}),
    "STATIONARY for exact": (parabolas(0), tb.method("exact"), {"theta": [0.0]}),
    "UNMOVED by sgd": (parabolas(0), tb.method("sgd", rate=0.0), {"theta": [1.0]}),
    "UNMOVED by pal": (parabolas(0), tb.method("pal", s_max=1e-17), {"theta": [1.0]}),
    "UNMOVED by nesterov": (parabolas(0), tb.method("sls-nesterov"), {"theta": [1.0]}),
    "NONFINITE loss": (FromFunction(bowl, 1, 1), tb.method("sls"), {"theta": [1e200]}),
    "NONFINITE for sgd": (FromFunction(bowl, 1, 1), tb.method("sgd"), {"theta": [1e200]}),
}


@pytest.mark.parametrize("end", ENDS)
def test_every_status_is_reached(end):
    place, method, options = ENDS[end]
    trace = run(place, method, steps=1, batch=1, **options)
    status = tb.Status[end.split()[0]]
    assert trace.status[0, 0] == status
    moves = status in (tb.Status.FOUND, tb.Status.CAPPED)
    assert (trace.theta[0] != options["theta"]).all() == moves
    accepts = moves or status == tb.Status.UNMOVED
    assert accepts or status == tb.Status.NONFINITE or trace.size[0, 0] == trace.arc[0, 0] == 0


def test_the_table_has_every_status():
    assert {end.split()[0] for end in ENDS} == {status.name for status in tb.Status}


def test_momentum_can_point_uphill():
    """Overshooting with a long memory: the gradient has turned, the direction has not."""
    trace = run(parabolas(0), tb.method("pal", alpha=1.9, beta=0.9), steps=10, batch=1, theta=[1.0])
    assert tb.Status.ASCENT in trace.status
    assert (trace.size[trace.status == tb.Status.ASCENT] == 0).all()


def test_a_lane_that_explodes_keeps_its_last_finite_iterate():
    """(1 - 1e30)^t overflows in the square at t = 6; the lane beside it goes on as if alone."""
    rates = np.array([1e30, 0.1])
    many = run(parabolas(0), tb.method("sgd", rate=rates), steps=12, batch=1, theta=[1.0])
    expected = Fraction(1)
    for _ in range(many.ended[0, 0]):
        expected *= 1 - Fraction(1e30)
    assert many.ended.tolist() == [[6, 12]]
    assert (many.status[:, 0, 0] == tb.Status.NONFINITE).tolist() == [t >= 6 for t in range(12)]
    assert many.theta[0, 0, 0] == pytest.approx(float(expected), rel=1e-14)
    alone = run(parabolas(0), tb.method("sgd", rate=0.1), steps=12, batch=1, theta=[1.0])
    np.testing.assert_array_equal(many.theta[0, 1], alone.theta[0])


def test_a_lane_ends_where_the_slope_is_no_number_though_the_loss_is_one():
    """The slope of the batch that judges: the status says that the lane has ended, so it must have."""
    f = lambda theta, index: (theta[..., 0] ** 2, np.where(index[..., :1] == 1, np.nan, 2 * theta))
    draw = lambda t, j: np.array([[int((t, j) == (2, 1))]])
    method = tb.method("sls", sample=1)
    trace, theta, _ = path(FromFunction(f, 1, 2), method, steps=5, batch=1, sampler=draw, theta=[1.0])
    assert (trace.status[:, 0] == tb.Status.NONFINITE).tolist() == [False, False, True, True, True]
    assert (theta[2:] == theta[2]).all()


def edge(value, slope):
    """A loss whose value and slope right of 0 are not what they should be."""

    def f(theta, index):
        x = theta[..., 0]
        return np.where(x > 0, value, -x), np.where(theta > 0, slope, -1.0)

    return FromFunction(f, 1, 2, samples=lambda theta, index: tuple(part[..., None] for part in f(theta, index)))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@every_method
def test_no_method_ends_beyond_a_cliff(name, value):
    """Where every step leads to a loss that is not finite, a lane ends there or stays, and says so."""
    place = edge(value, np.nan)
    trace, theta, _ = path(place, tb.method(name), steps=5, batch=1, theta=[-0.5])
    assert np.isfinite(theta).all()
    bad = ~np.isfinite(trace.loss[:, 0])
    assert (trace.status[bad] == tb.Status.NONFINITE).all()


def test_variants_are_not_forgotten():
    assert len({name for name, _ in VARIANTS}) < len(VARIANTS)
