"""Hyper-parameters: what a record accepts, what it says of the rest, and how numbers become lanes."""

import dataclasses
import re
from math import inf, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optional import TORCH
from toybox import hyper
from toybox.hyper import Hyper, bind, choice, fields, hyperparameters, integer, lanes, near, number, refuse_unknown
from toybox.xp import namespace


@hyperparameters
class Record:
    open_: Hyper = number(0.5, "(0, 1)")
    closed: Hyper = number(0.5, "[0, 1]")
    left: Hyper = number(1.0, "[1, inf)")
    right: Hyper = number(1.0, "(0, inf]")
    kind: str = choice("a", "a", "bc", 1, True)
    many: int = integer(3, 1)
    maybe: int | None = integer(None, 1)
    unless: int | None = integer(10, 1, none=True)
    other: Any = None


@hyperparameters
class Wrapper:
    inner: Any = Record()
    rate: Hyper = number(0.1, "[0, inf)")


ENDS = {"open_": (0, 1, ""), "closed": (0, 1, "01"), "left": (1, inf, "0"), "right": (0, inf, "1")}


@pytest.mark.parametrize("name", ENDS)
def test_intervals_are_open_or_closed_as_written(name):
    low, high, closed = ENDS[name]
    inner = [np.nextafter(low, inf), 1.5 if high == inf else 0.5, 1e308 if high == inf else np.nextafter(high, 0)]
    for value in inner + ([low] if "0" in closed else []) + ([high] if "1" in closed else []):
        assert getattr(Record(**{name: value}), name) == value
    for value in [low - 1, -inf, nan] + ([] if "0" in closed else [low]) + ([] if "1" in closed else [high]):
        with pytest.raises(ValueError, match=rf"^{name}={float(value)} is outside its range; accepted: [\[(].*[\])]$"):
            Record(**{name: value})


@given(st.floats())
def test_a_number_is_kept_if_and_only_if_it_is_inside(value):
    try:
        assert Record(open_=value).open_ == value
        assert 0 < value < 1
    except ValueError as refused:
        assert not 0 < value < 1
        assert str(refused) == f"open_={value} is outside its range; accepted: (0, 1)"  # noqa: PT017


@pytest.mark.parametrize("value", [1, np.int64(1), np.float32(1), np.array(1)])
def test_lone_numbers_become_floats(value):
    kept = Record(left=value).left
    assert type(kept) is float
    assert kept == 1.0


@pytest.mark.parametrize("value", [[0.1, 0.2], (0.1, 0.2), np.array([0.1, 0.2])])
def test_sequences_become_arrays_of_floats_that_nobody_else_holds(value):
    kept = Record(closed=value).closed
    assert kept.dtype == np.float64
    assert kept.tolist() == [0.1, 0.2]
    if isinstance(value, np.ndarray):
        value[0] = 7
        assert kept[0] == 0.1


def test_the_first_wrong_element_is_named():
    with pytest.raises(ValueError, match=r"^closed=1\.5 is outside its range; accepted: \[0, 1\]$"):
        Record(closed=[[0.1, 0.2], [1.5, nan]])
    with pytest.raises(ValueError, match=r"^closed is an empty array; accepted: numbers in \[0, 1\]"):
        Record(closed=[])


@pytest.mark.parametrize(
    "value", [True, "0.5", None, 1j, [True, False], ["0.5"], [0.5, None], [[1], [1, 2]], {}, object]
)
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match=r"^open_=.* is not a number; accepted: numbers in \(0, 1\), or an array"):
        Record(open_=value)
    assert "array of shape (2,)" in hyper.shown(np.array([True, False]))


@pytest.mark.parametrize("value", ["b", "A", None, 0, 1.5, [1], np.array(["a", "a"])])
def test_a_choice_is_one_of_a_few(value):
    with pytest.raises(ValueError, match=r"^kind=.* is not accepted by Record; accepted: 'a', 'bc', 1, True"):
        Record(kind=value)


def test_true_is_not_one():
    @hyperparameters
    class Counts:
        reset: int = choice(0, 0, 1)
        flag: bool = choice(True, True, False)

    assert Counts(reset=np.int64(1)).reset == 1
    for bad in ({"reset": True}, {"flag": 1}):
        with pytest.raises(ValueError, match=r"is not accepted by Counts"):
            Counts(**bad)


def test_a_near_miss_is_suggested():
    with pytest.raises(ValueError, match=r"did you mean 'bc'\?"):
        Record(kind="bcd")
    assert near("armijo", ["Armijos", "armij"]) == "; did you mean 'armij'?"
    assert near("xyz", ["armijo"]) == ""
    with pytest.raises(ValueError, match=r"^thing 'ons' is unknown; did you mean 'one'\?; accepted: one, two$"):
        refuse_unknown("thing", "ons", iter(["one", "two"]))
    refuse_unknown("thing", "one", ["one"])


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "1", None, [1], np.array([1, 2]), nan])
def test_whole_numbers(value):
    with pytest.raises(
        ValueError, match=r"^many=.* is not accepted by Record; accepted: a whole number of at least 1$"
    ):
        Record(many=value)
    assert Record(many=np.int32(5)).many == 5
    assert Record(maybe=None).maybe is None
    assert Record(unless=None).unless is None
    with pytest.raises(ValueError, match=r"^maybe="):
        Record(maybe=0)


def test_records_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Record().open_ = 0.1


def test_shown_is_one_short_line():
    assert hyper.shown("a") == "'a'"
    for value in (np.zeros((50, 50)), list(range(1000)), "a\nb" * 99, [np.zeros((3, 3))]):
        text = hyper.shown(value)
        assert "\n" not in text
        assert len(text) <= 80


# Lanes


def test_fields_reach_into_wrapped_records():
    names = fields(Wrapper(Record(open_=0.25), rate=2))
    assert (names["open_"], names["rate"]) == (0.25, 2.0)
    assert "inner" not in names


def test_lanes_broadcast_over_all_records():
    assert lanes(Record(), Wrapper()) == ()
    assert lanes(Record(open_=[0.1, 0.2, 0.3]), Wrapper()) == (3,)
    assert lanes(Wrapper(Record(open_=[[0.1], [0.2]])), Wrapper(rate=[1, 2, 3])) == (2, 3)


def test_lanes_that_do_not_broadcast_are_named():
    with pytest.raises(ValueError, match=r"do not broadcast: open_ \(2,\), rate \(3,\); accepted: one common shape$"):
        lanes(Record(open_=[0.1, 0.2]), Wrapper(rate=[1, 2, 3]))


@pytest.mark.parametrize("backend", ["numpy", "strict", TORCH])
@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_bind_makes_arrays_of_the_runs_backend_and_dtype(backend, kind):
    xp = namespace(backend)
    record = Wrapper(Record(open_=[0.1, 0.2], many=7), rate=0.3)
    bound = bind(record, xp, getattr(xp, kind))
    for value, shape in ((bound.inner.open_, (2,)), (bound.rate, ()), (bound.inner.right, ())):
        assert value.dtype == getattr(xp, kind)
        assert tuple(value.shape) == shape
    np.testing.assert_array_equal(xp.to_host(bound.inner.open_), np.array([0.1, 0.2], kind))
    assert (bound.inner.many, bound.inner.kind, bound.inner.maybe) == (7, "a", None)
    assert record.rate == 0.3  # the record itself has not changed
    assert type(record.rate) is float


@pytest.mark.parametrize("backend", ["numpy", "strict", TORCH])
@pytest.mark.parametrize(
    ("name", "value", "rounded"),
    [("open_", 1 - 1e-9, 1.0), ("open_", 1e-60, 0.0), ("left", 1e39, inf), ("open_", [0.5, 1e-60], 0.0)],
)
def test_bounds_hold_in_the_dtype_of_the_run(name, value, rounded, backend):
    """A number inside its interval in float64 may be at its end in float32."""
    xp, record = namespace(backend), Record(**{name: value})
    bind(record, xp, xp.float64)
    wrong = float(np.ravel(value)[-1])
    with (
        np.errstate(over="ignore", under="ignore"),
        pytest.raises(
            ValueError,
            match=rf"^{name}={re.escape(repr(wrong))} is {rounded} in float32, outside its range; accepted: ",
        ),
    ):
        bind(Wrapper(inner=record), xp, xp.float32)
    with np.errstate(over="ignore", under="ignore"):
        bind(Record(right=1e39, closed=1e-60), xp, xp.float32)  # inf and 0, which they accept


@pytest.mark.parametrize("value", [2**53 + 1, 10**30])
def test_whole_numbers_that_no_counter_holds_are_refused(value):
    with pytest.raises(
        ValueError, match=rf"^many={value} is not accepted by Record; accepted: a whole number of at most 2\^53$"
    ):
        Record(many=value)
    assert Record(many=2**53).many == 2**53
