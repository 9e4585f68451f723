"""How much memory this process may still take: of the machine, of the control groups of containers and batch jobs,
where more would get it killed, and of its own limit (``ulimit -v``), where more is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/")
# where groups are, and their files: limit, taken, and the entry of memory.stat that says how much of it is cached files
SECOND = "sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"
FIRST = "sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"


def available(root: Path = ROOT) -> int | None:
    """Bytes; None where the system does not say. ``root``: where /proc and /sys are."""
    known = [free for free in (_of_the_machine(root), _of_the_process(root), *_of_the_groups(root)) if free is not None]
    return max(0, min(known)) if known else None


def _of_the_machine(root: Path) -> int | None:
    kilobytes = _table(root / "proc/meminfo").get("MemAvailable:")
    if kilobytes is not None:
        return 1024 * kilobytes
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _of_the_process(root: Path) -> int | None:
    """What is left of the address space that the process may have."""
    words = _text(root / "proc/self/limits").partition("Max address space")[2].split()
    taken = _table(root / "proc/self/status").get("VmSize:")
    return int(words[0]) - 1024 * taken if words and words[0].isdigit() and taken is not None else None


def _of_the_groups(root: Path) -> Iterator[int | None]:
    """What is left of the limit of each control group that the process is in, of both versions of their files. What
    only caches files does not count as taken."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        mount, limit, taken, cached = FIRST if controllers else SECOND
        top = root / mount
        group = top / path.lstrip("/")
        for folder in (group, *group.parents):
            most, used = _number(folder / limit), _number(folder / taken)
            if most is not None and used is not None:
                yield most - used + _table(folder / "memory.stat").get(cached, 0)
            if folder == top:
                break


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError):
        return ""


def _number(path: Path) -> int | None:
    """The number in a file; None where there is none, as "max" for no limit."""
    text = _text(path).strip()
    return int(text) if text.isdigit() else None


def _table(path: Path) -> dict[str, int]:
    """Names and numbers, one pair a line."""
    rows = (line.split() for line in _text(path).splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit()}
