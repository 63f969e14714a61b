"""Toxics that come and go beside others, while bytes are under way: simulated and real alike.

Whatever is put behind a toxic, or taken off behind it, interrupts it: it sends on what it holds,
starts anew, and draws its toxicity again.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import pytest

from harness.model.fault import ToxicSpec
from harness.model.toxic import (
    Bandwidth,
    Latency,
    LimitData,
    LinkFault,
    ResetPeer,
    Slicer,
    SlowClose,
    Stream,
    Timeout,
)
from tests.conformance.rigs import Rig, Streams
from tests.conformance.test_toxics import ask, echo, end_of, now, plays, took

LINK = "caller->callee"
BOTH_WAYS = pytest.mark.parametrize("stream", [Stream.UPSTREAM, Stream.DOWNSTREAM])


@dataclass(frozen=True)
class Again:
    """A fault of which the link has one of the same kind already."""

    fault: LinkFault

    def toxics(self) -> Iterable[ToxicSpec]:
        return [replace(one, name=f"{one.name}_again") for one in self.fault.toxics()]


def at(delay_s: float, act: Callable[..., object], *args: object) -> None:
    """Do something to the link in a while."""
    asyncio.get_running_loop().call_later(delay_s, act, *args)


def harmless(stream: Stream) -> list[LinkFault]:
    """Give a fault of each kind that lets small pieces pass as they are."""
    return [
        Latency(LINK, latency_ms=0, stream=stream),
        Bandwidth(LINK, rate_kbps=10_000, stream=stream),
        SlowClose(LINK, delay_ms=10, stream=stream),
        Slicer(LINK, average_bytes=1000, stream=stream),
        LimitData(LINK, limit_bytes=1000, stream=stream),
    ]


@BOTH_WAYS
@pytest.mark.parametrize("kind", range(5))
def test_what_is_added_or_taken_off_behind_a_toxic_frees_what_it_holds(
    rig: Rig, stream: Stream, kind: int
) -> None:
    """A byte under a second of latency comes at 0.3 s, when the change is; the next at 1 s."""

    async def scenario(rig: Rig) -> None:
        rig.add(Again(Latency(LINK, latency_ms=1000, stream=stream)))
        second = harmless(stream)[kind]
        streams = await rig.connect()
        for change in (rig.add, rig.remove):
            began_s = now()
            at(0.3, change, second)
            await ask(streams, b"?")
            took(rig, began_s, 0.3)
            began_s = now()
            await ask(streams, b"?")
            took(rig, began_s, 1)
        streams[1].close()

    plays(rig, scenario)


@BOTH_WAYS
def test_what_is_taken_off_before_a_toxic_leaves_it_alone(rig: Rig, stream: Stream) -> None:
    """Only the one before is interrupted: a byte that the latency behind holds stays there."""

    async def scenario(rig: Rig) -> None:
        first = Slicer(LINK, average_bytes=1000, stream=stream)
        rig.add(first)
        rig.add(Latency(LINK, latency_ms=1000, stream=stream))
        streams = await rig.connect()
        began_s = now()
        at(0.3, rig.remove, first)
        await ask(streams, b"?")
        took(rig, began_s, 1)
        streams[1].close()

    plays(rig, scenario)


def test_one_that_is_taken_off_between_two_passes_on_what_both_held(rig: Rig) -> None:
    """What the first held and what the second held goes to the third, in order."""

    async def scenario(rig: Rig) -> None:
        rig.add(Again(Latency(LINK, latency_ms=600)))
        second = Bandwidth(LINK, rate_kbps=0)
        rig.add(second)
        rig.add(Latency(LINK, latency_ms=1500))
        reader, writer = await rig.connect()
        began_s = now()
        writer.write(b"1")
        await asyncio.sleep(0.3)
        writer.write(b"2")
        await asyncio.sleep(0.5)
        # The bandwidth holds the first byte, the latency before it the second.
        rig.remove(second)
        assert await reader.readexactly(2) == b"12"
        # The first byte's 1.5 s began when it came in, but for the 0.6 s that it had waited.
        assert now() - began_s < 2.1 + rig.late_s
        began_s = now()
        await ask((reader, writer), b"3")
        assert now() - began_s > 1.4
        writer.close()

    plays(rig, scenario)


def test_only_what_a_toxic_has_in_hand_is_let_go(rig: Rig) -> None:
    """Of two bytes under a second of latency, the one that waits behind the other stays."""

    async def scenario(rig: Rig) -> None:
        rig.add(Latency(LINK, latency_ms=1000))
        reader, writer = await rig.connect()
        began_s = now()
        writer.write(b"1")
        await asyncio.sleep(0.2)
        writer.write(b"2")
        at(0.2, rig.add, Slicer(LINK, average_bytes=1000))
        assert await reader.readexactly(1) == b"1"
        took(rig, began_s, 0.4)
        assert await reader.readexactly(1) == b"2"
        took(rig, began_s, 1.2)
        writer.close()

    plays(rig, scenario)


def test_a_bandwidth_that_is_interrupted_sends_all_that_is_left_of_its_chunk(rig: Rig) -> None:
    """The rest of 20,000 bytes at 10 KB/s comes when something is added behind; more is held."""

    async def scenario(rig: Rig) -> None:
        rig.add(Bandwidth(LINK, rate_kbps=10))
        reader, writer = await rig.connect()
        data = bytes(range(250)) * 80
        began_s = now()
        writer.write(data)
        at(0.45, rig.add, Latency(LINK, latency_ms=0))
        assert await reader.readexactly(len(data)) == data
        took(rig, began_s, 0.45)
        began_s = now()
        await ask((reader, writer), data[:5000])
        took(rig, began_s, 0.5)
        writer.close()

    plays(rig, scenario)


def test_a_slicer_that_is_interrupted_sends_the_rest_uncut(rig: Rig) -> None:
    """What would have taken ten seconds comes at once, complete."""

    async def scenario(rig: Rig) -> None:
        rig.add(Slicer(LINK, average_bytes=10, delay_us=100_000))
        reader, writer = await rig.connect()
        data = bytes(range(250)) * 4
        began_s = now()
        writer.write(data)
        at(0.35, rig.add, Latency(LINK, latency_ms=0))
        assert await reader.readexactly(len(data)) == data
        took(rig, began_s, 0.35)
        writer.close()

    plays(rig, scenario)


def test_an_end_that_is_late_is_late_anew(rig: Rig) -> None:
    """A delay of the end starts again when something is added behind it: 0.5 s and a second."""

    async def scenario(rig: Rig) -> None:
        async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.readexactly(3))
            writer.close()

        await rig.serve(once)
        rig.add(SlowClose(LINK, delay_ms=1000))
        reader, writer = await rig.connect()
        await ask((reader, writer), b"bye")
        began_s = now()
        at(0.5, rig.add, Latency(LINK, latency_ms=0))
        assert await end_of(reader) == "fin"
        took(rig, began_s, 1.5)
        writer.close()

    rig.run(scenario)


def test_an_end_that_is_late_comes_when_its_toxic_is_taken_off(rig: Rig) -> None:
    """At once, and not after the rest of the delay."""

    async def scenario(rig: Rig) -> None:
        async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.readexactly(3))
            writer.close()

        await rig.serve(once)
        slow = SlowClose(LINK, delay_ms=5000)
        rig.add(slow)
        reader, writer = await rig.connect()
        await ask((reader, writer), b"bye")
        began_s = now()
        at(0.3, rig.remove, slow)
        assert await end_of(reader) == "fin"
        took(rig, began_s, 0.3)
        writer.close()

    rig.run(scenario)


def test_limit_data_counts_on_when_it_is_interrupted(rig: Rig) -> None:
    """Seven bytes in all, before and after something is added behind."""

    async def scenario(rig: Rig) -> None:
        rig.add(LimitData(LINK, limit_bytes=7))
        streams = await rig.connect()
        assert await ask(streams, b"0123") == b"0123"
        rig.add(Slicer(LINK, average_bytes=1000))
        streams[1].write(b"4567")
        assert await streams[0].read() == b"456"
        streams[1].close()

    plays(rig, scenario)


def test_a_limit_of_nothing_ends_with_the_first_data(rig: Rig) -> None:
    """And not with the connect."""

    async def scenario(rig: Rig) -> None:
        rig.add(LimitData(LINK, limit_bytes=0))
        reader, writer = await rig.connect()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.4)
        began_s = now()
        writer.write(b"?")
        assert await end_of(reader) == "fin"
        took(rig, began_s, 0)
        writer.close()

    plays(rig, scenario)


def test_a_black_hole_that_is_taken_off_ends_its_connections_beside_others(rig: Rig) -> None:
    """Whatever is before it and behind it."""

    async def scenario(rig: Rig) -> None:
        hole = Timeout(LINK, timeout_ms=0)
        rig.add(Slicer(LINK, average_bytes=1000))
        rig.add(hole)
        rig.add(LimitData(LINK, limit_bytes=1000))
        reader, writer = await rig.connect()
        writer.write(b"lost")
        await asyncio.sleep(0.2)
        rig.remove(hole)
        began_s = now()
        assert await end_of(reader) == "fin"
        took(rig, began_s, 0)
        again = await rig.connect()
        assert await ask(again, b"?") == b"?"
        again[1].close()
        writer.close()

    plays(rig, scenario)


def test_a_silence_is_measured_anew_when_a_timeout_is_interrupted(rig: Rig) -> None:
    """0.6 s from the change at 0.4 s, not from the connect."""

    async def scenario(rig: Rig) -> None:
        rig.add(Timeout(LINK, timeout_ms=600))
        reader, writer = await rig.connect()
        began_s = now()
        at(0.4, rig.add, Slicer(LINK, average_bytes=1000))
        assert await end_of(reader) == "fin"
        took(rig, began_s, 1)
        writer.close()

    plays(rig, scenario)


def test_a_reset_waits_for_data_however_often_it_is_interrupted(rig: Rig) -> None:
    """It is armed by the first data after the changes."""

    async def scenario(rig: Rig) -> None:
        rig.add(ResetPeer(LINK, timeout_ms=200))
        second = Slicer(LINK, average_bytes=1000)
        reader, writer = await rig.connect()
        rig.add(second)
        await asyncio.sleep(0.1)
        rig.remove(second)
        began_s = now()
        writer.write(b"arms it")
        assert await end_of(reader) == "rst"
        took(rig, began_s, 0.2)
        writer.close()

    plays(rig, scenario)


async def slow_ones(connections: list[Streams]) -> list[bool]:
    """Say which connections take at least 100 ms to answer."""

    async def slow(streams: Streams) -> bool:
        began_s = now()
        await ask(streams, b"?")
        return now() - began_s >= 0.095

    return [await slow(streams) for streams in connections]


@pytest.mark.parametrize("change", ["add", "remove"])
def test_an_interrupted_toxic_draws_its_toxicity_again(rig: Rig, change: str) -> None:
    """Each live connection may become a slow one or a fast one; without a change, none does."""

    async def scenario(rig: Rig) -> None:
        second = Slicer(LINK, average_bytes=1000)
        rig.add(Latency(LINK, latency_ms=100, toxicity=0.5))
        if change == "remove":
            rig.add(second)
        connections = [await rig.connect() for _ in range(24)]
        before = await slow_ones(connections)
        (rig.add if change == "add" else rig.remove)(second)
        after = await slow_ones(connections)
        assert before != after
        assert 2 <= sum(before) <= 22
        assert 2 <= sum(after) <= 22
        assert await slow_ones(connections) == after or rig.late_s > 0.1
        for _, writer in connections:
            writer.close()

    plays(rig, scenario)


def test_other_directions_are_not_interrupted(rig: Rig) -> None:
    """A toxic that is added upstream lets nothing go that is held downstream."""

    async def scenario(rig: Rig) -> None:
        rig.add(Latency(LINK, latency_ms=800, stream=Stream.DOWNSTREAM))
        streams = await rig.connect()
        began_s = now()
        at(0.3, rig.add, Slicer(LINK, average_bytes=1000, stream=Stream.UPSTREAM))
        await ask(streams, b"?")
        took(rig, began_s, 0.8)
        streams[1].close()

    plays(rig, scenario)


@pytest.mark.parametrize(
    ("faults", "expected_s"),
    [
        ([Bandwidth(LINK, rate_kbps=20), Latency(LINK, latency_ms=1000)], 1.5),
        ([Latency(LINK, latency_ms=1000), Bandwidth(LINK, rate_kbps=20)], 2.5),
    ],
)
def test_latency_counts_from_when_a_chunk_came_in(
    rig: Rig, faults: list[LinkFault], expected_s: float
) -> None:
    """30,000 bytes at 20 KB/s are late by a latency before the bandwidth, and not by one behind."""

    async def scenario(rig: Rig) -> None:
        for fault in faults:
            rig.add(fault)
        began_s = now()
        streams = await rig.connect()
        await ask(streams, bytes(30_000))
        took(rig, began_s, expected_s)
        streams[1].close()

    plays(rig, scenario)


def test_two_latencies_do_not_quite_add_up_for_a_stream(rig: Rig) -> None:
    """What a byte has waited behind another is taken off its second delay, as Toxiproxy has it."""

    async def scenario(rig: Rig) -> None:
        for fault in (Latency(LINK, latency_ms=500), Again(Latency(LINK, latency_ms=500))):
            rig.add(fault)
        reader, writer = await rig.connect()
        began_s = now()
        writer.write(b"1")
        await asyncio.sleep(0.4)
        writer.write(b"2")
        await reader.readexactly(1)
        took(rig, began_s, 1)
        await reader.readexactly(1)
        # The second waited 0.1 s in the queue of the first latency: 0.9 s, and behind the first.
        took(rig, began_s, 1.3)
        writer.close()

    plays(rig, scenario)


def test_a_change_while_nothing_is_under_way_changes_nothing(rig: Rig) -> None:
    """Put on and taken off again, twenty times, a link is as it was."""

    async def scenario(rig: Rig) -> None:
        await rig.serve(echo)
        streams = await rig.connect()
        await ask(streams, b"before")
        for _ in range(4):
            for fault in harmless(Stream.DOWNSTREAM):
                rig.add(fault)
            for fault in harmless(Stream.DOWNSTREAM):
                rig.remove(fault)
        began_s = now()
        data = bytes(range(250)) * 400
        assert await ask(streams, data) == data
        took(rig, began_s, 0)
        streams[1].close()

    rig.run(scenario)
