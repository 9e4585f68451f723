"""Where and with what a result was computed: it is kept with it, since another processor or BLAS rounds differently."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from . import __version__
from .digest import code_digest

MACHINE = ("code", "numpy", "blas", "processor")  # what may change the last bits


def origin() -> dict[str, Any]:
    """Plain values: versions, blas, processor, date, and the digest of toybox's code."""
    return {
        "versions": versions(),
        "blas": blas(),
        "processor": processor(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "code": code_digest(),
    }


@cache
def versions() -> dict[str, str]:
    others = {name: metadata.version(name) for name in ("numpy", "scipy")}
    return {"python": platform.python_version(), **others, "toybox": __version__}


def machine(meta: dict[str, Any]) -> dict[str, str]:
    """Of what ``origin`` said, that which may change the last bits."""
    said = meta | meta.get("versions", {})
    return {name: str(said.get(name, "unknown")) for name in MACHINE}


def blas() -> str:
    """The library of NumPy's products with its version, and the kind of processor it has chosen its code for."""
    found = [library for library in threadpool_info() if library["user_api"] == "blas"]
    if not found:  # such as Apple's, which cannot be asked
        return str(np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"])
    own = min(found, key=lambda library: "numpy" not in library["filepath"])  # SciPy and PyTorch may have their own
    return f"{own['internal_api']} {own['version']} for {own.get('architecture', 'any processor')}"


@cache
def processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text("utf-8") if cpuinfo.is_file() else ""
    named = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return next(iter(named), "") or platform.processor() or platform.machine()
