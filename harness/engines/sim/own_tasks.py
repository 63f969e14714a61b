"""Whose a task is: each is kept until it is done, with the process that made it."""

import asyncio
import re
import sys
from collections.abc import Coroutine, Generator
from contextvars import Context
from itertools import count
from types import FrameType
from typing import Any, TypeVar

from harness.engines.sim.failures import Failures
from harness.engines.sim.own_settings import OwnSettings
from harness.engines.sim.process import KERNEL, PROCESS, Process
from harness.engines.sim.stuck import line, place_of
from harness.engines.sim.tasks import ALL_TASKS, InOrder, Task

T = TypeVar("T")

NOBODYS = re.compile(r"Task-\d+|toxic")
"""Names of tasks that are no host's."""


class OwnTasks(OwnSettings):
    """A loop on which tasks belong to processes; `graveyard` has those of killed ones."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers = count()
        self._tasks: dict[int, tuple[asyncio.Task[Any], Process | None]] = {}
        self.graveyard: list[object] = []
        self.failures = Failures(self.time)

    def create_task(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        *,
        name: object = None,
        context: Context | None = None,
        **options: Any,  # noqa: ANN401 - `eager_start` from Python 3.14 on
    ) -> asyncio.Task[T]:
        """Make a task, which is kept until it is done, with the process to which it belongs."""
        process = PROCESS.get() if context is None else context.get(PROCESS)
        if process is not None and name is None:
            name = process.label
        task: asyncio.Task[T]
        if process is not None and process.task_factory is not None:
            own = options if context is None else {**options, "context": context}
            task = process.task_factory(self, coro, **own)
            task.set_name(name)
        elif is_of_aiohttp(sys._getframe(1)):  # noqa: SLF001
            # On 3.12 and 3.13 it makes its tasks itself: they must not count here either. None
            # takes its first step when it is made, so that all Pythons do the same.
            options.pop("eager_start", None)
            task = asyncio.Task(coro, loop=self, name=name, context=context, **options)  # type: ignore[arg-type]
        else:
            number = next(self._numbers)
            task = Task(coro, number, loop=self, name=name, context=context, **options)
        self._tasks[id(task)] = task, process
        task.add_done_callback(self._ended, context=KERNEL)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        _, process = self._tasks.pop(id(task))
        if process is not None:
            self.failures.see(process, task)

    def bury(self, process: Process) -> None:
        """Keep what a killed process had under way, so that no `finally` of it ever runs.

        It complains of no error either that it could still have taken.
        """
        self.failures.bury(process)
        self.graveyard.extend(process.held)
        self.graveyard.extend(self.tasks_of(process))

    def tasks_of(self, process: Process) -> set[asyncio.Task[Any]]:
        """Give the tasks of a process that are not done."""
        return InOrder(task for task in ALL_TASKS(self) if self._process(task) is process)

    def _waits(self) -> str:
        buried = {id(task) for task in self.graveyard}
        buried |= {id(process.main) for _, process in self._tasks.values() if process}
        waiting = (task for task in ALL_TASKS(self) if id(task) not in buried)
        places = [(self._label(task), place_of(task)) for task in waiting]
        of_hosts = [place for place in places if not NOBODYS.fullmatch(place[0])]
        return "who waits where: " + line(of_hosts or places)

    def _label(self, task: asyncio.Task[Any]) -> str:
        process = self._process(task)
        return process.label if process else task.get_name()

    def _process(self, task: asyncio.Task[Any]) -> Process | None:
        if sys.version_info >= (3, 12):
            return task.get_context().get(PROCESS)
        return self._tasks.get(id(task), (task, None))[1]


def is_of_aiohttp(frame: FrameType | None) -> bool:
    """Say whether a line is of aiohttp, or is asyncio's on its behalf.

    aiohttp makes tasks of its own from Python 3.12 on, and from 3.14 on has asyncio make them.
    """
    while frame is not None:
        name: str = frame.f_globals["__name__"]
        if not name.startswith("asyncio."):
            return name.startswith("aiohttp.")
        frame = frame.f_back
    return False
