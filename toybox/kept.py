"""Tables that are measured by a function, rather than by runs: kept under a key of whatever decides them.

These are what is asked for (``of``), toybox's core and analyses, and the function's module with all that it imports
from its own package. Libraries and machine are no part of a key, as for runs: they are said in the meta.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from . import digest
from .origin import origin
from .store import Store


def kept(
    store: Store,
    of: dict[str, Any],
    measure: Callable,
    call: Callable[[], Any],
    without: Iterable[str] = (),
    reads: Iterable[Path] = (),
) -> tuple[Any, dict[str, Any]]:
    """The polars table that ``call`` returns, and its meta: from the store, or computed on one thread and kept there.

    of: plain values that say what is asked for. measure: the function whose module decides the numbers; without: names
    of modules that it imports and that do not. reads: folders of further packages that do. The meta holds ``of``, the
    key, seconds, and what ``origin`` says. Raises ``digest.Changed`` where sources changed after they were imported.
    """
    sources = dict(digest.core("analysis"))
    sources |= digest.with_imports(Path(inspect.getfile(inspect.unwrap(measure))), without)
    for folder in reads:
        sources |= digest.seen(folder)
    key = digest.sha256({"of": of, "sources": digest.of(sources)})
    found = store.get(key)
    if found is None:
        store.check()
        store.sweep()
        digest.refuse_changed(sources)
        began = time.perf_counter()
        with threadpool_limits(1):
            table = call()
        digest.refuse_changed(sources)
        store.put(key, table, {**of, "key": key, "seconds": time.perf_counter() - began, **origin()})
        found = store.get(key)
        assert found is not None, f"{store} lost {key}"
    return found
