"""Accepted sets against dense samples, closed forms and exact rational signs; the algebra of intervals."""

from collections import Counter
from fractions import Fraction
from itertools import pairwise
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial import Chebyshev, Polynomial

import toybox as tb
from test_lines import NP, nowhere
from toybox.analysis.regions import Intervals, armijo, certified, goldstein, gols, strong_wolfe, where, wolfe
from toybox.lines import PolynomialLine

TINY = float(np.finfo(float).tiny)
EPS = float(np.finfo(float).eps)
CONDITIONS = {  # how many constants; what must be >= 0 at steps s, from change, slope and slope at 0, as in the text
    armijo: (1, lambda s, f, g, g0, c: [c * s * g0 - f]),
    wolfe: (2, lambda s, f, g, g0, c1, c2: [c1 * s * g0 - f, g - c2 * g0]),
    strong_wolfe: (2, lambda s, f, g, g0, c1, c2: [c1 * s * g0 - f, c2 * abs(g0) - abs(g)]),
    goldstein: (1, lambda s, f, g, g0, c: [c * s * g0 - f, f - (1 - c) * s * g0]),
    gols: (1, lambda s, f, g, g0, c2: [g, c2 * abs(g0) - g]),
}


# The algebra of intervals, on whole numbers and halves: membership decides everything

ENDS = st.one_of(st.integers(-6, 6), st.sampled_from([-inf, inf]))
PAIRS = st.tuples(ENDS, ENDS).map(sorted).filter(lambda pair: pair[0] < inf and pair[1] > -inf)
SETS = st.lists(PAIRS, max_size=4).map(lambda pairs: Intervals(tuple(map(tuple, pairs))))
PLACES = np.arange(-7, 7.25, 0.25)


def elsewhere(*sets):
    """The places that are no end of any of them."""
    return PLACES[~np.isin(PLACES, [end for a in sets for pair in a for end in pair])]


@given(SETS, SETS)
def test_union_and_intersection_are_those_of_the_members(a, b):
    np.testing.assert_array_equal((a | b).contains(PLACES), a.contains(PLACES) | b.contains(PLACES))
    np.testing.assert_array_equal((a & b).contains(PLACES), a.contains(PLACES) & b.contains(PLACES))
    assert (a | b, a & b) == (b | a, b & a)
    assert a & (a | b) == a == a | (a & b)


@given(SETS, SETS)
def test_de_morgans_laws_hold_but_for_single_points(a, b):
    """Complements are closed again, so that they share ends: the laws hold at every place that is no end."""
    for c, d in (((a | b).complement(), a.complement() & b.complement()),
                 ((a & b).complement(), a.complement() | b.complement())):  # fmt: skip
        s = elsewhere(a, b, c, d)
        np.testing.assert_array_equal(c.contains(s), d.contains(s))
    assert (a & a.complement()).measure == 0
    assert a | a.complement() == Intervals(((-inf, inf),))


@given(SETS, st.integers(-6, 5))
def test_a_complement_within_a_window(a, low):
    window, complement = Intervals(((low, 6),)), a.complement(low, 6)
    s = elsewhere(a, window)
    np.testing.assert_array_equal(complement.contains(s), window.contains(s) & ~a.contains(s))
    assert (a & window).measure + complement.measure == 6 - low


@given(SETS)
def test_pairs_are_disjoint_and_increasing(a):
    ends = [end for pair in a for end in pair]
    assert ends == sorted(ends)
    assert all(high < low for (_, high), (low, _) in zip(a.pairs, a.pairs[1:], strict=False))
    assert a.empty == (len(list(a)) == 0) == (a == Intervals())
    assert Intervals(a.pairs[::-1]) == a


def test_intervals_in_words():
    a = Intervals(((3, 3), (4, inf), (0, 1), (1, 1.8)))
    assert repr(a) == "[0, 1.8] | {3} | [4, inf)"
    assert repr(Intervals(((-inf, inf),))) == "(-inf, inf)"
    assert repr(Intervals()) == "{}"
    assert (a.measure, Intervals(((0, 1), (2, 4))).measure, Intervals().measure) == (inf, 3, 0)
    assert a.contains([[1.0, 2.0], [3.0, inf]]).tolist() == [[True, False], [True, True]]
    assert a.contains(2.9) == False  # noqa: E712
    with pytest.raises(AttributeError):
        a.pairs = ()
    for pair in ((2, 1), (nan, 1), (inf, inf), (-inf, -inf)):
        with pytest.raises(ValueError, match="is not accepted; accepted: low <= high"):
            Intervals((pair,))


# Where a polynomial is <= 0: products of linear factors with whole coefficients, whose signs are known exactly

ROOTS = st.dictionaries(st.integers(-4, 4), st.integers(1, 3), max_size=3).filter(lambda m: sum(m.values()) <= 6)


@given(ROOTS, st.sampled_from([-2, -1, 1, 3]), st.sampled_from([(-inf, inf), (0, inf), (-5, 5), (-inf, 1), (0, 1)]))
def test_where_finds_all_pieces_of_products_of_linear_factors(roots, factor, window):
    """Simple, double and triple roots, inside the window, outside, and at its ends. A root of multiplicity m is known
    to the m-th root of rounding: that of a value there (12 eps of its terms' sum at degree 6, or
    where it underflows), over the m-th derivative."""
    p = Polynomial([float(factor)])
    for root, times in roots.items():
        p = p * Polynomial([-float(root), 1.0]) ** times
    exact = lambda s: factor * np.prod([(s - r) ** m for r, m in roots.items()], dtype=object) <= 0
    low, high = window
    cuts = [low, *sorted(r for r in roots if low < r < high), high]
    middles = [Fraction(max(a, -99)) / 2 + Fraction(min(b, 99)) / 2 for a, b in pairwise(cuts)]
    pieces = [pair for pair, s in zip(pairwise(cuts), middles, strict=True) if exact(s)]
    points = [(r, r) for r in roots if low <= r <= high]
    expected, found = Intervals((*pieces, *points)), where(p, low, high)
    assert len(found.pairs) == len(expected.pairs)
    for ours, theirs in zip(found, expected, strict=True):
        for x, y in zip(ours, theirs, strict=True):
            terms = np.prod([(abs(y) + abs(r)) ** m for r, m in roots.items()]) if y in roots else 0.0
            rises = np.prod([float(abs(y - r)) ** m for r, m in roots.items() if r != y])
            assert x == y or abs(x - y) <= (max(12 * EPS * terms, TINY) / rises) ** (1 / roots[y])


def test_where_of_special_polynomials():
    line = Intervals(((-inf, inf),))
    assert where(Polynomial([0.0]), -inf, inf) == where(Polynomial([-1.0, 0.0, 0.0]), -inf, inf) == line
    assert where(Polynomial([0.0, 0.0]), 0, 1) == Intervals(((0, 1),))
    assert where(Polynomial([1.0]), -inf, inf).empty
    assert where(Polynomial([1.0, -2.0, 0.0, 0.0]), -inf, inf) == Intervals(((0.5, inf),))
    assert where(Polynomial([1.0, -2.0, 0.0, 1e-300]), -9, inf) == Intervals(((0.5, inf),))  # a root near 1e150
    assert where(Polynomial([-1.0, 0.0, 1.0], domain=[0, 2], window=[-1, 1]), 0.25, inf).pairs == ((0.25, 2.0),)
    assert where(Polynomial([-1e-9, 0.0, 1e9]), -inf, inf).pairs == ((-1e-9, 1e-9),)
    for height in (1e-250, 1e250):
        assert where(height * Polynomial([-4.0, 0.0, 1.0]), 0, inf).pairs == ((0.0, 2.0),)
    far = where(Polynomial([1.0, -1.0, 0.0, 0.0, 1e-30]), -inf, inf)
    np.testing.assert_allclose(far.pairs, [(1, 1e10 - 1 / 3)], rtol=4 * EPS)


def test_a_hole_or_a_tip_below_rounding_is_a_single_root():
    double = Polynomial([1.0, -2.0, 1.0])
    for shift in (0.0, EPS / 4, -EPS / 4):
        assert [np.ptp(pair) for pair in where(double + shift, -inf, inf)] == [0]
        assert where(-double + shift, -inf, inf) == Intervals(((-inf, inf),))
    assert len(where(-double + 1e-10, -inf, inf).pairs) == 2
    assert where(double + 1e-10, -inf, inf).empty
    assert where(double - 1e-10, -inf, inf).measure == pytest.approx(2e-5)


# Lines of all kinds, against samples


def random_lines(rng, n):
    """n lines as coefficients (n, 5) of s^0 to s^4, scaled to lengths (n,) from 1e-6 to 1e6 and heights as wide."""
    c = rng.standard_normal((n, 5))
    c[:, 0], kind = 0, np.arange(n) // 5 % 10
    c[kind <= 2, 1] *= -np.sign(c[kind <= 2, 1])
    c[kind == 0, 2] = abs(c[kind == 0, 2])  # parabolas
    c[kind == 1, 2] = -abs(c[kind == 1, 2])  # of negative curvature
    c[np.isin(kind, [0, 1]), 3:] = 0
    c[kind == 2, 2:] = 0  # straight lines
    r, A, C = rng.standard_normal((3, n, 4))
    dot = lambda a, b: (a * b).sum(-1)
    A *= -np.sign(dot(r, A))[:, None]
    squares = np.stack([0 * r[:, 0], 2 * dot(r, A), dot(A, A) + 2 * dot(r, C), 2 * dot(A, C), dot(C, C)], -1)
    c = np.where(np.isin(kind, [3, 8])[:, None], squares, c)  # |r + s A + s^2 C|^2 - |r|^2; kind 4: anything
    c[kind == 5, 4] = -abs(c[kind == 5, 4])  # unbounded below
    c[kind == 6, 1] = 0  # stationary
    c[kind == 7, 1] = abs(c[kind == 7, 1])  # ascending, half of them straight
    c[kind == 7, 2:] *= rng.integers(0, 2, (n, 1))[kind == 7]
    c[kind == 8] *= 10.0 ** (-rng.uniform(2, 9, (n, 1))[kind == 8] * [0, 0, 0, 1, 2])  # almost a parabola
    c[kind == 9, 1:] = rng.integers(-2, 3, (n, 4))[kind == 9]  # small whole numbers: multiple roots, lines of 0
    length, height = 10.0 ** rng.uniform(-6, 6, (2, n))
    return height[:, None] * c / length[:, None] ** np.arange(5), length


def samples(found, length, rng):
    """Steps everywhere, and close to the ends of a set."""
    ends = np.array([end for pair in found for end in pair if 0 < end < inf])
    near = ends[:, None] * (1 + np.array([-1, 1])[:, None] * 2.0 ** -np.arange(3, 48, 5)).reshape(1, -1)
    return np.concatenate([length * rng.uniform(0, 5, 30), length * 10.0 ** rng.uniform(-4, 4, 30), near.ravel()])


def decided(condition, constants, c, s):
    """Whether the condition holds at steps s by its formula, in extended precision; and where that can be told.

    The set's rows have coefficients with a few rounding errors; their sums of five terms and the polished ends add
    some, altogether fewer than 32 for each term; and tips and holes of up to 4 (k + 1)^2 of them are filled.
    """
    powers, k, count = np.vander(s.astype(np.longdouble), 5, increasing=True), np.arange(5), 132 * EPS
    terms, slopes = c * powers, (k * c)[1:] * powers[:, :-1]
    f, g, g0 = terms.sum(-1), slopes.sum(-1), c[1]
    margins = CONDITIONS[condition][1](s, f, g, g0, *constants)
    extra = max(abs(x) for x in (1, *constants)) * abs(g0)
    value = count * (abs(terms).sum(-1) + s * extra)
    slope = count * (abs(slopes).sum(-1) + extra)
    of_slope = {wolfe: [0, 1], strong_wolfe: [0, 1], gols: [1, 1]}.get(condition, [0, 0])
    doubt = [slope if kind else value for kind in of_slope[: len(margins)]]
    holds = np.all([margin >= 0 for margin in margins], axis=0)
    fails = np.any([margin < -d for margin, d in zip(margins, doubt, strict=True)], axis=0)
    surely = np.all([margin > d for margin, d in zip(margins, doubt, strict=True)], axis=0)
    return holds, surely | fails


def test_sets_are_exact_on_ten_thousand_lines():
    rng, seen, close = np.random.default_rng(7), Counter(), 0
    lines, lengths = random_lines(rng, 10_000)
    for i, (c, length) in enumerate(zip(lines, lengths, strict=True)):
        condition = list(CONDITIONS)[i % 5]
        constants = rng.uniform(0, 1.2, 2) if i % 3 else rng.choice([0, 0.1, 0.25, 0.5, 0.9, 1], 2)
        constants = constants[: CONDITIONS[condition][0]].tolist()
        found = condition(Polynomial(c), *constants)
        s = samples(found, length, rng)
        s = s[(s > 0) & (s < 1e60)]
        holds, known = decided(condition, constants, c, s)
        wrong = known & (holds != found.contains(s))
        assert not wrong.any(), (i, condition.__name__, constants, c.tolist(), found, s[wrong])
        close += (known[60:]).sum()
        last = found.pairs[-1][1] if found.pairs else nan
        seen[condition, "empty"] += found.empty
        seen[condition, "unbounded"] += last == inf
        seen[condition, "bounded"] += last < inf
        seen[condition, "pieces"] += len(found.pairs) > 1
    for condition in CONDITIONS:
        for kind in ("empty", "unbounded", "bounded", "pieces"):
            assert seen[condition, kind] >= 10, (condition, kind)
    assert close > 50_000  # samples near ends, half of them within a millionth, could be told


# Parabolas: the claims' closed forms. alpha = s / s*, where s* is the minimiser

TWENTIETHS = st.integers(-20, 40).map(lambda k: Fraction(k, 20))
ALPHAS = {  # the interval of alpha > 0 that a condition accepts
    armijo: lambda c1: (Fraction(0), 2 * (1 - c1)),  # WA-01
    wolfe: lambda c1, c2: (1 - c2, 2 * (1 - c1)),  # WA-02, WA-03
    strong_wolfe: lambda c1, c2: (1 - c2, min(2 * (1 - c1), 1 + c2)),  # WA-04
    goldstein: lambda c: (2 * c, 2 * (1 - c)),  # WA-06
    gols: lambda c2: (Fraction(1), 1 + c2),  # WA-05
}


@pytest.mark.parametrize("condition", ALPHAS, ids=lambda condition: condition.__name__)
@given(a=st.floats(0.05, 60), b=st.floats(0.05, 60), constants=st.tuples(TWENTIETHS, TWENTIETHS))
def test_intervals_on_a_parabola(condition, a, b, constants):
    """Ends to rounding: a constant, its difference from 1 and the polished root make fewer than 16 errors. Where the
    interval is a point by exact arithmetic, rounding of the constants may empty it."""
    constants = constants[: CONDITIONS[condition][0]]
    low, high = ALPHAS[condition](*constants)
    low, vertex = max(low, Fraction(0)), b / (2 * a)
    found = condition(Polynomial([0.0, -b, a]), *map(float, constants))
    if low < high:
        np.testing.assert_allclose(found.pairs, [(low * vertex, high * vertex)], rtol=0, atol=16 * EPS * 4 * vertex)
    elif low > high or high == 0:
        assert found.empty
    else:
        assert found.measure <= 16 * EPS * 4 * vertex


@given(a=st.floats(0.05, 60), b=st.floats(0.05, 60))
def test_the_two_goldstein_lines_may_leave_the_minimiser_alone(a, b):
    found = goldstein(Polynomial([0.0, -b, a]), 0.5)
    np.testing.assert_allclose(found.pairs, [(b / (2 * a), b / (2 * a))], rtol=8 * EPS)
    assert goldstein(Polynomial([0.0, -b, a]), 0.5001).empty


def test_goldstein_may_exclude_the_only_minimiser():
    """WA-06's line -s + s^4 / 4: its minimum at 1 is lower than the lower line where c > 1/4."""
    line = Polynomial([0.0, -1.0, 0.0, 0.0, 0.25])
    assert goldstein(line, 0.2501).contains(1) == False  # noqa: E712
    assert goldstein(line, 0.2499).contains(1)


def test_the_closed_forms_tell_a_wrong_condition():
    """WA-01's control: with the sign of the dissertation's eq. 6.7 the decrease bounds alpha by 2.2 instead of 1.8."""
    line = Polynomial([0.0, -1.0, 0.5])
    assert armijo(line, 0.1).pairs[0][1] == pytest.approx(1.8, rel=4 * EPS)
    assert armijo(line, -0.1).pairs[0][1] == pytest.approx(2.2, rel=4 * EPS)
    assert gols(line, 0.9).contains([0.99, 1.01, 1.89, 1.91]).tolist() == [False, True, True, False]


def test_steps_are_positive():
    """0 is an end where small steps are accepted, and no point of its own, where Armijo's inequality is an equality."""
    down, up, flat = (Polynomial([0.0, slope, 0.5]) for slope in (-1.0, 1.0, 0.0))
    assert armijo(down, 0.1).pairs[0][0] == 0
    assert armijo(up, 0.1).empty
    assert goldstein(down, 0.1).pairs[0][0] == pytest.approx(0.2)
    for condition, (count, _) in CONDITIONS.items():
        assert condition(flat, *[0.5] * count).empty
        assert condition(Polynomial([0.0]), *[0.5] * count) == Intervals(((0, inf),))
    assert armijo(down, 0.1, window=(0.5, 9.0)).pairs == ((0.5, pytest.approx(1.8)),)


# Smooth lines, known through an interpolant


class Logistic:
    """The mean of log(1 + exp(m + s v)) over a few examples, less its value at 0; in formulas."""

    def __init__(self, rng, n=12, spread=3.0):
        self.m, self.v = rng.standard_normal(n), spread * rng.standard_normal(n)
        self.v *= -np.sign(self.slope(0.0))

    def change(self, s):
        return (np.logaddexp(0, self.m + np.multiply.outer(s, self.v)) - np.logaddexp(0, self.m)).mean(-1)

    def slope(self, s):
        return (self.v / (1 + np.exp(-self.m - np.multiply.outer(s, self.v)))).mean(-1)

    def interpolant(self, degree, window):
        """A Chebyshev series of the change, and a bound of its slope's error: the largest on a grid, and what it may
        grow by to the next place, as both curvatures are bounded."""
        slope = Chebyshev.interpolate(self.slope, degree, domain=window)
        phi = slope.integ()
        grid = np.linspace(*window, 20_001)
        k = np.arange(degree + 1)
        steepest = 2 / (window[1] - window[0]) * (k**2 * abs(slope.coef)).sum() + (self.v**2).mean() / 4
        error = abs(slope(grid) - self.slope(grid)).max() + (grid[1] - grid[0]) / 2 * steepest
        return phi - phi(0.0), error


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.__name__)
def test_certified_sets_enclose_the_truth_on_logistic_lines(condition):
    rng, missed, thinner = np.random.default_rng(3), 0, []
    constants = {1: (0.3,), 2: (0.1, 0.5)}[CONDITIONS[condition][0]]
    s = np.linspace(0, 4, 4001)[1:]
    for trial in range(40):
        line = Logistic(rng)
        phi, error = line.interpolant([6, 10, 16, 40][trial % 4], (-1.0 if trial % 3 else 0.0, 4.0))
        surely, possibly = certified(condition, phi, *constants, slope_error=error)
        margins = CONDITIONS[condition][1](s, line.change(s), line.slope(s), line.slope(0.0), *constants)
        truth = np.all([margin >= 0 for margin in margins], axis=0)
        assert not (surely.contains(s) & ~truth).any()
        assert not (truth & ~possibly.contains(s)).any()
        assert surely & possibly == surely
        thinner.append(possibly.measure - surely.measure)
        missed += (condition(phi, *constants).contains(s) != truth).any()
    assert np.mean(thinner[::4]) > 10 * np.mean(thinner[3::4])  # a better interpolant says more
    assert max(thinner[3::4]) < 0.1
    assert missed >= 5  # the bare interpolant's set is wrong on many: the enclosure is needed


def test_a_named_problems_line_by_its_proxy():
    problem = tb.problem("logistic")
    theta = problem.initial(range(3))
    point = problem.at(theta, problem.population)
    line = point.along(-point.gradient)
    near = line.proxy((0.0, 40.0))
    assert near.converged.all()
    s = np.linspace(0, 40, 2001)[1:]
    steps = np.broadcast_to(s, (3, len(s)))
    change, slope = line.change(steps), line.slope(steps)
    for lane, phi in enumerate(near.polynomials()):
        for condition, (count, formula) in CONDITIONS.items():
            constants = (0.1, 0.9)[-count:] if condition is gols else (0.1, 0.9)[:count]
            surely, possibly = certified(condition, phi, *constants, slope_error=near.slope_error[lane])
            margins = formula(s, change[lane], slope[lane], line.slope0[lane], *constants)
            truth = np.all([margin >= 0 for margin in margins], axis=0)
            assert not (surely.contains(s) & ~truth).any()
            assert not (truth & ~possibly.contains(s)).any()
            assert abs(possibly.measure - surely.measure) < 1e-6


def test_no_error_leaves_the_exact_set():
    phi = Polynomial([0.0, -1.0, 1.3, -0.6, 0.085])
    for condition, (count, _) in CONDITIONS.items():
        exact = condition(phi, *(0.1, 0.5)[:count])
        assert certified(condition, phi, *(0.1, 0.5)[:count], slope_error=0.0) == (exact, exact)


# Lines and bad arguments


def test_a_polynomial_line_as_polynomials():
    rng = np.random.default_rng(2)
    c = [rng.standard_normal((2, 3)) for _ in range(4)]
    line = PolynomialLine(NP, np.zeros((2, 3)), c, nowhere)
    s = rng.standard_normal((2, 3, 5))
    found = line.polynomials()
    assert found.shape == (2, 3)
    for lane in np.ndindex(2, 3):
        assert found[lane].coef.tolist() == [0.0, *(part[lane] for part in c)]
        np.testing.assert_allclose(found[lane](s[lane]), line.change(s)[lane], rtol=64 * EPS, atol=64 * EPS)
    single = PolynomialLine(NP, np.zeros(1, np.float32), [np.ones(1, np.float32)], nowhere).polynomials()[0]
    assert single.coef.tolist() == [0, 1]
    assert single.coef.dtype == np.float64


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: where(Polynomial([0.0, 1.0]), 1, 1), "low=1, high=1 is not accepted; accepted: low < high"),
        (lambda: where(Polynomial([0.0, 1.0]), nan, 1), "low=nan"),
        (lambda: where(Polynomial([0.0, inf]), 0, 1), r"coefficients=\[\[0.0, inf\]\] are not accepted"),
        (lambda: where(Chebyshev([0.0, 1.0]), 0, 2), "high=2 is not accepted; accepted: low < high, inside"),
        (lambda: armijo(Chebyshev([0.0, 1.0], domain=[1, 2]), 0.1), "accepted: steps s >= 0, and 0 in the domain"),
        (lambda: armijo(Polynomial([0.0, 1.0]), 0.1, window=(-1, 1)), r"window=\(-1, 1\) is not accepted"),
        (lambda: armijo(Polynomial([0.0, 1.0]), nan), "coefficients="),
        (lambda: certified(armijo, Polynomial([0.0]), 0.1, slope_error=-1.0), "slope_error=-1.0 is not accepted"),
    ],
)
def test_bad_arguments(ask, says):
    with pytest.raises(ValueError, match=says):
        ask()
