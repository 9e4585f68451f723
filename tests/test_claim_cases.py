"""The strategies of proofs_check reach what they should: of what a claim is never tried on, it says nothing."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from proofs_check import cases
from proofs_check.cases import dot, mean, solve, times
from proofs_check.claims.erm import erm_07
from proofs_check.claims.lab import lab_01
from proofs_check.claims.pal import pal_case
from proofs_check.claims.qn import qn_cg
from proofs_check.claims.walk import walk_11


def draws(strategy, n=300):
    """n examples, as a claim would see them."""
    found = []

    @seed(0)
    @settings(
        max_examples=n, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(strategy)
    def look(case):
        found.append(case)

    look()
    return found


def test_rational_quadratics_are_positive_definite_and_of_every_dimension():
    found = draws(cases.rational_quadratics(), 150)
    assert {len(q.x) for q in found} == {1, 2, 3, 4, 5}
    for q in found:
        assert all(isinstance(v, Fraction) for row in q.Q for v in row)
        assert q.Q == tuple(zip(*q.Q, strict=True))
        assert np.linalg.eigvalsh(np.array(q.Q, float)).min() > 0
    assert any(len(q.x) > 1 and any(q.Q[i][j] for i in range(len(q.x)) for j in range(i)) for q in found)
    assert any(not any(q.r) for q in found) or any(not any(q.x) for q in found)  # degenerate places, too


@pytest.mark.parametrize("decades", [3.0, 6.0])
def test_float_quadratics_reach_their_condition(decades):
    """From 1 to nearly 10^decades, as the matrix itself says, too; steps and scales over their whole range."""
    found = draws(cases.float_quadratics(n=st.integers(2, 8), decades=decades), 400)
    conditions = np.log10([q.condition for q in found])
    assert conditions.min() < 0.1
    assert conditions.max() > decades - 0.2
    assert conditions.max() <= decades + 1e-6
    assert np.log10([q.mu for q in found]).min() < -3.5
    assert np.log10([q.mu for q in found]).max() > 0.8
    for q in found[:50]:
        eigenvalues = np.linalg.eigvalsh(q.Q)
        np.testing.assert_allclose(eigenvalues, q.eigenvalues, rtol=1e-8, atol=1e-9 * q.eigenvalues[-1])


def test_smooth_functions_curve_both_ways_unless_definite():
    """The bound L is that of their Hessians, and some Hessians come near it."""
    found = draws(cases.smooth_functions(), 300)
    assert any(np.linalg.eigvalsh(f.H).min() < 0 for f in found)
    assert any(np.linalg.eigvalsh(f.H).min() > 0 for f in found)
    assert all(np.linalg.eigvalsh(f.H).min() > 0 for f in draws(cases.smooth_functions(definite=True), 50))
    ratios = []
    for f in found:
        hessian = f.H - (f.A.T * np.cos(f.A @ f.x)) @ f.A
        ratios.append(np.abs(np.linalg.eigvalsh(hessian)).max() / f.L)
        np.testing.assert_allclose(
            (f.f(f.x + 1e-6 * f.A[0]) - f.f(f.x - 1e-6 * f.A[0])) / 2e-6, f.gradient(f.x) @ f.A[0], rtol=1e-4, atol=1e-2
        )
    assert max(ratios) <= 1 + 1e-12
    assert max(ratios) > 0.8


def test_lines_descend_at_first_and_rise_at_last():
    found = draws(cases.lines, 300)
    s = np.linspace(0, 20, 4001)
    assert all(line.slope(0.0) < 0 < line.slope(1e3) for line in found)
    minima = [int(((line.slope(s[:-1]) < 0) & (line.slope(s[1:]) >= 0)).sum()) for line in found]
    assert min(minima) >= 0
    assert max(minima) >= 2  # several valleys on one line


def test_interpolating_sums_share_a_minimiser_and_may_be_singular():
    found = draws(cases.interpolating_sums(), 200)
    ranks = [np.linalg.matrix_rank(A) / len(A) for f in found for A in f.A]
    assert min(ranks) < 0.5
    assert max(ranks) == 1
    assert {len(f.A) for f in found} == {1, 2, 3, 4, 5, 6}


def test_populations_of_every_size():
    found = draws(cases.populations(), 300)
    assert {len(rows) for rows in found} == {2, 3, 4, 5, 6, 7}
    assert {len(rows[0]) for rows in found} == {1, 2, 3}
    assert any(len(set(rows)) < len(rows) for rows in found)  # equal gradients


def test_exact_algebra():
    q = draws(cases.rational_quadratics(), 30)
    for case in q:
        assert times(case.Q, solve(case.Q, case.r)) == case.r
    assert mean([(Fraction(1), Fraction(2)), (Fraction(3), Fraction(5))]) == (2, Fraction(7, 2))
    assert dot((1, 2), (3, 4)) == 11
    assert len(list(cases.batches(5, 2))) == 10


# --- both sides of case distinctions


def test_pal_s_cases_are_both_reached():
    """a > 0, a < 0 and a = 0 exactly."""
    signs = {np.sign(lm - l0 - b * mu) for l0, lm, b, mu in draws(pal_case.measured, 500)}
    assert signs == {-1, 0, 1}


def test_minibatch_directions_ascend_and_descend():
    """g'g_B of both signs among the populations of the claims about mini-batch gradients."""
    signs = set()
    for rows, B in draws(erm_07.POPULATIONS, 100):
        if len(rows) >= B:
            g = mean(rows)
            signs |= {np.sign(float(dot(g, mean([rows[i] for i in batch])))) for batch in cases.batches(len(rows), B)}
    assert signs == {-1.0, 0.0, 1.0}


def test_steps_fall_short_of_the_minimum_hit_it_and_pass_it():
    factors = draws(walk_11.ANY_FACTOR, 300)
    assert min(factors) < 1 < max(factors)
    assert 1 in factors


def test_cases_found_by_long_searches():
    """What a deep search had found: PAL far from the minimum, whose parabola loses digits, and LABPAL that arrives."""
    F = Fraction
    far = cases.RationalQuadratic(((F(7, 12), F(0)), (F(0), F(7, 12))), (F(-1), F(-8)), F(-3, 5), (F(-1), F(-7)))
    assert min(qn_cg.arrays_conjugate(far).values()) > 0.5
    there = lab_01.Place(((F(1, 2), F(0)), (F(0), F(1, 2))), (F(0), F(1, 5)), (F(-12, 125), F(6, 25)), F(1))
    assert min(lab_01.arrays_agree(there).values()) > 0.5
    assert min(lab_01.arrays_agree(there._replace(alpha=F(1, 2))).values()) > 0.5
