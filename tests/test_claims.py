"""All claims at CI budget, and what makes their checks worth believing."""

import ast
import inspect
import json
import os
import re

import numpy as np
import pytest
from hypothesis import strategies as st

from proofs_check import CLAIMS, SECTIONS, Budget, Check, Claim, report, select, verify, verify_all
from proofs_check.__main__ import main
from proofs_check.claim import above, at_most, below, close, equal, sigmas, smallest
from proofs_check.verify import examine

COUNTS = {  # section of an id -> how many claims
    "ERM": 10, "RM": 8, "LS": 18, "PAL": 19, "QN": 2, "LAB": 5, "WA": 7, "SLS": 7, "INT": 4, "GOLS": 5, "PLS": 11,
    "MOM": 3, "ADAM": 5, "RMS": 1, "HD": 2, "ALIG": 3, "COCOB": 2, "LAND": 2, "NOISE": 12, "SGD": 12, "WALK": 12,
}  # fmt: skip
WITHOUT_CONTROL = {"ERM-08", "LS-12"}  # arithmetic; and what no finite computation settles


@pytest.fixture(scope="module")
def results():
    """Every claim's result, computed once in as many processes as there are cores."""
    return {result.claim: result for result in verify_all(CLAIMS.values(), Budget(), os.cpu_count() or 1)}


def test_all_claims_end_as_they_must(results):
    complaints = [f"{id}: {text}" for id, result in results.items() for text in result.complaints]
    assert not complaints, "\n".join(complaints)
    assert all(result.passed for result in results.values())


def test_all_150_are_there():
    found = dict.fromkeys(COUNTS, 0)
    for id in CLAIMS:
        found[id.rpartition("-")[0]] += 1
    assert found == COUNTS
    assert sum(found.values()) == len(CLAIMS) == 150


def test_verdicts():
    """96 hold, 37 are corrected, 16 refuted, 1 is an argument that no finite computation settles."""
    verdicts = [claim.verdict for claim in CLAIMS.values()]
    assert {v: verdicts.count(v) for v in set(verdicts)} == {"holds": 96, "corrected": 37, "refuted": 16, "argument": 1}


@pytest.mark.parametrize("id", CLAIMS)
def test_no_claim_is_vacuous(id, results):
    """Controls break, properties have seen 500 cases, and nobody's margin is the same perfect hit everywhere."""
    claim, result = CLAIMS[id], results[id]
    assert (result.control_failed is None) == (id in WITHOUT_CONTROL)
    assert result.control_failed in (None, True)
    assert claim.kind != "property" or result.cases >= 500
    assert all(check.cases > 0 for check in result.checks)
    assert min(check.worst for check in result.checks) < 1 or claim.kind != "property"


@pytest.mark.parametrize("id", CLAIMS)
def test_every_claim_can_be_read(id):
    """Words, a source, and formulas that become MathML."""
    claim = CLAIMS[id]
    assert len(claim.statement) > 20
    assert re.search(r"dissertation|ICANN|Walk|Mutschler|derived", claim.source), claim.source
    for formula in filter(None, (claim.formula, claim.corrected)):
        mathml = report.mathematics(formula)
        assert mathml.startswith("<math")
        assert "\\" not in re.sub(r"<[^>]*>", "", mathml), f"TeX that nobody understood: {formula}"
    file, line = report.place(claim)
    assert id in (report.ROOT / file).read_text("utf-8").splitlines()[line - 1]


def test_claims_call_names_when_they_run():
    """An imported rule would hide a change of the code from its claims: modules are imported, not what is in them."""
    inner = {
        "closed",
        "backtracking",
        "bracketing",
        "accelerated",
        "measured",
        "probabilistic",
        "directions",
        "sampling",
    }
    for _, modules in SECTIONS.values():
        for module in modules:
            for node in ast.parse(inspect.getsource(module)).body:  # inside functions, imports come late enough
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("toybox"):
                    assert (node.module or "").rpartition(".")[2] not in inner, (
                        f"{module.__name__}: {ast.unparse(node)}"
                    )


# --- the machinery


def simple(**options):
    defaults = {"id": "X-1", "title": "t", "source": "s", "statement": "w", "formula": "x", "kind": "exact"}
    return Claim(**(defaults | {"verdict": "holds", "checks": [Check("c", lambda: 0)]} | options))


def test_a_claim_passes_only_if_all_ends_as_it_must():
    good, bad = Check("good", lambda: 0), Check("bad", lambda: -1)
    assert verify(simple()).passed
    assert verify(simple(controls=[bad])).passed
    assert not verify(simple(checks=[good, bad])).passed
    assert not verify(simple(controls=[bad, good])).passed
    assert not verify(simple(checks=[Check("empty", lambda x: 0, lambda budget: [])])).passed
    assert not verify(simple(checks=[Check("nan", lambda: float("nan"))])).passed
    assert not verify(simple(controls=[Check("raises", lambda: 1 / 0)])).passed
    refuted = {"verdict": "refuted", "finding": "not so"}
    assert verify(simple(counterexamples=[bad], **refuted)).passed
    assert not verify(simple(counterexamples=[good], **refuted)).passed
    with pytest.raises(AssertionError, match="counterexample"):
        simple(**refuted)
    assert verify(simple()).control_failed is None


def test_complaints_name_the_check_and_its_case():
    claim = simple(checks=[Check("small", lambda x: 3 - x, lambda budget: [1, 2, 5])])
    assert verify(claim).complaints == ["small: must hold, but margin -2 in 3 cases (5)"]


def test_a_search_finds_what_breaks_and_a_control_stops_there():
    check = Check("below 900", lambda x: 900 - x, st.integers(0, 1000))
    found = examine(check, Budget())
    assert found.worst == -100
    assert found.cases >= 500
    stopped = examine(check, Budget(), stop=True)
    assert stopped.worst < 0
    assert stopped.cases < 500
    assert examine(check, Budget()) == found  # the seed decides


def test_margins():
    assert equal((1, (2, 3)), (1, (2, 5))) == -2
    assert at_most(2, 3) == 1
    assert above(2, 2) == -1
    assert close([1.0, 2.0], [1.0, 2.5], 1.0) == 0.5
    assert close(1.0, 1.0, 0.0) == 1.0
    assert close(2.0, 0.0, 0.0) < 0
    assert close(np.nan, 0.0, 1.0) != close(0.0, 0.0, 1.0)
    assert below([1.0, 2.0], 2.0, 0.5) == 1.0
    assert below(2.5, 2.0, 0.5) == 0.0
    assert sigmas(3.0, 0.0, 1.0, limit=10) == pytest.approx(0.7)
    assert smallest({"a": 1, "b": -1}) == -1
    assert smallest({"a": float("nan"), "b": -1}) != smallest(-1)


def test_selection():
    assert [claim.id for claim in select(["LAB-0"])] == ["LAB-01", "LAB-02", "LAB-03"]
    assert [claim.id for claim in select(["M", "lab-01"])] == ["LAB-01", "LAB-02", "LAB-03"]
    assert len(select()) == 150
    with pytest.raises(ValueError, match="did you mean"):
        select(["PAL-P3"])


def test_command_line(tmp_path, capfd):
    """One record per claim, one page that asks nobody for anything, and an exit code."""
    json_file, html_file = tmp_path / "claims.json", tmp_path / "claims.html"
    assert main(["--only", "LAB-02", "LAB-03", "--jobs", "1", "--json", str(json_file), "--html", str(html_file)]) == 0
    out, err = capfd.readouterr()
    assert "2 claims" in out
    assert "all verified" in out
    assert err == ""
    records = json.loads(json_file.read_text("utf-8"))
    assert [record["id"] for record in records] == ["LAB-02", "LAB-03"]
    assert set(records[0]) >= {"id", "source", "kind", "verdict", "passed", "control_failed", "cases", "worst"}
    page = html_file.read_text("utf-8")
    assert "<math" in page
    assert "After one half" in page  # the erratum
    assert not re.search(r"(src|href)=\"(https?:)?//", page)
    assert main(["--only", "XYZ"]) == 2
    assert main(["--html", str(tmp_path / "nowhere" / "x.html")]) == 2
    assert "accepted" in capfd.readouterr().err


def test_the_exit_code_tells_of_a_failure(monkeypatch, capfd):
    broken = simple(id="LAB-02", checks=[Check("never", lambda: -1)])
    monkeypatch.setitem(CLAIMS, "LAB-02", broken)
    assert main(["--only", "LAB-02", "--jobs", "1"]) == 1
    assert "never: must hold" in capfd.readouterr().out
