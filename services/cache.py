"""Cache: looks aside into Redis before it asks the callee, and keeps the answer for a while.

When the answer expires, all callers miss it until it is there again. `protection` says how many of
them go on to the callee; each protection stands by itself, so that a lab shows what it does alone.
A cache that is down is a miss: the callee then carries the whole load. In production: aiocache, or
the cache of a framework, with single flight in front of the callee.
"""

import asyncio
import json
from dataclasses import dataclass
from enum import StrEnum

import aiohttp
from aiohttp import web
from prometheus_client import Counter
from redis.exceptions import RedisError

from services.context import Context
from services.guarding import Guarded, Outgoing
from services.patterns.early_expiry import draws_early
from services.patterns.guards import Answer as Given
from services.patterns.guards import Asked
from services.patterns.lease import Lease
from services.patterns.single_flight import SingleFlight
from services.patterns.timeout import time_limit
from services.server import at_least, live

KEY = "answer"


class Protection(StrEnum):
    """Who asks the callee when the answer has expired.

    Everybody; one caller in each process, whose answer the others share; the one caller that gets
    a lease, while the others poll the cache; or callers that refresh it early at random, and
    everybody if none did.
    """

    NONE = "none"
    SINGLE_FLIGHT = "single-flight"
    LEASE = "lease"
    EARLY = "early"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """Which Redis holds answers, for how long, and how long to wait for it and the callee.

    `beta` is that of early expiry; a lease ends after `lease_ms`, and a caller that waits for its
    holder looks every `poll_ms`. `ttl_ms` is live: what is kept from then on expires by it.
    """

    store: str
    ttl_ms: int = live(1000)
    store_timeout_ms: float = 100
    timeout_ms: float = 1000
    protection: Protection = Protection.NONE
    beta: float = 1
    lease_ms: int = 1000
    poll_ms: float = 25

    def __post_init__(self) -> None:
        at_least(1, ttl_ms=self.ttl_ms, lease_ms=self.lease_ms, poll_ms=self.poll_ms)
        at_least(
            0, store_timeout_ms=self.store_timeout_ms, timeout_ms=self.timeout_ms, beta=self.beta
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer of the callee, when it expires, and how long it took to get."""

    text: str
    expires_s: float
    took_s: float


class Shelf:
    """Where the answer is kept; without its Redis it is empty, and keeps nothing."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._limit_ms = ctx.settings.store_timeout_ms
        self._store = ctx.redis(ctx.settings.store)
        self._wall = ctx.wall
        self._reads = Counter("cache_reads", "Looks into it", ("result",), registry=ctx.metrics)
        self._lease = Lease(
            self._store, f"{KEY}:lease", holder=ctx.host, period_ms=ctx.settings.lease_ms
        )

    async def look(self) -> Answer | None:
        """Give the answer, if there is one."""
        try:
            async with time_limit(self._limit_ms):
                kept = await self._store.get(KEY)
        except (TimeoutError, RedisError):
            self._reads.labels("error").inc()
            return None
        self._reads.labels("miss" if kept is None else "hit").inc()
        return None if kept is None else Answer(**json.loads(kept))

    async def keep(self, text: str, took_s: float) -> None:
        """Keep an answer for its time."""
        ttl_ms = self._ctx.settings.ttl_ms
        expires_s = self._wall() + ttl_ms / 1000
        kept = json.dumps({"text": text, "expires_s": expires_s, "took_s": took_s})
        try:
            async with time_limit(self._limit_ms):
                await self._store.set(KEY, kept, px=ttl_ms)
        except (TimeoutError, RedisError):
            self._reads.labels("not kept").inc()

    async def is_mine(self) -> bool:
        """Say whether the caller may make the answer anew; without a Redis, everybody may."""
        try:
            async with time_limit(self._limit_ms):
                return await self._lease.take()
        except (TimeoutError, RedisError):
            return True


class Cache:
    """What is served from the shelf, and how the shelf is filled again."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._settings = ctx.settings
        (self._callee,) = ctx.callees
        self._shelf = Shelf(ctx)
        self._flights = SingleFlight[str]()
        self._outgoing = Outgoing(ctx)

    async def answer(self, _: web.Request) -> web.Response:
        """Answer a request: 502 when there is nothing on the shelf and none to be had."""
        try:
            kept = await self._shelf.look()
            if kept is None:
                text = await self._missed()
            else:
                text = await self._ask() if self._is_early(kept) else kept.text
        except (TimeoutError, aiohttp.ClientError) as error:
            return web.Response(status=502, text=f"{self._callee}: {type(error).__name__}\n")
        return web.Response(text=text)

    async def _missed(self) -> str:
        match self._settings.protection:
            case Protection.SINGLE_FLIGHT:
                return await self._flights.do(KEY, self._ask)
            case Protection.LEASE:
                return await self._ask_or_wait()
            case _:
                return await self._ask()

    async def _ask(self) -> str:
        start_s = self._ctx.now()
        text = (await self._outgoing.call(self._callee, self._given)).body.decode()
        await self._shelf.keep(text, self._ctx.now() - start_s)
        return text

    async def _given(self, asked: Asked) -> Given:
        call = self._ctx.call(self._callee, attempt=asked.attempt)
        async with (
            time_limit(self._settings.timeout_ms),
            call.get("/", headers=self._outgoing.headers(asked)) as response,
        ):
            response.raise_for_status()
            return Given(await response.read())

    async def _ask_or_wait(self) -> str:
        if await self._shelf.is_mine():
            return await self._ask()
        async with time_limit(self._settings.timeout_ms):
            while True:
                await asyncio.sleep(self._settings.poll_ms / 1000)
                if kept := await self._shelf.look():
                    return kept.text

    def _is_early(self, kept: Answer) -> bool:
        return self._settings.protection is Protection.EARLY and draws_early(
            self._ctx.wall(), kept.expires_s, kept.took_s, self._ctx.rng, beta=self._settings.beta
        )


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: the answer of the callee, at most `ttl_ms` old; 502 when there is none."""
    application = web.Application()
    application.router.add_get("/", Cache(ctx).answer)
    return application
