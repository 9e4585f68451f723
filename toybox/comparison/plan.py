"""What is fixed before anything of a comparison is computed: a file whose sha256 the report tells."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator, model_validator

from .. import digest, own, zoo
from ..entry import checked_grid
from ..hyper import is_whole, shown
from ..spec import Run, _Record

HERE = Path(__file__).parent
TRACKS = ("defaults", "tuned")
TARGETS = (0.1, 0.01, 0.001)
TUNING = 1000  # the first of the seeds on which methods are tuned


class Problem(_Record):
    """A problem of a comparison: as ``tb.problem`` takes it, with the size of its batches."""

    label: str
    problem: str
    options: dict[str, Any] = Field(default={})
    batch: int


class Method(_Record):
    """A method of a comparison: hyper holds in both tracks, grid is what is tuned, the main hyper-parameter first."""

    label: str
    method: str
    hyper: dict[str, Any] = Field(default={})
    grid: dict[str, list[Any]] = Field(default={})

    @property
    def settings(self) -> list[dict[str, Any]]:
        """Every setting of the grid, in the order in which lanes have them: the last hyper-parameter changes first."""
        found: list[dict[str, Any]] = [{}]
        for name, values in self.grid.items():
            found = [setting | {name: value} for setting in found for value in values]
        return found


class Plan(_Record):
    """A comparison as data.

    budget: epochs of samples touched, of every run. targets: gaps to the floor, as fractions of the first gap. seeds:
    those that judge; tuning_seeds: those on which settings are chosen. looks: measurements of the full loss in a run of
    the cheapest steps. factor: within which of the best an end counts as stable. code: sha256 of toybox's code and of
    the files of one's own, when the plan was made.
    """

    name: str = "comparison"
    problems: tuple[Problem, ...]
    methods: tuple[Method, ...]
    budget: float = 20.0
    targets: tuple[float, ...] = TARGETS
    seeds: tuple[int, ...] = tuple(range(5))
    tuning_seeds: tuple[int, ...] = tuple(range(TUNING, TUNING + 3))
    tracks: tuple[str, ...] = TRACKS
    looks: int = 40
    factor: float = 10.0
    code: dict[str, str] = Field(default={})

    def __init__(self, **fields: Any):
        super().__init__(**fields)

    @field_validator("budget", "factor")
    @classmethod
    def _positive(cls, value: float, info: Any) -> float:
        least = 0 if info.field_name == "budget" else 1
        if not least < value < math.inf:
            raise ValueError(f"{info.field_name}={value:g} is not accepted; accepted: a number above {least}")
        return value

    @field_validator("looks")
    @classmethod
    def _looks(cls, value: int) -> int:
        if value < 1:
            raise ValueError(f"looks={value} is not accepted; accepted: a whole number of at least 1")
        return value

    @field_validator("targets")
    @classmethod
    def _targets(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not value or not all(0 < target < 1 for target in value) or len({*value}) < len(value):
            raise ValueError(f"targets={shown(value)} are not accepted; accepted: different numbers between 0 and 1")
        return tuple(sorted(value, reverse=True))

    @field_validator("tracks")
    @classmethod
    def _tracks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not {*value} <= {*TRACKS}:
            raise ValueError(f"tracks={shown(value)} are not accepted; accepted: {', '.join(TRACKS)}")
        return tuple(track for track in TRACKS if track in value)

    @model_validator(mode="after")
    def _fits(self) -> Plan:
        mistakes = []
        for what, given, least in (("problems", self.problems, 1), ("methods", self.methods, 2)):
            labels = [one.label for one in given]
            if len({*labels}) < max(least, len(labels)):
                mistakes.append(
                    f"{what}={', '.join(labels) or 'none'} are not accepted; accepted: at least {least}, each under "
                    "another name"
                )
        for what, seeds in (("seeds", self.seeds), ("tuning_seeds", self.tuning_seeds)):
            needed = 2 if what == "seeds" else 1
            if len({*seeds}) < max(needed, len(seeds)):
                why = ", of which intervals need two" if needed == 2 else ""
                mistakes.append(
                    f"{what}={shown(seeds)} are not accepted; accepted: at least {needed}{why}, no two alike"
                )
        if both := sorted({*self.seeds} & {*self.tuning_seeds}):
            mistakes.append(
                f"seeds {', '.join(map(str, both))} are in seeds and in tuning_seeds; accepted: methods are judged on "
                "other seeds than they are tuned on"
            )
        pairs = [(p, m) for p in self.problems for m in self.methods if p is self.problems[0] or m is self.methods[0]]
        mistakes += [sentence for pair in pairs if (sentence := self._refused(*pair))]
        if mistakes:
            raise ValueError("\n".join(dict.fromkeys("\n".join(mistakes).split("\n"))))
        return self

    def _refused(self, problem: Problem, method: Method) -> str:
        """What is to be said against a method with any setting of its grid on a problem; empty where nothing."""
        try:
            known = zoo.accepted("method", method.method)
            checked_grid(own.short(method.method), method.grid, [name for name in known if name not in method.hyper])
            for setting in method.settings:
                Run(
                    problem=problem.problem, options=problem.options, batch=problem.batch, steps=0,
                    method=method.method, hyper=method.hyper | setting, seeds=self.seeds,
                )  # fmt: skip
        except ValueError as error:
            return str(error)
        return ""

    @classmethod
    def of(cls, problems: Iterable[Any], methods: Iterable[Any], **fields: Any) -> Plan:
        """A plan with the declared grids and batch sizes. problems and methods: names, with what is chosen for them
        after commas, "factorization,rank=4,batch=50", or dictionaries of the fields of ``Problem`` and ``Method``.
        seeds and tuning_seeds may be numbers: of the first ones."""
        for what, first in (("seeds", 0), ("tuning_seeds", TUNING)):
            if is_whole(fields.get(what), 1):
                fields[what] = range(first, first + fields[what])
            if fields.get(what) is not None and not isinstance(fields[what], Iterable):
                raise ValueError(f"{what}={shown(fields[what])} is not accepted; accepted: how many, or whole numbers")
        chosen = {name: tuple(v) if isinstance(v, Iterable) and not isinstance(v, str | dict) else v
                  for name, v in fields.items() if v is not None}  # fmt: skip
        plan = cls(problems=tuple(map(_problem, _several(problems))), methods=tuple(map(_method, _several(methods))),
                   **chosen)  # fmt: skip
        return plan.model_copy(update={"code": plan.code_now()})

    @classmethod
    def read(cls, file: str | Path) -> Plan:
        """A plan from a file that ``write`` wrote, or one that is shipped, by its name. Raises ``ValueError``."""
        shipped = {path.stem: path for path in sorted(HERE.glob("plans/*.json"))}
        path = shipped.get(str(file), Path(file))
        try:
            said = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise ValueError(
                f"plan {file} cannot be read: {getattr(error, 'strerror', None) or error}; accepted: a plan.json, or "
                f"{', '.join(shipped)}"
            ) from None
        if not isinstance(said, dict):
            raise ValueError(f"plan {file} holds {shown(said)}; accepted: the fields of a Plan")
        if "code" in said:
            return cls(**said)
        return cls.of(said.pop("problems", ()), said.pop("methods", ()), **said)

    @property
    def text(self) -> str:
        """The file: one line for each field, problem and method, so that two plans can be compared line by line."""
        lines = []
        for name, value in self.model_dump(mode="json").items():
            parts = ",\n  ".join(json.dumps(one) for one in value) if name in ("problems", "methods") else None
            lines.append(f" {json.dumps(name)}: " + (json.dumps(value) if parts is None else f"[\n  {parts}\n ]"))
        return "{\n" + ",\n".join(lines) + "\n}\n"

    @property
    def sha256(self) -> str:
        """Of the file."""
        return digest.sha256(self.text.encode())

    def write(self, file: Path) -> None:
        """Raises ``ValueError`` where another plan stands there."""
        if file.exists() and file.read_text("utf-8") != self.text:
            raise ValueError(
                f"{file} holds the plan of another comparison; accepted: another folder, or the plan that "
                "is there (--plan)"
            )
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.text, "utf-8")

    def code_now(self) -> dict[str, str]:
        """sha256 of toybox's code and of the files of one's own by the names that bring them in."""
        named = [("problem", p.problem) for p in self.problems] + [("method", m.method) for m in self.methods]
        mine = {name: zoo.entry(what, name).sources for what, name in named}
        own_files = {own.short(name): digest.of(sources) for name, sources in mine.items() if sources}
        return {"toybox": digest.code_digest(), **own_files}

    @property
    def changed(self) -> list[str]:
        """Whose code is not any more what it was when the plan was made."""
        now = self.code_now()
        return [name for name in now if self.code.get(name) != now[name]]


def _several(names: Any) -> list[Any]:
    return [names] if isinstance(names, str | dict) else [*names]


def _named(text: str) -> tuple[str, dict[str, Any]]:
    """The name and what is chosen after it, of "name,option=value,..."."""
    from ..terminal import value

    name, *chosen = text.split(",")
    if wrong := [one for one in chosen if "=" not in one]:
        raise ValueError(f"{wrong[0]!r} of {text!r} is not accepted; accepted: NAME or NAME,OPTION=VALUE,...")
    pairs = [one.partition("=") for one in chosen]
    return name, {option: value(said) for option, _, said in pairs}


def _problem(given: Any) -> Problem:
    said = {} if isinstance(given, str) else dict(given)
    if isinstance(given, str):
        name, chosen = _named(given)
        said = {"problem": name, "label": own.short(name) + given[len(name) :], "options": chosen}
    options: dict[str, Any] = {**said.get("options", {})}
    batch = options.pop("batch", None) or said.get("batch") or zoo.entry("problem", said.get("problem")).batch
    said |= {"problem": own.whole(said.get("problem")), "options": options, "batch": batch}
    return Problem(**{"label": own.short(str(said["problem"]))} | said)


def _method(given: Any) -> Method:
    said = {} if isinstance(given, str) else dict(given)
    if isinstance(given, str):
        name, chosen = _named(given)
        said = {"method": name, "label": own.short(name) + given[len(name) :], "hyper": chosen}
    entry = zoo.entry("method", said.get("method"))
    declared = {name: [*values] for name, values in entry.grid.items() if name not in said.get("hyper", {})}
    said = {"grid": declared, "label": own.short(str(said.get("method")))} | said
    return Method(**said | {"method": own.whole(said["method"])})
