"""Road: takes a time that grows with how many have lately come.

In production: a link, a database or a model server that everybody shares, and whose time for each
request rises with its load.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

from aiohttp import web

from services.context import Context
from services.guarding import Serving
from services.server import at_least, live


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """How long an empty road takes, and how much longer for each car a second.

    Cars a second are counted over the last `window_ms`.
    """

    empty_ms: float = live(0)
    per_rps_ms: float = live(0)
    window_ms: float = 1000

    def __post_init__(self) -> None:
        at_least(0, empty_ms=self.empty_ms, per_rps_ms=self.per_rps_ms)
        at_least(1, window_ms=self.window_ms)


class Road:
    """Who has come lately."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._came_s: deque[float] = deque()

    def enter(self) -> float:
        """Count one car more, and say how many come a second, in cars a second."""
        now_s, span_s = self._ctx.now(), self._ctx.settings.window_ms / 1000
        self._came_s.append(now_s)
        while self._came_s[0] <= now_s - span_s:
            self._came_s.popleft()
        return len(self._came_s) / span_s


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: says by how many milliseconds one car slows down all others together."""
    road = Road(ctx)

    async def drive(_: web.Request) -> web.Response:
        settings = ctx.settings
        slowed_ms = settings.per_rps_ms * road.enter()
        await asyncio.sleep((settings.empty_ms + slowed_ms) / 1000)
        return web.json_response(slowed_ms)

    application = web.Application()
    application.router.add_get("/", drive)
    return application
