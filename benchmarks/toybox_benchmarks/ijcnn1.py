"""ijcnn1 at its published size: 39,992 training rows, whose kernel matrix takes 6.4 GB in float32.

    python -m toybox_benchmarks.ijcnn1 [FOLDER]

SLS with seeds 0, 1, 2 and one run each of PAL, Adam and COCOB (the settings of figure F2): 14,000 steps on batches of
100, the full loss and the test accuracy once per epoch. Each run leaves a JSON file in FOLDER (default:
results/ijcnn1), so that the same command resumes after a kill; then IJCNN1.md is written. It says also what building
the kernel costs, and a step against what no implementation can avoid: the gather of the batch's rows of K and three
products with them.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import toybox as tb
from toybox.spec import code_digest

from .chapter5 import most_memory
from .measure import interleaved, walk
from .run import FOLDER, machine, settle

PROBLEM = {"part": "full", "dtype": "float32"}
RUNS = [
    *(("sls", {"gamma": 1.5}, seed) for seed in (0, 1, 2)),
    *((method, {}, 0) for method in ("pal", "adam", "cocob")),
]
STEPS, BATCH, EPOCH = 14_000, 100, 399
PUBLISHED = {"sls": 0.0084, "adam": 0.205, "cocob": 0.032}  # final losses of Vaswani et al. 2019
REPEATS, MANY = 15, 100


def built() -> tuple[Any, dict[str, float]]:
    """The problem with both of its kernels, and what they cost."""
    began = time.process_time()
    problem = tb.problem("ijcnn1", **PROBLEM)
    problem.accuracy(problem.initial([0]))
    return problem, {"build": time.process_time() - began, "kept": problem.bytes}


def price(problem: Any) -> dict[str, list[float]]:
    """Seconds of the processor for a step of SLS and for its floor, in turn, by repetition."""
    K, (theta, d), rng = problem._K, problem.initial([0, 1]), np.random.default_rng(0)
    v, method = np.ones(BATCH, K.dtype), tb.method("sls", gamma=1.5)

    def floor() -> None:
        for _ in range(MANY):
            rows = K.take(rng.integers(0, problem.size, BATCH), axis=0)
            rows @ theta, v @ rows, rows @ d

    cost = interleaved(REPEATS, {"floor": floor, "step": partial(walk, problem, method, MANY, BATCH)})
    return {name: (seconds / MANY).tolist() for name, seconds in cost.items()}


def walked(problem: Any, method: str, hyper: dict[str, float], seed: int) -> dict[str, Any]:
    """One run, and where it ended."""
    wall, began = time.perf_counter(), time.process_time()
    trace = tb.run(problem, tb.method(method, **hyper), steps=STEPS, batch=BATCH, seeds=[seed], every=EPOCH)
    return {
        "processor": time.process_time() - began,
        "wall": time.perf_counter() - wall,
        "loss": float(trace.full_loss[-1, 0]),
        "accuracy": float(trace.test_accuracy[-1, 0]),
        "peak": most_memory(),
    }


def report(runs: list[dict[str, Any]], cost: dict[str, Any]) -> str:
    sls = [run for run in runs if run["method"] == "sls"]
    loss, accuracy = (statistics.median(run[name] for run in sls) for name in ("loss", "accuracy"))
    least, most = min(run["accuracy"] for run in sls), max(run["peak"] for run in [*runs, cost])
    ratios = np.quantile(np.array(cost["step"]) / np.array(cost["floor"]), (0.25, 0.5, 0.75))
    verdict = lambda good: "met" if good else "**missed**"
    rows = []
    for run in runs:
        hyper = "".join(f", {name} {value:g}" for name, value in run["hyper"].items())
        rows.append(
            f"| {run['method']}{hyper} | {run['seed']} | {run['loss']:.4g} | {PUBLISHED.get(run['method'], '')} | "
            f"{100 * run['accuracy']:.2f} | {run['processor']:.0f} | {run['wall']:.0f} | {run['peak'] / 1e9:.2f} |"
        )
    step, kernels = 1e3 * statistics.median(cost["step"]), cost["kept"] / 1e9
    return f"""# ijcnn1 at its published size

39,992 training rows (80 % of all 49,990, shuffled split), sigma .05, float32, batches of 100; 14,000 steps, the full
loss and the test accuracy once per epoch (`ijcnn1.py`). One thread. Memory: the most that the process had. Published:
Vaswani et al. 2019.

{"".join(f"- {fact}{chr(10)}" for fact in cost["machine"])}
| method | seed | final full loss | published | test accuracy in % | processor s | wall s | memory in GB |
|---|--:|--:|--:|--:|--:|--:|--:|
{chr(10).join(rows)}

- SLS, median final loss {loss:.4g}; wanted: at most 1.3 x .0084 = .01092: {verdict(loss <= 1.3 * 0.0084)}
- SLS, test accuracy at least {100 * least:.2f} %, median {100 * accuracy:.2f}; wanted: 97.5: {verdict(least >= 0.975)}
- memory {most / 1e9:.2f} GB, {kernels:.2f} of them the two kernels; wanted: less than 9: {verdict(most < 9e9)}
- building the kernels of training and test rows: {cost["build"]:.0f} s of the processor
- a step of SLS: {step:.2f} ms of the processor; {ratios[1]:.2f} times the gather of its rows and three products with
  them (quartiles {ratios[0]:.2f} .. {ratios[2]:.2f} of {REPEATS} repetitions)
"""


def main(folder: str = "results/ijcnn1") -> None:
    place, problem = Path(folder), None
    place.mkdir(parents=True, exist_ok=True)

    def kept(name: str, compute) -> dict[str, Any]:
        """What a file of the folder says; written first where it is missing or of other code."""
        nonlocal problem
        path = place / f"{name}-{code_digest()[:12]}.json"
        if not path.exists():
            problem = problem or built()
            part = path.with_suffix(".part")
            part.write_text(json.dumps(compute(*problem)), "utf-8")
            part.rename(path)
        found = json.loads(path.read_text("utf-8"))
        print(path.name, {k: v for k, v in found.items() if isinstance(v, float)}, flush=True)
        return found

    runs = [
        {"method": m, "hyper": hyper, "seed": seed}
        | kept(f"{m}-{seed}", lambda problem, _, chosen=(m, hyper, seed): walked(problem, *chosen))
        for m, hyper, seed in RUNS
    ]
    cost = kept("cost", lambda problem, built: built | price(problem) | {"machine": machine(), "peak": most_memory()})
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "IJCNN1.md").write_text(report(runs, cost), "utf-8")


if __name__ == "__main__":
    settle()
    main(*sys.argv[1:])
