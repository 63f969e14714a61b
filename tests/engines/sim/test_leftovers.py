"""What is left of a fault, or of a toxic, is found at a run's end."""

import asyncio
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from harness.engines.sim.leftovers import check_healed, check_timers
from harness.engines.sim.link import SimLink
from harness.engines.sim.machine import Machine
from harness.engines.sim.stub import Stub
from harness.model import ClockSkew, CpuSlow, Poisson, Service, during
from harness.model.fault import Connects, HostState, System
from harness.recording import FaultRecord
from tests.support import fault, lab, run


def link() -> SimLink:
    return SimLink("a", "b", 0.1, random.Random(0))


def host(state: HostState = HostState.RUNNING) -> Any:
    return SimpleNamespace(name="b", machine=Machine(float), state=lambda: state)


def test_what_is_whole_passes() -> None:
    """A host that is down by itself is no fault's."""
    check_healed([link()], [host(), host(HostState.DOWN)])


def _keeps_toxic(one: Any) -> None:
    one.toxics["old"] = None


def _is_down(one: Any) -> None:
    one.up = False


def _refuses(one: Any) -> None:
    one.connects = Connects.REFUSED


class _Pipe:
    stream = "upstream"

    def acting(self) -> list[str]:
        return ["old"]


def _acts(one: Any) -> None:
    one.pipes[_Pipe()] = None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_keeps_toxic, r"a->b still has \['old'\]"),
        (_is_down, "a->b is still down"),
        (_refuses, "a->b: connects are refused"),
        (_acts, r"a->b, upstream: \['old'\] still act"),
    ],
)
def test_what_is_left_of_a_links_fault_is_found(change: Callable[[Any], None], said: str) -> None:
    """Also on a connection that lives on."""
    broken = link()
    change(broken)
    with pytest.raises(AssertionError, match=said):
        check_healed([broken], [])


def _slow(machine: Machine) -> None:
    machine.cpu_factor = 2.0


def _full(machine: Machine) -> None:
    machine.disk.full = True


def _changed(machine: Machine) -> None:
    machine.changes = {"work_ms": 1.0}


def _skewed(machine: Machine) -> None:
    machine.clock = ClockSkew("b", skew_s=1).clock


@pytest.mark.parametrize("change", [_slow, _full, _changed, _skewed])
def test_what_is_left_of_a_hosts_fault_is_found(change: Callable[[Machine], None]) -> None:
    """By its name."""
    broken = host()
    change(broken.machine)
    with pytest.raises(AssertionError, match="b: its "):
        check_healed([], [broken])


def test_a_host_that_stays_frozen_is_found() -> None:
    """It would hold its callbacks for ever."""
    with pytest.raises(AssertionError, match="b is still paused"):
        check_healed([], [host(HostState.PAUSED)])


def test_a_run_looks_when_its_faults_are_over() -> None:
    """Whatever the conductor says; one that says of no fault is not held to any."""
    slow = CpuSlow("host", factor=2.0)
    value = lab(
        Service("host", app="services.worker"),
        load=Poisson(to="host", rate_rps=1),
        duration_s=3,
        faults=(during(1, 2, slow),),
    )

    def conduct(told: list[FaultRecord]) -> Any:
        async def careless(system: System) -> list[FaultRecord]:
            await slow.apply(system)
            await system.until(3)
            return told

        return careless

    run(value, conduct([]))
    with pytest.raises(AssertionError, match="host: its CPU"):
        run(value, conduct([fault(1, 2)]))


def test_a_timer_of_a_toxic_is_found() -> None:
    """Nobody would hear it; timers of others are theirs."""
    loop = asyncio.new_event_loop()
    try:
        stub = Stub.__new__(Stub)
        check_timers([loop.call_later(1, print)])
        with pytest.raises(AssertionError, match="_expire is still to be called"):
            check_timers([loop.call_later(1, stub._expire)])  # noqa: SLF001
    finally:
        loop.close()
