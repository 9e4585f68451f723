"""The measurement of chapter 5 at full size on mushrooms: 10,000 steps of SGD, the full loss along every one of them.

    python -m toybox_benchmarks.chapter5 [STEPS] [REPEATS]

Prints one JSON object: seconds of the plain run and of the run with its lines (K K included), in turn; seconds that
the brute force (a full-batch evaluation at every one of 167 points) takes for one line, the median of 20; the largest
relative difference between the two along these; and the peak memory of this process.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

import toybox as tb
from toybox.analysis import sample, watch

BATCH, RATE, WINDOW, POINTS, BRUTE = 100, 30.0, (-0.5, 0.5), 167, 20


def most_memory() -> int:
    """The most bytes this process had; ru_maxrss would begin with those of the one that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * int(status.read_text("utf-8").split("VmHWM:")[1].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(steps: int = 10_000, repeats: int = 3) -> None:
    seconds: dict[str, list[float]] = {"plain": [], "lines": []}
    optimizer, lines = tb.method("sgd", rate=RATE), None
    problem = tb.problem("mushrooms")
    tb.run(problem, optimizer, steps=20, batch=BATCH, every=None)  # warms up
    for _ in range(repeats):
        began = time.process_time()
        tb.run(problem, optimizer, steps=steps, batch=BATCH, every=None)
        seconds["plain"].append(time.process_time() - began)
        problem.__dict__.pop("square", None)  # what is computed once counts every time
        began = time.process_time()
        lines = sample(problem, optimizer, steps=steps, batch=BATCH, window=WINDOW, points=POINTS)
        seconds["lines"].append(time.process_time() - began)
    peak = most_memory()
    brute, errors = [], []
    for t in np.linspace(0, min(steps - 1, 200), BRUTE).astype(int):  # every one needs the run up to there again
        ray = watch(problem, optimizer, int(t), batch=BATCH).ray
        began = time.process_time()
        unit = ray.d / ray.norm[..., None]
        losses = [problem.at(ray.origin.theta + s * unit, problem.population).value[0] for s in lines.s]
        brute.append(time.process_time() - began)
        change = np.array(losses) - problem.at(ray.origin.theta, problem.population).value[0]
        errors.append(np.abs(change - lines.full[t, 0]).max() / np.abs(change).max())
    print(json.dumps(seconds | {
        "steps": steps, "converged": float(lines.converged.mean()), "minima": float(np.isfinite(lines.optimum).mean()),
        "brute": float(np.median(brute)), "error": max(errors), "peak": peak,
    }))  # fmt: skip


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
