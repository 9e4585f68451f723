"""toybox: a reference testbed for stochastic line searches.

import toybox as tb
trace = tb.run(tb.problem("factorization", rank=4), tb.method("sls"), steps=400, batch=100, seeds=range(5))
"""

from importlib import import_module
from typing import Any

from . import digest as digest  # before any other: it reads the sources that are imported later

__version__ = "0.1.0"

_HOME = {  # public name -> module; loaded when first used, so that "import toybox" needs NumPy alone
    "register": ".own", "problem": ".zoo", "method": ".zoo", "PROBLEMS": ".zoo", "METHODS": ".zoo",
    "check": ".laws", "laws": ".laws", "compare": ".comparison", "comparison": ".comparison",
    "run": ".optimizer", "Optimizer": ".optimizer", "Probe": ".record", "Look": ".record",
    "Trace": ".trace", "noise_factor": ".methods.labpal", "Status": ".rays", "Step": ".rays", "Ray": ".rays",
    **dict.fromkeys(("Search", "change", "once", "slope", "both", "turn"), ".text"),
    **dict.fromkeys(("found", "exhausted", "nowhere", "diverged"), ".text"),
    **dict.fromkeys(("Hyper", "number", "choice", "integer"), ".hyper"),
    "search": ".bare", "Gradient": ".methods.fixed", "Unit": ".methods.fixed", "looks": ".looks",
    "problems": ".problems", "methods": ".methods", "lines": ".lines",
    "study": ".study", "store": ".store", "xp": ".xp", "losses": ".losses", "sampling": ".sampling",
    "analysis": ".analysis", "hyper": ".hyper", "zoo": ".zoo",
    "plot": ".plots",
}  # fmt: skip
__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'toybox' has no attribute {name!r}")
    module = import_module(_HOME[name], __name__)
    value = module if _HOME[name] == f".{name}" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
