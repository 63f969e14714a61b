"""Two stages for one suite: hosts of the simulator, and real sockets on loopback.

A scenario is written once, as asyncio and aiohttp code, and plays on both. The one who plays is the
client; what it serves runs on another host, where there are hosts.
"""

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar

import aiohttp
from aiohttp import web

from harness.engines.sim.connector import SimConnector
from harness.engines.sim.engine import DELAY_S
from harness.engines.sim.link import SimLink
from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.network import Network
from harness.engines.sim.process import Process
from harness.model.fault import Connects
from tests.ports import free_port

T = TypeVar("T")
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

PATIENCE_S = 20.0
"""What a play may take of real time; one that takes as long is stuck."""

SOON_S = 0.15
"""Long enough for everything that does not wait for a timer; real sockets may be slower."""

EARLY_S = 0.005
"""Timers count in other units than clocks."""


class Site:
    """An application that is served: its address and the connections that brought requests."""

    def __init__(self, runner: web.AppRunner) -> None:
        self.url = ""
        self.runner = runner
        self._seen: dict[object, None] = {}

    def note(self, request: web.Request) -> None:
        """Remember a request's connection."""
        self._seen[request.protocol] = None

    @property
    def connections(self) -> int:
        """The number of connections so far, open or not, that brought a request."""
        return len(self._seen)


class Stage(Protocol):
    """Where a scenario plays; `late_s` is how late its timers may be."""

    late_s: float
    threadless: bool

    def play(self, scenario: Coroutine[Any, Any, T]) -> T:
        """Play a scenario as the client, and see that it leaves nothing behind."""

    async def serve(self, app: web.Application, **options: Any) -> Site:
        """Serve an application; options are those of `web.AppRunner`."""

    async def listen(self, talk: Talk) -> str:
        """Serve raw connections; gives the URL."""

    async def raw(
        self, factory: Callable[[], asyncio.BaseProtocol], **options: Any
    ) -> tuple[str, asyncio.AbstractServer]:
        """Serve a protocol; gives the URL, and asyncio's server."""

    def crashes(self) -> list[dict[str, Any]]:
        """Give what the loop's exception handler was told so far, which then counts as expected."""

    def connector(self, **options: Any) -> aiohttp.BaseConnector:
        """Make a connector; options are `limit`, `limit_per_host` and `keepalive_timeout`."""

    def refusing(self) -> str:
        """Give the URL of a host that refuses connects."""

    def unanswered(self) -> contextlib.AbstractAsyncContextManager[str]:
        """Give the URL of a host that answers no connect."""


class Common:
    """What both stages do alike."""

    late_s: float

    def __init__(self) -> None:
        self._closing = contextlib.AsyncExitStack()
        self._crashes: list[dict[str, Any]] = []

    def crashes(self) -> list[dict[str, Any]]:
        """Give what the loop's exception handler was told, and forget it."""
        crashes, self._crashes = self._crashes, []
        return crashes

    async def _start(self, app: web.Application, options: dict[str, Any]) -> Site:
        runner = web.AppRunner(
            app, **{"access_log": None, "handle_signals": False, "shutdown_timeout": 0.1, **options}
        )
        site = Site(runner)
        app.middlewares.insert(0, _noting(site))
        self._closing.push_async_callback(runner.cleanup)
        await runner.setup()
        return site

    async def _whole(self, scenario: Coroutine[Any, Any, T]) -> T:
        """Play, close what was served, and see that no task goes on."""
        async with asyncio.timeout(PATIENCE_S):
            async with self._closing:
                result = await scenario
            await self._rest()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert self._crashes == []
        return result

    async def _rest(self) -> None:
        """Let what has been closed end."""
        for _ in range(20):
            await asyncio.sleep(SOON_S / 10)
            if self.late_s > SOON_S and len(asyncio.all_tasks()) == 1:
                break


class Simulated(Common):
    """Two hosts of the simulated network, in virtual time: nothing is late."""

    late_s = 0.01
    threadless = True

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.loop.on_crash = lambda _, details: self._crashes.append(details)
        self.link = SimLink("client", "server", DELAY_S, random.Random(1))
        self._dead = SimLink("client", "dead", DELAY_S, random.Random(1))
        self._dead.set_up(up=False)
        mute = SimLink("client", "mute", DELAY_S, random.Random(1))
        mute.connects = Connects.UNANSWERED
        network = Network(self.loop, [self.link, self._dead, mute])
        self._client, self._server = Process("client", 0), Process("server", 0)
        network.processes.update(client=self._client, server=self._server)
        self._port = 8080

    def play(self, scenario: Coroutine[Any, Any, T]) -> T:
        """Play on a network of its own, and see that no connection stays."""
        try:
            whole = self._whole(scenario)
            context = self._client.context()
            result = self.loop.run_until_complete(self.loop.create_task(whole, context=context))
        finally:
            self.loop.close()
        for process in (self._client, self._server):
            assert list(process.endpoints) == []
            assert process.listeners == {}
        assert self.link.pipes == {}
        return result

    async def serve(self, app: web.Application, **options: Any) -> Site:
        """Serve on the next port of the server's host."""
        site = await self._on_server(self._start(app, options))
        site.url = self._url()
        await self._on_server(web.TCPSite(site.runner, None, self._port).start())
        return site

    async def listen(self, talk: Talk) -> str:
        """Listen on the next port of the server's host."""
        url = self._url()
        server = await self._on_server(asyncio.start_server(talk, port=self._port))
        self._closing.callback(server.close)
        return url

    async def raw(
        self, factory: Callable[[], asyncio.BaseProtocol], **options: Any
    ) -> tuple[str, asyncio.AbstractServer]:
        """Listen on the next port of the server's host."""
        url = self._url()
        making = self.loop.create_server(factory, port=self._port, **options)
        server: asyncio.AbstractServer = await self._on_server(making)
        self._closing.callback(server.close)
        return url, server

    def connector(self, **options: Any) -> aiohttp.BaseConnector:
        """Give the simulator's."""
        return SimConnector(**options)

    def refusing(self) -> str:
        """Name a host whose link is down."""
        return "http://dead:8080"

    @contextlib.asynccontextmanager
    async def unanswered(self) -> AsyncIterator[str]:
        """Name a host whose link answers nobody."""
        yield "http://mute:8080"

    def _url(self) -> str:
        self._port += 1
        return f"http://server:{self._port}"

    async def _on_server(self, work: Coroutine[Any, Any, T]) -> T:
        return await self.loop.create_task(work, context=self._server.context())


class Loopback(Common):
    """Real sockets on 127.0.0.1, in real time."""

    late_s = 0.5
    threadless = False

    def play(self, scenario: Coroutine[Any, Any, T]) -> T:
        """Play on a loop of its own."""

        async def whole() -> T:
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _, details: self._crashes.append(details))
            return await self._whole(scenario)

        return asyncio.run(whole())

    async def serve(self, app: web.Application, **options: Any) -> Site:
        """Serve on any free port."""
        site = await self._start(app, options)
        await web.TCPSite(site.runner, "127.0.0.1", 0).start()
        site.url = f"http://127.0.0.1:{site.runner.addresses[0][1]}"
        return site

    async def listen(self, talk: Talk) -> str:
        """Listen on any free port."""
        server = await asyncio.start_server(talk, "127.0.0.1")
        self._closing.callback(server.close)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def raw(
        self, factory: Callable[[], asyncio.BaseProtocol], **options: Any
    ) -> tuple[str, asyncio.AbstractServer]:
        """Listen on any free port."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(factory, "127.0.0.1", 0, **options)
        self._closing.callback(server.close)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", server

    def connector(self, **options: Any) -> aiohttp.BaseConnector:
        """Give aiohttp's own."""
        return aiohttp.TCPConnector(**options)

    def refusing(self) -> str:
        """Name a port that nothing listens on."""
        return f"http://127.0.0.1:{free_port()}"

    @contextlib.asynccontextmanager
    async def unanswered(self) -> AsyncIterator[str]:
        """Name a port whose queue is full: Linux drops further connects."""
        with contextlib.ExitStack() as sockets:
            full = sockets.enter_context(socket.socket())
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            for _ in range(2):
                filler = sockets.enter_context(socket.socket())
                filler.settimeout(0)
                filler.connect_ex(full.getsockname())
            await asyncio.sleep(SOON_S)
            yield f"http://127.0.0.1:{full.getsockname()[1]}"


def _noting(site: Site) -> Any:
    @web.middleware
    async def note(request: web.Request, handler: Any) -> web.StreamResponse:
        site.note(request)
        response: web.StreamResponse = await handler(request)
        return response

    return note


def now() -> float:
    """Read the running loop's clock, virtual or real, in seconds."""
    return asyncio.get_running_loop().time()


def took(stage: Stage, began_s: float, expected_s: float) -> None:
    """Assert that a stretch of time took as long as expected, and not much longer."""
    assert expected_s - EARLY_S <= now() - began_s <= expected_s + stage.late_s


async def dial(url: str) -> Streams:
    """Open a raw connection to a URL's host and port."""
    host, port = url.removeprefix("http://").split(":")
    return await asyncio.open_connection(host, int(port))


def one(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.Application:
    """Serve every method and path by one handler."""
    app = web.Application(client_max_size=0)
    app.router.add_route("*", "/{tail:.*}", handler)
    return app


async def echo(request: web.Request) -> web.Response:
    """Answer with the request's body."""
    return web.Response(body=await request.read())


async def hello(request: web.Request) -> web.Response:
    """Answer at once."""
    del request
    return web.Response(text="hello")


def opened(stage: Stage, *, session: dict[str, Any] | None = None, **options: Any) -> Any:
    """Open a client session; options are the connector's, `session` holds the session's."""
    return aiohttp.ClientSession(
        connector=stage.connector(**options), cookie_jar=aiohttp.DummyCookieJar(), **session or {}
    )


async def settled(condition: Callable[[], bool]) -> None:
    """Wait until something is so that only needs the other side to run."""
    async with asyncio.timeout(PATIENCE_S / 4):
        while not condition():  # noqa: ASYNC110 - it may be aiohttp's state, which sets no event
            await asyncio.sleep(SOON_S / 10)
