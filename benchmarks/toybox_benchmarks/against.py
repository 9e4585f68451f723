"""The searches of this checkout against those of another one, side by side:

    python -m toybox_benchmarks.against OTHER

Both walk the same steps in turn, each in a process of its own; a ratio is that of the shortest times of ROUNDS. Writes
AGAINST.md beside RESULTS.md.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parents[2]
SEARCHES = ("sls", "sls-goldstein", "sls-polyak", "seg", "strong-wolfe", "golsi", "pal", "labpal-nsgd", "exact")
STEPS = {1: 100, 5: 80, 64: 15, 512: 5, 4096: 3}  # by lanes
PLACES = {  # problem, options, batch, lanes, steps are STEPS over
    "factorization": ({"rank": 4}, 10, (1, 5, 64, 512), 1),
    "mushrooms": ({}, 100, (1, 5), 5),
    "quadratic": ({}, 10, (1, 5, 64, 512, 4096), 1),
}
ROUNDS = 4
WALK = """
import json, sys, time
import toybox as tb
made = {}
for line in sys.stdin:
    place, options, batch, name, lanes, steps = json.loads(line)
    if place not in made:
        made = {place: tb.problem(place, **options)}
    start = time.process_time()
    tb.run(made[place], tb.method(name), steps=steps, batch=batch, seeds=range(lanes), every=None)
    print(time.process_time() - start, flush=True)
"""


class Checkout:
    """A process that walks with the package of a checkout."""

    def __init__(self, folder: Path):
        threads = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}
        environment = os.environ | threads | {"PYTHONPATH": str(folder)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", WALK], env=environment, cwd=folder, stdin=-1, stdout=-1, text=True
        )

    def seconds(self, case: list) -> float:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(case) + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


def commit(folder: Path) -> str:
    shown = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=folder, capture_output=True, text=True)
    return shown.stdout.strip()


def main(other: str) -> None:
    checkouts = [Checkout(HERE), Checkout(Path(other).resolve())]
    ratios: dict[str, dict[tuple[str, int], tuple[float, float]]] = {name: {} for name in SEARCHES}
    for place, (options, batch, lanes, shorter) in PLACES.items():
        for many in lanes:
            steps = max(3, STEPS[many] // shorter)
            for name in SEARCHES:
                case = [place, options, batch, name, many, steps]
                for checkout in checkouts:
                    checkout.seconds([*case[:5], 2])
                rounds = [[checkout.seconds(case) for checkout in checkouts] for _ in range(ROUNDS)]
                mine, theirs = (min(column) for column in zip(*rounds, strict=True))
                ratios[name][place, many] = mine / theirs, 1e6 * mine / steps
                print(place, many, name, f"{mine / theirs:.2f}", flush=True)
    columns = [(place, many) for place, (_, _, lanes, _) in PLACES.items() for many in lanes]
    lines = [
        "# Searches against an earlier commit",
        "",
        f"Processor time of whole runs of commit {commit(HERE)} over that of commit {commit(Path(other))}, by lanes; "
        f"in brackets the microseconds of a step of all lanes. The shortest of {ROUNDS} runs each, in turn.",
        "",
        "| method | " + " | ".join(f"{place}, {many}" for place, many in columns) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for name, found in ratios.items():
        cells = [f"{found[column][0]:.2f} ({found[column][1]:.0f})" for column in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    both = [found[place, many][0] for found in ratios.values() for place, many in columns if place != "quadratic"]
    wide = [found["quadratic", 4096][0] for found in ratios.values()]
    lines += [
        "",
        f"Factorization and mushrooms: median {statistics.median(both):.2f} (allowed 1.3), most {max(both):.2f} "
        f"(allowed 2). Quadratic with 4,096 lanes: most {max(wide):.2f} (allowed 2).",
    ]
    (HERE / "benchmarks" / "AGAINST.md").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
