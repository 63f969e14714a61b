"""Gateway: one door to several callees, with a fixed number of slots for all of them.

A slot is what a thread or a process is in a server that blocks: who waits for a slow callee holds
one, and when all are held, the routes to healthy callees wait as well. A circuit breaker for each
callee gives the slots back. Every other guard goes in `outgoing.order`; the breaker here is the one
of the lab of that name.
"""

import asyncio
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from prometheus_client import Counter

from services.context import Context
from services.guarding import Guarded
from services.outgoing import Outgoing
from services.patterns.breaker import Breaker, OpenError
from services.patterns.guards import Answer, Asked
from services.patterns.timeout import time_limit
from services.server import at_least


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """Slots, how long a call may take, and whether breakers stand in front of the callees.

    A breaker opens for `open_ms` when of the last `window` calls a share of `threshold` failed;
    with `fallback`, requests are then accepted to be done later.
    """

    slots: int = 10
    timeout_ms: float = 500
    breaker: bool = False
    window: int = 10
    threshold: float = 0.5
    open_ms: float = 2000
    fallback: bool = False

    def __post_init__(self) -> None:
        at_least(1, slots=self.slots, window=self.window)
        at_least(0, timeout_ms=self.timeout_ms, threshold=self.threshold, open_ms=self.open_ms)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /<callee>`: 200 with its answer, or "later" by the fallback; else 503 or 504."""
    settings = ctx.settings
    slots = asyncio.Semaphore(settings.slots)
    trips = Counter("breaker_trips", "Breakers that opened", ("callee",), registry=ctx.metrics)
    breakers = {
        callee: Breaker(
            window=settings.window,
            threshold=settings.threshold,
            open_s=settings.open_ms / 1000,
            now=ctx.now,
            on_trip=trips.labels(callee).inc,
        )
        for callee in ctx.callees
    }

    outgoing = Outgoing(ctx)

    async def ask(asked: Asked) -> Answer:
        call = ctx.call(asked.key, attempt=asked.attempt)
        async with (
            time_limit(settings.timeout_ms),
            call.get("/", headers=outgoing.headers(asked)) as response,
        ):
            response.raise_for_status()
            return Answer(await response.read())

    async def guarded(callee: str) -> Answer:
        if not settings.breaker:
            return await outgoing.call(callee, ask)
        with breakers[callee].guard():
            return await outgoing.call(callee, ask)

    async def handle(request: web.Request) -> web.Response:
        callee = request.match_info["callee"]
        if callee not in ctx.callees:
            return web.Response(status=404, text=f"no route to {callee}\n")
        try:
            async with slots:
                answer = await guarded(callee)
        except OpenError:
            if settings.fallback:
                return web.Response(text="later\n")
            return web.Response(status=503, text=f"{callee} is not asked for now\n")
        except TimeoutError:
            return web.Response(status=504, text=f"{callee} did not answer in time\n")
        except aiohttp.ClientError as error:
            return web.Response(status=502, text=f"{callee}: {error}\n")
        return web.Response(text=answer.body.decode(), status=answer.status)

    application = web.Application()
    application.router.add_get("/{callee}", handle)
    return application
