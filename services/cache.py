"""Cache: looks aside into Redis before it asks the callee, and keeps each answer for a while.

The key is the path that is asked for, and the callee is asked for the same path. When an answer
expires, all callers miss it until it is there again. `protection` says how many of them go on to
the callee; each protection stands by itself, so that a lab shows what it does alone. A cache that
is down is a miss: the callee then carries the whole load. Writes go through it, and `writes` says
what becomes of the answer that is kept. Sources: Nishtala and others, "Scaling Memcache at
Facebook" (NSDI 2013), on the races of invalidation; the names of the strategies are those of the
Oracle Coherence manual. In production: aiocache, or the cache of a framework, with single flight in
front of the callee.
"""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import aiohttp
from aiohttp import web
from prometheus_client import Counter, Gauge
from redis.exceptions import RedisError

from services.context import Context
from services.guarding import Guarded
from services.outgoing import Outgoing
from services.patterns.early_expiry import draws_early
from services.patterns.guards import Answer as Given
from services.patterns.guards import Asked
from services.patterns.lease import Lease
from services.patterns.single_flight import SingleFlight
from services.patterns.timeout import time_limit
from services.server import at_least, in_background, live

ROOT = "/"
KEY = "answer"
"""Under which the answer to `GET /` is kept; others are under their paths."""
WRITING = ("PUT", "POST")


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


class Writes(StrEnum):
    """What a write does to the answer that is kept for what it changes.

    Nothing, so that it is old until it expires; it is dropped once the callee has the write; it is
    replaced then; or it is replaced at once, and the callee gets the write later, if nothing
    happens to this process before.
    """

    AROUND = "around"
    INVALIDATE = "invalidate"
    THROUGH = "through"
    BEHIND = "behind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """Which Redis holds answers, for how long, and how long to wait for it and the callee.

    `beta` is that of early expiry; a lease ends after `lease_ms`, and a caller that waits for its
    holder looks every `poll_ms`. `ttl_ms` is live: what is kept from then on expires by it. Writes
    that are `behind` leave every `behind_ms`, one after the other.
    """

    store: str
    ttl_ms: int = live(1000)
    store_timeout_ms: float = 100
    timeout_ms: float = 1000
    protection: Protection = Protection.NONE
    beta: float = 1
    lease_ms: int = 1000
    poll_ms: float = 25
    writes: Writes = live(Writes.INVALIDATE)
    behind_ms: float = live(100)

    def __post_init__(self) -> None:
        at_least(1, behind_ms=self.behind_ms)
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
    """Where answers are kept by their keys; without its Redis it is empty, and keeps nothing."""

    def __init__(self, ctx: Context[Settings], outgoing: Outgoing) -> None:
        self._ctx = ctx
        self._limit_ms = ctx.settings.store_timeout_ms
        self._store = outgoing.redis(ctx.settings.store)
        self._wall = ctx.wall
        self._reads = Counter("cache_reads", "Looks into it", ("result",), registry=ctx.metrics)

    async def look(self, key: str) -> Answer | None:
        """Give the answer that is kept under a key, if there is one."""
        try:
            async with time_limit(self._limit_ms):
                kept = await self._store.get(key)
        except (TimeoutError, RedisError):
            self._reads.labels("error").inc()
            return None
        self._reads.labels("miss" if kept is None else "hit").inc()
        return None if kept is None else Answer(**json.loads(kept))

    async def keep(self, key: str, text: str, took_s: float) -> None:
        """Keep an answer for its time."""
        ttl_ms = self._ctx.settings.ttl_ms
        expires_s = self._wall() + ttl_ms / 1000
        kept = json.dumps({"text": text, "expires_s": expires_s, "took_s": took_s})
        try:
            async with time_limit(self._limit_ms):
                await self._store.set(key, kept, px=ttl_ms)
        except (TimeoutError, RedisError):
            self._reads.labels("not kept").inc()

    async def drop(self, key: str) -> None:
        """Forget an answer; where the store does not hear of it, it stays until it expires."""
        try:
            async with time_limit(self._limit_ms):
                await self._store.delete(key)
        except (TimeoutError, RedisError):
            self._reads.labels("not dropped").inc()

    async def is_mine(self, key: str) -> bool:
        """Say whether the caller may make the answer anew; without a Redis, everybody may."""
        settings = self._ctx.settings
        lease = Lease(
            self._store, f"{key}:lease", holder=self._ctx.host, period_ms=settings.lease_ms
        )
        try:
            async with time_limit(self._limit_ms):
                return await lease.take()
        except (TimeoutError, RedisError):
            return True


class Cache:
    """What is served from the shelf, and how the shelf is filled again."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._settings = ctx.settings
        self._callee = ctx.one_callee()
        self._outgoing = Outgoing(ctx)
        self._shelf = Shelf(ctx, self._outgoing)
        self._flights = SingleFlight[str]()
        self._behind: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        # Only a cache that writes behind has the metric.
        registry = ctx.metrics if ctx.settings.writes is Writes.BEHIND else None
        self._owing = Gauge("writes_owed", "Writes that the callee lacks", registry=registry)

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a request: 502 when there is nothing on the shelf and none to be had."""
        path = request.path
        try:
            kept = await self._shelf.look(_key(path))
            if kept is None:
                text = await self._missed(path)
            else:
                text = await self._ask(path) if self._is_early(kept) else kept.text
        except (TimeoutError, aiohttp.ClientError) as error:
            return self._failed(error)
        return web.Response(text=text)

    async def write(self, request: web.Request) -> web.Response:
        """Pass a write on, and do with the answer that is kept what `writes` says.

        The last part of its path is the value, what is before it the path that it changes.
        """
        path, _, value = request.path.rpartition("/")
        writes = self._ctx.settings.writes
        if writes is Writes.BEHIND:
            await self._shelf.keep(_key(path), f"{value}\n", 0)
            self._behind.put_nowait((request.method, request.path))
            return web.Response(status=202, text="later\n")
        try:
            text = await self._pass_on(request.method, request.path)
        except (TimeoutError, aiohttp.ClientError) as error:
            return self._failed(error)
        match writes:
            case Writes.INVALIDATE:
                await self._shelf.drop(_key(path))
            case Writes.THROUGH:
                await self._shelf.keep(_key(path), f"{value}\n", 0)
        return web.Response(text=text)

    async def write_behind(self) -> None:
        """Bring the writes to the callee that were answered before it had them, in their order."""
        while True:
            method, path = await self._behind.get()
            self._owing.set(self._behind.qsize() + 1)
            there = False
            while not there:
                await asyncio.sleep(self._ctx.settings.behind_ms / 1000)
                with suppress(TimeoutError, aiohttp.ClientError):
                    await self._pass_on(method, path, Writes.BEHIND.value)
                    there = True
            self._owing.set(self._behind.qsize())

    def _failed(self, error: Exception) -> web.Response:
        return web.Response(status=502, text=f"{self._callee}: {type(error).__name__}\n")

    async def _missed(self, path: str) -> str:
        ask = partial(self._ask, path)
        match self._settings.protection:
            case Protection.SINGLE_FLIGHT:
                return await self._flights.do(_key(path), ask)
            case Protection.LEASE:
                return await self._ask_or_wait(path)
            case _:
                return await ask()

    async def _ask(self, path: str) -> str:
        start_s = self._ctx.now()
        text = await self._pass_on("GET", path)
        await self._shelf.keep(_key(path), text, self._ctx.now() - start_s)
        return text

    async def _pass_on(self, method: str, path: str, route: str = "") -> str:
        async def given(asked: Asked) -> Given:
            call = self._ctx.call(asked.key, attempt=asked.attempt, route=route)
            headers = self._outgoing.headers(asked)
            async with (
                time_limit(self._settings.timeout_ms),
                call.request(method, path, headers=headers) as response,
            ):
                response.raise_for_status()
                return Given(await response.read())

        answer = await self._outgoing.call(self._callee, given, path=path, writes=method in WRITING)
        return answer.body.decode()

    async def _ask_or_wait(self, path: str) -> str:
        if await self._shelf.is_mine(_key(path)):
            return await self._ask(path)
        async with time_limit(self._settings.timeout_ms):
            while True:
                await asyncio.sleep(self._settings.poll_ms / 1000)
                if kept := await self._shelf.look(_key(path)):
                    return kept.text

    def _is_early(self, kept: Answer) -> bool:
        return self._settings.protection is Protection.EARLY and draws_early(
            self._ctx.wall(), kept.expires_s, kept.took_s, self._ctx.rng, beta=self._settings.beta
        )


def _key(path: str) -> str:
    return KEY if path == ROOT else path


def app(ctx: Context[Settings]) -> web.Application:
    """Serve the callee's answers, at most `ttl_ms` old, and pass writes on; 502 when it does not.

    `GET /` and `GET /<kind>/<key>`; `PUT` and `POST /<kind>/<key>/<value>`.
    """
    cache = Cache(ctx)
    application = web.Application()
    application.router.add_get(ROOT, cache.answer)
    application.router.add_get("/{kind}/{key:.+}", cache.answer)
    for method in WRITING:
        application.router.add_route(method, "/{kind}/{key:.+}/{value}", cache.write)
    in_background(application, cache.write_behind)
    return application
