"""Two checkouts that differ by one number are told from each other."""

import re
import shutil

import pytest

import compare

CHOSEN = ["--problems", "quadratic", "--methods", "pal", "nsgd"]


@pytest.fixture
def copy(tmp_path):
    """The package alone, elsewhere."""
    shutil.copytree(compare.HERE / "toybox", tmp_path / "toybox")
    return tmp_path


def test_a_copy_takes_the_same_steps(copy, capsys):
    assert compare.main([str(copy), *CHOSEN]) == 0
    (said,) = capsys.readouterr().out.splitlines()
    same, of = re.fullmatch(r"(\d+) of (\d+) walks are the same to the last bit", said).groups()
    assert same == of
    assert int(of) >= 10


def test_one_number_of_one_method_is_noticed(copy, capsys):
    """Whatever of it differs is said; the other method takes the same steps."""
    pal = copy / "toybox" / "methods" / "pal.py"
    text = pal.read_text("utf-8")
    changed = text.replace("/ (2 * a)", "/ (2.000001 * a)")
    assert changed != text
    pal.write_text(changed, "utf-8")
    assert compare.main([str(copy), *CHOSEN]) == 1
    *differing, said = capsys.readouterr().out.splitlines()
    assert {line.split()[2] for line in differing} == {"pal"}
    assert {line.split()[1] for line in differing} == {"float64", "float32"}
    assert all("theta" in line and "size from step" in line for line in differing)
    assert re.fullmatch(r"\d+ of \d+ walks are the same to the last bit", said)


def test_methods_that_are_none_are_refused(copy, capsys):
    with pytest.raises(SystemExit):
        compare.main([str(copy), "--methods", "backtrackin"])
    assert "no method is one of ['backtrackin']; accepted: names that" in capsys.readouterr().err
