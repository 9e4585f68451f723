"""How what only some uses need is installed."""

from importlib import import_module
from typing import Any, Literal

DISTRIBUTION = "toybox-linesearch"
Extra = Literal[
    "cuda12", "cuda13", "torch", "test", "proofs", "pep", "demo", "browser", "pandas", "xarray"
]  # of pyproject.toml


def install(*extras: Extra) -> str:
    """The command that adds an extra's packages to an installed toybox; of several extras any one will do.

    In double quotes, which every shell understands, those of Windows too.
    """
    return " or ".join(f'pip install "{DISTRIBUTION}[{extra}]"' for extra in extras)


def needed(package: str, extra: Extra, what: str) -> Any:
    """The package. Raises ``ModuleNotFoundError`` that says how it is installed where it is not."""
    try:
        return import_module(package)
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            f"{what} needs a package that is not installed ({missing.name}): {install(extra)}", name=missing.name
        ) from None
