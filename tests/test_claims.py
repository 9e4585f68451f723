"""All claims at CI budget, and what makes their checks worth believing."""

import ast
import html
import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st

import proofs_check
from proofs_check import CLAIMS, Budget, Check, Claim, empirical, page, place, report, select, verify, verify_all
from proofs_check.__main__ import main
from proofs_check.claim import above, at_most, below, close, equal, only, sigmas, smallest
from proofs_check.parallel import each
from proofs_check.uses import uses
from proofs_check.verify import examine
from toybox.store import Store

COUNTS = {  # section of an id -> how many claims
    "ERM": 10, "RM": 8, "LS": 18, "PAL": 19, "QN": 2, "LAB": 5, "WA": 7, "SLS": 7, "INT": 4, "GOLS": 6, "PLS": 11,
    "MOM": 3, "ADAM": 5, "RMS": 1, "HD": 2, "ALIG": 3, "COCOB": 2, "LAND": 2, "NOISE": 12, "SGD": 12, "WALK": 12,
}  # fmt: skip
ROOT = Path(proofs_check.__file__).parents[1]
CLAIMS_FOLDER = ROOT / "proofs_check" / "claims"
WITHOUT_CONTROL = {"LS-12"}  # what no finite computation settles


@pytest.fixture(scope="module")
def results():
    """Every claim's result, computed once in as many processes as there are cores."""
    return {result.claim: result for result in verify_all(CLAIMS.values(), Budget(), os.cpu_count() or 1)}


def test_all_claims_end_as_they_must(results):
    complaints = [f"{id}: {text}" for id, result in results.items() for text in result.complaints]
    assert not complaints, "\n".join(complaints)
    assert all(result.passed for result in results.values())


def test_all_151_are_there():
    found = dict.fromkeys(COUNTS, 0)
    for id in CLAIMS:
        found[id.rpartition("-")[0]] += 1
    assert found == COUNTS
    assert sum(found.values()) == len(CLAIMS) == 151


def test_verdicts():
    """97 hold, 37 are corrected, 16 refuted, 1 is an argument that no finite computation settles."""
    verdicts = [claim.verdict for claim in CLAIMS.values()]
    assert {v: verdicts.count(v) for v in set(verdicts)} == {"holds": 97, "corrected": 37, "refuted": 16, "argument": 1}


@pytest.mark.parametrize("id", CLAIMS)
def test_no_claim_is_vacuous(id, results):
    """Controls break, properties have seen 500 cases, and nobody's margin is the same perfect hit everywhere."""
    claim, result = CLAIMS[id], results[id]
    assert (result.control_failed is None) == (id in WITHOUT_CONTROL)
    assert result.control_failed in (None, True)
    assert claim.kind != "property" or result.cases >= 500
    assert all(check.cases > 0 for check in result.checks)
    assert min(check.worst for check in result.checks) < 1 or claim.kind != "property"


def test_claims_are_proved_or_say_why_not():
    """141 of 151; 56 checks are theorems of the texts of our searches."""
    unproved = [claim for claim in CLAIMS.values() if not claim.proved]
    assert all(claim.sampled for claim in unproved), [claim.id for claim in unproved if not claim.sampled]
    assert len(CLAIMS) - len(unproved) >= 141
    assert sum(check.degree == "of the code" for claim in CLAIMS.values() for check in claim.checks) >= 56


def function(check):
    """What a check calls in the end: the margin, or the theorem that is decided."""
    found = check.margin
    while isinstance(found, partial):
        found = found.args[0] if found.args and callable(found.args[0]) else found.func
    return found


@pytest.mark.parametrize("id", sorted({*CLAIMS} - WITHOUT_CONTROL))
def test_every_check_has_a_control_that_calls_the_same_function(id):
    claim = CLAIMS[id]
    guarded = {function(check) for check in (*claim.controls, *claim.counterexamples)}
    assert not [check.words for check in claim.checks if function(check) not in guarded]


@pytest.mark.parametrize("id", CLAIMS)
def test_cases_are_told_in_words(id, results):
    """By the names of their numbers; nothing of how Python keeps them is shown."""
    for outcome in (*results[id].checks, *results[id].controls, *results[id].counterexamples):
        assert not re.search(r"<|object at|Fraction|array\(|dtype", outcome.case), outcome.case
        assert "=" in outcome.case or not outcome.case


@pytest.mark.parametrize("id", CLAIMS)
def test_every_claim_can_be_read(id):
    """Words, a source, and formulas that become MathML."""
    claim = CLAIMS[id]
    assert len(claim.statement) > 20
    assert re.search(r"dissertation|ICANN|Walk|Mutschler|derived", claim.source), claim.source
    for formula in filter(None, (claim.formula, claim.corrected)):
        mathml = page.mathematics(formula)
        assert mathml.startswith("<math")
        assert "\\" not in re.sub(r"<[^>]*>", "", mathml), f"TeX that nobody understood: {formula}"
    assert claim.checks
    text = (ROOT / place(claim)).read_text("utf-8")
    assert text.startswith((f'"""{id}  ', f'r"""{id}  '))


def test_claims_call_names_when_they_run():
    """An imported rule would hide a change of the code from its claims: modules are imported, not what is in them."""
    for file in CLAIMS_FOLDER.rglob("*.py"):
        for node in ast.parse(file.read_text("utf-8")).body:  # inside functions, imports come late enough
            inside = isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(
                ("toybox.methods.", "toybox.sampling.")
            )
            assert not inside, f"{file}: {ast.unparse(node)}"


# --- the machinery


def simple(checks=(), controls=(), counterexamples=(), **options):
    checks = checks or [Check("c", lambda: 0)]
    fields = {"id": "X-1", "title": "t", "source": "s", "statement": "w", "formula": "x", "verdict": "holds"}
    return Claim(**(fields | options), checks=[*checks], controls=[*controls], counterexamples=[*counterexamples])


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
    with pytest.raises(AssertionError, match="what is true"):
        simple(verdict="refuted")
    assert verify(simple()).control_failed is None


def test_complaints_name_the_check_and_its_case():
    claim = simple(checks=[Check("small", lambda x: 3 - x, lambda budget: [1, 2, 5])])
    assert verify(claim).complaints == ["small: must hold, but margin -2 in 3 cases (x = 5)"]


def test_a_search_finds_what_breaks_and_a_control_stops_there():
    check = Check("below 900", lambda x: 900 - x, st.integers(0, 1000))
    found = examine(check, Budget())
    assert found.worst == -100
    assert found.cases >= 500
    stopped = examine(check, Budget(), stop=True)
    assert stopped.worst < 0
    assert stopped.cases < 500
    assert examine(check, Budget()) == found  # the seed decides


def test_a_control_may_look_as_long_as_checks_do_by_default():
    rare = Check("not 7", lambda x: -1 if x == 7 else 1, st.integers(0, 50), examples=1)
    assert all(examine(rare, Budget(seed=seed), stop=True).broken for seed in range(5))
    assert examine(rare, Budget()).cases == 1


@pytest.mark.parametrize(("id", "words"), [("PLS-09", "samples"), ("RM-03", "our SGD, 10^4 chains")])
def test_simulations_follow_the_seed(id, words):
    (check,) = (check for check in CLAIMS[id].checks if check.words == words)
    assert len({examine(check, Budget(seed=seed)).margins for seed in (0, 1, 1)}) == 2


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
    LAB = ["LAB-01", "LAB-02", "LAB-03"]
    assert [claim.id for claim in select(["LAB-0"])] == LAB
    assert [claim.id for claim in select(["PAL-P2"])] == ["PAL-P2"]  # not PAL-P2N
    assert [claim.id for claim in select(["lab", "lab-01"])] == [*LAB, "LAB-C3", "LAB-FIT3"]
    assert len(select()) == 151
    with pytest.raises(ValueError, match="there are PAL-A6, PAL-A11"):
        select(["PAL-P3"])


def test_command_line(tmp_path, capfd):
    """One record per claim, one page that asks nobody for anything, and an exit code."""
    json_file, html_file = tmp_path / "claims.json", tmp_path / "claims.html"
    assert (
        main(
            [
                "--only",
                "LAB-02",
                "LAB-03",
                "--seed",
                "3",
                "--jobs",
                "1",
                "--json",
                str(json_file),
                "--html",
                str(html_file),
            ]
        )
        == 0
    )
    out, err = capfd.readouterr()
    assert "2 claims" in out
    assert "all verified (seed 3)" in out
    assert err == ""
    records = json.loads(json_file.read_text("utf-8"))
    assert [record["id"] for record in records] == ["LAB-02", "LAB-03"]
    assert set(records[0]) >= {"id", "source", "kind", "verdict", "passed", "control_failed", "cases", "worst"}
    words = "batches at the time t, the printed words taken literally: after two units of it"
    counterexample = f"{words} (t = 3, t_max = 100): printed 2, true 1"
    assert [record["counterexamples"] for record in records] == [[], [counterexample]]
    assert f"LAB-03: {counterexample}" in " ".join(out.split())
    shown = html_file.read_text("utf-8")
    assert "<math" in shown
    assert "After one half" in shown  # the erratum
    assert html.escape(counterexample) in re.sub(r"<details.*?</details>", "", shown, flags=re.DOTALL)  # not folded
    assert "toybox claims --only LAB-03 --seed 3<" in shown
    assert main(["--only", "XYZ"]) == 2
    assert "toybox claims: claim 'XYZ' is unknown" in capfd.readouterr().err


def test_results_of_several_processes_come_in_order():
    cases = [(100 * k, 7) for k in range(9, 0, -1)]
    assert each(divmod, cases, jobs=2, what="divisions") == [divmod(*case) for case in cases]
    with pytest.raises(ZeroDivisionError):
        each(divmod, [*cases, (1, 0)], jobs=2, what="divisions")


class Read(HTMLParser):
    """A page's links, ids, and texts of code."""

    def __init__(self, text):
        super().__init__()
        self.links, self.ids, self.codes, self.inside = [], set(), [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.links += [value for name, value in attrs if name in ("href", "src", "action", "data", "srcset")]
        self.ids |= {value for name, value in attrs if name == "id"}
        if tag == "pre":
            self.inside = True
            self.codes.append("")

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "pre"

    def handle_data(self, data):
        if self.inside:
            self.codes[-1] += data


def test_a_page_leads_nowhere_but_into_itself(tmp_path):
    """Its only links are its anchors; code is shown, and named by its file, not where this machine has it."""
    chosen = select(["LAB"])
    report.write_html(tmp_path / "claims.html", chosen, verify_all(chosen))
    outcomes = [empirical.conduct(empirical.EXPERIMENTS["EMP-07"], Store(tmp_path), "smoke")]
    empirical.report.write_html(tmp_path / "empirical.html", outcomes)
    for name in ("claims.html", "empirical.html"):
        written = (tmp_path / name).read_text("utf-8")
        read = Read(written)
        assert read.links
        assert all(link.startswith("#") and link[1:] in read.ids for link in read.links)
        for style in re.findall("<style>.*?</style>|<script>.*?</script>", written, re.DOTALL):
            assert not re.search(r"url\(|@import|import\(|fetch|https?:", style)
        for folder in (ROOT, tmp_path):
            assert str(folder) not in written
    assert place(CLAIMS["LAB-03"]) == "proofs_check/claims/lab/lab_03.py"
    read = Read((tmp_path / "claims.html").read_text("utf-8"))
    own = [place(claim) for claim in chosen]
    helpers = sorted({file for file in own for file in uses(file).files})
    assert helpers
    assert read.codes == [(ROOT / file).read_text("utf-8") for file in [*own, *helpers]]


def test_code_is_highlighted_and_otherwise_as_it_stands():
    for claim in CLAIMS.values():
        source = (ROOT / place(claim)).read_text("utf-8")
        shown = page.highlighted(source)
        assert html.unescape(re.sub("</?[bi]>", "", shown)) == source, claim.id
    assert page.highlighted('if x < 1:  # so\n    y = "a"') == (
        "<b>if</b> x &lt; 1:  <i># so</i>\n    y = <i>&#34;a&#34;</i>"
    )


def test_what_a_claim_calls():
    """Names of toybox by any way that leads to them, and the helpers in between."""
    found = uses(place(CLAIMS["LAB-03"]))
    assert found.toybox == [f"toybox.methods.labpal.{name}" for name in ("BatchSchedule", "LABPAL", "SCHEDULES")]
    assert found.files == []
    found = uses(place(CLAIMS["WA-02"]))
    assert {"toybox.methods.wolfe.StrongWolfe", "toybox.run"} <= set(found.toybox)  # by common.py, and ours.py
    assert found.files == ["proofs_check/claims/wa/common.py", "proofs_check/ours.py"]
    assert not any(name.startswith("toybox.methods.golsi") for name in found.toybox)  # which common.py does not hold


def test_a_record_counts_checks_by_degree_without_controls():
    degrees = {
        "proved": "proved", "of the code": "of_code", "exhausted": "exhausted", "sampled": "sampled",
        "simulated": "simulated",
    }  # fmt: skip
    checks = [Check(f"{degree} {i}", lambda: 0, degree=degree)
              for many, degree in enumerate(degrees, 1) for i in range(many)]  # fmt: skip
    claim = simple(id="LAB-02", checks=checks, controls=[Check("no", lambda: -1)], sampled="too hard")
    result = verify(claim)
    (record,) = report.records([claim], [result])
    assert [record[name] for name in degrees.values()] == [1, 2, 3, 4, 5]
    assert record["why_sampled"] == "too hard"
    said = "1 proved, 2 of the code, 3 exhausted, 4 sampled, 5 simulated"
    assert report.summary([claim], [result]) == (
        f"1 claims (1 holds), 0 of them proved, by 15 checks ({said}): all verified"
    )
    written = report.html([claim], [result], Budget(deep=True, seed=4))
    assert f"checks: {said}</p>" in written
    assert "Not proved:</b> too hard" in written
    assert "toybox claims --only LAB-02 --seed 4 --deep<" in written


def test_texts_are_escaped_and_complaints_are_not_folded():
    claim = simple(id="LAB-02", title="<b>", statement="a < b & c", checks=[Check("<i>", lambda x: -1, only('"<"'))])
    written = report.html([claim], [verify(claim)])
    assert "<b></span>" not in written
    assert "&lt;b&gt;" in written
    assert "a &lt; b &amp; c" in written
    assert "&lt;i&gt;: must hold" in re.sub("<details.*?</details>", "", written, flags=re.DOTALL)


def test_equations_of_a_range_are_found():
    assert report.between("eqs. 2.20 to 2.23 and 2.39, A.4 to A.6, 9 to 11") == ["2.21", "2.22", "A.5", "10"]
    assert all(claim.source.count(" to ") == 0 or report.between(claim.source) for claim in CLAIMS.values())


def test_every_claim_is_of_a_document():
    for claim in CLAIMS.values():
        assert report.filters(claim, verify(simple(id=claim.id)))["document"], claim.source


@pytest.mark.parametrize("empirical", [False, True])
def test_what_cannot_be_written_is_refused_before_anything_is_computed(tmp_path, monkeypatch, capfd, empirical):
    computed = lambda *arguments, **options: pytest.fail("computed")
    monkeypatch.setattr("proofs_check.verify_all", computed)
    monkeypatch.setattr("proofs_check.empirical.conduct_all", computed)
    (tmp_path / "file").write_text("", "utf-8")
    refused = {
        "": f"{tmp_path} is a folder; accepted: a file",
        "nowhere/x": f"the folder {tmp_path / 'nowhere'} does not exist; accepted",
        "file/x": f"the folder {tmp_path / 'file'} does not exist",
    }
    for option in ("--json", "--html", "--markdown")[: 2 + empirical]:
        for path, sentence in refused.items():
            assert main([*["--empirical"] * empirical, option, str(tmp_path / path)]) == 2
            err = capfd.readouterr().err
            assert err.startswith(f"toybox claims: {option} {tmp_path / path}")
            assert sentence in err
    if empirical:
        for path in ("file", "file/store"):
            assert main(["--empirical", "--store", str(tmp_path / path)]) == 2
            assert f"--store {tmp_path / path}: {tmp_path / 'file'} is a file" in capfd.readouterr().err
        monkeypatch.setenv("TOYBOX_STORE", str(tmp_path / "file" / "store"))
        assert main(["--empirical"]) == 2
        assert f"{tmp_path / 'file'} is a file" in capfd.readouterr().err


def test_the_command_calls_itself_toybox_claims(capfd):
    assert main(["--help"]) == 0
    out = capfd.readouterr().out
    assert out.startswith("Usage: toybox claims [OPTIONS]")
    assert "proofs_check" not in out
    assert main(["--jobs", "0"]) == 2
    assert capfd.readouterr().err.startswith("toybox claims: ")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
@pytest.mark.parametrize(
    ("options", "done"),
    [
        (["--only", "LAB-02", "LAB-03"], "claims .*2/2"),
        (["--empirical", "--smoke", "--only", "EMP-07"], "experiments .*1/1"),
    ],
)
def test_a_terminal_sees_progress(tmp_path, options, done):
    """A bar on standard error, which is a terminal here; standard output, which is none, has the table alone."""
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "proofs_check", "--jobs", "1", *options]
    environment = os.environ | {"TOYBOX_STORE": str(tmp_path), "TERM": "xterm", "COLUMNS": "120"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=environment, cwd=tmp_path)
    os.close(theirs)
    shown = b"".join(read_to_the_end(ours)).decode()
    out, _ = process.communicate()
    assert process.returncode == 0
    assert re.search(done, re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)), shown
    assert not re.search(done, out.decode())


def read_to_the_end(terminal):
    """What comes from a pseudo-terminal until nobody has it open any more, which Linux makes an error of."""
    with open(terminal, "rb", buffering=0) as file, suppress(OSError):
        while part := file.read(1 << 16):
            yield part


def test_the_exit_code_tells_of_a_failure(monkeypatch, capfd):
    broken = simple(id="LAB-02", checks=[Check("never", lambda: -1)])
    monkeypatch.setitem(CLAIMS, "LAB-02", broken)
    assert main(["--only", "LAB-02", "--jobs", "1"]) == 1
    assert "never: must hold" in capfd.readouterr().out
