"""The command line: list | show | cite | check | run | compare | figure | demo | claims | bench | data.

Heavy modules are imported by the command that needs them. Exit codes: 0 done, 1 something failed while running, 2 what
was asked for cannot be had (unknown name, bad value, missing data), 130 interrupted, 141 nobody reads what is printed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, CycloptsError, Parameter

from . import __version__
from .comparison.command import compare as comparison
from .extras import Extra, install
from .outputs import writable_file, writable_folder
from .store import Store, Unwritable
from .terminal import chosen, spoken, table, whole
from .terminal import show as show_results

app = App(
    name="toybox",
    version=__version__,
    help="A testbed for stochastic line searches.\n\nExample: toybox run factorization sls --steps 400 --batch 100",
    help_format="plaintext",
    default_parameter=Parameter(negative=()),
    suppress_keyboard_interrupt=False,
)
app.command(data := App(name="data", help="The data sets of the kernel problems.\n\nExample: toybox data list"))

EMBEDDED = ("mushrooms", "digits")  # data sets
Count = Annotated[int | None, whole(1)]


class Usage(Exception):
    """What was asked for cannot be had."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command line (default: the process's) and return its exit code; errors are sentences on stderr."""
    return spoken(lambda: _run(arguments))


def _run(arguments: list[str] | None) -> int:
    try:
        return app(arguments, exit_on_error=False, print_error=False, result_action="return_value") or 0
    except KeyboardInterrupt:
        code, message = 130, "interrupted; finished runs are kept, and the same command resumes after them"
    except (Usage, CycloptsError, Unwritable) as error:
        code, message = 2, str(error)
    except BrokenPipeError:
        raise
    except Exception as error:
        if os.environ.get("TOYBOX_TRACEBACK"):
            raise
        code, message = 1, f"{type(error).__name__}: {error} (TOYBOX_TRACEBACK=1 shows where)"
        if failures := getattr(error, "failures", ()):  # a StudyError's
            code, message = (2 if all(failure.usage for failure in failures) else 1), str(error)
    print(f"toybox: {message}", file=sys.stderr)
    return code


@app.command(name="list")
def list_(what: Literal["problems", "methods", "figures", "demos", "claims"] | None = None, /) -> None:
    """Show what there is: problems, methods, figures, demos or claims.

    Example: toybox list methods

    Args:
        what: What to list; without it, the names of all but the claims.
    """
    from .zoo import SHARED, defaults, known

    figures = _recipes() if what in (None, "figures") else {}
    demos = _demos() if what in (None, "demos") else {}
    kinds: dict[str, Any] = {"problems": known("problem"), "methods": known("method")}
    kinds |= {"figures": figures, "demos": demos}
    pairs = lambda values: ", ".join(f"{name}={value}" for name, value in values.items())
    if what == "claims":
        table(("id", "title", "source", "kind", "verdict", "file"), _claims().listing())
    elif what is None:
        table(("list", "names"), [(kind, ", ".join(names)) for kind, names in kinds.items()])
    elif what in ("figures", "demos"):
        table(("id", "name", "title"), [(one.id, one.name, one.title) for one in kinds[what].values()])
    else:
        header = ("name", "what; where in text and code; options and defaults")
        deviations = lambda entry: f"; deviations: {entry.deviations}" if what == "methods" else ""
        place = lambda entry: f"{entry.equation}; {entry.file}{deviations(entry)}"
        about = lambda entry: "\n".join((entry.summary, place(entry), pairs(defaults(entry))))
        table(header, [(name, about(entry)) for name, entry in kinds[what].items()], apart=True)
        print(f"All problems also take {pairs(SHARED)}" if what == "problems" else "Lists of numbers become lanes.")
        print("D is the dissertation; toybox cite NAME prints the papers.")


@app.command
def show(name: str, /) -> None:
    """Show the card of a method or problem: what it is, its formula, what its numbers mean, papers, deviations, cost.

    Example: toybox show sls

    Args:
        name: A method or problem, or mine.py:NAME.
    """
    from .cards import card

    with _usage():
        rows = card(name)
    table(("", name), rows)


@app.command
def cite(names: list[str], /) -> None:
    """Print the papers behind methods or problems, or what cites toybox itself, as BibTeX.

    Example: toybox cite pal mushrooms

    Args:
        names: Methods, problems, keys such as vaswani2019, or toybox.
    """
    from .references import cite

    with _usage():
        print(*cite(names), sep="\n\n")


@app.command(usage="Usage: toybox check NAME...")
def check(names: list[str], /) -> int:
    """Try on methods and problems every law that those of toybox satisfy, and say where each one fails.

    Example: toybox check mine.py:secant

    The exit code is 1 where a law fails.

    Args:
        names: mine.py:NAME, mine.py for all that is registered there, or any other name of a method or problem.
    """
    from . import laws, own

    with _usage():
        reports = [laws.check(name) for given in names for name in own.names(given)]
    print(*reports, sep="\n\n")
    return 0 if all(report.ok for report in reports) else 1


@app.command(usage="Usage: toybox run SPEC.toml [OPTIONS] | toybox run PROBLEM METHOD [OPTIONS]")
def run(
    problem: str,
    method: str | None = None,
    /,
    *,
    steps: Annotated[int | None, whole(0)] = None,
    batch: Count = None,
    seeds: Count = None,
    every: Count = None,
    sampler: str | None = None,
    settings: Annotated[list[str] | None, Parameter(name="--set")] = None,
    store: Path | None = None,
    workers: Count = None,
    csv: Path | None = None,
    parquet: Path | None = None,
) -> None:
    """Run a study from a TOML file, or one method on one problem, and show where it ended.

    Example: toybox run factorization sls --steps 400 --batch 100 --seeds 5 --set gamma=1.5 --set rank=4

    Results are kept; what is already there is not computed again.

    Args:
        problem: A study's TOML file, or the name of a problem.
        method: The name of a method, after the name of a problem.
        steps: Number of steps. [default: 100]
        batch: Samples per batch. [default: 10]
        seeds: Number of seeds: 0, 1, ... [default: 3]
        every: Measure full loss and accuracy every so many steps, not only at both ends.
        sampler: How batches are drawn: epochs, fresh or replacement. [default: epochs]
        settings: An option of the problem or hyper-parameter of the method, such as rank=4, rank=none, rate=[0.1,0.3].
            problem.NAME=... or method.NAME=... say whose it is where both have one.
        store: Folder of the results. [default: the environment's TOYBOX_STORE, else results]
        workers: Processes. [default: one per core]
        csv: Write every step of every run to this CSV file.
        parquet: The same to a Parquet file.
    """
    from .study import Run, Study, compute, stack

    numbers: dict[str, Any] = {"steps": steps, "batch": batch, "seeds": seeds, "every": every, "sampler": sampler}
    given = {name: value for name, value in numbers.items() if value is not None}
    with _usage():
        for option, target in (("--csv", csv), ("--parquet", parquet)):
            if target:
                writable_file(target, option)
        if method is not None:
            options, hyper = chosen(problem, method, settings or [])
            fields = {"options": options, "hyper": hyper, "steps": 100, "batch": 10, "seeds": 3} | given
            study = Study(name="run", runs=[Run(problem=problem, method=method, **fields)])
        elif problem.endswith(".toml") or Path(problem).is_file():
            if given or settings:
                names = ", ".join(f"--{name}" for name in [*given, *(["set"] if settings else [])])
                raise Usage(f"{names} cannot be given beside {problem}; accepted: a change of that file")
            study = Study.read(problem)
        else:
            raise Usage(f"{problem!r} is no TOML file and no METHOD follows it; accepted: SPEC.toml, or PROBLEM METHOD")
        folder = Store(store)
    results = compute(study, folder, workers=workers, progress=sys.stderr.isatty())
    show_results(results)
    if csv:
        stack(results).write_csv(csv)
    if parquet:
        stack(results).write_parquet(parquet)


@app.command(name="compare", usage="Usage: toybox compare PROBLEM... --methods METHOD METHOD... [OPTIONS]")
@wraps(comparison)
def compare(*values: Any, **options: Any) -> None:
    with _usage():
        comparison(*values, **options)


@app.command(usage="Usage: toybox figure NAME... [OPTIONS]")
def figure(
    names: list[str],
    /,
    *,
    full: bool = False,
    smoke: bool = False,
    out: Path = Path("figures/out"),
    store: Path | None = None,
    workers: Count = None,
    overlay: Literal["published", "none"] | None = None,
    cost: str = "steps",
) -> None:
    """Draw figures, computing first what the store lacks, and print the files written.

    Example: toybox figure F1 kernels --cost epochs

    Args:
        names: Figures by id or name; `toybox list figures` shows them. Or a study's TOML file: its losses.
        full: The budget of the papers: hours.
        smoke: A few steps, to see whether everything works: seconds.
        out: Folder of the files.
        store: Folder of the results. [default: the environment's TOYBOX_STORE, else results]
        workers: Processes. [default: one per core]
        overlay: Curves read from the papers, or none of them. [default: the figure's choice]
        cost: The horizontal axis: steps, batches, epochs, values, gradients, samples or seconds.
    """
    from .hyper import refuse_unknown
    from .spec import Study
    from .trace import COSTS

    recipes = _recipes()
    known = {key.casefold(): recipe for id, recipe in recipes.items() for key in (id, recipe.name)}
    with _usage():
        for name in (name for name in names if name.endswith(".toml")):
            if full or smoke:
                raise Usage(f"--full and --smoke cannot be given beside {name}; accepted: a change of that file")
            known[name.casefold()] = _plugin("figures", "figures are found where toybox is installed").of_study(
                Study.read(name)
            )
        if full and smoke:
            raise Usage("--full and --smoke exclude each other; accepted: one of them")
        refuse_unknown("--cost", cost, COSTS)
        for name in names:
            refuse_unknown("figure", name if name.casefold() not in known else name.casefold(), known)
        results, out = Store(store), writable_folder(out, "--out")
    size, chosen = "full" if full else "smoke" if smoke else "default", [known[name.casefold()] for name in names]
    for recipe in {recipe.id: recipe for recipe in chosen}.values():
        with _installed(f"figure {recipe.id}", recipe.extra):
            print(*recipe.make(size, out, results, workers, overlay, cost, sys.stderr.isatty()), sep="\n")


@app.command(usage="Usage: toybox demo [NAME] [OPTIONS]")
def demo(
    name: str | None = None,
    /,
    *,
    settings: Annotated[list[str] | None, Parameter(name="--set")] = None,
    out: Path | None = None,
    port: Annotated[int | None, whole(1, 65535)] = None,
    browser: Annotated[bool, Parameter(negative=("--no-browser",))] = True,
) -> int:
    """Open a teaching demo, or the list of them, in the browser; or draw its picture.

    Example: toybox demo dial --set spread=0.1 --out dial.png

    Args:
        name: A demo by id or name; `toybox list demos` shows them.
        settings: control=value, as in the page's address; may be repeated.
        out: Only draw the picture, into this PNG, PDF or SVG file.
        port: Of the page. [default: any that is free]
        browser: Open the page in the browser.
    """
    from .demos import frame
    from .hyper import refuse_unknown

    known = {key.casefold(): one for one in _demos().values() for key in (one.id, one.name)}
    given = dict(text.partition("=")[::2] for text in settings or ())
    with _usage():
        if name is None:
            if given or out:
                raise Usage("--set and --out are of one demo; accepted: with a NAME")
            return _serve({}, port, browser)
        refuse_unknown("demo", name if name.casefold() not in known else name.casefold(), known)
        chosen = known[name.casefold()]
        values, complaints = frame.values(chosen, given)
        if complaints:
            raise Usage("; ".join(complaints))
        if out is None:
            return _serve({"demo": chosen.name} | given, port, browser)
        if out.suffix.lower() not in (".png", ".pdf", ".svg"):
            raise Usage(f"--out {out} is not accepted; accepted: a file ending in .png, .pdf or .svg")
        writable_file(out, "--out")
    chosen.draw(**values).savefig(out)
    print(out)
    return 0


def _serve(query: dict[str, str], port: int | None, browser: bool) -> int:
    from .demos.serve import serve

    with _installed("a demo's page", "demo", ", or draw a picture by --out"):
        return serve(query, port, browser)


@app.command(help_flags=[], usage="Usage: toybox claims [OPTIONS]")
def claims(*options: Annotated[str, Parameter(allow_leading_hyphen=True)]) -> int:
    """Verify the claims of the documents; `toybox claims --help` shows the options.

    Example: toybox claims --only PAL --html claims.html
    """
    return _claims().main(list(options))


@app.command(usage="Usage: toybox bench [OPTIONS]")
def bench(
    *,
    quick: bool = False,
    only: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    out: Path | None = None,
) -> int:
    """Measure this machine: the package against plain loops, other libraries and the floor, and how costs grow.

    Example: toybox bench --only factorization lanes --quick

    Args:
        quick: Fewer repetitions and sizes, without chapter 5; only printed.
        only: Some of the measurements; they are only printed where --out is not given.
        out: Folder of RESULTS.md and scaling.png. [default: benchmarks]
    """
    plugin = _plugin("bench", "the benchmarks are found where toybox is installed")
    with _usage():
        return plugin.main(only or (), quick, out)


@data.command(name="list")
def data_list() -> None:
    """Show which data sets are here, and where.

    Example: toybox data list
    """
    import pooch

    from .problems.data import IJCNN1_SHA256

    folders = [Path(f) for f in (os.environ.get("TOYBOX_DATA"), pooch.os_cache("toybox")) if f]
    missing = "missing: toybox data fetch ijcnn1"
    found = [(name, *[f / name for f in folders if (f / name).is_file()], missing)[:2] for name in IJCNN1_SHA256]
    table(("data set", "where"), [*((name, "in the package") for name in EMBEDDED), *found])


@data.command
def fetch(name: str, /, *, folder: Path | None = None) -> None:
    """Download a data set that the package may not carry, and check it.

    Example: toybox data fetch ijcnn1

    Args:
        name: The data set: ijcnn1 (4 MB); mushrooms and digits are in the package.
        folder: Where to put it; set TOYBOX_DATA to this folder to use it. [default: TOYBOX_DATA, else the user's cache]
    """
    import pooch
    from requests import RequestException

    from .hyper import refuse_unknown
    from .problems.data import IJCNN1_SHA256, IJCNN1_URL, fetch_ijcnn1

    target = folder or os.environ.get("TOYBOX_DATA")
    with _usage():
        refuse_unknown("data set", name, ["ijcnn1", *EMBEDDED])
        if name in EMBEDDED:
            return print(f"{name} is in the package")
        if target:
            writable_folder(target, "--folder")
    pooch.get_logger().setLevel("WARNING")  # the bar shows what is loaded
    try:
        print(*fetch_ijcnn1(target, progress=sys.stderr.isatty()), sep="\n")
    except RequestException as error:
        raise Usage(
            f"{IJCNN1_URL} cannot be reached ({type(error).__name__}); accepted: with a network, or its files "
            f"{', '.join(IJCNN1_SHA256)} in the folder that TOYBOX_DATA names"
        ) from error


@contextmanager
def _usage() -> Iterator[None]:
    """Bad values found in here are the asker's."""
    try:
        yield
    except (ValueError, FileNotFoundError) as error:
        raise Usage(str(error)) from None


@contextmanager
def _installed(what: str, extra: Extra | None, instead: str = "") -> Iterator[None]:
    """A package that is missing in here belongs to an extra; without one it is an error."""
    try:
        yield
    except ModuleNotFoundError as missing:
        if not extra:
            raise
        raise Usage(
            f"{what} needs a package that is not installed ({missing.name}): {install(extra)}{instead}"
        ) from None


def _recipes() -> dict[str, Any]:
    """The figure recipes that are installed, by id."""
    from importlib.metadata import entry_points

    entries = entry_points(group="toybox.plugins", name="figures")
    return {recipe.id: recipe for entry in entries for recipe in entry.load().RECIPES.values()}


def _demos() -> dict[str, Any]:
    from .demos import DEMOS

    return DEMOS


def _claims() -> Any:
    """The module of the claims, with ``main`` and ``listing``."""
    return _plugin("claims", f"the claims need packages of their own ({install('proofs')})")


def _plugin(name: str, missing: str) -> Any:
    """What is installed under this name; ``missing`` says what it needs."""
    from importlib.metadata import entry_points

    try:
        return next(iter(entry_points(group="toybox.plugins", name=name))).load()
    except (StopIteration, ModuleNotFoundError) as error:
        raise Usage(": ".join(filter(None, (missing, str(error))))) from None
