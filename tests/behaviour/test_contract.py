"""What asyncio promises of loops, transports and servers, on real sockets and simulated ones."""

import array
import asyncio
import contextlib
from typing import Any

import pytest

from tests.behaviour.stages import SOON_S, Stage, dial, settled

MIB = 1024 * 1024
HUGE = 50 * MIB
"""More than all sockets on the way hold."""

READ_BYTES = 256 * 1024
"""What asyncio reads at a time."""


class Log(asyncio.Protocol):
    """Notes what happens to a connection."""

    def __init__(self) -> None:
        self.events: list[object] = []
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.events.append("made")

    def data_received(self, data: bytes) -> None:
        self.events.append(len(data))

    def eof_received(self) -> bool | None:
        self.events.append("eof")
        return None

    def pause_writing(self) -> None:
        self.events.append("pause")

    def resume_writing(self) -> None:
        self.events.append("resume")

    def connection_lost(self, exc: Exception | None) -> None:
        self.events.append(("lost", type(exc).__name__))

    @property
    def size(self) -> int:
        return sum(event for event in self.events if isinstance(event, int))

    @property
    def over(self) -> bool:
        return isinstance(self.events[-1], tuple)


class Pair:
    """A client's protocol and the server's, connected."""

    def __init__(self, stage: Stage, server: type[Log] = Log, client: type[Log] = Log) -> None:
        self._stage = stage
        self._server = server
        self._client = client
        self.accepted: list[Log] = []

    def _accept(self) -> Log:
        self.accepted.append(self._server())
        return self.accepted[-1]

    async def __aenter__(self) -> tuple[Log, Log]:
        url, _ = await self._stage.raw(self._accept)
        self.client = await connect(url, self._client)
        await settled(lambda: bool(self.accepted))
        return self.client, self.accepted[0]

    async def __aexit__(self, *_: object) -> None:
        for end in (self.client, *self.accepted):
            if not end.over:
                end.transport.abort()
        await asyncio.sleep(SOON_S)


async def connect(url: str, protocol: type[Log] = Log) -> Log:
    host, port = url.removeprefix("http://").split(":")
    _, made = await asyncio.get_running_loop().create_connection(protocol, host, int(port))
    return made


class Failing(Log):
    """A protocol with a bug."""

    fails = ""

    def __getattribute__(self, name: str) -> Any:
        if name == type(self).fails:
            return self._fail
        return super().__getattribute__(name)

    def _fail(self, *_: object) -> None:
        raise ValueError("a bug")


def failing(name: str) -> type[Failing]:
    return type("Failing", (Failing,), {"fails": name})


@pytest.mark.parametrize("call", ["data_received", "eof_received"])
@pytest.mark.parametrize("whose", ["server", "client"])
async def test_an_error_in_a_protocol_closes_its_connection(
    stage: Stage, call: str, whose: str
) -> None:
    """It is reported under the call's name; the protocol is told, and the peer sees an end."""
    async with Pair(stage, **{whose: failing(call)}) as ends:
        one, other = ends if whose == "client" else ends[::-1]
        if call == "data_received":
            other.transport.write(b"?")
        else:
            other.transport.close()
        await settled(lambda: one.over and other.over)
        assert one.events == ["made", ("lost", "ValueError")]
        (crash,) = stage.crashes()
        assert crash["message"] == f"Fatal error: protocol.{call}() call failed."
        assert (crash["transport"], crash["protocol"]) == (one.transport, one)


async def test_an_error_in_connection_made_ends_nothing(stage: Stage) -> None:
    """It is told of as of any callback's, and bytes go on to arrive."""
    pair = Pair(stage)

    class Bad(Log):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            raise ValueError

    pair._server = Bad  # noqa: SLF001
    async with pair as (client, server):
        client.transport.write(b"four")
        await settled(lambda: server.events == ["made", 4])
        (crash,) = stage.crashes()
        assert crash["message"].startswith("Exception in callback ")
        assert type(crash["exception"]) is ValueError


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of asyncio's own
async def test_a_factory_that_fails_closes_the_connection(stage: Stage) -> None:
    """Without debug mode asyncio says nothing of it; the next one is served."""
    made: list[Log] = []
    errors = [ValueError("not yet")]

    def factory() -> Log:
        if errors:
            raise errors.pop()
        made.append(Log())
        return made[-1]

    url, _ = await stage.raw(factory)
    first, second = await connect(url), None
    await settled(lambda: first.over)
    second = await connect(url)
    second.transport.write(b"four")
    await settled(lambda: bool(made) and made[0].size == 4)
    assert stage.crashes() == []
    second.transport.close()
    await settled(lambda: made[0].over)


@pytest.mark.parametrize("call", ["pause_writing", "resume_writing"])
async def test_an_error_in_flow_control_is_told_of(stage: Stage, call: str) -> None:
    """And the connection goes on."""
    async with Pair(stage, client=failing(call)) as (client, server):
        server.transport.pause_reading()
        client.transport.write(bytes(HUGE))
        await asyncio.sleep(SOON_S)
        server.transport.resume_reading()
        await settled(lambda: server.size == HUGE)
        await settled(lambda: client.transport.get_write_buffer_size() == 0)
        (crash,) = stage.crashes()
        assert crash["message"] == f"protocol.{call}() failed"


@pytest.mark.parametrize("size", [READ_BYTES, READ_BYTES + 1, 3 * MIB])
async def test_a_reader_gets_a_quarter_mebibyte_at_most(stage: Stage, size: int) -> None:
    """And may pause after each: what it has not read stays where it is."""

    class Careful(Log):
        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self.transport.pause_reading()

    async with Pair(stage, server=Careful) as (client, server):
        client.transport.write(bytes(size))
        reads = 0
        while server.size < size:
            await settled(lambda: server.size == size or not server.transport.is_reading())
            await asyncio.sleep(SOON_S / 10)
            reads += 1
            sizes = [event for event in server.events if isinstance(event, int)]
            assert len(sizes) == reads
            assert max(sizes) <= READ_BYTES
            server.transport.resume_reading()
        assert server.size == size


class Buffered(asyncio.BufferedProtocol):
    """Takes bytes into four of its own, and pauses when it is told to."""

    def __init__(self, *, pauses: bool, buffer: Any = None) -> None:
        self.pauses = pauses
        self.data: list[bytes] = []
        self.lost: list[str] = []
        self.transport: asyncio.Transport
        self._buffer = bytearray(4) if buffer is None else buffer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def get_buffer(self, sizehint: int) -> Any:
        del sizehint
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.data.append(bytes(self._buffer[:nbytes]))
        if self.pauses:
            self.transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.append(type(exc).__name__)


async def buffered(stage: Stage, protocol: Buffered) -> Log:
    url, _ = await stage.raw(lambda: protocol)
    return await connect(url)


async def test_a_buffered_protocol_is_filled_once_a_round(stage: Stage) -> None:
    """It may pause when its buffer is full, and gets the rest when it goes on."""
    protocol = Buffered(pauses=True)
    client = await buffered(stage, protocol)
    client.transport.write(b"abcdefghij")
    await settled(lambda: bool(protocol.data))
    await asyncio.sleep(SOON_S)
    assert protocol.data == [b"abcd"]
    protocol.pauses = False
    protocol.transport.resume_reading()
    await settled(lambda: protocol.data == [b"abcd", b"efgh", b"ij"])
    client.transport.close()
    await settled(lambda: bool(protocol.lost))


async def test_an_empty_buffer_closes_the_connection(stage: Stage) -> None:
    """There is nothing to read into."""
    protocol = Buffered(pauses=False, buffer=bytearray(0))
    client = await buffered(stage, protocol)
    client.transport.write(b"abc")
    await settled(lambda: client.over and bool(protocol.lost))
    (crash,) = stage.crashes()
    assert type(crash["exception"]) is RuntimeError
    assert protocol.lost == ["RuntimeError"]


async def test_an_abort_drops_what_is_buffered(stage: Stage) -> None:
    """The peer gets less than was written, and then the end; the one who aborts, no error."""
    async with Pair(stage) as (client, server):
        server.transport.pause_reading()
        client.transport.write(bytes(HUGE))
        client.transport.abort()
        await settled(lambda: client.over)
        server.transport.resume_reading()
        await settled(lambda: server.over)
        assert server.size < HUGE
        assert client.events == ["made", "pause", ("lost", "NoneType")]


async def test_an_abort_delivers_what_the_kernel_has(stage: Stage) -> None:
    """A few bytes have left the process."""
    async with Pair(stage) as (client, server):
        client.transport.write(b"last words")
        client.transport.abort()
        await settled(lambda: server.over)
        assert server.size == len(b"last words")


async def test_a_close_waits_until_all_has_left(stage: Stage) -> None:
    """The connection is lost when the network has taken what was written, and all arrives."""
    async with Pair(stage) as (client, server):
        server.transport.pause_reading()
        client.transport.write(bytes(HUGE))
        client.transport.close()
        client.transport.write(b"not too late")
        await asyncio.sleep(SOON_S)
        assert client.events == ["made", "pause"]
        assert client.transport.is_closing()
        server.transport.resume_reading()
        await settled(lambda: server.over and client.over)
        assert server.size == HUGE + len(b"not too late")
        assert client.events == ["made", "pause", "resume", ("lost", "NoneType")]


async def test_an_abort_ends_a_close_that_waits(stage: Stage) -> None:
    """At once, and once."""
    async with Pair(stage) as (client, server):
        server.transport.pause_reading()
        client.transport.write(bytes(HUGE))
        client.transport.close()
        client.transport.abort()
        client.transport.abort()
        await settled(lambda: client.over)
        assert client.events == ["made", "pause", ("lost", "NoneType")]
        server.transport.resume_reading()
        await settled(lambda: server.over)
        assert server.size < HUGE


async def test_a_peer_that_leaves_ends_a_close_that_waits(stage: Stage) -> None:
    """What was written can reach nobody any more."""
    async with Pair(stage) as (client, server):
        server.transport.pause_reading()
        client.transport.write(bytes(HUGE))
        client.transport.close()
        await asyncio.sleep(SOON_S)
        server.transport.abort()
        await settled(lambda: client.over)
        assert client.events[-1] in (("lost", "ConnectionResetError"), ("lost", "BrokenPipeError"))


async def test_what_had_arrived_is_read_before_an_answer_resets(stage: Stage) -> None:
    """Who writes to a peer that has gone still gets what that has sent, if it reads it first."""
    async with Pair(stage) as (client, server):
        client.transport.pause_reading()
        server.transport.write(b"goodbye")
        server.transport.close()
        await asyncio.sleep(SOON_S)
        client.transport.write(b"thanks")
        assert not client.transport.is_closing()
        client.transport.resume_reading()
        await settled(lambda: client.over)
        assert client.size == len(b"goodbye")


@pytest.mark.parametrize("data", ["text", 5, None, ["a"]])
async def test_only_bytes_can_be_written(stage: Stage, data: Any) -> None:
    """A mistake is told where it is made."""
    async with Pair(stage) as (client, _):
        with pytest.raises(TypeError, match="bytes-like"):
            client.transport.write(data)


@pytest.mark.parametrize(
    "data", [memoryview(array.array("I", [1, 2, 3])), memoryview(b"abcdefghijkl"), bytearray(12)]
)
async def test_every_kind_of_bytes_is_counted_in_bytes(stage: Stage, data: Any) -> None:
    """Also a view of numbers of four bytes."""
    async with Pair(stage) as (client, server):
        client.transport.write(data)
        await settled(lambda: server.size == 12)


async def test_the_limits_of_the_write_buffer_are_kept(stage: Stage) -> None:
    """64 and 16 KiB, or what is set; at 0 a protocol is paused by its first byte too many."""
    async with Pair(stage) as (client, server):
        transport = client.transport
        assert transport.get_write_buffer_limits() == (16 * 1024, 64 * 1024)
        transport.set_write_buffer_limits(high=MIB)
        assert transport.get_write_buffer_limits() == (MIB // 4, MIB)
        with pytest.raises(ValueError, match="must be >="):
            transport.set_write_buffer_limits(high=1, low=2)
        server.transport.pause_reading()
        while not transport.get_write_buffer_size():
            transport.write(bytes(64 * 1024))
            await asyncio.sleep(0)
        assert "pause" not in client.events
        transport.set_write_buffer_limits(high=0)
        assert transport.get_write_buffer_limits() == (0, 0)
        transport.write(b"x")
        assert client.events[-1] == "pause"


async def test_a_transport_knows_its_socket(stage: Stage) -> None:
    """With its addresses and the options that libraries set; there is no such thing as TLS."""
    async with Pair(stage) as (client, _):
        transport = client.transport
        socket = transport.get_extra_info("socket")
        assert socket.getsockname()[:2] == transport.get_extra_info("sockname")[:2]
        assert socket.getpeername()[:2] == transport.get_extra_info("peername")[:2]
        socket.setsockopt(6, 1, 1)
        assert transport.get_extra_info("sslcontext") is None
        assert transport.get_extra_info("nothing", 7) == 7


async def test_a_server_knows_its_port(stage: Stage) -> None:
    """Also one that was given none; and none once it is closed."""
    url, server = await stage.raw(Log, start_serving=True)
    assert isinstance(server, asyncio.AbstractServer)
    (socket,) = server.sockets  # type: ignore[attr-defined]
    assert socket.getsockname()[1] == int(url.rpartition(":")[2])
    server.close()
    assert list(server.sockets) == []  # type: ignore[attr-defined]


async def test_a_second_close_stops_nobody_elses_server(stage: Stage) -> None:
    """Whoever listens on the port by then goes on."""
    url, first = await stage.raw(Log)
    port = int(url.rpartition(":")[2])
    first.close()
    await first.wait_closed()
    loop = asyncio.get_running_loop()
    host = None if stage.threadless else "127.0.0.1"
    second = await loop.create_server(Log, host, port)
    first.close()
    assert second.is_serving()
    assert not first.is_serving()
    with pytest.raises(OSError, match="in use"):
        await loop.create_server(Log, host, port)
    second.close()
    second.close()
    assert not second.is_serving()


async def test_a_server_serves_when_it_is_told_to(stage: Stage) -> None:
    """`start_serving=False` binds; `start_serving` and `serve_forever` begin to accept."""
    url, server = await stage.raw(Log, start_serving=False)
    assert not server.is_serving()
    await server.start_serving()
    await server.start_serving()
    assert server.is_serving()
    client = await connect(url)
    client.transport.write(b"?")
    await asyncio.sleep(SOON_S)
    assert not client.over
    client.transport.close()


@pytest.mark.parametrize("how", ["close", "cancel"])
async def test_serving_for_ever_ends_with_the_server(stage: Stage, how: str) -> None:
    """By a close, and by cancelling who serves, which closes it too."""
    _, server = await stage.raw(Log, start_serving=False)
    serving = asyncio.create_task(server.serve_forever())
    await asyncio.sleep(SOON_S)
    assert server.is_serving()
    with pytest.raises(RuntimeError, match="already being awaited"):
        await server.serve_forever()
    (server.close if how == "close" else serving.cancel)()
    await asyncio.wait({serving}, timeout=5)
    assert serving.cancelled()
    assert not server.is_serving()
    with pytest.raises(RuntimeError, match="is closed"):
        await server.serve_forever()


async def test_a_server_is_a_context(stage: Stage) -> None:
    """It is closed at the end of the block."""
    _, server = await stage.raw(Log)
    async with server:
        assert server.is_serving()
    assert not server.is_serving()


async def test_a_loop_that_runs_says_so(stage: Stage) -> None:
    """And cannot be run, or closed, by what runs on it."""
    del stage
    loop = asyncio.get_running_loop()
    assert loop.is_running()
    later = asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="already running"):
        loop.run_until_complete(later)
    later.close()
    with pytest.raises(RuntimeError, match="running"):
        loop.close()


async def test_what_failed_is_told_of_with_a_message(stage: Stage) -> None:
    """An exception handler may take it for granted."""

    def fail() -> None:
        raise ValueError("a bug")

    loop = asyncio.get_running_loop()
    loop.call_soon(fail)
    loop.call_later(0.01, fail)
    await asyncio.sleep(SOON_S)
    for crash in stage.crashes():
        assert crash["message"].startswith("Exception in callback")
        assert "fail" in crash["message"]
        assert str(crash["exception"]) == "a bug"


@pytest.mark.parametrize("call", ["call_later", "call_at"])
async def test_a_timer_needs_a_time(stage: Stage, call: str) -> None:
    """A mistake is told where it is made, and not when the time comes."""
    del stage
    with pytest.raises(TypeError):
        getattr(asyncio.get_running_loop(), call)(None, print)


async def test_unknown_options_are_refused(stage: Stage) -> None:
    """A misspelt option is no option that has no effect."""
    url, _ = await stage.raw(Log)
    host, port = url.removeprefix("http://").split(":")
    loop: Any = asyncio.get_running_loop()
    with pytest.raises(TypeError, match="unexpected keyword"):
        await loop.create_connection(Log, host, int(port), timeuot=5)
    with pytest.raises(TypeError, match="unexpected keyword"):
        await loop.create_server(Log, None, 0, backlgo=5)


async def test_a_writer_sees_the_end_of_who_reads_nothing_any_more(stage: Stage) -> None:
    """A handler that closes with a request unread does not leave its caller waiting."""

    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        await asyncio.sleep(SOON_S)
        writer.close()

    url = await stage.listen(rude)
    reader, writer = await dial(url)
    writer.write(bytes(HUGE))
    with contextlib.suppress(ConnectionError):
        assert await asyncio.wait_for(reader.read(), 5) == b""
    with pytest.raises(ConnectionError):
        await asyncio.wait_for(writer.drain(), 5)
    writer.close()
