"""Hub: keeps messages for people, and tells them by polls, long polls, events or a socket.

A *poll* is answered at once. A *long poll* is answered when there is something, or after a while.
*Server-sent events* are one answer that never ends; between messages it may hold heartbeats, which
are lines that say nothing. A *WebSocket* carries messages both ways; the hub's pings on it must be
answered, and a socket that does not answer is closed. What is written to somebody who is not there
any more is written all the same: the network says nothing of it. Sources: RFC 6202 for long polls;
the HTML standard for server-sent events; RFC 6455 for WebSockets. In production: aiohttp-sse,
python-socketio, Centrifugo.
"""

import asyncio
import math
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from types import MappingProxyType

from aiohttp import web
from prometheus_client import Counter, Gauge

from services.context import Context
from services.patterns.timeout import time_limit
from services.server import at_least, live

CLOSE_S = 0.5
"""How long a socket may take to say goodbye."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How often events carry a heartbeat, and how often a socket is pinged; 0 for never.

    A ping that is not answered within half of that time closes the socket.
    """

    heartbeat_ms: float = live(0)
    ping_ms: float = live(0)

    REFUSED = MappingProxyType(
        dict.fromkeys(
            ("incoming", "outgoing"),
            "answers of a hub do not end, and it calls nobody; make polls rarer in its callers",
        )
    )

    def __post_init__(self) -> None:
        at_least(0, heartbeat_ms=self.heartbeat_ms, ping_ms=self.ping_ms)


class Box:
    """One person's messages, each by the time at which it came, and a bell for the next one."""

    def __init__(self) -> None:
        self.came_s: list[float] = []
        self._bell = asyncio.Event()

    def ring(self) -> None:
        """Wake everybody who waits for something new."""
        self._bell.set()
        self._bell = asyncio.Event()

    async def news(self, after: int, wait_ms: float) -> list[float]:
        """Give what came after so many messages; wait for it where there is nothing, 0 for ever."""
        if len(self.came_s) <= after:
            with suppress(TimeoutError):
                async with time_limit(wait_ms):
                    await self._bell.wait()
        return self.came_s[after:]


class Hub:
    """All boxes, and the connections that are kept for those who wait."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._boxes: defaultdict[int, Box] = defaultdict(Box)
        self._closing = False
        registry = ctx.metrics
        self._asked = Counter("asked", "Requests of those who read", registry=registry)
        self._held = Gauge("held", "Connections that are kept", ("place",), registry=registry)
        self._written = Counter("written", "Messages written", ("place",), registry=registry)

    async def close(self, _: web.Application) -> None:
        """Let everything end that waits."""
        self._closing = True
        for box in self._boxes.values():
            box.ring()

    async def add(self, request: web.Request) -> web.Response:
        """Take a message for somebody."""
        box = self._boxes[int(request.match_info["person"])]
        box.came_s.append(self._ctx.now())
        box.ring()
        return web.Response(text="kept\n")

    async def poll(self, request: web.Request) -> web.Response:
        """Answer with what is new, a line each: now, or after a while where there is nothing."""
        self._asked.inc()
        box, after, place = self._reader(request)
        wait_ms = _number(request, "wait_ms")
        with self._holding(place) if wait_ms else nullcontext():
            news = await box.news(after, wait_ms) if wait_ms else box.came_s[after:]
        self._written.labels(place).inc(len(news))
        return web.Response(text="".join(f"{came_s:.6f}\n" for came_s in news))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Answer without an end, with messages as they come."""
        self._asked.inc()
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        with suppress(ConnectionError):
            await response.prepare(request)
            async for text in self._told(request, self._ctx.settings.heartbeat_ms):
                await response.write(f"data: {text}\n\n".encode() if text else b":\n\n")
        return response

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """Send messages over a WebSocket, for as long as its pings are answered."""
        self._asked.inc()
        beat_s = self._ctx.settings.ping_ms / 1000 or None
        response = web.WebSocketResponse(heartbeat=beat_s, timeout=CLOSE_S)
        await response.prepare(request)

        async def write() -> None:
            with suppress(ConnectionError):
                async for text in self._told(request, 0):
                    if text:
                        await response.send_str(text)
            await response.close()

        async with asyncio.TaskGroup() as group:
            writing = group.create_task(write())
            async for _ in response:
                pass
            writing.cancel()
        return response

    async def _told(self, request: web.Request, every_ms: float) -> AsyncIterator[str]:
        """Give messages as they come, and an empty text whenever nothing came for a time."""
        box, after, place = self._reader(request)
        with self._holding(place):
            while not self._closing:
                news = await box.news(after, every_ms)
                after += len(news)
                for came_s in news:
                    yield f"{came_s:.6f}"
                    self._written.labels(place).inc()
                if not news:
                    yield ""

    def _holding(self, place: str) -> AbstractContextManager[None]:
        return self._held.labels(place).track_inprogress()

    def _reader(self, request: web.Request) -> tuple[Box, int, str]:
        """Read whose messages are asked for, how many of them are known, and where from."""
        box = self._boxes[int(request.match_info["person"])]
        return box, round(_number(request, "after")), request.query.get("from", "")


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `POST /people/{person}/messages`, and `GET` of the same, `/events` and `/socket`.

    A reader says how many messages it has (`after`), where it is (`from`), and for a long poll how
    long it waits (`wait_ms`). A message is the time of the run at which it came.
    """
    hub = Hub(ctx)
    application = web.Application()
    application.on_shutdown.append(hub.close)
    person = r"/people/{person:\d+}"
    application.router.add_post(f"{person}/messages", hub.add)
    application.router.add_get(f"{person}/messages", hub.poll)
    application.router.add_get(f"{person}/events", hub.events)
    application.router.add_get(f"{person}/socket", hub.socket)
    return application


def _number(request: web.Request, name: str) -> float:
    """Read a number of a path, 0 where it is not there.

    Raises:
        web.HTTPBadRequest: it is none.

    """
    said = request.query.get(name, "0")
    try:
        value = float(said)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise web.HTTPBadRequest(text=f"{name} must be a number of at least 0, not {said}\n")
    return value
