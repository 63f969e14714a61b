"""Shop: takes orders, has each paid for, and tries again when no answer comes.

It sends a key along with each try, which is the name of the payment. With a key of the order all
tries are one payment to a callee that knows keys; with a key of the try each is a payment of its
own. Before it tries again it may ask whether the payment is there already. Source: Leach,
"Designing robust and predictable APIs with idempotency" (Stripe, 2017).
"""

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.server import at_least, live

UNKNOWN = web.HTTPGatewayTimeout.status_code


class Key(StrEnum):
    """What a payment's key is made of."""

    ORDER = "order"
    TRY = "try"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """How often it tries, after which pause, and whether it asks before it tries again."""

    tries: int = live(3)
    timeout_ms: float = live(250)
    pause_ms: float = live(0)
    key: Key = live(Key.ORDER)
    asks: bool = live(default=False)

    def __post_init__(self) -> None:
        at_least(1, tries=self.tries)
        at_least(0, timeout_ms=self.timeout_ms, pause_ms=self.pause_ms)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `POST /orders/<number>`: 200 when the order is known to be paid for, else 504."""
    (payments,) = ctx.callees
    outgoing = Outgoing(ctx)

    async def is_ok(method: str, name: str, attempt: int) -> bool:
        try:
            answer = await outgoing.request(
                method,
                payments,
                f"/effects/{name}",
                timeout_ms=ctx.settings.timeout_ms,
                attempt=attempt,
                route="/effects/{name}",
            )
        except NO_ANSWER:
            return False
        return answer.ok

    async def is_paid(order: str) -> bool:
        """Try until an answer says so."""
        settings = ctx.settings
        for attempt in range(1, settings.tries + 1):
            if attempt > 1:
                await asyncio.sleep(settings.pause_ms / 1000)
                if settings.asks and await is_ok("GET", order, attempt):
                    return True
            name = order if settings.key is Key.ORDER else f"{order}-{attempt}"
            if await is_ok("POST", name, attempt):
                return True
        return False

    async def take(request: web.Request) -> web.Response:
        if await is_paid(request.match_info["order"]):
            return web.Response(text="paid\n")
        return web.Response(status=UNKNOWN, text="please try again later\n")

    application = web.Application()
    application.router.add_post("/orders/{order}", take)
    return application
