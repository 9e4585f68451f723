"""Results on disk: one file per key, written whole or not at all, and checked when it is read.

results/KEY.toybox   three parts, by any number of processes at once:
    toybox SHA256    a line: of all that follows
    {"key": ...}     a line: the key, and what belongs to the table, as JSON
    PAR1 ...         the table, as a Parquet file has it
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import sys
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

MAGIC = b"toybox "
DAY = 86400.0


class Unwritable(ValueError):
    """Results cannot be kept, or not be read."""


class Store:
    """A folder of results. ``path`` None: the folder named by TOYBOX_STORE (environment), else ``results`` here."""

    def __init__(self, path: str | Path | None = None):
        named = str(path or os.environ.get("TOYBOX_STORE") or "results")
        self.path = Path(os.path.expanduser(named)).absolute()
        for place in (self.path, *self.path.parents):
            if os.path.exists(place) and not os.path.isdir(place):
                what = f"store={named!r}" + (f": {place}" if place != self.path else "")
                raise ValueError(f"{what} is a file; accepted: a folder, which is made where it is missing")

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r})"

    def put(self, key: str, frame: Any, meta: dict[str, Any]) -> None:
        """Keep a polars table and a dictionary of plain values under ``key``, in place of what was there, which stays
        where this fails. Raises ``Unwritable``."""
        table = io.BytesIO()
        frame.write_parquet(table)
        record = json.dumps({"key": key, "meta": meta}).encode() + b"\n" + table.getvalue()
        self._write(self._file(key), MAGIC + _sha256(record) + b"\n" + record)

    def get(self, key: str) -> tuple[Any, dict[str, Any]] | None:
        """The table and the dictionary kept under ``key``; None where there is none, or where it is damaged. Raises
        ``Unwritable`` where what is there cannot be read."""
        import polars as pl

        found = self._read(key)
        return found and (pl.read_parquet(io.BytesIO(found[1])), found[0])

    def has(self, key: str) -> bool:
        """Whether ``get`` would find something."""
        return self._read(key) is not None

    def check(self) -> None:
        """Raises ``Unwritable`` where ``put`` could not write: it tries."""
        self._write(self.path / "check.toybox", bytes(4096), keep=False)

    def sweep(self) -> None:
        """Remove what processes that died while writing have left."""
        for part in self.path.glob("*.part"):
            with suppress(OSError):  # just renamed by its writer, or another user's
                if _abandoned(part):
                    part.unlink()

    def _file(self, key: str) -> Path:
        return self.path / f"{key}.toybox"

    def _write(self, file: Path, content: bytes, keep: bool = True) -> None:
        """Write under a name that no other process uses, then rename, so that ``file`` is whole at every moment."""
        part = self.path / f"{file.name}.{uuid.uuid4().hex}.{os.getpid()}@{platform.node()}.part"
        try:
            try:
                self.path.mkdir(parents=True, exist_ok=True)
                part.write_bytes(content)
                if keep:
                    os.replace(part, file)
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            raise Unwritable(
                f"store {self.path} cannot keep a result ({error.strerror or error}); accepted: a folder that you may "
                "write to, on a disk with room"
            ) from None

    def _read(self, key: str) -> tuple[dict[str, Any], bytes] | None:
        """A part's dictionary and table. One that its sha256 does not vouch for is absent: nobody sees its numbers."""
        file = self._file(key)
        try:
            vouched, _, record = file.read_bytes().partition(b"\n")
            if vouched == MAGIC + _sha256(record):
                line, _, table = record.partition(b"\n")
                said = json.loads(line)
                if said["key"] == key:
                    return said["meta"], table
        except (ValueError, KeyError, TypeError, RecursionError):  # vouched for, but not written by ``put``
            pass
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise Unwritable(
                f"{file} cannot be read ({error.strerror or error}); accepted: a result, or nothing at this place"
            ) from None
        print(f"toybox: {file} is damaged and taken for absent", file=sys.stderr)
        return None


def _abandoned(part: Path) -> bool:
    """Whether nobody writes this file any more: its process has ended, as far as this machine can tell, or it is a day
    old."""
    writer, _, host = part.name.removesuffix(".part").rpartition("@")
    process = writer.rpartition(".")[2]
    here = host == platform.node() and process.isdigit() and os.name == "posix"
    return (here and not _alive(int(process))) or time.time() - part.stat().st_mtime > DAY


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # another user's
        pass
    return True
