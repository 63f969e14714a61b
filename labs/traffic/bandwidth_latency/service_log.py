"""Log: writes entries to a device that is dear to start and cheap to go on with, in batches.

Each write costs `fixed_ms`, as a disk's `fsync` or a call over a network does, and `item_ms` for
each entry in it. It may wait for a full batch, or take what is there whenever the device is free.
Source: DeWitt and others, "Implementation Techniques for Main Memory Database Systems" (SIGMOD
1984), group commit. In production: PostgreSQL's `commit_delay`, Kafka's `linger.ms`.
"""

import asyncio
from dataclasses import dataclass

from aiohttp import web

from services.context import Context
from services.guarding import Serving
from services.server import at_least, in_background, live


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """How many entries a batch has at most, whether it waits for them, and what a write costs."""

    batch: int = live(1)
    waits: bool = live(default=True)
    fixed_ms: float = live(20)
    item_ms: float = live(1)

    def __post_init__(self) -> None:
        at_least(1, batch=self.batch)
        at_least(0, fixed_ms=self.fixed_ms, item_ms=self.item_ms)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: one entry, which is written when it is answered."""
    waiting: list[asyncio.Future[None]] = []
    more = asyncio.Condition()

    def is_ready() -> bool:
        return len(waiting) >= (ctx.settings.batch if ctx.settings.waits else 1)

    async def write() -> None:
        while True:
            async with more:
                await more.wait_for(is_ready)
            settings = ctx.settings
            batch, waiting[:] = waiting[: settings.batch], waiting[settings.batch :]
            await asyncio.sleep((settings.fixed_ms + settings.item_ms * len(batch)) / 1000)
            for entry in batch:
                if not entry.done():
                    entry.set_result(None)

    async def add(_: web.Request) -> web.Response:
        entry: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        async with more:
            waiting.append(entry)
            more.notify()
        await entry
        return web.Response(text="written\n")

    application = web.Application()
    application.router.add_get("/", add)
    in_background(application, write)
    return application
