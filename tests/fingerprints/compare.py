"""Two checkouts of the package take the same steps, to the last bit:

    python tests/fingerprints/compare.py OTHER [--problems quadratic mushrooms] [--methods sls pal]

Every method and variant walks 30 steps with 3 seeds, and with one of its numbers as two lanes, on a quadratic, a
factorization and logistic regression (and, if told so, 8 steps on mushrooms); iterates, steps, statuses, losses, costs
of both are compared in both dtypes. Prints what differs, and where first. Exit code 0 if nothing does, else 1.
"""

import argparse
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parents[2]
PROBLEMS = {"quadratic": {}, "factorization": {"rank": 4}, "logistic": {}, "mushrooms": {}}
WALK = """
import json, pickle, sys
import numpy as np
import toybox as tb
cases = json.load(sys.stdin)
made = {}
for place, options, name, hyper, dtype in cases:
    key = json.dumps([place, options, dtype])
    if key not in made:
        made = {key: tb.problem(place, dtype=dtype, **options)}
    hyper = {k: np.array(v) if isinstance(v, list) else v for k, v in hyper.items()}
    steps, seeds = (8, [1]) if place == "mushrooms" else (30, [1, 2, 3])
    trace = tb.run(made[key], tb.method(name, **hyper), steps=steps, batch=10, seeds=seeds, every=None)
    row = {k: getattr(trace, k) for k in ("theta", "loss", "size", "arc", "status", "trials")}
    pickle.dump(row | dict(trace.counts), sys.stdout.buffer)
"""


def cases(places, methods):
    """(problem, its options, method, its options, dtype); methods: None for all."""
    sys.path.append(str(HERE / "tests" / "laws"))
    from zoo_cases import VARIANTS, numbers

    chosen = [(name, options) for name, options in VARIANTS if not methods or name in methods]
    for place in places:
        for dtype in ("float64", "float32"):
            for name, options in chosen:
                yield place, PROBLEMS[place], name, options, dtype
                if not options and place != "mushrooms":
                    for hyper, values in list(numbers(name).items())[:3]:
                        yield place, PROBLEMS[place], name, {hyper: values}, dtype


def walks(checkout, listed):
    """The results of all cases, by the package of a checkout."""
    environment = os.environ | {"PYTHONPATH": str(checkout), "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen([sys.executable, "-c", WALK], env=environment, stdin=-1, stdout=-1, cwd=checkout) as process:
        process.stdin.write(json.dumps(listed).encode())
        process.stdin.close()
        for _ in listed:
            yield pickle.load(process.stdout)


def first_difference(a, b):
    """What differs, and at which step first; "" for nothing."""
    said = []
    for name in a:
        same = (a[name] == b[name]) | ((a[name] != a[name]) & (b[name] != b[name]))
        if not same.all():
            at = "" if name == "theta" else f" from step {np.argwhere(~same)[0][0]} on"
            said.append(name + at)
    return ", ".join(said)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path, help="folder of the other checkout")
    usual = [place for place in PROBLEMS if place != "mushrooms"]
    parser.add_argument(
        "--problems", nargs="+", choices=PROBLEMS, default=usual, metavar="NAME", help="default: %(default)s"
    )
    parser.add_argument("--methods", nargs="+", metavar="NAME", help="default: all")
    given = parser.parse_args(arguments)
    listed = list(cases(given.problems, given.methods))
    if not listed:
        parser.error(f"no method is one of {given.methods}; accepted: names that `toybox list methods` knows")
    differing = 0
    for case, mine, theirs in zip(listed, walks(HERE, listed), walks(given.other, listed), strict=True):
        if said := first_difference(mine, theirs):
            differing += 1
            place, _, name, options, dtype = case
            print(place, dtype, name, options, said)
    print(f"{len(listed) - differing} of {len(listed)} walks are the same to the last bit")
    return int(differing > 0)


if __name__ == "__main__":
    sys.exit(main())
