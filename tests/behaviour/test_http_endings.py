"""How requests end: time limits, cancelled clients, failing handlers, servers that shut down."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

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

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LIMIT_S = 2 * SOON_S


class Slow:
    """A handler that answers when it is told to, and notes how its requests end."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.requests: list[web.Request] = []
        self.ended: list[str] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        self.ended.append("there" if request.transport else "gone")
        return web.Response(text="late")

    def busy(self) -> bool:
        return bool(self.requests)

    def alone(self) -> bool:
        return self.busy() and self.requests[0].transport is None


async def body(session: aiohttp.ClientSession, url: str) -> str:
    async with session.get(url) as response:
        return await response.text()


def only(**limits: Any) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(**{"total": None, **limits})


@pytest.mark.parametrize("name", ["total", "sock_read"])
async def test_a_server_that_does_not_answer_in_time(stage: Stage, name: str) -> None:
    """The client gives up and goes; a handler goes on, and finds nobody at its end."""
    slow = Slow()
    site = await stage.serve(one(slow.handle))
    async with opened(stage) as session:
        began_s = now()
        with pytest.raises(TimeoutError) as caught:
            await session.get(site.url, timeout=only(**{name: LIMIT_S}))
        took(stage, began_s, LIMIT_S)
        assert isinstance(caught.value, aiohttp.SocketTimeoutError) is (name == "sock_read")
        await settled(slow.alone)
        assert slow.ended == []
        slow.go.set()
        await settled(lambda: slow.ended == ["gone"])
        assert await body(session, site.url) == "late"
    assert site.connections == 2


async def test_a_handler_that_asks_for_it_is_cancelled_when_its_client_goes(stage: Stage) -> None:
    """`handler_cancellation` is off unless a server asks for it."""
    slow = Slow()
    site = await stage.serve(one(slow.handle), handler_cancellation=True)
    async with opened(stage) as session:
        with pytest.raises(TimeoutError):
            await session.get(site.url, timeout=only(total=LIMIT_S))
        await settled(lambda: slow.ended == ["cancelled"])


async def test_a_slow_answer_within_the_limits(stage: Stage) -> None:
    """A server may take its time."""

    async def wait(_: web.Request) -> web.Response:
        await asyncio.sleep(LIMIT_S)
        return web.Response(text="late")

    site = await stage.serve(one(wait))
    async with opened(stage, session={"timeout": only(total=40 * SOON_S)}) as session:
        began_s = now()
        assert await body(session, site.url) == "late"
        took(stage, began_s, LIMIT_S)


def ticking(number: int, every_s: float, rest: asyncio.Event | None = None) -> web.Application:
    async def tick(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(number):
            await response.write(b".")
            await asyncio.sleep(every_s)
        if rest:
            await rest.wait()
        return response

    return one(tick)


async def test_the_read_limit_counts_from_piece_to_piece(stage: Stage) -> None:
    """A stream that goes on is not too slow, however long it takes."""
    site = await stage.serve(ticking(8, LIMIT_S / 2))
    limit = only(sock_read=2.5 * LIMIT_S)
    async with opened(stage) as session, session.get(site.url, timeout=limit) as response:
        began_s = now()
        assert await response.read() == b"." * 8
        assert now() - began_s > 3 * LIMIT_S


@pytest.mark.parametrize("name", ["total", "sock_read"])
async def test_a_body_that_stops_coming(stage: Stage, name: str) -> None:
    """What has come is there; the rest ends with the limit."""
    rest = asyncio.Event()
    site = await stage.serve(ticking(1, 0, rest))
    began_s = now()
    async with opened(stage) as session:
        limit = only(**{name: LIMIT_S})
        async with session.get(site.url, timeout=limit) as response:
            assert await response.content.readexactly(1) == b"."
            with pytest.raises(TimeoutError):
                await response.read()
        took(stage, began_s, LIMIT_S)
    rest.set()


async def test_a_client_that_is_cancelled_while_it_waits(stage: Stage) -> None:
    """Its connection is closed and not used again; the next request opens another."""
    slow = Slow()
    site = await stage.serve(one(slow.handle))
    async with opened(stage, limit=1) as session:
        asking = asyncio.create_task(body(session, site.url))
        await settled(slow.busy)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await settled(slow.alone)
        slow.go.set()
        assert await body(session, site.url) == "late"
        assert slow.ended == ["gone", "there"]
    assert site.connections == 2


async def test_a_client_that_is_cancelled_in_a_body(stage: Stage) -> None:
    """The server's next writes fail."""
    ended: list[BaseException] = []

    async def pour(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"more")
                await asyncio.sleep(SOON_S / 5)
        except BaseException as error:
            ended.append(error)
            raise

    site = await stage.serve(one(pour))
    async with opened(stage) as session:
        asking = asyncio.create_task(body(session, site.url))
        await settled(lambda: site.connections == 1)
        await asyncio.sleep(SOON_S)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await settled(lambda: bool(ended))
        assert isinstance(ended[0], ConnectionError)


async def test_a_client_that_is_cancelled_in_an_upload(stage: Stage) -> None:
    """The server's read ends with an error, and no half of a body passes for a whole."""
    ended: list[BaseException] = []
    sent = 0

    async def upload() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            yield b"more"
            sent += 1
            await asyncio.sleep(SOON_S / 5)

    async def read(request: web.Request) -> web.Response:
        try:
            return web.Response(body=await request.read())
        except BaseException as error:
            ended.append(error)
            raise

    site = await stage.serve(one(read))
    async with opened(stage) as session:

        async def post() -> None:
            await session.post(site.url, data=upload())

        asking = asyncio.create_task(post())
        await settled(lambda: sent > 2)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await settled(lambda: bool(ended))
        there = sent
        assert isinstance(ended[0], (ConnectionError, aiohttp.ClientError))
        await asyncio.sleep(SOON_S)
        assert sent == there


@pytest.mark.parametrize("how", ["release", "close", "read"])
async def test_an_answer_that_is_not_read(stage: Stage, how: str) -> None:
    """A body that has come whole leaves the connection to the next, whatever is done with it."""
    site = await stage.serve(one(hello))
    async with opened(stage) as session:
        for _ in range(3):
            response = await session.get(site.url)
            await asyncio.sleep(SOON_S)
            if how == "read":
                await response.read()
            elif how == "close":
                response.close()
            else:
                response.release()
    assert site.connections == 1


async def test_a_long_answer_that_is_not_read(stage: Stage) -> None:
    """A body that is still coming is not waited for: its connection is closed."""

    async def pour(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(bytes(65536))

    site = await stage.serve(one(pour))
    async with opened(stage) as session:
        for _ in range(2):
            async with session.get(site.url) as response:
                assert response.status == 200
        server = site.runner.server
        assert server is not None
        await settled(lambda: not server.connections)
    assert site.connections == 2


class Teapot(web.HTTPClientError):
    status_code = 418


async def fail(request: web.Request) -> web.StreamResponse:
    match request.path:
        case "/crash":
            raise LookupError("no such thing")
        case "/nothing":
            return None  # type: ignore[return-value]
        case "/teapot":
            raise Teapot
        case "/unavailable":
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "1"})
        case _:
            raise TimeoutError


@pytest.mark.parametrize(
    ("path", "status"),
    [("crash", 500), ("nothing", 500), ("limit", 504), ("teapot", 418), ("unavailable", 503)],
)
async def test_a_handler_that_fails(stage: Stage, path: str, status: int) -> None:
    """A 500 for what nobody foresaw, with nothing of the error in it; else what it says."""
    site = await stage.serve(one(fail))
    async with opened(stage) as session:
        async with session.get(f"{site.url}/{path}") as response:
            assert response.status == status
            assert "no such thing" not in await response.text()
            assert (response.headers.get("Retry-After") == "1") is (status == 503)
        async with session.get(f"{site.url}/{path}", raise_for_status=False) as response:
            with pytest.raises(aiohttp.ClientResponseError, match=str(status)):
                response.raise_for_status()


async def test_no_such_route(stage: Stage) -> None:
    """404 and 405 come from the router."""
    app = web.Application()
    app.router.add_get("/there/{number:\\d+}", hello)
    site = await stage.serve(app)
    async with opened(stage) as session:
        for method, path, status in (
            ("GET", "/there/1", 200),
            ("GET", "/there/x", 404),
            ("GET", "/", 404),
            ("POST", "/there/1", 405),
        ):
            async with session.request(method, site.url + path) as response:
                assert response.status == status


async def test_middlewares(stage: Stage) -> None:
    """They see a request from the outside in and its answer, or its error, from the inside out."""
    order: list[str] = []

    @web.middleware
    async def outer(request: web.Request, handler: Handler) -> web.StreamResponse:
        order.append("outer in")
        try:
            response = await handler(request)
        except LookupError:
            response = web.Response(status=410)
        order.append("outer out")
        response.headers["X-Outer"] = "1"
        return response

    @web.middleware
    async def inner(request: web.Request, handler: Handler) -> web.StreamResponse:
        order.append("inner in")
        try:
            return await handler(request)
        finally:
            order.append("inner out")

    app = one(fail)
    app.middlewares.extend([outer, inner])
    site = await stage.serve(app)
    async with opened(stage) as session, session.get(f"{site.url}/crash") as response:
        assert (response.status, response.headers["X-Outer"]) == (410, "1")
    assert order == ["outer in", "inner in", "inner out", "outer out"]


async def test_an_application_starts_and_ends_in_order(stage: Stage) -> None:
    """Start-up before the first request, shut-down before clean-up, contexts inside out."""
    order: list[str] = []

    async def note(what: str) -> None:
        await asyncio.sleep(0)
        order.append(what)

    async def context(_: web.Application) -> AsyncIterator[None]:
        await note("context in")
        yield
        await note("context out")

    app = one(hello)
    app.on_startup.append(lambda _: note("startup"))
    app.cleanup_ctx.append(context)
    app.on_shutdown.append(lambda _: note("shutdown"))
    app.on_cleanup.append(lambda _: note("cleanup"))
    site = await stage.serve(app)
    async with opened(stage) as session:
        await body(session, site.url)
    await site.runner.cleanup()
    assert order[:2] in (["startup", "context in"], ["context in", "startup"])
    assert order[2] == "shutdown"
    assert sorted(order[3:]) == ["cleanup", "context out"]


async def refused(session: aiohttp.ClientSession, site: Site) -> bool:
    try:
        await body(session, site.url)
    except aiohttp.ClientConnectionError:
        return True
    return False


async def test_a_graceful_shutdown_answers_what_is_in_progress(stage: Stage) -> None:
    """Nothing new is accepted, what rests is closed, what was begun is finished."""
    slow = Slow()
    site = await stage.serve(one(slow.handle), shutdown_timeout=5)
    resting, writer = await dial(site.url)
    async with opened(stage) as session, opened(stage) as other:
        asking = asyncio.create_task(body(session, site.url))
        await settled(slow.busy)
        began_s = now()
        leaving = asyncio.create_task(site.runner.cleanup())
        assert await resting.read() == b""
        writer.close()
        assert await refused(other, site)
        assert not leaving.done()
        slow.go.set()
        assert await asking == "late"
        await leaving
        assert now() - began_s < 4
    assert slow.ended == ["there"]


async def test_a_shutdown_cuts_what_takes_too_long(stage: Stage) -> None:
    """After `shutdown_timeout` handlers are cancelled and connections closed."""
    slow = Slow()
    site = await stage.serve(one(slow.handle), shutdown_timeout=LIMIT_S)
    async with opened(stage) as session:
        asking = asyncio.create_task(body(session, site.url))
        await settled(slow.busy)
        began_s = now()
        await site.runner.cleanup()
        assert now() - began_s > LIMIT_S / 2
        with pytest.raises(aiohttp.ClientConnectionError):
            await asking
    assert slow.ended == ["cancelled"]


async def test_a_server_comes_back_on_a_client_that_stayed(stage: Stage) -> None:
    """The pool's connections of the first server are not used for the second."""
    first = await stage.serve(one(hello))
    async with opened(stage) as session:
        assert await body(session, first.url) == "hello"
        await first.runner.cleanup()
        assert await refused(session, first)
        second = await stage.serve(one(hello))
        assert await body(session, second.url) == "hello"
    assert (first.connections, second.connections) == (1, 1)


async def test_many_clients_that_come_and_go(stage: Stage) -> None:
    """A hundred requests, every third of them cancelled: the others are all answered."""
    site = await stage.serve(ticking(3, SOON_S / 5))
    async with opened(stage, limit=20) as session:
        asking = [asyncio.create_task(body(session, site.url)) for _ in range(100)]
        await asyncio.sleep(SOON_S / 2)
        for task in asking[::3]:
            task.cancel()
        answers = await asyncio.gather(*asking, return_exceptions=True)
    assert all(answer == "..." for number, answer in enumerate(answers) if number % 3)
    server = site.runner.server
    assert server is not None
    await settled(lambda: not server.connections)
