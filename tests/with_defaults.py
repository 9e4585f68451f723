"""The oracles with the package's published numbers where a caller gives none: ``from with_defaults import oracles``."""

import inspect
from functools import cache, partial, wraps
from typing import Any

import oracles as plain
from toybox import zoo

SAME = {"labpal": "labpal-sgd", "pal_conjugate": "pal-pr"}  # the oracle of several methods, and one of these
# what an oracle wants and the package knows otherwise: from the data, or as a constant
KNOWN = {"steps_per_epoch": 1, "judges": None, "schedule": None, "min_step": 1e-8, "mode": "sgd", "formula": "PR"}


@cache
def with_defaults(name: str) -> Any:
    """An oracle with the defaults of the method of the same name; of anything else what it is."""
    oracle, method = getattr(plain, name), SAME.get(name, name.replace("_", "-"))
    if method not in zoo.METHODS:
        return oracle
    published = zoo.defaults(zoo.METHODS[method]) | KNOWN
    bound = getattr(oracle, "keywords", {})
    given = {key: whole(published[key]) for key in numbers_of(oracle) if key in published and key not in bound}
    return wraps(oracle)(partial(oracle, **given))


def whole(v: Any) -> Any:
    """1.0 as 1, which leaves fractions what they are."""
    return int(v) if isinstance(v, float) and v.is_integer() else v


def numbers_of(oracle: Any) -> list[str]:
    """The names of the hyper-parameters that an oracle takes."""
    return [p.name for p in inspect.signature(oracle).parameters.values() if p.kind is p.KEYWORD_ONLY]


class Oracles:
    def __getattr__(self, name: str) -> Any:
        return with_defaults(name)


oracles: Any = Oracles()
