"""Hosts and the processes that run on them; a restart gives a host a new process."""

import asyncio
import contextvars
import errno
import os
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from prometheus_client import Counter

from services.context import Context, Volume

if TYPE_CHECKING:
    from harness.engines.sim.endpoint import Endpoint
    from harness.engines.sim.network import Listener


EPOCH_S = 1_767_225_600.0
"""The wall clock at a run's start: 2026-01-01 00:00 UTC."""


class ProcessState(Enum):
    """Whether a process's callbacks are run, held or dropped."""

    RUNNING = auto()
    PAUSED = auto()
    DEAD = auto()


@dataclass(eq=False, slots=True)
class Process:
    """One incarnation of a host: its callbacks carry it in their context.

    While it is busy, its one core is at work and its callbacks are held, as when it is paused.
    """

    host: str
    number: int
    state: ProcessState = ProcessState.RUNNING
    busy: bool = False
    stopping: bool = False
    held: deque[asyncio.Handle] = field(default_factory=deque)
    endpoints: "dict[Endpoint, None]" = field(default_factory=dict)
    listeners: "dict[int, Listener]" = field(default_factory=dict)
    service: Context[object] | None = None
    crashes: Counter | None = None
    wall: Callable[[], float] | None = None
    seed: str = ""
    dice: dict[str, random.Random] = field(default_factory=dict)
    uuid_steps: int = 0
    exception_handler: Callable[..., object] | None = None
    task_factory: Callable[..., asyncio.Task[Any]] | None = None
    debug: bool = False
    main: asyncio.Task[None] | None = None
    quit: Callable[[str], None] | None = None

    label: str = field(init=False)
    """The name that the process's tasks carry."""

    def __post_init__(self) -> None:
        """Name the process."""
        self.label = f"{self.host}#{self.number}"

    def context(self) -> contextvars.Context:
        """Make a context whose callbacks belong to this process."""
        context = contextvars.Context()
        context.run(PROCESS.set, self)
        return context


PROCESS: contextvars.ContextVar[Process | None] = contextvars.ContextVar("process", default=None)

KERNEL = contextvars.Context()
"""The context of what no process does: it is never held."""


class Disk:
    """What a host keeps over crashes; when it is full, it can still be read."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.full = False

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
        if self._process.state is ProcessState.DEAD:
            return
        if self._disk.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)
        self._disk.files[name] = content
