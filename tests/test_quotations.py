"""Every quoted phrase stands in its document at its line and place, and nothing is quoted outside of the table."""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

from toybox.quotations import _ALL, DOCUMENTS, QUOTATIONS, Quotation, quote
from toybox.references import entries

ROOT = Path(__file__).parent.parent
SOURCES = sorted(
    path
    for folder in ("toybox", "figures/toybox_figures", "benchmarks/toybox_benchmarks", "proofs_check", "scripts")
    for path in (ROOT / folder).rglob("*.py")
    if path.name != "quotations.py"
)
PAGES = [ROOT / "README.md", ROOT / "proofs_check" / "EMPIRICAL.md"]
TEXTS = {"D": "001_*.txt", "W": "003_*.txt", "M": "004_*.txt"}  # in the folder of the documents as text
MARKED = re.compile("“([^”]*)”")
PHRASE = re.compile(r'(?<!=)"([A-Za-z][A-Za-z,\' -]*)"')  # words only: no code, no attributes


# --- against the documents


def pattern(text: str) -> str:
    """A regular expression for a text in a document: white space as it falls, a hyphen where a line breaks inside of a
    word (its own or the line's: the document does not tell), and the stars of emphasis at the ends of words."""
    words = (r"(?:-\n)?".join(re.escape(letter) for letter in word).replace(r"\-", r"-\n?") for word in text.split())
    return r"\*{0,2}" + r"\*{0,2}\s+\*{0,2}".join(words)


def standing(text: str, lines: list[str]) -> list[int]:
    """The lines, from 1, in which the text begins."""
    whole = "\n".join(lines)
    return [whole.count("\n", 0, match.start()) + 1 for match in re.finditer(pattern(text), whole)]


def places(line: int, lines: list[str]) -> set[str]:
    """Where a line of a document may stand: under the heading before it, in a caption of its paragraph or the abstract.

    Where paragraphs are not set apart, a line after a caption may be its next line or that of the section.
    """
    heading = r"((?:\d|[A-C])(?:\.\d+)*)\s+[A-Z][^.]*$"
    numbers = [found[1] for above in lines[:line] if (found := re.match(heading, above))]
    found = {f"section {numbers[-1]}"} if numbers else set()
    for above in reversed(lines[:line]):
        if not above.strip():
            break
        if caption := re.match(r"(Figure|Table) (\w+(?:\.\w+)*):", above):
            return found | {f"{caption[1].lower()} {caption[2]}"}
        if re.match(r"\s*Abstract\.", above):
            return found | {"abstract"}
    return found


def test_a_text_is_found_as_documents_break_it():
    lines = ["stochastic algo-", "rithms **use", "full-", "batch losses** only"]
    assert standing("algorithms use full-batch losses only", lines) == [1]
    assert standing("full-batch losses", lines) == [3]
    assert not standing("use batch losses", lines)


def test_places_are_headings_or_captions():
    lines = [" Abstract. x", "", "2 First", "2.1\tSecond", "text 3 Times", "", "Figure 4: a", "b", "", "back"]
    assert places(1, lines) == {"abstract"}
    assert places(5, lines) == places(10, lines) == {"section 2.1"}
    assert places(8, lines) == {"section 2.1", "figure 4"}


@pytest.mark.shared
@pytest.mark.parametrize("quotation", _ALL, ids=lambda quotation: quotation.key)
def test_it_stands_in_its_document(quotation: Quotation, shared: Path):
    """Where the folder is given the document has to be there: a missing one fails."""
    (document,) = (shared / "seeds").glob(TEXTS[quotation.document])
    lines = document.read_text("utf-8").split("\n")
    assert quotation.line in standing(quotation.text, lines)
    assert quotation.place in places(quotation.line, lines)


# --- in our own texts


def texts(source: str) -> list[str]:
    """All strings and comments of a source, each in one line; parts of an f-string one by one."""
    found = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    comments = (token.string for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type == 61)
    return [" ".join(text.split()) for text in (*found, *comments) if isinstance(text, str)]


def phrases(text: str) -> list[str]:
    """What stands in straight marks and reads like a phrase: three words or more, not all of them capitalised."""
    found = [match.split() for match in PHRASE.findall(text)]
    return [" ".join(words) for words in found if len(words) > 2 and any(word[0].islower() for word in words)]


def quoted(source: str) -> set[str]:
    """The keys with which a source calls our ``quote``, and those between << >> in the text of a claim."""
    claim = "\nclaim = told(__doc__)" in source
    told = set(re.findall("<<(.+?)>>", ast.get_docstring(ast.parse(source)) or "") if claim else ())
    if "quotations import quote" not in source:
        return told
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return told | {ast.literal_eval(call.args[0]) for call in calls if getattr(call.func, "id", "") == "quote"}


def test_phrases_are_told_from_names_and_code():
    assert phrases('as in "a b c", "Times New Roman", "[0, inf)", "true model"') == ["a b c"]
    assert texts('x = f"one {x} two"  # three') == ["one", "two", "# three"]
    assert quoted('from toybox.quotations import quote\nquote("a") + other("b")') == {"a"}
    assert not quoted('from html import quote\nquote("a")')
    assert quoted('"""X-1  t\n\nClaim: <<a>> and <<b>>"""\nclaim = told(__doc__)') == {"a", "b"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_sources_quote_from_the_table(path: Path):
    source = path.read_text("utf-8")
    assert not set("“”") & set(source), "a document's words come from toybox/quotations.py: quote(key)"
    assert not [phrase for text in texts(source) for phrase in phrases(text)], "a phrase in straight marks"
    assert quoted(source) <= set(QUOTATIONS)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_pages_quote_from_the_table(path: Path):
    text = path.read_text("utf-8")
    assert {" ".join(words.split()) for words in MARKED.findall(text)} <= {q.text for q in _ALL}
    assert text.count("“") == text.count("”") == len(MARKED.findall(text))
    assert not phrases(re.sub("```.*?```|`[^`]*`", "", text, flags=re.S))


def test_every_quotation_is_used():
    used = {key for path in SOURCES for key in quoted(path.read_text("utf-8"))}
    words = " ".join(" ".join(page.read_text("utf-8").split()) for page in PAGES)
    assert not [q.key for q in _ALL if q.key not in used and f"“{q.text}”" not in words]


def test_the_table_is_in_order():
    assert len(QUOTATIONS) == len(_ALL)
    assert len({q.text for q in _ALL}) == len(_ALL)
    assert list(_ALL) == sorted(_ALL, key=lambda q: (list(DOCUMENTS).index(q.document), q.line))
    assert set(DOCUMENTS.values()) <= set(entries())


def test_an_unknown_key_is_refused():
    assert quote("Goldberg") == "“Goldberg”"
    with pytest.raises(ValueError, match="quotation 'Goldburg' is unknown; did you mean 'Goldberg'"):
        quote("Goldburg")
