"""WebSockets: talk, limits, heartbeats, and every way in which they end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import WSCloseCode, WSMsgType, web

from tests.behaviour.stages import (
    SOON_S,
    Site,
    Stage,
    dial,
    hello,
    now,
    one,
    opened,
    settled,
    took,
)

BEAT_S = 0.1
MIB = bytes(range(256)) * 4096
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)

Talk = Callable[[web.WebSocketResponse], Awaitable[None]]


class Room:
    """Serves WebSockets by one coroutine, and notes with which code each ended."""

    def __init__(self, talk: Talk, **options: Any) -> None:
        self._talk = talk
        self._options = options
        self.sockets: list[web.WebSocketResponse] = []
        self.codes: list[int | None] = []

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(**self._options)
        await ws.prepare(request)
        self.sockets.append(ws)
        try:
            await self._talk(ws)
        finally:
            self.codes.append(ws.close_code)
        return ws


async def echo(ws: web.WebSocketResponse) -> None:
    async for message in ws:
        if message.type is WSMsgType.TEXT:
            await ws.send_str(message.data)
        else:
            await ws.send_bytes(message.data)


async def listen(ws: web.WebSocketResponse) -> None:
    async for _ in ws:
        pass


@contextlib.asynccontextmanager
async def joined(
    stage: Stage, room: Room, **options: Any
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Open a WebSocket to a room that is served for it alone."""
    site = await stage.serve(one(room.handle))
    async with opened(stage) as session, session.ws_connect(site.url, **options) as ws:
        yield ws


async def test_text_bytes_and_json_come_back(stage: Stage) -> None:
    """Each message is one message, in order, of its own kind."""
    room = Room(echo)
    async with joined(stage, room) as ws:
        await ws.send_str("grüß")
        await ws.send_bytes(b"\x00\xff")
        await ws.send_json({"n": 1})
        assert await ws.receive_str() == "grüß"
        assert await ws.receive_bytes() == b"\x00\xff"
        assert await ws.receive_json() == {"n": 1}
    await settled(lambda: room.codes == [WSCloseCode.OK])


async def test_many_messages_at_once_stay_in_order(stage: Stage) -> None:
    """Two hundred without waiting for an answer."""
    async with joined(stage, Room(echo)) as ws:
        for number in range(200):
            await ws.send_str(str(number))
        assert [await ws.receive_str() for _ in range(200)] == [str(n) for n in range(200)]


async def test_both_sides_talk_at_once(stage: Stage) -> None:
    """The server pushes on its own while it listens."""

    async def push(ws: web.WebSocketResponse) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(listen(ws))
            for number in range(5):
                await ws.send_str(f"news {number}")
                await asyncio.sleep(SOON_S / 5)
            await ws.close()

    room = Room(push)
    async with joined(stage, room) as ws:
        news = []
        async for message in ws:
            news.append(message.data)
            await ws.send_str("thanks")
    assert news == [f"news {number}" for number in range(5)]
    assert room.codes == [WSCloseCode.OK]


@pytest.mark.parametrize("compress", [0, 15])
async def test_a_mebibyte_in_one_message(stage: Stage, compress: int) -> None:
    """Large messages pass both ways when both sides allow them."""
    async with joined(
        stage, Room(echo, max_msg_size=2 * len(MIB)), max_msg_size=2 * len(MIB), compress=compress
    ) as ws:
        assert ws.compress == compress
        await ws.send_bytes(MIB)
        assert await ws.receive_bytes() == MIB


async def test_small_messages_may_be_packed(stage: Stage) -> None:
    """`permessage-deflate`, when both sides want it."""
    async with joined(stage, Room(echo), compress=15) as ws:
        await ws.send_str("a" * 4000)
        assert await ws.receive_str() == "a" * 4000


async def test_a_message_that_is_too_large_for_the_server(stage: Stage) -> None:
    """It closes with 1009, and the client learns the code."""
    room = Room(echo, max_msg_size=1000)
    async with joined(stage, room) as ws:
        await ws.send_bytes(bytes(1001))
        message = await ws.receive()
        assert (message.type, message.data) == (WSMsgType.CLOSE, WSCloseCode.MESSAGE_TOO_BIG)
        assert ws.close_code == WSCloseCode.MESSAGE_TOO_BIG
    await settled(lambda: len(room.codes) == 1)


async def test_a_message_that_is_too_large_for_the_client(stage: Stage) -> None:
    """The same the other way."""
    room = Room(echo)
    async with joined(stage, room, max_msg_size=1000) as ws:
        await ws.send_bytes(bytes(1001))
        message = await ws.receive()
        assert message.type is WSMsgType.ERROR
        assert ws.close_code == WSCloseCode.MESSAGE_TOO_BIG
    await settled(lambda: room.codes == [WSCloseCode.MESSAGE_TOO_BIG])


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1011, 3000, 4999])
async def test_the_server_closes_with_a_code(stage: Stage, code: int) -> None:
    """The client gets code and reason, then only `CLOSED`."""

    async def bye(ws: web.WebSocketResponse) -> None:
        await ws.close(code=code, message=b"bye")

    room = Room(bye)
    async with joined(stage, room) as ws:
        message = await ws.receive()
        assert (message.type, message.data, message.extra) == (WSMsgType.CLOSE, code, "bye")
        assert (ws.closed, ws.close_code) == (True, code)
        assert (await ws.receive()).type is WSMsgType.CLOSED
        with pytest.raises(ConnectionError):
            await ws.send_str("too late")
    await settled(lambda: len(room.codes) == 1)


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1011, 3000, 4999])
async def test_the_client_closes_with_a_code(stage: Stage, code: int) -> None:
    """The server's loop ends, and knows the code."""
    room = Room(listen)
    async with joined(stage, room) as ws:
        assert await ws.close(code=code, message=b"bye")
        assert ws.closed
        assert not await ws.close()
    await settled(lambda: room.codes == [code])


async def test_both_close_at_once(stage: Stage) -> None:
    """Neither waits for ever for the other."""
    both = asyncio.Event()

    async def bye(ws: web.WebSocketResponse) -> None:
        await both.wait()
        await ws.close(code=3001)

    room = Room(bye)
    began_s = now()
    async with joined(stage, room) as ws:
        await settled(lambda: bool(room.sockets))
        both.set()
        await ws.close(code=3002)
        assert ws.close_code in (3001, 3002)
    await settled(lambda: len(room.codes) == 1)
    took(stage, began_s, 0)


async def test_a_ping_is_answered(stage: Stage) -> None:
    """By aiohttp itself, with what it carried, in either direction."""
    seen: list[bytes] = []

    async def watch(ws: web.WebSocketResponse) -> None:
        await ws.ping(b"to you")
        seen.extend([message.data async for message in ws])

    site = await stage.serve(one(Room(watch, autoping=False).handle))
    async with opened(stage) as session:
        async with session.ws_connect(site.url, autoping=False) as ws:
            message = await ws.receive()
            assert (message.type, message.data) == (WSMsgType.PING, b"to you")
            await ws.pong(message.data)
        async with session.ws_connect(site.url) as ws:
            with pytest.raises(TimeoutError):
                await ws.receive(timeout=SOON_S)
    await settled(lambda: seen == [b"to you", b"to you"])


async def test_a_heartbeat_keeps_a_silent_connection(stage: Stage) -> None:
    """Nobody says anything for many beats, and nothing is closed."""
    room = Room(echo, heartbeat=BEAT_S)
    async with joined(stage, room, heartbeat=BEAT_S) as ws:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5 * BEAT_S):
                await ws.receive()
        assert not ws.closed
        await ws.send_str("still here")
        assert await ws.receive_str() == "still here"
    await settled(lambda: room.codes == [WSCloseCode.OK])


async def test_a_server_drops_a_client_that_misses_its_beat(stage: Stage) -> None:
    """No pong: the server's loop ends with an error, and the client's connection ends."""
    room = Room(listen, heartbeat=BEAT_S)
    began_s = now()
    async with joined(stage, room, autoping=False) as ws:
        assert (await ws.receive()).type is WSMsgType.PING
        await settled(lambda: bool(room.codes))
        assert now() - began_s > BEAT_S
        assert (await ws.receive()).type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.ERROR)
        assert ws.closed
    assert room.codes == [WSCloseCode.ABNORMAL_CLOSURE]
    assert isinstance(room.sockets[0].exception(), (TimeoutError, aiohttp.ClientError))


async def test_a_client_drops_a_server_that_misses_its_beat(stage: Stage) -> None:
    """The same the other way."""
    rest = asyncio.Event()

    async def deaf(ws: web.WebSocketResponse) -> None:
        del ws
        await rest.wait()

    began_s = now()
    async with joined(stage, Room(deaf, autoping=False), heartbeat=BEAT_S) as ws:
        message = await ws.receive()
        assert message.type is WSMsgType.ERROR
        assert isinstance(message.data, aiohttp.ServerTimeoutError)
        assert now() - began_s > BEAT_S
        assert ws.close_code == WSCloseCode.ABNORMAL_CLOSURE
    rest.set()


async def test_a_client_that_vanishes(stage: Stage) -> None:
    """Its connection ends without a close frame: 1006 at the server, and its loop ends."""
    room = Room(listen)
    site = await stage.serve(one(room.handle))
    reader, writer = await dial(site.url)
    writer.write(UPGRADE)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    writer.transport.abort()
    await settled(lambda: room.codes == [WSCloseCode.ABNORMAL_CLOSURE])


async def test_a_server_that_vanishes(stage: Stage) -> None:
    """1006 at the client, and its loop ends."""

    async def vanish(ws: web.WebSocketResponse) -> None:
        await ws.send_str("last words")
        await asyncio.sleep(SOON_S)
        transport = ws._req.transport if ws._req else None  # noqa: SLF001
        assert transport is not None
        transport.abort()

    async with joined(stage, Room(vanish)) as ws:
        assert await ws.receive_str() == "last words"
        assert (await ws.receive()).type is WSMsgType.CLOSED
        assert ws.close_code == WSCloseCode.ABNORMAL_CLOSURE


async def test_a_handler_that_fails(stage: Stage) -> None:
    """The connection ends with it, not with a 500: it is no longer HTTP."""

    async def crash(ws: web.WebSocketResponse) -> None:
        await ws.receive()
        raise LookupError

    async with joined(stage, Room(crash)) as ws:
        await ws.send_str("go on")
        assert (await ws.receive()).type in (WSMsgType.CLOSE, WSMsgType.CLOSED)


async def test_a_close_that_is_not_answered(stage: Stage) -> None:
    """A server waits for a client's answer for its `timeout`, and no longer."""
    done: list[float] = []

    async def bye(ws: web.WebSocketResponse) -> None:
        began_s = now()
        await ws.close()
        done.append(now() - began_s)

    room = Room(bye, timeout=2 * SOON_S)
    site = await stage.serve(one(room.handle))
    reader, writer = await dial(site.url)
    writer.write(UPGRADE)
    await reader.readuntil(b"\r\n\r\n")
    assert await reader.readexactly(4) == b"\x88\x02\x03\xe8"
    await settled(lambda: bool(done))
    assert done[0] > SOON_S
    assert await reader.read() == b""
    assert room.codes == [WSCloseCode.ABNORMAL_CLOSURE]
    writer.close()


async def test_a_reader_that_is_slow_stops_the_writer(stage: Stage) -> None:
    """Back-pressure: sending halts long before the end, and goes on when somebody reads."""
    sent = 0
    count = 400

    async def pour(ws: web.WebSocketResponse) -> None:
        nonlocal sent
        for _ in range(count):
            await ws.send_bytes(bytes(64 * 1024))
            sent += 1

    async with joined(stage, Room(pour, compress=False), compress=0) as ws:
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(4 * SOON_S)
        assert 0 < sent < count
        size = 0
        for _ in range(count):
            size += len(await ws.receive_bytes())
    assert size == count * 64 * 1024


async def test_receiving_with_a_time_limit(stage: Stage) -> None:
    """The limit ends the wait and not the connection."""
    async with joined(stage, Room(echo)) as ws:
        began_s = now()
        with pytest.raises(TimeoutError):
            await ws.receive(timeout=2 * SOON_S)
        took(stage, began_s, 2 * SOON_S)
        await ws.send_str("now")
        assert await ws.receive_str() == "now"


async def test_a_protocol_is_agreed_on(stage: Stage) -> None:
    """The first of the server's that the client offers."""
    room = Room(echo, protocols=("v2", "v1"))
    async with joined(stage, room, protocols=("v1", "v0")) as ws:
        assert ws.protocol == "v1"
        assert room.sockets[0].ws_protocol == "v1"


async def test_a_server_without_websockets(stage: Stage) -> None:
    """A plain answer is a failed handshake; the server refuses a plain request in turn."""
    site = await stage.serve(one(hello))
    async with opened(stage) as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await session.ws_connect(site.url)
        assert caught.value.status == 200
        room = await stage.serve(one(Room(echo).handle))
        async with session.get(room.url) as response:
            assert response.status == 400


async def test_a_shutdown_says_goodbye(stage: Stage) -> None:
    """An application that closes its sockets on shutdown is heard by every client."""
    room = Room(listen)
    app = one(room.handle)

    async def leave(_: web.Application) -> None:
        for ws in room.sockets:
            await ws.close(code=WSCloseCode.GOING_AWAY)

    app.on_shutdown.append(leave)
    site: Site = await stage.serve(app)
    async with opened(stage) as session:
        sockets = [await session.ws_connect(site.url) for _ in range(3)]
        leaving = asyncio.create_task(site.runner.cleanup())
        for ws in sockets:
            message = await ws.receive()
            assert (message.type, message.data) == (WSMsgType.CLOSE, WSCloseCode.GOING_AWAY)
        await leaving
    assert len(room.codes) == 3


async def test_a_message_in_fragments(stage: Stage) -> None:
    """Frames by hand, cut up, with a ping between them: one message comes back."""
    site = await stage.serve(one(Room(echo).handle))
    reader, writer = await dial(site.url)
    mask = b"\x00\x00\x00\x00"
    frames = b"\x01\x82" + mask + b"he" + b"\x89\x80" + mask + b"\x80\x83" + mask + b"llo"
    for at in range(len(UPGRADE)):
        writer.write(UPGRADE[at : at + 1])
        await asyncio.sleep(0)
    await reader.readuntil(b"\r\n\r\n")
    for at in range(len(frames)):
        writer.write(frames[at : at + 1])
        await asyncio.sleep(0)
    assert await reader.readexactly(2) == b"\x8a\x00"
    assert await reader.readexactly(7) == b"\x81\x05hello"
    writer.write(b"\x88\x82" + mask + b"\x03\xe8")
    assert await reader.readexactly(4) == b"\x88\x02\x03\xe8"
    assert await reader.read() == b""
    writer.close()
