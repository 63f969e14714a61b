"""A service that shows in its metrics what a host's faults do to it, on either engine.

A container holds no tests, so that a test puts this file's text into the Compose file; it imports
only what a container has.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import Gauge

from services.context import Context
from services.server import live

TICK_S = 0.1
WORK_MS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Something to change, ways to crash, and how long an answer and a clean-up take."""

    level: int = live(1)
    crash: bool = live(False)  # noqa: FBT003 - as a setting is written
    hold_mib: int = live(0)
    answer_s: float = 0
    leave_s: float = 0


@dataclass(slots=True)
class Seen:
    """What the service has seen last: how long its work took, and why a write failed."""

    work_s: float = 0
    errno: int = 0
    held: bytes = b""


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`, and go on working, writing and looking beside it."""
    seen = Seen()

    def gauge(name: str, read: Callable[[], float]) -> None:
        Gauge(name, name, registry=ctx.metrics).set_function(read)

    gauge("wall_ahead_s", lambda: ctx.wall() - ctx.now())
    gauge("level", lambda: ctx.settings.level)
    gauge("work_s", lambda: seen.work_s)
    gauge("write_errno", lambda: seen.errno)
    gauge("ticks_kept", lambda: int(ctx.volume.read("ticks") or 0))
    gauge("cleaned_up", lambda: ctx.volume.read("goodbye") is not None)

    async def handle(_: web.Request) -> web.Response:
        await asyncio.sleep(ctx.settings.answer_s)
        return web.Response()

    async def tick() -> None:
        now = asyncio.get_running_loop().time
        start_s = now()
        await ctx.work(WORK_MS)
        seen.work_s = now() - start_s
        try:
            ctx.volume.write("ticks", b"%d" % (int(ctx.volume.read("ticks") or 0) + 1))
            seen.errno = 0
        except OSError as error:
            seen.errno = error.errno or -1
        seen.held = bytes(ctx.settings.hold_mib << 20).replace(b"\0", b"1")
        if ctx.settings.crash:
            await ctx.exit(3)

    async def ticking() -> None:
        try:
            while True:
                await asyncio.sleep(TICK_S)
                await tick()
        finally:
            ctx.volume.write("goodbye", b"said")

    async def beside(_: web.Application) -> AsyncIterator[None]:
        task = asyncio.get_running_loop().create_task(ticking())
        yield
        await asyncio.sleep(ctx.settings.leave_s)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    made = web.Application()
    made.router.add_get("/", handle)
    made.cleanup_ctx.append(beside)
    return made
