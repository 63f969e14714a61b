"""Node: keeps in memory what it was asked for, and fetches the rest from a database.

A cache as memcached is one, without an end of its entries: what moves to another node is fetched
anew there. In production: memcached behind a client that hashes (ketama).
"""

from dataclasses import dataclass

from aiohttp import web

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.server import at_least, live

BAD = web.HTTPBadGateway.status_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """How long it waits for the database; 0 means without limit."""

    timeout_ms: float = live(0)

    def __post_init__(self) -> None:
        at_least(0, timeout_ms=self.timeout_ms)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /items/<key>`: from memory, or from the database; 502 without its answer."""
    (database,) = ctx.callees
    outgoing = Outgoing(ctx)
    kept: dict[str, bytes] = {}

    async def item(request: web.Request) -> web.Response:
        key = request.match_info["key"]
        if key not in kept:
            try:
                answer = await outgoing.request("GET", database, timeout_ms=ctx.settings.timeout_ms)
            except NO_ANSWER as error:
                return web.Response(status=BAD, text=f"{type(error).__name__}\n")
            if not answer.ok:
                return web.Response(status=answer.status, body=answer.body)
            kept[key] = answer.body
        return web.Response(body=kept[key])

    application = web.Application()
    application.router.add_get("/items/{key}", item)
    return application
