"""Certified rates are checked in fractions, and attained by our rules; wrong rates, weights and steps are noticed."""

from fractions import Fraction as F
from itertools import combinations
from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from optional import needs
from proofs_check import worst_cases as worst
from proofs_check.estimation import programs, replay
from proofs_check.estimation.certify import cancelled, certify, indefinite, solved
from proofs_check.estimation.for_all import accepted_contracts, half_polyak
from proofs_check.estimation.forms import BEST, Form, Point, Vector, interpolation, matrix, point
from proofs_check.estimation.rows import ROWS, WINDOW
from proofs_check.estimation.stored import Weights, certified, claims, proof, read, write
from proofs_check.estimation.through import Place, Through, dot
from proofs_check.proof import decide
from toybox import methods

TIGHT = [name for name, row in ROWS.items() if row.bounded and name in read() and read()[name].rate.denominator > 1000]
HALF = F(1, 2)


# --- the proofs


@pytest.mark.parametrize("claim", sorted(claims()))
def test_certified(claim):
    found = certified(claim)
    assert not found.counterexample
    assert found.conclusions >= 3


def test_every_row_is_kept_and_nothing_else():
    assert list(read()) == list(ROWS)


def test_a_claim_without_certificate_is_refused():
    with pytest.raises(ValueError, match="claim='LS-01' has no certificate; accepted: LS-07, LS-08"):
        certified("LS-01")


def test_no_rate_exceeds_what_is_stated_of_it():
    """Closed forms are met to the rounding of six digits, up by at most 2e-6; what a claim allows is not exceeded."""
    for name, row in ROWS.items():
        if row.bounded:
            assert read()[name].rate <= row.stated + 2.1e-6, name
    for name in TIGHT:
        if ROWS[name].claim in ("PAL-RATE", "RM-08", "LS-07", "SLS-05"):
            assert read()[name].rate == pytest.approx(ROWS[name].stated, abs=2.1e-6)


@pytest.mark.parametrize("name", TIGHT[::4])
def test_a_smaller_rate_is_not_certified(name):
    """By 2e-5: below the worst case, which no weights can certify."""
    row, record = ROWS[name], read()[name]
    assert not proof(row, record).counterexample
    assert "semidefinite" in proof(row, record._replace(rate=record.rate - F(1, 50000))).counterexample


@pytest.mark.parametrize("name", [name for name in TIGHT if "constant" not in name][::4])
def test_other_weights_do_not_certify(name):
    row, record = ROWS[name], read()[name]
    (unit, numbers), *others = record.weights
    big = int(np.argmax(numbers[: len(row.pieces(record.cuts)[0].below)]))
    for wrong in (numbers[big] + unit, -numbers[big]):
        changed = [*numbers[:big], wrong, *numbers[big + 1 :]]
        assert proof(row, record._replace(weights=[Weights(unit, changed), *others])).counterexample


def test_each_condition_is_checked():
    question, rate = programs.accepted(F(1, 10), HALF, F(2)), F(2, 3)
    record = read()["accepted mu=1/10 c=1/2 s=2"]
    rough = [F(n, record.weights[0].unit) for n in record.weights[0].numbers]
    exact = cancelled(question, record.rate, rough)
    assert not certify(question, record.rate, exact).counterexample
    assert "f0 does not cancel" in certify(question, record.rate + 1, exact).counterexample
    assert "weight 0 is negative" in certify(question, record.rate, [F(-1), *exact[1:]]).counterexample
    assert "semidefinite" in certify(question, rate, cancelled(question, rate, rough)).counterexample


def test_all_steps_must_be_covered():
    row, record = (of["contracted mu=1/10 c=1/2 s=1..10"] for of in (ROWS, read()))
    for cuts, weights in (
        (record.cuts[:-1], record.weights[:-2]),
        (record.cuts[1:], record.weights[2:]),
        ([*record.cuts[:2], *record.cuts[3:]], [*record.weights[:2], *record.weights[4:]]),
        (record.cuts, record.weights[:-1]),
    ):
        assert proof(row, record._replace(cuts=cuts, weights=weights)).counterexample


def test_a_row_without_bound_has_no_proof():
    row = next(row for row in ROWS.values() if not row.bounded)
    with pytest.raises(ValueError, match="nothing is certified"):
        proof(row, read()[row.name])


# --- our rules attain them


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.replay and row.bounded])
def test_attained(name):
    """None does worse than is certified.

    One that is certified to six digits is attained to 1e-5: 2e-6 of rounding, and room of 1e-6 of the slope, times
    weights below 5, for what a rule judges. Rates over spans are multiples of 1/200, less than two above the worst.
    """
    row, record = ROWS[name], read()[name]
    attained = row.attained(record.places, record.step)
    assert attained <= record.rate
    if row.rate is None:
        assert attained >= record.rate - (F(1, 100000) if name in TIGHT else F(1, 100))


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if not row.bounded])
def test_outside_its_window_pal_ascends(name):
    record = read()[name]
    assert record.rate is None
    assert ROWS[name].attained(record.places, record.step) > F(101, 100)


def test_another_rule_attains_something_else(monkeypatch):
    name = "backtracked mu=1/10 c=1/10 beta=9/10 s=17/10"
    row, record = ROWS[name], read()[name]
    assert row.attained(record.places, record.step) > -inf
    ours = methods.armijo.Armijo
    monkeypatch.setattr(methods.armijo, "Armijo", lambda c, **options: ours(c=c * 2, **options))
    assert row.attained(record.places, record.step) == -inf
    monkeypatch.setattr(methods.armijo, "Armijo", lambda c, **options: ours(c=c / 2, **options))
    assert row.attained(record.places, record.step) == -inf


def test_pal_that_measures_elsewhere_descends():
    """What makes PAL ascend is where it measures."""
    record = read()["parabola mu=1/5 measure=1 s=1..5"]
    ray = replay.Ray(F(1, 5), record.places)
    assert replay.parabola(ray, {"measure": F(1)}, F(0)) > 3
    assert replay.parabola(ray, {"measure": F(4)}, F(0)) < 1


def test_rejected_steps_help():
    """What is known of a rejected trial makes the worst step better, up to where it says nothing new."""
    for name, row in ROWS.items():
        if name.startswith("backtracked") and row.span[0] == row.span[1]:
            mu, c, s = row.given["mu"], row.given["c"], row.span[0]
            plain = worst.exact_armijo(float(mu), 1.0, float(s), float(c))
            assert read()[name].rate <= plain + 2.1e-6
            assert read()[name].rate < plain - 0.01 or s >= 1.9


def test_pal_has_no_window_without_curvature():
    """The longest stretch of measuring steps that are certified shrinks with mu."""
    widths = [max(inside) / min(inside) if inside else 0 for inside, _ in WINDOW.values()]
    assert widths == sorted(widths)
    assert widths[0] == 0


# --- for all numbers


def test_half_polyak_steps():
    assert not decide(half_polyak).counterexample
    for mu in (0.01, 0.25, 0.5, 0.9):
        rates = 1 - 3 * mu / (1 + mu) ** 2, 1 / (1 + sqrt(mu)) ** 2
        assert worst.exact_polyak(mu, 1.0) == pytest.approx(max(rates), rel=1e-12)


def test_half_polyak_steps_with_a_larger_constant():
    assert decide(half_polyak, loss=F(301, 100)).counterexample.startswith("long: ")


def test_accepted_steps_contract():
    """And from (1 - mu)^2 no power is left over; it is what single certificates say, too."""
    for c in (HALF, F(3, 4), F(9, 10)):
        assert not decide(accepted_contracts, c=c).counterexample
    assert decide(accepted_contracts, power=3).counterexample.startswith("contracts: ")
    assert decide(accepted_contracts, c=F(1, 4)).counterexample


# --- small algebra

small = st.integers(-3, 3)


@st.composite
def symmetric(draw):
    """Sums of few squares, so often singular, and a little that may spoil it."""
    n = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(small, min_size=n, max_size=n), min_size=0, max_size=n))
    A = np.zeros((n, n), int)
    for row in rows:
        A += np.outer(row, row)
    i, j = draw(st.integers(0, n - 1)), draw(st.integers(0, n - 1))
    A[i, j] += draw(small)
    A[j, i] = A[i, j]
    return A


@given(symmetric())
@example(np.array([[0, 1], [1, 0]]))
@example(np.array([[0, 0], [0, 1]]))
def test_semidefinite(A):
    """As by the signs of all principal minors, which are whole numbers."""
    n = len(A)
    minors = [np.linalg.det(A[np.ix_(s, s)]) for k in range(1, n + 1) for s in combinations(range(n), k)]
    assert (indefinite([[F(int(x)) for x in row] for row in A]) == "") == (round(min(minors)) >= 0)


def test_linear_equations():
    assert solved([[F(0), F(2), F(4)], [F(3), F(1), F(5)]]) == [1, 2]
    with pytest.raises(ZeroDivisionError):
        solved([[F(1), F(2), F(4)], [F(2), F(4), F(8)]])


# --- functions of the class


def evaluated(form: Form, vectors: dict, values: dict) -> F:
    names = sorted(vectors)
    gram = [[dot(vectors[a], vectors[b]) for b in names] for a in names]
    S = matrix(form, names)
    square = sum(dot(a, b) for a, b in zip(S, gram, strict=True))
    return square + sum(form[name] * value for name, value in values.items())


def test_interpolation_tells_who_is_in_the_class():
    """x^2 h / 2 belongs to it iff mu <= h <= L, seen at 1 and at 0."""
    forms = interpolation([BEST, point("0")], F(1, 4), F(1))
    for h, inside in ((F(1, 4), True), (HALF, True), (F(1), True), (F(1, 5), False), (F(11, 10), False)):
        margins = [evaluated(form, {"x0": [F(1)], "g0": [h]}, {"f0": h / 2}) for form in forms]
        assert (max(margins) <= 0) == inside


def test_products_of_vectors():
    x, y = Vector({"x": F(2)}), Vector({"x": F(1), "y": F(3)})
    assert (x * y).terms == {("x", "x"): 2, ("x", "y"): 6}
    assert (y * x).terms == (x * y).terms
    assert (2 * x)["x"] == 4
    assert isinstance(2 * x, Vector)


numbers = st.fractions(-2, 2, max_denominator=4)


@st.composite
def throughs(draw):
    """Functions through places in the plane at random, which need not fit to each other, and two points."""
    flat = st.lists(numbers, min_size=2, max_size=2)
    places = draw(st.lists(st.builds(Place, flat, flat, numbers), min_size=1, max_size=4))
    return Through(places, F(1, 4), F(1)), draw(flat), draw(flat)


@settings(max_examples=40)
@given(throughs())
def test_functions_through_places_belong_to_the_class(case):
    """Whatever the places are."""
    f, x, y = case
    points = []
    for at in (x, y):
        value, slope = f.both(at)
        points.append(Point(at, slope, value))
    vectors = {"xa": points[0].x, "ga": points[0].g, "xb": points[1].x, "gb": points[1].g}
    values = {"fa": points[0].f, "fb": points[1].f}
    for form in interpolation([point("a"), point("b")], f.mu, F(1)):
        assert evaluated(form, vectors, values) <= 0


def test_functions_go_through_places_that_fit():
    """x^2 / 2 right of 0 and x^2 / 8 left of it."""
    places = [Place([F(x)], [F(x) if x > 0 else F(x) / 4], F(x * x) / (2 if x > 0 else 8)) for x in (-2, -1, 0, 1, 3)]
    f = Through(places, F(1, 4), F(1))
    for place in places:
        assert f.both(place.x) == (place.f, place.g)


# --- the solvers


def agrees(name, tau):
    assert tau == pytest.approx(float(read()[name].rate), abs=1e-5)  # accuracy of its optima, and six digits


@needs("PEPit")
def test_another_program_finds_the_same_rates():
    agrees("exact_search mu=1/10", worst.pep_exact_search(0.1, 1.0))
    agrees("uncontracted mu=3/80", worst.pep_contraction(0.0375, 1.0))
    agrees("accepted mu=1/10 c=1/10 s=17", worst.pep_armijo(0.1, 1.0, 17.0, 0.1))
    agrees("constant_of_mean mu=1/10 rate=1/2", worst.pep_constant_rate(0.1, 1.0, 0.5, "mean"))
    agrees("backtracked mu=1/10 c=1/10 beta=9/10 s=9/5", pep_backtracked(0.1, 0.1, 0.9, 1.8))
    agrees("contracted mu=1/5 c=1/2 s=1..5", pep_contracted(0.2, 0.5, 1.0))


def pep_backtracked(mu, c, beta, s):
    pep, f, _, least = worst.model(mu, 1.0)
    x0 = pep.set_initial_point()
    g0, f0 = f.oracle(x0)
    f1, tried = f(x0 - s * g0), f(x0 - s / beta * g0)
    pep.set_initial_condition(f0 - least <= 1)
    pep.add_constraint(f1 <= f0 - c * s * g0**2)
    pep.add_constraint(tried >= f0 - c * s / beta * g0**2)
    return worst.solve(pep, f1 - least)


def pep_contracted(mu, c, s):
    pep, f, best, _ = worst.model(mu, 1.0)
    x0 = pep.set_initial_point()
    g0, f0 = f.oracle(x0)
    pep.set_initial_condition((x0 - best) ** 2 <= 1)
    pep.add_constraint(f(x0 - s * g0) <= f0 - c * s * g0**2)
    return worst.solve(pep, (x0 - s * g0 - best) ** 2)


@needs("PEPit")
@pytest.mark.parametrize("measure", [6, 8])
def test_another_program_about_pal(measure):
    record = read()[f"parabola mu=1/10 measure={measure} s=1..10"]
    pep, f, _, least = worst.model(0.1, 1.0)
    x0, s = pep.set_initial_point(), float(record.step)
    g0, f0 = f.oracle(x0)
    pep.set_initial_condition(f0 - least <= 1)
    pep.add_constraint(f(x0 - measure * g0) - f0 + measure * g0**2 == measure**2 / (2 * s) * g0**2)
    row = ROWS[f"parabola mu=1/10 measure={measure} s=1..10"]
    attained = float(row.attained(record.places, record.step))
    assert worst.solve(pep, f(x0 - s * g0) - least) == pytest.approx(attained, abs=1e-4)


@needs("PEPit")
def test_weights_are_found_anew(tmp_path, monkeypatch, request):
    from proofs_check.estimation import stored, weigh

    row = ROWS["accepted mu=1/10 c=1/2 s=2"]
    record = weigh.renewed(row)
    assert not proof(row, record).counterexample
    assert record.rate == read()[row.name].rate
    monkeypatch.setattr(stored, "FILE", tmp_path / "certified.json")
    request.addfinalizer(read.cache_clear)
    write({row.name: record})
    read.cache_clear()
    assert read()[row.name] == record
    with pytest.raises(ArithmeticError, match="is not certified"):
        weigh.weigh(row.at(None), F(66, 100))
