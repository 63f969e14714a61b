"""A service that shows in its metrics what a host's faults do to it, on either engine.

A container holds no tests, so that a test puts this file's text into the Compose file; it imports
only what a container has.
"""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import Gauge

from services.context import Context
from services.server import live


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Something to change, and something that stays."""

    level: int = live(1)
    fixed: int = 1


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`, and keep the gauges up to date."""

    def gauge(name: str, read: Callable[[], float]) -> None:
        Gauge(name, name, registry=ctx.metrics).set_function(read)

    gauge("wall_ahead_s", lambda: ctx.wall() - ctx.now())
    gauge("level", lambda: ctx.settings.level)

    async def handle(_: web.Request) -> web.Response:
        return web.Response()

    made = web.Application()
    made.router.add_get("/", handle)
    return made
