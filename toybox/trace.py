"""What a run leaves behind: every step of every lane, its costs, and the full-batch measurements."""

from __future__ import annotations

import dataclasses
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from . import archive, frames
from .curves import Series, picture, said, settings
from .exact import FRACTIONS
from .given import broadcasts
from .hyper import is_whole, refuse_unknown, shown
from .looks import FREE, LOOKS
from .rays import Ledger, Status

COSTS = ("steps", "batches", "epochs", "values", "gradients", "samples", "seconds")
COUNTS = {*Ledger.KINDS} - {"searches"}  # those that are trials
PER_STEP = ("loss", "size", "arc", "status", "trials", "full_loss", "test_accuracy")  # (steps or looks, *lanes)
GROUPS = ("counts", "hyper", "probes")  # dictionaries of arrays
REAL, INTEGER = ("float64", "float32"), ("int64",)
ANY = ("bool", "int", "uint", "float", "complex", "str", "bytes")  # of any size


@dataclasses.dataclass(frozen=True)
class Trace:
    """A finished run of lanes = (len(seeds), *hyper). All arrays are NumPy's; of an exact run they hold fractions.

    Step t of ``loss, size, arc, status, trials`` (steps, *lanes): the batch loss at the iterate the step starts from,
    the step in multiples of d, its length |s d|, its ``Status`` and the evaluations the search made. A lane that ended
    (status NONFINITE) keeps its last finite iterate in ``theta``; its later rows repeat what stopped it.
    ``full_loss`` and ``test_accuracy`` (P, *lanes) belong to ``probe_steps`` (P,).
    """

    theta: np.ndarray  # (*lanes, dim), after the last step
    loss: np.ndarray
    size: np.ndarray
    arc: np.ndarray
    status: np.ndarray
    trials: np.ndarray
    counts: dict[str, np.ndarray]  # cumulative, after each step (steps, *lanes)
    seconds: np.ndarray  # (steps,), cumulative, of all lanes together; of methods in lockstep each its own
    probe_steps: np.ndarray
    full_loss: np.ndarray
    test_accuracy: np.ndarray | None
    probes: dict[str, Any]
    seeds: np.ndarray
    method: str
    problem_size: int
    batch: int
    hyper: dict[str, np.ndarray]  # hyper-parameters that span lanes

    def __repr__(self) -> str:
        facts = self._facts()
        width = max(map(len, facts))
        return "\n".join(f"{name:{width}}  {text}" for name, text in facts.items())

    def _repr_html_(self) -> str:
        rows = (f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in self._facts().items())
        look = LOOKS.get(self.method, FREE[0])
        bare = dataclasses.replace(self, probes={}).to_frame()  # they may be large
        lanes = [Series(said(values), look, frame) for values, frame in settings(bare)]
        return f"<table>{''.join(rows)}</table>{picture([('', lanes)])}"

    def _facts(self) -> dict[str, str]:
        """What a reader wants to know first."""

        def spread(values: np.ndarray) -> str:
            """Median and quartiles over the lanes; what is not a number counts as infinite."""
            values = values.astype(float) if values.dtype == FRACTIONS else values
            with np.errstate(all="ignore"):
                quartiles = np.quantile(np.where(np.isnan(values), np.inf, values), [0.5, 0.25, 0.75])
            return "{:.4g} [{:.4g}, {:.4g}]".format(*np.where(np.isnan(quartiles), np.inf, quartiles))

        statuses, counts = np.unique(self.status, return_counts=True)
        found = ", ".join(f"{Status(s).name} {n}" for s, n in zip(statuses, counts, strict=True))
        ended = int((self.ended < self.steps).sum())
        paid = ", ".join(f"{kind} {self.cost(kind)[-1:].mean():.6g}" for kind in COSTS[1:-1] if self.steps)
        measured = {"full loss": self.full_loss, "test accuracy": self.test_accuracy}
        losses = {name: (spread(v[-1]), spread(v[0])) for name, v in measured.items() if v is not None}
        return {
            "method": self.method or "without a name",
            "lanes": f"{' x '.join(map(str, self.lanes))} ({', '.join(['seeds', *self.hyper])})",
            "steps": f"{self.steps}, on batches of {self.batch} of {self.problem_size} samples",
            **{name: f"{last}, at the start {first}" for name, (last, first) in losses.items()},
            "": "median [quartiles] over the lanes",
            "statuses": (found or "none") + (f"; {ended} lanes ended early" if ended else ""),
            "mean cost": paid or "none",
            "seconds": f"{self.seconds[-1] if self.steps else 0:.3g}, of all lanes together",
        }

    @property
    def steps(self) -> int:
        return len(self.loss)

    @property
    def lanes(self) -> tuple[int, ...]:
        return self.theta.shape[:-1]

    @property
    def ended(self) -> np.ndarray:
        """The step at which each lane ended, something not being finite; ``steps`` where it never did (*lanes,)."""
        if not self.steps:
            return np.zeros(self.lanes, int)
        bad = self.status == Status.NONFINITE
        return np.where(bad.any(axis=0), bad.argmax(axis=0), self.steps)

    def cost(self, kind: str) -> np.ndarray:
        """Cumulative cost after each step (steps, *lanes): steps, batches (drawn), epochs (samples drawn / D), values
        (forward passes), gradients (backward passes), samples (touched by either), seconds (of all lanes together)."""
        refuse_unknown("cost", kind, COSTS)
        rows = (self.steps, *[1] * len(self.lanes))
        if kind in ("steps", "seconds"):
            column = np.arange(1, self.steps + 1) if kind == "steps" else self.seconds
            return np.broadcast_to(column.reshape(rows), (self.steps, *self.lanes)).copy()
        return self.counts["drawn"] / self.problem_size if kind == "epochs" else self.counts[kind]

    def probe_cost(self, kind: str) -> np.ndarray:
        """The same cost at the probes (P, *lanes): what had been paid before step ``probe_steps``."""
        cost = self.cost(kind)
        return np.concatenate([np.zeros((1, *self.lanes), cost.dtype), cost])[self.probe_steps]

    def to_frame(self):
        """A polars table with one row per step and lane, steps outermost, and one per lane after the last step.

        Columns: t, seed, the hyper-parameters that span lanes; loss, size, arc, trials, status (an Enum of ``Status``
        names), null after the last step; the costs paid before step t; full_loss and test_accuracy, null where not
        measured; so with the probes, whose columns are called probe.NAME where NAME is taken, and hold arrays where a
        lane's measurement is one (a complex number is its two parts). Floats are Float64, so that tables of different
        runs can be stacked.
        """
        import polars as pl

        rows, lanes = self.steps + 1, int(np.prod(self.lanes))
        measured = np.isin(np.arange(rows), self.probe_steps).repeat(lanes)

        def everywhere(values: np.ndarray) -> np.ndarray:
            """One value per lane, repeated for all rows."""
            return np.broadcast_to(values, (rows, *self.lanes)).ravel()

        def walked(values: np.ndarray):
            """One value per step and lane (steps, *lanes); null after the last step."""
            wide = values.astype(np.float64) if values.dtype in (np.float32, FRACTIONS) else values
            return pl.Series(wide.ravel()).extend_constant(None, lanes)

        def paid(cost: np.ndarray) -> np.ndarray:
            """A cumulative cost (steps, *lanes); what had been paid before each row's step."""
            return np.concatenate([np.zeros(lanes, cost.dtype), cost.ravel()])

        def looked(values: np.ndarray | None):
            """One value per probe and lane (P, *lanes); null elsewhere."""
            column = np.zeros((rows, lanes))
            if values is not None:
                column[self.probe_steps] = values.reshape(-1, lanes)
            return pl.Series(column.ravel()).set(pl.Series(~measured | (values is None)), None)

        def probed(values: Any):
            """A probe's measurements, (P, *lanes, ...) or a list of (*lanes, ...); null elsewhere."""
            flat = [_plain(look.reshape(lanes, *look.shape[len(self.lanes) :])) for look in values]
            same = len({look.shape for look in flat}) == 1
            found = pl.Series(np.concatenate(flat) if same else [one for look in flat for one in look])
            return found.gather(pl.Series(np.cumsum(measured) - 1).set(pl.Series(~measured), None))

        names = [status.name for status in Status]
        seeds = self.seeds.reshape(-1, *[1] * len(self.lanes[1:]))
        table = {"t": np.arange(rows).repeat(lanes), "seed": everywhere(seeds)}
        table |= {name: everywhere(values) for name, values in self.hyper.items()}
        table |= {name: walked(getattr(self, name)) for name in ("loss", "size", "arc", "trials")}
        table |= {"status": walked(np.array(names)[self.status.astype(int)]).cast(pl.Enum(names))}
        table |= {kind: paid(self.cost(kind)) for kind in COSTS if kind != "steps"}
        table |= {name: looked(getattr(self, name)) for name in ("full_loss", "test_accuracy")}
        for name, values in self.probes.items():
            table[f"probe.{name}" if name in table else name] = probed(values)
        return pl.DataFrame(table)

    def to_numpy(self) -> np.ndarray:
        """``to_frame`` as an array of records, with NaN for a number that was not measured, None for a text."""
        return frames.numpy(self.to_frame())

    def to_pandas(self) -> Any:
        """``to_frame`` as a table of pandas, with toybox's extra pandas."""
        return frames.pandas(self.to_frame())

    def to_xarray(self) -> Any:
        """``to_frame`` as a dataset of xarray, with toybox's extra xarray: its axes are seed, the hyper-parameters that
        span lanes (run, where they were not crossed), and t."""
        about = {name: getattr(self, name) for name in ("method", "problem_size", "batch")}
        return frames.dataset(self.to_frame(), [*self.hyper], about)

    @classmethod
    def join(cls, parts: list[Trace]) -> Trace:
        """Traces of groups of seeds, in the order of the seeds, as one; seconds add up."""
        first = parts[0]
        if len(parts) == 1:
            return first

        def along(axis: int, name: str) -> Any:
            values = [getattr(part, name) for part in parts]
            return None if values[0] is None else np.concatenate(values, axis=axis)

        def probe(name: str) -> Any:
            looks = [np.concatenate(look) for look in zip(*(part.probes[name] for part in parts), strict=True)]
            return np.stack(looks) if len({look.shape for look in looks}) == 1 else looks

        return dataclasses.replace(
            first,
            **{name: along(0, name) for name in ("theta", "seeds")},
            **{name: along(1, name) for name in PER_STEP},
            counts={kind: np.concatenate([part.counts[kind] for part in parts], axis=1) for kind in first.counts},
            seconds=np.sum([part.seconds for part in parts], axis=0),
            probes={name: probe(name) for name in first.probes},
        )

    def part(self, start: int, end: int) -> Trace:
        """The trace of the seeds start .. end - 1 alone, with its share of the seconds. (Of ``probes`` every one must
        have one shape at all looks.)"""

        def cut(values: Any) -> Any:
            return None if values is None else values[:, start:end]

        return dataclasses.replace(
            self,
            theta=self.theta[start:end],
            seeds=self.seeds[start:end],
            **{name: cut(getattr(self, name)) for name in PER_STEP},
            counts={kind: cut(count) for kind, count in self.counts.items()},
            seconds=self.seconds * ((end - start) / len(self.seeds)),
            probes={name: cut(values) for name, values in self.probes.items()},
        )

    def save(self, path: str | Path) -> Path:
        """Write to one .npz file, atomically; returns its path (".npz" is added where it is missing). Raises
        ``ValueError`` for parts that do not fit each other, or that hold anything but numbers, truth values and text;
        fractions are none of these.
        """
        if getattr(self.theta, "dtype", None) == FRACTIONS:
            raise ValueError("a run of backend='exact' leaves fractions, which are not saved; accepted: other backends")
        path, groups = _npz(path), {group: getattr(self, group) for group in GROUPS}
        self._check()
        plain: dict[str, Any] = {
            "method": self.method,
            "problem_size": int(self.problem_size),
            "batch": int(self.batch),
        }
        arrays = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name not in (*plain, *GROUPS)}
        if self.test_accuracy is None:
            del arrays["test_accuracy"]
        for group, members in groups.items():
            plain[group] = [[name, len(v) if isinstance(v, list) else None] for name, v in members.items()]
            for k, value in enumerate(members.values()):  # a list: one array per look
                parts = {f"{group} {k} {i}": v for i, v in enumerate(value)} if isinstance(value, list) else None
                arrays |= {f"{group} {k}": value} if parts is None else parts
        archive.write(path, plain, arrays)
        return path

    @classmethod
    def load(cls, path: str | Path) -> Trace:
        """Read what ``save`` wrote. Raises ``ValueError`` for any other file, ``FileNotFoundError`` for none."""
        try:
            plain, arrays = archive.read(_npz(path))
            for group in GROUPS:
                plain[group] = {
                    name: arrays.pop(f"{group} {k}")
                    if looks is None
                    else [arrays.pop(f"{group} {k} {i}") for i in range(looks)]
                    for k, (name, looks) in enumerate(plain[group])
                }
            trace = cls(**{"test_accuracy": None} | plain | arrays)
            trace._check()
            return trace
        except (ValueError, KeyError, TypeError, IsADirectoryError):
            raise ValueError(f"path={str(path)!r} is no trace; accepted: a file that Trace.save wrote") from None

    def _check(self) -> None:
        """Raises ``ValueError`` where a part is not of the type and shape that the others ask for."""
        lanes = self.theta.shape[:-1] if isinstance(self.theta, np.ndarray) else ()
        steps, looks = np.shape(self.seconds)[:1], np.shape(self.probe_steps)[:1]
        _refuse(not lanes, "theta", self.theta, "(*lanes, dim)")
        for name, kinds, shape in (
            ("theta", REAL, (*lanes, self.theta.shape[-1])),
            *((name, REAL, steps + lanes) for name in ("loss", "size", "arc")),
            ("status", ("int8",), steps + lanes),
            ("trials", INTEGER, steps + lanes),
            ("seconds", ("float64",), steps),
            ("probe_steps", INTEGER, looks),
            ("full_loss", REAL, looks + lanes),
            *((("test_accuracy", REAL, looks + lanes),) if self.test_accuracy is not None else ()),
            ("seeds", INTEGER, lanes[:1]),
        ):
            _fits(name, getattr(self, name), kinds, shape)
        _refuse(self.counts.keys() != COUNTS, "counts", [*self.counts], ", ".join(sorted(COUNTS)))
        for name, count in self.counts.items():
            _fits(f"counts[{name!r}]", count, INTEGER, steps + lanes)
        for name, values in self.hyper.items():
            wide = not broadcasts(np.shape(values), lanes[1:])
            _refuse(wide, f"hyper[{name!r}]", values, f"what broadcasts to {lanes[1:]}")
            _fits(f"hyper[{name!r}]", values, ("float64",), np.shape(values))
        for name, values in self.probes.items():
            each = values if isinstance(values, list) else [values]
            begins = lanes if isinstance(values, list) else looks + lanes
            _refuse(isinstance(values, list) and (len(values),) != looks, f"probes[{name!r}]", values, f"{looks} looks")
            for value in each:
                _fits(f"probes[{name!r}]", value, ANY, begins + np.shape(value)[len(begins) :])
        least, most = (self.probe_steps.min(initial=0), self.probe_steps.max(initial=0))
        _refuse(least < 0 or most > steps[0], "probe_steps", self.probe_steps, f"steps from 0 to {steps[0]}")
        _refuse(not np.isin(self.status, [*Status]).all(), "status", self.status, "values of Status")
        names = [self.method, *self.hyper, *self.probes]
        _refuse(not all(isinstance(name, str) for name in names), "names", names, "text")
        for name in ("problem_size", "batch"):
            _refuse(not is_whole(getattr(self, name), 1), name, getattr(self, name), "a whole number of at least 1")


def _plain(values: np.ndarray) -> np.ndarray:
    """Measurements as a table can hold them."""
    if values.dtype.kind == "c":
        return np.stack([values.real, values.imag], axis=-1)
    return values.astype(np.float64) if values.dtype in (np.float32, FRACTIONS) else values


def _fits(name: str, value: Any, kinds: tuple[str, ...], shape: tuple[int, ...]) -> None:
    """Raises ``ValueError`` for anything but an array of this shape and of one of these dtypes."""
    kind = value.dtype.name if isinstance(value, np.ndarray) else ""
    good = kind in kinds or kind.rstrip("0123456789") in kinds
    _refuse(not good or value.shape != shape, name, value, f"an array of shape {shape} of {' or '.join(kinds)}")


def _refuse(wrong: Any, name: str, value: Any, accepted: str) -> None:
    if wrong:
        raise ValueError(f"{name}={shown(value)} of {type(value).__name__} is not accepted; accepted: {accepted}")


def _npz(path: str | Path) -> Path:
    path = Path(path)
    return path if path.suffix == ".npz" else path.with_name(path.name + ".npz")
