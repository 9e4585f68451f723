"""The progress bar of long runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def bar(total: int, text: str = "steps") -> Iterator:
    """A bar on standard error; its value is called once per step."""
    from rich.console import Console

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task, done, shown = progress.add_task(text, total=total), 0, max(1, total // 500)

        def tick(_):
            nonlocal done
            done += 1
            if done % shown == 0 or done == total:
                progress.update(task, completed=done)

        yield tick
