"""Host faults beside `Pause` and `Kill`: of clock, CPU, memory and disk, and an orderly stop."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from harness.model.fault import PROCESS, Clock, HostState, Place, System, WholeFault
from harness.model.numbers import MINUS

RIGHT = Clock()
FULL_SPEED = 1.0
STANDSTILL_PPM = -1e6
LEAST_MIB = 6
"""Docker takes no less."""
ENDING = (HostState.STOPPING, HostState.DOWN)


def no_redis(target: str, place: Place) -> Iterator[str]:
    """Say that a simulated Redis has neither a CPU nor a disk, if it is the target."""
    if target in place.stores:
        yield "it runs Redis, which in the simulation has neither a CPU nor a disk to hit"


@dataclass(frozen=True, slots=True)
class Stop(WholeFault):
    """Stop a host as a deployment does, and start it again when the fault ends.

    Its process is asked by SIGTERM to finish what it has begun; whatever is left of it after
    `grace_s` is killed.
    """

    target: str
    grace_s: float = field(default=10.0, kw_only=True)

    holds: ClassVar[str] = PROCESS

    @property
    def name(self) -> str:
        """The fault as a person would say it, with its target."""
        return f"stop {self.target} (within {self.grace_s:g} s)"

    @property
    def said(self) -> str:
        """The fault as a person would say it."""
        return f"{self.target} stopped"

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        if not 0 < self.grace_s < math.inf:
            yield f"grace_s is {self.grace_s:g}; it must be above 0"

    async def apply(self, system: System) -> None:
        """Ask the host's process to end; it does so by itself."""
        await system.stop(self.target, self.grace_s)

    async def there(self, system: System) -> bool:
        """Read back whether the host is on its way down, or down."""
        return await system.state(self.target) in ENDING

    async def gone(self, system: System) -> bool:
        """Read back whether the host is up again."""
        return await system.state(self.target) not in ENDING

    async def remove(self, system: System) -> None:
        """Start the host again."""
        await system.start(self.target)


@dataclass(frozen=True, slots=True)
class ClockSkew(WholeFault):
    """Set a host's wall clock wrong: it jumps by `skew_s`, then gains `drift_ppm` µs a second.

    Only `ctx.wall()` is hit; time limits and sleeps go by the monotonic clock, as they should.
    """

    target: str
    skew_s: float = field(default=0.0, kw_only=True)
    drift_ppm: float = field(default=0.0, kw_only=True)

    holds: ClassVar[str] = "clock"

    @property
    def clock(self) -> Clock:
        """The error that the fault asks for."""
        return Clock(skew_s=self.skew_s, drift_ppm=self.drift_ppm)

    @property
    def name(self) -> str:
        """The fault as a person would say it, with its target."""
        return f"clock of {self.target} ({self.skew_s:+g} s, {self.drift_ppm:+g} ppm)"

    @property
    def said(self) -> str:
        """The fault as a person would say it."""
        wrong = [
            f"{value:+g} {unit}".replace("-", MINUS)
            for value, unit in ((self.skew_s, "s"), (self.drift_ppm, "ppm"))
            if value
        ]
        return f"{self.target}: clock {', '.join(wrong)}"

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        if not (math.isfinite(self.skew_s) and math.isfinite(self.drift_ppm)):
            yield "skew_s and drift_ppm must be finite numbers"
        elif self.clock == RIGHT:
            yield "neither skew_s nor drift_ppm is given; the clock would stay right"
        elif self.drift_ppm <= STANDSTILL_PPM:
            yield f"drift_ppm is {self.drift_ppm:g}; it must be above -1,000,000"

    async def apply(self, system: System) -> None:
        """Set the clock wrong."""
        await system.set_clock(self.target, self.clock)

    async def there(self, system: System) -> bool:
        """Read back whether the clock goes wrong in this way."""
        return await system.clock(self.target) == self.clock

    async def gone(self, system: System) -> bool:
        """Read back whether the clock is right."""
        return await system.clock(self.target) == RIGHT

    async def remove(self, system: System) -> None:
        """Set the clock right."""
        await system.set_clock(self.target, RIGHT)


@dataclass(frozen=True, slots=True)
class CpuSlow(WholeFault):
    """Slow a host's CPU down: `ctx.work(ms)` takes `factor` times as long.

    On containers so does all else that the process computes, which in the simulation is free.
    """

    target: str
    factor: float = field(kw_only=True)

    holds: ClassVar[str] = "cpu"

    def misplaced(self, place: Place) -> Iterator[str]:
        """Say that its host is not there, or runs Redis."""
        yield from no_redis(self.target, place)
        yield from WholeFault.misplaced(self, place)

    @property
    def name(self) -> str:
        """The fault as a person would say it, with its target."""
        return f"slow CPU of {self.target} (x {self.factor:g})"

    @property
    def said(self) -> str:
        """The fault as a person would say it."""
        return f"{self.target} {self.factor:g} x slower"

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        if not FULL_SPEED < self.factor < math.inf:
            yield f"factor is {self.factor:g}; it must be above 1"

    async def apply(self, system: System) -> None:
        """Slow the CPU down."""
        await system.set_cpu(self.target, self.factor)

    async def there(self, system: System) -> bool:
        """Read back whether the CPU is as slow as this."""
        return await system.cpu(self.target) == self.factor

    async def gone(self, system: System) -> bool:
        """Read back whether the CPU has its full speed."""
        return await system.cpu(self.target) == FULL_SPEED

    async def remove(self, system: System) -> None:
        """Give the CPU its full speed."""
        await system.set_cpu(self.target, FULL_SPEED)


@dataclass(frozen=True, slots=True)
class MemoryLimit(WholeFault):
    """Leave a host `limit_mib` MiB of memory: a process that asks for more is killed.

    Of containers alone: the simulation does not know what a process takes. A limit below what is
    in use kills at once on cgroups v2, and is refused by the kernel on v1.
    """

    target: str
    limit_mib: int = field(kw_only=True)

    holds: ClassVar[str] = "memory"

    @property
    def name(self) -> str:
        """The fault as a person would say it, with its target."""
        return f"memory of {self.target} (at most {self.limit_mib} MiB)"

    @property
    def said(self) -> str:
        """The fault as a person would say it."""
        return f"{self.target}: {self.limit_mib} MiB only"

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        if self.limit_mib < LEAST_MIB:
            yield f"limit_mib is {self.limit_mib}; it must be at least {LEAST_MIB}"

    async def apply(self, system: System) -> None:
        """Set the limit."""
        await system.set_memory(self.target, self.limit_mib)

    async def there(self, system: System) -> bool:
        """Read back whether the limit is there."""
        return await system.memory(self.target) == self.limit_mib

    async def gone(self, system: System) -> bool:
        """Read back whether the host has what it had at first."""
        return await system.memory(self.target) is None

    async def remove(self, system: System) -> None:
        """Give the host what it had at first."""
        await system.set_memory(self.target, None)


@dataclass(frozen=True, slots=True)
class DiskFull(WholeFault):
    """Fill a host's disk: `ctx.volume.write` raises `OSError(ENOSPC)`, reads go on."""

    target: str

    holds: ClassVar[str] = "disk"

    def misplaced(self, place: Place) -> Iterator[str]:
        """Say that its host is not there, or runs Redis."""
        yield from no_redis(self.target, place)
        yield from WholeFault.misplaced(self, place)

    @property
    def name(self) -> str:
        """The fault as a person would say it, with its target."""
        return f"full disk of {self.target}"

    @property
    def said(self) -> str:
        """The fault as a person would say it."""
        return f"{self.target}: disk full"

    async def apply(self, system: System) -> None:
        """Fill the disk."""
        await system.set_disk_full(self.target, full=True)

    async def there(self, system: System) -> bool:
        """Read back whether the disk is full."""
        return await system.disk_full(self.target)

    async def gone(self, system: System) -> bool:
        """Read back whether the disk has room."""
        return not await system.disk_full(self.target)

    async def remove(self, system: System) -> None:
        """Make room on the disk."""
        await system.set_disk_full(self.target, full=False)
