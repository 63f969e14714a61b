"""An asyncio event loop in virtual time: it never waits, it moves the clock.

The order of callbacks is the order of scheduling; timers of one instant fire in the order in
which they were set. Each callback belongs to the process that its context names, so that a
process can be frozen (its callbacks are held) or killed (they are never run).
"""

import asyncio
import math
import sys
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, TypeVarTuple

from harness.engines.sim.endings import Endings, StuckError
from harness.engines.sim.handles import Handle, Timer
from harness.engines.sim.invariants import CHECKS, may_run
from harness.engines.sim.own_tasks import is_of_aiohttp
from harness.engines.sim.process import KERNEL, PROCESS, Process, ProcessState
from harness.engines.sim.refusals import EXECUTOR
from harness.engines.sim.stuck import line, own_place, place_of_callback
from harness.engines.sim.watchdog import SpinInterrupt, Watchdog, stack

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

RUNNING = ProcessState.RUNNING

_new = object.__new__


class VirtualLoop(Endings):
    """Runs callbacks and moves the clock; `time()` is in seconds from 0."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._sequence = 0
        self._timers: list[tuple[float, int, Timer]] = []
        self._ready: deque[asyncio.Handle] = deque()
        self._ran = 0
        self._most = SPIN_LIMIT
        self._most_in_second = SECOND_LIMIT
        self._next_s = 0.0
        self._asked = 0
        self._gated = False
        self.ends_s = math.inf
        self.limit_s = math.inf
        self.permutation: Permutation | None = None
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
            self._spins(None, own_place(stack(sys._getframe(1))))
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
        handle = _new(Handle)
        handle._callback = callback
        handle._args = args
        # Not `or`: a context in which nothing is set is false.
        handle._context = copy_context() if context is None else context
        handle._cancelled = False
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
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run a callback at a virtual time; one in the past runs in the next round."""
        timer = _new(Timer)
        timer._callback = callback
        timer._args = args
        timer._context = copy_context() if context is None else context
        timer._cancelled = False
        timer._when = when
        timer.set_s = now = self._now
        self._sequence += 1
        heappush(self._timers, (max(when, now), self._sequence, timer))
        return timer

    def is_running(self) -> bool:
        """Say whether it runs; aiohttp alone is told that it does not.

        From Python 3.12 on, its tasks would else take their first step when they are made.
        """
        return super().is_running() and not is_of_aiohttp(sys._getframe(1))

    def gate(self) -> None:
        """From now on ask each callback's process whether it may run."""
        self._gated = True

    def release(self, process: Process) -> None:
        """Put a process's held callbacks back, in their order."""
        assert process.state is ProcessState.RUNNING, process
        assert not process.busy, process
        self._ready.extend(_taken(process.held))

    def release_first(self, process: Process, done: asyncio.Future[None]) -> None:
        """Let the one task go on that waits for a future, and behind it what its process held.

        Both come before anything else that is due: a callback that works is not interrupted.
        """
        if process.state is ProcessState.DEAD:
            return
        before = len(self._ready)
        done.set_result(None)
        woken = [self._ready.pop() for _ in range(len(self._ready) - before)]
        self._ready.extendleft(reversed(_taken(process.held)))
        self._ready.extendleft(woken)

    def unwind(self) -> None:
        """Go on in spite of all, for as long as it takes to end what is under way."""
        self._refused = None
        self._unwinds = True
        self._asked = 0
        self._most = self._most_in_second = self._ran + SPIN_LIMIT
        self.ends_s = self.limit_s = math.inf

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
            if handle._cancelled:
                continue
            if self._gated:
                process = handle._context.get(PROCESS)  # type: ignore[attr-defined]
                if process is not None and (process.state is not RUNNING or process.busy):
                    self._hold(process, handle)
                    continue
            assert not dear or may_run(handle), "a callback of a dead or frozen process runs"
            try:
                handle._context.run(handle._callback, *handle._args)  # type: ignore[attr-defined]
            except BaseException as error:  # noqa: BLE001 - as asyncio's own handles do
                self._tell(handle, error)
        self._ran = ran
        if self._refused:
            raise self._refused

    def _tell(self, handle: asyncio.Handle, error: BaseException) -> None:
        if isinstance(error, KeyboardInterrupt):
            raise error
        if isinstance(error, SystemExit):
            self._exits(handle, error)
            return
        callback = handle._callback  # type: ignore[attr-defined]
        name = getattr(callback, "__qualname__", repr(callback))
        message = f"Exception in callback {name}"
        self.call_exception_handler({"message": message, "exception": error, "handle": handle})

    def _advance(self) -> None:
        timers = self._timers
        if self.next_timer() is None:
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
        self.call_soon(self.stop, context=KERNEL)

    def _pass_second(self) -> None:
        if self._now > self.ends_s:
            raise StuckError(f"still not over at {self._now:g} s; {self._waits()}")
        self._next_s = math.floor(self._now) + 1
        self._most_in_second = self._ran + SECOND_LIMIT
        # aiohttp sets time limits of minutes and cancels nearly all of them.
        self._timers[:] = [entry for entry in self._timers if not entry[2]._cancelled]
        heapify(self._timers)

    def _give_up(self) -> NoReturn:
        running = line(
            (_owner(handle), place_of_callback(handle._callback))  # type: ignore[attr-defined]
            for handle in self._ready
        )
        stands = "stands" if self._most < self._most_in_second else "all but stands"
        raise StuckError(f"time {stands} still at {self._now:g} s while callbacks go on: {running}")

    def _hold(self, process: Process, handle: asyncio.Handle) -> None:
        """Keep a callback until its process goes on, or for ever if it has ended."""
        held = self.graveyard if process.state is ProcessState.DEAD else process.held
        held.append(handle)

    def _report(self, _: asyncio.AbstractEventLoop, details: dict[str, Any]) -> None:
        handle = details.get("handle")
        self.on_crash(handle._context.get(PROCESS) if handle else PROCESS.get(), details)

    def _write_to_self(self) -> None:
        """Do nothing: there is no selector to wake."""

    def next_timer(self) -> Timer | None:
        """Give the timer that is due next, None if none is set; cancelled ones are let go of."""
        timers = self._timers
        while timers and timers[0][2]._cancelled:
            heappop(timers)
        return timers[0][2] if timers else None

    def pending(self) -> list[Timer]:
        """Give the timers that are set and not cancelled, the next one first."""
        return [timer for _, _, timer in sorted(self._timers) if not timer._cancelled]

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


def _taken(held: deque[asyncio.Handle]) -> list[asyncio.Handle]:
    """Take what a process that did not run has to do: what has come in, and then its timers.

    So does asyncio, which looks at its sockets and then at the clock, however long ago each was.
    """
    woken = sorted(held, key=lambda handle: isinstance(handle, asyncio.TimerHandle))
    held.clear()
    return woken


def _owner(handle: asyncio.Handle) -> str:
    process = handle._context.get(PROCESS)  # type: ignore[attr-defined]
    return process.label if process else "harness"
