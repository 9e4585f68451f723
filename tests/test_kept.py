"""Measured tables: one key for whatever decides them, computed on one thread, kept with where they come from."""

import ast
import importlib
import inspect
import json
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from toybox import digest
from toybox.kept import kept
from toybox.store import Store

HOME = {
    "measuring/__init__.py": "",
    "measuring/figure.py": "from .cases import CASES\nfrom . import drawing\ndef measure(size):\n    return CASES\n",
    "measuring/cases.py": "from .deeper import CASES\n",
    "measuring/deeper.py": "CASES = [1.0, 2.0]\n",
    "measuring/drawing.py": "",
    "measuring/stranger.py": "",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of a figure: package() imports it anew and gives its ``measure``."""
    for name, text in HOME.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def fresh():
        for name in [name for name in sys.modules if name.partition(".")[0] == "measuring"]:
            del sys.modules[name]
        importlib.invalidate_caches()
        seen = real.__wrapped__(tmp_path / "measuring")
        monkeypatch.setattr(
            digest, "seen", lambda folder, real=real: seen if folder.name == "measuring" else real(folder)
        )
        return importlib.import_module("measuring.figure").measure

    real = digest.seen
    yield fresh
    for name in [name for name in sys.modules if name.partition(".")[0] == "measuring"]:
        del sys.modules[name]


def ask(measure, store, calls, size="smoke", of="F0"):
    def call():
        calls.append(size)
        return pl.DataFrame({"x": measure(size)})

    return kept(Store(store), {"figure": of, "size": size}, measure, call, without=("drawing",))


def test_a_table_is_measured_once_for_each_state_of_what_decides_it(package, tmp_path):
    calls, store = [], tmp_path / "store"
    change = lambda name, text: (tmp_path / "measuring" / name).write_text(text, "utf-8")
    table, meta = ask(package(), store, calls)
    assert (table["x"].to_list(), len(calls)) == ([1.0, 2.0], 1)
    change("drawing.py", "colour = 2\n"), change("stranger.py", "x = 1\n")
    assert ask(package(), store, calls)[1] == meta
    assert len(calls) == 1
    change("deeper.py", "CASES = [1.0, 3.0]\n")
    assert ask(package(), store, calls)[0]["x"].to_list() == [1.0, 3.0]
    ask(package(), store, calls, size="full")
    ask(package(), store, calls, of="F00")
    assert calls == ["smoke", "smoke", "full", "smoke"]


@pytest.mark.parametrize("when", ["before", "while"])
def test_a_table_of_code_in_doubt_is_not_kept(package, tmp_path, when):
    """The cases are edited after they were imported."""
    measure, store, calls = package(), tmp_path / "store", []
    edit = lambda: (tmp_path / "measuring" / "deeper.py").write_text("CASES = [1.0, 3.0]\n", "utf-8")

    def call():
        calls.append(1)
        edit()
        return pl.DataFrame({"x": measure("smoke")})

    if when == "before":
        edit()
    with pytest.raises(digest.Changed, match=r"deeper\.py changed after it was imported"):
        kept(Store(store), {}, measure, call)
    assert len(calls) == (when == "while")
    assert not list(store.glob("*.toybox"))


def test_a_table_is_measured_on_one_thread_and_says_where(tmp_path):
    seen = []

    def measure():
        seen.extend(info["num_threads"] for info in threadpool_info())
        return pl.DataFrame({"x": [1.0]})

    with threadpool_limits(2):  # whatever the environment allows
        _, meta = kept(Store(tmp_path), {"figure": "F0"}, measure, measure)
    assert seen
    assert set(seen) == {1}
    assert (meta["figure"], meta["code"], meta["versions"]["numpy"]) == ("F0", digest.code_digest(), np.__version__)
    assert [path.stem for path in tmp_path.iterdir()] == [meta["key"]]
    assert all(meta[name] for name in ("processor", "blas", "date", "seconds"))


# --- the figures -----------------------------------------------------------------------------------------------------

figures = pytest.importorskip("toybox_figures")
MEASURED = {id: recipe for id, recipe in figures.RECIPES.items() if recipe.measure}


def decided_by(recipe):
    from toybox_figures.recipe import DRAWING

    return {path.stem for path in digest.with_imports(Path(inspect.getfile(recipe.measure)), DRAWING)}


def test_the_labpal_figure_is_of_the_cases_of_another():
    assert decided_by(MEASURED["F14"]) == {"f14_labpal", "f12_strategies"}
    assert decided_by(MEASURED["F12"]) == {"f12_strategies"}


def used(module, name):
    """The names that a module's function uses, through other functions and values of the module."""
    tree, found, waiting = ast.parse(inspect.getsource(module)), set(), [name]
    homes = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            homes[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            homes |= {n.id: node for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            inner = list(ast.walk(homes[name])) if name in homes else []
            own = {node.arg for node in inner if isinstance(node, ast.arg)}
            own |= {node.id for node in inner if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
            waiting += [node.id for node in inner if isinstance(node, ast.Name) and node.id not in own - {name}]
    return found


@pytest.mark.parametrize("id", MEASURED)
def test_what_only_draws_decides_no_measured_number(id):
    """Nothing from the modules that no key knows is used where a figure measures; but a look may stand beside what is
    measured."""
    from toybox_figures.recipe import DRAWING

    module = sys.modules[MEASURED[id].measure.__module__]
    imports = [node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.ImportFrom)]
    drawing = {alias.name for node in imports if node.module in DRAWING for alias in node.names}
    drawing -= {"LOOKS", "Look"}
    assert "Recipe" in drawing
    assert not used(module, MEASURED[id].measure.__name__) & drawing
    assert used(module, "draw") & drawing


def test_a_measured_figure_says_where_its_numbers_come_from(tmp_path):
    paths = MEASURED["F7"].make("smoke", tmp_path / "out", tmp_path / "store")
    [origin] = json.loads(next(path for path in paths if path.suffix == ".json").read_text("utf-8"))["runs"]
    assert [path.stem for path in (tmp_path / "store").iterdir()] == [origin["key"]]
    assert origin["meta"]["code"] == digest.code_digest()
    assert {"versions", "blas", "processor", "date", "figure", "size"} <= set(origin["meta"])
