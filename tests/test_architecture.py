"""What may import what (the arrows themselves stand in pyproject.toml), and what a bare import costs."""

import ast
import subprocess
import sys
from pathlib import Path

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


def test_only_xp_and_its_kernels_name_a_backend():
    found = {
        path.relative_to(CORE): imported_packages(path.read_text("utf-8")) & BACKENDS for path in CORE.rglob("*.py")
    }
    found.pop(Path("xp.py"))
    assert found.pop(Path("cuda.py")) <= {"cupy"}
    imported = [path for path in CORE.rglob("*.py") if "from .cuda import" in path.read_text("utf-8")]
    assert [path.name for path in imported] == ["xp.py"]
    assert not {path: names for path, names in found.items() if names}


def test_tiny_needs_nothing_but_python():
    names = {name for path in (CORE / "tiny").glob("*.py") for name in imported_packages(path.read_text("utf-8"))}
    assert names <= sys.stdlib_module_names | {""}  # "": its own files; the layers forbid all others
