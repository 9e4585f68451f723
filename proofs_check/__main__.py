"""``python -m proofs_check``, which is ``toybox claims``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter
from cyclopts.validators import Number

app = App(
    name="python -m proofs_check", help_format="plaintext", default_parameter=Parameter(negative=()), version_flags=[]
)


@app.default
def claims(
    *,
    only: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    deep: bool = False,
    seed: Annotated[int, Parameter(validator=Number(gte=0))] = 0,
    jobs: Annotated[int | None, Parameter(validator=Number(gte=1))] = None,
    json: Path | None = None,
    html: Path | None = None,
) -> int:
    """Verify every claim, and show how each ended: 0 if all did as they must, else 1.

    Example: python -m proofs_check --only PAL SLS-05 --html claims.html

    Args:
        only: Claims by id, by the beginning of an id, or by the letter of a section.
        deep: Search twenty times as long.
        seed: Of everything that is random.
        jobs: Processes. [default: one per core]
        json: Write one record per claim to this file.
        html: Write a page to read to this file.
    """
    from . import Budget, report, select, verify_all

    for path in filter(None, (json, html)):
        if not path.parent.is_dir():
            raise ValueError(f"the folder of {path} does not exist; accepted: a file in an existing folder")
    chosen = select(only)
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # of the processes to come
    results = verify_all(chosen, Budget(deep, seed), jobs or os.cpu_count() or 1)
    report.show(chosen, results, None if sys.stdout.isatty() else 140)
    if json:
        report.write_json(json, chosen, results)
    if html:
        report.write_html(html, chosen, results)
    return int(not all(result.passed for result in results))


def listing() -> list[tuple[str, ...]]:
    """Id, title, source, kind and verdict of every claim."""
    from . import CLAIMS

    return [(c.id, c.title, c.source, c.kind, c.verdict) for c in CLAIMS.values()]


def main(arguments: list[str] | None = None) -> int:
    """Run one command line and return its exit code; 2 where what was asked for cannot be had."""
    try:
        return app(arguments, exit_on_error=False, print_error=False, result_action="return_value") or 0
    except (CycloptsError, ValueError) as error:
        print(f"proofs_check: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
