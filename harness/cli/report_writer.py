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


def ahead(result: Result) -> Iterator[None]:
    """Do what can be done before all runs are over, with what there is of them, piece by piece."""
    page.compile_templates()
    yield
    if result.recordings:
        yield from page.draw(result)
        figures.picture(result)


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
            _picture(result, folder)
            written.result()
    else:
        yield
        _page(result, folder, when)
        _picture(result, folder)


def _page(result: Result, folder: Path, when: datetime) -> None:
    page.write(result, folder / "report.html", when=when)


def _picture(result: Result, folder: Path) -> None:
    (folder / "picture.png").write_bytes(figures.picture(result))


# What follows runs in the other process.


class _Here:
    """What a process was forked with."""

    result: Result


def _prepare(result: Result) -> None:
    _Here.result = result


def _write(folder: Path, when: datetime) -> None:
    _page(_Here.result, folder, when)
