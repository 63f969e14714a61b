"""The console's server: a page and its sessions, for this machine alone.

Whoever has the address may do everything, so it holds a token that is drawn at each start. A page
from elsewhere cannot guess it; should it have it, its Origin gives it away, and a name that was
bound to this machine by a foreign DNS server does not stand in our Host. Each session is a process;
pages that ask for the same one see the same.
"""

import asyncio
import hmac
import json
import logging
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from harness.live.child import GRACE_S, Child, TooManyError
from harness.live.class_desk import ClassDesk
from harness.live.class_vote import network_address
from harness.live.commands import MOST_BYTES
from harness.live.rates import Bucket

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")
PAGE = Path(__file__).parent / "page"
TYPES = {
    ".html": "text/html",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}
SESSION = re.compile(r"[a-z0-9]{1,32}")
TOOL = re.compile(r"[a-z]+(-[a-z]+)*")
MOST_SESSIONS = 8
"""A page has two of them side by side."""
MOST_WATCHERS = 30
RATE, BURST = 50.0, 100.0
"""Commands a second that one page may send, and how many at once; a person's fingers send ten."""
MOST_REFUSED = 1000
"""Commands beyond that, after which a page is cut off."""
WAITING = 8
"""Messages that may wait for a page that does not read; it then misses pictures alone."""
MOST_WAITING = 1000
"""Messages that are no pictures, after which a page that does not read is cut off."""
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'; connect-src 'self' ws://127.0.0.1:* ws://localhost:*",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
log = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Watcher:
    """One page that looks at a session; what it does not read in time, it misses.

    One that reads nothing at all is cut off, before what waits for it fills the memory.
    """

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.BaseTransport) -> None:
        self.socket = socket
        self._transport: Any = transport
        self._waiting: asyncio.Queue[str] = asyncio.Queue()

    def tell(self, text: str, *, may_miss: bool) -> None:
        """Hand a message over, unless it is one of many and the page is behind."""
        if may_miss and self._waiting.qsize() >= WAITING:
            return
        if self._waiting.qsize() >= MOST_WAITING:
            self._transport.abort()
            return
        self._waiting.put_nowait(text)

    async def write(self) -> None:
        """Write what is handed over, until the page goes."""
        with suppress(ConnectionError):
            while not self.socket.closed:
                await self.socket.send_str(await self._waiting.get())


class Room:
    """A session's process, and the pages that look at it."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.watchers: set[Watcher] = set()
        self.opened = ""
        self.relaying = asyncio.create_task(self._relay())

    async def _relay(self) -> None:
        async for text in self.child.lines():
            kind = _kind(text)
            if kind == "opened":
                self.opened = text
            for watcher in self.watchers:
                watcher.tell(text, may_miss=kind == "tick")
        for watcher in list(self.watchers):
            await watcher.socket.close(code=WSCloseCode.GOING_AWAY, message=b"the session is over")


class Console:
    """The application: pages under `/TOKEN/`, and one WebSocket a page."""

    def __init__(
        self,
        start: Callable[[], Awaitable[Child]],
        vote_host: Callable[[], str] = network_address,
    ) -> None:
        self.desk = ClassDesk(vote_host, self._tell_all)
        self.token = secrets.token_urlsafe(24)
        self.port = 0
        self._start = start
        self._rooms: dict[str, Room] = {}

    def application(self) -> web.Application:
        """Make the application, every handler behind the same guard."""
        made = web.Application(middlewares=[self._guard], client_max_size=MOST_BYTES)
        made.router.add_get("/{token}/", self._page)
        made.router.add_get("/{token}/session/{name}", self._session)
        made.router.add_get("/{token}/tools", self._tool)
        made.router.add_get("/{token}/tool/{name}", self._tool)
        made.router.add_get("/{token}/{file}", self._page)
        made.cleanup_ctx.append(self._closing)
        return made

    def address(self) -> str:
        """Give the address that opens the console: whoever has it may use it."""
        return f"http://{HOST}:{self.port}/{self.token}/"

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        why = self._against(request)
        if why:
            log.warning("refused a request from %s: %s", request.remote, why)
            return web.Response(status=403, text=f"{why}\n", headers=HEADERS)
        return await handler(request)

    def _against(self, request: web.Request) -> str:
        """Say why a request is refused; "" if it is not."""
        hosts = [f"{name}:{self.port}" for name in NAMES]
        if request.host not in hosts:
            return "this console answers to its own address only"
        token = request.match_info.get("token", "")
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            return "open the address that ./lab play printed; it holds the token of this start"
        origin = request.headers.get("Origin")
        is_socket = "Upgrade" in request.headers
        if (origin is None and is_socket) or origin not in (None, f"http://{request.host}"):
            return "commands come from the console's own page only"
        return ""

    async def _page(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info.get("file", "index.html")
        path = PAGE / name
        if path.suffix not in TYPES or path.parent != PAGE or not path.is_file():
            return web.Response(status=404, text="no such page\n", headers=HEADERS)
        kind = TYPES[path.suffix]
        return web.Response(body=path.read_bytes(), content_type=kind, headers=HEADERS)

    async def _tool(self, request: web.Request) -> web.StreamResponse:
        """Lead to the page with a tool, or with the list of them, which the engine tells."""
        name = request.match_info.get("name")
        if name is not None and not TOOL.fullmatch(name):
            return web.Response(status=404, text="no such tool\n", headers=HEADERS)
        to = "tools" if name is None else f"tool={name}"
        return web.Response(status=302, headers={**HEADERS, "Location": f"/{self.token}/#{to}"})

    async def _session(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if not SESSION.fullmatch(name):
            return web.Response(status=404, text="no such session\n", headers=HEADERS)
        socket = web.WebSocketResponse(max_msg_size=MOST_BYTES, heartbeat=20)
        await socket.prepare(request)
        try:
            room = await self._room(name)
        except TooManyError as error:
            await socket.send_str(json.dumps({"say": "failed", "why": str(error), "over": True}))
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
            return socket
        assert request.transport is not None  # noqa: S101 - the handshake went over it
        await self._watch(room, Watcher(socket, request.transport))
        if not room.watchers and not room.child.is_over:
            await asyncio.sleep(GRACE_S)
        if not room.watchers:
            await self._end(name, room)
        return socket

    async def _room(self, name: str) -> Room:
        """Find the session of a name, or start one.

        Raises:
            TooManyError: there are as many as may be, or as many look at this one.

        """
        room = self._rooms.get(name)
        if room is None or room.child.is_over:
            if len(self._rooms) - (room is not None) >= MOST_SESSIONS:
                raise TooManyError(
                    f"{MOST_SESSIONS} sessions are open, which is all that there may be; close one"
                )
            room = self._rooms[name] = Room(await self._start())
        if len(room.watchers) >= MOST_WATCHERS:
            raise TooManyError(f"{MOST_WATCHERS} pages look at this session; close one")
        return room

    async def _watch(self, room: Room, watcher: Watcher) -> None:
        """Pass on what a page says, as long as it is there."""
        room.watchers.add(watcher)
        writing = asyncio.create_task(watcher.write())
        if room.opened:
            watcher.tell(room.opened, may_miss=False)
        try:
            await self._listen(room, watcher)
        finally:
            room.watchers.discard(watcher)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    async def _listen(self, room: Room, watcher: Watcher) -> None:
        bucket, refused = Bucket(asyncio.get_running_loop().time, RATE, BURST), 0
        async for message in watcher.socket:
            if message.type is not WSMsgType.TEXT:
                log.warning("a page sent what is too large, or no text; it was cut off")
                await watcher.socket.close(code=WSCloseCode.UNSUPPORTED_DATA)
                return
            if bucket.takes():
                if self.desk.is_for(message.data):
                    said = await self.desk.take(message.data, room)
                    watcher.tell(said, may_miss=False)
                else:
                    await room.child.tell(message.data)
                continue
            refused += 1
            if refused == 1:
                log.warning("a page sends too many commands; those beyond %g/s are dropped", RATE)
            if refused > MOST_REFUSED:
                await watcher.socket.close(code=WSCloseCode.POLICY_VIOLATION)
                return
            why = f"too many commands: {RATE:g} a second are taken"
            # The first is told whatever waits; a flood of them is not.
            said = json.dumps({"say": "refused", "id": None, "why": why})
            watcher.tell(said, may_miss=refused > 1)
            await asyncio.sleep(0)  # a page that never pauses must not keep its answers waiting

    def _tell_all(self, text: str) -> None:
        """Tell every page of every session."""
        for room in self._rooms.values():
            for watcher in room.watchers:
                watcher.tell(text, may_miss=False)

    async def _end(self, name: str, room: Room) -> None:
        await self.desk.left(room)
        if self._rooms.get(name) is room:
            del self._rooms[name]
        await room.child.end()
        room.relaying.cancel()
        await asyncio.gather(room.relaying, return_exceptions=True)

    async def _closing(self, _: web.Application) -> AsyncIterator[None]:
        yield
        for name, room in list(self._rooms.items()):
            for watcher in list(room.watchers):
                await watcher.socket.close(code=WSCloseCode.GOING_AWAY)
            await self._end(name, room)


async def serving(console: Console, port: int = 0) -> web.AppRunner:
    """Listen on this machine's loopback; the port is drawn where none is given.

    Raises:
        OSError: the port is taken.

    """
    runner = web.AppRunner(console.application(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, HOST, port)
    await site.start()
    addresses: list[Any] = runner.addresses
    console.port = addresses[0][1]
    return runner


def _kind(text: str) -> str:
    """Read what a message of our own process is; it begins with it."""
    found = re.match(r'\{"say": "([a-z]+)"', text)
    return found[1] if found else ""
