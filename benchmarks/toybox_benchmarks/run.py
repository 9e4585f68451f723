"""Measure this machine: ``toybox bench`` (``make bench``), by hand, never in the tests.

What is compared runs in turn in one process with one BLAS thread, so that only ratios count; each is the median of
several repetitions, with the quartiles. Baselines: ``straight.py``, the rules as plain NumPy loops; ``closures.py``,
the same as PyTorch optimizers with ``step(closure)``; ``jaxed.py``, JAX's libraries; SciPy; and for a step on a kernel
problem the part that no implementation can avoid, the gather of the batch's rows of K and three products with them. A
step of 64 lanes is counted per run. ``scaling.py`` measures how costs grow, beside the floor that the machine's own
rates (``rates.py``) set; ``chapter5.py`` the analysis of chapter 5.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from importlib import metadata
from pathlib import Path

from toybox import __version__
from toybox.hyper import refuse_unknown
from toybox.outputs import writable_folder

ROOT = Path(__file__).parents[2]
CHECKOUT = (ROOT / "pyproject.toml").is_file()  # where a wheel is installed there is none
FOLDER = (ROOT if CHECKOUT else Path()) / "benchmarks"  # of what was measured
ONE_THREAD = {
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"),
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
ROWS = ("factorization", "quadratic", "mushrooms", "line", "jax", "scipy")  # functions of rows.py and others.py
# of scaling.py
CURVES = ("data", "line-data", "batch", "factorization-batch", "dimension", "line-dimension", "quadratic-dimension",
          "lanes", "quadratic-lanes", "steps", "polynomial-steps")  # fmt: skip
GROUPS = {"scaling": CURVES}
NAMES = (*ROWS, "scaling", *CURVES, "chapter5")
JAX = (
    "The rows against jaxopt and optax are searches of these libraries, jitted step by step: Python dispatches every "
    "step anew, and draws its batch. None of them is a walk that is compiled as a whole."
)
ELSEWHERE = "Measured elsewhere: [ijcnn1](IJCNN1.md), [on a GPU](GPU.md), [against an earlier commit](AGAINST.md)."


def environment() -> dict[str, str]:
    """This process's variables with one BLAS thread and BLAS's own choice of kernel."""
    return {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"} | ONE_THREAD


def settle() -> None:
    """Start a script again in that environment, where it has another."""
    if environment() != dict(os.environ):
        os.execve(sys.executable, sys.orig_argv, environment())


def main(only: Sequence[str] = (), quick: bool = False, out: Path | None = None) -> int:
    """Measure everything, or ``only`` what is named, and print it; the exit code of the measuring process.

    Everything is written to RESULTS.md and scaling.png of the folder ``out`` (None: benchmarks); a selection only
    where ``out`` is given, and nothing where ``quick``. Raises ``ValueError`` for an unknown name, quick with out, or a
    folder that cannot be written to.
    """
    for name in only:
        refuse_unknown("--only", name, NAMES)
    if quick and out:
        raise ValueError(f"out={str(out)!r} is not accepted beside quick, which only prints; accepted: one of the two")
    chosen = [name for part in only for name in GROUPS.get(part, (part,))] or [*ROWS, *CURVES, "chapter5"]
    if not quick and not only:
        out = out or Path("benchmarks")
    if out:
        writable_folder(out, "--out")
    target = None if out is None else str(out)
    task = f"from {__name__} import measure; measure({chosen!r}, {quick!r}, {target!r})"
    return subprocess.run([sys.executable, "-P", "-c", task], env=environment(), check=False).returncode


def measure(chosen: list[str], quick: bool, out: str | None) -> None:
    """What the measuring process does, in an ``environment`` of its own."""
    written: list[str] = []

    def say(text: str = "") -> None:
        print(text, flush=True)
        written.append(text)

    say("# Measured\n\nTimes per run and step (a line, a search: in all); ratios are medians. `run.py` says what is "
        f"compared.\n{ELSEWHERE}\n")  # fmt: skip
    for fact in (*machine(), *skipped(chosen)):
        say(f"- {fact}")
    compare([name for name in ROWS if name in chosen], quick, say)
    found = grow([name for name in CURVES if name in chosen], quick, say)
    if "chapter5" in chosen and not quick:  # minutes
        for text in chapter5():
            say(text)
    if out is not None:
        folder = Path(out)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "RESULTS.md").write_text("\n".join(written) + "\n", "utf-8")
        if found:
            from .draw import draw

            draw(found, folder / "scaling.png")


def compare(names: list[str], quick: bool, say) -> None:
    """Say the table of ratios."""
    if not names:
        return
    from . import others, rows
    from .measure import HEAD, markdown

    say("\n## Side by side\n")
    if "jax" in names:
        say(f"{JAX}\n")
    for text in HEAD:
        say(text)
    for name in names:
        for row in getattr(rows if hasattr(rows, name) else others, name)(quick):
            say(markdown(row))


def grow(names: list[str], quick: bool, say) -> list:
    """Say how costs grow, and return it."""
    if not names:
        return []
    from . import rates, scaling

    found = [scaling.measured(scaling.CURVES[name], quick) for name in names]
    say("\n## How costs grow\n")
    say("The slope of log time against log size over the largest sizes; bold where it misses the prediction by more "
        "than 10 %. A floor is what cannot be avoided: bytes moved at the rates below, or arithmetic where that takes "
        "longer; the calls of the interpreter are not in it.\n")  # fmt: skip
    if not quick:
        say("![Cost against size, with floors](scaling.png)\n")
    for text in (*scaling.summary(found), "", rates.described() + ".", "", *scaling.points(found)):
        say(text)
    return found


def source() -> str:
    """The commit of the checkout; elsewhere the version."""
    if not CHECKOUT:
        return f"toybox {__version__}"
    git = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    return f"Commit {subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip() or 'unknown'}"


def machine() -> list[str]:
    """What the numbers depend on: commit, processor, libraries, BLAS kernel."""
    import numpy  # noqa: F401 - its BLAS is what threadpoolctl shall see
    from threadpoolctl import threadpool_info

    cpu = Path("/proc/cpuinfo").read_text("utf-8").split("model name", 1)[-1] if Path("/proc/cpuinfo").exists() else ""
    name = cpu.split("\n", 1)[0].strip("\t :") or platform.processor() or platform.machine()
    versions = []
    for package in ("numpy", "scipy", "torch", "jax", "jaxopt", "optax"):
        try:
            versions.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            versions.append(f"no {package}")
    blas = {
        f"{i['internal_api']} {i['version']}, kernel {i.get('architecture', 'unknown')}, {i['num_threads']} thread"
        for i in threadpool_info()
        if i["user_api"] == "blas"
    }
    return [
        f"{source()}, {date.today()}",
        f"{name}, {os.cpu_count()} cores, {platform.system()}; Python {platform.python_version()}",
        f"{', '.join(versions)}; {'; '.join(sorted(blas))}",
    ]


def skipped(chosen: list[str]) -> Iterator[str]:
    """Which comparisons lack their library."""
    if {"factorization", "quadratic", "mushrooms"} & set(chosen):
        from .rows import NO_TORCH

        if NO_TORCH:
            yield f"Rows against torch closures skipped: {NO_TORCH}"
    if "jax" in chosen:
        from .others import NO_JAX

        if NO_JAX:
            yield f"Rows against jaxopt and optax skipped: {NO_JAX}"


def chapter5() -> list[str]:
    """The measurement of chapter 5 in a process of its own, as Markdown."""
    done = subprocess.run(
        [sys.executable, "-m", "toybox_benchmarks.chapter5"], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    plain, lines = (statistics.median(found[name]) for name in ("plain", "lines"))
    ratios = [a / b for a, b in zip(found["lines"], found["plain"], strict=True)]
    brute = found["brute"] * found["steps"]
    return [
        "",
        "## Chapter 5 at full size",
        "",
        f"mushrooms, float64: {found['steps']} steps of SGD, the full loss along each at 167 points (`chapter5.py`).",
        "",
        f"- plain run {plain:.1f} s; with its lines, K K included, {lines:.1f} s: ratio "
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} .. {max(ratios):.2f}; wanted: at most 5)",
        f"- by brute force {found['brute']:.2f} s a line (median of 20), scaled {brute:.0f} s: {brute / plain:.0f} "
        f"plain runs, {brute / lines:.0f} times the time with lines",
        f"- largest difference to the brute force on these 20 lines: {found['error']:.1e} of the largest change",
        f"- peak memory {found['peak'] / 1e9:.2f} GB (wanted: below 2)",
    ]
