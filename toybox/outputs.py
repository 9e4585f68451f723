"""Where results will be written is looked at before anything is computed."""

from __future__ import annotations

import os
from pathlib import Path


def writable_file(path: str | Path, name: str) -> Path:
    """``path`` as a file to write, made or replaced; ``name`` is the option it was given by.

    Raises ``ValueError`` where it is a folder, where its folder does not exist, or where permission is missing.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{name} {path} is a folder; accepted: a file in an existing folder")
    if not path.parent.is_dir():
        raise ValueError(
            f"{name} {path}: the folder {path.parent} does not exist; accepted: a file in an existing folder"
        )
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ValueError(f"{name} {path} may not be written; accepted: a file that you have permission to write")
    return path


def writable_folder(path: str | Path, name: str) -> Path:
    """``path`` as a folder to write to, which is made where it is missing; ``name`` is the option it was given by.

    Raises ``ValueError`` where it or what it lies in is a file, or where permission is missing. Makes nothing.
    """
    path = Path(path)
    there = next(one for one in (path.absolute(), *path.absolute().parents) if one.exists())
    if not there.is_dir():
        raise ValueError(f"{name} {path}: {there} is a file; accepted: a folder, which is made where it is missing")
    if not os.access(there, os.W_OK | os.X_OK):
        raise ValueError(f"{name} {path}: {there} may not be written to; accepted: a folder that you may write to")
    return path
