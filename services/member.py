"""Member: serves requests while a control plane says that it may, or goes on without one.

It renews its lease every `renew_ms`. When the lease is over and the plane does not answer, what it
does is `without`: stop, as what must never be served twice does; or go on with what it last knew,
which is static stability. A member that comes back loads for `load_ms` for each member of the list
before it serves, as the peers of each other do. Sources: as of `services.control_plane`; Gray and
Cheriton, "Leases" (SOSP 1989). In production: the kubelet, Consul's agents, Envoy, which goes on
with the last configuration that it has got.
"""

import asyncio
import heapq
import json
import math
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web
from prometheus_client import Counter, Gauge

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.server import at_least, in_background, live

AWAY = web.HTTPServiceUnavailable.status_code


class Without(StrEnum):
    """What a member does when its lease is over: stop, or go on with what it knows."""

    STOP = "stop"
    GO_ON = "go-on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """Its capacity, how often it renews its lease, and what it does without one.

    Each member renews at moments of its own: the first time within `renew_ms` of its start, at
    random, or at once without `spread`, as where all come back at one moment. A lease that was not
    renewed is asked for again after `again_ms`.
    """

    workers: int = 4
    service_ms: float = live(40)
    renew_ms: float = live(500)
    again_ms: float = live(500)
    timeout_ms: float = live(500)
    spread: bool = True
    without: Without = live(Without.STOP)
    load_ms: float = live(0)

    def __post_init__(self) -> None:
        at_least(1, workers=self.workers, renew_ms=self.renew_ms, again_ms=self.again_ms)
        at_least(1, timeout_ms=self.timeout_ms)
        at_least(0, service_ms=self.service_ms, load_ms=self.load_ms)


class Member:
    """One member: its lease, and its work."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._outgoing = Outgoing(ctx)
        self._plane = ctx.one_callee()
        self._until_s = -math.inf
        self._in_service = False
        self._free_at_s = [0.0] * ctx.settings.workers
        registry = ctx.metrics
        Gauge("in_service", "1 while it serves", registry=registry).set_function(
            lambda: self.in_service
        )
        self._renewals = Counter("renewals", "Of the lease", ("outcome",), registry=registry)
        for outcome in ("done", "failed"):
            self._renewals.labels(outcome)  # So that each begins at 0.

    @property
    def in_service(self) -> bool:
        """Whether it serves: the plane said so, and that still holds."""
        holds = self._ctx.now() < self._until_s
        return self._in_service and (holds or self._ctx.settings.without is Without.GO_ON)

    async def serve(self) -> bool:
        """Do one request's work; False when out of service."""
        if not self.in_service:
            return False
        now_s = asyncio.get_running_loop().time()
        end_s = max(now_s, self._free_at_s[0]) + self._ctx.settings.service_ms / 1000
        heapq.heapreplace(self._free_at_s, end_s)
        await asyncio.sleep(end_s - now_s)
        return True

    async def keep_lease(self) -> None:
        """Renew the lease for ever."""
        if self._ctx.settings.spread:
            await asyncio.sleep(self._ctx.rng.random() * self._ctx.settings.renew_ms / 1000)
        while True:
            done = await self._renew()
            self._renewals.labels("done" if done else "failed").inc()
            settings = self._ctx.settings
            await asyncio.sleep((settings.renew_ms if done else settings.again_ms) / 1000)

    async def _renew(self) -> bool:
        asked_s = self._ctx.now()
        try:
            answer = await self._outgoing.request(
                "PUT",
                self._plane,
                f"/leases/{self._ctx.host}",
                timeout_ms=self._ctx.settings.timeout_ms,
                route="/leases",
            )
        except NO_ANSWER:
            return False
        if not answer.ok:
            return False
        given = json.loads(answer.body)
        if given["in_service"] and not self._in_service:
            await asyncio.sleep(self._ctx.settings.load_ms * len(given["members"]) / 1000)
        self._in_service = given["in_service"]
        # From when it asked: from the answer on, the plane may have given it up before.
        self._until_s = asked_s + given["lease_ms"] / 1000
        return True


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: 200 when done, 503 when out of service."""
    member = Member(ctx)

    async def handle(_: web.Request) -> web.Response:
        if await member.serve():
            return web.Response(text="done\n")
        return web.Response(status=AWAY, text="out of service\n")

    application = web.Application()
    application.router.add_get("/", handle)
    in_background(application, member.keep_lease)
    return application
