"""Two checkouts of the package take the same steps, to the last bit:

    python tests/fingerprints/compare.py OTHER [--mushrooms]

Every method and variant walks 30 steps with 3 seeds, and with one of its numbers as two lanes, on a quadratic, a
factorization and logistic regression (and on mushrooms); iterates, steps, statuses, losses, costs of both are compared
in both dtypes. Prints what differs, and where first.
"""

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
cases, problems = json.load(sys.stdin)
made = {}
for place, options, name, hyper, lanes, dtype in cases:
    key = json.dumps([place, options, dtype])
    if key not in made:
        made = {key: tb.problem(place, dtype=dtype, **options)}
    hyper = {k: np.array(v) if isinstance(v, list) else v for k, v in hyper.items()}
    steps, seeds = (8, [1]) if place == "mushrooms" else (30, [1, 2, 3])
    trace = tb.run(made[key], tb.method(name, **hyper), steps=steps, batch=10, seeds=seeds, every=None)
    row = {k: getattr(trace, k) for k in ("theta", "loss", "size", "arc", "status", "trials")}
    pickle.dump(row | dict(trace.counts), sys.stdout.buffer)
"""


def cases(places):
    sys.path.append(str(HERE / "tests" / "laws"))
    from zoo_cases import VARIANTS, numbers

    for place in places:
        for dtype in ("float64", "float32"):
            for name, options in VARIANTS:
                yield place, PROBLEMS[place], name, options, 1, dtype
                if not options and place != "mushrooms":
                    for hyper, values in list(numbers(name).items())[:3]:
                        yield place, PROBLEMS[place], name, {hyper: values}, 2, dtype


def walks(checkout, listed):
    """The results of all cases, by the package of a checkout."""
    environment = os.environ | {"PYTHONPATH": str(checkout), "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen([sys.executable, "-c", WALK], env=environment, stdin=-1, stdout=-1, cwd=checkout)
    process.stdin.write(json.dumps([listed, PROBLEMS]).encode())
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


def main(other, *flags):
    places = [place for place in PROBLEMS if place != "mushrooms" or "--mushrooms" in flags]
    listed = list(cases(places))
    differing = 0
    for case, mine, theirs in zip(listed, walks(HERE, listed), walks(Path(other), listed), strict=True):
        if said := first_difference(mine, theirs):
            differing += 1
            print(*case[:1], case[5], case[2], case[3], said, sep=" ")
    print(f"{len(listed) - differing} of {len(listed)} walks are the same to the last bit")
    return differing > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
