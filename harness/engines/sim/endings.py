"""How a run ends before its time: something is stuck, is refused, or contradicts the kernel."""

import asyncio
import sys
from collections.abc import Callable
from functools import partialmethod
from typing import NoReturn, TypeVar, TypeVarTuple

from harness.engines.sim.own_tasks import OwnTasks, is_of_aiohttp
from harness.engines.sim.process import PROCESS
from harness.engines.sim.refusals import EXECUTOR, REFUSED
from harness.engines.sim.stuck import is_of_kernel
from harness.engines.sim.watchdog import CPU_LIMIT_S
from harness.errors import ChaoslabError

Ts = TypeVarTuple("Ts")
T = TypeVar("T")


class StuckError(ChaoslabError):
    """The simulation cannot go on: nothing will ever happen, or time stands still."""


class ForbiddenError(StuckError):
    """A service did what it may not do; the message names the call and the way to do it."""


class Endings(OwnTasks):
    """A loop that stops for what may not be, and then raises it."""

    _now: float

    def __init__(self) -> None:
        super().__init__()
        self._refused: Exception | None = None
        self._unwinds = False

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

    def run_in_executor(
        self, executor: object, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Run aiohttp's packing of large bodies at once; refuse everybody else.

        Raises:
            ForbiddenError: a service asks for a thread.

        """
        del executor
        if not is_of_aiohttp(sys._getframe(1)):  # noqa: SLF001
            self.refuse("loop.run_in_executor", EXECUTOR)
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it is the caller's, who awaits it
            future.set_exception(error)
        return future


def _refusal(loop: Endings, *_: object, call: str, **options: object) -> NoReturn:
    del options
    loop.refuse(f"loop.{call}", REFUSED[call])


for _call in REFUSED:
    setattr(Endings, _call, partialmethod(_refusal, call=_call))


def _who() -> str:
    process = PROCESS.get()
    return f"{process.label} calls " if process else ""
