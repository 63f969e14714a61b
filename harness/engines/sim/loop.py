"""An asyncio event loop in virtual time: it never waits, it moves the clock.

The order of callbacks is the order of scheduling; timers of one instant fire in the order in
which they were set. Each callback belongs to the process that its context names, so that a
process can be frozen (its callbacks are held) or killed (they are never run).
"""

import asyncio
import sys
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from heapq import heappop, heappush
from typing import Any, NoReturn, TypeVar, TypeVarTuple

from harness.engines.sim.process import PROCESS, Process, ProcessState
from harness.errors import ChaoslabError

Ts = TypeVarTuple("Ts")
T = TypeVar("T")

SPIN_LIMIT = 1_000_000
"""Callbacks at one instant after which time is held to stand still for ever."""


class StuckError(ChaoslabError):
    """The simulation cannot go on: nothing will ever happen, or time stands still."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs callbacks and moves the clock; `time()` is in seconds from 0."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._sequence = 0
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._ready: deque[asyncio.Handle] = deque()
        self._spun = 0
        self._gated = False
        self.graveyard: list[object] = []
        self.on_crash: Callable[[Process | None, dict[str, Any]], None] = lambda *_: None
        self.create_connection_hook: Callable[..., Coroutine[Any, Any, Any]] | None = None
        self.create_server_hook: Callable[..., Coroutine[Any, Any, Any]] | None = None
        self.set_exception_handler(self._report)

    def time(self) -> float:
        """Give the virtual time in seconds."""
        return self._now

    def call_soon(
        self,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Run a callback in the next round, at this same instant."""
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run a callback after a delay in virtual seconds."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run a callback at a virtual time; one in the past runs in the next round."""
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._sequence += 1
        heappush(self._timers, (max(self._now, when), self._sequence, handle))
        return handle

    def create_task(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        *,
        name: object = None,
        context: Context | None = None,
        **options: Any,  # noqa: ANN401 - `eager_start` from Python 3.14 on
    ) -> asyncio.Task[T]:
        """Make a task that carries its process's label as its name, so that it can be found."""
        process = PROCESS.get() if context is None else context.get(PROCESS)
        if process is not None and name is None:
            name = process.label
        return asyncio.Task(coro, loop=self, name=name, context=context, **options)  # type: ignore[arg-type]

    def is_running(self) -> bool:
        """Say no: from Python 3.12 on, a task would else take its first step when it is made."""
        return False

    def gate(self) -> None:
        """From now on ask each callback's process whether it may run."""
        self._gated = True

    def release(self, process: Process) -> None:
        """Put a process's held callbacks back, in their order."""
        self._ready.extend(process.held)
        process.held.clear()

    def bury(self, process: Process) -> None:
        """Keep what a killed process had under way, so that no `finally` of it ever runs."""
        self.graveyard.extend(process.held)
        self.graveyard.extend(
            task for task in asyncio.all_tasks(self) if _label(task) == process.label
        )

    def waiting(self) -> list[str]:
        """Say what is awaited, a line for each task that is not done."""
        return sorted(
            f"{_label(task)}: {task.get_coro()!r}"
            for task in asyncio.all_tasks(self)
            if not task.done()
        )

    def _run_once(self) -> None:
        ready = self._ready
        if not ready:
            self._advance()
        self._spun += len(ready)
        if self._spun > SPIN_LIMIT:
            raise StuckError(f"time stands still at {self._now:g} s while callbacks go on")
        for _ in range(len(ready)):
            handle = ready.popleft()
            if handle._cancelled:  # noqa: SLF001
                continue
            if self._gated and not self._may_run(handle):
                continue
            handle._run()  # noqa: SLF001

    def _advance(self) -> None:
        timers = self._timers
        while timers and timers[0][2]._cancelled:  # noqa: SLF001
            heappop(timers)
        if not timers:
            raise StuckError(
                "nothing will ever happen again; awaited: " + "; ".join(self.waiting())
            )
        now = timers[0][0]
        if now > self._now:
            self._now, self._spun = now, 0
        while timers and timers[0][0] == now:
            self._ready.append(heappop(timers)[2])

    def _may_run(self, handle: asyncio.Handle) -> bool:
        process = handle._context.get(PROCESS)  # type: ignore[attr-defined] # noqa: SLF001
        if process is None or process.state is ProcessState.RUNNING:
            return True
        held = process.held if process.state is ProcessState.PAUSED else self.graveyard
        held.append(handle)
        return False

    def _report(self, _: asyncio.AbstractEventLoop, details: dict[str, Any]) -> None:
        handle = details.get("handle")
        self.on_crash(handle._context.get(PROCESS) if handle else PROCESS.get(), details)  # noqa: SLF001

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Do nothing: cancelled timers are passed over when their time comes."""

    def _write_to_self(self) -> None:
        """Do nothing: there is no selector to wake."""

    async def create_connection(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        """Open a connection over the simulated network."""
        assert self.create_connection_hook is not None  # noqa: S101 - set by the network
        return await self.create_connection_hook(*args, **options)

    async def create_server(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        """Listen on the simulated network."""
        assert self.create_server_hook is not None  # noqa: S101 - set by the network
        return await self.create_server_hook(*args, **options)

    def run_in_executor(self, *_: object) -> NoReturn:
        """Refuse.

        Raises:
            StuckError: always; a simulated host has no threads.

        """
        raise StuckError("run_in_executor: a simulated host has no threads; use ctx.work(ms)")


def _label(task: asyncio.Task[Any]) -> str:
    """Name a task's process; from Python 3.12 on aiohttp makes tasks past `create_task`."""
    if sys.version_info >= (3, 12) and (process := task.get_context().get(PROCESS)):
        return process.label
    return task.get_name()
