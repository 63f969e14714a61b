"""Coordinator: takes writes from clients, and says to the registers which of them is the last.

Several run side by side, and each goes by its own clock. `order` is what a later write is told by.
It also checks tokens that another host has issued for a while, which needs a clock as well.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import aiohttp
from aiohttp import web

from services.context import Context
from services.guarding import Guarded
from services.outgoing import Outgoing
from services.patterns.guards import Answer, Asked
from services.patterns.hybrid_clock import HybridClock, Stamp
from services.patterns.timeout import time_limit
from services.server import at_least


class Order(StrEnum):
    """By the wall clock; by a hybrid clock that hears of other stamps; by versions, one by one."""

    WALL = "wall"
    HYBRID = "hybrid"
    VERSION = "version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """How writes are ordered, and by how much a token may have expired and still be good.

    A write that finds a later one is tried `tries` times, but not where the wall clock decides:
    there it has lost, and nobody is told. Tokens are issued for `token_ms`.
    """

    order: Order = Order.WALL
    tries: int = 4
    timeout_ms: float = 1000
    token_ms: float = 1000
    leeway_ms: float = 0

    def __post_init__(self) -> None:
        at_least(1, tries=self.tries)
        at_least(0, timeout_ms=self.timeout_ms, token_ms=self.token_ms, leeway_ms=self.leeway_ms)


class Coordinator:
    """What is done with a write, and with a token."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._settings = ctx.settings
        self._callee = ctx.one_callee()
        self._outgoing = Outgoing(ctx)
        self._clock = HybridClock(ctx.host, ctx.wall)

    async def put(self, request: web.Request) -> web.Response:
        """Write a value: 200 with what is then held, which may be another; 409 after all tries."""
        key, value = request.match_info["key"], request.query["value"]
        try:
            async with time_limit(self._settings.timeout_ms):
                held = await self._written(f"/registers/{key}", value)
        except (TimeoutError, aiohttp.ClientError) as error:
            return web.Response(status=502, text=f"{self._callee}: {type(error).__name__}\n")
        lost = not held["kept"] and self._settings.order is not Order.WALL
        return web.Response(status=409 if lost else 200, text=held["value"])

    async def token(self, _: web.Request) -> web.Response:
        """Check a token that was issued a moment ago: 200, or 401 when it seems to have expired."""
        try:
            async with time_limit(self._settings.timeout_ms):
                issued = await self._ask("GET", "/now")
        except (TimeoutError, aiohttp.ClientError) as error:
            return web.Response(status=502, text=f"{self._callee}: {type(error).__name__}\n")
        good_until_s = issued["now_s"] + (self._settings.token_ms + self._settings.leeway_ms) / 1000
        if self._ctx.wall() > good_until_s:
            return web.Response(status=401, text="expired\n")
        return web.Response(text="good\n")

    async def _written(self, path: str, value: str) -> dict[str, Any]:
        if self._settings.order is Order.WALL:
            stamp = Stamp(int(self._ctx.wall() * 1_000_000), 0, self._ctx.host)
            return await self._ask("PUT", path, value=value, stamp=stamp)
        for _ in range(self._settings.tries):
            if self._settings.order is Order.HYBRID:
                held = await self._ask("PUT", path, value=value, stamp=self._clock.issue())
                self._clock.hear(Stamp(*held["stamp"]))
            else:
                seen = await self._ask("GET", path)
                held = await self._ask("PUT", path, value=value, version=seen["version"])
            if held["kept"]:
                break
        return held

    async def _ask(self, method: str, path: str, **body: object) -> dict[str, Any]:
        options = {"json": body} if body else {}

        async def ask(asked: Asked) -> Answer:
            call = self._ctx.call(asked.key, attempt=asked.attempt)
            headers = self._outgoing.headers(asked)
            async with call.request(method, path, headers=headers, **options) as response:
                response.raise_for_status()
                return Answer(await response.read())

        answer = await self._outgoing.call(self._callee, ask, path=path, writes=method == "PUT")
        held: dict[str, Any] = json.loads(answer.body)
        return held


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `PUT /kv/<key>?value=<value>` and `GET /token`."""
    coordinator = Coordinator(ctx)
    application = web.Application()
    application.router.add_put("/kv/{key}", coordinator.put)
    application.router.add_get("/token", coordinator.token)
    return application
