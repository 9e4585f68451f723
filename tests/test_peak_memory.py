"""How much memory methods take beside their problem's own, on the largest problem that travels with the package."""

import json
import subprocess
import sys

import pytest

from toybox import zoo

MOST = 10**9  # bytes: two batches of 51 seeds are 0.53 GB, and a search that kept its batches would have ten of them

MEASURE = """
import json, resource, sys, tracemalloc
import toybox as tb
problem = tb.problem("mushrooms")
problem.accuracy(problem.initial([0]))
resident = lambda: 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before, peaks = resident(), {}
tracemalloc.start()
for name in sys.argv[1:]:
    tracemalloc.reset_peak()
    tb.run(problem, tb.method(name), steps=2, batch=100, seeds=range(64), every=None)
    peaks[name] = tracemalloc.get_traced_memory()[1]
print(json.dumps({"resident": resident() - before, "peaks": peaks}))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss has other units elsewhere")
def test_no_method_takes_a_gigabyte_beside_mushrooms():
    """With 64 seeds, in a process of its own: what Python and NumPy allocate for each method, and what the process
    takes at most, for all of them."""
    command = [sys.executable, "-c", MEASURE, *zoo.METHODS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["peaks"].keys() == zoo.METHODS.keys()
    assert not {name: peak for name, peak in found["peaks"].items() if not peak < MOST}
    assert found["resident"] < MOST
