"""How far a sweep is: a bar with the time left, or a line now and then without a terminal."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from harness.cli.check_progress import EVERY_S

Advance = Callable[[], None]


@contextmanager
def progress(console: Console, total: int) -> Iterator[Advance]:
    """Show how far it is while the block lasts; give what counts one run, from any thread."""
    if not total:
        yield lambda: None
        return
    if not console.is_terminal:
        yield _Lines(total).one
        return
    columns = (
        *(BarColumn(), MofNCompleteColumn(), TextColumn("runs in"), TimeElapsedColumn()),
        *(TextColumn("- about"), TimeRemainingColumn(), TextColumn("left")),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda: bar.advance(task)


class _Lines:
    """A line every half minute; none for a sweep that is over before."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._began_s = self._told_s = time.monotonic()

    def one(self) -> None:
        """Count a run."""
        self._done += 1
        now_s = time.monotonic()
        if now_s >= self._told_s + EVERY_S:
            self._told_s = now_s
            took_s = now_s - self._began_s
            left_s = took_s / self._done * (self._total - self._done)
            click.echo(
                f"chaoslab: {self._done} of {self._total} runs in {took_s:.0f} s; about "
                f"{left_s:.0f} s left",
                err=True,
            )
