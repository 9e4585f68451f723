"""Hypothesis profiles and the fixtures that every test may use."""

import importlib
import os
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("MPLBACKEND", "Agg")  # before anything imports matplotlib

settings.register_profile("dev", deadline=None)
settings.register_profile("deep", deadline=None, max_examples=2000)
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    max_examples=100,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],  # a busy machine is no failure
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


def pytest_terminal_summary(terminalreporter):
    """What was skipped, once per reason."""
    skipped = Counter(report.longrepr[2] for report in terminalreporter.stats.get("skipped", []))
    for reason, many in sorted(skipped.items()):
        terminalreporter.write_line(f"{many} tests were skipped: {reason.removeprefix('Skipped: ')}")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with reference implementations and data; tests that need it are skipped without it."""
    folder = os.environ.get("TOYBOX_SHARED")
    if not folder:
        pytest.skip("set TOYBOX_SHARED to the folder with reference data to run this test")
    return Path(folder)


@pytest.fixture(scope="session")
def cupy_backend():
    """The namespace of CuPy, on a device or else emulated by the module ``cupy_on_cpu``, looked for in the folder
    TOYBOX_CUPY_ON_CPU, or tools/ of the shared one. Tests that need it are skipped where neither is there."""
    tools = os.environ.get("TOYBOX_CUPY_ON_CPU")
    if not tools and os.environ.get("TOYBOX_SHARED"):
        tools = str(Path(os.environ["TOYBOX_SHARED"]) / "tools")
    if tools:
        sys.path.append(tools)
        importlib.import_module("cupy_on_cpu").install()  # before anything imports cupy; does nothing on a device
    from toybox.xp import BackendError, namespace

    try:
        return namespace("cupy")
    except BackendError as missing:
        pytest.skip(f"{missing} (or set TOYBOX_CUPY_ON_CPU to the folder of an emulation)")


@pytest.fixture
def counted(cupy_backend):
    """counted(f): launches and synchronisations of f() as a dict, where CuPy is emulated; elsewhere skips."""
    emulation = sys.modules.get("cupy_on_cpu")
    if emulation is None or not emulation.is_active():
        pytest.skip("launches and synchronisations are counted by the emulation only")

    def count(f):
        emulation.reset()
        f()
        return emulation.counts()

    return count


@pytest.fixture(scope="session")
def shared_data(shared: Path) -> Path:
    """The data sets: TOYBOX_DATA, or data/ in the shared folder."""
    return Path(os.environ.get("TOYBOX_DATA") or shared / "data")
