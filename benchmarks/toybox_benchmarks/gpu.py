"""Everything that needs a device, in one command of a few minutes: ``make gpu-check``, into GPU.md.

    python -m toybox_benchmarks.gpu [--small] [--out FILE]

First, in a checkout, the tests that are marked ``cupy``, all pairs of methods and problems among them; then times on
the device beside NumPy's on the same machine, in turn. Nothing here waits for the device inside a run, so a time is
that of a whole run, up to the arrival of its results. A part that fails is written down as failed, and the others go
on. ``--small`` shrinks everything, for a try on an emulated device, whose times mean nothing.
"""

# ruff: noqa: B023 - a piece is timed where it is written, before its loop goes on
from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import toybox as tb
from toybox.xp import BackendError, Namespace, namespace, wheels_of_cupy

from .run import CHECKOUT, FOLDER, ROOT, machine

REPEATS, POINTS = 5, 167
HEAD = ["| measured | device, µs | against | its µs | ratio | quartiles |", "|---|--:|---|--:|--:|--:|"]


class Sizes(NamedTuple):
    """How much is measured."""

    steps: int = 200
    lanes: tuple[int, ...] = (1, 64, 1024, 16384)
    rows: int | None = None  # of mushrooms; None: all
    large: int = 39_992  # rows of a kernel in float32
    stretch: int = 1 << 28  # bytes of the array whose copying gives the device's rate


SMALL = Sizes(steps=3, lanes=(1, 8), rows=200, large=300, stretch=1 << 16)


def waiting(xp: Namespace, piece: Callable[[], Any]) -> float:
    """Seconds until everything that a piece asks of the device is done."""
    xp.module.cuda.Device().synchronize()
    began = time.perf_counter()
    piece()
    xp.module.cuda.Device().synchronize()
    return time.perf_counter() - began


def row(xp: Namespace, what: str, piece: Callable, against: str, other: Callable, per: int = 1, of: int = 1) -> str:
    """A line of the table: the two pieces in turn, per unit of each, after a first round that compiles."""
    pairs = [(waiting(xp, piece) / per, waiting(xp, other) / of) for _ in range(REPEATS + 1)][1:]
    ours, theirs = (1e6 * np.array(column) for column in zip(*pairs, strict=True))
    low, middle, high = np.quantile(ours / theirs, (0.25, 0.5, 0.75))
    times = f"{np.median(ours):.1f} | {against} | {np.median(theirs):.1f}"
    return f"| {what} | {times} | {middle:.3g} | {low:.3g} .. {high:.3g} |"


def steps(xp: Namespace, sizes: Sizes) -> Iterator[str]:
    """Runs in lanes, per run and step, against NumPy's; of many lanes fewer steps."""
    cases: dict[str, tuple[int, dict]] = {
        "factorization": (100, {"rank": 4}),
        "quadratic": (10, {"dim": 10, "size": 100}),
        "mushrooms": (100, {"dtype": "float32", "rows": sizes.rows}),
    }
    for name, (batch, options) in cases.items():
        ours, host = (tb.problem(name, backend=backend, **options) for backend in ("cupy", "numpy"))
        batch = min(batch, host.size)
        for method in ("sls", "pal"):
            for lanes in [n for n in sizes.lanes if name != "mushrooms" or n <= 64]:
                many = max(3, sizes.steps // max(1, lanes // 64))
                walk = lambda place: tb.run(
                    place, tb.method(method), steps=many, batch=batch, seeds=range(lanes), every=None
                )
                what = f"{name}, {method.upper()}, {lanes} lane{'s' * (lanes > 1)}"
                units = many * lanes
                yield row(xp, what, lambda: walk(ours), "NumPy", lambda: walk(host), units, units)


def floors(xp: Namespace, sizes: Sizes) -> Iterator[str]:
    """A step on kernel rows against what it cannot avoid on the device: the gather and three products."""
    for dtype in ("float64", "float32"):
        problem = tb.problem("mushrooms", backend="cupy", dtype=dtype, rows=sizes.rows)
        batch, many = min(100, problem.size), sizes.steps
        K, theta, v = problem._K, problem.initial([0])[0], xp.ones(batch, dtype=problem.dtype)
        index = xp.asarray(problem.draw(np.zeros(1, np.int64), 0, 0, batch))[0]

        def unavoidable(K=K, theta=theta, v=v, index=index, many=many) -> None:
            for _ in range(many):
                rows = xp.take_rows(K, index)
                rows @ theta, v @ rows, rows @ theta

        walk = lambda: tb.run(problem, tb.method("pal"), steps=many, batch=batch, every=None)
        yield row(xp, f"mushrooms {dtype}, PAL", walk, "gather + three products", unavoidable, many, many)


def lines(xp: Namespace, sizes: Sizes) -> Iterator[str]:
    """Full-batch lines: one launch against the arrays' operations, and 167 points against one loss."""
    for dtype in ("float64", "float32"):
        problem = tb.problem("mushrooms", backend="cupy", dtype=dtype, rows=sizes.rows)
        theta, whole = problem.initial([0]), problem.population
        d = -problem.at(theta, whole).gradient
        line = problem.at(theta, whole).along(d)
        plain = problem.at(theta, whole).along(d)
        plain.fused = None
        for count in (1, 16, POINTS):
            s = xp.asarray(np.linspace(0, 1, count)[None], dtype=problem.dtype)
            for question in ("change", "slope"):
                what = f"mushrooms {dtype}, {question} of a full line at {count}"
                ask = lambda of: getattr(of, question)(s)
                yield row(xp, what, lambda: ask(line), "without the kernel", lambda: ask(plain))
        s = xp.asarray(np.linspace(0, 1, POINTS)[None], dtype=problem.dtype)
        yield row(
            xp,
            f"mushrooms {dtype}, full line at {POINTS}, from theta and d",
            lambda: problem.at(theta, whole).along(d).change(s),
            "one full loss",
            lambda: problem.at(theta, whole).value,
        )


def large(xp: Namespace, sizes: Sizes) -> Iterator[str]:
    """A kernel of ijcnn1's published size (22 features, random numbers), against the bytes that have to be moved."""
    n, batch, rng, source = sizes.large, min(100, sizes.large), np.random.default_rng(0), xp.ones(sizes.stretch // 8)
    rate = 2 * sizes.stretch / min(waiting(xp, lambda: source + 0.0) for _ in range(REPEATS))  # read and written
    X, y, made = rng.standard_normal((n, 22)), np.arange(n) % 2, []

    def build() -> None:
        made.append(tb.problems.KernelClassifier(X, y, 3.0, dtype="float32", backend="cupy", storage="full"))
        made[0]._K  # noqa: B018 - computed on first use

    def against(what: str, seconds: float, floor: str, moved: float) -> str:
        ratio = seconds * rate / moved
        return f"| {what} | {1e6 * seconds:.0f} | {floor} | {1e6 * moved / rate:.0f} | {ratio:.3g} | |"

    median = lambda piece: float(np.median([waiting(xp, piece) for _ in range(REPEATS + 1)][1:]))
    seconds, K = waiting(xp, build), 4 * n * n
    yield against(f"kernel of {n} rows in float32, built once", seconds, f"writing K at {rate / 1e9:.0f} GB/s", K)
    (problem,) = made
    theta, whole = problem.initial([0]), problem.population
    yield against(f"full loss of {n} rows", median(lambda: problem.at(theta, whole).value), "reading K", K)
    walk = lambda: tb.run(problem, tb.method("sls", gamma=1.5), steps=sizes.steps, batch=batch, every=None)
    floor = "gather and three products, a share of two full losses"
    moved = 5 * batch * n * 4 + 2 * K / sizes.steps
    yield against(f"SLS on {n} rows, per step", median(walk) / sizes.steps, floor, moved)
    held = xp.module.get_default_memory_pool().total_bytes()
    yield f"| held on the device in the end: {held / 1e9:.2f} GB, K {K / 1e9:.2f} GB | | | | | |"


def device(xp: Namespace) -> str:
    """The card, its memory, and the versions of CUDA."""
    runtime = xp.module.cuda.runtime
    about = runtime.getDeviceProperties(0)
    name = about["name"].decode() if isinstance(about["name"], bytes) else about["name"]
    return (
        f"{name}, {about['totalGlobalMem'] / 2**30:.0f} GiB; {', '.join(wheels_of_cupy())}, CUDA "
        f"{runtime.runtimeGetVersion() / 1000:g}, driver {runtime.driverGetVersion() / 1000:g}"
    )


def tests() -> str:
    """The tests marked ``cupy``, in a process of their own: pytest's summary, and what failed."""
    command = [sys.executable, "-m", "pytest", "-m", "cupy", "-p", "no:cacheprovider", "tests"]
    place = os.environ | {"TOYBOX_CUPY": "all", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=place, capture_output=True, text=True, check=False)
    told = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("FAILED", "ERROR"))]
    last = next((line.strip("= ") for line in reversed(done.stdout.splitlines()) if line.strip()), "no output")
    return "\n".join([f"Tests: {last} (exit code {done.returncode})", *(f"- {line}" for line in told)])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check and measure what needs a CUDA device.")
    parser.add_argument("--small", action="store_true", help="everything small, without the tests: a try")
    parser.add_argument("--out", type=Path, default=FOLDER / "GPU.md", help="the file to write (default: %(default)s)")
    chosen = parser.parse_args(arguments)
    try:
        xp = namespace("cupy")
    except BackendError as missing:
        print(f"gpu-check: {missing}; nothing was measured, {chosen.out} is as it was", file=sys.stderr)
        return 2
    return check(xp, SMALL if chosen.small else Sizes(), chosen.out, with_tests=CHECKOUT and not chosen.small)


def check(xp: Namespace, sizes: Sizes, out: Path, with_tests: bool) -> int:
    """Run every part, print and write what it found; 0 where nothing failed."""
    out.parent.mkdir(parents=True, exist_ok=True)
    written, failed = ["# On a device", ""], False

    def say(text: str) -> None:
        print(text, flush=True)
        written.append(text)
        out.write_text("\n".join(written) + "\n", "utf-8")  # at once: what was measured stays, whatever comes

    for fact in (*machine(), device(xp)):
        say(f"- {fact}")
    say("\n" + (found := tests()) + "\n" if with_tests else "")
    failed = with_tests and "(exit code 0)" not in found
    say("Medians of five; steps per run and step. Ratios below 1: the device is faster.\n")
    say("\n".join(HEAD))
    for part in (steps, floors, lines, large):
        try:
            for line in part(xp, sizes):
                say(line)
        except Exception as error:
            failed = True
            say(f"| {part.__name__} failed: {type(error).__name__}: {' '.join(str(error).split())[:300]} | | | | | |")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
