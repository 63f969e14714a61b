"""Worker: a fixed number of slots, a queue in front of them, and no idea who still waits.

Capacity is `workers / service_ms` requests a millisecond, by construction and not by CPU limits:
the time at which a request will be finished is computed on its arrival, so that the sleep's own
lateness does not add up in the queue. For a queue of another kind, `incoming.order` has `shed`,
with as many slots as there are workers: then nobody waits in here, and a deadline frees the slot.
"""

import asyncio
import heapq
import random
from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web
from prometheus_client import Counter, Gauge

from services.context import Context
from services.guarding import Serving
from services.server import at_least, live

MIX = (0.5,) * 9 + (5.5,)
"""Nine short service times to one long, as shares of their mean."""


class Spread(StrEnum):
    """How service times lie about their mean: all alike, memoryless, or one in ten long."""

    FIXED = "fixed"
    EXPONENTIAL = "exponential"
    MIXED = "mixed"

    def draw_s(self, rng: random.Random, mean_s: float) -> float:
        """Draw one service time."""
        match self:
            case Spread.FIXED:
                return mean_s
            case Spread.EXPONENTIAL:
                # To the nanosecond: C libraries differ in a logarithm's last bit.
                return round(mean_s * rng.expovariate(1), 9)
            case Spread.MIXED:
                return mean_s * rng.choice(MIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """How many requests are served at once, for how long each, and how many may wait.

    `service_ms` is the mean where `spread` draws the times; a change of it hits what arrives later.
    A request that finds every slot busy and `queue_limit` others waiting is answered 503 at once;
    -1 sets no limit. A share of `slow_ratio` is slow and takes `slow_ms` on average in place of
    `service_ms`, as where one in twenty misses every cache. A share of `error_ratio` is served and
    then answered 500, as where one in a hundred is a bug's, or as by a release that is bad.
    """

    workers: int = 4
    service_ms: float = live(40)
    spread: Spread = Spread.FIXED
    queue_limit: int = -1
    slow_ratio: float = live(0)
    slow_ms: float = live(0)
    error_ratio: float = live(0)

    def __post_init__(self) -> None:
        at_least(1, workers=self.workers)
        at_least(0, service_ms=self.service_ms, slow_ms=self.slow_ms)
        at_least(0, slow_ratio=self.slow_ratio, error_ratio=self.error_ratio)
        at_least(-1, queue_limit=self.queue_limit)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: first come, first served, also for those who have stopped waiting.

    `POST /exit` ends the process, as who carries out a liveness probe's verdict does.
    """
    settings = ctx.settings
    loop_time = asyncio.get_running_loop().time
    free_at_s = [0.0] * settings.workers
    # When those who wait will start, the next first; who has started is dropped at a later arrival.
    starts_s: deque[float] = deque()
    queue = Gauge("queue_depth", "Requests that wait for a slot", registry=ctx.metrics)
    # Only a worker that can reject has the metric.
    registry = ctx.metrics if settings.queue_limit >= 0 else None
    rejected = Counter("rejected", "Requests that found the queue full", registry=registry)

    def full(now_s: float) -> bool:
        while starts_s and starts_s[0] <= now_s:
            starts_s.popleft()
        # Without a limit that is -1, which no length is.
        return free_at_s[0] > now_s and len(starts_s) == settings.queue_limit

    def give_back(start_s: float, end_s: float) -> None:
        # A deadline has ended the work. Whoever waits in here already has a time to start at.
        if end_s in free_at_s:
            free_at_s[free_at_s.index(end_s)] = max(loop_time(), start_s)
            heapq.heapify(free_at_s)

    async def handle(_: web.Request) -> web.Response:
        now_s = loop_time()
        if full(now_s):
            rejected.inc()
            return web.Response(status=503, text="full\n")
        start_s = max(now_s, free_at_s[0])
        end_s = start_s + _service_s(ctx)
        heapq.heapreplace(free_at_s, end_s)
        starts_s.append(start_s)
        try:
            with queue.track_inprogress():
                await asyncio.sleep(start_s - loop_time())
            await asyncio.sleep(end_s - loop_time())
        except asyncio.CancelledError:
            give_back(start_s, end_s)
            raise
        ratio = ctx.settings.error_ratio
        if ratio and ctx.rng.random() < ratio:
            return web.Response(status=500, text="failed\n")
        return web.Response(text="done\n")

    async def leave(_: web.Request) -> web.Response:
        await ctx.exit()

    application = web.Application()
    application.router.add_get("/", handle)
    application.router.add_post("/exit", leave)
    return application


def _service_s(ctx: Context[Settings]) -> float:
    """Draw how long a request takes, a slow one or another."""
    settings = ctx.settings
    is_slow = settings.slow_ratio and ctx.rng.random() < settings.slow_ratio
    mean_ms = settings.slow_ms if is_slow else settings.service_ms
    return settings.spread.draw_s(ctx.rng, mean_ms / 1000)
