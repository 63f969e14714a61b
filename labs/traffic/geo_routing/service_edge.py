"""Edge: what anycast does, one address that leads to the nearest region which announces it.

The callees stand in the order of their nearness. Each is probed; one whose probes fail in a row is
no longer announced, and all are led to the next one at the same moment. Source: Partridge, Mendez
and Milliken, RFC 1546 (1993). In production: BGP, with a health check beside each router; global
load balancers of the clouds.
"""

import asyncio
from dataclasses import dataclass

from aiohttp import web

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.patterns.guards import Answer
from services.server import SettingError, at_least, in_background, live

BAD = web.HTTPBadGateway.status_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """How often regions are probed, after how many bad probes one is out, and the limits."""

    every_ms: float = live(1000)
    down_after: int = live(2)
    probe_timeout_ms: float = live(200)
    timeout_ms: float = live(1000)

    def __post_init__(self) -> None:
        at_least(1, every_ms=self.every_ms, down_after=self.down_after)
        at_least(1, probe_timeout_ms=self.probe_timeout_ms, timeout_ms=self.timeout_ms)


class Edge:
    """The regions, nearest first, and how many probes of each have failed in a row."""

    def __init__(self, ctx: Context[Settings]) -> None:
        if not ctx.callees:
            raise SettingError("calls= names no region; name them, the nearest first")
        self._ctx = ctx
        self._outgoing = Outgoing(ctx)
        self._bad = dict.fromkeys(ctx.callees, 0)

    async def handle(self, _: web.Request) -> web.Response:
        """Answer by the nearest region that is announced, or the nearest where none is."""
        limit = self._ctx.settings.down_after
        announced = [region for region, bad in self._bad.items() if bad < limit]
        region = (announced or self._ctx.callees)[0]
        try:
            answer = await self._ask(region, "/", self._ctx.settings.timeout_ms)
        except NO_ANSWER as error:
            return web.Response(status=BAD, text=f"{region}: {type(error).__name__}\n")
        return web.Response(status=answer.status, body=answer.body)

    async def probe(self, region: str) -> None:
        """Probe a region for ever, at moments of its own."""
        await asyncio.sleep(round(self._ctx.rng.random() * self._ctx.settings.every_ms / 1000, 6))
        while True:
            settings = self._ctx.settings
            try:
                good = (await self._ask(region, "/healthz", settings.probe_timeout_ms)).ok
            except NO_ANSWER:
                good = False
            self._bad[region] = 0 if good else self._bad[region] + 1
            await asyncio.sleep(settings.every_ms / 1000)

    async def _ask(self, region: str, path: str, timeout_ms: float) -> Answer:
        return await self._outgoing.request("GET", region, path, timeout_ms=timeout_ms)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: what the nearest region that is up answers; 502 without an answer."""
    edge = Edge(ctx)
    application = web.Application()
    application.router.add_get("/", edge.handle)

    async def probe_all() -> None:
        async with asyncio.TaskGroup() as group:
            for region in ctx.callees:
                group.create_task(edge.probe(region))

    in_background(application, probe_all)
    return application
