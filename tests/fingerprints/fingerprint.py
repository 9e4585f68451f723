"""What every method does in its first steps, written down: a change of any number is seen, and has to be meant.

``make fingerprints`` renews fingerprints.csv and shows what changed.

A row is a walk of STEPS steps from one seed. ``known`` counts the steps that a rounding error cannot change visibly
(by PRECISION, measured on walks from starts that differ a little); only those are written down: their statuses, by the
letters below, losses and steps as far as they are in AT, and what they cost together, unless a search says
``to_rounding``: how often that one asks is decided by last bits.
"""

import csv
import os
import sys
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as make has it; before NumPy is loaded

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "laws"))
import toybox as tb
import zoo_cases as cases

FILE = Path(__file__).with_name("fingerprints.csv")
PROBLEMS = {"quadratic": {}, "factorization": {"rank": 4}, "logistic": {}, "digits": {}}
STEPS, BATCH, SEED = 20, 10, 1
AT = (0, 1, 4, 9, 19)
PRECISION = 1e-9
COSTS = ("values", "gradients", "samples", "batches")
LETTERS = dict(zip(tb.Status, "FCXAS!U", strict=True))
COLUMNS = ("problem", "method", "options", "known", "statuses", *COSTS)
NUMBERS = tuple(f"{name}_{t + 1}" for t in AT for name in ("loss", "size"))


def fingerprints() -> list[dict[str, str]]:
    """All rows, as text."""
    problems = {place: tb.problem(place, **options) for place, options in PROBLEMS.items()}
    return [row(place, problem, *variant) for place, problem in problems.items() for variant in cases.VARIANTS]


def row(place: str, problem, name: str, options: dict, known: int | None = None) -> dict[str, str]:
    """known: None measures it."""
    method = tb.method(name, **options)
    walk = {"steps": STEPS, "batch": BATCH, "sampler": "epochs", "seeds": [SEED]}
    trace = cases.run(problem, method, **walk)
    known = determined(trace, cases.growth(problem, method, **walk)) if known is None else known
    found = {"problem": place, "method": name, "options": cases.title(options), "known": str(known)}
    found["statuses"] = "".join(LETTERS[tb.Status(s)] for s in trace.status[:known, 0])
    counted = known > 0 and not cases.says(method, "to_rounding")
    found |= {kind: str(trace.counts[kind][known - 1, 0]) if counted else "" for kind in COSTS}
    for t in AT:
        for what in ("loss", "size"):
            found[f"{what}_{t + 1}"] = f"{getattr(trace, what)[t, 0]:.12g}" if t < known else ""
    return found


def determined(trace, grown) -> int:
    """How many steps no rounding error changes visibly, if a step's own is LOCAL units."""
    return min(STEPS, cases.horizon(grown * cases.LOCAL * np.finfo(float).eps * 0.125 / PRECISION, trace.loss))


def differences(old: list[dict[str, str]], new: list[dict[str, str]]) -> list[str]:
    """One line per value that differs: texts in any character, numbers by more than PRECISION."""
    key = lambda row: " ".join(row[c] for c in ("problem", "method", "options"))
    before, after = ({key(row): row for row in rows} for rows in (old, new))
    found = [f"{k}: gone" for k in before if k not in after] + [f"{k}: new" for k in after if k not in before]
    for k in before:
        for column in (*COLUMNS[3:], *NUMBERS) if k in after else ():
            was, now = before[k][column], after[k][column]
            if not (close(was, now) if column in NUMBERS else was == now):
                found.append(f"{k}: {column} {was} -> {now}")
    return found


def close(was: str, now: str) -> bool:
    if not (was and now):
        return was == now
    a, b = float(was), float(now)
    return a == b or abs(a - b) <= PRECISION * max(abs(a), abs(b)) or bool(np.isnan(a) and np.isnan(b))


def read() -> list[dict[str, str]]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    old, new = read() if FILE.exists() else [], fingerprints()
    print("\n".join(differences(old, new)) or "nothing changed")
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*COLUMNS, *NUMBERS], lineterminator="\n")
        writer.writeheader()
        writer.writerows(new)
