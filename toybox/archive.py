"""Arrays and plain values in one .npz file that vouches for itself: its last bytes are the sha256 of all before them.

They are the archive's comment, so that NumPy reads such a file like any other. Nothing is pickled.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import secrets
import struct
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

PLAIN = "_plain"  # the member that holds the plain values, as JSON
MARK = b"toybox sha256 "
COMMENT = len(MARK) + 64
INFLATE = 1100  # deflate makes at most 1032 bytes of one


def write(path: Path, plain: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Write the file, whole or not at all. Raises ``TypeError`` for what is not plain, ``ValueError`` for objects."""
    if objects := [name for name, array in arrays.items() if array.dtype.hasobject]:
        raise ValueError(f"{objects[0]} holds objects; accepted: arrays of numbers, truth values or text")
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{PLAIN: np.array(json.dumps(plain))}, **arrays)  # type: ignore[arg-type]
    content = buffer.getvalue()[:-2] + struct.pack("<H", COMMENT)  # an archive ends with the length of its comment
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(content + MARK + hashlib.sha256(content).hexdigest().encode())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What ``write`` was given. Raises ``ValueError`` for any other file, ``OSError`` where there is none to read."""
    with path.open("rb") as file:
        try:
            _refuse_damage(file)
            with zipfile.ZipFile(file) as members:
                for member in members.infolist():
                    _refuse_bomb(members, member)
            file.seek(0)
            with np.load(file, allow_pickle=False) as found:
                arrays = {name: found[name] for name in found.files}
            return dict(json.loads(str(arrays.pop(PLAIN)))), arrays
        except MemoryError:
            raise
        except Exception as error:
            raise ValueError(f"{path} was not written here: {error}") from error


def _refuse_damage(file: BinaryIO) -> None:
    """Raises ``ValueError`` unless the last bytes vouch for all before them."""
    left, digest = file.seek(0, os.SEEK_END) - COMMENT, hashlib.sha256()
    file.seek(max(0, left))
    comment = file.read()
    if left < 0 or not comment.startswith(MARK):
        raise ValueError("it has no checksum")
    file.seek(0)
    while left and (block := file.read(min(left, 1 << 20))):
        digest.update(block)
        left -= len(block)
    if comment != MARK + digest.hexdigest().encode():
        raise ValueError("its checksum is that of something else")


def _refuse_bomb(members: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Raises ``ValueError`` where an array says that it is of another size than its member, or the member than its
    bytes can be: before memory is taken for it."""
    with members.open(member) as file:
        read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        shape, _, dtype = read_header[np.lib.format.read_magic(file)](file)
        size = file.tell() + math.prod(shape) * dtype.itemsize
    if dtype.hasobject or size != member.file_size or size > INFLATE * member.compress_size:
        raise ValueError(f"{member.filename} is not of the size that it says")
