"""How far a check is: a bar for a person, a line now and then where there is no terminal."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from harness.check_results import Checked, Job
from harness.checks.verdict import Verdict

EVERY_S = 30.0
"""How often a log is told, at most: often enough for a CI service that ends silent jobs."""


class Shown(Protocol):
    """Takes how far a check is; results may come from another thread."""

    def one(self, checked: Checked) -> None:
        """Count a result."""

    def again(self, left: Sequence[Job]) -> None:
        """Count in what is measured once more."""


class Bar:
    """A bar; it goes on for what is measured once more, else it would stand at its end."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=total)

    def one(self, checked: Checked) -> None:
        """Count a result."""
        del checked
        self._progress.advance(self._task)

    def again(self, left: Sequence[Job]) -> None:
        """Name what is measured once more."""
        total = (self._progress.tasks[self._task].total or 0) + len(left)
        names = ", ".join(dict.fromkeys(slug for slug, _ in left))
        self._progress.update(
            self._task, total=total, description=f"again, alone: {names}", refresh=True
        )


class Lines:
    """A line every half minute; none at all for a check that is over before."""

    def __init__(
        self, total: int, say: Callable[[str], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._total = total
        self._say = say
        self._now = now
        self._began_s = self._told_s = now()
        self._done = 0
        self._failed = 0

    def one(self, checked: Checked) -> None:
        """Count a result, and say how far the check is if it is time to."""
        self._done += 1
        self._failed += checked.verdict is Verdict.FAIL
        now_s = self._now()
        if now_s >= self._told_s + EVERY_S:
            self._told_s = now_s
            self._say(self._line(now_s - self._began_s))

    def again(self, left: Sequence[Job]) -> None:
        """Count in what is measured once more."""
        self._total += len(left)

    def _line(self, took_s: float) -> str:
        left_s = took_s / self._done * (self._total - self._done)
        return (
            f"{self._done} of {self._total} checked in {_span(took_s)}, {self._failed} failed; "
            f"about {_span(left_s)} left"
        )


@contextmanager
def progress(console: Console, total: int) -> Iterator[tuple[Shown, Console]]:
    """Show how far a check is while the block lasts; give also where its lines go."""
    if not console.is_terminal:
        yield Lines(total, lambda line: click.echo(f"chaoslab: {line}", err=True)), console
        return
    columns = (
        *(BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield Bar(bar, total), bar.console


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
