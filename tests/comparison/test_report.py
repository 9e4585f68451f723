"""The report says what the tables hold, needs no network, and its LaTeX table has as many cells as it announces."""

import re
from html.parser import HTMLParser
from math import inf, isfinite
from statistics import median_low

import pytest

from toybox.comparison import compare, report

OWN = """
import toybox as tb


@tb.register("wild_a_free", "steps that grow until nothing is finite")
class Wild(tb.Search):
    def search(self, here, state):
        yield tb.change(1.0)
        return tb.found(1e200)
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    (folder / "mine.py").write_text(OWN, "utf-8")
    methods = [
        {"method": "sls", "grid": {"c": [0.01, 0.1]}},
        {"method": "adam", "label": "adam_&_100%", "grid": {"rate": [0.01, 0.1]}},
        f"{folder / 'mine.py'}:wild_a_free",
    ]
    return folder / "out", compare(
        ["quadratic,condition=4", "factorization"], methods, budget=4, seeds=3, tuning_seeds=2, looks=10,
        targets=[0.5, 0.2, 1e-9], out=folder / "out", store=folder / "store", workers=1,
    )  # fmt: skip


class Tables(HTMLParser):
    """Cells of tables by class; a cell's text has its parts apart."""

    def __init__(self, text):
        super().__init__()
        self.found, self.addresses, self.open = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.addresses += [v for k, v in attrs.items() if k in ("src", "href", "xlink:href") and not v.startswith("#")]
        if tag == "table":
            self.found.append((attrs, []))
        elif tag == "tr":
            self.found[-1][1].append([])
        elif tag in ("td", "th"):
            self.found[-1][1][-1].append([])
            self.open = self.found[-1][1][-1][-1]

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.open = None

    def handle_data(self, data):
        if self.open is not None and data.strip():
            self.open.append(" ".join(data.split()))


@pytest.fixture(scope="module")
def page(found):
    return Tables((found[0] / "report.html").read_text("utf-8"))


def said(value):
    return "never" if value == inf else str(int(value)) if value == int(value) else f"{value:.3g}"


def test_costs_on_the_page_are_those_of_the_table(found, page):
    comparison, seen = found[1], 0
    for attrs, (head, *rows) in page.found:
        if attrs.get("class") != "cost":
            continue
        for row in rows:
            for (problem,), (middle, *_) in zip(head[1:], row[1:], strict=True):
                same = [
                    r["samples"] for r in comparison.costs.iter_rows(named=True)
                    if (r["track"], r["problem"], r["method"]) == (attrs["data-track"], problem, row[0][0])
                    and said(r["target"]) == said(float(attrs["data-target"]))
                ]  # fmt: skip
                assert len(same) == 3
                assert middle == said(median_low(same))
                seen += 1
    assert seen == 2 * 3 * 2 * 3


def test_failures_are_told_with_how_they_ended(found, page):
    text = (found[0] / "report.html").read_text("utf-8")
    assert "3 not finite" in text
    assert "3 out of budget" in text
    assert "no\ngrid is declared" in text


def test_ranks_and_pairs_on_the_page_are_those_of_the_tables(found, page):
    comparison = found[1]
    areas = sorted(f"{row['area']:.3f}" for row in comparison.ranks.iter_rows(named=True))
    ranks = [rows for attrs, rows in page.found if attrs.get("class") == "rank"]
    assert sorted(row[k][0] for _, *rows in ranks for row in rows for k in (1, 4, 7)) == areas
    wanted = sorted(
        (f"{r['difference']:+.2f}", f"{r['lower']:+.2f} to {r['upper']:+.2f}", f"{100 * r['improvement']:.0f} %")
        for r in comparison.pairs.iter_rows(named=True)
    )
    pairs = [rows for attrs, rows in page.found if attrs.get("class") == "pairs"]
    assert sorted(tuple(cell) for _, *rows in pairs for row in rows for cell in row[1:] if cell) == wanted


def test_the_page_needs_no_network_and_says_its_plan(found, page):
    assert page.addresses == []
    text = (found[0] / "report.html").read_text("utf-8")
    assert not re.search(r"url\((?!#)|@import|<script", text)
    assert found[1].plan.sha256 in text
    assert text.count("<svg") == 4
    assert len(set(re.findall(r'\bid="([^"]+)"', text))) == len(re.findall(r'\bid="([^"]+)"', text))


def test_files_are_there(found):
    names = {path.name for path in found[0].iterdir()}
    assert {"report.html", "cost.tex", "plan.json", "curves.pdf", "costs.pdf", "profiles.pdf", "draws.pdf"} <= names
    assert {f"{name}.csv" for name in found[1].tables} <= names


def test_the_table_for_latex_parses(found):
    """Braces are balanced, signs escaped, every row has the cells of its columns, and its numbers are the medians."""
    folder, comparison = found
    text = (folder / "cost.tex").read_text("utf-8")
    body = text[text.index("\\begin{tabular}") : text.index("\\end{tabular}")]
    bare = re.sub(r"\\[\\&%$#_{}]", "", text)
    assert bare.count("{") == bare.count("}")
    columns = len(re.search(r"\\begin\{tabular\}\{(\w+)\}", body)[1])
    rows = [re.sub(r"\\(top|mid|bottom)rule", "", row).strip() for row in body.split("\\\\")[:-1]]
    cells = {}
    for row in rows:
        parts = re.split(r"(?<!\\)&", row)
        if "multicolumn" in row:
            assert f"{{{columns}}}" in row
            continue
        assert len(parts) == columns, row
        cells.setdefault(parts[0].strip(), []).append([part.strip() for part in parts[1:]])
    assert {"sls", r"adam\_\&\_100\%", r"mine.py:wild\_a\_free"} <= set(cells)
    for place, track in enumerate(comparison.plan.tracks):
        for column, problem in enumerate(p.label for p in comparison.plan.problems):
            same = comparison.costs.filter(track=track, problem=problem, method="sls", target=0.2)["samples"].to_list()
            arrived = sum(map(isfinite, same))
            middle = median_low(same)
            wanted = (f"{middle:.0f}" if isfinite(middle) else r"$\infty$") + (f" ({arrived}/3)" if arrived < 3 else "")
            assert cells["sls"][place][column] == wanted


def test_signs_of_latex_are_escaped():
    assert report.escaped("a_b&c%{d}~^\\") == r"a\_b\&c\%\{d\}\textasciitilde{}\textasciicircum{}\textbackslash{}"
