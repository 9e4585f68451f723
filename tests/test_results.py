"""Results show themselves in a few lines, and in a notebook as a short table and a picture."""

import base64
import io
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import toybox as tb
from toybox.results import PANELS, SHOWN
from toybox.study import Results, Run, Study, compute, summary
from toybox.terminal import show

PROBLEMS = ("quadratic", "mirrored", "paths")
IN_A_NOTEBOOK = """
import sys
import matplotlib
import toybox as tb
before = dict(matplotlib.rcParams)
page = tb.run(tb.problem("quadratic"), tb.method("sls"), steps=3, batch=5)._repr_html_()
assert "<img" in page
assert "matplotlib.pyplot" not in sys.modules
assert dict(matplotlib.rcParams) == before
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    runs = [
        Run(problem=problem, method=method, hyper=hyper, steps=4, batch=2, seeds=3, every=1)
        for problem in PROBLEMS
        for method, hyper in (("sls", {}), ("sgd", {"rate": [0.1, 0.2]}))
    ]
    return compute(Study(name="results", runs=runs), tmp_path_factory.mktemp("store"), workers=1)


def cells(page):
    return [re.findall(r"<t[hd]>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", page)]


def image(page):
    [code] = re.findall(r'<img alt="[^"]+" src="data:image/png;base64,([^"]+)">', page)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(code))).convert("RGB"))


def test_results_are_a_list_that_slices_to_results(found):
    assert isinstance(found, list)
    assert isinstance(found, Results)
    assert isinstance(found[1:3], Results)
    assert found[1:3] == Results(found)[1:3]
    assert found[0].run.method == "sls"
    assert found.to_frame().equals(tb.study.stack(found))
    assert found.summary().equals(summary([*found]))


def test_results_show_themselves_in_a_line_each(found):
    assert repr(found[1]) == "<Result of sgd rate=[0.1, 0.2] on quadratic: 4 steps on batches of 2, 3 seeds>"
    assert repr(found).splitlines() == ["6 results", *(f"  {result!r}" for result in found)]
    many = Results([found[0]] * (SHOWN + 7))
    assert len(repr(many).splitlines()) == SHOWN + 2
    assert repr(many).endswith("and 7 more")
    assert repr(Results()) == "0 results"


def test_results_show_a_row_per_lane_and_a_panel_per_problem(found):
    """Whose numbers are those of ``summary``."""
    page = found._repr_html_()
    header, *rows = cells(page)
    assert header == ["title", "lane", "seeds", "full loss", "statuses", "seconds", "values, gradients per step"]
    ends = summary(found)
    assert [row[:3] for row in rows] == [[*map(str, row)] for row in ends["title", "lane", "seeds"].rows()]
    quartiles = zip(ends["full_loss"], ends["lower"], ends["upper"], strict=True)
    assert [row[3] for row in rows] == ["{:.4g} [{:.4g}, {:.4g}]".format(*one) for one in quartiles]
    assert [row[4] for row in rows] == ends["statuses"].to_list()
    one = image(found[:1]._repr_html_())
    three = image(page)
    assert three.shape[1] > 2.5 * one.shape[1]  # side by side
    assert len(np.unique(three.reshape(-1, 3), axis=0)) > 50  # something is drawn


def test_a_long_list_shows_its_beginning(found):
    page = Results([found[0]] * (SHOWN + 7))._repr_html_()
    assert len(cells(page)) == SHOWN + 1
    assert "and 7 more results" in page
    assert len(page) < 200_000
    assert Results()._repr_html_() == "<p>no results</p>"


def test_more_problems_than_panels_are_counted(tmp_path):
    runs = [
        Run(problem="quadratic", options={"dim": dim}, method="sgd", steps=1, batch=2) for dim in range(1, PANELS + 3)
    ]
    page = compute(Study(name="many", runs=runs), tmp_path, workers=1)._repr_html_()
    assert "and 2 more problems" in page


def test_a_single_result_shows_what_a_list_of_it_does(found):
    assert found[1]._repr_html_() == found[1:2]._repr_html_()


def test_labels_cannot_write_html(tmp_path):
    run = Run(problem="quadratic", method="sgd", steps=1, batch=2, label="<b>mine</b>")
    page = compute(Study(name="html", runs=[run]), tmp_path, workers=1)._repr_html_()
    assert "&lt;b&gt;mine&lt;/b&gt;" in page
    assert "<b>" not in page


def test_a_trace_shows_a_picture_of_its_losses():
    trace = tb.run(
        tb.problem("quadratic"), tb.method("sgd", rate=np.array([0.1, 0.5])), steps=30, batch=5, seeds=[1, 2]
    )
    shown = image(trace._repr_html_())
    assert {(255, 255, 255)} < {tuple(colour) for colour in shown.reshape(-1, 3)}
    assert min(shown.shape[:2]) > 200
    lost = tb.run(tb.problem("quadratic"), tb.method("sgd", rate=1e200), steps=3, batch=5)
    none = tb.run(tb.problem("quadratic"), tb.method("sgd"), steps=0, batch=5)
    exact = tb.run(tb.problem("quadratic", dim=2, size=4, backend="exact"), tb.method("sgd"), steps=2, batch=2)
    many = tb.run(tb.problem("quadratic"), tb.method("sgd", rate=np.linspace(0.1, 1, 50)), steps=2, batch=5)
    for odd in (lost, none, exact, many):
        image(odd._repr_html_())


def test_showing_leaves_pyplot_and_its_settings_alone():
    done = subprocess.run([sys.executable, "-c", IN_A_NOTEBOOK], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_terminal_shows_the_same_table(found, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    show(found)
    printed = capsys.readouterr().out
    for row in cells(found._repr_html_())[1:]:
        assert row[3] in printed
