"""Runs and studies as data: names and numbers that can be written down, checked at once, and hashed.

A run's key hashes its canonical form, every default filled in, and the source of the modules that compute: what a store
knows is never computed twice, and a changed default or formula is never mistaken for an old result.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from . import digest, own, zoo
from .hyper import is_whole, near, refuse_unknown, shown
from .sampling import check_sampler

MOST = 1_000_000  # seeds of a run
MAX = 2**63 - 1  # of whole numbers, which become columns of tables


class _Record(BaseModel):
    """A frozen record that refuses bad fields with one sentence each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __init__(self, **fields: Any):
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise ValueError("\n".join(self._sentence(e) for e in error.errors())) from None
        except RecursionError:
            raise ValueError(
                f"a {type(self).__name__}'s values are nested too deeply; accepted: lists of lists"
            ) from None

    def _sentence(self, error: Any) -> str:
        what, known = type(self).__name__, type(self).model_fields
        name = ".".join(map(str, error["loc"]))
        if error["type"] == "value_error":
            return str(error["ctx"]["error"])
        if error["type"] == "missing":
            return f"{name} is missing; accepted: a {what} with {', '.join(k for k in known if known[k].is_required())}"
        if error["type"] == "extra_forbidden":
            return f"{name} is no field of a {what}{near(name, known)}; accepted: {', '.join(known)}"
        return f"{name}={shown(error['input'])} is not accepted; {error['msg'].replace('Input should be', 'accepted:')}"


class Run(_Record):
    """One job: a method on a problem, for all its seeds and hyper-parameter lanes.

    options and hyper are what ``tb.problem`` and ``tb.method`` take; a list of numbers in hyper becomes lanes. seeds: a
    sequence of whole numbers, or n for 0 .. n-1. every: full loss and accuracy are measured at steps 0, every, ... and
    the last; None: only at the two ends. label is for legends and no part of the key.
    """

    problem: str
    options: dict[str, Any] = {}
    method: str
    hyper: dict[str, Any] = {}
    steps: int
    batch: int
    seeds: tuple[int, ...] = (0,)
    every: int | None = None
    sampler: str = "epochs"
    label: str = ""

    def __init__(self, **fields: Any):  # for type checkers: the validators accept more than the fields hold
        super().__init__(**fields)

    @field_validator("steps", "batch", "every", mode="before")
    @classmethod
    def _whole(cls, value: Any, info: Any) -> int | None:
        name, least = info.field_name, 0 if info.field_name == "steps" else 1
        if value is None and name == "every":
            return None
        if not is_whole(value, least) or value > MAX:
            accepted = f"a whole number of at least {least}" + (", below 2^63" if is_whole(value, least) else "")
            raise ValueError(f"{name}={shown(value)} is not accepted; accepted: {accepted}")
        return int(value)

    @field_validator("seeds", mode="before")
    @classmethod
    def _seeds(cls, value: Any) -> tuple[int, ...]:
        seeds = range(min(int(value), MOST + 1)) if is_whole(value, 1) else value
        listed = isinstance(seeds, list | tuple | range) or (isinstance(seeds, np.ndarray) and seeds.ndim == 1)
        if not (listed and 1 <= len(seeds) <= MOST and all(is_whole(s, 0) and s <= MAX for s in seeds)):
            accepted = f"at most {MOST} whole numbers from 0 to 2^63 - 1, or n >= 1 for 0 .. n-1"
            raise ValueError(f"seeds={shown(value)} is not accepted; accepted: {accepted}")
        return tuple(int(seed) for seed in seeds)

    @field_validator("problem", "method", mode="before")
    @classmethod
    def _place(cls, value: Any) -> Any:
        return own.whole(value)

    @field_validator("options", "hyper", mode="before")
    @classmethod
    def _values(cls, value: Any, info: Any) -> Any:
        return {k: _plain(f"{info.field_name}.{k}", v) for k, v in value.items()} if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _names(self) -> Run:
        mistakes = _mistakes(zoo.accepted, "problem", self.problem)
        known = list(self.options) if mistakes else [*zoo.accepted("problem", self.problem)]
        problem = own.short(self.problem)
        mistakes += [
            *(m for o in self.options for m in _mistakes(refuse_unknown, f"{problem}'s option", o, known)),
            *_mistakes(lambda: zoo.method(self.method, **self.hyper).lanes),
            *_mistakes(check_sampler, self.sampler),
        ]
        if mistakes:
            raise ValueError("\n".join(mistakes))
        return self

    def canonical(self) -> dict[str, Any]:
        """What this run is: plain values, every default of problem and method filled in, sorted; without the label."""
        names = {"problem": own.short(self.problem), "method": own.short(self.method)}
        options = _filled(zoo.accepted("problem", self.problem), self.options)
        hyper = _filled(zoo.accepted("method", self.method), self.hyper)
        record = self.model_dump(exclude={"label"}) | {"options": options, "hyper": hyper, "seeds": list(self.seeds)}
        record |= names
        return dict(sorted(record.items()))

    @property
    def key(self) -> str:
        """The sha256 of the canonical form and of the code that computes, that of one's own included."""
        mine = zoo.entry("problem", self.problem).sources, zoo.entry("method", self.method).sources
        own = {"own": [digest.of(sources) for sources in mine]} if any(mine) else {}
        return digest.sha256({"run": self.canonical(), "code": digest.code_digest(), **own})

    @property
    def title(self) -> str:
        """The label, or else the method and the problem with whatever was chosen for them."""
        chosen = ["".join(f" {k}={v}" for k, v in values.items()) for values in (self.hyper, self.options)]
        return self.label or f"{own.short(self.method)}{chosen[0]} on {own.short(self.problem)}{chosen[1]}"


class Study(_Record):
    """Runs that belong together."""

    name: str
    runs: tuple[Run, ...]

    def __init__(self, **fields: Any):
        super().__init__(**fields)

    @classmethod
    def read(cls, path: str | Path) -> Study:
        """A study from a TOML file: fields of ``Run`` that hold for all runs, then one [[run]] entry for each.

            name = "rates"                    # default: the file's name
            problem = "factorization"
            options = { rank = 4, dtype = "float32" }
            steps = 400
            batch = 100
            seeds = 5                         # 0 .. 4

            [[run]]
            method = "sls"

            [[run]]
            method = "sgd"
            hyper = { rate = [0.1, 0.3] }     # a list: lanes
            label = "plain SGD"

        A method or problem of one's own is named by its file, from this file's folder: method = "mine.py:secant". An
        entry replaces what holds for all (options and hyper as a whole). TOML has no None: write "none". A file
        without entries is one run. Raises ``ValueError`` with one sentence per mistake: file, run and field.
        """
        path = Path(path)
        try:
            common = _none(tomllib.loads(path.read_text("utf-8")))
        except (OSError, ValueError) as error:
            raise ValueError(f"{path} cannot be read as TOML: {getattr(error, 'strerror', None) or error}") from None
        except RecursionError:
            raise ValueError(f"{path} cannot be read as TOML: it is nested too deeply") from None
        name, entries, mistakes, runs = common.pop("name", path.stem), common.pop("run", [{}]), [], []
        if not (isinstance(entries, list) and entries and all(isinstance(entry, dict) for entry in entries)):
            raise ValueError(f"{path}: run={shown(entries)} is not accepted; accepted: [[run]] entries")
        for number, entry in enumerate(entries, 1):
            try:
                runs.append(Run(**_beside(path, common | entry)))
            except ValueError as error:
                mistakes += [f"{path}, run {number}: {sentence}" for sentence in str(error).split("\n")]
        if mistakes:
            raise ValueError("\n".join(mistakes))
        return cls(name=name, runs=runs)


def _beside(path: Path, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a run in a file, which names other files from where it is."""
    return fields | {name: own.whole(fields[name], path.parent) for name in ("problem", "method") if name in fields}


def _mistakes(check: Callable[..., Any], *values: Any, **named: Any) -> list[str]:
    """The error that a check raises, if it does."""
    try:
        check(*values, **named)
    except ValueError as error:
        return [str(error)]
    return []


def _plain(name: str, value: Any) -> Any:
    """The value without NumPy's types and tuples."""
    value = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
    if isinstance(value, list | tuple):
        return [_plain(name, v) for v in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ValueError(
        f"{name}={shown(value)} is not accepted; accepted: a number, a text, a truth value, None, or a list"
    )


def _filled(defaults: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """All values, sorted by name; 1 becomes 1.0 where the default is a float, so that both spellings are one run."""

    def like(default: Any, value: Any) -> Any:
        if isinstance(value, list):
            return [like(default, v) for v in value]
        return float(value) if isinstance(default, float) and type(value) is int else value

    return {name: like(defaults[name], given.get(name, defaults[name])) for name in sorted(defaults)}


def _none(value: Any) -> Any:
    """TOML's values with the text "none" as None."""
    if isinstance(value, dict):
        return {name: _none(v) for name, v in value.items()}
    return [_none(v) for v in value] if isinstance(value, list) else None if value == "none" else value
