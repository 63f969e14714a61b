"""What each toxic does to bytes, order, time, closing and change: simulated and real alike.

The same assertions hold for the simulated link, in virtual time, and for a real Toxiproxy. Lower
bounds on time are exact; upper bounds add what a rig may be late, 0.01 s simulated and 0.6 s real.
"""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

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

EARLY_S = 0.005
"""Clocks are read at both ends, and Go's timers count in nanoseconds, asyncio's in floats."""

LINK = "caller->callee"


def now() -> float:
    """Read the running loop's clock, virtual or real, in seconds."""
    return asyncio.get_running_loop().time()


def took(rig: Rig, began_s: float, expected_s: float) -> None:
    """Assert that a stretch of time took as long as expected, and not much longer."""
    elapsed_s = now() - began_s
    assert expected_s - EARLY_S <= elapsed_s <= expected_s + rig.late_s


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send back whatever comes, until the caller ends."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def end_of(reader: asyncio.StreamReader) -> str:
    """Read to the end and say how it came: `fin` or `rst`."""
    try:
        while await reader.read(65536):
            pass
    except ConnectionResetError:
        return "rst"
    return "fin"


def plays(rig: Rig, scenario: Callable[[Rig], Awaitable[None]]) -> None:
    """Run a scenario against an echoing callee."""

    async def whole(rig: Rig) -> None:
        await rig.serve(echo)
        await scenario(rig)

    rig.run(whole)


async def ask(streams: Streams, data: bytes) -> bytes:
    """Send bytes and read as many back."""
    reader, writer = streams
    writer.write(data)
    return await reader.readexactly(len(data))


def test_a_clean_link_carries_bytes_in_order_and_at_once(rig: Rig) -> None:
    """Without toxics a megabyte comes back as it was sent."""

    async def scenario(rig: Rig) -> None:
        reader, writer = await rig.connect()
        data = bytes(range(256)) * 4096
        reading = asyncio.create_task(reader.readexactly(len(data)))
        writer.write(data)
        await writer.drain()
        assert await reading == data
        writer.close()

    plays(rig, scenario)


@pytest.mark.parametrize("stream", [Stream.UPSTREAM, Stream.DOWNSTREAM])
def test_latency_delays_data_and_not_the_connect(rig: Rig, stream: Stream) -> None:
    """A connect is as fast as ever; a question in either direction takes the latency once."""

    async def scenario(rig: Rig) -> None:
        rig.add(Latency(LINK, latency_ms=300, stream=stream))
        began_s = now()
        streams = await rig.connect()
        took(rig, began_s, 0)
        began_s = now()
        assert await ask(streams, b"hello") == b"hello"
        took(rig, began_s, 0.3)
        streams[1].close()

    plays(rig, scenario)


def test_latencies_of_both_directions_and_of_several_toxics_add_up(rig: Rig) -> None:
    """200 ms there and 300 ms back are half a second."""

    async def scenario(rig: Rig) -> None:
        rig.add(Latency(LINK, latency_ms=200, stream=Stream.UPSTREAM))
        rig.add(Latency(LINK, latency_ms=300, stream=Stream.DOWNSTREAM))
        streams = await rig.connect()
        began_s = now()
        await ask(streams, b"hello")
        took(rig, began_s, 0.5)
        streams[1].close()

    plays(rig, scenario)


def test_latency_is_a_pipeline(rig: Rig) -> None:
    """Five chunks, 100 ms apart, arrive 400 ms after one another in all, not five latencies."""

    async def scenario(rig: Rig) -> None:
        rig.add(Latency(LINK, latency_ms=1000))
        reader, writer = await rig.connect()
        began_s = now()
        for number in range(5):
            writer.write(bytes([number]))
            await asyncio.sleep(0.1)
        assert await reader.readexactly(5) == bytes(range(5))
        took(rig, began_s, 1.4)
        writer.close()

    plays(rig, scenario)


def test_jitter_stays_within_its_bounds_and_keeps_the_order(rig: Rig) -> None:
    """Every answer takes 200 ± 100 ms, they differ, and bytes stay in order."""

    async def scenario(rig: Rig) -> None:
        rig.add(Latency(LINK, latency_ms=200, jitter_ms=100))
        streams = await rig.connect()
        elapsed = []
        for number in range(6):
            began_s = now()
            assert await ask(streams, bytes([number])) == bytes([number])
            elapsed.append(now() - began_s)
        assert all(0.1 - EARLY_S <= each <= 0.3 + rig.late_s for each in elapsed)
        assert max(elapsed) - min(elapsed) > 0.005
        streams[1].close()

    plays(rig, scenario)


def test_latency_that_is_taken_off_lets_go_of_what_it_held(rig: Rig) -> None:
    """A chunk under ten seconds of latency arrives when the toxic is removed after half one."""

    async def scenario(rig: Rig) -> None:
        slow = Latency(LINK, latency_ms=10_000)
        rig.add(slow)
        reader, writer = await rig.connect()
        began_s = now()
        writer.write(b"held")
        await asyncio.sleep(0.5)
        rig.remove(slow)
        assert await reader.readexactly(4) == b"held"
        took(rig, began_s, 0.5)
        writer.close()

    plays(rig, scenario)


def test_a_toxic_acts_on_connections_that_are_there_already(rig: Rig) -> None:
    """Latency that is added to a live connection delays its next answer, and then no more."""

    async def scenario(rig: Rig) -> None:
        streams = await rig.connect()
        await ask(streams, b"fast")
        slow = Latency(LINK, latency_ms=400)
        rig.add(slow)
        began_s = now()
        await ask(streams, b"slow")
        took(rig, began_s, 0.4)
        rig.remove(slow)
        began_s = now()
        await ask(streams, b"fast")
        took(rig, began_s, 0)
        streams[1].close()

    plays(rig, scenario)


def test_bandwidth_takes_size_over_rate(rig: Rig) -> None:
    """100,000 bytes at 100 KB/s take a second, and arrive as they were."""

    async def scenario(rig: Rig) -> None:
        rig.add(Bandwidth(LINK, rate_kbps=100))
        reader, writer = await rig.connect()
        data = bytes(range(250)) * 400
        began_s = now()
        writer.write(data)
        assert await reader.readexactly(len(data)) == data
        took(rig, began_s + 0.1, 0.9)
        writer.close()

    plays(rig, scenario)


def test_bandwidth_of_nothing_holds_until_it_is_taken_off(rig: Rig) -> None:
    """At a rate of 0 nothing arrives; everything does after the removal."""

    async def scenario(rig: Rig) -> None:
        nothing = Bandwidth(LINK, rate_kbps=0)
        rig.add(nothing)
        reader, writer = await rig.connect()
        writer.write(b"held")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.5)
        rig.remove(nothing)
        assert await reader.readexactly(4) == b"held"
        writer.close()

    plays(rig, scenario)


def test_slow_close_delays_the_end_alone(rig: Rig) -> None:
    """Data is as fast as ever; the callee's end of file comes half a second late."""

    async def scenario(rig: Rig) -> None:
        async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.readexactly(3))
            writer.close()

        await rig.serve(once)
        rig.add(SlowClose(LINK, delay_ms=500))
        streams = await rig.connect()
        began_s = now()
        assert await ask(streams, b"bye") == b"bye"
        took(rig, began_s, 0)
        assert await end_of(streams[0]) == "fin"
        took(rig, began_s, 0.5)
        streams[1].close()

    rig.run(scenario)


def test_timeout_drops_data_and_ends_after_silence(rig: Rig) -> None:
    """Nothing arrives; each chunk restarts the timer, and the end comes when it runs out."""

    async def scenario(rig: Rig) -> None:
        rig.add(Timeout(LINK, timeout_ms=600, stream=Stream.UPSTREAM))
        reader, writer = await rig.connect()
        began_s = now()
        for _ in range(3):
            writer.write(b"lost")
            await asyncio.sleep(0.3)
        assert await reader.read() == b""
        took(rig, began_s, 1.2)
        writer.close()

    plays(rig, scenario)


def test_timeout_of_zero_is_silence_until_it_is_taken_off(rig: Rig) -> None:
    """A black hole: no data and no end; its removal closes the connection."""

    async def scenario(rig: Rig) -> None:
        hole = Timeout(LINK, timeout_ms=0)
        rig.add(hole)
        reader, writer = await rig.connect()
        writer.write(b"lost")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.8)
        rig.remove(hole)
        began_s = now()
        assert await reader.read() == b""
        took(rig, began_s, 0)
        writer.close()

    plays(rig, scenario)


def test_reset_peer_resets_connections_opened_after_it(rig: Rig) -> None:
    """The first data arms it; the caller sees a reset, not an end of file."""

    async def scenario(rig: Rig) -> None:
        rig.add(ResetPeer(LINK, timeout_ms=200, stream=Stream.UPSTREAM))
        reader, writer = await rig.connect()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.4)
        began_s = now()
        writer.write(b"arms it")
        assert await end_of(reader) == "rst"
        took(rig, began_s, 0.2)
        writer.close()

    plays(rig, scenario)


def test_reset_peer_ends_older_connections_without_a_reset(rig: Rig) -> None:
    """A connection that was there before gets an end of file."""

    async def scenario(rig: Rig) -> None:
        streams = await rig.connect()
        await ask(streams, b"before")
        rig.add(ResetPeer(LINK, timeout_ms=0, stream=Stream.UPSTREAM))
        streams[1].write(b"arms it")
        assert await end_of(streams[0]) == "fin"
        streams[1].close()

    plays(rig, scenario)


def test_slicer_cuts_and_keeps_every_byte(rig: Rig) -> None:
    """1,000 bytes arrive in many pieces, complete and in order, spread over time."""

    async def scenario(rig: Rig) -> None:
        rig.add(Slicer(LINK, average_bytes=50, variation_bytes=10, delay_us=20_000))
        reader, writer = await rig.connect()
        data = bytes(range(250)) * 4
        writer.write(data)
        pieces = [await reader.read(65536)]
        began_s = now()
        while sum(map(len, pieces)) < len(data):
            pieces.append(await reader.read(65536))
        assert b"".join(pieces) == data
        assert len(pieces) > 5
        assert now() - began_s > 0.1
        writer.close()

    plays(rig, scenario)


@pytest.mark.parametrize(("size", "pieces"), [(1000, 1), (1001, 2), (2000, 2)])
def test_slicer_cuts_only_what_is_longer_than_its_average(rig: Rig, size: int, pieces: int) -> None:
    """A chunk of the very average stays whole; twice as much is two, a delay apart."""

    async def scenario(rig: Rig) -> None:
        rig.add(Slicer(LINK, average_bytes=1000, delay_us=400_000))
        streams = await rig.connect()
        began_s = now()
        await ask(streams, bytes(size))
        took(rig, began_s, 0.4 * (pieces - 1))
        streams[1].close()

    plays(rig, scenario)


def test_limit_data_ends_after_exactly_so_many_bytes(rig: Rig) -> None:
    """Of ten bytes seven arrive, then the end of file."""

    async def scenario(rig: Rig) -> None:
        rig.add(LimitData(LINK, limit_bytes=7))
        reader, writer = await rig.connect()
        writer.write(b"0123456789")
        assert await reader.read() == b"0123456"
        writer.close()

    plays(rig, scenario)


def test_limit_data_counts_over_several_chunks(rig: Rig) -> None:
    """The count goes on from chunk to chunk, for each connection anew."""

    async def scenario(rig: Rig) -> None:
        rig.add(LimitData(LINK, limit_bytes=7))
        for _ in range(2):
            streams = await rig.connect()
            assert await ask(streams, b"0123") == b"0123"
            streams[1].write(b"4567")
            assert await streams[0].read() == b"456"
            streams[1].close()

    plays(rig, scenario)


def test_a_link_that_is_down_refuses_and_ends_what_is_live(rig: Rig) -> None:
    """Connects are refused, live connections end, and all is well after."""

    async def scenario(rig: Rig) -> None:
        streams = await rig.connect()
        await ask(streams, b"before")
        rig.up(up=False)
        assert await end_of(streams[0]) == "fin"
        streams[1].close()
        with pytest.raises(ConnectionRefusedError):
            await rig.connect()
        rig.up(up=True)
        again = await rig.connect()
        assert await ask(again, b"after") == b"after"
        again[1].close()

    plays(rig, scenario)


def test_toxics_stay_while_a_link_is_down(rig: Rig) -> None:
    """Down and up again, the latency is still there."""

    async def scenario(rig: Rig) -> None:
        rig.add(Latency(LINK, latency_ms=300))
        rig.up(up=False)
        rig.up(up=True)
        streams = await rig.connect()
        began_s = now()
        await ask(streams, b"slow")
        took(rig, began_s, 0.3)
        streams[1].close()

    plays(rig, scenario)


def test_a_callee_that_is_down_shows_as_an_end_and_not_as_a_refusal(rig: Rig) -> None:
    """The proxy listens, so the connect succeeds, and the connection ends at once."""

    async def scenario(rig: Rig) -> None:
        reader, writer = await rig.connect()
        assert await end_of(reader) == "fin"
        writer.close()

    rig.run(scenario)


def test_toxicity_is_drawn_for_each_connection(rig: Rig) -> None:
    """At a toxicity of a half some connections are slow and some are not, each all the time."""

    async def scenario(rig: Rig) -> None:
        rig.add(Latency(LINK, latency_ms=100, toxicity=0.5))
        slow = []
        for _ in range(24):
            streams = await rig.connect()
            answers = []
            for _ in range(2):
                began_s = now()
                await ask(streams, b"?")
                answers.append(now() - began_s >= 0.1 - EARLY_S)
            assert answers[0] or not answers[1] or rig.late_s > EARLY_S
            slow.append(answers[0])
            streams[1].close()
        assert 2 <= sum(slow) <= 22

    plays(rig, scenario)


def test_toxics_of_one_direction_leave_the_other_alone(rig: Rig) -> None:
    """With a black hole towards the caller the callee still gets every byte."""

    async def scenario(rig: Rig) -> None:
        got: asyncio.Queue[bytes] = asyncio.Queue()

        async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            got.put_nowait(await reader.readexactly(5))
            writer.close()

        await rig.serve(keep)
        rig.add(Timeout(LINK, timeout_ms=0, stream=Stream.DOWNSTREAM))
        _, writer = await rig.connect()
        writer.write(b"there")
        assert await got.get() == b"there"
        writer.close()

    rig.run(scenario)


def test_toxics_act_in_the_order_of_their_making(rig: Rig) -> None:
    """A limit before a latency ends the stream late; what was let through still arrives."""

    async def scenario(rig: Rig) -> None:
        limit = LimitData(LINK, limit_bytes=4)
        rig.add(limit)
        rig.add(Latency(LINK, latency_ms=300))
        reader, writer = await rig.connect()
        began_s = now()
        writer.write(b"0123456789")
        assert await reader.read() == b"0123"
        took(rig, began_s, 0.3)
        writer.close()

    plays(rig, scenario)


def test_a_caller_that_leaves_ends_the_callee_too(rig: Rig) -> None:
    """What was sent before the end arrives first, and the end after it."""

    async def scenario(rig: Rig) -> None:
        got: asyncio.Queue[bytes] = asyncio.Queue()

        async def drain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            got.put_nowait(await reader.read(-1))
            writer.close()

        await rig.serve(drain)
        _, writer = await rig.connect()
        writer.write(b"last words")
        writer.close()
        assert await got.get() == b"last words"

    rig.run(scenario)


@pytest.mark.parametrize(
    "fault",
    [
        Bandwidth(LINK, rate_kbps=-1),
        Slicer(LINK, average_bytes=0),
        Slicer(LINK, average_bytes=10, variation_bytes=10),
        Latency(LINK, latency_ms=-1),
        Latency(LINK, latency_ms=1, toxicity=0),
        Latency(LINK, latency_ms=1, toxicity=1.5),
    ],
)
def test_values_that_crash_the_server_are_refused_before(fault: LinkFault) -> None:
    """What would end or hang the real Toxiproxy is a problem of the lab, on both engines."""
    assert list(fault.problems())
