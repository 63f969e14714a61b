"""Large bodies through slow links, as services send them: HTTP, WebSockets, streams and Redis."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from aiohttp import web

from harness.model.fault import ToxicSpec
from tests.engines.sim.redis_world import RedisWorld
from tests.support import World, session

PORT = 8080
PIECE = bytes(range(256)) * 256
PIECES = 128
WHOLE = len(PIECE) * PIECES
"""8 MiB, in pieces that each wait for the network."""

LATENCY_S = 0.3
LITTLE_S = 0.02
"""What a handful of round trips take beside the latency."""


def latency(stream: str) -> ToxicSpec:
    return ToxicSpec(
        name="latency", type="latency", stream=stream, toxicity=1.0, attributes={"latency": 300}
    )


def now() -> float:
    return asyncio.get_running_loop().time()


async def pieces() -> AsyncIterator[bytes]:
    for _ in range(PIECES):
        yield PIECE


async def download(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    async for piece in pieces():
        await response.write(piece)
    await response.write_eof()
    return response


async def upload(request: web.Request) -> web.Response:
    size = 0
    async for data in request.content.iter_any():
        size += len(data)
    return web.Response(text=str(size))


async def shout(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for piece in pieces():
        await socket.send_bytes(piece)
    await socket.close()
    return socket


async def listen(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    size = 0
    async for message in socket:
        size += len(message.data)
        if size == WHOLE:
            await socket.send_str(str(size))
    return socket


async def downloaded() -> int:
    async with session() as client, client.get(f"http://b:{PORT}/download") as response:
        return sum([len(data) async for data in response.content.iter_any()])


async def uploaded() -> int:
    async with (
        session() as client,
        client.post(f"http://b:{PORT}/upload", data=pieces()) as response,
    ):
        return int(await response.text())


async def heard() -> int:
    async with session() as client, client.ws_connect(f"http://b:{PORT}/shout") as socket:
        return sum([len(message.data) async for message in socket])


async def said() -> int:
    async with session() as client, client.ws_connect(f"http://b:{PORT}/listen") as socket:
        async for piece in pieces():
            await socket.send_bytes(piece)
        return int(await socket.receive_str())


async def serve() -> web.AppRunner:
    app = web.Application(client_max_size=0)
    for handler in (download, shout, listen):
        app.router.add_get(f"/{handler.__name__}", handler)
    app.router.add_post("/upload", upload)
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, None, PORT).start()
    return runner


@pytest.mark.parametrize(
    ("talk", "stream", "delays"),
    [
        (downloaded, "downstream", 1),
        (uploaded, "upstream", 1),
        (heard, "downstream", 1),
        (said, "upstream", 3),  # the handshake, the pieces, and the end
    ],
)
def test_a_stream_of_pieces_is_late_by_the_latency_alone(
    talk: Callable[[], Coroutine[Any, Any, int]], stream: str, delays: int
) -> None:
    """8 MiB take 0.3 s and a little, whichever way and whoever writes them."""
    world = World(("a", "b"))

    async def main() -> None:
        runner = await world.on("b", serve())
        world.links["a", "b"].add(latency(stream))
        began_s = now()
        assert await world.on("a", talk()) == WHOLE
        took_s = now() - began_s
        assert delays * LATENCY_S <= took_s <= delays * LATENCY_S + LITTLE_S
        await world.on("b", runner.cleanup())

    world.run(main())


def test_a_client_that_does_not_read_holds_its_server_up() -> None:
    """32 MB at once or in pieces: the server's writes end when the client has read."""
    world = World(("a", "b"))
    wrote_s: list[float] = []
    held: list[int] = []

    async def big(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        began_s, size = now(), int(request.query["size"])
        for _ in range(32_000_000 // size):
            await response.write(bytes(size))
        wrote_s.append(now() - began_s)
        return response

    async def serve_big() -> None:
        app = web.Application()
        app.router.add_get("/", big)
        runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await runner.setup()
        await web.TCPSite(runner, None, PORT).start()

    async def get(size: int) -> None:
        async with session() as client, client.get(f"http://b:{PORT}/?size={size}") as response:
            await asyncio.sleep(3)
            held.append(sum(map(len, response.content._buffer)))  # noqa: SLF001
            assert len(await response.read()) == 32_000_000

    async def main() -> None:
        await world.on("b", serve_big())
        for size in (32_000_000, 1_000_000, 100_000):
            await world.on("a", get(size))

    world.run(main())
    assert wrote_s == [pytest.approx(3, abs=LITTLE_S)] * 3
    # aiohttp pauses at twice its limit of 64 KiB, and has by then read another quarter mebibyte.
    assert max(held) < 1_000_000


def test_a_pipeline_of_large_values_is_late_by_the_latency_alone() -> None:
    """8 MiB to Redis and back, a latency each way."""

    async def talk(world: RedisWorld) -> None:
        client = world.client(decode_responses=False)
        link = world.links["a", "cache"]
        for stream, command in (("upstream", "set"), ("downstream", "get")):
            await client.ping()
            link.add(latency(stream))
            began_s = now()
            pipeline = client.pipeline(transaction=False)
            for number in range(PIECES):
                if command == "set":
                    pipeline.set(f"key {number}", PIECE)
                else:
                    pipeline.get(f"key {number}")
            answers = await pipeline.execute()
            took_s = now() - began_s
            assert LATENCY_S <= took_s <= LATENCY_S + LITTLE_S
            assert answers == [True if command == "set" else PIECE] * PIECES
            link.remove("latency")

    RedisWorld().play(talk)
