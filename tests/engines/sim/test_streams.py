"""Connections over the simulated network: raw protocols, asyncio's streams, HTTP."""

import asyncio
import errno
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.engines.sim.engine import DELAY_S
from harness.engines.sim.link import SYN_RETRY_S
from harness.engines.sim.network import Server
from harness.engines.sim.pipe import CHUNK_BYTES
from harness.errors import LabError
from harness.model.fault import ToxicSpec
from tests.support import CLOSE, World, application, session

PORT = 8080
MIB = 1024 * 1024
WINDOW_BYTES = 256 * 1024
"""What the sockets before and behind the proxy hold in tests that fill them."""

BUFFER_BYTES = 64 * 1024
"""What asyncio lets a process buffer before its protocol is paused; it resumes at a quarter."""

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def now() -> float:
    return asyncio.get_running_loop().time()


def close_to(time_s: float) -> Any:
    return pytest.approx(time_s, abs=CLOSE)


class Recorder(asyncio.Protocol):
    """Notes what happens to a connection, and when."""

    def __init__(self) -> None:
        self.log: list[tuple[str, float]] = []
        self.data = b""
        self.transport: asyncio.Transport
        self.error: Exception | None = None

    def note(self, event: str) -> None:
        self.log.append((event, now()))

    def events(self) -> list[str]:
        return [event for event, _ in self.log]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.note("made")

    def data_received(self, data: bytes) -> None:
        self.data += data
        self.note("data")

    def eof_received(self) -> bool | None:
        self.note("eof")
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        self.error = exc
        self.note("lost")

    def pause_writing(self) -> None:
        self.note("pause")

    def resume_writing(self) -> None:
        self.note("resume")


class Pair:
    """Two raw protocols, connected: `a` called `b`."""

    def __init__(self) -> None:
        self.world = World(("a", "b"))
        self.world.links["a", "b"].window_bytes = WINDOW_BYTES
        self.accepted: list[Recorder] = []

    def accept(self) -> Recorder:
        self.accepted.append(Recorder())
        return self.accepted[-1]

    async def listen(self, backlog: int = 100) -> Server:
        loop = self.world.loop
        made = loop.create_server(self.accept, None, PORT, backlog=backlog)
        server: Server = await self.world.on("b", made)
        return server

    async def dial(self) -> Recorder:
        protocol: Recorder
        loop = self.world.loop
        _, protocol = await self.world.on("a", loop.create_connection(Recorder, "b", PORT))
        return protocol

    async def connected(self) -> tuple[Recorder, Recorder]:
        await self.listen()
        client = await self.dial()
        await asyncio.sleep(1)
        return client, self.accepted[0]


def streams(
    serve: Serve, ask: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[Any]]
) -> Any:
    """Let host `a` talk to a server on host `b`, and give what `a` learns."""
    world = World(("a", "b"))
    world.links["a", "b"].window_bytes = WINDOW_BYTES

    async def server() -> None:
        await asyncio.start_server(serve, None, PORT)

    async def client() -> Any:
        reader, writer = await asyncio.open_connection("b", PORT)
        try:
            return await ask(reader, writer)
        finally:
            writer.close()

    async def main() -> Any:
        await world.on("b", server())
        answer = await world.on("a", client())
        await asyncio.sleep(1)
        return answer

    return world.run(main())


def test_a_connect_takes_a_round_trip_and_bytes_take_one_way() -> None:
    """The link's delay is one way; a connect to the proxy goes there and back."""
    pair = Pair()

    async def main() -> None:
        await pair.listen()
        client = await pair.dial()
        assert client.log == [("made", close_to(2 * DELAY_S))]
        client.transport.write(b"ping")
        await asyncio.sleep(1)
        server = pair.accepted[0]
        assert server.data == b"ping"
        assert server.log[-1] == ("data", close_to(3 * DELAY_S))
        server.transport.write(b"pong")
        sent_s = now()
        await asyncio.sleep(1)
        assert client.data == b"pong"
        assert client.log[-1] == ("data", close_to(sent_s + DELAY_S))

    pair.world.run(main())


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.binary(max_size=40), st.sampled_from([0.0, DELAY_S / 3, DELAY_S, 0.01])),
        max_size=20,
    )
)
def test_bytes_arrive_once_and_in_order(pieces: list[tuple[bytes, float]]) -> None:
    """However they are cut up and whenever they are sent, the stream is their concatenation."""
    received: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read())
        writer.close()

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        for data, pause_s in pieces:
            writer.write(data)
            await asyncio.sleep(pause_s)
        writer.close()
        return await reader.read()

    assert streams(serve, ask) == b""
    assert received == [b"".join(data for data, _ in pieces)]


def test_both_directions_carry_at_once() -> None:
    """A full duplex stream: neither direction waits for the other."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            writer.write(b"s" + await reader.readexactly(1))
        writer.close()

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.writelines([b"1", b"2", b"3"])
        return await reader.read()

    assert streams(serve, ask) == b"s1s2s3"


def test_a_reader_that_pauses_makes_the_writer_pause_and_resume() -> None:
    """Both sockets' bytes and asyncio's own buffer: then it waits, until a quarter is left."""
    pair = Pair()
    network = 2 * WINDOW_BYTES

    async def main() -> None:
        client, server = await pair.connected()
        server.transport.pause_reading()
        assert not server.transport.is_reading()
        client.transport.write(bytes(network))
        await asyncio.sleep(1)
        assert client.transport.get_write_buffer_size() == 0
        client.transport.write(bytes(BUFFER_BYTES))
        assert client.events() == ["made"]
        client.transport.write(b"x")
        assert client.events() == ["made", "pause"]
        assert client.transport.get_write_buffer_size() == BUFFER_BYTES + 1
        await asyncio.sleep(5)
        assert client.events() == ["made", "pause"]
        assert server.data == b""
        server.transport.resume_reading()
        resumed_s = now()
        await asyncio.sleep(1)
        assert len(server.data) == network + BUFFER_BYTES + 1
        assert client.log[-1] == ("resume", close_to(resumed_s))
        assert client.transport.get_write_buffer_size() == 0

    pair.world.run(main())


def test_drain_waits_for_a_slow_reader() -> None:
    """Back-pressure reaches a coroutine: it sends no faster than the other end reads."""
    pieces = 40
    drained_s: list[float] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(pieces):
            await asyncio.sleep(1)
            await reader.readexactly(WINDOW_BYTES)
        writer.close()

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(pieces):
            writer.write(bytes(WINDOW_BYTES))
            await writer.drain()
            drained_s.append(now())
        assert await reader.read() == b""
        assert now() == pytest.approx(pieces, abs=1)

    streams(serve, ask)
    assert drained_s == sorted(drained_s)
    assert drained_s[-1] > pieces - 5


def test_a_close_delivers_what_is_in_flight_and_then_the_end() -> None:
    """FIN stands behind the bytes, so the last ones are not lost."""
    pair = Pair()

    async def main() -> None:
        client, server = await pair.connected()
        client.transport.write(b"last ")
        client.transport.write(b"words")
        client.transport.close()
        assert client.transport.is_closing()
        client.transport.write(b"too late")
        closed_s = now()
        await asyncio.sleep(1)
        assert server.data == b"last words"
        assert server.events()[-2:] == ["eof", "lost"]
        assert server.log[-1] == ("lost", close_to(closed_s + DELAY_S))
        assert client.events() == ["made", "lost"]
        assert client.error is None
        assert server.error is None

    pair.world.run(main())


def test_who_writes_to_a_peer_that_has_ended_still_reads_what_came_before() -> None:
    """The write is lost; the bytes in the own socket are not."""
    pair = Pair()

    async def main() -> None:
        client, server = await pair.connected()
        server.transport.pause_reading()
        client.transport.write(b"unread")
        client.transport.close()
        await asyncio.sleep(1)
        server.transport.write(b"too late")
        assert not server.transport.is_closing()
        server.transport.resume_reading()
        await asyncio.sleep(1)
        assert server.data == b"unread"
        assert server.events()[:2] == ["made", "data"]
        assert server.events()[-1] == "lost"
        assert client.data == b""

    pair.world.run(main())


def test_an_end_is_seen_behind_unread_bytes() -> None:
    """A reader that pauses sees the end only after what came before it."""
    pair = Pair()

    async def main() -> None:
        client, server = await pair.connected()
        server.transport.pause_reading()
        client.transport.write(b"unread")
        client.transport.close()
        await asyncio.sleep(1)
        assert server.events() == ["made"]
        server.transport.resume_reading()
        await asyncio.sleep(1)
        assert server.data == b"unread"
        assert server.events() == ["made", "data", "eof", "lost"]

    pair.world.run(main())


def test_what_is_sent_before_the_callee_is_dialled_is_kept() -> None:
    """The proxy answers the connect; it keeps the bytes, and an end, until the callee accepts."""
    pair = Pair()

    async def main() -> None:
        await pair.listen()
        pair.world.pause("b")
        client = await pair.dial()
        client.transport.write(b"early")
        client.transport.close()
        await asyncio.sleep(3)
        assert pair.accepted == []
        pair.world.resume("b")
        await asyncio.sleep(1)
        assert pair.accepted[0].data == b"early"
        assert pair.accepted[0].events() == ["made", "data", "eof", "lost"]

    pair.world.run(main())


def test_a_writer_whose_reader_has_gone_is_told() -> None:
    """There is no half-close behind a proxy: a blocked `drain` ends with a reset, not never."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        writer.close()

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        async with asyncio.timeout(60):
            for _ in range(10):
                writer.write(bytes(WINDOW_BYTES))
                await writer.drain()
                await asyncio.sleep(1)

    with pytest.raises(ConnectionError):
        streams(serve, ask)


def test_a_host_may_call_only_what_the_lab_lists() -> None:
    """A missing edge is the lab's fault, and the message says what to add."""
    world = World(("a", "b"), ("b", "c"))
    with pytest.raises(LabError, match=r"a may not call c: add it to calls="):
        world.run(world.on("a", asyncio.open_connection("c", PORT)))  # type: ignore[arg-type]


def test_a_callee_that_is_down_accepts_and_closes() -> None:
    """The proxy listens for it, dials nobody, and ends the connection; nothing is refused.

    With a request unread, Linux makes the end a reset.
    """
    pair = Pair()

    async def main() -> None:
        silent, client = await pair.dial(), await pair.dial()
        client.transport.write(b"anybody there?")
        await asyncio.sleep(1)
        assert silent.events() == ["made", "eof", "lost"]
        assert silent.error is None
        assert client.events() == ["made", "lost"]
        assert isinstance(client.error, ConnectionResetError)
        for each, round_trips in ((silent, 1), (client, 2)):
            connected_s = round_trips * 2 * DELAY_S
            assert each.log[0] == ("made", close_to(connected_s))
            assert each.log[-1] == ("lost", close_to(connected_s + DELAY_S))

    pair.world.run(main())


def test_a_server_that_is_closed_no_longer_accepts() -> None:
    """What it has accepted stays; what comes later is closed at once."""
    pair = Pair()

    async def main() -> None:
        server = await pair.listen()
        first = await pair.dial()
        assert server.is_serving()
        server.close()
        await server.wait_closed()
        assert not server.is_serving()
        second = await pair.dial()
        await asyncio.sleep(1)
        assert first.events() == ["made"]
        assert second.events() == ["made", "eof", "lost"]
        await pair.listen()
        await pair.dial()
        await asyncio.sleep(1)
        assert len(pair.accepted) == 2

    pair.world.run(main())


def test_a_port_is_taken_once() -> None:
    """As by a real kernel."""
    pair = Pair()

    async def main() -> None:
        server = await pair.listen()
        with pytest.raises(OSError, match="port 8080 is in use") as caught:
            await pair.listen()
        assert caught.value.errno == errno.EADDRINUSE
        assert [one.getsockname() for one in server.sockets] == [("b", PORT)]
        server.close()
        assert server.sockets == ()
        await pair.listen()

    pair.world.run(main())


@pytest.mark.parametrize(("resumed_s", "tried_s"), [(0.5, 1), (1.5, 3), (2.9, 3), (3.5, 7)])
def test_a_full_backlog_is_dialled_again_after_one_two_four_seconds(
    resumed_s: float, tried_s: float
) -> None:
    """Linux retransmits a connect that was dropped after 1 s, and doubles; others wait behind."""
    assert SYN_RETRY_S == 1
    pair = Pair()

    async def main() -> None:
        await pair.listen(backlog=1)
        pair.world.pause("b")
        clients = [await pair.dial() for _ in range(4)]
        # The queue holds one more than the backlog: the third finds it full, the fourth waits.
        began_s = clients[2].log[0][1]
        await asyncio.sleep(resumed_s - now())
        pair.world.resume("b")
        await asyncio.sleep(0.01)
        assert len(pair.accepted) == 2
        await asyncio.sleep(10)
        made_s = [server.log[0][1] for server in pair.accepted]
        assert made_s == [close_to(resumed_s)] * 2 + [close_to(began_s + tried_s)] * 2
        assert [client.events() for client in clients] == [["made"]] * 4

    pair.world.run(main())


def test_a_process_that_did_not_run_reads_what_came_before_it_looks_at_the_clock() -> None:
    """Whichever was first: asyncio asks its sockets, and then which timers are due."""
    pair = Pair()

    async def main() -> None:
        client, server = await pair.connected()
        context = pair.world.processes["b"].context()
        pair.world.loop.call_later(1, server.note, "timer", context=context)
        pair.world.pause("b")
        await asyncio.sleep(2)
        client.transport.write(b"late")
        await asyncio.sleep(1)
        pair.world.resume("b")
        await asyncio.sleep(1)
        assert server.events() == ["made", "data", "timer"]

    pair.world.run(main())


def test_before_a_first_toxic_a_proxy_has_two_chunks_at_hand() -> None:
    """Beside the one that the toxic is about to pass on; then its sockets fill, and the sender's.

    Toxiproxy 2.12.0: the buffer of `io.Copy`, and the channel behind its `noop`.
    """
    pair, size = Pair(), 1_000_000
    slow = ToxicSpec(
        name="slow", type="bandwidth", stream="upstream", toxicity=1.0, attributes={"rate": 1}
    )

    async def main() -> None:
        client, server = await pair.connected()
        pair.world.links["a", "b"].add(slow)
        client.transport.write(bytes(size))
        await asyncio.sleep(0.01)
        assert server.data == b""
        taken = size - client.transport.get_write_buffer_size()
        assert taken == WINDOW_BYTES + (1 + 2) * CHUNK_BYTES

    pair.world.run(main())


def test_a_link_that_goes_down_ends_its_live_connections_and_refuses_new_ones() -> None:
    """As a proxy that is switched off; up again, it takes connections as before."""
    pair = Pair()

    async def main() -> None:
        client, server = await pair.connected()
        link = pair.world.links["a", "b"]
        link.set_up(up=False)
        await asyncio.sleep(0.1)
        assert client.events()[-1] == server.events()[-1] == "lost"
        with pytest.raises(ConnectionRefusedError):
            await pair.dial()
        link.set_up(up=True)
        again = await pair.dial()
        await asyncio.sleep(0.1)
        assert again.events() == ["made"]

    pair.world.run(main())


def test_a_burst_finds_no_queue_full_of_a_callee_that_is_free() -> None:
    """A dial takes a moment, in which the callee accepts, however short its queue is."""
    pair = Pair()

    async def main() -> None:
        await pair.listen(backlog=0)
        clients = await asyncio.gather(*(pair.dial() for _ in range(20)))
        await asyncio.sleep(0.1)
        assert len(pair.accepted) == len(clients)

    pair.world.run(main())


def test_each_full_queue_is_waited_for_from_a_second_on() -> None:
    """The doubling is of one connect: the next one that finds the queue full begins anew."""
    pair = Pair()

    async def main() -> None:
        await pair.listen(backlog=0)
        pair.world.pause("b")
        clients = [await pair.dial() for _ in range(3)]
        began_s = clients[1].log[0][1]
        await asyncio.sleep(began_s + 2 - now())
        # The second is dialled again after 1 and 3 s, then taken; the third after 1 s more.
        pair.world.resume("b")
        await asyncio.sleep(0.5)
        assert len(pair.accepted) == 1
        pair.world.pause("b")
        await asyncio.sleep(began_s + 3.5 - now())
        pair.world.resume("b")
        await asyncio.sleep(10)
        made_s = [server.log[0][1] for server in pair.accepted]
        assert made_s[1:] == [close_to(began_s + 3.5), close_to(began_s + 4)]

    pair.world.run(main())


def test_thousands_of_waiting_dials_end_with_their_callee() -> None:
    """A proxy's queue may be long; when the callee dies, all of it is told."""
    pair = Pair()
    count = 3000

    async def main() -> None:
        server = await pair.listen(backlog=0)
        pair.world.pause("b")
        clients = [await pair.dial()]
        clients += await asyncio.gather(*(pair.dial() for _ in range(count)))
        server.close()
        await asyncio.sleep(3)
        assert [client.events()[-1] for client in clients[1:]] == ["lost"] * count

    pair.world.run(main())


def test_dials_of_one_link_reach_the_port_that_each_asked_for() -> None:
    """Also when they wait in the same queue."""
    pair = Pair()
    other: list[Recorder] = []

    def accept() -> Recorder:
        other.append(Recorder())
        return other[-1]

    async def main() -> None:
        loop = pair.world.loop
        await pair.listen(backlog=0)
        await pair.world.on("b", loop.create_server(accept, None, 9090))
        pair.world.pause("b")
        for port in (PORT, PORT, 9090):
            await pair.world.on("a", loop.create_connection(Recorder, "b", port))
        pair.world.resume("b")
        await asyncio.sleep(10)
        assert (len(pair.accepted), len(other)) == (2, 1)

    pair.world.run(main())


def test_an_upgrade_hands_the_connection_to_another_protocol() -> None:
    """`set_protocol` is how an HTTP connection becomes a WebSocket."""
    pair = Pair()

    async def main() -> None:
        client, server = await pair.connected()
        after = Recorder()
        server.transport.set_protocol(after)
        assert server.transport.get_protocol() is after
        client.transport.write(b"frame")
        await asyncio.sleep(1)
        assert (server.data, after.data) == (b"", b"frame")

    pair.world.run(main())


class Site:
    """An HTTP server on host `b`, for clients on host `a`; `connections` says who connected."""

    def __init__(self, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> None:
        self.world = World(("a", "b"))
        self.connections: set[object] = set()

        async def counted(request: web.Request) -> web.StreamResponse:
            self.connections.add(request.transport)
            return await handler(request)

        self._app = application(counted)
        self._app._client_max_size = 4 * MIB  # noqa: SLF001

    async def _serve(self) -> web.AppRunner:
        runner = web.AppRunner(self._app, access_log=None, handle_signals=False)
        await runner.setup()
        await web.TCPSite(runner, None, PORT).start()
        return runner

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        runner = await self.world.on("b", self._serve())
        yield
        await self.world.on("b", runner.cleanup())

    def run(self, ask: Coroutine[Any, Any, Any]) -> Any:
        async def main() -> Any:
            async with self.serving():
                return await self.world.on("a", ask)

        return self.world.run(main())


async def echo(request: web.Request) -> web.Response:
    return web.Response(body=await request.read())


def test_large_bodies_go_both_ways_over_http() -> None:
    """A mebibyte each way, beyond every window and buffer, arrives as it was sent."""
    body = bytes(range(256)) * (MIB // 256)
    site = Site(echo)

    async def ask() -> bytes:
        async with session() as client, client.post("http://b:8080/", data=body) as response:
            return await response.read()

    assert site.run(ask()) == body


def test_a_streamed_body_arrives_in_pieces() -> None:
    """A server that writes a piece a second is read a piece a second."""

    async def tick(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for number in range(3):
            await response.write(b"%d" % number)
            await asyncio.sleep(1)
        await response.write_eof()
        return response

    site = Site(tick)

    async def ask() -> list[tuple[bytes, float]]:
        async with session() as client, client.get("http://b:8080/") as response:
            return [(data, now()) async for data in response.content.iter_any()]

    sent_s = 3 * DELAY_S
    assert site.run(ask()) == [
        (b"%d" % number, close_to(number + sent_s + DELAY_S)) for number in range(3)
    ]


def test_requests_one_after_the_other_share_a_connection() -> None:
    """Keep-alive: the pool is asked first, so a connect is paid once."""
    site = Site(echo)

    async def ask() -> float:
        async with session() as client:
            for _ in range(5):
                async with client.get("http://b:8080/") as response:
                    await response.read()
            return now()

    assert site.run(ask()) == close_to(2 * DELAY_S + 5 * 2 * DELAY_S)
    assert len(site.connections) == 1


def test_requests_at_once_open_a_connection_each() -> None:
    """HTTP/1.1 carries one request at a time; the simulation's pool has no limit."""
    site = Site(echo)

    async def ask() -> float:
        async def one() -> None:
            async with client.get("http://b:8080/") as response:
                await response.read()

        async with session() as client:
            await asyncio.gather(*(one() for _ in range(5)))
            return now()

    assert site.run(ask()) == close_to(4 * DELAY_S)
    assert len(site.connections) == 5


def test_a_websocket_talks_both_ways_and_closes() -> None:
    """Aiohttp's WebSockets work unmodified."""

    async def chat(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data.upper())
        return socket

    site = Site(chat)

    async def ask() -> str:
        async with session() as client, client.ws_connect("http://b:8080/") as socket:
            await socket.send_str("hello")
            said: str = await socket.receive_str()
            return said

    assert site.run(ask()) == "HELLO"
