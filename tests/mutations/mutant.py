"""What a mistake is: a text that stands exactly once in a file, what stands there instead, and who must notice."""

from typing import NamedTuple


class Mutant(NamedTuple):
    file: str  # relative to the project's root
    tests: str
    changes: list[tuple[str, str]]  # a text, and what stands there instead


def family(file: str, tests: str, mistakes: dict[str, tuple[str, str]]) -> dict[str, Mutant]:
    """Mutants of one file, by its name and theirs."""
    stem = file.rpartition("/")[2].removesuffix(".py")
    return {f"{stem}-{name}": Mutant(file, tests, [change]) for name, change in mistakes.items()}
