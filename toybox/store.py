"""Results on disk: one table per key, written whole or not at all, and checked when it is read.

results/KEY.parquet      the table
results/KEY.json         what belongs to it, and the sha256 of both; written last, so that it vouches for the table
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

from .outputs import writable_folder


class Unwritable(ValueError):
    """Results cannot be kept."""


class Store:
    """A folder of results. ``path`` None: the folder named by TOYBOX_STORE (environment), else ``results`` here."""

    def __init__(self, path: str | Path | None = None):
        self.path = Path(path or os.environ.get("TOYBOX_STORE") or "results").absolute()
        for place in (self.path, *self.path.parents):
            if place.is_file():
                what = f"store={str(path)!r}" + (f": {place}" if place != self.path else "")
                raise ValueError(f"{what} is a file; accepted: a folder, which is made where it is missing")

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r})"

    def put(self, key: str, frame: Any, meta: dict[str, Any]) -> None:
        """Keep a polars table and a dictionary of plain values under ``key``, in place of what was there."""
        buffer = io.BytesIO()
        frame.write_parquet(buffer)
        table = buffer.getvalue()
        self.path.mkdir(parents=True, exist_ok=True)
        self._write(f"{key}.parquet", table)
        record = {"sha256": _digest(table, meta), "meta": meta}
        self._write(f"{key}.json", json.dumps(record, indent=1).encode())

    def get(self, key: str) -> tuple[Any, dict[str, Any]] | None:
        """The table and the dictionary kept under ``key``; None where there is none, or where it is damaged."""
        import polars as pl

        found = self._read(key)
        return found and (pl.read_parquet(io.BytesIO(found[0])), found[1])

    def check(self) -> None:
        """Raises ``Unwritable`` where ``put`` could not write; makes nothing."""
        try:
            writable_folder(self.path, "store")
        except ValueError as error:
            raise Unwritable(str(error)) from None

    def has(self, key: str) -> bool:
        """Whether ``get`` would find something."""
        return self._read(key) is not None

    def _write(self, name: str, content: bytes) -> None:
        part = self.path / f"{name}.{os.getpid()}.part"
        part.write_bytes(content)
        os.replace(part, self.path / name)

    def _read(self, key: str) -> tuple[bytes, dict[str, Any]] | None:
        """A part's bytes and dictionary. One that its sha256 does not vouch for is absent: nobody sees its numbers."""
        path = self.path / f"{key}.json"
        try:
            record = json.loads(path.read_bytes())
            table = path.with_suffix(".parquet").read_bytes()
            if record["sha256"] == _digest(table, record["meta"]):
                return table, record["meta"]
        except FileNotFoundError:
            if not path.exists():
                return None
        except (ValueError, KeyError, TypeError):
            pass
        print(f"toybox: {path.with_suffix('')} is damaged and taken for absent", file=sys.stderr)
        return None


def _digest(table: bytes, meta: dict[str, Any]) -> str:
    return hashlib.sha256(table + json.dumps(meta, sort_keys=True).encode()).hexdigest()
