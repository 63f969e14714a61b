"""Storms: how each kind of fault is drawn for a system, and when it comes and goes.

Times are multiples of a quarter of a second, where other timers stand too: bugs of order are found
where things happen at one instant.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from harness.model.change import Configure
from harness.model.fault import Fault, Kill, Pause, during
from harness.model.host_faults import ClockSkew, CpuSlow, DiskFull, MemoryLimit, Stop
from harness.model.lab import CLIENT, Lab
from harness.model.partition import Partition, RefuseNew, Unanswered, Way
from harness.model.toxic import (
    Bandwidth,
    Down,
    Latency,
    LimitData,
    ResetPeer,
    Slicer,
    SlowClose,
    Stream,
    Timeout,
)
from harness.model.validate import problems

T = TypeVar("T")

STEP_S = 0.25
LONGEST_S = 2.0

NOT_SIMULATED: Mapping[type, str] = {MemoryLimit: "the simulation refuses it, and says so"}
"""Faults that no storm has, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where faults may strike in a system, and the dice that say where."""

    rng: random.Random
    hosts: tuple[str, ...]
    own: tuple[str, ...]
    links: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, lab: Lab, rng: random.Random) -> "Place":
        """Look at a lab: its hosts, those that run a service, its links, its services' names."""
        return cls(
            rng=rng,
            hosts=lab.hosts(),
            own=tuple(host for service in lab.services for host in service.hosts()),
            links=tuple(link.name for link in lab.links()),
            names=tuple(service.name for service in lab.services),
        )

    def host(self) -> str:
        """Draw any host."""
        return self.rng.choice(self.hosts)

    def service(self) -> str:
        """Draw a host that runs a service."""
        return self.rng.choice(self.own)

    def link(self) -> str:
        """Draw a link."""
        return self.rng.choice(self.links)

    def on_stream(self) -> dict[str, Stream | float]:
        """Draw which way a toxic works, and for which share of the connections."""
        toxicity = self.rng.choice((1.0, 1.0, 0.5))
        return {"stream": self.rng.choice(list(Stream)), "toxicity": toxicity}


Draw = Callable[[Place], Fault]


def _latency(place: Place) -> Fault:
    jitter_ms = place.rng.choice((0, 0, 10, 200))
    latency_ms = place.rng.choice((0, 1, 50, 250, 1000))
    return Latency(
        place.link(),
        latency_ms=latency_ms,
        jitter_ms=jitter_ms,
        **place.on_stream(),  # type: ignore[arg-type]
    )


def _bandwidth(place: Place) -> Fault:
    rate_kbps = place.rng.choice((0, 1, 20, 1000))
    return Bandwidth(place.link(), rate_kbps=rate_kbps, **place.on_stream())  # type: ignore[arg-type]


def _slow_close(place: Place) -> Fault:
    delay_ms = place.rng.choice((0, 10, 250, 1000))
    return SlowClose(place.link(), delay_ms=delay_ms, **place.on_stream())  # type: ignore[arg-type]


def _timeout(place: Place) -> Fault:
    timeout_ms = place.rng.choice((0, 0, 1, 250, 1000))
    return Timeout(place.link(), timeout_ms=timeout_ms, **place.on_stream())  # type: ignore[arg-type]


def _reset_peer(place: Place) -> Fault:
    timeout_ms = place.rng.choice((0, 0, 10, 250, 1000))
    return ResetPeer(place.link(), timeout_ms=timeout_ms, **place.on_stream())  # type: ignore[arg-type]


def _slicer(place: Place) -> Fault:
    average_bytes = place.rng.choice((50, 500, 20_000))
    return Slicer(
        place.link(),
        average_bytes=average_bytes,
        variation_bytes=place.rng.choice((0, average_bytes // 2)),
        delay_us=place.rng.choice((0, 10, 1000)),
        **place.on_stream(),  # type: ignore[arg-type]
    )


def _limit_data(place: Place) -> Fault:
    limit_bytes = place.rng.choice((0, 1, 200, 100_000))
    return LimitData(place.link(), limit_bytes=limit_bytes, **place.on_stream())  # type: ignore[arg-type]


def _partition(place: Place) -> Fault:
    ends = [*place.hosts, CLIENT]
    place.rng.shuffle(ends)
    cut = place.rng.randrange(1, len(ends))
    way = place.rng.choice(list(Way))
    return Partition(tuple(ends[:cut]), tuple(ends[cut:]), way=way)


def _configure(place: Place) -> Fault:
    return Configure(place.rng.choice(place.names), work_ms=place.rng.choice((0.0, 5.0, 25.0)))


def _clock_skew(place: Place) -> Fault:
    skew_s = place.rng.choice((-3600.0, -0.5, 5.0))
    return ClockSkew(place.host(), skew_s=skew_s, drift_ppm=place.rng.choice((0.0, -500.0, 1e5)))


DRAWS: Mapping[type, Draw] = {
    Bandwidth: _bandwidth,
    ClockSkew: _clock_skew,
    Configure: _configure,
    CpuSlow: lambda place: CpuSlow(place.service(), factor=place.rng.choice((1.5, 4.0, 20.0))),
    DiskFull: lambda place: DiskFull(place.service()),
    Down: lambda place: Down(place.link()),
    Kill: lambda place: Kill(place.host()),
    Latency: _latency,
    LimitData: _limit_data,
    Partition: _partition,
    Pause: lambda place: Pause(place.host()),
    RefuseNew: lambda place: RefuseNew(place.link()),
    ResetPeer: _reset_peer,
    Slicer: _slicer,
    SlowClose: _slow_close,
    Stop: lambda place: Stop(place.host(), grace_s=place.rng.choice((0.25, 1.0, 10.0))),
    Timeout: _timeout,
    Unanswered: lambda place: Unanswered(place.link()),
}
"""How a fault of each kind is drawn; a test holds this against all kinds that there are."""

UNCLAIMED = ("no Fixed variant", "no baseline", "variant swarm has no claim")
"""What a lab lacks that claims nothing."""


def undelayed(fault: Fault) -> Fault:
    """Give a fault that does the same but takes no time; itself where it takes none."""
    match fault:
        case Latency():
            return replace(fault, latency_ms=0, jitter_ms=0)
        case Bandwidth():
            return replace(fault, rate_kbps=UNLIMITED_KBPS)
        case SlowClose():
            return replace(fault, delay_ms=0)
        case Slicer():
            return replace(fault, delay_us=0)
        case _:
            return fault


UNLIMITED_KBPS = 1_000_000_000


def storm(lab: Lab, rng: random.Random, count: int, end_s: float) -> Lab:
    """Draw so many faults for a system, which all come and go before `end_s`.

    Of two that would undo each other, as the lab's own rules have it, the second is left out.
    """
    place = Place.of(lab, rng)
    for fault in _drawn(place, count):
        start_s = STEP_S * rng.randrange(1, int(end_s / STEP_S))
        longest_s = min(LONGEST_S, end_s - start_s)
        length_s = STEP_S * rng.randrange(1, int(longest_s / STEP_S) + 1)
        timed = during(start_s, start_s + length_s, fault)
        stormy = replace(lab, faults=(*lab.faults, timed))
        if makes_sense(stormy):
            lab = stormy
    return lab


def _drawn(place: Place, count: int) -> Iterator[Fault]:
    kinds = some(place.rng, list(DRAWS))
    for _ in range(count):
        yield DRAWS[place.rng.choice(kinds)](place)


def some(rng: random.Random, kinds: list[T]) -> list[T]:
    """Draw which kinds a scenario has: a few, half, or all."""
    return rng.sample(kinds, rng.choice((1, 2, 3, len(kinds) // 2, len(kinds))))


def makes_sense(lab: Lab) -> bool:
    """Say whether a lab can be run: by its own rules, but for what it would have to prove."""
    return all(problem.startswith(UNCLAIMED) for problem in problems(lab))
