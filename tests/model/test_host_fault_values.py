"""Host faults, partitions and faults of new connects as values: applied, read back, removed."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pytest

from harness.model import (
    Broken,
    ClockSkew,
    Configure,
    CpuSlow,
    DiskFull,
    Lab,
    MemoryLimit,
    Partition,
    Poisson,
    RefuseNew,
    Service,
    Stop,
    Unanswered,
    Way,
    during,
)
from harness.model.fault import Clock, Connects, Fault, HostState, Setting, ToxicSpec
from harness.model.validate import problems
from tests.support import virtually

LINK = "front->back"
LAB = Lab(
    title="",
    question="",
    services=(
        Service("front", app="services.relay", calls=("back", "cache")),
        Service("back", app="services.worker"),
        Service("cache", app="services.worker"),
    ),
    load=Poisson(to="front", rate_rps=1),
    duration_s=10,
    faults=(),
    variants=(Broken("only"),),
    expect=(),
)


class Desk:
    """As much of a system as these faults use."""

    def __init__(self) -> None:
        self.is_now = HostState.RUNNING
        self.clock_is = Clock()
        self.cpu_is = 1.0
        self.memory_is: int | None = None
        self.full = False
        self.changes: Mapping[str, Setting] = {}
        self.connects_are = Connects.ACCEPTED
        self.on = {"client->front": {}, LINK: {}, "back->front": {}}  # type: ignore[var-annotated]

    async def stop(self, host: str, grace_s: float) -> None:
        assert (host, grace_s) == ("back", 5)
        self.is_now = HostState.STOPPING

    async def start(self, host: str) -> None:
        assert host == "back"
        self.is_now = HostState.RUNNING

    async def state(self, host: str) -> HostState:
        assert host == "back"
        return self.is_now

    async def set_clock(self, host: str, clock: Clock) -> None:
        assert host == "back"
        self.clock_is = clock

    async def clock(self, host: str) -> Clock:
        assert host == "back"
        return self.clock_is

    async def set_cpu(self, host: str, factor: float) -> None:
        assert host == "back"
        self.cpu_is = factor

    async def cpu(self, host: str) -> float:
        assert host == "back"
        return self.cpu_is

    async def set_memory(self, host: str, limit_mib: int | None) -> None:
        assert host == "back"
        self.memory_is = limit_mib

    async def memory(self, host: str) -> int | None:
        assert host == "back"
        return self.memory_is

    async def set_disk_full(self, host: str, *, full: bool) -> None:
        assert host == "back"
        self.full = full

    async def disk_full(self, host: str) -> bool:
        assert host == "back"
        return self.full

    async def set_connects(self, link: str, connects: Connects) -> None:
        assert link == LINK
        self.connects_are = connects

    async def connects(self, link: str) -> Connects:
        assert link == LINK
        return self.connects_are

    async def behind(self, name: str) -> Collection[str]:
        return [name]

    async def configure(self, host: str, changes: Mapping[str, Setting]) -> None:
        assert host == "back"
        self.changes = changes

    async def configured(self, host: str) -> Mapping[str, Setting]:
        assert host == "back"
        return self.changes

    async def links(self) -> Collection[str]:
        return list(self.on)

    async def add_toxic(self, link: str, toxic: ToxicSpec) -> None:
        self.on[link][toxic.name] = toxic

    async def remove_toxic(self, link: str, name: str) -> None:
        del self.on[link][name]

    async def toxics(self, link: str) -> Collection[str]:
        return list(self.on[link])


FAULTS: tuple[Fault, ...] = (
    Stop("back", grace_s=5),
    ClockSkew("back", skew_s=1),
    ClockSkew("back", drift_ppm=-5),
    CpuSlow("back", factor=2),
    MemoryLimit("back", limit_mib=64),
    DiskFull("back"),
    Configure("back", service_ms=80),
    RefuseNew(LINK),
    Unanswered(LINK),
    Partition(("front",), ("back",)),
    Partition(("front", "client"), ("back",), way=Way.BACK),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_seen_only_while_it_is_there(fault: Fault) -> None:
    """Applied, it is read back; removed, nothing is left of it."""
    desk: Any = Desk()

    async def main() -> list[tuple[bool, bool]]:
        seen = [(await fault.there(desk), await fault.gone(desk))]
        await fault.apply(desk)
        seen.append((await fault.there(desk), await fault.gone(desk)))
        await fault.remove(desk)
        seen.append((await fault.there(desk), await fault.gone(desk)))
        return seen

    assert virtually(main()) == [(False, True), (True, False), (False, True)]
    assert vars(desk) == vars(Desk())


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_these_values_make_sense(fault: Fault) -> None:
    """In the lab too, and whatever else is there."""
    assert list(fault.problems()) == []
    lab = replace(LAB, faults=(during(1, 2, fault),))
    assert [line for line in problems(lab) if line.startswith(fault.name)] == []


def test_a_host_that_is_down_is_stopped() -> None:
    """It was asked to end, and has."""
    desk: Any = Desk()
    desk.is_now = HostState.DOWN
    assert virtually(Stop("back", grace_s=5).there(desk))
    assert not virtually(Stop("back", grace_s=5).gone(desk))


@pytest.mark.parametrize(
    ("fault", "left"),
    [
        (ClockSkew("back", skew_s=1), {"clock_is": Clock(skew_s=0.5)}),
        (CpuSlow("back", factor=4), {"cpu_is": 2.0}),
        (MemoryLimit("back", limit_mib=64), {"memory_is": 128}),
        (Configure("back", service_ms=80, error_ratio=0.5), {"changes": {"service_ms": 80}}),
        (Configure("back", service_ms=80), {"changes": {"service_ms": 79}}),
        (RefuseNew(LINK), {"connects_are": Connects.UNANSWERED}),
        (Partition(("front",), ("back",)), {"half": True}),
    ],
    ids=lambda value: value.name if not isinstance(value, dict) else "",
)
def test_what_is_there_in_part_is_neither_there_nor_gone(
    fault: Fault, left: dict[str, Any]
) -> None:
    """Another value, one setting of two, one toxic of several."""
    desk: Any = Desk()
    if left == {"half": True}:
        virtually(fault.apply(desk))
        virtually(desk.remove_toxic(LINK, "partition_upstream"))
    else:
        known = set(vars(desk))
        assert set(left) <= known, known
        vars(desk).update(left)
    assert not virtually(fault.there(desk))
    assert not virtually(fault.gone(desk))


def test_what_hits_no_host_is_not_there() -> None:
    """A service without hosts, and groups without a link: all of nothing is nothing."""

    class Nobody(Desk):
        async def behind(self, name: str) -> Collection[str]:
            del name
            return []

        async def links(self) -> Collection[str]:
            return []

    desk: Any = Nobody()
    assert not virtually(Configure("back", service_ms=80).there(desk))
    assert not virtually(Partition(("front",), ("back",)).there(desk))


def test_a_fault_says_what_it_does_and_to_whom() -> None:
    """As a person would."""
    assert [fault.name for fault in FAULTS] == [
        "stop back (within 5 s)",
        "clock of back (+1 s, +0 ppm)",
        "clock of back (+0 s, -5 ppm)",
        "slow CPU of back (x 2)",
        "memory of back (at most 64 MiB)",
        "full disk of back",
        "configure back (service_ms=80)",
        "refuse new connections front->back",
        "drop new connects front->back",
        "partition front | back",
        "partition front, client <-/- back",
    ]


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        (Stop("back", grace_s=0), "grace_s is 0; it must be above 0"),
        (Stop("back", grace_s=float("nan")), "grace_s is nan; it must be above 0"),
        (ClockSkew("back"), "neither skew_s nor drift_ppm is given; the clock would stay right"),
        (ClockSkew("back", skew_s=float("inf")), "skew_s and drift_ppm must be finite numbers"),
        (ClockSkew("back", drift_ppm=-1e6), "drift_ppm is -1e+06; it must be above -1,000,000"),
        (Configure("back"), "no setting is given; nothing would change"),
        (CpuSlow("back", factor=1), "factor is 1; it must be above 1"),
        (MemoryLimit("back", limit_mib=5), "limit_mib is 5; it must be at least 6"),
        (Partition((), ("back",)), "a group is empty; name the hosts on either side"),
        (Partition(("back",), ("back",)), "back stands on both sides"),
    ],
    ids=str,
)
def test_values_that_make_no_sense_are_told(fault: Fault, problem: str) -> None:
    """Before anything runs."""
    assert problem in list(fault.problems())


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        (Configure("bakc", service_ms=80), "'bakc' is not one of back, cache, front"),
        (Stop("bakc"), "'bakc' is not one of back, cache, front"),
        (RefuseNew("back->front"), "'back->front' is not one of client->front, front->back"),
        (Partition(("front",), ("bakc",)), "'bakc' is not one of back, cache, client, front"),
        (Partition(("cache",), ("back",)), "no link goes between the two groups"),
    ],
    ids=str,
)
def test_a_fault_that_hits_nothing_is_refused(fault: Fault, problem: str) -> None:
    """A host or link that the lab does not have, or groups that never talk."""
    lab = replace(LAB, faults=(during(1, 2, fault),))
    assert any(f"{fault.name}: {problem}" in line for line in problems(lab))


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        (Partition(("front",), ("back",)), Partition(("client", "front"), ("back",)), True),
        (Partition(("front",), ("back",)), Partition(("front",), ("cache",)), False),
        (RefuseNew(LINK), Unanswered(LINK), True),
        (ClockSkew("back", skew_s=1), ClockSkew("back", drift_ppm=1), True),
        (ClockSkew("back", skew_s=1), CpuSlow("back", factor=2), False),
        (Configure("back", service_ms=1), Configure("back", {"service_ms": 2}), True),
        (Configure("front", timeout_ms=1), Configure("back", service_ms=2), False),
    ],
    ids=str,
)
def test_two_faults_that_would_undo_each_other_may_not_overlap(
    one: Fault, other: Fault, *, clash: bool
) -> None:
    """On the same links, or the same part of a host."""
    lab = replace(LAB, faults=(during(1, 3, one), during(2, 4, other)))
    assert any("overlaps in time" in line for line in problems(lab)) is clash


def test_a_partition_drops_what_goes_the_given_way() -> None:
    """On links of either direction: what one group sends, whoever has called."""
    links = (LINK, "back->front", "front->cache", "client->front")

    def dropped(way: Way) -> list[tuple[str, str]]:
        split = Partition(("front",), ("back",), way=way)
        return [(link, toxic.stream) for link, toxic in split.toxics(links)]

    assert dropped(Way.FORTH) == [(LINK, "upstream"), ("back->front", "downstream")]
    assert dropped(Way.BACK) == [(LINK, "downstream"), ("back->front", "upstream")]
    assert sorted(dropped(Way.BOTH)) == sorted(dropped(Way.FORTH) + dropped(Way.BACK))


def test_two_changes_of_one_host_leave_each_other_alone() -> None:
    """Of different settings; what one puts back, the other does not lose."""
    desk: Any = Desk()
    one, other = Configure("back", service_ms=80), Configure("back", {"release": "bad"})

    async def main() -> list[dict[str, Setting]]:
        seen = []
        for step in (one.apply, other.apply, one.remove, other.remove):
            await step(desk)
            seen.append(dict(desk.changes))
        return seen

    both = {"service_ms": 80, "release": "bad"}
    assert virtually(main()) == [{"service_ms": 80}, both, {"release": "bad"}, {}]


def test_a_change_may_name_a_setting_as_a_parameter_is_named() -> None:
    """Names of settings are a service's own."""
    assert Configure("back", target="x", values=1).name == "configure back (target=x, values=1)"
