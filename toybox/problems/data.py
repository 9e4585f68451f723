"""The data sets of the experiments, and the rule that splits them.

mushrooms and digits travel with the package (DATA_LICENSE.md says whose work they are); ijcnn1 has no stated licence,
so it is read from a folder of the user's or downloaded on request, and checked against a known sha256.
"""

from __future__ import annotations

import bz2
import hashlib
import lzma
import math
import os
import re
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

Array = Any


class Dataset(NamedTuple):
    """X (rows, features) float64; y (rows,) int: the digit, or else 0 and 1, where 0 is the smaller LIBSVM label."""

    X: Array
    y: Array
    name: str


class MissingData(FileNotFoundError):
    """A data file that the package may not carry is not on this machine."""


# What the table records and which values occur, in LIBSVM's order. The first entry is the label, each further
# entry a block of one-hot columns. A row is the list of its value numbers, read as one number in mixed radix.
MUSHROOMS = {
    "classification": "poisonous edible",
    "cap-shape": "conical bell flat knobbed sunken convex",
    "cap-surface": "scaly smooth grooves fibrous",
    "cap-color": "cinnamon buff red gray brown pink green purple white yellow",
    "bruises?": "yes no",
    "odor": "almond creosote foul musty anise none pungent spicy fishy",
    "gill-attachment": "attached free",
    "gill-spacing": "closed crowded",
    "gill-size": "broad narrow",
    "gill-color": "buff red gray chocolate black orange brown pink green purple white yellow",
    "stalk-shape": "enlarging tapering",
    "stalk-surface-above-ring": "scaly smooth silky fibrous",
    "stalk-surface-below-ring": "scaly smooth silky fibrous",
    "stalk-color-above-ring": "cinnamon buff red gray orange brown pink white yellow",
    "stalk-color-below-ring": "cinnamon buff red gray orange brown pink white yellow",
    "veil-type": "partial",
    "veil-color": "yellow orange white brown",
    "ring-number": "two one none",
    "ring-type": "pendant none evanescent large flaring",
    "spore-print-color": "buff chocolate black orange brown green purple white yellow",
    "population": "abundant clustered numerous scattered several solitary",
    "habitat": "woods grasses meadows leaves paths urban waste",
}
MUSHROOMS_SHA256 = "f39a4eb628dc61a7d43760815b061c9e497aa728ce1ad8bde57a09ef6043b538"  # of LIBSVM's text
_SIZES = tuple(len(values.split()) for values in MUSHROOMS.values())
_FIRST = np.cumsum((0, *_SIZES[1:-1]))  # first column of each block


def pack(values: Array) -> bytes:
    """Value numbers (22, rows), in the order of MUSHROOMS, to six little-endian bytes per row."""
    codes = np.ravel_multi_index(tuple(np.asarray(values)), _SIZES).astype("<u8")
    return codes[:, None].view(np.uint8)[:, :6].tobytes()


def unpack(packed: bytes) -> Array:
    """The value numbers (22, rows) that ``pack`` turned into bytes."""
    codes = np.zeros((len(packed) // 6, 8), np.uint8)
    codes[:, :6] = np.frombuffer(packed, np.uint8).reshape(-1, 6)
    return np.array(np.unravel_index(codes.view("<u8")[:, 0].astype(np.int64), _SIZES))


def libsvm_text(values: Array) -> bytes:
    """Value numbers (22, rows) as LIBSVM writes them: label 1 or 2, then the one-based columns set to 1."""
    columns = values[1:].T + _FIRST + 1
    rows = zip(values[0] + 1, columns, strict=True)
    return "".join(f"{label} " + "".join(f"{j}:1 " for j in row) + "\n" for label, row in rows).encode()


def _embedded() -> Array:
    return unpack(resources.files(__package__).joinpath("mushrooms.bin").read_bytes())


def mushrooms() -> Dataset:
    """Return the mushroom records, one-hot: X (8124, 112), y (8124,) with 1 = edible (4208 rows)."""
    values = _embedded()
    X = np.zeros((values.shape[1], sum(_SIZES[1:])))
    np.put_along_axis(X, values[1:].T + _FIRST, 1.0, axis=1)
    return Dataset(X, values[0], "mushrooms")


def mushrooms_libsvm_text() -> bytes:
    """Return LIBSVM's file ``mushrooms``, byte for byte (sha256: MUSHROOMS_SHA256)."""
    return libsvm_text(_embedded())


DIGITS_SHA256 = "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8"  # of scikit-learn's text
_LZMA = {"format": lzma.FORMAT_XZ, "check": lzma.CHECK_NONE}


def pack_digits(table: Array) -> bytes:
    """Whole numbers below 256 (rows, 65), 64 pixels and a label, to compressed bytes, one column after the other."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME}]
    return lzma.compress(np.asarray(table, np.uint8).T.tobytes(), filters=filters, **_LZMA)


def unpack_digits(packed: bytes) -> Array:
    """The table (rows, 65) that ``pack_digits`` turned into bytes."""
    return np.frombuffer(lzma.decompress(packed), np.uint8).reshape(65, -1).T.astype(np.int64)


def csv_text(table: Array) -> bytes:
    """Whole numbers (rows, columns) as scikit-learn writes them: one row a line, commas between."""
    return "".join(",".join(map(str, row)) + "\n" for row in np.asarray(table).tolist()).encode()


def _digits() -> Array:
    return unpack_digits(resources.files(__package__).joinpath("digits.bin").read_bytes())


def digits() -> Dataset:
    """Return the 8x8 images of handwritten digits: X (1797, 64), shares of ink from 0 to 1, y (1797,) in 0 .. 9."""
    table = _digits()
    return Dataset(table[:, :-1] / 16, table[:, -1], "digits")


def digits_csv() -> bytes:
    """Return scikit-learn's file ``digits.csv``, byte for byte (sha256: DIGITS_SHA256)."""
    return csv_text(_digits())


IJCNN1_URL = "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/binary/"
IJCNN1_SHA256 = {
    "ijcnn1.tr.bz2": "77a67b8333bb92fd9d93b67122c0bfbeefc8f80c6c818009d9aeabc3b7d3ccbd",
    "ijcnn1.val.bz2": "3b87f23e1d220cd812c6d03f9fa9758d44011ed13ae14fb19607390d9f6f4299",
    "ijcnn1.t.bz2": "acd1db430684fdd3f0c768ecc49aa8e749d0004fc117611220c2aa576a7b6a24",
}
IJCNN1_PARTS = {
    "tr": ["ijcnn1.tr.bz2"],
    "val": ["ijcnn1.val.bz2"],
    "test": ["ijcnn1.t.bz2"],
    "full": ["ijcnn1.tr.bz2", "ijcnn1.val.bz2"],
}


def ijcnn1(part: str = "tr") -> Dataset:
    """Return a part of the IJCNN 2001 challenge data: X (rows, 22) without units, y (rows,), some 9.6 % ones.

    Parts: "tr" (35,000 rows), "val" (14,990), "test" (91,701), "full" (49,990: tr followed by val). The
    files are looked for in the folder TOYBOX_DATA (environment), then in the cache of ``fetch_ijcnn1``.

    Consecutive rows are overlapping windows of one time series (columns 12-21; columns 0-9 are a one-hot
    counter). A shuffled split therefore puts neighbours of training rows into the test set, and the accuracy
    there says little about an engine never seen.
    """
    if part not in IJCNN1_PARTS:
        raise ValueError(f"part={part!r} is not a part of ijcnn1; accepted: {', '.join(IJCNN1_PARTS)}")
    text = b"".join(bz2.decompress(_verified(name)) for name in IJCNN1_PARTS[part])
    X, labels = parse_libsvm(text, features=22, source=f"ijcnn1 {part}")
    return Dataset(X, (labels == labels.max()).astype(int), f"ijcnn1-{part}")


def fetch_ijcnn1(folder: str | Path | None = None, progress: bool = True, base_url: str = IJCNN1_URL) -> list[Path]:
    """Download the three files of ijcnn1 (4 MB) from LIBSVM's page into ``folder`` and return their paths.

    Without ``folder`` they go to the user's cache, where ``ijcnn1`` finds them. Files already there and
    intact are kept. A download with a wrong sha256 is deleted and raises ValueError.
    """
    import pooch

    store = pooch.create(
        path=folder or pooch.os_cache("toybox"),
        base_url=base_url,
        registry=IJCNN1_SHA256,  # pooch takes a bare hash for a sha256
    )
    if not progress:
        return [Path(store.fetch(name)) for name in IJCNN1_SHA256]

    from rich.progress import Progress

    with Progress() as bars:
        return [
            Path(store.fetch(name, downloader=pooch.HTTPDownloader(progressbar=_Bar(bars, name))))
            for name in IJCNN1_SHA256
        ]


class _Bar:
    """What pooch expects of a progress bar, drawn by rich."""

    def __init__(self, bars: Any, name: str) -> None:
        self.bars, self.task, self.total = bars, bars.add_task(name, total=None), 0

    def update(self, count: int) -> None:
        self.bars.update(self.task, total=self.total or None, advance=count)

    def reset(self) -> None:
        self.bars.update(self.task, completed=0)

    def close(self) -> None:
        pass


def _verified(name: str) -> bytes:
    """The bytes of a data file, from TOYBOX_DATA or else the cache."""
    import pooch

    chosen, cache = os.environ.get("TOYBOX_DATA"), Path(pooch.os_cache("toybox"))
    for folder in ([Path(chosen)] if chosen else []) + [cache]:
        path = folder / name
        if path.is_file():
            break
    else:
        raise MissingData(
            f"{name} is neither in TOYBOX_DATA={chosen!r} nor in {cache}: "
            "set TOYBOX_DATA to a folder that holds the file, or run `toybox data fetch ijcnn1`"
        )
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != IJCNN1_SHA256[name]:
        raise ValueError(f"{path} is corrupt: its sha256 is {found}, expected {IJCNN1_SHA256[name]}")
    return content


_NUMBER = rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_LINE = re.compile(rb"%b(?:[ \t]+\d{1,9}:%b)*[ \t]*" % (_NUMBER, _NUMBER))


def parse_libsvm(text: bytes, features: int, source: str = "text") -> tuple[Array, Array]:
    """Read lines ``label index:value ...`` into X (rows, features) and labels (rows,), both float64.

    Indices are one-based and ascend within a line; what is not listed is zero. ``source`` is named in errors.
    """
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if not _LINE.fullmatch(line):
            raise ValueError(f"{source}, line {number}: {_short(line)} is not `label index:value ...`")
    entries = np.array([line.count(b":") for line in lines], int)
    numbers = np.array(text.replace(b":", b" ").split(), "S").astype(float)
    start = np.cumsum(1 + 2 * entries) - 1 - 2 * entries  # where in `numbers` each line begins
    row = np.repeat(np.arange(len(lines)), entries)
    pairs = np.delete(numbers, start).reshape(-1, 2)
    column = pairs[:, 0].astype(int) - 1

    def refuse(wrong: Array, accepted: str) -> None:
        if wrong.any():
            at = wrong.argmax()
            entry = _short(lines[row[at]].split()[1 + at - np.searchsorted(row, row[at])])
            raise ValueError(f"{source}, line {row[at] + 1}: {entry}: {accepted}")

    refuse((column < 0) | (column >= features), f"the index must be one of 1 .. {features}")
    refuse((np.diff(row, prepend=-1) == 0) & (np.diff(column, prepend=-1) <= 0), "indices must ascend")
    refuse(~np.isfinite(pairs[:, 1]), "the value must be finite")
    X = np.zeros((len(lines), features))
    X[row, column] = pairs[:, 1]
    return X, numbers[start]


def _short(text: bytes) -> str:
    shown = text.decode(errors="replace")
    return repr(shown if len(shown) <= 60 else shown[:57] + "...")


def split(rows: int, test_fraction: float = 0.2, shuffled: bool = True) -> tuple[Array, Array]:
    """Return (train, test), index arrays that share out 0 .. rows-1; ceil(test_fraction rows) go to the test.

    Shuffled: the test rows lead a fixed permutation (seed 9513451), the training rows follow in its order.
    Otherwise the test rows are the last ones. Both agree with scikit-learn's ``train_test_split``.
    """
    if not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction={test_fraction!r} is not accepted: a number between 0 and 1 is needed")
    test = math.ceil(test_fraction * rows)
    if not 0 < test < rows:
        raise ValueError(f"rows={rows!r} leave no training row beside test_fraction={test_fraction!r}: take more")
    if not shuffled:
        return np.arange(rows - test), np.arange(rows - test, rows)
    order = np.random.RandomState(9513451).permutation(rows)
    return order[test:], order[:test]
