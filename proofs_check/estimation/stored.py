"""Weights and functions as they are kept in ``certified.json``, and the proofs that they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ..proof import Proof
from .certify import cancelled, certify
from .rows import ROWS, Row
from .through import Place

FILE = Path(__file__).with_name("certified.json")


class Weights(NamedTuple):
    """Whole numbers of 1 / unit, which are weights once the values cancel."""

    unit: int
    numbers: Sequence[int]


class Record(NamedTuple):
    """What was found for a row.

    cuts: between two neighbours all steps are certified at once; weights: of each question, in order. step: the worst
    one; places: of a function that attains it, without the minimiser.
    """

    rate: Fraction | None
    cuts: Sequence[Fraction]
    weights: Sequence[Weights]
    step: Fraction | None
    places: Sequence[Place]


def proof(row: Row, record: Record) -> Proof:
    """That the record's rate is none too small for any step of the row."""
    if record.rate is None:
        raise ValueError(f"{row.name}: nothing is certified; accepted: a row that is bounded")
    pieces = row.pieces(record.cuts)
    reach = (record.cuts[0], record.cuts[-1]) if record.cuts else None
    if reach != row.span or list(record.cuts) != sorted(record.cuts) or len(pieces) != len(record.weights):
        return Proof(0, f"{row.name}: what is kept is not about its steps, all of them")
    done = 0
    for piece, (unit, numbers) in zip(pieces, record.weights, strict=True):
        weights = cancelled(piece, record.rate, [Fraction(n, unit) for n in numbers])
        found = certify(piece, record.rate, weights)
        done += found.conclusions
        if found.counterexample:
            return Proof(done, f"{row.name}: {found.counterexample}")
    return Proof(done)


def certified(claim: str, share: Any = 1) -> Proof:
    """All that is certified for a claim, checked in fractions; share: of the rates, of which less is too little."""
    found = []
    for name, row in ROWS.items():
        if row.claim == claim and row.bounded:
            record = read()[name]
            found.append(proof(row, record._replace(rate=None if record.rate is None else share * record.rate)))
    if not found:
        raise ValueError(f"claim={claim!r} has no certificate; accepted: {', '.join(sorted(claims()))}")
    return Proof(sum(one.conclusions for one in found), "; ".join(p.counterexample for p in found if p.counterexample))


def claims() -> set[str]:
    """Those that have a certificate."""
    return {row.claim for row in ROWS.values() if row.bounded}


# --- the file


@cache
def read() -> dict[str, Record]:
    return {name: _record(kept) for name, kept in json.loads(FILE.read_text("utf-8")).items()}


def write(records: Mapping[str, Record]) -> None:
    """Keep these records, beside those of other rows."""
    every = {**(json.loads(FILE.read_text("utf-8")) if FILE.exists() else {})}
    every |= {name: _kept(record) for name, record in records.items()}
    lines = [f"{json.dumps(name)}: {json.dumps(every[name], separators=(',', ':'))}" for name in ROWS if name in every]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def _kept(record: Record) -> dict:
    text = lambda x: None if x is None else str(x)
    return {
        "rate": text(record.rate),
        "cuts": [str(cut) for cut in record.cuts],
        "weights": [[unit, *numbers] for unit, numbers in record.weights],
        "step": text(record.step),
        "places": [[[str(x) for x in place.x], [str(g) for g in place.g], str(place.f)] for place in record.places],
    }


def _record(kept: dict) -> Record:
    number = lambda text: None if text is None else Fraction(text)
    return Record(
        number(kept["rate"]),
        [Fraction(cut) for cut in kept["cuts"]],
        [Weights(unit, numbers) for unit, *numbers in kept["weights"]],
        number(kept["step"]),
        [Place([Fraction(a) for a in x], [Fraction(b) for b in g], Fraction(f)) for x, g, f in kept["places"]],
    )
