"""What containers cannot do is refused before anything starts."""

import asyncio
from dataclasses import replace

import pytest

from harness.engines.compose.cannot import rehearse
from harness.engines.protocol import Plan
from harness.errors import LabError
from harness.model import (
    ClockSkew,
    Configure,
    CpuSlow,
    DiskFull,
    Down,
    Kill,
    Latency,
    MemoryLimit,
    Partition,
    Pause,
    Redis,
    RefuseNew,
    Stop,
    Unanswered,
    during,
)
from harness.model.fault import Fault, Timed
from labs.cascades.retry_storm.lab import LAB


def plan(fault: Fault, *others: Timed) -> Plan:
    """Give retry-storm with another fault, from second 5 to 8, and more of them."""
    lab = replace(LAB, faults=(during(5, 8, fault), *others))
    return Plan(slug="retry-storm", lab=lab, variant=lab.variants[0], seed=1)


@pytest.mark.parametrize(
    "fault",
    [
        CpuSlow("payments", factor=1001),
        RefuseNew("checkout->payments"),
        Unanswered("checkout->payments"),
    ],
)
def test_a_fault_that_only_the_simulation_has_is_refused(fault: Fault) -> None:
    """The line names the operation and the way to run the lab."""
    with pytest.raises(LabError, match=r"containers cannot .* --engine sim"):
        asyncio.run(rehearse(plan(fault)))


@pytest.mark.parametrize(
    "fault",
    [
        Kill("payments"),
        Stop("payments"),
        ClockSkew("payments", skew_s=5),
        CpuSlow("payments", factor=1000),
        DiskFull("payments"),
        MemoryLimit("payments", limit_mib=64),
        Configure("payments", service_ms=80),
        Latency("checkout->payments", latency_ms=10),
        Down("checkout->payments"),
        Partition(("checkout",), ("payments",)),
    ],
)
def test_a_fault_that_containers_have_is_let_pass(fault: Fault) -> None:
    """Trying it before the run does nothing."""
    asyncio.run(rehearse(plan(fault)))


def test_a_redis_asks_the_kernel_for_the_time() -> None:
    """Which one host alone cannot have wrong; in the simulation it can."""
    refused = plan(ClockSkew("cache", skew_s=5))
    refused = replace(refused, lab=replace(refused.lab, stores=(Redis("cache"),)))
    with pytest.raises(LabError, match=r"clock of cache wrong, which runs Redis; .* --engine sim"):
        asyncio.run(rehearse(refused))


CHANGES = [
    Configure("payments", service_ms=80),
    DiskFull("payments"),
    ClockSkew("payments", skew_s=5),
]


@pytest.mark.parametrize("fault", CHANGES)
@pytest.mark.parametrize(("start_s", "end_s"), [(4, 6), (6, 9), (4.5, 8.5)])
def test_a_frozen_process_cannot_change(fault: Fault, start_s: float, end_s: float) -> None:
    """Neither at the beginning of a change nor at its end, whatever is frozen from 4 to 9."""
    frozen = plan(fault, during(start_s, end_s, Pause("payments")))
    with pytest.raises(LabError, match=r"of payments while it is frozen, .* --engine sim"):
        asyncio.run(rehearse(frozen))


@pytest.mark.parametrize("fault", CHANGES)
def test_a_process_may_freeze_while_it_is_changed(fault: Fault) -> None:
    """Or another host, or before and after."""
    others = (during(6, 7, Pause("payments")), during(4, 9, Pause("checkout")))
    asyncio.run(rehearse(plan(fault, *others, during(2, 3, Pause("payments")))))


def test_a_lab_for_the_simulator_alone_is_refused_with_its_reason() -> None:
    """Before a container starts, and with the way to run it."""
    made = plan(Kill("payments"))
    made = replace(made, lab=replace(made.lab, simulated_only="gossip needs a crowd"))
    with pytest.raises(LabError) as caught:
        asyncio.run(rehearse(made))
    assert str(caught.value) == (
        "retry-storm is for the simulator alone: gossip needs a crowd; run it with --engine sim"
    )
