"""Named: passes requests on to whichever host a name leads to, by a resolver's answer.

It asks the resolver as seldom as the answer's time to live allows. See `services.resolver` and
`services.patterns.name_cache` for sources, and for what to use in production.
"""

import json
from dataclasses import dataclass

from aiohttp import web

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.patterns.guards import Failed
from services.patterns.name_cache import Found, NameCache
from services.server import at_least, live

BAD = web.HTTPBadGateway.status_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """Which name it asks whom about, and for how long an answer that has expired may be used."""

    resolver: str
    name: str
    timeout_ms: float = live(500)
    stale_ms: float = live(0)

    def __post_init__(self) -> None:
        at_least(1, timeout_ms=self.timeout_ms)
        at_least(0, stale_ms=self.stale_ms)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: the answer of the host that the name leads to; 502 without one."""
    outgoing = Outgoing(ctx)

    async def ask(name: str) -> Found:
        answer = await outgoing.request(
            "GET",
            ctx.settings.resolver,
            f"/names/{name}",
            timeout_ms=ctx.settings.timeout_ms,
            route="/names",
        )
        if not answer.ok:
            raise Failed(answer)
        found = json.loads(answer.text)
        return Found(found["host"], found["ttl_ms"] / 1000)

    errors = (*NO_ANSWER, Failed)
    names = NameCache(ask, ctx.now, errors=errors)

    async def handle(_: web.Request) -> web.Response:
        settings = ctx.settings
        try:
            host = await names.find(settings.name, stale_s=settings.stale_ms / 1000)
            answer = await outgoing.request("GET", host, timeout_ms=settings.timeout_ms)
        except (*errors, LookupError) as error:
            return web.Response(status=BAD, text=f"{type(error).__name__}: {error}\n")
        return web.Response(status=answer.status, text=answer.text)

    application = web.Application()
    application.router.add_get("/", handle)
    return application
