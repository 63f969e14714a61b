"""How much is taken from a sender, and when it has to wait: simulated and real alike."""

import asyncio

import pytest

from harness.model.toxic import Bandwidth, Latency, LinkFault, Stream
from tests.conformance.rigs import Rig
from tests.conformance.test_toxics import end_of, now, took

LINK = "caller->callee"
MIB = 1024 * 1024
PIECE = bytes(range(256)) * 256
BOTH_WAYS = pytest.mark.parametrize("stream", [Stream.UPSTREAM, Stream.DOWNSTREAM])


async def send(writer: asyncio.StreamWriter, size: int) -> None:
    """Write in pieces, as fast as the network takes them."""
    for _ in range(size // len(PIECE)):
        writer.write(PIECE)
        await writer.drain()


@BOTH_WAYS
@pytest.mark.parametrize("toxics", [1, 2])
def test_a_stream_through_latency_is_delayed_and_not_slowed(
    rig: Rig, stream: Stream, toxics: int
) -> None:
    """8 MiB in pieces, with a wait for the network after each, come after 0.3 s and a little."""

    async def scenario(rig: Rig) -> None:
        came: asyncio.Queue[bytes] = asyncio.Queue()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                if stream is Stream.DOWNSTREAM:
                    await send(writer, 8 * MIB)
                    await reader.read()
                else:
                    came.put_nowait(await reader.readexactly(8 * MIB))
            finally:
                writer.close()

        await rig.serve(serve)
        rig.add(Latency(LINK, latency_ms=300, stream=stream))
        if toxics > 1:
            rig.add(Bandwidth(LINK, rate_kbps=1_000_000, stream=stream))
        began_s = now()
        reader, writer = await rig.connect()
        if stream is Stream.DOWNSTREAM:
            assert await reader.readexactly(8 * MIB) == PIECE * 128
        else:
            await send(writer, 8 * MIB)
            assert await came.get() == PIECE * 128
        took(rig, began_s, 0.3)
        writer.close()

    rig.run(scenario)


async def fill(writer: asyncio.StreamWriter) -> int:
    """Write until the network has taken nothing for a second; give how much was written."""
    sent = 0
    try:
        while True:
            writer.write(PIECE)
            sent += len(PIECE)
            await asyncio.wait_for(writer.drain(), 1)
    except TimeoutError:
        return sent


class Slow:
    """A callee that reads when it is told to."""

    def __init__(self) -> None:
        self.read = asyncio.Event()
        self.got: asyncio.Queue[int] = asyncio.Queue()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert isinstance(writer.transport, asyncio.Transport)
        writer.transport.pause_reading()
        try:
            await self.read.wait()
            writer.transport.resume_reading()
            self.got.put_nowait(len(await reader.read()))
        finally:
            writer.close()


def test_a_sender_that_nobody_reads_waits_until_it_is_read(rig: Rig) -> None:
    """The sockets hold megabytes; then `drain` waits, and in the end every byte arrives."""

    async def scenario(rig: Rig) -> None:
        slow = Slow()
        await rig.serve(slow.serve)
        _, writer = await rig.connect()
        sent = await fill(writer)
        assert MIB <= sent <= 32 * MIB
        slow.read.set()
        await writer.drain()
        writer.close()
        assert await slow.got.get() == sent

    rig.run(scenario)


@pytest.mark.parametrize(
    ("fault", "least", "most"),
    [
        (Latency(LINK, latency_ms=60_000, stream=Stream.UPSTREAM), 32 * MIB, 64 * MIB),
        (Bandwidth(LINK, rate_kbps=0, stream=Stream.UPSTREAM), MIB, 32 * MIB),
        (Bandwidth(LINK, rate_kbps=1, stream=Stream.UPSTREAM), MIB, 32 * MIB),
    ],
)
def test_a_toxic_holds_as_much_as_its_queue(
    rig: Rig, fault: LinkFault, least: int, most: int
) -> None:
    """A latency takes 1,024 chunks of 32 KiB beyond the sockets; the others take one by one."""

    async def scenario(rig: Rig) -> None:
        await rig.serve(Slow().serve)
        rig.add(fault)
        _, writer = await rig.connect()
        assert least <= await fill(writer) <= most
        writer.transport.abort()

    rig.run(scenario)


def test_a_small_write_that_nobody_reads_does_not_wait(rig: Rig) -> None:
    """A megabyte is the kernels', whether or not the callee reads it."""

    async def scenario(rig: Rig) -> None:
        read = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read.wait()
            assert await reader.readexactly(MIB) == PIECE * 16
            writer.close()

        await rig.serve(serve)
        reader, writer = await rig.connect()
        async with asyncio.timeout(1):
            await send(writer, MIB)
        read.set()
        assert await end_of(reader) == "fin"
        writer.close()

    rig.run(scenario)


# Toxiproxy takes a little on while a reset of the callee comes, which may empty its socket for a
# moment, and then ends in peace. Behind a link this slow its socket holds the rest for certain.
SLOW = Bandwidth(LINK, rate_kbps=50, stream=Stream.UPSTREAM)


@pytest.mark.parametrize(("size", "end"), [(10, "fin"), (32 * MIB, "rst")])
def test_a_proxy_that_leaves_bytes_unread_resets(rig: Rig, size: int, end: str) -> None:
    """The proxy has read ten bytes, and closes in peace; it has not read 32 MiB, and resets."""

    async def scenario(rig: Rig) -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            del reader
            await asyncio.sleep(0.5)
            writer.close()

        await rig.serve(serve)
        rig.add(SLOW)
        reader, writer = await rig.connect()
        writer.write(bytes(size))
        assert await end_of(reader) == end
        writer.close()

    rig.run(scenario)


def test_what_came_before_a_reset_can_be_read(rig: Rig) -> None:
    """As Linux has it: bytes that have arrived are the receiver's, whatever follows them."""

    async def scenario(rig: Rig) -> None:
        got: list[bytes] = []
        over = asyncio.Event()

        class Late(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                assert isinstance(transport, asyncio.Transport)
                self.transport = transport
                transport.pause_reading()
                asyncio.get_running_loop().call_later(0.5, transport.resume_reading)

            def data_received(self, data: bytes) -> None:
                got.append(data)

            def connection_lost(self, exc: Exception | None) -> None:
                got.append(type(exc).__name__.encode())
                over.set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            del reader
            writer.write(b"answer")
            await asyncio.sleep(0.2)
            writer.close()

        await rig.serve(serve)
        rig.add(SLOW)
        _, writer = await rig.connect()
        protocol = Late()
        writer.transport.set_protocol(protocol)
        protocol.connection_made(writer.transport)
        # The sockets on the way hold it all, and the proxy has not read all of it.
        writer.transport.write(bytes(MIB))
        await over.wait()
        assert got == [b"answer", b"ConnectionResetError"]

    rig.run(scenario)


def test_a_writer_that_waits_learns_of_a_reset_though_it_does_not_read(rig: Rig) -> None:
    """It is woken as a writer; what it has not read is lost."""

    async def scenario(rig: Rig) -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            del reader
            writer.write(b"answer")
            await asyncio.sleep(0.2)
            writer.close()

        await rig.serve(serve)
        _, writer = await rig.connect()
        assert isinstance(writer.transport, asyncio.Transport)
        writer.transport.pause_reading()
        writer.write(bytes(32 * MIB))
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(writer.drain(), 5)
        writer.close()

    rig.run(scenario)
