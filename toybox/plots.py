"""``tb.plot``: what runs reached against what it cost, every method in its look of the figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import cycle
from typing import Any

from . import zoo
from .curves import AXES, Series, draw, said, settings
from .digest import canonical_json
from .hyper import refuse_unknown, shown
from .looks import FREE, LOOKS, Look
from .own import short
from .trace import Trace

ACCEPTED = "a Trace, a dict of traces by the names of their curves, a Result, or a list of these"


def plot(results: Any, x: str = "values", y: str = "full_loss", *, ax: Any = None) -> Any:
    """Draw results as medians over their seeds with bands of quartiles, a curve for every lane of hyper-parameters, and
    return matplotlib's axes.

    results: a Trace, a dict of traces by the names of their curves, a Result, or a list of these, such as ``compute``
    returns. x: steps, batches, epochs, gradients, values, samples or seconds. y: a column of numbers of the results'
    tables, a probe too. ax: axes to draw in; None: those of a new figure of pyplot's. Raises ``ValueError``.

    A method has its look of the figures; one of one's own that which its file says, or any that is free. A cross stands
    where a lane ended at what is not finite, and the legend counts them; losses leave the panel at a thousand times the
    largest first one. Axes are logarithmic where all values allow it.
    """
    refuse_unknown("x", x, AXES)
    found = panels(results)
    several = len(found) > 1
    series = [one._replace(name=f"{one.name}; {title}") if several else one for title, all in found for one in all]
    for one in series:
        refuse_unknown("y", y, [column for column in one.frame.columns[2:] if _is_measured(one.frame[column])])
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.figure(layout="constrained").subplots()
    draw(ax, series, x, y)
    return ax


def panels(results: Any) -> list[tuple[str, list[Series]]]:
    """The curves of results in a panel for each problem, after its name with the options that were chosen for it; of
    traces, which do not know their problem, in one without a title. Raises ``ValueError``."""
    given = list(_named(results))
    looks = _looks(_method(one) for _, one in given)
    found: dict[bytes, tuple[str, list[Series]]] = {}
    for name, one in given:
        run = getattr(one, "run", None)
        place = canonical_json([run.problem, run.options]) if run else b""
        title = " ".join([short(run.problem), *(f"{k}={v}" for k, v in run.options.items())]) if run else ""
        found.setdefault(place, (title, []))[1].extend(_series(name, one, looks[_method(one)]))
    return [found[place] for place in sorted(found)]


def _named(results: Any) -> Iterator[tuple[str, Any]]:
    """Every trace and result, after its name where it was given one."""
    if isinstance(results, Mapping) and results:
        for name, one in results.items():
            yield from ((str(name), part) for _, part in _named(one))
    elif isinstance(results, Trace) or (hasattr(results, "run") and hasattr(results, "frame")):
        yield "", results
    elif isinstance(results, list | tuple) and results:
        for one in results:
            yield from _named(one)
    else:
        raise ValueError(f"results={shown(results)} is not accepted; accepted: {ACCEPTED}")


def _method(one: Any) -> str:
    return one.method if isinstance(one, Trace) else one.run.method


def _series(name: str, one: Any, look: Look) -> Iterator[Series]:
    """A curve for every lane of hyper-parameters, whose name says what was chosen for it."""
    run = getattr(one, "run", None)
    name = name or (run.label if run else "")
    hyper = run.hyper if run and not name else {}
    fixed = {k: value for k, value in hyper.items() if not isinstance(value, list)}
    for values, frame in settings(one.frame if run else one.to_frame()):
        yield Series(", ".join(filter(None, [name or look.name, said(fixed | values)])), look, frame)


def _looks(methods: Iterable[str]) -> dict[str, Look]:
    """A look for every method: the known ones, those that files say, and free ones for all others."""
    free, looks = cycle(FREE), dict[str, Look]()
    for method in methods:
        if method not in looks:
            look = LOOKS.get(method) or _declared(method)
            looks[method] = look or next(free)._replace(name=short(method) or "without a name")
    return looks


def _declared(method: str) -> Look | None:
    """What the file of a method says of its look, where the file is found from here."""
    try:
        return zoo.entry("method", method).look
    except ValueError:
        return None


def _is_measured(column: Any) -> bool:
    return column.dtype.is_numeric() and column.null_count() < len(column)
