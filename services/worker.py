"""Worker: a fixed number of slots, a queue in front of them, and no idea who still waits.

Capacity is `workers / service_ms` requests a millisecond, by construction and not by CPU limits:
the time at which a request will be finished is computed on its arrival, so that the sleep's own
lateness does not add up in the queue.
"""

import asyncio
import heapq
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import Gauge

from services.context import Context
from services.server import at_least


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How many requests are served at once, and for how long each."""

    workers: int = 4
    service_ms: float = 40

    def __post_init__(self) -> None:
        at_least(1, workers=self.workers)
        at_least(0, service_ms=self.service_ms)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: first come, first served, also for those who have stopped waiting."""
    loop_time = asyncio.get_running_loop().time
    service_s = ctx.settings.service_ms / 1000
    free_at_s = [0.0] * ctx.settings.workers
    queue = Gauge("queue_depth", "Requests that wait for a slot", registry=ctx.metrics)

    async def handle(_: web.Request) -> web.Response:
        start_s = max(loop_time(), free_at_s[0])
        heapq.heapreplace(free_at_s, start_s + service_s)
        with queue.track_inprogress():
            await asyncio.sleep(start_s - loop_time())
        await asyncio.sleep(start_s + service_s - loop_time())
        return web.Response(text="done\n")

    application = web.Application()
    application.router.add_get("/", handle)
    return application
