"""What of a host outlives its processes: its clock, CPU, disk and configuration."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.process import KERNEL, Disk, Process, ProcessState
from harness.model.fault import Clock, Setting
from services.clock import WallClock

if TYPE_CHECKING:
    import asyncio


ROUNDING_S = 1e-6
"""What sums of virtual times may be off by."""


class Machine:
    """A host's hardware and configuration; `right` gives the time that a right clock shows."""

    def __init__(self, right: Callable[[], float]) -> None:
        self.disk = Disk()
        self.cpu_factor = 1.0
        self.changes: Mapping[str, Setting] = {}
        self.restart_after_s: float | None = None
        self._clock = WallClock(right)
        self.wall = self._clock.read

    @property
    def clock(self) -> Clock:
        """How wrong the wall clock was set."""
        return Clock(skew_s=self._clock.skew_s, drift_ppm=self._clock.drift_ppm)

    @clock.setter
    def clock(self, clock: Clock) -> None:
        self._clock.set(clock.skew_s, clock.drift_ppm)


class Core:
    """A process's one core: while it works, everything else of the process waits.

    What it does is left half done when the process is frozen, and then done from there.
    """

    def __init__(self, loop: VirtualLoop, process: Process, machine: Machine) -> None:
        self._loop = loop
        self._process = process
        self._machine = machine
        self._left_s = 0.0
        self._since_s = 0.0
        self._factor = 1.0
        self._done: asyncio.Future[None]
        self._timer: asyncio.TimerHandle | None = None

    @property
    def host(self) -> str:
        """The name of the host that it is in."""
        return self._process.host

    @asynccontextmanager
    async def burn(self, cpu_ms: float) -> AsyncIterator[None]:
        """Work for some milliseconds of an unhindered CPU."""
        if cpu_ms > 0:
            self._loop.gate()
            # There is one core, and who works holds back whatever else might ask for it.
            assert not self._process.busy, self._process
            self._process.busy = True
            self._left_s = cpu_ms / 1000
            self._done = self._loop.create_future()
            self.go_on()
            await self._done
        yield

    def halt(self) -> None:
        """Stop in the middle of the work, if there is any."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
            self._left_s -= (self._loop.time() - self._since_s) / self._factor
            assert self._left_s >= -ROUNDING_S, self._left_s

    def go_on(self) -> None:
        """Do what is left of the work, if anything, at the speed that the CPU has now."""
        if self._process.busy:
            self._since_s = self._loop.time()
            self._factor = self._machine.cpu_factor
            self._timer = self._loop.call_later(
                self._left_s * self._factor, self._finish, context=KERNEL
            )

    def _finish(self) -> None:
        assert self._process.state is ProcessState.RUNNING, "a core works for the frozen or dead"
        self._timer = None
        self._process.busy = False
        self._loop.release_first(self._process, self._done)
