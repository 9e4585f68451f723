"""What may import what (the arrows themselves stand in pyproject.toml), what a bare import costs, and that every text
file is UTF-8 whatever the locale."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = ROOT / "toybox"
BACKENDS = {"cupy", "cupyx", "torch", "array_api_strict"}

NEWLY_LOADED = """
import sys
before = set(sys.modules)
import toybox
print(*sorted(set(sys.modules) - before))
"""

LINT_IMPORTS = """
from importlinter.cli import lint_imports_command
lint_imports_command(["--no-cache", "--no-logo"])
"""


def in_fresh_interpreter(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def imported_packages(source: str) -> set[str]:
    """Top-level names of all imports, those inside functions included; "" stands for a relative one."""
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append("" if node.level else node.module or "")
    return {name.partition(".")[0] for name in names}


def without_encoding(source: str) -> list[str]:
    """Calls that open, read or write a text file in whatever encoding the locale has."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [ast.unparse(call) for call in calls if opens_text(call.func) and not names_encoding(call)]


def opens_text(function: ast.expr) -> bool:
    """Whether this is open(), or such a method of anything but what opens no text files (``members`` of an archive)."""
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    owner = ast.unparse(function.value) if isinstance(function, ast.Attribute) else ""
    return name in ("open", "read_text", "write_text") and owner not in ("Image", "webbrowser", "os", "members")


def names_encoding(call: ast.Call) -> bool:
    """Whether the call says UTF-8, or opens in a binary mode."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(isinstance(value, ast.Constant) and value.value in ("utf-8", "rb", "wb") for value in given)


def test_calls_without_encoding_are_seen():
    named = ('f.open("wb")', 'open(f, "w", encoding="utf-8")', 'f.read_text("utf-8")', "webbrowser.open(f)")
    nameless = ("f.open()", "open(f, 'w')", "f.read_text()", "f.write_text('b')", "f.write_text('utf', newline='')")
    assert without_encoding("\n".join(named)) == []
    assert without_encoding("\n".join(nameless)) == list(nameless)


@pytest.mark.parametrize("folder", ["toybox", "figures", "proofs_check", "benchmarks", "scripts", "tests"])
def test_text_files_are_utf_8(folder):
    files = list((ROOT / folder).rglob("*.py"))
    found = {path.relative_to(ROOT): without_encoding(path.read_text("utf-8")) for path in files}
    assert files
    assert not {path: calls for path, calls in found.items() if calls}


def test_imports_inside_functions_are_seen():
    source = "import a.b\nfrom . import c\ndef f():\n    from d.e import g\n"
    assert imported_packages(source) == {"a", "", "d"}


def test_import_arrows():
    in_fresh_interpreter(LINT_IMPORTS)


def test_a_bare_import_loads_numpy_and_the_array_layer_only():
    loaded = set(in_fresh_interpreter(NEWLY_LOADED).split())
    packages = {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names
    assert packages <= {"toybox", "numpy", "array_api_compat", "scipy"}
    assert "scipy.optimize" not in loaded


def test_public_names_are_loaded_when_first_used():
    names = "tb.analysis.sample, tb.hyper.number, tb.zoo.METHODS, tb.study.stack, tb.problem, tb.run"
    in_fresh_interpreter(f"import toybox as tb; print({names})")
    in_fresh_interpreter("import toybox as tb; print([getattr(tb, name) for name in dir(tb)])")


def test_only_xp_and_its_kernels_name_a_backend():
    found = {
        path.relative_to(CORE): imported_packages(path.read_text("utf-8")) & BACKENDS for path in CORE.rglob("*.py")
    }
    found.pop(Path("xp.py"))
    assert found.pop(Path("cuda.py")) <= {"cupy"}
    imported = [path for path in CORE.rglob("*.py") if "from .cuda import" in path.read_text("utf-8")]
    assert [path.name for path in imported] == ["xp.py"]
    assert not {path: names for path, names in found.items() if names}


def test_oracles_need_nothing_but_python():
    files = (Path(__file__).parent / "oracles").glob("*.py")
    names = {name for path in files for name in imported_packages(path.read_text("utf-8"))}
    assert names <= sys.stdlib_module_names | {""}  # "": their own files
    assert "" in names
