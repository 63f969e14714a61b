"""Search: a page made of the answers of many leaves, which are all asked at once.

A page is as slow as the slowest answer that it waits for. With `enough` below 1 it waits for all of
them until `after_ms`, and from then on for that share. Source: Dean and Barroso, "The Tail at
Scale" (CACM 2013), "good enough" answers.
"""

import asyncio
import math
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import Counter

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.server import at_least, at_most, live

BAD = web.HTTPBadGateway.status_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """How many leaves a page asks, and how many of their answers it needs from when on."""

    leaves: int = live(100)
    enough: float = live(1)
    after_ms: float = live(0)

    def __post_init__(self) -> None:
        at_least(1, leaves=self.leaves)
        at_least(0, enough=self.enough, after_ms=self.after_ms)
        at_most(1, enough=self.enough)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: how many leaves have answered; 502 if those were too few."""
    (callee,) = ctx.callees
    outgoing = Outgoing(ctx)
    asked = Counter("leaves_asked", "Answers that pages asked for", registry=ctx.metrics)
    lacking = Counter("leaves_lacking", "Answers that pages did without", registry=ctx.metrics)

    async def ask(leaf: int) -> bool:
        with suppress(*NO_ANSWER):
            return (await outgoing.request("GET", callee, f"/?leaf={leaf}", timeout_ms=0)).ok
        return False

    async def gathered(leaves: int, needed: int) -> int:
        """Count the good answers there are when all have come, or those suffice."""
        asking = [asyncio.create_task(ask(leaf)) for leaf in range(leaves)]
        after_s = ctx.settings.after_ms / 1000 if needed < leaves else None
        try:
            done, left = await asyncio.wait(asking, timeout=after_s)
            while left and sum(task.result() for task in done) < needed:
                more, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
                done |= more
        finally:
            for task in asking:
                task.cancel()
        return sum(task.result() for task in done)

    async def search(_: web.Request) -> web.Response:
        leaves = ctx.settings.leaves
        needed = math.ceil(leaves * ctx.settings.enough)
        good = await gathered(leaves, needed)
        asked.inc(leaves)
        lacking.inc(leaves - good)
        return web.Response(
            status=200 if good >= needed else BAD, text=f"{good} of {leaves} answers\n"
        )

    application = web.Application()
    application.router.add_get("/", search)
    return application
