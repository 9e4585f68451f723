"""Does a test notice a mistake? The mistakes of mutants.py, one at a time, each in a copy of its own.

    python tests/mutations/mutate.py                                # all of them
    python tests/mutations/mutate.py armijo-carries-first --all     # one, with and without the reference data
    python tests/mutations/mutate.py golsi-state --tests tests/laws # what else would notice?

Says of each: killed (a test failed), survived (all passed), did not apply, or no verdict (no test ran). Exit code 0 if
all were killed, 1 if not, 2 where nothing was tried: tests that fail without any mistake would kill everything.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from mutants import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
SHARED = ("TOYBOX_SHARED", "TOYBOX_DATA")
LEFT_BEHIND = shutil.ignore_patterns(".*", "out", "results", "dist")
CLAIMS = "claims "  # before ids of claims; without it, tests are arguments of pytest


class Stale(ValueError):
    """A mutant's text is not what its file says."""


def mutated(mutant: Mutant, root: Path = ROOT) -> str:
    """The text of the mutant's file with its mistake. Raises ``Stale`` where it does not apply."""
    text = (root / mutant.file).read_text("utf-8")
    for old, new in mutant.changes:
        if text.count(old) != 1:
            raise Stale(f"{old!r} stands {text.count(old)} times in {mutant.file}; accepted: once")
        text = text.replace(old, new)
    compile(text, mutant.file, "exec")
    return text


def environment(copy: Path, shared: bool) -> dict[str, str]:
    """Of a process that imports what is in the copy and draws the same examples every time."""
    given = {name: value for name, value in os.environ.items() if shared or name not in SHARED}
    path = os.pathsep.join(map(str, (copy, copy / "figures", copy / "benchmarks")))
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return given | threads | {"PYTHONPATH": path, "HYPOTHESIS_PROFILE": "ci"}


def outcome(mutant: Mutant | None, tests: str, shared: bool = True) -> tuple[str, str]:
    """How tests end in a copy of the project with this mistake (None: without any), and what they print."""
    tool = "proofs_check --jobs 1 --only" if tests.startswith(CLAIMS) else "pytest -x -p no:cacheprovider"
    command = [sys.executable, "-m", *shlex.split(f"{tool} {tests.removeprefix(CLAIMS)}")]
    with TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder, "copy")
        shutil.copytree(ROOT, copy, ignore=LEFT_BEHIND)
        if mutant:
            try:
                (copy / mutant.file).write_text(mutated(mutant), "utf-8")
            except Stale as stale:
                return "did not apply", str(stale)
        options = {"cwd": copy, "env": environment(copy, shared), "capture_output": True, "text": True}
        done = subprocess.run(command, check=False, **options)
    return {0: "survived", 1: "killed"}.get(done.returncode, "no verdict"), done.stdout + done.stderr


def together(selections: Iterable[str]) -> list[str]:
    """The same tests in two selections at most: all claims, and all that pytest runs."""
    claims = {id for tests in selections if tests.startswith(CLAIMS) for id in tests.split()[1:]}
    others = {name: None for tests in selections if not tests.startswith(CLAIMS) for name in shlex.split(tests)}
    return [CLAIMS + " ".join(sorted(claims))] * bool(claims) + [shlex.join(others)] * bool(others)


def tried(selections: dict[str, str], shared: bool, jobs: int) -> int:
    """Try the named mutants on these tests, and say how each ended."""
    title = "with" if shared else "without"
    with ThreadPoolExecutor(jobs) as pool:
        for end, said in pool.map(partial(outcome, None, shared=shared), together(selections.values())):
            if end != "survived":
                print(said, f"these tests fail {title} reference data, without any mistake", sep="\n")
                return 2
        ends = pool.map(lambda name: outcome(MUTANTS[name], selections[name], shared), selections)
        survivors = []
        for name, (end, said) in zip(selections, ends, strict=True):
            failed = next((line for line in said.splitlines() if line.startswith("FAILED ")), "")
            print(f"{end:13}  {title:7}  {name:31}  {failed}", flush=True)
            if end not in ("killed", "survived"):
                print(said)
            survivors += [name] * (end != "killed")
    print(f"{title} reference data: {len(selections) - len(survivors)} of {len(selections)} mutants killed")
    return int(bool(survivors))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="of mutants; default: all")
    parser.add_argument("--without-shared", action="store_true", help=f"unset {' and '.join(SHARED)}")
    parser.add_argument("--all", action="store_true", help="with and without")
    parser.add_argument(
        "--tests", help="what to run instead of each mutant's own: arguments of pytest, or claims ID ..."
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one per core)")
    given = parser.parse_args(arguments)
    for name in given.names:
        if name not in MUTANTS:
            parser.error(f"mutant {name!r} is unknown; accepted: {', '.join(MUTANTS)}")
    selections = {name: given.tests or MUTANTS[name].tests for name in given.names or MUTANTS}
    ways = [True, False] if given.all else [not given.without_shared]
    return max(tried(selections, shared, given.jobs) for shared in ways)


if __name__ == "__main__":
    sys.exit(main())
