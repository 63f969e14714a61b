"""Intake: takes orders from clients and puts them into a stream, for others to work on later.

A client is answered when its order is in the stream, and hears no more of it.
"""

from dataclasses import dataclass
from typing import Any

from aiohttp import web
from redis.exceptions import RedisError

from services.context import Context
from services.guarding import Guarded
from services.outgoing import Outgoing
from services.patterns.timeout import time_limit
from services.server import at_least, live
from services.tracing import CURRENT, HEADER

STREAM = "orders"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """Which Redis holds the stream; how many of the next orders are malformed, as by a bug."""

    store: str
    timeout_ms: float = 1000
    malformed: int = live(0)

    def __post_init__(self) -> None:
        at_least(0, timeout_ms=self.timeout_ms, malformed=self.malformed)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `POST /orders/<number>`: 202 when the order is in the stream, 503 when it is not."""
    store = Outgoing(ctx).redis(ctx.settings.store)
    malformed = 0

    async def take(request: web.Request) -> web.Response:
        nonlocal malformed
        is_wrong = malformed < ctx.settings.malformed
        malformed = malformed + 1 if is_wrong else min(malformed, ctx.settings.malformed)
        context = CURRENT.get()
        order: dict[Any, Any] = {
            "number": request.match_info["number"],
            "amount": "12,50" if is_wrong else "12.50",
            HEADER: context.header() if context else "",
        }
        try:
            async with time_limit(ctx.settings.timeout_ms):
                await store.xadd(STREAM, order)
        except (TimeoutError, RedisError) as error:
            return web.Response(status=503, text=f"not taken: {type(error).__name__}\n")
        return web.Response(status=202, text="taken\n")

    application = web.Application()
    application.router.add_post("/orders/{number}", take)
    return application
