"""Under HTTP: asyncio's streams and protocols, and what a simulated transport refuses."""

import asyncio
import contextlib
import ssl
import threading
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from harness.errors import ChaoslabError
from tests.behaviour.stages import (
    SOON_S,
    Simulated,
    Stage,
    Streams,
    dial,
    hello,
    one,
    opened,
    settled,
)

MIB = bytes(range(256)) * 4096


class Log(asyncio.Protocol):
    """Notes what happens to a connection."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.data = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.events.append("made")

    def data_received(self, data: bytes) -> None:
        self.data += data

    def eof_received(self) -> bool | None:
        self.events.append("eof")
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        self.events.append("lost" if exc is None else type(exc).__name__)

    def pause_writing(self) -> None:
        self.events.append("pause")

    def resume_writing(self) -> None:
        self.events.append("resume")

    @property
    def over(self) -> bool:
        return self.events[-1] not in ("made", "eof", "pause", "resume")


class Buffered(asyncio.BufferedProtocol):
    """Takes bytes into a small buffer of its own."""

    def __init__(self) -> None:
        self.data = b""
        self.ended = False
        self._buffer = bytearray(1000)

    def get_buffer(self, sizehint: int) -> bytearray:
        del sizehint
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.data += self._buffer[:nbytes]

    def eof_received(self) -> bool | None:
        self.ended = True
        return None


class Peers:
    """A raw server that keeps its connections for the test to use."""

    def __init__(self) -> None:
        self.streams: list[Streams] = []

    async def keep(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.streams.append((reader, writer))

    async def last(self) -> Streams:
        await settled(lambda: bool(self.streams))
        return self.streams[-1]


async def connect(url: str, log: Log) -> asyncio.Transport:
    host, port = url.removeprefix("http://").split(":")
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(lambda: log, host, int(port))
    return transport


async def test_the_life_of_a_connection(stage: Stage) -> None:
    """Made once, read to the end, lost once; `close` may be called twice."""
    peers = Peers()
    url = await stage.listen(peers.keep)
    log = Log()
    transport = await connect(url, log)
    reader, writer = await peers.last()
    transport.write(b"to")
    transport.writelines([b" ", bytearray(b"you"), memoryview(b"!")])
    assert await reader.readexactly(7) == b"to you!"
    writer.write(b"and back")
    await settled(lambda: log.data == b"and back")
    assert not transport.is_closing()
    transport.close()
    transport.close()
    assert transport.is_closing()
    assert await reader.read() == b""
    writer.close()
    await settled(lambda: log.over)
    assert log.events == ["made", "lost"]


async def test_what_is_written_may_be_changed_afterwards(stage: Stage) -> None:
    """A transport keeps a copy of what it is given."""
    peers = Peers()
    url = await stage.listen(peers.keep)
    _, writer = await dial(url)
    data = bytearray(b"before")
    writer.write(data)
    data[:] = b"after!"
    reader, other = await peers.last()
    assert await reader.readexactly(6) == b"before"
    writer.close()
    other.close()


async def test_the_peers_end_ends_a_connection(stage: Stage) -> None:
    """A protocol that says nothing on an end of file is closed by its transport."""
    peers = Peers()
    url = await stage.listen(peers.keep)
    log = Log()
    await connect(url, log)
    _, writer = await peers.last()
    writer.write(b"last")
    writer.close()
    await writer.wait_closed()
    await settled(lambda: log.over)
    assert (log.events, log.data) == (["made", "eof", "lost"], b"last")


async def test_an_abort_ends_both_sides(stage: Stage) -> None:
    """The one who aborts learns of it without an error; the other reads an end or a reset."""
    peers = Peers()
    url = await stage.listen(peers.keep)
    log = Log()
    transport = await connect(url, log)
    reader, writer = await peers.last()
    transport.abort()
    assert transport.is_closing()
    await settled(lambda: log.over)
    assert log.events == ["made", "lost"]
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    writer.close()


async def test_a_paused_reader_reads_later(stage: Stage) -> None:
    """Nothing is delivered while reading is paused, and everything afterwards."""
    peers = Peers()
    url = await stage.listen(peers.keep)
    log = Log()
    transport = await connect(url, log)
    _, writer = await peers.last()
    transport.pause_reading()
    assert not transport.is_reading()
    writer.write(b"early")
    await asyncio.sleep(SOON_S)
    assert log.data == b""
    transport.resume_reading()
    assert transport.is_reading()
    await settled(lambda: log.data == b"early")
    transport.close()
    writer.close()


async def test_flow_control_reaches_a_protocol(stage: Stage) -> None:
    """`pause_writing` when the peer does not read, `resume_writing` when it does, once each."""
    peers = Peers()
    url = await stage.listen(peers.keep)
    log = Log()
    transport = await connect(url, log)
    reader, writer = await peers.last()
    size = 0
    while log.events[-1] != "pause":
        transport.write(MIB)
        size += len(MIB)
        await asyncio.sleep(0)
    assert transport.get_write_buffer_size() > 0
    assert len(await reader.readexactly(size)) == size
    await settled(lambda: log.events == ["made", "pause", "resume"])
    assert transport.get_write_buffer_size() == 0
    transport.close()
    writer.close()


async def test_a_writer_that_nobody_hears_is_told(stage: Stage) -> None:
    """Writes to a peer that has gone end in an error, and not in silence."""
    peers = Peers()
    url = await stage.listen(peers.keep)
    reader, writer = await dial(url)
    _, other = await peers.last()
    other.close()
    assert await reader.read() == b""

    async def ask() -> None:
        for _ in range(100):
            writer.write(b"anybody?")
            await writer.drain()
            await asyncio.sleep(SOON_S / 10)

    with pytest.raises(ConnectionError):
        await ask()
    writer.close()


async def test_a_buffered_protocol(stage: Stage) -> None:
    """One that takes bytes into its own buffer gets them all, in pieces that fit."""
    peers = Peers()
    url = await stage.listen(peers.keep)
    host, port = url.removeprefix("http://").split(":")
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_connection(Buffered, host, int(port))
    _, writer = await peers.last()
    writer.write(MIB[:2500])
    await settled(lambda: len(protocol.data) == 2500)
    later = Buffered()
    transport.set_protocol(later)
    assert transport.get_protocol() is later
    writer.write(b"more")
    writer.close()
    await settled(lambda: later.ended)
    assert (protocol.data, later.data) == (MIB[:2500], b"more")
    transport.close()


async def test_a_stream_handler_that_fails_is_told_of(stage: Stage) -> None:
    """A raw handler's error ends nothing but itself; reading with a limit, and without an end."""

    async def lines(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with pytest.raises(asyncio.LimitOverrunError):
            await reader.readuntil(b"\n")
        with pytest.raises(asyncio.IncompleteReadError):
            await reader.readexactly(1_000_000)
        writer.close()

    url = await stage.listen(lines)
    reader, writer = await dial(url)
    writer.write(bytes(100_000))
    await writer.drain()
    await asyncio.sleep(SOON_S)
    writer.close()
    await writer.wait_closed()
    assert await reader.read() == b""


# What follows has no like on a socket.


@pytest.fixture
def simulated() -> Simulated:
    """Give the simulator alone."""
    return Simulated()


def test_a_transport_offers_no_half_close(simulated: Simulated) -> None:
    """It says so when asked, and says what to do instead when not."""

    async def scenario() -> None:
        site = await simulated.serve(one(hello))
        _, writer = await dial(site.url)
        assert not writer.can_write_eof()
        with pytest.raises(NotImplementedError, match=r"half-close does not pass a link; .*close"):
            writer.write_eof()
        writer.close()

    simulated.play(scenario())


def test_a_call_by_https_is_refused(simulated: Simulated) -> None:
    """The message says who asked, and what to write instead."""

    async def scenario() -> None:
        site = await simulated.serve(one(hello))
        async with opened(simulated) as session:
            await session.get(site.url.replace("http:", "https:"))

    with pytest.raises(ChaoslabError, match=r"client asks for TLS: .* use http://"):
        simulated.play(scenario())


def test_tls_by_hand_is_refused(simulated: Simulated) -> None:
    """For clients and for servers."""
    context = ssl.create_default_context()

    async def scenario() -> None:
        with pytest.raises(ChaoslabError, match="asks for TLS"):
            await asyncio.open_connection("server", 8080, ssl=context)
        runner = web.AppRunner(web.Application())
        await runner.setup()
        try:
            with pytest.raises(ChaoslabError, match="asks for TLS"):
                await web.TCPSite(runner, port=8443, ssl_context=context).start()
        finally:
            await runner.cleanup()

    simulated.play(scenario())


def test_start_tls_is_refused(simulated: Simulated) -> None:
    """On a connection that is there already."""

    async def scenario() -> None:
        site = await simulated.serve(one(hello))
        _, writer = await dial(site.url)
        try:
            await writer.start_tls(ssl.create_default_context())
        finally:
            writer.close()

    with pytest.raises(ChaoslabError, match=r"start_tls: .* use http://"):
        simulated.play(scenario())


def test_a_server_sees_the_proxy_and_not_its_caller(simulated: Simulated) -> None:
    """As on containers, where every connection comes from Toxiproxy."""

    async def who(request: web.Request) -> web.Response:
        return web.Response(text=str(request.remote))

    async def scenario() -> None:
        site = await simulated.serve(one(who))
        async with opened(simulated) as session, session.get(site.url) as response:
            assert await response.text() == "toxiproxy"
        _, writer = await dial(site.url)
        assert writer.get_extra_info("peername") == ("server", 8081)
        assert writer.get_extra_info("sockname")[0] == "client"
        writer.close()

    simulated.play(scenario())


def test_the_pools_dice_are_its_own(simulated: Simulated) -> None:
    """Whom a limit lets go first does not depend on the global generator, so runs agree."""

    async def order() -> list[int]:
        served: list[int] = []

        async def note(request: web.Request) -> web.Response:
            served.append(int(request.path[1:]))
            return web.Response()

        sites = [await simulated.serve(one(note)) for _ in range(4)]

        async def get(session: aiohttp.ClientSession, number: int) -> None:
            async with session.get(f"{sites[number % 4].url}/{number}") as response:
                await response.read()

        async with opened(simulated, limit=3) as session:
            await asyncio.gather(*(get(session, number) for number in range(40)))
        return served

    first = simulated.play(order())
    simulated.__init__()  # type: ignore[misc]
    assert simulated.play(order()) == first
    assert sorted(first) == list(range(40))


def test_a_call_through_a_proxy_is_refused(simulated: Simulated) -> None:
    """Of one's own, that is; the message says who is asked for, and what to do."""

    async def scenario() -> None:
        site = await simulated.serve(one(hello))
        async with opened(simulated) as session:
            await session.get(site.url, proxy="http://elsewhere:3128")

    with pytest.raises(ChaoslabError, match=r"server is asked for through a proxy=: .* leave"):
        simulated.play(scenario())


@pytest.mark.parametrize(
    ("option", "value"), [("sock", object()), ("local_addr", ("client", 5000))]
)
def test_a_socket_of_ones_own_is_refused(simulated: Simulated, option: str, value: object) -> None:
    """By the option's name, and with what to do."""

    async def scenario() -> None:
        loop: Any = asyncio.get_running_loop()
        await loop.create_connection(Log, "server", 8080, **{option: value})

    with pytest.raises(ChaoslabError, match=r"of its own: a simulated host has .*"):
        simulated.play(scenario())


def test_what_a_simulated_socket_lacks_is_refused_by_name(simulated: Simulated) -> None:
    """What is there works; what no socket has is an ordinary error."""

    async def scenario() -> None:
        site = await simulated.serve(one(hello))
        _, writer = await dial(site.url)
        socket = writer.get_extra_info("socket")
        assert (socket.fileno(), socket.getsockopt(6, 1)) == (-1, 0)
        with pytest.raises(ChaoslabError, match=r"socket\.recv is not simulated: read and write"):
            socket.recv(1)
        with pytest.raises(AttributeError):
            socket.receive(1)
        server = await asyncio.get_running_loop().create_server(Log, None, 9000)
        with pytest.raises(OSError, match="not connected"):
            server.sockets[0].getpeername()
        server.close()
        writer.close()

    simulated.play(scenario())


def test_a_thread_cannot_call_into_the_loop(simulated: Simulated) -> None:
    """When it would, no seed decides: the run ends, and the message says what to do."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        errors: list[str] = []

        def call() -> None:
            try:
                loop.call_soon_threadsafe(print)
            except ChaoslabError as error:
                errors.append(str(error))

        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
        assert "loop.call_soon_threadsafe: a simulated host has no threads" in errors[0]
        loop.call_soon_threadsafe(print)
        await asyncio.sleep(1)

    with pytest.raises(ChaoslabError, match=r"call_soon_threadsafe: .* no threads"):
        simulated.play(scenario())
