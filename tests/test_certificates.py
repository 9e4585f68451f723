"""Certificates agree with closed forms, no run of ours exceeds them, and wrong constants are noticed."""

from math import inf, isfinite

import numpy as np
import pytest

from optional import needs
from proofs_check import certificates as pc
from proofs_check import piecewise
from proofs_check import worst_cases as worst
from toybox import methods

SOLVER = 1e-5  # accuracy of its optima
CASES = {
    "exact search": lambda: pc.exact_search(0.1, 1.0),
    "ALI-G, a quadratic": lambda: pc.polyak(0.1, 1.0),
    "ALI-G, a bend": lambda: pc.polyak(0.5, 1.0),
    "SGD": lambda: pc.constant_rate(0.1, 1.0, 1.0),
    "SGD, long": lambda: pc.constant_rate(0.1, 1.0, 1.9),
    "SGD, mean": lambda: pc.constant_rate(0.1, 1.0, 0.5, "mean"),
    "Armijo, all": lambda: pc.armijo(0.1, 1.0, 1.0, 0.5),
    "Armijo, a quadratic": lambda: pc.armijo(0.1, 1.0, 3.0, 0.1),
    "Armijo, G-ASYM": lambda: pc.armijo(0.1, 1.0, 17.0, 0.1),
    **{f"contraction, {mu}": lambda mu=mu: pc.contraction(mu, 1.0) for mu in (0.3, 0.1, 0.0375, 0.01, 0.003)},
}


@needs("PEPit")
@pytest.mark.parametrize("case", CASES)
def test_certificate(case):
    """The closed form is certified and attained, and neither a search nor the claim contradicts it."""
    row = CASES[case]()
    assert row.tau == pytest.approx(row.exact, abs=SOLVER)
    assert row.attained == pytest.approx(row.exact, abs=1e-6)
    assert max(row.attained, row.found) <= row.tau + 1e-6
    assert row.tau <= row.rate + 1e-6
    assert isfinite(row.found)


# --- closed forms at other parameters


@needs("PEPit")
@pytest.mark.parametrize("mu", [0.01, 0.3, 0.9])
def test_exact_search_at_another_scale(mu):
    assert worst.pep_exact_search(3 * mu, 3.0) == pytest.approx(((1 - mu) / (1 + mu)) ** 2, abs=SOLVER)


@needs("PEPit")
@pytest.mark.parametrize("mu", [0.02, 0.3, 0.45, 0.9])
def test_half_and_whole_polyak_steps(mu):
    """Steps of 2 f0 / |g0|^2 are as good as exact searches (Barre, Taylor and d'Aspremont 2020); ALI-G's are half."""
    assert worst.pep_polyak_worst(mu, 1.0) == pytest.approx(worst.exact_polyak(mu, 1.0), abs=SOLVER)
    whole = worst.pep_polyak(mu, 1.0, 1 / (1 + mu), times=2)
    assert whole == pytest.approx(((1 - mu) / (1 + mu)) ** 2, abs=SOLVER)


@needs("PEPit")
def test_no_polyak_step_is_worse_than_its_worst():
    steps = np.geomspace(0.5, 1 / 0.6, 30)
    assert max(worst.pep_polyak(0.3, 1.0, step) for step in steps) <= worst.exact_polyak(0.3, 1.0) + SOLVER


@needs("PEPit")
@pytest.mark.parametrize("share", ["each", "mean"])
def test_constant_rates(share):
    for mu, rate in ((0.05, 0.1), (0.4, 1.3), (0.4, 0.6)):
        found = worst.pep_constant_rate(2 * mu, 2.0, rate / 2, share)
        assert found == pytest.approx(worst.exact_constant_rate(mu, 1.0, rate, share), abs=SOLVER)


@needs("PEPit")
def test_accepted_steps_at_random_parameters():
    """All four cases of the closed form, and the simple rate, which it never exceeds."""
    rng = np.random.default_rng(0)
    for c in (0.01, 0.1, 0.3, 0.5, 0.9):
        for _ in range(12):
            L, share = rng.choice([1.0, 3.0]), rng.uniform(-1, 0)
            mu = L * 10 ** rng.uniform(-2, -0.1)
            step = 0.999 * 2 * (1 - c) / mu * 10**share
            exact = worst.exact_armijo(mu, L, step, c)
            assert worst.pep_armijo(mu, L, step, c) == pytest.approx(exact, abs=SOLVER), (mu, L, step, c)
            assert max(piecewise.accepted_ratio(f, step, c) for f in pc.barely(mu, L, step, c)) == pytest.approx(
                exact, abs=1e-6
            )
            assert exact <= 1 - 2 * mu * c * step + 1e-9


@needs("PEPit")
@pytest.mark.parametrize("mu", [0.02, 0.5, 0.9])
def test_contraction_at_another_scale(mu):
    """No unit matters, and what the program leaves open of the direction makes nothing worse than gradient steps."""
    exact = worst.exact_contraction(mu, 1.0)
    assert worst.pep_contraction(3 * mu, 3.0) == pytest.approx(exact, abs=SOLVER)
    assert worst.exact_contraction(3 * mu, 3.0) == pytest.approx(exact, rel=1e-12)
    longest = 2 / (mu + (1 - mu) * (1 - 2 * exact))  # of the function that attains it
    assert accepted_without_contraction(mu, longest) == pytest.approx(exact, abs=SOLVER)
    assert accepted_without_contraction(mu, 1.05 * longest) < exact - 1e-4


def accepted_without_contraction(mu, step):
    """The largest c that accepts a gradient step of this length from x0 to |x1| >= |x0|, L = 1."""
    pep, f, best, _ = worst.model(mu, 1.0)
    x0 = pep.set_initial_point()
    g0, f0 = f.oracle(x0)
    x1 = x0 - step * g0
    pep.set_initial_condition(step * g0**2 == 1)
    pep.add_constraint((x1 - best) ** 2 >= (x0 - best) ** 2)
    return worst.solve(pep, f0 - f(x1))


# --- controls


def test_rates_that_are_too_good_for_exact_searches():
    r = 10
    slowest = piecewise.parabolas([1, r], [1, 1 / r])
    for rule in (methods.exact.Exact(), methods.pal.PAL(s_max=inf)):
        assert piecewise.value_ratio(slowest, rule) > 1 - worst.kantorovich(r**0.5) + 0.1


@needs("PEPit")
def test_the_rate_of_whole_polyak_steps_is_not_that_of_ali_g():
    for mu in (0.1, 0.5):
        assert pc.polyak(mu, 1.0).attained > ((1 - mu) / (1 + mu)) ** 2 + 0.05
    assert worst.exact_polyak(0.1, 1.0) > 1 / (1 + 0.1**0.5) ** 2 + 0.1  # neither kind of function alone
    assert worst.exact_polyak(0.5, 1.0) > 1 - 3 * 0.5 / 1.5**2 + 0.005


@needs("PEPit")
def test_where_each_sample_and_where_the_mean_is_strongly_convex():
    """The better rate does not hold for the mean; no rate holds beyond 2/L."""
    assert pc.constant_rate(0.1, 1.0, 0.5, "mean").found > worst.exact_constant_rate(0.1, 1.0, 0.5) + 0.01
    assert worst.pep_constant_rate(0.1, 1.0, 2.1) > 1
    assert worst.pep_constant_rate(0.1, 1.0, 2.1, "mean") > 1


@needs("PEPit")
def test_without_sufficient_decrease_a_long_step_may_do_anything():
    assert worst.pep_armijo(0.1, 1.0, 5.0, None) == pytest.approx(16, abs=1e-3)


@needs("PEPit")
def test_a_larger_constant_is_not_certified():
    """Simple rates and certificates of 2 c are broken by what c accepts."""
    row = pc.armijo(0.1, 1.0, 17.0, 0.1)
    assert row.attained > 1 - 2 * 0.1 * 0.2 * 17.0 + 0.1
    assert pc.armijo(0.1, 1.0, 3.0, 0.1).attained > worst.exact_armijo(0.1, 1.0, 3.0, 0.2) + 0.01


@needs("PEPit")
def test_functions_beyond_the_class_break_the_certificate():
    wide = max(piecewise.accepted_ratio(f, 3.0, 0.1) for f in pc.barely(0.05, 1.0, 3.0, 0.1))
    assert wide > pc.armijo(0.1, 1.0, 3.0, 0.1).tau + 0.01


def test_the_constant_of_contraction_belongs_to_its_class():
    """A function outside of it needs a larger c, and with a little more than its own c our rule rejects the step."""
    wide = pc.sides(1.0, 0.05, 1 - 2 * worst.exact_contraction(0.05, 1.0), 0.05, [1.0])
    assert piecewise.contraction_constant(wide) > worst.exact_contraction(0.1, 1.0) + 0.01
    assert piecewise.contraction_constant(piecewise.parabolas([1.0], [1.0])) == -inf
    step = 2 / wide.both(wide.start[None], np.zeros((1, 1), int))[1][0, 0]
    assert piecewise.accepted_ratio(wide, step, worst.exact_contraction(0.05, 1.0) + 1e-6) == -inf


# --- what is accepted


@needs("PEPit")
def test_steps_that_no_function_accepts():
    """Beyond 2 (1 - c) / mu nothing is feasible but the minimum itself."""
    assert worst.pep_armijo(0.1, 1.0, 18.01, 0.1) == pytest.approx(0, abs=1e-6)
    assert worst.pep_armijo(0.1, 1.0, 17.99, 0.1) == pytest.approx(0.6402, abs=1e-3)
    with pytest.raises(ValueError, match="accepted by no function"):
        pc.armijo(0.1, 1.0, 18.01, 0.1)


def test_a_rejected_trial_has_no_ratio():
    case = piecewise.parabolas([1.0], [1.0])
    assert piecewise.accepted_ratio(case, 1.9, 0.1) == -inf
    assert piecewise.accepted_ratio(case, 1.7, 0.1) == pytest.approx(0.49)


# --- the functions


def test_functions_belong_to_their_class():
    """Slopes are derivatives of values, and grow at rates between mu and L."""
    case = piecewise.sides(inner=[0.3, 1.0], outer=[0.9, 0.1], knot=0.4, left=[0.2, 0.5], start=[1.0, 1.0])
    x = np.linspace(-1.0, 1.0, 201)[:, None] * [1.0, 1.0]
    whole = np.zeros((1, 1), int)
    value, slope = case.both(x, whole)
    assert np.diff(value) == pytest.approx(0.005 * (slope[1:] + slope[:-1]).sum(-1), abs=1e-12)
    bend = np.diff(slope, axis=0) / np.diff(x, axis=0)
    assert bend.min() == pytest.approx(0.1)
    assert bend.max() == pytest.approx(1.0)


def test_values_of_samples_are_averaged():
    rows = np.array([[[1.0, 0.0]], [[0.0, 1.0]]])
    flat = np.ones((2, 2, 1))
    case = piecewise.Bent(flat, flat, 0 * flat, rows, np.array([2.0, 4.0]))
    assert case.value(case.start) == pytest.approx((2 + 8) / 2)
    trace, moved = piecewise.one_step(case, methods.fixed.Fixed(0.5))
    assert moved.tolist() == [[1.0, 4.0], [2.0, 2.0]]
    assert trace.size[0].tolist() == [0.5, 0.5]


def test_our_armijo_rule_is_the_one_that_runs(monkeypatch):
    monkeypatch.setattr(methods.armijo, "Armijo", lambda **options: methods.fixed.Fixed(0.0))
    assert piecewise.accepted_ratio(piecewise.parabolas([1.0], [1.0]), 1.0, 0.1) == -inf


@needs("PEPit")
def test_table(capsys):
    pc.show([pc.armijo(0.1, 1.0, 1.0, 0.5), pc.constant_rate(0.1, 1.0, 1.9)])
    out = capsys.readouterr().out
    assert "closed form" in out
    assert out.count("0.810000") >= 5
