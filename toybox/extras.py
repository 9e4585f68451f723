"""How what only some uses need is installed."""

from typing import Literal

DISTRIBUTION = "toybox-linesearch"
Extra = Literal["cuda12", "cuda13", "torch", "test", "proofs", "pep", "demo", "browser", "pandas"]  # of pyproject.toml


def install(*extras: Extra) -> str:
    """The command that adds an extra's packages to an installed toybox; of several extras any one will do.

    In double quotes, which every shell understands, those of Windows too.
    """
    return " or ".join(f'pip install "{DISTRIBUTION}[{extra}]"' for extra in extras)
