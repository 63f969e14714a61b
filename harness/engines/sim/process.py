"""Hosts and the processes that run on them; a restart gives a host a new process."""

import asyncio
import contextvars
from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from services.context import Context, Volume

if TYPE_CHECKING:
    from harness.engines.sim.endpoint import Endpoint
    from harness.engines.sim.network import Listener


class ProcessState(Enum):
    """Whether a process's callbacks are run, held or dropped."""

    RUNNING = auto()
    PAUSED = auto()
    DEAD = auto()


@dataclass(eq=False, slots=True)
class Process:
    """One incarnation of a host: its callbacks carry it in their context."""

    host: str
    number: int
    state: ProcessState = ProcessState.RUNNING
    held: deque[asyncio.Handle] = field(default_factory=deque)
    endpoints: "dict[Endpoint, None]" = field(default_factory=dict)
    listeners: "dict[int, Listener]" = field(default_factory=dict)
    service: Context[object] | None = None

    @property
    def label(self) -> str:
        """The name that the process's tasks carry."""
        return f"{self.host}#{self.number}"

    def context(self) -> contextvars.Context:
        """Make a context whose callbacks belong to this process."""
        context = contextvars.Context()
        context.run(PROCESS.set, self)
        return context


PROCESS: contextvars.ContextVar[Process | None] = contextvars.ContextVar("process", default=None)


class Disk:
    """What a host keeps over crashes."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def mount(self, process: Process) -> Volume:
        """Give the disk to a process, for as long as it lives."""
        return _Mount(self, process)


class _Mount:
    def __init__(self, disk: Disk, process: Process) -> None:
        self._disk = disk
        self._process = process

    def read(self, name: str) -> bytes | None:
        return self._disk.files.get(name)

    def write(self, name: str, content: bytes) -> None:
        # Fenced: Python runs the `finally` of a dropped coroutine, a killed process does not.
        if self._process.state is not ProcessState.DEAD:
            self._disk.files[name] = content
