"""How much memory there is, of the machine, of control groups in both versions of their files, and of ``ulimit -v``."""

import subprocess
import sys

import pytest

from toybox.memory import available

MACHINE = {"proc/meminfo": "MemTotal: 9000 kB\nMemFree: 5 kB\nMemAvailable:    7000 kB\nBuffers: 3 kB\nHugePages: 0\n"}
SECOND = {  # a job in a slice: the slice has the tighter limit
    "proc/self/cgroup": "0::/slice/job\n",
    "sys/fs/cgroup/slice/job/memory.max": "max\n",
    "sys/fs/cgroup/slice/job/memory.current": "1000\n",
    "sys/fs/cgroup/slice/memory.max": "5000\n",
    "sys/fs/cgroup/slice/memory.current": "3000\n",
    "sys/fs/cgroup/slice/memory.stat": "anon 10\ninactive_file 700\n",
}
FIRST = {
    "proc/self/cgroup": "9:name=systemd:/\n4:cpu,memory:/job\n3:cpuset:/elsewhere\n0::/\n",
    "sys/fs/cgroup/memory/job/memory.limit_in_bytes": "6000\n",
    "sys/fs/cgroup/memory/job/memory.usage_in_bytes": "2000\n",
    "sys/fs/cgroup/memory/job/memory.stat": "inactive_file 1\ntotal_inactive_file 50\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    "sys/fs/cgroup/memory/memory.usage_in_bytes": "8000\n",
}
INSIDE = {  # a container that sees its own group as the top, under a name from outside
    "proc/self/cgroup": "0::/named/outside\n",
    "sys/fs/cgroup/memory.max": "4000\n",
    "sys/fs/cgroup/memory.current": "4500\n",
}
LIMIT = "Limit  Soft Limit  Hard Limit  Units\nMax data size  5  5  bytes\nMax address space  {}  9999999  bytes\n"
LIMITED = {"proc/self/limits": LIMIT.format(3_000_000), "proc/self/status": "VmPeak: 9 kB\nVmSize:  2000 kB\n"}
UNLIMITED = LIMITED | {"proc/self/limits": LIMIT.format("unlimited")}


@pytest.fixture
def system(tmp_path):
    def write(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return tmp_path

    return write


@pytest.mark.parametrize(
    ("files", "free"),
    [
        (MACHINE, 7000 * 1024),
        (MACHINE | SECOND, 5000 - 3000 + 700),
        (MACHINE | FIRST, 6000 - 2000 + 50),
        (MACHINE | INSIDE, 0),
        (MACHINE | {"proc/self/cgroup": "0::/\n"}, 7000 * 1024),
        ({"proc/meminfo": "MemAvailable: 1 kB\n"} | SECOND, 1024),
        (MACHINE | LIMITED, 3_000_000 - 2000 * 1024),
        (MACHINE | LIMITED | SECOND, 5000 - 3000 + 700),
        (MACHINE | UNLIMITED, 7000 * 1024),
    ],
)
def test_the_tightest_limit_counts(system, files, free):
    assert available(system(files)) == free


def test_elsewhere_free_pages_count_and_then_nobody_knows(tmp_path, monkeypatch):
    monkeypatch.setattr("os.sysconf", {"SC_AVPHYS_PAGES": 3, "SC_PAGE_SIZE": 4096}.__getitem__)
    assert available(tmp_path) == 3 * 4096
    monkeypatch.delattr("os.sysconf")
    assert available(tmp_path) is None


def test_here():
    assert 0 < available() < 1 << 50


UNDER_A_LIMIT = """
import resource
import numpy as np
import toybox as tb
from toybox.memory import available
limit = available() if available() < 1 << 31 else 1 << 31
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
before = available()
assert before < limit, (before, limit)
held = bytearray(256 << 20)
assert before - available() >= 256 << 20, (before, available())
del held
rows = 4 * int((available() / 8) ** 0.5)  # K would take 16 times what is left
data = np.zeros((rows, 1)), np.zeros(rows), 1.0
print(tb.problems.KernelClassifier(*data, build=False).storage)
try:
    tb.problems.KernelClassifier(*data, storage="full", build=False)
except MemoryError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="address spaces have limits where /proc says so")
def test_a_limit_of_the_process_is_seen():
    """A problem plans with what ulimit -v leaves, and says so, instead of failing on the way."""
    done = subprocess.run([sys.executable, "-c", UNDER_A_LIMIT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    storage, refused = done.stdout.splitlines()
    assert storage == "tiles"
    assert "GB are available, enough for" in refused
