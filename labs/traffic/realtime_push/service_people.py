"""People: many programs that are open and idle, each waiting to be told of messages of its own.

They ask every so often (*polling*), keep a question open (*long polling*), or keep a connection, as
server-sent events or as a WebSocket. A connection that is silent looks like one that is cut: a
program notices only where something must come every so often, and does not. One that has noticed
tries again after a random pause. In production: a browser's `fetch`, `EventSource`, `WebSocket`.
"""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import aiohttp
from aiohttp import web
from prometheus_client import Counter, Gauge

from services.context import Context
from services.server import at_least, in_background, live

BEGIN_S = 2.0
"""Over how long the programs are opened."""
CLOSE = aiohttp.ClientWSTimeout(ws_close=0.5)
DATA = b"data: "
LOST = (TimeoutError, aiohttp.ClientError, ConnectionError)


class Style(StrEnum):
    """How a program hears of its messages."""

    POLLING = "polling"
    LONG_POLLING = "long-polling"
    EVENTS = "events"
    SOCKET = "socket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How many programs there are, from which number on, and how each of them hears of messages.

    Polls come every `poll_ms`; a long poll is kept for `wait_ms`. A stream of events that brings
    nothing for `silence_ms` is given up, 0 for never, and so is an answer that has not begun after
    `timeout_ms`. A socket answers pings and sends none, as in a browser.
    """

    style: Style = Style.POLLING
    people: int = 100
    first: int = 0
    poll_ms: float = live(4000)
    wait_ms: float = live(8000)
    silence_ms: float = live(0)
    timeout_ms: float = live(2000)
    again_ms: float = live(2000)

    REFUSED = MappingProxyType(
        dict.fromkeys(
            ("incoming", "outgoing"),
            "people have no guards; set timeout_ms and the pauses, or guard what they ask",
        )
    )

    def __post_init__(self) -> None:
        at_least(0, people=self.people, first=self.first, silence_ms=self.silence_ms)
        at_least(1, poll_ms=self.poll_ms, wait_ms=self.wait_ms)
        # Without a pause, programs that hear nothing would ask for ever at one instant.
        at_least(1, timeout_ms=self.timeout_ms, again_ms=self.again_ms)


class People:
    """All programs of one place, and what they have heard."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self.ctx = ctx
        self.hub = ctx.one_callee()
        registry = ctx.metrics
        self.trust = Gauge(
            "trusting",
            "Programs that hold their connection for good",
            ("place",),
            registry=registry,
        ).labels(ctx.host)
        self.heard = Counter("heard", "Messages that came", registry=registry)
        self.took = Counter("heard_seconds", "How old they were, together", registry=registry)

    async def run(self) -> None:
        """Open all programs."""
        settings = self.ctx.settings
        async with asyncio.TaskGroup() as group:
            for number in range(settings.first, settings.first + settings.people):
                group.create_task(Program(self, number).run())


class Program:
    """One person's program: how many messages it has, and whether it believes to be connected."""

    def __init__(self, people: People, person: int) -> None:
        self._people = people
        self._ctx = people.ctx
        self._person = person
        self._known = 0
        self._trusts = False
        self._share = self._ctx.rng.random()
        """How much of its first pause or wait is left, so that not all ask at one instant."""

    async def run(self) -> None:
        """Hear of messages for ever; after a loss, try again."""
        await asyncio.sleep(round(self._ctx.rng.uniform(0, BEGIN_S), 6))
        ways = {
            Style.POLLING: self._poll,
            Style.LONG_POLLING: self._wait,
            Style.EVENTS: self._follow,
            Style.SOCKET: self._talk,
        }
        while True:
            try:
                await ways[self._ctx.settings.style]()
            except LOST:
                self._trust(believes=False)
                again_s = self._ctx.settings.again_ms / 1000
                await asyncio.sleep(round(self._ctx.rng.uniform(0, 2 * again_s), 6))

    async def _poll(self) -> None:
        await self._ask(0)
        await asyncio.sleep(self._first(self._ctx.settings.poll_ms) / 1000)

    async def _wait(self) -> None:
        await self._ask(self._first(self._ctx.settings.wait_ms))

    async def _ask(self, wait_ms: float) -> None:
        """Ask once; the answer may take as long as it is told to, and the time limit."""
        limit_s = (self._ctx.settings.timeout_ms + wait_ms) / 1000
        call = self._ctx.call(self._people.hub, route="poll")
        async with (
            asyncio.timeout(limit_s),
            call.get(self._path("messages") + f"&wait_ms={wait_ms:.3f}") as response,
        ):
            response.raise_for_status()
            text = await response.text()
        self._trust(believes=True)
        for line in text.splitlines():
            self._hear(line)

    async def _follow(self) -> None:
        settings, loop = self._ctx.settings, asyncio.get_running_loop()
        call = self._ctx.call(self._people.hub, route="events")
        async with (
            asyncio.timeout(settings.timeout_ms / 1000) as limit,
            call.get(self._path("events")) as response,
        ):
            response.raise_for_status()
            self._trust(believes=True)
            while True:
                silence_s = self._ctx.settings.silence_ms / 1000
                limit.reschedule(loop.time() + silence_s if silence_s else None)
                line = await response.content.readline()
                if not line:
                    raise ConnectionResetError("the events have ended")
                if line.startswith(DATA):
                    self._hear(line.removeprefix(DATA).decode())

    async def _talk(self) -> None:
        settings = self._ctx.settings
        url = self._ctx.links[self._people.hub] + self._path("socket")
        async with asyncio.timeout(settings.timeout_ms / 1000) as limit:
            async with self._ctx.session.ws_connect(url, timeout=CLOSE) as socket:
                limit.reschedule(None)
                self._trust(believes=True)
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.TEXT:
                        self._hear(message.data)
        raise ConnectionResetError("the socket has ended")

    def _path(self, what: str) -> str:
        return f"/people/{self._person}/{what}?after={self._known}&from={self._ctx.host}"

    def _first(self, whole_ms: float) -> float:
        """Give a whole time, and a random share of it the first time."""
        share, self._share = self._share, 1.0
        return share * whole_ms

    def _hear(self, came_s: str) -> None:
        self._known += 1
        self._people.heard.inc()
        self._people.took.inc(max(0.0, self._ctx.now() - float(came_s)))

    def _trust(self, *, believes: bool) -> None:
        self._people.trust.inc(believes - self._trusts)
        self._trusts = believes


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: how many programs there are; what they do is in the background."""
    people = People(ctx)

    async def count(_: web.Request) -> web.Response:
        return web.Response(text=f"{ctx.settings.people}\n")

    application = web.Application()
    application.router.add_get("/", count)
    in_background(application, people.run)
    return application
