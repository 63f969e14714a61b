"""Tasks that failed without anybody awaiting them, told at the same time in every run.

Python itself tells of them when it collects the task, which may be at any time.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from harness.engines.sim.process import Process, ProcessState

KEPT = 1000
"""Failed tasks after which those are forgotten whose error somebody has taken."""


class Failure(NamedTuple):
    """A task that ended with an error: when, whose it was, and the task."""

    at_s: float
    process: Process
    task: asyncio.Task[Any]


class Failures:
    """Keeps the tasks of processes that have failed, until it is asked for them."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self._failed: list[Failure] = []

    def see(self, process: Process, task: asyncio.Task[Any]) -> None:
        """Look at a process's task that has ended, and keep it if it has failed."""
        if process.state is ProcessState.DEAD:
            task._log_traceback = False  # noqa: SLF001
        if task._log_traceback and not isinstance(task._exception, SystemExit):  # noqa: SLF001
            self._failed.append(Failure(self._time(), process, task))
            if len(self._failed) > KEPT:
                self._forget_awaited()

    def bury(self, process: Process) -> None:
        """Forget those of a process that has ended, but what was certain before its end."""
        for failure in self._failed:
            if failure.process is process and _references(failure) != ALONE:
                failure.task._log_traceback = False  # noqa: SLF001

    def certain(self) -> list[Failure]:
        """Give those whose error nobody can take any more; and forget them."""
        return self._take(lambda failure: _references(failure) == ALONE)

    def all(self) -> list[Failure]:
        """Give those whose error nobody has taken so far; and forget them."""
        return self._take(lambda _: True)

    def _take(self, wanted: Callable[[Failure], bool]) -> list[Failure]:
        if not self._failed:
            return []
        self._forget_awaited()
        taken = [failure for failure in self._failed if wanted(failure)]
        for failure in taken:
            failure.task._log_traceback = False  # noqa: SLF001
        self._forget_awaited()
        return taken

    def _forget_awaited(self) -> None:
        self._failed = [one for one in self._failed if one.task._log_traceback]  # noqa: SLF001


def _references(failure: tuple[object, object, object]) -> int:
    return sys.getrefcount(failure[2])


ALONE = _references((None, None, object()))
"""The references to what a tuple alone holds, which is another number in each Python."""
