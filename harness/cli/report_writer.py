"""The report and the picture of a run, drawn on all cores beside what else is kept of it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from harness.cli.workers import CONTEXT, cores, pool, submitted
from harness.report import figures, page
from harness.result import Result


def may_fork() -> bool:
    """Say whether a fork is possible, safe (no other thread holds a lock), and of use."""
    is_alone = threading.active_count() == 1
    return is_alone and CONTEXT.get_start_method() == "fork" and cores() > 1


def prepare() -> None:
    """Do what can be done before there is a result."""
    page.compile_templates()


@contextmanager
def writing(result: Result, folder: Path, when: datetime) -> Iterator[None]:
    """Write `report.html` while the block does something else, and then `picture.png`.

    A fork has the result already, which does not travel: its lab's claims are functions. Where
    there is none, the page is written after the block.
    """
    if may_fork():
        with pool(1, _prepare, result) as executor:
            written = submitted(executor, _write, folder, when)
            yield
            figures.picture(result, folder / "picture.png")
            written.result()
    else:
        yield
        _page(result, folder, when)
        figures.picture(result, folder / "picture.png")


def _page(result: Result, folder: Path, when: datetime) -> None:
    page.write(result, folder / "report.html", when=when)


# What follows runs in the other process.


class _Here:
    """What a process was forked with."""

    result: Result


def _prepare(result: Result) -> None:
    _Here.result = result


def _write(folder: Path, when: datetime) -> None:
    _page(_Here.result, folder, when)
