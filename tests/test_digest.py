"""Keys are of the code that was imported, whatever happens to its files; and nothing is kept whose code is in doubt."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import toybox as tb
from toybox import digest
from toybox.digest import Changed

PACKAGE = Path(tb.__file__).parent


@pytest.fixture
def copy(tmp_path):
    """A copy of the package: its folder."""
    return Path(shutil.copytree(PACKAGE, tmp_path / "lib" / "toybox", ignore=shutil.ignore_patterns("__pycache__")))


# --- which files ---------------------------------------------------------------------------------------------------


def test_which_files_are_the_code(copy):
    def digest_of(changed=None):
        digest.seen.cache_clear(), digest.core.cache_clear()
        for path in [path for path in copy.rglob("*") if path.is_file() and path.stem == changed]:
            path.write_bytes(path.read_bytes() + b"\nCHANGED = 1\n")
        return digest.of(digest.core(root=copy))

    try:
        before = digest_of()
        assert before == digest.of(digest.core())
        for name in (
            "cli",
            "study",
            "spec",
            "store",
            "progress",
            "looks",
            "dial",
            "watch",
            "kept",
            "workers",
            "digest",
        ):
            assert digest_of(name) == before, name
        for name in ("composite", "metered", "optimizer", "zoo", "trace", "quadratic", "mushrooms", "xp", "memory"):
            assert digest_of(name) != before, name
            before = digest_of()
    finally:
        digest.seen.cache_clear(), digest.core.cache_clear()


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("x = 1", "x = 1  # the first number", True),
        ('"""Half."""', '"""The half of x."""', True),
        ("x / 2", "(x /\n        2)", True),
        ("x / 2", "x / 3", False),
        ('"half"', '"Half"', False),
        ('"""Half."""', '"""Half."""\n    "no docstring"', False),
    ],
)
def test_comments_and_docstrings_are_no_code(old, new, same):
    text = 'x = 1\ndef half(x, name="half"):\n    """Half."""\n    return x / 2\n'
    assert old in text
    changed = text.replace(old, new)
    one, other = (digest.of({Path("/nowhere/m.py"): source.encode()}) for source in (text, changed))
    assert (one == other) == same


def test_a_name_that_leaves_the_core_or_enters_it_is_another_code():
    core = digest.core()
    some = dict(list(core.items())[1:])
    moved = {path.with_stem("other"): content for path, content in core.items()}
    assert len({digest.of(sources) for sources in (core, some, moved, digest.core("analysis"))}) == 4


MODULES = {
    "p/__init__.py": "from . import figure, stranger\n",
    "p/figure.py": "from .cases import CASES\nimport p.sub.deep\nfrom . import words, VERSION\n",
    "p/cases.py": "CASES = 1\ndef f():\n    from .sub import inner\n",
    "p/words.py": "from .spoken import SPOKEN\n",
    "p/spoken.py": "",
    "p/stranger.py": "",
    "p/sub/__init__.py": "from . import never\n",
    "p/sub/deep.py": "from .. import stranger_no_module\nfrom ..cases import CASES\n",
    "p/sub/inner.py": "import numpy, q.cases\n",
    "p/sub/never.py": "",
    "q/__init__.py": "",
    "q/cases.py": "",
}


def test_a_module_is_read_with_all_that_it_imports_from_its_package(tmp_path):
    """Through others, inside functions, round in circles; a package's ``__init__`` where a name is taken from it."""
    for name, text in MODULES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text, "utf-8")
    names = lambda sources: {path.relative_to(tmp_path).as_posix() for path in sources}
    of = tmp_path / "p" / "figure.py"
    closed = {"p/figure.py", "p/cases.py", "p/sub/deep.py", "p/sub/inner.py", "p/words.py", "p/spoken.py"}
    init = {"p/__init__.py", "p/stranger.py"}  # VERSION is in __init__, which imports the stranger
    assert names(digest.with_imports(of)) == closed | init
    assert names(digest.with_imports(of, without=("words",))) == (closed | init) - {"p/words.py", "p/spoken.py"}
    assert names(digest.with_imports(tmp_path / "p" / "cases.py")) == {"p/cases.py", "p/sub/inner.py"}
    (tmp_path / "alone.py").write_text("import p.cases\n", "utf-8")
    assert names(digest.with_imports(tmp_path / "alone.py")) == {"alone.py"}


def test_what_changed_is_named(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("a = 1\n", "utf-8")
    sources = {file: file.read_bytes()}
    digest.refuse_changed(sources)
    file.write_text("a = 2\n", "utf-8")
    with pytest.raises(Changed, match=r"mine\.py changed after it was imported: .* is not kept; start again"):
        digest.refuse_changed(sources)
    file.unlink()
    with pytest.raises(Changed, match=r"mine\.py changed"):
        digest.refuse_changed(sources)


# --- edits at the worst moments ------------------------------------------------------------------------------------

EDITED = """
import sys
from pathlib import Path

def edit():
    file = Path({folder!r}) / "methods" / "fixed.py"
    text = file.read_text("utf-8")
    file.write_text(text.replace("return -point.gradient, state", "return -2 * point.gradient, state"), "utf-8")

if __name__ == "__main__":
    {before}
    import toybox.study as study
    from toybox.study import Run, Study, StudyError, compute
    runs = [Run(problem="quadratic", method="sgd", steps=steps, batch=5) for steps in (3, 4)]
    {between}
    try:
        for result in compute(Study(name="x", runs=runs), sys.argv[1], workers={workers}):
            print(result.frame["full_loss"].to_list()[-1])
    except StudyError as error:
        print(*sorted({{failure.error for failure in error.failures}}), sep="\\n")
"""
WHILE = """walk = study.optimizer.run
    study.optimizer.run = lambda *a, **k: (edit(), walk(*a, **k))[1]"""
EDITS = {
    "between two imports": ("import toybox; edit()", "", 1, "fixed.py changed after it was imported"),
    "before the first key": ("", "edit()", 1, "fixed.py changed after it was imported"),
    "after the first key": ("", "runs[0].key; edit()", 1, "fixed.py changed after it was imported"),
    "while computing": ("", WHILE, 1, "fixed.py changed after it was imported"),
    "before the workers import it": ("", "runs[0].key; edit()", 2, "imported another toybox than the one that asks"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_numbers_are_never_kept_under_the_key_of_another_code(copy, tmp_path, edit):
    """A rule is edited meanwhile: the runs are refused, and whoever comes next gets the numbers of the new code."""

    def computed(before, between, workers, store):
        code = EDITED.format(folder=str(copy), before=before or "pass", between=between, workers=workers)
        script = tmp_path / "script.py"
        script.write_text(code, "utf-8")
        environment = {"PYTHONPATH": str(copy.parent), "PATH": "/usr/bin:/bin", "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, str(script), str(tmp_path / store)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    *when, refusal = EDITS[edit]
    old = computed("", "", 1, "old")
    [said] = computed(*when, "store")
    assert refusal in said
    assert not list((tmp_path / "store").glob("*.toybox"))
    new = computed("", "", 1, "new")
    assert computed("", "", 1, "store") == new
    assert len({*old, *new}) == 4
