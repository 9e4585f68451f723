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
    varied = _crossed(rows, len(groups))
    if varied is None:
        rows["run"] = list(range(len(groups)))
        varied = {"run": rows["run"]}
    ends = {name: frame[name].unique(maintain_order=True).to_list() for name in ("seed", "t")}
    axes = {"seed": ends["seed"], **varied, "t": sorted(ends["t"])}
    place = {name: {value: i for i, value in enumerate(values)} for name, values in axes.items()}
    spots = [tuple(place[name][rows[name][i]] for name in varied) for i in range(len(groups))]
    at = lambda group, name: group[name].replace_strict(place[name]).to_numpy()
    where = [(at(group, "seed"), *spot, at(group, "t")) for spot, (_, group) in zip(spots, groups, strict=True)]
    variables = {}
    for name in frame.columns:
        if name not in ("t", "seed", *parameters):
            array = _placed([group[name] for _, group in groups], where, tuple(map(len, axes.values())))
            units, description = MEANING.get(name, ("", f"{name} before step t, where it was measured"))
            further = [f"{name}.{i}" for i in range(array.ndim - len(axes))]
            variables[name] = ([*axes, *further], array, {"units": units, "description": description})
    coordinates: dict[str, Any] = {name: _array(values) for name, values in axes.items()}
    attributes = dict(about)
    for name, values in rows.items():
        if len(set(values)) > 1 and name not in axes:
            coordinates[name] = (list(varied), _along(spots, _array(values), tuple(map(len, varied.values()))))
        elif name not in axes and values[0] is not None:
            attributes[name] = values[0]
    return xarray.Dataset(variables, coordinates, attributes)


def _along(spots: list[tuple], values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A value of each run at its place."""
    array = np.empty(shape, values.dtype)
    for spot, value in zip(spots, values, strict=True):
        array[spot] = value
    return array


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
    flat, filled = not columns[0].dtype.is_nested(), np.zeros(shape, bool)
    found = []
    for column, (seeds, *spot, steps) in zip(columns, where, strict=True):
        known = column.is_not_null().to_numpy()
        values = column.drop_nulls()
        if len(values):
            found.append(
                ((seeds[known], *spot, steps[known]), values.to_numpy() if flat else _padded(values.to_list()))
            )
            filled[found[-1][0]] = True
    widths = [array.shape[1:] for _, array in found]
    text = any(array.dtype == object for _, array in found)
    complete = filled.all() and len(set(widths)) == 1
    kind = object if text else np.result_type(*(array.dtype for _, array in found)) if complete else float
    placed = np.full(
        shape + tuple(map(max, zip(*widths, strict=True))), "" if text else np.nan if not complete else 0, kind
    )
    for place, array in found:
        placed[(*place, *map(slice, array.shape[1:]))] = array
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
