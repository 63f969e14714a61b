"""Gateway: one of several that together may let so many requests a second through.

How it decides is its `kind`: alone, with the whole limit or with an equal share of it; by what the
others have let through, as far as it has heard; by a share in proportion to what each was asked
(Raghavan and others, "Cloud Control with Distributed Rate Limiting", 2007); or not at all: it asks
one counter each time.
"""

import asyncio
import json
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiohttp import web

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.server import at_least, in_background, live

REFUSED = web.HTTPTooManyRequests.status_code


class Kind(StrEnum):
    """How a gateway knows what it may let through."""

    WHOLE = "whole"
    SHARE = "share"
    COUNTS = "counts"
    DEMAND = "demand"
    ASKED = "asked"


TELLING = (Kind.COUNTS, Kind.DEMAND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """A limit for so many gateways, in each second of the clock, and how this one keeps it.

    Those that tell each other do so every `tell_ms` of the clock, by way of the counter.
    """

    kind: Kind = live(Kind.WHOLE)
    limit: float = live(32)
    gateways: int = live(4)
    tell_ms: float = live(500)
    timeout_ms: float = live(300)

    def __post_init__(self) -> None:
        at_least(1, limit=self.limit, gateways=self.gateways, tell_ms=self.tell_ms)
        at_least(0, timeout_ms=self.timeout_ms)


class Limiter:
    """What was asked of this gateway, what it let through, and what it has heard of the others."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx, self.host = ctx, ctx.host
        self._counter = ctx.one_callee()
        self._outgoing = Outgoing(ctx)
        self._second, self._passed = 0, 0
        self._asked: deque[float] = deque()
        self.heard: dict[str, dict[str, int]] = {}

    async def may_pass(self) -> bool:
        """Decide on a request, and count it."""
        self._asked.append(self._ctx.now())
        self._turn()
        if self._ctx.settings.kind is Kind.ASKED:
            return bool(await self._ask("POST", "/taken"))
        may_pass = self._passed < self.allowed()
        self._passed += may_pass
        return may_pass

    def allowed(self) -> float:
        """Say how many may be let through here in this second of the clock."""
        settings = self._ctx.settings
        equal = settings.limit / settings.gateways
        match settings.kind:
            case Kind.COUNTS:
                return settings.limit - self._passed_elsewhere()
            case Kind.DEMAND:
                own = self.heard.get(self.host, {}).get("asked", 0)
                of_all = sum(one["asked"] for one in self.heard.values())
                return round(settings.limit * own / of_all) if of_all else equal
            case Kind.SHARE:
                return equal
            case _:
                return settings.limit

    async def keep_up(self) -> None:
        """Tell what happened here, and then hear what happened elsewhere."""
        self._turn()
        own = {"second": self._second, "passed": self._passed, "asked": len(self._asked)}
        path = f"/gateways/{self.host}"
        await self._ask("PUT", path, "/gateways/{name}", json.dumps(own).encode())
        self.heard = await self._ask("GET", "/gateways") or self.heard

    def _turn(self) -> None:
        """Begin to count anew in a new second, and forget what was asked over a second ago."""
        second = int(self._ctx.wall())
        if second != self._second:
            self._second, self._passed = second, 0
        while self._asked and self._asked[0] <= self._ctx.now() - 1:
            self._asked.popleft()

    def _passed_elsewhere(self) -> int:
        return sum(
            one["passed"]
            for name, one in self.heard.items()
            if name != self.host and one["second"] == self._second
        )

    async def _ask(self, method: str, path: str, route: str = "", body: bytes = b"") -> Any:  # noqa: ANN401 - JSON
        limit_ms = self._ctx.settings.timeout_ms
        try:
            answer = await self._outgoing.request(
                method, self._counter, path, timeout_ms=limit_ms, route=route or path, body=body
            )
        except NO_ANSWER:
            return None
        return json.loads(answer.body) if answer.ok else None


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: 200 for a request that is let through, 429 for one that is refused."""
    limiter = Limiter(ctx)

    async def answer(_: web.Request) -> web.Response:
        may_pass = await limiter.may_pass()
        return web.Response(text="ok\n") if may_pass else web.Response(status=REFUSED)

    async def keep_up() -> None:
        while True:
            every_s = ctx.settings.tell_ms / 1000
            await asyncio.sleep(every_s - ctx.wall() % every_s)
            if ctx.settings.kind in TELLING:
                await limiter.keep_up()

    application = web.Application()
    application.router.add_get("/", answer)
    in_background(application, keep_up)
    return application
