"""Link faults: Toxiproxy's names, units and traps."""

import asyncio
from collections.abc import Collection
from typing import Any

import pytest

from harness.model.fault import ToxicSpec
from harness.model.toxic import (
    Bandwidth,
    Down,
    Latency,
    LimitData,
    LinkFault,
    ResetPeer,
    Slicer,
    SlowClose,
    Stream,
    Timeout,
)

LINK = "front->back"

ALL: dict[LinkFault, tuple[str, dict[str, int]]] = {
    Latency(LINK, latency_ms=100, jitter_ms=20): ("latency", {"latency": 100, "jitter": 20}),
    Bandwidth(LINK, rate_kbps=8): ("bandwidth", {"rate": 8}),
    SlowClose(LINK, delay_ms=50): ("slow_close", {"delay": 50}),
    Timeout(LINK, timeout_ms=300): ("timeout", {"timeout": 300}),
    ResetPeer(LINK, timeout_ms=10): ("reset_peer", {"timeout": 10}),
    Slicer(LINK, average_bytes=64, variation_bytes=32, delay_us=10): (
        "slicer",
        {"average_size": 64, "size_variation": 32, "delay": 10},
    ),
    LimitData(LINK, limit_bytes=1000): ("limit_data", {"bytes": 1000}),
}
"""Every toxic of Toxiproxy 2.12, with what its API calls it and its attributes."""

every_toxic = pytest.mark.parametrize("fault", ALL, ids=lambda fault: fault.type)


class Proxy:
    """A system of one link, which keeps what a fault does to it."""

    def __init__(self) -> None:
        self.on: dict[str, ToxicSpec] = {}
        self.up = True

    async def add_toxic(self, link: str, toxic: ToxicSpec) -> None:
        assert link == LINK
        assert toxic.name not in self.on
        self.on[toxic.name] = toxic

    async def remove_toxic(self, link: str, name: str) -> None:
        assert link == LINK
        del self.on[name]

    async def toxics(self, link: str) -> Collection[str]:
        assert link == LINK
        return self.on

    async def set_link(self, link: str, *, up: bool) -> None:
        assert link == LINK
        self.up = up

    async def link_up(self, link: str) -> bool:
        assert link == LINK
        return self.up


@every_toxic
def test_a_toxic_has_toxiproxys_names_and_units(fault: LinkFault) -> None:
    """One toxic towards the caller, on every connection, unless told otherwise."""
    kind, attributes = ALL[fault]
    assert list(fault.toxics()) == [
        ToxicSpec(
            name=f"{kind}_downstream",
            type=kind,
            stream="downstream",
            toxicity=1.0,
            attributes=attributes,
        )
    ]
    assert list(fault.problems()) == []


@every_toxic
def test_a_fault_is_said_with_its_link_and_values(fault: LinkFault) -> None:
    """The name tells which toxic it is, where it sits, and how strong it is."""
    kind, attributes = ALL[fault]
    assert fault.name.startswith(f"{kind} {LINK} (")
    assert all(f"{name} {value}" in fault.name for name, value in attributes.items())


@every_toxic
def test_a_fault_is_put_on_seen_and_taken_off(fault: LinkFault) -> None:
    """It is seen exactly while it is there, and leaves nothing behind."""
    proxy: Any = Proxy()

    async def scenario() -> list[tuple[bool, bool]]:
        seen = [(await fault.there(proxy), await fault.gone(proxy))]
        await fault.apply(proxy)
        seen.append((await fault.there(proxy), await fault.gone(proxy)))
        await fault.remove(proxy)
        seen.append((await fault.there(proxy), await fault.gone(proxy)))
        return seen

    assert asyncio.run(scenario()) == [(False, True), (True, False), (False, True)]
    assert proxy.on == {}


@pytest.mark.parametrize(
    ("stream", "names"),
    [
        (Stream.UPSTREAM, ["timeout_upstream"]),
        (Stream.DOWNSTREAM, ["timeout_downstream"]),
        (Stream.BOTH, ["timeout_upstream", "timeout_downstream"]),
    ],
)
def test_each_direction_is_a_toxic_of_its_own(stream: Stream, names: list[str]) -> None:
    """Toxiproxy knows no toxic for both directions, so two are put on and both taken off."""
    fault = Timeout(LINK, stream=stream, toxicity=0.5)
    proxy: Any = Proxy()
    asyncio.run(fault.apply(proxy))
    assert list(proxy.on) == names
    assert {toxic.toxicity for toxic in proxy.on.values()} == {0.5}
    assert [toxic.stream for toxic in proxy.on.values()] == [name[8:] for name in names]
    asyncio.run(fault.remove(proxy))
    assert proxy.on == {}


def test_half_a_fault_is_neither_there_nor_gone() -> None:
    """A fault is there when both of its directions are, and gone when neither is."""
    fault = Timeout(LINK, stream=Stream.BOTH)
    proxy: Any = Proxy()
    asyncio.run(fault.apply(proxy))
    del proxy.on["timeout_upstream"]
    assert not asyncio.run(fault.there(proxy))
    assert not asyncio.run(fault.gone(proxy))


def test_a_link_that_is_down_is_seen_to_be() -> None:
    """`Down` closes the proxy itself and opens it again."""
    fault = Down(LINK)
    proxy: Any = Proxy()
    assert fault.name == f"down {LINK}"
    assert list(fault.problems()) == []
    assert asyncio.run(fault.gone(proxy))
    asyncio.run(fault.apply(proxy))
    assert asyncio.run(fault.there(proxy))
    asyncio.run(fault.remove(proxy))
    assert asyncio.run(fault.gone(proxy))


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        (Latency(LINK, latency_ms=-1), "latency is -1; it must not be negative"),
        (Latency(LINK, latency_ms=1, jitter_ms=-1), "jitter is -1; it must not be negative"),
        (Bandwidth(LINK, rate_kbps=-1), "rate is -1; it must not be negative"),
        (SlowClose(LINK, delay_ms=-1), "delay is -1; it must not be negative"),
        (Timeout(LINK, timeout_ms=-1), "timeout is -1; it must not be negative"),
        (ResetPeer(LINK, timeout_ms=-1), "timeout is -1; it must not be negative"),
        (LimitData(LINK, limit_bytes=-1), "bytes is -1; it must not be negative"),
        (Slicer(LINK, average_bytes=9, delay_us=-1), "delay is -1; it must not be negative"),
        (Slicer(LINK, average_bytes=0), "average_bytes is 0; below 1 it crashes Toxiproxy"),
        (
            Slicer(LINK, average_bytes=9, variation_bytes=9),
            "variation_bytes is 9; it must be below average_bytes",
        ),
        (Timeout(LINK, toxicity=0), "toxicity is 0; it must be above 0 and at most 1"),
        (Timeout(LINK, toxicity=1.1), "toxicity is 1.1; it must be above 0 and at most 1"),
        (
            Timeout(LINK, toxicity=float("nan")),
            "toxicity is nan; it must be above 0 and at most 1",
        ),
    ],
    ids=str,
)
def test_values_that_the_real_proxy_cannot_take_are_refused(fault: LinkFault, problem: str) -> None:
    """What would crash or hang Toxiproxy, or never act, is a problem in the simulation too."""
    assert list(fault.problems()) == [problem]


@pytest.mark.parametrize(
    "fault",
    [
        Bandwidth(LINK, rate_kbps=0),
        Timeout(LINK),
        ResetPeer(LINK),
        LimitData(LINK, limit_bytes=0),
        Latency(LINK, latency_ms=0),
        Slicer(LINK, average_bytes=1),
        Slicer(LINK, average_bytes=9, variation_bytes=8),
        Timeout(LINK, toxicity=0.001),
    ],
    ids=str,
)
def test_values_at_the_edge_are_fine(fault: LinkFault) -> None:
    """Zero means at once, nothing at all, or for ever, as Toxiproxy has it."""
    assert list(fault.problems()) == []
