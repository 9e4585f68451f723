"""The README's examples run as they stand, and its tables are those of the zoo."""

import doctest
import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

import toybox as tb
from toybox.zoo import METHODS, PROBLEMS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_examples_run():
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert result.attempted > 20
    assert result.failed == 0


def own_problem() -> dict:
    """What the section on a problem of one's own defines."""
    section = (ROOT / "README.md").read_text("utf-8").split("## Your own problem")[1].split("\n## ")[0]
    names = {"tb": tb, "np": np}
    for example in doctest.DocTestParser().get_examples(section):
        exec(example.source, names)
    return names


def test_every_method_runs_on_ones_own_problem():
    """And without ``samples`` all do but PLS, as the section says."""
    names = own_problem()
    bare, refused = tb.problems.FromFunction(names["f"], dim=3, size=60), set()
    for method in METHODS:
        trace = tb.run(names["problem"], tb.method(method), steps=2, batch=10, every=None)
        assert np.isfinite(trace.theta).all(), method
        try:
            tb.run(bare, tb.method(method), steps=2, batch=10, every=None)
        except NotImplementedError:
            refused.add(method)
    assert refused == {"pls"}


def test_examples_can_be_pasted_into_a_notebook():
    """IPython takes off the prompts and runs what is left, outputs included: it must be Python."""
    prompt = re.compile(r"^(>>>|\.\.\.)( |$)")
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) > 4
    for block in blocks:
        assert block.startswith(">>> "), block
        compile("\n".join(prompt.sub("", line) for line in block.split("\n")), "README.md", "exec")


def test_the_refusal_is_what_the_package_says():
    call, name, sentence = re.search(r"`(tb.method\(.*?\))` says:\n\n```\n(\w+): (.*)\n```", README).groups()
    assert (call, name) == ('tb.method("sls", gama=1.5)', "ValueError")
    with pytest.raises(ValueError, match=re.escape(sentence) + "$"):
        tb.method("sls", gama=1.5)


def test_tables_are_current():
    spec = importlib.util.spec_from_file_location("readme_tables", ROOT / "scripts" / "readme_tables.py")
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    text = tables.README.read_text("utf-8")
    assert tables.fill(text) == text, "run: python scripts/readme_tables.py"


def test_every_entry_names_paper_equation_and_file():
    known = set(re.findall(r"@\w+\{(\w+),", (ROOT / "toybox" / "references.bib").read_text("utf-8")))
    for name, entry in (METHODS | PROBLEMS).items():
        assert (ROOT / "toybox" / entry.file).is_file(), name
        assert set(entry.papers) <= known, name
        assert entry.equation, name


def test_pictures_are_there():
    for path in re.findall(r"\]\((figures/[^)]+)\)", README):
        assert (ROOT / path).is_file(), path


def test_the_rule_of_one_s_own_runs(tmp_path, monkeypatch):
    (text,) = re.findall(r"```py\n(.*?)```", README, re.DOTALL)
    (tmp_path / "mine.py").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    walk = {"steps": 100, "batch": 100, "every": None}
    trace = tb.run(
        tb.problem("factorization", rank=None), tb.method("mine.py:secant", mu=np.array([0.01, 0.1])), **walk
    )
    assert (trace.full_loss[-1] < 1e-20).all()
    assert len([line for line in text.splitlines() if line]) <= 10
