"""Measure this machine: ``.venv/bin/python benchmarks/run.py [--quick]`` (``make bench``), by hand, never in the tests.

What is compared runs in turn in one process with one BLAS thread, so that only ratios count; each is the median of
several repetitions, with the quartiles. Baselines: (a) ``straight.py``, the rules as plain NumPy loops; (b)
``closures.py``, the same as PyTorch optimizers with ``step(closure)``; (c) for a step on a kernel problem the part that
no implementation can avoid, the gather of the batch's rows of K and three products with them; (d) for a full-batch line
at 167 points, from theta and d, one full-batch loss from theta. A step of 64 lanes is counted per run.

The table is printed and written to ``RESULTS.md``; with --quick (few repetitions) it is only printed.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from datetime import date
from importlib import metadata
from itertools import chain
from pathlib import Path

HERE = Path(__file__).parent
ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)


def settle() -> None:
    """Start again with one BLAS thread and BLAS's own choice of kernel, where the environment says otherwise."""
    wanted = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"} | ONE_THREAD
    if wanted != dict(os.environ):
        os.execve(sys.executable, sys.orig_argv, wanted)


def machine() -> list[str]:
    """What the numbers depend on: commit, processor, libraries, BLAS kernel."""
    from threadpoolctl import threadpool_info

    git = ["git", "-C", str(HERE), "describe", "--always", "--dirty", "--abbrev=12"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip() or "unknown"
    cpu = Path("/proc/cpuinfo").read_text().split("model name", 1)[-1] if Path("/proc/cpuinfo").exists() else ""
    name = cpu.split("\n", 1)[0].strip("\t :") or platform.processor() or platform.machine()
    versions = []
    for package in ("numpy", "scipy", "torch"):
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
        f"Commit {commit}, {date.today()}",
        f"{name}, {os.cpu_count()} cores, {platform.system()}; Python {platform.python_version()}",
        f"{', '.join(versions)}; {'; '.join(sorted(blas))}",
    ]


def chapter5() -> list[str]:
    """The measurement of chapter 5 in a process of its own, as Markdown."""
    done = subprocess.run([sys.executable, HERE / "chapter5.py"], capture_output=True, text=True, check=True)
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


def main(quick: bool) -> None:
    import measure

    repeats, many = (5, 100) if quick else (15, 300)
    rows = chain(
        *(measure.steps(name, repeats, many) for name in ("factorization", "quadratic")),
        *(measure.kernel(dtype, repeats, many // 3) for dtype in ("float64", "float32")),
    )
    facts = [*machine(), *([] if measure.closures else [f"Closure-style baselines skipped: {measure.NO_TORCH}"])]
    head = ["| measured | µs | against | ratio | quartiles | at most |", "|---|--:|---|--:|--:|--:|"]
    lines = []
    for line in chain(["# Measured", "", *(f"- {fact}" for fact in facts), "", *head], map(measure.markdown, rows)):
        print(line, flush=True)
        lines.append(line)
    if not quick:
        about = "Times per run and step (a line: in all); ratios are medians. `run.py` says what is compared."
        lines[2:2] = [about, ""]
        lines += chapter5()
        (HERE / "RESULTS.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    settle()
    main(quick="--quick" in sys.argv[1:])
