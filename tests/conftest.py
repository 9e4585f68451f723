"""Hypothesis profiles and the fixtures that every test may use."""

import os
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


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with reference implementations and data; tests that need it are skipped without it."""
    folder = os.environ.get("TOYBOX_SHARED")
    if not folder:
        pytest.skip("set TOYBOX_SHARED to the folder with reference data to run this test")
    return Path(folder)


@pytest.fixture(scope="session")
def shared_data(shared: Path) -> Path:
    """The data sets: TOYBOX_DATA, or data/ in the shared folder."""
    return Path(os.environ.get("TOYBOX_DATA") or shared / "data")
