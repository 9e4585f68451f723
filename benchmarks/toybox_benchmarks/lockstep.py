"""What it saves that methods walk together, against the same runs one by one, here and in another checkout:

    python -m toybox_benchmarks.lockstep OTHER

OTHER: a folder with the packages toybox and toybox_figures of that checkout. All methods together, all of them one by
one, and the same without those that need more than a batch for a step; then `toybox figure F1 F2 F3` from an empty
store.
Processor time; everything takes turns. Writes LOCKSTEP.md beside RESULTS.md.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from .against import HERE, commit

ROUNDS = 3
PLACES = {  # problem, options, steps, seeds, every: as in F1 and F2
    "factorization, rank 4": ("factorization", {"rank": 4}, 400, 5, 5),
    "mushrooms, float32": ("mushrooms", {"dtype": "float32"}, 280, 1, 20),
}
DEAR = ("exact-full", "fbpal", "pls")
WALK = """
import json, sys, time
import toybox as tb
made = {}
for line in sys.stdin:
    place, options, steps, seeds, every, names, together = json.loads(line)
    if place not in made:
        made = {place: tb.problem(place, **options)}
    methods = {name: tb.method(name) for name in names}
    options = {"steps": steps, "batch": 100, "seeds": range(seeds), "every": every}
    began = time.process_time()
    for one in [methods] if together else methods.values():
        tb.run(made[place], one, **options)
    print(time.process_time() - began, flush=True)
"""
FIGURES = "import sys; from toybox.cli import main; raise SystemExit(main(sys.argv[1:]))"


def environment(folder: Path) -> dict[str, str]:
    threads = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}
    return os.environ | threads | {"PYTHONPATH": f"{folder}{os.pathsep}{folder / 'figures'}"}


class Checkout:
    """A process that walks with the packages of a folder."""

    def __init__(self, folder: Path):
        self.folder, command = folder, [sys.executable, "-c", WALK]
        self.process = subprocess.Popen(command, env=environment(folder), cwd=folder, stdin=-1, stdout=-1, text=True)

    def seconds(self, *case) -> float:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(case) + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def figures(self) -> float:
        """Processor seconds of the three main figures from an empty store, all processes together."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with tempfile.TemporaryDirectory() as empty:
            command = [sys.executable, "-c", FIGURES, "figure", "F1", "F2", "F3", "--out", empty, "--store", empty]
            subprocess.run(command, env=environment(self.folder), cwd=empty, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(other: str) -> None:
    from toybox.zoo import METHODS

    here, there = Checkout(HERE), Checkout(Path(other))
    lines = [
        "# Methods that walk together",
        "",
        f"Processor seconds of commit {commit(HERE)}, the methods together and one by one, and of commit "
        f"{commit((there.folder / 'toybox').resolve().parent)}, one by one: the shortest of {ROUNDS} turns. Batches of "
        f"100. Few: without {', '.join(DEAR)}.",
        "",
        "| | methods | together | one by one | ratio | one by one, then | ratio |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for title, place in PLACES.items():
        for many, names in (("all", [*METHODS]), ("few", [name for name in METHODS if name not in DEAR])):
            turns = [
                (here.seconds(*place, names, True), here.seconds(*place, names, False), there.seconds(*place, names, 0))
                for _ in range(ROUNDS)
            ]
            together, alone, then = (min(column) for column in zip(*turns, strict=True))
            ratios = together / alone, together / then
            lines.append(
                f"| {title}, {many} | {len(names)} | {together:.2f} | {alone:.2f} | {ratios[0]:.2f} | {then:.2f} | "
                f"{ratios[1]:.2f} |"
            )
            print(lines[-1], flush=True)
    mine, theirs = here.figures(), there.figures()
    lines.append(f"| `toybox figure F1 F2 F3` | | {mine:.0f} | | | {theirs:.0f} | {mine / theirs:.2f} |")
    print(lines[-1], flush=True)
    (HERE / "benchmarks" / "LOCKSTEP.md").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
