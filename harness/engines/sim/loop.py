"""An asyncio event loop in virtual time: it never waits, it moves the clock.

The order of callbacks is the order of scheduling; timers of one instant fire in the order in
which they were set. Each callback belongs to the process that its context names, so that a
process can be frozen (its callbacks are held) or killed (they are never run).
"""

import asyncio
import math
import re
import sys
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from functools import partialmethod
from heapq import heapify, heappop, heappush
from itertools import count
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, TypeVarTuple

from harness.engines.sim.failures import Failures
from harness.engines.sim.handles import Handle, Timer
from harness.engines.sim.invariants import CHECKS, may_run
from harness.engines.sim.own_settings import OwnSettings
from harness.engines.sim.process import KERNEL, PROCESS, Process, ProcessState
from harness.engines.sim.refusals import EXECUTOR, REFUSED
from harness.engines.sim.stuck import is_of_kernel, line, own_place, place_of, place_of_callback
from harness.engines.sim.tasks import ALL_TASKS, InOrder, Task
from harness.engines.sim.watchdog import CPU_LIMIT_S, SpinInterrupt, Watchdog, stack
from harness.errors import ChaoslabError

if TYPE_CHECKING:
    from harness.engines.sim.order import Permutation

Ts = TypeVarTuple("Ts")
T = TypeVar("T")

SPIN_LIMIT = 1_000_000
"""Callbacks at one instant after which time is held to stand still for ever."""

ASK_LIMIT = 5_000_000
"""Readings of the time at one instant after which somebody is held to wait for it to pass."""

SECOND_LIMIT = 20_000_000
"""Callbacks in one second of virtual time after which it is held to go on for ever."""


NOBODYS = re.compile(r"Task-\d+|toxic")
"""Names of tasks that are no host's."""


class StuckError(ChaoslabError):
    """The simulation cannot go on: nothing will ever happen, or time stands still."""


class ForbiddenError(StuckError):
    """A service did what it may not do; the message names the call and the way to do it."""


class VirtualLoop(OwnSettings):
    """Runs callbacks and moves the clock; `time()` is in seconds from 0."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._sequence = 0
        self._numbers = count()
        self._tasks: dict[int, tuple[asyncio.Task[Any], Process | None]] = {}
        self._timers: list[tuple[float, int, Timer]] = []
        self._ready: deque[asyncio.Handle] = deque()
        self._ran = 0
        self._most = SPIN_LIMIT
        self._most_in_second = SECOND_LIMIT
        self._next_s = 0.0
        self._refused: Exception | None = None
        self._unwinds = False
        self._asked = 0
        self._gated = False
        self.ends_s = math.inf
        self.limit_s = math.inf
        self.permutation: Permutation | None = None
        self.graveyard: list[object] = []
        self.failures = Failures(self.time)
        self.on_crash: Callable[[Process | None, dict[str, Any]], None] = lambda *_: None
        self.create_connection_hook: Callable[..., Coroutine[Any, Any, Any]] | None = None
        self.create_server_hook: Callable[..., Coroutine[Any, Any, Any]] | None = None
        self.set_exception_handler(self._report)

    # Python asks for it with every future, task and handle; `bool()` is the fastest no.
    get_debug = staticmethod(bool)

    def time(self) -> float:
        """Give the virtual time in seconds."""
        self._asked += 1
        if self._asked > ASK_LIMIT:
            self._spins(None, own_place(stack(sys._getframe(1))))  # noqa: SLF001
            # A new one each time: an error that is raised again and again keeps every traceback.
            raise StuckError(str(self._refused))
        return self._now

    def call_soon(
        self,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Run a callback in the next round, at this same instant."""
        handle = Handle(callback, args, context)
        self._ready.append(handle)
        return handle

    def call_soon_threadsafe(
        self,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Run a callback in the next round; refuse it to another thread.

        Raises:
            ForbiddenError: a thread asks, at a time that no seed decides.

        """
        try:
            self._check_thread()  # type: ignore[attr-defined]
        except RuntimeError:
            self.refuse("loop.call_soon_threadsafe", EXECUTOR)
        return self.call_soon(callback, *args, context=context)

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run a callback after a delay in virtual seconds."""
        return self._set(Timer(self._now + delay, callback, args, context))

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run a callback at a virtual time; one in the past runs in the next round."""
        return self._set(Timer(when, callback, args, context))

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
        elif _is_of_aiohttp(sys._getframe(1)):  # noqa: SLF001
            # From Python 3.12 on, it makes its tasks itself: they must not count here either.
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

    def is_running(self) -> bool:
        """Say whether it runs; aiohttp alone is told that it does not.

        From Python 3.12 on, its tasks would else take their first step when they are made.
        """
        return super().is_running() and not _is_of_aiohttp(sys._getframe(1))  # noqa: SLF001

    def gate(self) -> None:
        """From now on ask each callback's process whether it may run."""
        self._gated = True

    def release(self, process: Process) -> None:
        """Put a process's held callbacks back, in their order."""
        assert process.state is ProcessState.RUNNING, process
        assert not process.busy, process
        self._ready.extend(process.held)
        process.held.clear()

    def bury(self, process: Process) -> None:
        """Keep what a killed process had under way, so that no `finally` of it ever runs."""
        self.graveyard.extend(process.held)
        self.graveyard.extend(self.tasks_of(process))

    def tasks_of(self, process: Process) -> set[asyncio.Task[Any]]:
        """Give the tasks of a process that are not done."""
        return InOrder(task for task in ALL_TASKS(self) if self._process(task) is process)

    def release_first(self, process: Process, done: asyncio.Future[None]) -> None:
        """Let the one task go on that waits for a future, and behind it what its process held.

        Both come before anything else that is due: a callback that works is not interrupted.
        """
        if process.state is ProcessState.DEAD:
            return
        before = len(self._ready)
        done.set_result(None)
        woken = [self._ready.pop() for _ in range(len(self._ready) - before)]
        self._ready.extendleft(reversed(process.held))
        process.held.clear()
        self._ready.extendleft(woken)

    def unwind(self) -> None:
        """Go on in spite of all, for as long as it takes to end what is under way."""
        self._refused = None
        self._unwinds = True
        self._asked = 0
        self._most = self._most_in_second = self._ran + SPIN_LIMIT
        self.ends_s = self.limit_s = math.inf

    def refuse(self, call: str, instead: str) -> NoReturn:
        """Refuse a call, and end the run: what follows from it could not be trusted.

        Raises:
            ForbiddenError: always.

        """
        self._refused = self._refused or ForbiddenError(f"{_who()}{call}: {instead}")
        asyncio.BaseEventLoop.stop(self)
        raise ForbiddenError(str(self._refused))

    def doubt(self, error: BaseException | None) -> None:
        """End the run where an error is an assertion of the kernel, or comes of one.

        Whoever was running has caught it, or nobody awaits it; what follows could not be trusted.
        """
        while error is not None and not self._unwinds:
            if isinstance(error, AssertionError) and is_of_kernel(error):
                self._refused = self._refused or error
                asyncio.BaseEventLoop.stop(self)
            error = error.__cause__ or error.__context__

    def run_forever(self) -> None:
        """Run until `stop` is called, or until a callback is found that does not end.

        Raises:
            StuckError: what runs cannot go on.

        """
        try:
            with Watchdog(VirtualLoop._run_once.__code__, self._spins):
                super().run_forever()
        except SpinInterrupt:
            if self._refused:
                raise self._refused from None
            raise

    def _spins(self, handle: asyncio.Handle | None, place: str) -> None:
        """End the run for a callback that does not end; also called by the watchdog's thread."""
        process = handle._context.get(PROCESS) if handle else PROCESS.get()  # type: ignore[attr-defined] # noqa: SLF001
        how = f"computes for more than {CPU_LIMIT_S:g} s" if handle else "asks for it without end"
        self._refused = self._refused or StuckError(
            f"time stands still at {self._now:g} s while {process.label if process else 'harness'}"
            f" {how}: {place}; use await asyncio.sleep(s) to wait, await ctx.work(ms) to be busy"
        )
        asyncio.BaseEventLoop.stop(self)

    def _exits(self, handle: asyncio.Handle, error: SystemExit) -> None:
        """End the one process that has called `sys.exit`; nobody else is meant."""
        process = handle._context.get(PROCESS)  # type: ignore[attr-defined] # noqa: SLF001
        if process is None or process.quit is None:
            raise error
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
        process.quit(f"ended with code {code}")

    def _set(self, timer: Timer) -> Timer:
        self._sequence += 1
        heappush(self._timers, (max(self._now, timer._when), self._sequence, timer))  # noqa: SLF001
        return timer

    def _run_once(self) -> None:
        """Run callbacks until `stop` is called; asyncio would come back after each round."""
        ready = self._ready
        ran, most, dear = self._ran, self._most, CHECKS.dear
        while not self._stopping:  # type: ignore[attr-defined]
            if not ready:
                self._ran = ran
                self._advance()
                most = self._most
            ran += 1
            if ran > most:
                self._give_up()
            handle = ready.popleft()
            if handle._cancelled or (self._gated and not self._may_run(handle)):  # noqa: SLF001
                continue
            assert not dear or may_run(handle), "a callback of a dead or frozen process runs"
            try:
                handle._context.run(handle._callback, *handle._args)  # type: ignore[attr-defined] # noqa: SLF001
            except KeyboardInterrupt:
                raise
            except SystemExit as error:
                self._exits(handle, error)
            except BaseException as error:  # noqa: BLE001 - as asyncio's own handles do
                self._tell(handle, error)
        self._ran = ran
        if self._refused:
            raise self._refused

    def _tell(self, handle: asyncio.Handle, error: BaseException) -> None:
        callback = handle._callback  # type: ignore[attr-defined] # noqa: SLF001
        name = getattr(callback, "__qualname__", repr(callback))
        message = f"Exception in callback {name}"
        self.call_exception_handler({"message": message, "exception": error, "handle": handle})

    def _advance(self) -> None:
        timers = self._timers
        while timers and timers[0][2]._cancelled:  # noqa: SLF001
            heappop(timers)
        if not timers:
            raise StuckError(f"nothing will ever happen again; {self._waits()}")
        now = timers[0][0]
        assert now >= self._now, "virtual time goes back"
        if now > self.limit_s:
            self._halt()
            return
        if now > self._now:
            self._now = now
            self._asked = 0
            if now >= self._next_s:
                self._pass_second()
            self._most = min(self._ran + SPIN_LIMIT, self._most_in_second)
        if self.permutation is not None:
            due = [heappop(timers)[2]]
            while timers and timers[0][0] == now:
                due.append(heappop(timers)[2])
            self._ready.extend(self.permutation(due))
            return
        while timers and timers[0][0] == now:
            self._ready.append(heappop(timers)[2])

    def _halt(self) -> None:
        """Stand still at the limit, with all done that is due by then."""
        self._now = max(self._now, self.limit_s)
        self._asked = 0
        self._ready.append(Handle(self.stop, (), KERNEL))

    def _pass_second(self) -> None:
        if self._now > self.ends_s:
            raise StuckError(f"still not over at {self._now:g} s; {self._waits()}")
        self._next_s = math.floor(self._now) + 1
        self._most_in_second = self._ran + SECOND_LIMIT
        # aiohttp sets time limits of minutes and cancels nearly all of them.
        self._timers[:] = [entry for entry in self._timers if not entry[2]._cancelled]  # noqa: SLF001
        heapify(self._timers)

    def _give_up(self) -> NoReturn:
        running = line(
            (_owner(handle), place_of_callback(handle._callback))  # type: ignore[attr-defined] # noqa: SLF001
            for handle in self._ready
        )
        stands = "stands" if self._most < self._most_in_second else "all but stands"
        raise StuckError(f"time {stands} still at {self._now:g} s while callbacks go on: {running}")

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

    def _may_run(self, handle: asyncio.Handle) -> bool:
        process = handle._context.get(PROCESS)  # type: ignore[attr-defined] # noqa: SLF001
        if process is None or (process.state is ProcessState.RUNNING and not process.busy):
            return True
        held = self.graveyard if process.state is ProcessState.DEAD else process.held
        held.append(handle)
        return False

    def _report(self, _: asyncio.AbstractEventLoop, details: dict[str, Any]) -> None:
        handle = details.get("handle")
        self.on_crash(handle._context.get(PROCESS) if handle else PROCESS.get(), details)  # noqa: SLF001

    def run_in_executor(
        self, executor: object, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Run aiohttp's packing of large bodies at once; refuse everybody else.

        Raises:
            ForbiddenError: a service asks for a thread.

        """
        del executor
        if not _is_of_aiohttp(sys._getframe(1)):  # noqa: SLF001
            self.refuse("loop.run_in_executor", EXECUTOR)
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it is the caller's, who awaits it
            future.set_exception(error)
        return future

    def _write_to_self(self) -> None:
        """Do nothing: there is no selector to wake."""

    def pending(self) -> list[Timer]:
        """Give the timers that are set and not cancelled, the next one first."""
        return [timer for _, _, timer in sorted(self._timers) if not timer._cancelled]  # noqa: SLF001

    def forget(self) -> None:
        """Let go of what will never run, once the loop is closed: timers and dropped tasks."""
        assert self.is_closed()
        self._timers.clear()
        self._tasks.clear()
        self.graveyard.clear()

    async def create_connection(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        """Open a connection over the simulated network."""
        assert self.create_connection_hook is not None
        return await self.create_connection_hook(*args, **options)

    async def create_server(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        """Listen on the simulated network."""
        assert self.create_server_hook is not None
        return await self.create_server_hook(*args, **options)


def _refusal(loop: VirtualLoop, *_: object, call: str, **options: object) -> NoReturn:
    del options
    loop.refuse(f"loop.{call}", REFUSED[call])


for _call in REFUSED:
    setattr(VirtualLoop, _call, partialmethod(_refusal, call=_call))


def _who() -> str:
    process = PROCESS.get()
    return f"{process.label} calls " if process else ""


def _owner(handle: asyncio.Handle) -> str:
    process = handle._context.get(PROCESS)  # type: ignore[attr-defined] # noqa: SLF001
    return process.label if process else "harness"


def _is_of_aiohttp(frame: FrameType) -> bool:
    name: str = frame.f_globals["__name__"]
    return name.startswith("aiohttp.")
