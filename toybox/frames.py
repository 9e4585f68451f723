"""Polars' tables as tables of NumPy's and of pandas, and as datasets of xarray with an axis for whatever was varied."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .extras import needed

MEANING = {  # column -> units and description
    "loss": ("1", "loss of the batch at the iterate from which step t starts"),
    "size": ("multiples of d", "step t"),
    "arc": ("1", "length of step t"),
    "trials": ("evaluations", "evaluations that the search of step t made"),
    "status": ("1", "how step t ended"),
    "batches": ("batches", "batches drawn before step t"),
    "epochs": ("epochs", "samples drawn before step t, over the number of samples"),
    "values": ("evaluations", "forward passes before step t"),
    "gradients": ("evaluations", "backward passes before step t"),
    "samples": ("samples", "samples touched before step t"),
    "seconds": ("s", "seconds before step t, of all lanes that ran together"),
    "full_loss": ("1", "full training loss before step t, where it was measured"),
    "test_accuracy": ("1", "share of the test set that is classified rightly before step t, where it was measured"),
    "t": ("steps", "step"),
    "seed": ("1", "seed of the batches and of the first iterate"),
}


def numpy(frame: Any) -> np.ndarray:
    """A record for every row; numbers that are missing are NaN, all else that is missing is None."""
    return frame.to_numpy(structured=True)


def pandas(frame: Any) -> Any:
    """The table as one of pandas', for which toybox's extra pandas is enough."""
    pd = needed("pandas", "pandas", "a table of pandas")
    columns = {name: frame[name] for name in frame.columns}
    return pd.DataFrame(
        {name: c.to_list() if c.dtype.is_nested() else c.to_numpy(writable=True) for name, c in columns.items()}
    )


def dataset(frame: Any, parameters: list[str], about: dict[str, Any]) -> Any:
    """A dataset of a table with the columns t and seed, ``parameters``, and variables of the axes seed, those that were
    varied, and t; ``about``: its attributes.

    Where parameters were not crossed, so that not every combination of their values ran, there is one axis ``run``
    instead. All other parameters that differ are coordinates along these axes, the rest are attributes. What was not
    measured is NaN, or an empty text. Columns of arrays have further axes; shorter ones end in NaN.
    """
    xarray = needed("xarray", "xarray", "a dataset of xarray")
    import polars as pl

    groups = list(frame.group_by(parameters or pl.lit(0), maintain_order=True))
    rows = {name: [values[k] for values, _ in groups] for k, name in enumerate(parameters)}
    axes = _crossed(rows, len(groups))
    if axes is None:
        rows["run"] = list(range(len(groups)))
        axes = {"run": rows["run"]}
    axes = (
        {"seed": frame["seed"].unique(maintain_order=True).to_list()}
        | axes
        | {"t": frame["t"].unique().sort().to_list()}
    )
    place = {name: {value: i for i, value in enumerate(values)} for name, values in axes.items()}
    inner = [*axes][1:-1]
    spots = [tuple(place[name][rows[name][i]] for name in inner) for i in range(len(groups))]
    where = [
        (
            group["seed"].replace_strict(place["seed"]).to_numpy(),
            *spot,
            group["t"].replace_strict(place["t"]).to_numpy(),
        )
        for spot, (_, group) in zip(spots, groups, strict=True)
    ]
    shape = tuple(map(len, axes.values()))
    variables = {}
    for name in frame.columns:
        if name not in ("t", "seed", *parameters):
            array = _placed([group[name] for _, group in groups], where, shape)
            units, description = MEANING.get(name, ("", f"{name} before step t, where it was measured"))
            further = [f"{name}.{i}" for i in range(array.ndim - len(shape))]
            variables[name] = ([*axes, *further], array, {"units": units, "description": description})
    differing = {name: values for name, values in rows.items() if len(set(values)) > 1 and name not in axes}
    coordinates: dict[str, Any] = {name: _array(values) for name, values in axes.items()}
    for name, values in differing.items():
        array = np.empty(shape[1:-1], _array(values).dtype)
        for spot, value in zip(spots, _array(values), strict=True):
            array[spot] = value
        coordinates[name] = (inner, array)
    same = {name: values[0] for name, values in rows.items() if name not in (*axes, *differing)}
    attributes = {name: value for name, value in (same | about).items() if value is not None}
    return xarray.Dataset(variables, coordinates, attributes)


def _crossed(rows: dict[str, list], many: int) -> dict[str, list] | None:
    """The parameters that tell the runs apart, with their values, where every combination of these ran; else None."""
    axes: dict[str, list] = {}
    told = 1
    for name, values in rows.items():
        now = len(set(zip(*(rows[axis] for axis in axes), values, strict=True)))
        if now > told:
            axes[name], told = list(dict.fromkeys(values)), now
    complete = math.prod(map(len, axes.values())) == many and not any(None in values for values in axes.values())
    return axes if complete else None


def _array(values: list) -> np.ndarray:
    """Values of one kind as an array: numbers that are missing as NaN, all else that is missing as an empty text."""
    if None not in values:
        return np.array(values)
    numeric = all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in values if value is not None
    )
    return np.array([(np.nan if numeric else "") if v is None else v if numeric else str(v) for v in values])


def _placed(columns: list, where: list[tuple], shape: tuple[int, ...]) -> np.ndarray:
    """The values of each run's column in an array of this shape, to which values that are arrays add theirs."""
    flat = not columns[0].dtype.is_nested()
    known = [column.is_not_null().to_numpy() for column in columns]
    values = [column.drop_nulls() for column in columns]
    found = [column.to_numpy() if flat else _padded(column.to_list()) for column in values]
    widths = [array.shape[1:] for array in found if len(array)]
    width = tuple(max(sizes) for sizes in zip(*widths, strict=True))
    complete = sum(map(len, found)) == math.prod(shape) and len({*widths}) == 1
    text = any(array.dtype == object for array in found if len(array))
    kind = np.result_type(*(array.dtype for array in found if len(array))) if complete and not text else float
    placed = np.full(shape + width, "" if text else 0 if complete else np.nan, object if text else kind)
    for at, here, array in zip(where, known, found, strict=True):
        if len(array):
            steps = tuple(index[here] if isinstance(index, np.ndarray) else index for index in at)
            placed[(*steps, *(slice(size) for size in array.shape[1:]))] = array
    return placed.astype(str) if text else placed


def _padded(arrays: list) -> np.ndarray:
    """Arrays of any sizes as one: the shorter ones end in NaN."""
    parts = [np.array(array) for array in arrays]
    if not parts or len({part.shape for part in parts}) == 1:
        return np.array(parts)
    whole = np.full((len(parts), *(max(sizes) for sizes in zip(*(p.shape for p in parts), strict=True))), np.nan)
    for row, part in zip(whole, parts, strict=True):
        row[tuple(map(slice, part.shape))] = part
    return whole
