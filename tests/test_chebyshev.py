"""Chebyshev interpolants of lines against the lines themselves, and their minima and crossings against known ones."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import toybox as tb
from optional import TORCH
from test_lines import NP, composite, nowhere
from toybox.chebyshev import proxy, roots
from toybox.lines import HermiteLine, PolynomialLine

WINDOW = np.linspace(-0.5, 0.5, 167)
EPS = np.finfo(float).eps


def polynomial(*coefficients):
    return PolynomialLine(NP, np.zeros(1), [np.array([float(c)]) for c in coefficients], nowhere)


def worst(line, window=(-0.5, 0.5), question="change"):
    """The largest error of a proxy at 167 points, relative to the largest answer of the line itself; and the proxy."""
    stand_in = line.proxy(window)
    lanes = line.slope0.shape
    steps = np.broadcast_to(np.linspace(*window, 167), (*lanes, 167)).astype(line.slope0.dtype)
    truth = getattr(line, question)(steps)
    error = np.abs(getattr(stand_in, question)(steps) - truth).max(-1) / np.abs(truth).max(-1)
    return error.max(), stand_in


@pytest.mark.parametrize("name", ["logistic", "softmax"])
@pytest.mark.parametrize(("spread", "least", "most"), [(0.1, 20, 20), (2.0, 20, 39), (6.0, 77, 153)])
def test_a_proxy_equals_brute_force_and_refines_where_a_line_is_steep(name, spread, least, most):
    """The last coefficients fall below 1e-12 of the largest; differentiating loses a factor of the degree squared."""
    line = composite(name, np.random.default_rng(5), n=100, lanes=(2,), spread=spread)[-1]
    for question, allowed in (("change", 1e-10), ("slope", 1e-10), ("curvature", 1e-7)):
        error, stand_in = worst(line, question=question)
        assert stand_in.converged.all()
        assert error < allowed
        assert least <= stand_in.coefficients.shape[-1] <= most


def test_a_proxy_in_single_precision():
    """No digits below 8 eps are asked for; a Clenshaw sum of 20 to 80 terms loses a few dozen eps."""
    line = composite("logistic", np.random.default_rng(5), n=100, lanes=(2,), dtype="float32")[-1]
    error, stand_in = worst(line)
    assert stand_in.converged.all()
    assert stand_in.coefficients.dtype == np.float32
    assert error < 64 * np.finfo(np.float32).eps


def test_a_proxy_of_a_polynomial_is_exact_to_rounding():
    for question, allowed in (("change", 1e-14), ("slope", 1e-14), ("curvature", 1e-12)):
        error, stand_in = worst(polynomial(1.0, -2.0, 0.5, 3.0), question=question)
        assert stand_in.coefficients.shape[-1] == 20
        assert error < allowed


@pytest.mark.parametrize("window", [(0.0, 8.0), (1.0, 3.0), (-4.0, -1.0)])
def test_change_is_that_from_0_wherever_the_window_lies(window):
    line = polynomial(-4.0, 1.0)
    s = np.linspace(*window, 5)[None]
    np.testing.assert_allclose(line.proxy(window).change(s), s * s - 4 * s, atol=1e-13)
    assert line.proxy((-1.0, 2.0)).change(np.zeros((1, 1))) == 0  # exactly


def test_windows_may_differ_between_lanes():
    line = PolynomialLine(NP, np.zeros(2), [np.array([-1.0, -2.0]), np.ones(2)], nowhere)
    stand_in = line.proxy((np.array([-1.0, 0.0]), np.array([1.0, 10.0])))
    assert [s.round(12).tolist() for s in stand_in.minima()] == [[0.5], [1.0]]


@pytest.mark.parametrize("window", [(1.0, 1.0), (2.0, 1.0), (0.0, np.inf), (np.nan, 1.0)])
def test_a_window_that_is_none_is_refused(window):
    with pytest.raises(ValueError, match=r"window=.*finite \(low, high\)"):
        polynomial(1.0, 1.0).proxy(window)


def test_one_lane_that_is_not_smooth_says_so_and_does_not_hurt_its_neighbour():
    slope = lambda s, where=None: np.stack([2 * s[0], np.sign(s[1] - 0.1)])
    kink = SimpleNamespace(xp=NP, value0=np.zeros(2), slope=slope)
    stand_in = proxy(kink, (-0.5, 0.5))
    assert stand_in.converged.tolist() == [True, False]
    s = np.stack([WINDOW, WINDOW])
    assert np.abs(stand_in.change(s)[0] - WINDOW**2).max() < 1e-13  # Clenshaw over 320 terms
    assert stand_in.error[0] < 1e-13 < 1e-4 < stand_in.error[1]


@pytest.mark.parametrize("fold", [2, 5])
def test_coefficients_that_vanish_by_symmetry_are_no_convergence(fold):
    """f(cos x) = 1 / (2 - cos(fold x)) has no coefficients but those of multiples of fold, which fall like 3.7^(-k /
    fold). An even slope looks converged at degree 19 to whoever looks at the last coefficient alone, one of fold 5 at
    degree 38 to whoever looks at the last two."""
    slope = lambda s, where=None: 1 / (2 - np.cos(fold * np.arccos(np.clip(2 * s, -1, 1))))
    stand_in = proxy(SimpleNamespace(xp=NP, value0=np.zeros(1), slope=slope), (-0.5, 0.5))
    assert stand_in.converged.all()
    np.testing.assert_allclose(stand_in.slope(WINDOW[None]), slope(WINDOW[None]), atol=1e-11)


def test_a_captured_line_does_not_converge_and_says_so():
    assert not HermiteLine([0.0, 0.3, 1.0], [1.0, 0.0, 2.0], [-1.0, 0.5, 1.0]).proxy((0.0, 1.0)).converged


def test_all_minima_and_crossings_of_a_wave():
    """change(s) = 1 - cos(s) has its minima at the multiples of 2 pi and is 1 at pi / 2 + k pi."""
    wave = SimpleNamespace(xp=NP, value0=np.zeros(1), slope=lambda s, where=None: np.sin(s))
    stand_in = proxy(wave, (-20.0, 20.0))
    np.testing.assert_allclose(stand_in.minima()[0], 2 * np.pi * np.arange(-3, 4), atol=1e-12)
    np.testing.assert_allclose(stand_in.crossings(1.0)[0], np.pi / 2 + np.pi * np.arange(-6, 6), atol=1e-12)
    assert stand_in.crossings(2.5)[0].size == 0


@given(st.lists(st.floats(-2, 2), min_size=1, max_size=3, unique_by=lambda x: round(x, 1)))
def test_crossings_are_the_roots_of_a_polynomial(chosen):
    """Simple roots at least 0.05 apart are found to 1e-9: eps times the condition of roots that close."""
    chosen = np.sort(chosen)
    if np.diff(chosen, prepend=-np.inf).min() < 0.05:
        return
    p = np.polynomial.Polynomial.fromroots(chosen)
    line = polynomial(*p.coef[1:])
    found = line.proxy((-2.5, 2.5)).crossings(-p.coef[0])[0]
    np.testing.assert_allclose(found, chosen, atol=1e-9)


def test_crossings_are_real_and_inside():
    """s^2 crosses .001 at the ends of a short stretch, -.001 nowhere (at +- .03 i) and 9 outside of the window."""
    stand_in = polynomial(0.0, 1.0).proxy((-2.5, 2.5))
    np.testing.assert_allclose(stand_in.crossings(1e-3)[0], [-(1e-3**0.5), 1e-3**0.5], rtol=1e-12)
    assert stand_in.crossings(-1e-3)[0].size == 0
    assert stand_in.crossings(9.0)[0].size == 0


def test_a_level_that_is_nearly_touched_is_crossed_once():
    """(s - .3)^2 + 4e-15 is 0 at .3 +- 6e-8 i, which is real to 1e-7 of the width. Newton's method has no zero to go
    to, but its three steps are at most 1e-4 of the width each."""
    touched = roots(np.polynomial.Chebyshev.fromroots([0.3, 0.3]) + 4e-15)
    np.testing.assert_allclose(touched, [0.3], atol=3 * 2e-4)


def test_the_polynomials_are_the_proxy():
    line = composite("logistic", np.random.default_rng(5), n=100, lanes=(2,))[-1]
    stand_in = line.proxy((-0.5, 1.0))
    s = np.broadcast_to(np.linspace(-0.5, 1.0, 50), (2, 50))
    np.testing.assert_allclose([p(x) for p, x in zip(stand_in.polynomials(), s, strict=True)], stand_in.change(s),
                               atol=1e-14)  # fmt: skip


@pytest.mark.parametrize("backend", [TORCH, "strict"])
def test_other_backends_give_the_same_numbers(backend):
    found = []
    for name in ("numpy", backend):
        problem = tb.problem("logistic", backend=name)
        point = problem.at(problem.initial([0, 1]), problem.population)
        stand_in = point.along(-point.gradient).proxy((0.0, 3.0))
        s = problem.xp.asarray(np.broadcast_to(np.linspace(0, 3, 9), (2, 9)).copy())
        found.append(problem.xp.to_host(stand_in.change(s)))
    np.testing.assert_allclose(found[1], found[0], atol=1e-13)


def test_a_metered_line_is_charged_for_the_nodes():
    problem = tb.problem("logistic")
    kinds = {}
    ledger = SimpleNamespace(charge=lambda kind, size, count=1, where=None: kinds.update({kind: count}))
    point = problem.at(problem.initial([0]), problem.population)
    line = tb.lines.Metered(lambda: point.along(-point.gradient), ledger, problem.size, known=True)
    line.proxy((0.0, 1.0))
    assert kinds == {"slopes": 20}


def test_a_generic_line_is_a_line_like_any_other():
    problem = tb.problem("factorization", rank=4, line="generic")
    point = problem.at(problem.initial([0]), problem.population)
    line = point.along(-point.gradient)
    error, stand_in = worst(line)
    assert stand_in.converged.all()
    assert error < 1e-12


@pytest.mark.parametrize(("activation", "smooth"), [("tanh", True), ("relu", False)])
def test_lines_of_networks(activation, smooth):
    """A tanh network's lines are analytic: 1e-10 of the largest change. Those of a ReLU network have kinks, and the
    interpolant says that it did not converge."""
    problem = tb.problem("digits", rows=200, hidden=(8,), activation=activation)
    theta = problem.initial([0, 1])
    point = problem.at(theta, problem.population)
    d = -point.gradient / np.linalg.norm(point.gradient, axis=-1, keepdims=True)
    stand_in = point.along(d).proxy((-1.0, 3.0))
    assert stand_in.converged.tolist() == [smooth] * 2
    if smooth:
        s = np.broadcast_to(np.linspace(-1, 3, 167), (2, 167))
        losses = [problem.at(theta + x[:, None] * d, problem.population).value for x in s.T]
        truth = np.stack(losses, axis=-1) - point.value[:, None]
        error = np.abs(stand_in.change(s) - truth).max(-1) / np.abs(truth).max(-1)
        assert error.max() < 1e-10
