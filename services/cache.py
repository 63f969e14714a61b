"""Cache: looks aside into Redis before it asks the callee, and keeps the answer for a while.

A cache that is down is a miss: the callee then carries the whole load. In production: aiocache,
or the cache of a framework, with single flight (`cache-stampede`) in front of the callee.
"""

from dataclasses import dataclass

import aiohttp
from aiohttp import web
from prometheus_client import Counter
from redis.exceptions import RedisError

from services.context import Context
from services.patterns.timeout import time_limit
from services.server import at_least

KEY = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Which Redis holds answers, for how long, and how long to wait for it and the callee."""

    store: str
    ttl_ms: int = 1000
    store_timeout_ms: float = 100
    timeout_ms: float = 1000

    def __post_init__(self) -> None:
        at_least(1, ttl_ms=self.ttl_ms)
        at_least(0, store_timeout_ms=self.store_timeout_ms, timeout_ms=self.timeout_ms)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: the answer of the callee, at most `ttl_ms` old; 502 when there is none."""
    settings = ctx.settings
    store = ctx.redis(settings.store)
    (callee,) = ctx.callees
    reads = Counter("cache_reads", "Looks into the cache", ("result",), registry=ctx.metrics)

    async def look() -> str | None:
        try:
            async with time_limit(settings.store_timeout_ms):
                value = await store.get(KEY)
        except (TimeoutError, RedisError):
            reads.labels("error").inc()
            return None
        reads.labels("miss" if value is None else "hit").inc()
        return None if value is None else str(value)

    async def keep(value: str) -> None:
        try:
            async with time_limit(settings.store_timeout_ms):
                await store.set(KEY, value, px=settings.ttl_ms)
        except (TimeoutError, RedisError):
            reads.labels("not kept").inc()

    async def ask() -> str:
        async with time_limit(settings.timeout_ms), ctx.call(callee).get("/") as response:
            response.raise_for_status()
            return await response.text()

    async def handle(_: web.Request) -> web.Response:
        value = await look()
        if value is None:
            try:
                value = await ask()
            except (TimeoutError, aiohttp.ClientError) as error:
                return web.Response(status=502, text=f"{callee}: {type(error).__name__}\n")
            await keep(value)
        return web.Response(text=value)

    application = web.Application()
    application.router.add_get("/", handle)
    return application
