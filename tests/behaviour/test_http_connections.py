"""Connections under HTTP: pools, limits, keep-alive, refusals, redirects, headers."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.behaviour.stages import (
    SOON_S,
    Site,
    Stage,
    dial,
    echo,
    hello,
    now,
    one,
    opened,
    settled,
    took,
)

KEEP_S = 0.3


class Busy:
    """A handler that takes its time, and counts how many requests it has at once."""

    def __init__(self, takes_s: float = SOON_S) -> None:
        self._takes_s = takes_s
        self.at_once = 0
        self.most = 0

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        yield
        self.at_once -= 1

    async def handle(self, request: web.Request) -> web.Response:
        del request
        with self._counted():
            await asyncio.sleep(self._takes_s)
            return web.Response()


async def get(session: aiohttp.ClientSession, url: str) -> int:
    async with session.get(url) as response:
        await response.read()
        return response.status


async def test_requests_one_after_the_other_share_a_connection(stage: Stage) -> None:
    """Keep-alive is the default of both ends."""
    site = await stage.serve(one(hello))
    async with opened(stage) as session:
        for _ in range(5):
            assert await get(session, site.url) == 200
    assert site.connections == 1


async def test_requests_at_once_open_a_connection_each(stage: Stage) -> None:
    """And the next ones find them in the pool, the one that was released first first."""
    busy = Busy()
    site = await stage.serve(one(busy.handle))
    async with opened(stage) as session:
        for _ in range(2):
            await asyncio.gather(*(get(session, site.url) for _ in range(8)))
    assert (busy.most, site.connections) == (8, 8)


async def test_a_limit_makes_requests_wait(stage: Stage) -> None:
    """Six requests over two connections: never more than two at once, three rounds."""
    busy = Busy()
    site = await stage.serve(one(busy.handle))
    began_s = now()
    async with opened(stage, limit=2) as session:
        await asyncio.gather(*(get(session, site.url) for _ in range(6)))
    took(stage, began_s, 3 * SOON_S)
    assert (busy.most, site.connections) == (2, 2)


async def test_a_limit_per_host_counts_each_port(stage: Stage) -> None:
    """Two servers, one connection each: they work at the same time, each on one request."""
    busy = [Busy(), Busy()]
    sites = [await stage.serve(one(each.handle)) for each in busy]
    async with opened(stage, limit_per_host=1) as session:
        asking = [get(session, site.url) for site in sites for _ in range(3)]
        answering = asyncio.gather(*asking)
        await settled(lambda: [each.at_once for each in busy] == [1, 1])
        await answering
    assert [each.most for each in busy] == [1, 1]
    assert [site.connections for site in sites] == [1, 1]


async def test_those_who_wait_for_a_connection_are_served_in_their_order(stage: Stage) -> None:
    """First come, first served; one that gives up does not take a turn."""
    served: list[str] = []

    async def note(request: web.Request) -> web.Response:
        served.append(request.path)
        await asyncio.sleep(SOON_S)
        return web.Response()

    site = await stage.serve(one(note))
    async with opened(stage, limit=1) as session:
        asking = []
        for number in range(5):
            asking.append(asyncio.create_task(get(session, f"{site.url}/{number}")))
            await asyncio.sleep(SOON_S / 10)
        asking[2].cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    assert served == ["/0", "/1", "/3", "/4"]
    assert site.connections == 1


async def test_the_connect_limit_counts_the_wait_for_a_connection(stage: Stage) -> None:
    """A pool that is exhausted shows as a connect that takes too long."""
    busy = Busy(4 * SOON_S)
    site = await stage.serve(one(busy.handle))
    limit = aiohttp.ClientTimeout(connect=SOON_S)
    async with opened(stage, limit=1) as session:
        first = asyncio.create_task(get(session, site.url))
        await settled(lambda: busy.at_once == 1)
        began_s = now()
        with pytest.raises(aiohttp.ConnectionTimeoutError):
            await session.get(site.url, timeout=limit)
        took(stage, began_s, SOON_S)
        assert await first == 200
    assert busy.most == 1


async def test_a_server_closes_a_connection_that_rests(stage: Stage) -> None:
    """After `keepalive_timeout` the next request opens another; before, it does not."""
    site = await stage.serve(one(hello), keepalive_timeout=KEEP_S)
    async with opened(stage) as session:
        await get(session, site.url)
        await asyncio.sleep(KEEP_S / 6)
        await get(session, site.url)
        assert site.connections == 1
        await asyncio.sleep(2 * KEEP_S)
        await get(session, site.url)
        assert site.connections == 2


async def test_a_client_drops_a_connection_that_rests(stage: Stage) -> None:
    """After the pool's `keepalive_timeout` the next request opens another; before, not."""
    site = await stage.serve(one(hello))
    async with opened(stage, keepalive_timeout=KEEP_S) as session:
        await get(session, site.url)
        await asyncio.sleep(KEEP_S / 6)
        await get(session, site.url)
        assert site.connections == 1
        await asyncio.sleep(1.5 * KEEP_S)
        await get(session, site.url)
        assert site.connections == 2


async def test_a_client_closes_what_rests_without_being_asked(stage: Stage) -> None:
    """The pool sweeps itself: the server sees the end though no other request comes."""
    site = await stage.serve(one(hello))
    async with opened(stage, keepalive_timeout=KEEP_S) as session:
        await get(session, site.url)
        server = site.runner.server
        assert server is not None
        assert len(server.connections) == 1
        began_s = now()
        await settled(lambda: not server.connections)
        assert now() - began_s > KEEP_S / 2


async def test_either_side_may_ask_to_close(stage: Stage) -> None:
    """`Connection: close` from the server or from the client ends a connection's use."""

    async def last(request: web.Request) -> web.Response:
        response = web.Response()
        if request.path == "/last":
            response.force_close()
        return response

    site = await stage.serve(one(last))
    async with opened(stage) as session:
        for _ in range(2):
            await get(session, f"{site.url}/last")
        assert site.connections == 2
        for _ in range(2):
            async with session.get(site.url, headers={"Connection": "close"}) as response:
                await response.read()
        assert site.connections == 4


async def test_a_pooled_connection_that_the_server_closed_is_not_used(stage: Stage) -> None:
    """The end is seen while it rests, so that even a POST goes out on another."""
    accepted = 0

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal accepted
        accepted += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    url = await stage.listen(once)
    async with opened(stage) as session:
        for number in range(3):
            async with session.post(url) as response:
                assert response.status == 200
            await asyncio.sleep(SOON_S)
            assert accepted == number + 1


async def second_time_unlucky(stage: Stage) -> tuple[str, list[bytes]]:
    """Serve what answers the first request of the first connection, and hangs up on the next."""
    methods: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                methods.append((await reader.readuntil(b"\r\n\r\n")).split()[0])
                if len(methods) == 2:
                    break
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        except asyncio.IncompleteReadError:
            pass
        writer.close()

    return await stage.listen(talk), methods


async def test_a_get_is_sent_again_when_its_pooled_connection_ends(stage: Stage) -> None:
    """The retry that aiohttp makes by itself: the caller does not see it, the server does."""
    url, methods = await second_time_unlucky(stage)
    async with opened(stage) as session:
        assert await get(session, url) == 200
        assert await get(session, url) == 200
    assert methods == [b"GET"] * 3


async def test_a_post_is_not_sent_again(stage: Stage) -> None:
    """It may have been done already."""
    url, methods = await second_time_unlucky(stage)
    async with opened(stage) as session:
        async with session.post(url) as response:
            assert response.status == 200
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await session.post(url)
    assert methods == [b"POST"] * 2


async def test_a_connect_that_is_refused(stage: Stage) -> None:
    """The host says no: an error at once, and the host's name in it."""
    url = stage.refusing()
    async with opened(stage) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            await session.get(url)
        assert isinstance(caught.value.os_error, ConnectionRefusedError)
        assert url == f"http://{caught.value.host}:{caught.value.port}"


@pytest.mark.parametrize("name", ["total", "connect", "sock_connect"])
async def test_a_connect_that_is_not_answered(stage: Stage, name: str) -> None:
    """Nobody says anything: each of the limits ends it, and nothing of it stays."""
    limits: dict[str, Any] = {"total": None, "sock_connect": None, name: 2 * SOON_S}
    limit = aiohttp.ClientTimeout(**limits)
    async with opened(stage) as session, stage.unanswered() as url:
        began_s = now()
        with pytest.raises(TimeoutError) as caught:
            await session.get(url, timeout=limit)
        took(stage, began_s, 2 * SOON_S)
        assert isinstance(caught.value, aiohttp.ConnectionTimeoutError) is (name != "total")


async def test_a_raw_connect_that_is_refused(stage: Stage) -> None:
    """Without aiohttp it is Python's own error."""
    with pytest.raises(ConnectionRefusedError):
        await dial(stage.refusing())


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def test_a_server_that_hangs_up_before_it_answers(stage: Stage) -> None:
    """The request was sent and nothing came back."""
    url = await stage.listen(hang_up)
    async with opened(stage) as session:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await session.get(url)


async def test_a_server_that_hangs_up_in_the_headers(stage: Stage) -> None:
    """Half a status line is no answer either."""

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-")
        writer.close()

    url = await stage.listen(half)
    async with opened(stage) as session:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await session.get(url)


async def test_a_server_that_talks_nonsense(stage: Stage) -> None:
    """What is not HTTP is an error of the answer."""

    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        writer.close()

    url = await stage.listen(nonsense)
    async with opened(stage) as session:
        with pytest.raises(aiohttp.ClientResponseError):
            await session.get(url)


async def test_a_client_that_talks_nonsense(stage: Stage) -> None:
    """It gets a 400 and the end of its connection."""
    site = await stage.serve(one(hello))
    reader, writer = await dial(site.url)
    writer.write(b"nonsense\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.0 400 ")
    writer.close()


async def test_several_servers_on_one_host(stage: Stage) -> None:
    """Each port has its own application; closing one leaves the other alone."""
    names = ("one", "two", "three")
    sites: list[Site] = []
    for name in names:

        async def tell(_: web.Request, name: str = name) -> web.Response:
            return web.Response(text=name)

        sites.append(await stage.serve(one(tell)))
    async with opened(stage) as session:
        for site, name in zip(sites, names, strict=True):
            async with session.get(site.url) as response:
                assert await response.text() == name
        await sites[1].runner.cleanup()
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(sites[1].url)
        assert await get(session, sites[0].url) == 200
        assert await get(session, sites[2].url) == 200


async def test_both_ends_know_their_addresses(stage: Stage) -> None:
    """A server learns its own port and some peer; a client, the port that it called."""
    seen: dict[str, Any] = {}

    async def who(request: web.Request) -> web.Response:
        seen.update(
            own=request.get_extra_info("sockname"),
            peer=request.get_extra_info("peername"),
            remote=request.remote,
            none=request.get_extra_info("no such thing", "-"),
        )
        return web.Response()

    site = await stage.serve(one(who))
    port = int(site.url.rpartition(":")[2])
    async with opened(stage) as session, session.get(site.url) as response:
        connection = response.connection or None
        assert response.url.port == port
        assert connection is None or connection.transport is not None
    assert seen["own"][1] == port
    assert seen["remote"] == seen["peer"][0]
    assert seen["peer"][1] >= 1024
    assert seen["none"] == "-"
    _, writer = await dial(site.url)
    assert writer.get_extra_info("peername")[1] == port
    assert writer.get_extra_info("sockname")[1] not in (port, seen["peer"][1])
    writer.close()


async def test_large_headers(stage: Stage) -> None:
    """Up to 8 KiB in a field both ways; above, a 400 from the server and an error at the client."""

    async def mirror(request: web.Request) -> web.Response:
        return web.Response(headers={"X-Back": "y" * int(request.headers["X-Size"])})

    site = await stage.serve(one(mirror))
    async with opened(stage) as session:
        headers = {"X-There": "x" * 8000, "X-Size": "8000"}
        async with session.get(site.url, headers=headers) as response:
            assert response.headers["X-Back"] == "y" * 8000
        async with session.get(site.url, headers={"X-There": "x" * 20_000}) as response:
            assert response.status == 400
        with pytest.raises(aiohttp.ClientResponseError):
            await session.get(site.url, headers={"X-Size": "20000"})
        many = {f"X-{number}": "z" * 500 for number in range(60)}
        async with session.get(site.url, headers={**many, "X-Size": "1"}) as response:
            assert response.status == 200


async def test_continue_is_asked_for_and_given(stage: Stage) -> None:
    """With `expect100` the body waits for the server's word."""
    site = await stage.serve(one(echo))
    async with (
        opened(stage) as session,
        session.post(site.url, data=b"body", expect100=True) as response,
    ):
        assert await response.read() == b"body"
    reader, writer = await dial(site.url)
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    writer.write(head)
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"body")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
    assert await reader.readexactly(4) == b"body"
    writer.close()


async def test_continue_is_asked_for_and_refused(stage: Stage) -> None:
    """A server that does not want the body says so before it is sent."""

    async def refuse(request: web.Request) -> None:
        del request
        raise web.HTTPExpectationFailed

    app = web.Application()
    app.router.add_post("/", echo, expect_handler=refuse)
    site = await stage.serve(app, lingering_time=0.1)
    reader, writer = await dial(site.url)
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    writer.write(head)
    assert (await reader.read()).startswith(b"HTTP/1.1 417 ")
    writer.close()


async def turn(request: web.Request) -> web.Response:
    if status := request.query.get("status"):
        return web.Response(status=int(status), headers={"Location": "/there"})
    return web.json_response([request.method, request.path, await request.text()])


@pytest.mark.parametrize(("status", "method"), [(302, "GET"), (303, "GET"), (307, "POST")])
async def test_redirects(stage: Stage, status: int, method: str) -> None:
    """A POST becomes a GET without a body, except by 307; one connection serves both."""
    site = await stage.serve(one(turn))
    async with opened(stage) as session:
        async with session.post(f"{site.url}/?status={status}", data="body") as response:
            body = "body" if method == "POST" else ""
            assert await response.json() == [method, "/there", body]
            assert [step.status for step in response.history] == [status]
        options = {"allow_redirects": False}
        async with session.post(f"{site.url}/?status={status}", **options) as response:
            assert (response.status, response.headers["Location"]) == (status, "/there")
    assert site.connections == 1


async def test_a_redirect_to_another_server(stage: Stage) -> None:
    """It opens a connection of its own."""
    target = await stage.serve(one(hello))

    async def away(_: web.Request) -> web.Response:
        raise web.HTTPFound(target.url)

    site = await stage.serve(one(away))
    async with opened(stage) as session, session.get(site.url) as response:
        assert await response.text() == "hello"
        assert str(response.url).rstrip("/") == target.url
    assert (site.connections, target.connections) == (1, 1)


async def test_redirects_in_a_circle(stage: Stage) -> None:
    """They end after `max_redirects`."""

    async def circle(request: web.Request) -> web.Response:
        raise web.HTTPFound(request.path)

    site = await stage.serve(one(circle))
    async with opened(stage) as session:
        with pytest.raises(aiohttp.TooManyRedirects):
            await session.get(site.url, max_redirects=3)
    assert site.connections == 1


async def test_closing_a_session_closes_its_connections(stage: Stage) -> None:
    """Who still waits for an answer learns of it, and so does the server."""
    busy = Busy(6 * SOON_S)
    site = await stage.serve(one(busy.handle))
    async with opened(stage) as session:
        asking = asyncio.create_task(get(session, site.url))
        await settled(lambda: busy.at_once == 1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await asking
    server = site.runner.server
    assert server is not None
    await settled(lambda: not server.connections)
