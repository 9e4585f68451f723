"""Rebuild toybox/problems/digits.bin from the UCI records, and prove that scikit-learn's file follows from it.

    PYTHONPATH=. python scripts/build_digits.py SOURCE [TARGET]

SOURCE is the wheel scikit_learn-1.9.1-*.whl, which carries the records, or the digits.csv.gz taken out of it. TARGET is
the file to write (default: the one in the package). The same bytes come out every time.
"""

import gzip
import hashlib
import sys
import zipfile
from pathlib import Path

import numpy as np

from toybox.problems.data import DIGITS_SHA256, csv_text, pack_digits, unpack_digits

MEMBER = "sklearn/datasets/data/digits.csv.gz"
GZIP_SHA256 = "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"
TARGET = Path(__file__).parents[1] / "toybox" / "problems" / "digits.bin"


def records(source: Path) -> np.ndarray:
    """The 1797 records (1797, 65), in UCI order: 64 pixels and the label."""
    content = zipfile.ZipFile(source).read(MEMBER) if zipfile.is_zipfile(source) else source.read_bytes()
    check(f"the records in {source}", content, GZIP_SHA256)
    return np.array([line.split(",") for line in gzip.decompress(content).decode().split()], int)


def check(what: str, content: bytes, expected: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise SystemExit(f"{what}: sha256 {found}, expected {expected}")


def main(source: str, target: str | Path = TARGET) -> None:
    table = records(Path(source))
    packed = pack_digits(table)
    check("scikit-learn's text rebuilt from the packed table", csv_text(unpack_digits(packed)), DIGITS_SHA256)
    Path(target).write_bytes(packed)
    print(f"{target}: {len(table)} records, {len(packed)} bytes, sha256 {hashlib.sha256(packed).hexdigest()}")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
