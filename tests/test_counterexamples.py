"""Counterexamples in numbers: contrasts of what is printed with what is true, and the words for values and cases."""

import re
from dataclasses import dataclass
from fractions import Fraction as F
from typing import NamedTuple

import mpmath
import numpy as np
import pytest

from proofs_check import CLAIMS, Budget, Check
from proofs_check.claim import RELATIONS, Contrast, only, smallest
from proofs_check.spoken import case_in_words, spoken
from proofs_check.verify import examine

WRONG = [id for id, claim in CLAIMS.items() if claim.verdict in ("corrected", "refuted")]


@pytest.mark.parametrize("id", WRONG)
def test_every_counterexample_names_its_case_and_both_numbers(id):
    """Also that none is cut, holds an object that has no words, or prints one number twice for an equality."""
    assert CLAIMS[id].counterexamples
    for check in CLAIMS[id].counterexamples:
        found = examine(check, Budget(), stop=True)
        assert found.broken, found.text
        names, printed, true = re.fullmatch(r".+ \((.+ = .+)\): printed (.+), true (.+)", found.text).groups()
        assert re.search(r"\w = [^,]*\d", names), found.text
        relation = next((words for words in RELATIONS if words and printed.startswith(words)), "")
        assert all(re.search(r"\d", number) for number in (printed, true)), found.text
        assert relation or printed != true, found.text
        assert not re.search(r"<|>|\.\.\.|object at|lambda|Fraction|array|dtype", found.text), found.text


def test_53_claims_have_counterexamples():
    assert len(WRONG) == 53


# --- what a contrast is worth


@pytest.mark.parametrize(
    ("relation", "holds", "broken"),
    [("", 2, 3), ("at most", 2, 3), ("at least", 2, 1), ("more than", 3, 2), ("less than", 1, 2)],
)
def test_a_contrast_breaks_where_its_relation_does(relation, holds, broken):
    assert smallest(Contrast(2, holds, relation)) >= 0
    assert smallest(Contrast(2, broken, relation)) < 0


def test_all_relations_are_tried():
    assert set(RELATIONS) == {"", "at most", "at least", "more than", "less than"}


def test_rounding_is_no_counterexample():
    assert smallest(Contrast(1.0, 1 + 1e-15)) < 0
    assert smallest(Contrast(1.0, 1 + 1e-15, rounding=1e-12)) > 0
    assert smallest(Contrast(1.0, 1.1, rounding=1e-12)) < 0
    assert smallest(Contrast((F(1), F(2)), (F(1), F(5, 2)))) == F(-1, 2)
    assert not smallest(Contrast(1.0, float("nan"))) < 0


def test_the_text_of_a_counterexample():
    check = Check("next distance", lambda x, mu: Contrast(abs(x), x * mu, "more than"), only(F(1, 3), 2.0))
    assert examine(check, Budget()).text == "next distance (x = 1/3, mu = 2): printed more than 1/3, true 0.666667"
    assert (
        examine(Check("sign", lambda t: Contrast(1, -t), only(1)), Budget()).text == "sign (t = 1): printed 1, true -1"
    )


def test_the_first_case_that_breaks_is_the_one_that_is_told():
    check = Check("square", lambda x: Contrast(5, x * x, "at most"), lambda budget: [1, 2, 3, 4])
    assert examine(check, Budget(), stop=True).text == "square (x = 3): printed at most 5, true 9"


# --- values in words


class Line(NamedTuple):
    a: F
    f: object


class Called(NamedTuple):
    slope: F

    def __call__(self, s):
        return self.slope * s


@dataclass
class Place:
    x: np.ndarray
    seed: int


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (F(1, 3), "1/3"),
        (F(-4, 2), "-2"),
        (7, "7"),
        (22500000000, "22500000000"),
        (F(452449, 115200), "3.92751"),
        (5625 * 10**12, "5.625e+15"),
        (F(10**400, 3), "3.33333e+399"),
        (0.1 + 0.2, "0.3"),
        (1 / 3, "0.333333"),
        (1e-20, "1e-20"),
        (float("inf"), "inf"),
        (np.float64(2.0), "2"),
        (np.int64(3), "3"),
        (mpmath.mpf(1) / 7, "0.142857"),
        ((F(1, 2), (0, 1.5)), "(1/2, (0, 1.5))"),
        (np.array([[1.0, 0.25]]), "((1, 0.25))"),
        (np.array(2.5), "2.5"),
        (range(3), "(0, 1, 2)"),
        (list(range(8)), "(0, 1, 2, 3, 4, 5, 6, 7)"),
        (np.arange(100), "(0, 1, 2, 3, 4, 5, ..., 99)"),
        ((), "()"),
        ({"seed": 1, "x": F(1, 2)}, "(seed = 1, x = 1/2)"),
        (Line(F(1, 2), abs), "(a = 1/2)"),
        (Place(np.zeros(2), 3), "(x = (0, 0), seed = 3)"),
        (None, "None"),
        (True, "True"),
        ("unit", "unit"),
        (object(), "object"),
        (lambda x: x, "function"),
        (Line, "Line"),
    ],
)
def test_values_in_words(value, words):
    assert spoken(value) == words


def test_cases_in_words():
    assert case_in_words(lambda x, mu: 0, (F(1, 3), 2)) == "x = 1/3, mu = 2"
    assert case_in_words(lambda q: 0, Line(F(2), abs)) == "q = (a = 2)"
    assert case_in_words(lambda *points: 0, (1, 2)) == "points = (1, 2)"
    assert case_in_words(lambda x, f=abs: 0, (1, abs)) == "x = 1"
    assert case_in_words(lambda: 0, ()) == ""
    assert case_in_words(lambda line: 0, Called(F(1, 2))) == "line = (slope = 1/2)"
