"""Proxy: passes each request on to one of its callees, after the time that a proxy takes.

What it does beside that is guards of its own, so that the services on both sides need none: a
second try of a retry goes to the next of the callees. In production: Envoy, as Istio and others
put it beside each service; Linkerd's proxy.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.patterns.guards import Answer, Asked
from services.patterns.timeout import time_limit
from services.server import SettingError, at_least, live

BAD = web.HTTPBadGateway.status_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """To whom it passes requests on, separated by commas, and how long a proxy takes for one."""

    to: str
    proxy_ms: float = live(0)
    timeout_ms: float = live(1000)

    def __post_init__(self) -> None:
        at_least(0, proxy_ms=self.proxy_ms)
        at_least(1, timeout_ms=self.timeout_ms)

    def hosts(self) -> list[str]:
        """Name those to whom it passes requests on."""
        return [name.strip() for name in self.to.split(",") if name.strip()]


def host_of(hosts: Sequence[str], asked: Asked) -> str:
    """Give the host that was picked, and at each further try the next one."""
    return hosts[(hosts.index(asked.key) + asked.attempt - 1) % len(hosts)]


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /` by any of them: its answer, or 502 without one."""
    hosts = ctx.settings.hosts()
    if not hosts or not set(hosts) <= set(ctx.callees):
        raise SettingError(f"to is {ctx.settings.to!r}; name some of calls= there")
    outgoing = Outgoing(ctx)

    async def ask(asked: Asked) -> Answer:
        call = ctx.call(host_of(hosts, asked), attempt=asked.attempt)
        limit = time_limit(ctx.settings.timeout_ms)
        async with limit, call.get("/", headers=outgoing.headers(asked)) as response:
            return Answer(await response.read(), response.status)

    async def handle(_: web.Request) -> web.Response:
        await asyncio.sleep(ctx.settings.proxy_ms / 1000)
        try:
            answer = await outgoing.call(ctx.rng.choice(hosts), ask)
        except NO_ANSWER as error:
            return web.Response(status=BAD, text=f"{type(error).__name__}\n")
        return web.Response(status=answer.status, body=answer.body)

    application = web.Application()
    application.router.add_get("/", handle)
    return application
