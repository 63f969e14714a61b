"""Faults are values: what is broken, when, and how it is applied, seen and taken away.

A fault is written in the primitive operations of a `System`, which both engines offer, so a new
fault is one class here and nothing elsewhere.
"""

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Protocol

from harness.model.names import nearest

PROCESS = "process"
"""What a fault holds that freezes, ends or starts a host's process: a kill would lift a pause."""

Setting = str | int | float | bool
"""What a service's setting may be."""


class HostState(StrEnum):
    """What an engine reads back of a host."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    DOWN = "down"


class Connects(StrEnum):
    """What becomes of new connections on a link; live ones go on."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """How wrong a host's wall clock is: ahead by so much at first, and gaining so many µs/s."""

    skew_s: float = 0.0
    drift_ppm: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ToxicSpec:
    """A toxic as Toxiproxy's API has it; `stream` is `upstream` or `downstream`."""

    name: str
    type: str
    stream: str
    toxicity: float
    attributes: Mapping[str, int]


class System(Protocol):
    """A running lab, as faults and the conductor see it; times are seconds of the run."""

    async def until(self, at_s: float) -> None:
        """Let time pass up to a moment of the run; at once when it has gone by."""

    def now(self) -> float:
        """Seconds since the load's start."""

    async def pause(self, host: str) -> None:
        """Freeze a host, as SIGSTOP does: its kernel goes on accepting and buffering."""

    async def resume(self, host: str) -> None:
        """Let a frozen host go on."""

    async def kill(self, host: str) -> None:
        """End a host's process at once, as SIGKILL does; its volume stays."""

    async def stop(self, host: str, grace_s: float) -> None:
        """Ask a host's process to end, as SIGTERM does; kill what is left after `grace_s`.

        Returns at once: the host is `STOPPING` until it is `DOWN`.
        """

    async def start(self, host: str) -> None:
        """Start a host's process again; one that is still stopping is killed first."""

    async def state(self, host: str) -> HostState:
        """Read back what a host is doing now."""

    async def set_clock(self, host: str, clock: Clock) -> None:
        """Set a host's wall clock wrong, or right; over restarts too."""

    async def clock(self, host: str) -> Clock:
        """Read back how a host's wall clock was set wrong."""

    async def set_cpu(self, host: str, factor: float) -> None:
        """Let a host's CPU work take `factor` times as long; 1 is its full speed."""

    async def cpu(self, host: str) -> float:
        """Read back the factor by which a host's CPU work takes longer."""

    async def set_memory(self, host: str, limit_mib: int | None) -> None:
        """Give a host at most so much memory; None is what it had at first."""

    async def memory(self, host: str) -> int | None:
        """Read back to how much memory a host was limited; None where it was not."""

    async def set_disk_full(self, host: str, *, full: bool) -> None:
        """Fill a host's volume, so that writes raise `OSError(ENOSPC)`, or make room."""

    async def disk_full(self, host: str) -> bool:
        """Read back whether a host's volume is full."""

    async def configure(self, host: str, changes: Mapping[str, Setting]) -> None:
        """Change live settings of a host's process, over restarts too, and put all others back."""

    async def configured(self, host: str) -> Mapping[str, Setting]:
        """Read back the settings of a host that were changed."""

    async def behind(self, name: str) -> Collection[str]:
        """Give the hosts that answer to a name: a service's replicas, or the host itself."""

    async def links(self) -> Collection[str]:
        """Give every link's name, `caller->callee`, in the lab's order."""

    async def add_toxic(self, link: str, toxic: ToxicSpec) -> None:
        """Put a toxic on a link, for live connections and new ones."""

    async def remove_toxic(self, link: str, name: str) -> None:
        """Take a toxic off a link."""

    async def toxics(self, link: str) -> Collection[str]:
        """Read back the names of the toxics on a link."""

    async def set_link(self, link: str, *, up: bool) -> None:
        """Let a link listen, or refuse connects and end its live connections."""

    async def link_up(self, link: str) -> bool:
        """Read back whether a link listens."""

    async def set_connects(self, link: str, connects: Connects) -> None:
        """Accept new connections on a link, refuse them, or leave them without an answer."""

    async def connects(self, link: str) -> Connects:
        """Read back what becomes of new connections on a link."""


class Fault(Protocol):
    """Something that breaks and is put right again.

    `there` and `gone` are two questions: of a fault that is there in part, neither is true.
    """

    @property
    def target(self) -> str:
        """The host or link that is hit."""

    @property
    def name(self) -> str:
        """What it does and to whom, with its values: its name in logs and recordings."""

    @property
    def said(self) -> str:
        """The fault as a person would say it, short: "payments frozen"."""

    def places(self, links: Collection[str]) -> tuple[str, ...]:
        """Name what it hits: hosts, services, or links among those of the lab."""

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""

    def misplaced(self, place: "Place") -> Iterator[str]:
        """Say what is wrong with its target in a lab, if anything."""

    def handles(self, place: "Place") -> set[tuple[str, str]]:
        """Give what it takes hold of, as (host or link, what of it).

        Two faults that hold the same thing at the same time would undo each other.
        """

    async def apply(self, system: System) -> None:
        """Break it."""

    async def there(self, system: System) -> bool:
        """Read back whether all of it is there, on every host and link that it hits."""

    async def gone(self, system: System) -> bool:
        """Read back whether none of it is left anywhere."""

    async def remove(self, system: System) -> None:
        """Put it right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A lab as its faults see it: what there is to hit, by kind.

    `behind` gives for a service's name its hosts; `settings` checks changes of live settings.
    """

    hosts: Collection[str]
    stores: Collection[str]
    links: Collection[str]
    ends: Collection[str]
    behind: Mapping[str, tuple[str, ...]]
    settings: Callable[[str, Mapping[str, Setting]], Iterator[str]]

    def not_one_of(self, name: str, there: Collection[str]) -> Iterator[str]:
        """Say that a name is not among those that it could be, with the nearest."""
        if name not in there:
            yield f"{name!r} is not one of {', '.join(sorted(there))}{nearest(name, there)}"


class WholeFault:
    """A fault of one host, whose only value may be its target."""

    __slots__ = ()

    target: str
    holds: ClassVar[str]
    """What of its host it takes hold of; faults that hold the same undo each other."""

    def places(self, links: Collection[str]) -> tuple[str, ...]:  # noqa: ARG002 - others need them
        """Name what it hits: its target."""
        return (self.target,)

    def misplaced(self, place: Place) -> Iterator[str]:
        """Say that its host is not there, if so."""
        yield from place.not_one_of(self.target, place.hosts)

    def handles(self, place: Place) -> set[tuple[str, str]]:
        """Give the one thing that it takes hold of."""
        del place
        return {(self.target, self.holds)}

    def problems(self) -> Iterator[str]:
        """Give nothing: a target is checked against the lab."""
        yield from ()


@dataclass(frozen=True, slots=True)
class Pause(WholeFault):
    """Freeze a host: a long garbage collection, a stalled disk, a SIGSTOP."""

    target: str

    holds: ClassVar[str] = PROCESS

    @property
    def name(self) -> str:
        """The fault as a person would say it, with its target."""
        return f"pause {self.target}"

    @property
    def said(self) -> str:
        """The fault as a person would say it."""
        return f"{self.target} frozen"

    async def apply(self, system: System) -> None:
        """Freeze the host."""
        await system.pause(self.target)

    async def there(self, system: System) -> bool:
        """Read back whether the host is frozen."""
        return await system.state(self.target) is HostState.PAUSED

    async def gone(self, system: System) -> bool:
        """Read back whether the host goes on."""
        return await system.state(self.target) is not HostState.PAUSED

    async def remove(self, system: System) -> None:
        """Let the host go on."""
        await system.resume(self.target)


@dataclass(frozen=True, slots=True)
class Kill(WholeFault):
    """Crash a host with SIGKILL and start it again when the fault ends."""

    target: str

    holds: ClassVar[str] = PROCESS

    @property
    def name(self) -> str:
        """The fault as a person would say it, with its target."""
        return f"kill {self.target}"

    @property
    def said(self) -> str:
        """The fault as a person would say it."""
        return f"{self.target} crashed"

    async def apply(self, system: System) -> None:
        """End the host's process at once."""
        await system.kill(self.target)

    async def there(self, system: System) -> bool:
        """Read back whether the host is down."""
        return await system.state(self.target) is HostState.DOWN

    async def gone(self, system: System) -> bool:
        """Read back whether the host is up again."""
        return await system.state(self.target) is not HostState.DOWN

    async def remove(self, system: System) -> None:
        """Start the host again."""
        await system.start(self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """A fault and the time for which it lasts, in seconds of the run; a step has no end.

    `words` say what happens where the fault's own words do not fit.
    """

    start_s: float
    end_s: float
    fault: Fault
    words: str = ""

    @property
    def said(self) -> str:
        """The fault as a person would say it, short: "payments frozen"."""
        return self.words or self.fault.said

    @property
    def stays(self) -> bool:
        """Whether it is a step, which is not taken away."""
        return self.end_s == math.inf


def during(start_s: float, end_s: float, fault: Fault, *, said: str = "") -> Timed:
    """Break something at one moment and put it right at another; `said` is how to say it."""
    return Timed(start_s=start_s, end_s=end_s, fault=fault, words=said)


def at(at_s: float, step: Fault) -> Timed:
    """Change something at one moment for good: a cut-over, a restore, what an operator does."""
    return Timed(start_s=at_s, end_s=math.inf, fault=step)


def moments(faults: tuple[Timed, ...]) -> Iterator[tuple[float, Timed, bool]]:
    """Give (time, fault, begins) of every change in order; at one instant ends come first."""
    changes = [(timed.start_s, timed, True) for timed in faults]
    changes += [(timed.end_s, timed, False) for timed in faults]
    yield from sorted(changes, key=lambda change: (change[0], change[2]))
