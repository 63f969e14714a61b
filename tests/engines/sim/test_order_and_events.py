"""Other orders of what is simultaneous, and the trace of what happened."""

import asyncio
import io
import json
from dataclasses import replace
from typing import Any

import pytest

from harness.conductor import conductor
from harness.engines.protocol import Plan
from harness.engines.sim.engine import SimEngine
from harness.engines.sim.events import EventLog
from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.order import Permutation
from harness.engines.sim.process import KERNEL, Process
from harness.model import (
    ClockSkew,
    Configure,
    CpuSlow,
    DiskFull,
    Down,
    Kill,
    Lab,
    Latency,
    Paced,
    Pause,
    RefuseNew,
    during,
)
from harness.model.fault import Fault
from harness.recording import Recording
from labs.cascades.retry_storm.lab import LAB
from tests.support import Silent

TIES: Lab = replace(
    LAB,
    load=Paced(rate_rps=20, to="checkout", timeout_ms=4000),
    duration_s=6,
    faults=(during(2, 4, Pause("payments")),),
)


def recorded(engine: SimEngine, lab: Lab = TIES) -> Recording:
    """Run the first variant."""
    plan = Plan(slug="ties", lab=lab, variant=lab.variants[0], seed=1)
    return engine.run(plan, conductor(lab.faults, lab.duration_s), Silent())


def order_of(permutation: Permutation | None) -> str:
    """Let three processes set two timers each for one instant, and give who ran when."""
    loop = VirtualLoop()
    loop.permutation = permutation
    ran: list[str] = []

    async def wait() -> None:
        await asyncio.sleep(2)

    for name in "abc":
        context = Process(name, 0).context()
        for number in "12":
            context.run(loop.call_at, 1.0, ran.append, name + number)
    try:
        loop.run_until_complete(wait())
    finally:
        loop.close()
    return " ".join(ran)


def test_without_a_permutation_timers_run_as_they_were_set() -> None:
    """The order of setting is the order of running."""
    assert order_of(None) == "a1 a2 b1 b2 c1 c2"


def test_a_permutation_mixes_processes_and_keeps_each_in_order() -> None:
    """Many orders come up, each the same for its seed, and no process's own timers swap."""
    orders = [order_of(Permutation(seed)) for seed in range(40)]
    assert orders == [order_of(Permutation(seed)) for seed in range(40)]
    assert len(set(orders)) > 10
    for order in orders:
        assert sorted(order.split()) == ["a1", "a2", "b1", "b2", "c1", "c2"]
        assert all(order.index(name + "1") < order.index(name + "2") for name in "abc")


class Socket:
    """Something of the kernel's, whose timers belong to no process."""

    def arrive(self, number: int) -> None:
        """Do nothing: only whose it is counts."""


def test_a_permutation_keeps_the_timers_of_one_socket_in_order() -> None:
    """They are no process's: bytes on one connection do not overtake each other."""
    loop = VirtualLoop()
    sockets = [Socket() for _ in range(4)]
    due = [loop.call_at(1, one.arrive, n, context=KERNEL) for one in sockets for n in range(3)]
    loop.close()
    orders = [Permutation(seed)(due) for seed in range(20)]
    assert len({tuple(map(id, order)) for order in orders}) > 10
    for order in orders:
        for number in range(0, 12, 3):
            own = due[number : number + 3]
            assert [handle for handle in order if handle in own] == own


def test_a_permutation_counts_the_instants_that_it_could_reorder_and_reorders_those_named() -> None:
    """Where one process alone has timers, there is nothing to reorder."""
    loop = VirtualLoop()
    contexts = [Process(name, 0).context() for name in "abcdefgh"]
    due = [loop.call_at(1, print, n, context=one) for n, one in enumerate(contexts)]
    loop.close()
    every, second = Permutation(3), Permutation(3, only={2})
    assert every(due[:1]) == second(due[:1]) == due[:1]
    assert every.instants == second.instants == 0
    orders = [every(due) for _ in range(3)]
    assert [second(due) for _ in range(3)] == [due, orders[1], due]
    assert due not in orders
    assert every.instants == second.instants == 3


def test_a_permuted_run_replays_to_the_byte_and_keeps_its_requests() -> None:
    """Bytes stay in order on each connection, so every request ends as it should."""
    one = recorded(SimEngine(permute=7))
    assert one.digest() == recorded(SimEngine(permute=7)).digest()
    plain = recorded(SimEngine())
    assert [request.status for request in one.requests] == [
        request.status for request in plain.requests
    ]


def traced(lab: Lab) -> tuple[list[dict[str, Any]], Recording]:
    """Run with a trace; give its lines and the recording."""
    file = io.StringIO()
    recording = recorded(SimEngine(events=EventLog(file)), lab)
    return [json.loads(line) for line in file.getvalue().splitlines()], recording


def test_a_trace_changes_nothing() -> None:
    """The recording with it is the recording without."""
    _, recording = traced(TIES)
    assert recording.digest() == recorded(SimEngine()).digest()


def test_a_trace_tells_of_the_run_its_faults_and_every_message() -> None:
    """The head names the hosts; data never arrives before it is sent, and is never empty."""
    events, recording = traced(TIES)
    assert events[0]["event"] == "run"
    assert events[0]["hosts"] == ["checkout", "payments"]
    changes = [(event["event"], event["at_s"]) for event in events if "host" in event]
    assert changes == [("pause", 2), ("resume", 4)]
    data = [event for event in events if event["event"] == "data"]
    assert all(event["arrives_s"] > event["at_s"] and event["bytes"] > 0 for event in data)
    asked = [e for e in data if e["link"] == "client->checkout" and e["way"] == "upstream"]
    assert len(asked) == len(recording.requests)
    assert [event["at_s"] for event in events[1:]] == sorted(e["at_s"] for e in events[1:])
    connects = [event for event in events if event["event"] == "connect"]
    for link in {event["link"] for event in connects}:
        numbers = [event["connection"] for event in connects if event["link"] == link]
        assert numbers == list(range(1, len(numbers) + 1)), "each link counts its own from 1"


def test_a_message_under_a_toxic_is_told_when_it_leaves_the_proxy() -> None:
    """An answer that is held for 450 ms is told 450 ms after its question, and not before."""
    slow = during(2, 4, Latency("checkout->payments", latency_ms=450))
    events, _ = traced(replace(TIES, faults=(slow,)))
    assert {event["toxic"] for event in events if event["event"] == "add toxic"} == {
        "latency_downstream"
    }
    inner = [e for e in events if e["event"] == "data" and e["link"] == "checkout->payments"]
    question = next(e for e in inner if e["way"] == "upstream" and e["at_s"] >= 2.5)
    answer = next(
        e
        for e in inner
        if (e["way"], e["connection"]) == ("downstream", question["connection"])
        and e["at_s"] > question["at_s"]
    )
    assert answer["at_s"] - question["at_s"] >= 0.45


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (ClockSkew("payments", skew_s=3), ["clock", "clock"]),
        (CpuSlow("payments", factor=2), ["cpu", "cpu"]),
        (DiskFull("payments"), ["disk full", "disk has room"]),
        (Configure("payments", service_ms=80), ["configure", "configure"]),
        (RefuseNew("checkout->payments"), ["connects", "connects"]),
        (Down("checkout->payments"), ["link down", "link up"]),
        (Kill("payments"), ["kill", "start"]),
    ],
)
def test_a_trace_tells_of_every_kind_of_fault(fault: Fault, told: list[str]) -> None:
    """Its beginning and its end, at their times."""
    events, _ = traced(replace(TIES, faults=(during(2, 4, fault),)))
    changes = [(e["at_s"], e["event"]) for e in events[1:] if e["event"] in told]
    assert changes == list(zip([2, 4], told, strict=True))
