"""Gateway: opens sessions for apps, and holds one connection open for each of them.

A held connection costs nothing while there is no news. A new session does: the gateway asks its
callee who the app's user is. It goes on with that when the app has given up, as servers do that are
not told.
"""

import asyncio
from dataclasses import dataclass

from aiohttp import web

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing

BAD = web.HTTPBadGateway.status_code
FULL = web.HTTPServiceUnavailable.status_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """Nothing but guards: those of `outgoing.order` stand around each new session's question."""


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `POST /sessions`, 503 where it refuses or fails, and `GET /news`, which stays open."""
    outgoing = Outgoing(ctx)
    accounts = ctx.one_callee()
    closing = asyncio.Event()

    async def open_session(_: web.Request) -> web.Response:
        try:
            answer = await outgoing.request("GET", accounts, timeout_ms=0)
        except NO_ANSWER:
            return web.Response(status=FULL, text="no session\n")
        return web.Response(status=200 if answer.ok else BAD, text=answer.text)

    async def hold(_: web.Request) -> web.Response:
        await closing.wait()
        return web.Response(text="closing\n")

    async def close(_: web.Application) -> None:
        closing.set()

    application = web.Application()
    application.router.add_post("/sessions", open_session)
    application.router.add_get("/news", hold)
    application.on_shutdown.append(close)
    return application
