"""Server: one core, and requests that share it by one of the models of concurrency.

A model of concurrency is two numbers here. `slots` is how many requests can be in progress at a
time, each of which holds its slot while it waits for its callee: the threads or processes of a
pool, or a number without meaning for an event loop. `turn_ms` is how long one of them keeps the
core before it is the next one's turn: some milliseconds where the operating system takes it away,
without end (0) where a coroutine gives it back itself. Sources: Ousterhout, "Why Threads Are A Bad
Idea (for most purposes)" (1996); Pai, Druschel, Zwaenepoel, "Flash: An Efficient and Portable Web
Server" (USENIX 1999). In production: gunicorn and Puma with threads or processes, Node.js, asyncio.
"""

import asyncio
import math
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from prometheus_client import Gauge

from services.context import Context
from services.guarding import Guarded
from services.outgoing import Outgoing
from services.server import at_least, live


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """How many requests are in progress at a time, and what they need of the core.

    Every request needs `work_ms` of it, a report `report_ms`. Nobody else has the core for
    `turn_ms`, 0 for all that the work takes. With `offload` reports are made by a process of their
    own, which shares the core in turns.
    """

    slots: int = 8
    turn_ms: float = live(20)
    work_ms: float = live(10)
    report_ms: float = live(400)
    offload: bool = live(default=False)

    def __post_init__(self) -> None:
        at_least(1, slots=self.slots)
        at_least(0, turn_ms=self.turn_ms, work_ms=self.work_ms, report_ms=self.report_ms)


OWN_TURN_MS = 20
"""The turn of a process of its own, which the operating system gives it."""


class Core:
    """One core, which those that want it have in turns, in the order in which they asked."""

    def __init__(self) -> None:
        self._now = asyncio.get_running_loop().time
        self._free_s = 0.0

    async def work(self, work_ms: float, turn_ms: float) -> None:
        """Have the core for some milliseconds, a turn at a time."""
        left_s, turn_s = work_ms / 1000, turn_ms / 1000 or math.inf
        while left_s > 0:
            now_s = self._now()
            # By the clock, so that the lateness of timers does not add up.
            self._free_s = max(self._free_s, now_s) + min(left_s, turn_s)
            left_s -= turn_s
            await asyncio.sleep(self._free_s - now_s)


class Server:
    """The slots, the core, and what is done with them."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._callee = ctx.one_callee()
        self._outgoing = Outgoing(ctx)
        self._core = Core()
        self._slots = asyncio.Semaphore(ctx.settings.slots)
        self._held = Gauge("slots_held", "Requests in progress", registry=ctx.metrics)

    async def page(self, _: web.Request) -> web.Response:
        """Make a page, which needs the core alone."""
        async with self._slots:
            with self._held.track_inprogress():
                await self._core.work(self._ctx.settings.work_ms, self._ctx.settings.turn_ms)
        return web.Response(text="page\n")

    async def report(self, _: web.Request) -> web.Response:
        """Make a report, which needs the core for long."""
        settings = self._ctx.settings
        async with self._slots:
            with self._held.track_inprogress():
                turn_ms = OWN_TURN_MS if settings.offload else settings.turn_ms
                await self._core.work(settings.report_ms, turn_ms)
        return web.Response(text="report\n")

    async def pay(self, _: web.Request) -> web.Response:
        """Work a little, and wait for the callee."""
        async with self._slots:
            with self._held.track_inprogress():
                await self._core.work(self._ctx.settings.work_ms, self._ctx.settings.turn_ms)
                try:
                    answer = await self._outgoing.request("GET", self._callee, timeout_ms=0)
                except (TimeoutError, aiohttp.ClientError) as error:
                    return web.Response(status=502, text=f"{self._callee}: {error}\n")
        return web.Response(body=answer.body, status=answer.status)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /page`, `GET /pay` and `GET /report`."""
    server = Server(ctx)
    application = web.Application()
    application.router.add_get("/page", server.page)
    application.router.add_get("/pay", server.pay)
    application.router.add_get("/report", server.report)
    return application
