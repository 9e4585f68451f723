"""Tests of what a small environment lacks: skipped there, run where it is installed, and where all was to be installed
(TOYBOX_ALL=1, as by ``make test-all``) run in any case, so that what is missing fails."""

import os
from importlib.util import find_spec

import pytest

from toybox.extras import Extra, install

ALL = os.environ.get("TOYBOX_ALL") == "1"
EXTRA: dict[str, Extra] = {
    "torch": "torch",
    "PEPit": "pep",
    "marimo": "demo",
    "playwright": "browser",
    "pandas": "pandas",
    "xarray": "xarray",
}


def installed(package: str) -> bool:
    """Whether the package is here, or was to be."""
    return ALL or find_spec(package) is not None


def needs(package: str) -> pytest.MarkDecorator:
    """Skips a test where the package, one of EXTRA, is not installed."""
    return pytest.mark.skipif(not installed(package), reason=f"no {package}: {install(EXTRA[package])}")


TORCH = pytest.param("torch", marks=needs("torch"))  # a backend among others
