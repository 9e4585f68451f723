"""Breaking the code is noticed: every mistake of mutants.py applies, and those meant for claims fail one of them.

``make mutants`` tries all of them, each on the tests that are named there.
"""

import pytest

from mutants import MUTANTS, Mutant
from mutate import CLAIMS, Stale, main, mutated, outcome, together

ENDS, GONE = "tests/test_text.py::test_ends", "tests/test_text.py::test_that_is_none"
WRONG = Mutant("toybox/text.py", ENDS, [("return -inf < x < inf", "return x < inf")])


@pytest.mark.parametrize("name", MUTANTS)
def test_every_mutant_applies(name):
    """Its texts stand exactly once in its file, and what it makes of them is Python."""
    assert mutated(MUTANTS[name]) != mutated(MUTANTS[name]._replace(changes=[]))


@pytest.mark.parametrize("name", [name for name, mutant in MUTANTS.items() if mutant.tests.startswith(CLAIMS)])
def test_claims_notice(name):
    assert outcome(MUTANTS[name], MUTANTS[name].tests)[0] == "killed"


def test_how_a_mutant_ends():
    """A mistake kills where a test looks, and nowhere else; what cannot be tried is said to be so."""
    assert outcome(WRONG, ENDS)[0] == "killed"
    assert outcome(WRONG, GONE)[0] == "no verdict"
    assert outcome(WRONG._replace(changes=[("return -inf < x < inf", "return abs(x) < inf")]), ENDS)[0] == "survived"
    end, said = outcome(WRONG._replace(changes=[("return", "yield")]), ENDS)
    assert end == "did not apply"
    assert "accepted: once" in said


def test_a_text_that_is_gone_is_refused():
    with pytest.raises(Stale, match="0 times in toybox/text"):
        mutated(WRONG._replace(changes=[("return math.isfinite(x)", "return 0")]))


def test_the_same_tests_are_tried_without_a_mistake_at_once():
    assert together(["claims B A", "x.py::a y.py", "claims A", "x.py::a"]) == ["claims A B", "x.py::a y.py"]
    assert together(["x.py -k 'a or b'"]) == ["x.py -k 'a or b'"]


def test_nothing_is_tried_where_tests_fail_anyway(capsys):
    assert main(["pal-other-default", "--tests", GONE, "--jobs", "1"]) == 2
    assert "without any mistake" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["pal-other-defaults"])
    assert "accepted: armijo-grows-as-in-an-epoch" in capsys.readouterr().err
