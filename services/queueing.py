"""Queueing: a worker whose line has a discipline: first or last come first, by class, or in time.

Its capacity is that of `services.worker`; what differs is who is served when not all can be. Those
that it turns away are told so at once (503). See `services.patterns.line` for the sources, and for
what to use in production.
"""

import asyncio
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import Counter, Gauge

from services.context import Context
from services.guarding import Serving
from services.patterns.line import Discipline, Line
from services.server import at_least, live

FULL = web.HTTPServiceUnavailable.status_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """How many are served at once and for how long, who is next, and who is turned away.

    `classes` are the first parts of paths, the most important first; others are behind them. What
    could not be done within `patience_ms` of its coming is turned away, 0 for nothing; so is what
    finds `queue_limit` others waiting, -1 for nothing.
    """

    workers: int = 4
    service_ms: float = live(40)
    discipline: Discipline = live(Discipline.FIFO)
    classes: str = ""
    patience_ms: float = live(0)
    queue_limit: int = live(-1)

    def __post_init__(self) -> None:
        at_least(1, workers=self.workers)
        at_least(0, service_ms=self.service_ms, patience_ms=self.patience_ms)
        at_least(-1, queue_limit=self.queue_limit)

    def importance(self, name: str) -> int:
        """Give how important a class is, 0 for the most."""
        ordered = [one.strip() for one in self.classes.split(",")]
        return ordered.index(name) if name in ordered else len(ordered)


class Desk:
    """The slots and the line in front of them."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._free = ctx.settings.workers
        self._line = Line[asyncio.Future[bool]]()
        registry = ctx.metrics
        Gauge("queue_depth", "Requests that wait", registry=registry).set_function(
            lambda: len(self._line)
        )
        self._away = Counter("rejected", "Turned away", ("why",), registry=registry)
        for why in ("full", "expired"):
            self._away.labels(why)  # So that each begins at 0.

    async def serve(self, name: str) -> bool:
        """Wait for one's turn and be served; False when turned away."""
        settings = self._ctx.settings
        if self._free:
            self._free -= 1
        elif 0 <= settings.queue_limit <= len(self._line):
            self._away.labels("full").inc()
            return False
        elif not await self._turn(settings.importance(name)):
            self._away.labels("expired").inc()
            return False
        try:
            await asyncio.sleep(settings.service_ms / 1000)
        finally:
            self._hand_on()
        return True

    async def _turn(self, importance: int) -> bool:
        settings = self._ctx.settings
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        patience_s = settings.patience_ms / 1000 or float("inf")
        # It is of no use if it starts so late that it is not done in time.
        until_s = self._ctx.now() + patience_s - settings.service_ms / 1000
        self._line.join(turn, importance=importance, until_s=until_s)
        return await turn

    def _hand_on(self) -> None:
        for turn in self._line.expired(self._ctx.now()):
            if not turn.done():
                turn.set_result(False)
        while self._line:
            turn = self._line.next(self._ctx.settings.discipline)
            if not turn.done():
                turn.set_result(True)
                return
        self._free += 1


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /` and `GET /<class>/...`: 200 when done, 503 when turned away."""
    desk = Desk(ctx)

    async def handle(request: web.Request) -> web.Response:
        if await desk.serve(request.match_info.get("class", "")):
            return web.Response(text="done\n")
        return web.Response(status=FULL, text="turned away\n")

    application = web.Application()
    application.router.add_get("/", handle)
    application.router.add_get("/{class}/{rest:.*}", handle)
    return application
