"""Texts on symbolic numbers: all that can be is explored, counterexamples are fractions that break what they should,
and symbolic numbers do what plain ones do."""

import inspect
import math
import operator
from fractions import Fraction as F
from itertools import product

import pytest

pytest.importorskip("z3", reason="the extra proofs is not installed")

from hypothesis import given, settings
from hypothesis import strategies as st

import toybox as tb
from proofs_check import explorer
from proofs_check.explorer import Base, Path, Replay, prove, replayed, theorem
from proofs_check.of_code import armijo
from proofs_check.of_code.lines import parabola
from proofs_check.proof import Undecided
from proofs_check.symbolic import Number, Truth, no
from toybox.text import CAPPED, EXHAUSTED, FOUND

# --- counterexamples


@given(
    st.fractions("1/9", "8/9", max_denominator=9), st.fractions("1/9", "8/9", max_denominator=9),
    st.fractions("1/9", 9, max_denominator=9), st.fractions("1/9", 9, max_denominator=9),
)  # fmt: skip
@settings(max_examples=50)
def test_replays_are_what_toybox_search_does(c, beta, first, a):
    """The same questions, answers and end on a parabola, of fractions."""
    phi, searched = (lambda s: a * s * s - s), {"c": c, "beta": beta, "first": first, "max_step": F(3), "state": F(1)}
    rule = tb.methods.armijo.Armijo(c=c, beta=beta, first=first, max_step=F(3), reset=2, tries=4)
    found = tb.search(rule, phi, slope0=F(-1))
    answers = {f"change {i}": one.answer for i, one in enumerate(found.questions, 1)}
    world = Replay(searched | {"reset": 2} | answers)
    again = world.rule(tb.methods.armijo.Armijo, tries=4, gamma=Base(world, "gamma"), **armijo.PLAIN)
    here = world.here(slope0=F(-1), norm=F(1))
    end, asked = world.search(again, here, None, parabola(here, a))
    assert (end.size, end.status, end.state, asked) == (found.step, found.status, found.state, found.questions)


def test_a_counterexample_that_breaks_nothing_is_refused():
    statement = lambda world: {"small": world.real("x") < 2}
    assert replayed(statement, "small", {"x": F(2)}) == "x = 2"
    with pytest.raises(AssertionError, match="which does not break it"):
        replayed(statement, "small", {"x": F(1)})


def test_a_counterexample_that_breaks_what_is_supposed_is_refused():
    def statement(world):
        world.suppose(world.real("x") > 2)
        return {"small": world.real("x") < 2}

    with pytest.raises(AssertionError, match="not as supposed: x = 2"):
        replayed(statement, "small", {"x": F(2)})
    with pytest.raises(ValueError, match="outside its range"):
        replayed(lambda world: {"": world.real("x", "[0, 1]") < 0}, "", {"x": F(2)})


def test_numbers_that_refute_are_fractions_beside_roots():
    def above(world, square):
        x = world.real("x")
        world.suppose(x > 0, square(x))
        return {"small": x < 1}

    assert prove(above, square=lambda x: x * x * x > 2).counterexample.startswith("small: x = ")
    with pytest.raises(Undecided, match="no fraction beside it"):
        prove(above, square=lambda x: x * x == 2)


# --- what cannot be decided


def test_where_nothing_can_be_nothing_is_proved():
    def nothing(world):
        x = world.real("x", "(0, 1)")
        world.suppose(x * x > 1)
        return {"anything": x == 7}

    for vacuous in (nothing, lambda world: {}):
        with pytest.raises(Undecided, match="no numbers meet what is supposed, or nothing is concluded"):
            prove(vacuous)


def test_what_is_supposed_later_ends_a_path():
    """Only x <= 1 remains."""

    def late(world):
        x, small = world.real("x"), True
        if x > 1:
            world.suppose(x * x < 1)
            small = False
        return {"small": small}

    assert prove(late).paths == 1


def test_a_text_that_does_not_end_is_not_proved():
    class Halving(tb.Search):
        def search(self, here, s):
            while (yield tb.change(s)) >= 0:
                s = s / 2
            return tb.found(s)

    def halving(world):
        end, _ = world.search(Halving(), world.here(), 1)
        return {"steps": end.size > 0}

    with pytest.raises(Undecided, match="decisions on one path"):
        prove(halving)


def test_of_too_many_paths_nothing_is_proved(monkeypatch):
    monkeypatch.setattr(explorer, "PATHS", 3)
    three = lambda world: {"": world.real("x") + max(0, 1, world.real("x"), world.real("y")) >= world.real("x")}
    with pytest.raises(Undecided, match="more than 3 paths"):
        prove(three)


def test_effort_ends():
    def hard(world):
        x, y, z = map(world.real, "xyz")
        world.suppose(x**5 * y + z**7 > 3, x**3 + y**3 + z**3 == x * y * z + 1)
        return {"": x * y**4 * z != 7}

    with pytest.raises(Undecided, match="did not come to an end"):
        prove(hard, effort=1000)


def test_a_theorem_that_decides_by_chance_is_refused():
    turns = iter([1, 2, 3])

    def fickle(world):
        return {"": bool(world.real("x") > next(turns)) or True}

    with pytest.raises(AssertionError, match="must decide alike"):
        prove(fickle)


# --- what is explored


def explored(statement):
    """The labels that a function of a world gives, of all paths."""
    seen = set()

    def told(world):
        seen.add(statement(world))
        return {"": True}

    assert prove(told).margin == 0
    return seen


def branching(world):
    """Of two numbers: min, max, abs, powers, a truth without a decision, and a loop."""
    x, y = world.real("x", "[-2, 2]"), world.real("y", "[-2, 2]")
    turns = 0
    while 2 * x**2 + turns < y and turns < 3:
        turns += 1
    which = lambda choose, *numbers: choose(range(len(numbers)), key=numbers.__getitem__)
    said = (
        which(max, x, y, 1) == 0,
        which(min, x, y),
        (x > y) | (x * y == 1),
        x or y < 1,
        abs(x - y) <= 1,
        no(x + y > 3),
    )
    return (turns, *map(bool, said))


def searching(world):
    """How Armijo's search ends, on a steep and on any other parabola."""
    rule = world.rule(
        tb.methods.armijo.Armijo, tries=2, reset=2, c=F(1, 2), beta=F(1, 2), first=1, gamma=1, **armijo.PLAIN
    )
    here = world.here(slope0=world.real("slope0", "[-1, 1]"), norm=1)
    end, asked = world.search(rule, here, 1, parabola(here, world.real("a", "[-2, 2]")))
    return end.status, len(asked)


def test_all_that_can_be_is_explored_and_nothing_else():
    """Whatever numbers of a grid do is among the ends of paths; and to every end fractions lead, in Python."""
    grid = [F(i, 4) for i in range(-8, 9)]
    brute = {branching(Replay({"x": x, "y": y})) for x, y in product(grid, grid)}
    ends = explored(branching)
    assert brute <= ends
    assert len(brute) > 15
    for label in ends - brute:
        assert prove(lambda world, label=label: {"elsewhere": branching(world) != label}).counterexample


def test_every_end_of_a_search_is_explored_and_nothing_else():
    def plain(limit, slope0, a):
        rule = tb.methods.armijo.Armijo(tries=2, reset=2, c=F(1, 2), beta=F(1, 2), first=F(1), max_step=limit)
        found = tb.search(rule, lambda s: a * s * s + slope0 * s, slope0=slope0, state=F(1))
        return found.status, len(found.questions)

    grid = [F(i, 4) for i in range(-8, 9)]
    brute = {plain(*numbers) for numbers in product((F(1, 4), F(1), math.inf), grid[4:13], grid)}
    assert explored(searching) == brute
    assert {FOUND, CAPPED, EXHAUSTED} <= {status for status, _ in brute}


# --- numbers

ONE = {
    "-": operator.neg, "abs": abs, "square": lambda x: x**2, "cube": lambda x: x**3, "1 /": lambda x: 1 / x,
    "3 -": lambda x: 3 - x, "/ 2": lambda x: x / 2, ".1 *": lambda x: F(1, 10) * x, "+ 7": lambda x: x + 7,
}  # fmt: skip
TWO = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "min": min, "max": max}


def worked_out(x, y, steps):
    for step in steps:
        x = TWO[step[1]](x, y) if step[0] == "two" else ONE[step[1]](x)
    return x


@given(
    st.fractions(-3, 3, max_denominator=4), st.fractions(-3, 3, max_denominator=4),
    st.lists(st.tuples(st.just("one"), st.sampled_from([*ONE])) | st.tuples(st.just("two"), st.sampled_from([*TWO])),
             min_size=1, max_size=5),
)  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_symbolic_numbers_compute_what_fractions_do(a, b, steps):
    def same(world):
        x, y = world.real("x"), world.real("y")
        world.suppose(x == a, y == b)
        try:
            found = worked_out(x, y, steps)
        except ZeroDivisionError:
            return {"undefined": value is None}
        return {"value": value is not None and found == value, "other": value is not None and no(found == value + 1)}

    try:
        value = worked_out(a, b, steps)
    except ZeroDivisionError:
        value = None
    assert prove(same).margin == 0


@pytest.mark.parametrize("sign", [-2, 0, 3])
@pytest.mark.parametrize("limit", [math.inf, -math.inf, math.nan])
def test_beside_the_infinite_only_the_sign_counts(sign, limit):
    operations = [operator.add, operator.sub, operator.mul, operator.truediv, operator.lt, operator.le, operator.gt,
                  operator.ge, operator.eq, operator.ne, min, max]  # fmt: skip

    def outcome(operate, *numbers):
        try:
            return operate(*numbers)
        except ZeroDivisionError:
            return "undefined"

    def said(found):
        """In words, since nan is not nan."""
        return repr(float(sign) if isinstance(found, Number) else found).replace("-0.0", "0.0")

    def alike(world):
        x = world.real("x")
        world.suppose(x == sign)
        then = {}
        for operate in operations:
            left, right = outcome(operate, x, limit), outcome(operate, limit, x)
            then[f"{operate.__name__} on the left"] = said(left) == said(outcome(operate, float(sign), limit))
            then[f"{operate.__name__} on the right"] = said(right) == said(outcome(operate, limit, float(sign)))
        return then

    assert prove(alike).conclusions == 24
    assert prove(alike).margin == 0


def test_an_infinite_limit_is_one_of_the_numbers():
    ends = explored(lambda world: world.real("x", "(0, inf]") == math.inf)
    assert {bool(one) for one in ends} == {True, False}
    assert prove(lambda world: {"finite": world.real("x", "(0, inf]") < math.inf}).counterexample == "finite: x = inf"


def test_a_rule_has_every_number_that_its_record_accepts():
    world = Path([], 10**7)
    rule = world.rule(tb.methods.wolfe.StrongWolfe)
    assert {*world.symbols} == {"c1", "c2", "first", "max_step"}
    assert all(isinstance(getattr(rule, name), Number | float) for name in world.symbols)
    assert rule.tries == 100
    for name, wrong in (("c1", 0), ("c1", 1), ("first", 0)):
        assert not bool(getattr(rule, name) == wrong)


def test_a_truth_is_decided_where_it_is_used_only():
    def statement(world):
        x = world.real("x")
        both = (x > 1) & (x < 3) & True
        assert isinstance(both, Truth)
        return {"": no(both) | (x * x < 9)}

    assert prove(statement).paths == 1


def test_a_theorem_is_a_function_of_its_constants():
    @theorem(broken={"more": {"most": 0}})
    def small(world, most=1):
        """Said."""
        return {"x": world.real("x", "[0, 1]") <= most}

    assert small() == small(most=2)
    assert small().conclusions == small().paths == 1
    assert small(**small.broken["more"]).margin == -1
    assert small.__doc__ == "Said."
    assert [*inspect.signature(small).parameters] == ["most"]
