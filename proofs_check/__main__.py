"""The command line ``toybox claims``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, CycloptsError, Parameter

from toybox.outputs import writable_file, writable_folder
from toybox.terminal import spoken, whole

app = App(name="toybox claims", help_format="plaintext", default_parameter=Parameter(negative=()), version_flags=[])


@app.default
def claims(
    *,
    only: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    where: str | None = None,
    deep: bool = False,
    seed: Annotated[int, whole(0)] = 0,
    jobs: Annotated[int | None, whole(1)] = None,
    json: Path | None = None,
    html: Path | None = None,
    empirical: bool = False,
    smoke: bool = False,
    full: bool = False,
    store: Path | None = None,
    markdown: Path | None = None,
) -> int:
    """Verify every claim, and show how each ended: 0 if all did as they must, else 1.

    Example: toybox claims --only PAL SLS-05 --html claims.html

    With --empirical: conduct the experiments on claims that only measuring can support, and show what they say. What is
    already in the store is not measured again. A refuted prediction is a result: 0 if all were conducted.

    Args:
        only: Claims by id, by the beginning of an id, or by their family.
        where: Print the file of this claim, and do nothing else.
        deep: Search twenty times as long.
        seed: Of everything that is random.
        jobs: Processes. [default: one per core]
        json: Write one record per claim to this file.
        html: Write a page to read to this file.
        empirical: The experiments instead of the claims that can be proved.
        smoke: Of the experiments: a few steps, to see whether everything works.
        full: Of the experiments: longer runs.
        store: Folder of the experiments' results. [default: the environment's TOYBOX_STORE, else results]
        markdown: Of the experiments: write the table to this file.
    """
    if where:
        return print_places(where)
    for option, path in {"--json": json, "--html": html, "--markdown": markdown}.items():
        if path:
            writable_file(path, option)
    only_empirical = {"--smoke": smoke, "--full": full, "--store": store, "--markdown": markdown}
    for option, given in only_empirical.items():
        if given and not empirical:
            raise ValueError(f"{option} belongs to the experiments; accepted: with --empirical")
    if empirical:
        if deep or seed or (smoke and full):
            raise ValueError("--deep and --seed belong to proofs, and --smoke and --full exclude each other")
        size: Any = "smoke" if smoke else "full" if full else "default"
        return experiments(only, jobs or os.cpu_count() or 1, json, html, markdown, store, size)
    from . import Budget, report, select, verify_all

    chosen = select(only)
    one_thread()
    budget = Budget(deep, seed)
    results = verify_all(chosen, budget, jobs or os.cpu_count() or 1, sys.stderr.isatty())
    report.show(chosen, results, seed, None if sys.stdout.isatty() else 140)
    if json:
        report.write_json(json, chosen, results)
    if html:
        report.write_html(html, chosen, results, budget)
    return int(not all(result.passed for result in results))


def print_places(name: str) -> int:
    """The files of the claims of this name."""
    from . import place, select

    for claim in select([name]):
        print(place(claim))
    return 0


def experiments(
    only: list[str] | None,
    jobs: int,
    json: Path | None,
    html: Path | None,
    markdown: Path | None,
    store: Any,
    size: Any,
) -> int:
    """Conduct experiments and show what they say."""
    from toybox.store import Store

    from .empirical import conduct_all, report, select

    chosen, store = select(only), Store(writable_folder(store or Store().path, "--store"))
    one_thread()
    outcomes = conduct_all(chosen, store, size, jobs, sys.stderr.isatty())
    report.show(outcomes, None if sys.stdout.isatty() else 160)
    for path, write in ((json, report.write_json), (html, report.write_html)):
        if path:
            write(path, outcomes)
    if markdown:
        markdown.write_text(report.markdown(outcomes), "utf-8")
    return 0


def one_thread() -> None:
    """Of the processes to come."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def listing() -> list[tuple[str, ...]]:
    """Id, title, source, kind, verdict and file of every claim."""
    from . import CLAIMS, place

    return [(c.id, c.title, c.source, c.kind, c.verdict, place(c)) for c in CLAIMS.values()]


def main(arguments: list[str] | None = None) -> int:
    """Run one command line and return its exit code; 2 where what was asked for cannot be had."""
    return spoken(lambda: _run(arguments))


def _run(arguments: list[str] | None) -> int:
    try:
        return app(arguments, exit_on_error=False, print_error=False, result_action="return_value") or 0
    except (CycloptsError, ValueError) as error:
        print(f"toybox claims: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
