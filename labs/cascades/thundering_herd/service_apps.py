"""Apps: many of one kind, each of which holds a connection to a gateway, or wants one.

An app opens a session and then waits on an open connection for news, as one does with a WebSocket
or with server-sent events. When that connection ends, the session is lost, and the app opens
another one immediately. The guards of `outgoing.order` stand around the opening: a `retry` among
them is the policy by which an app reconnects.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

from aiohttp import web
from prometheus_client import Gauge

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.server import at_least, in_background, live

AWAY = web.HTTPServiceUnavailable.status_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """How many apps there are, and how long each waits for a session.

    The apps start one after the other, evenly over `start_ms`. One whose guards have given up tries
    again after `again_ms`.
    """

    number: int = 64
    start_ms: float = 5000
    timeout_ms: float = live(1000)
    again_ms: float = live(1000)

    def __post_init__(self) -> None:
        at_least(1, number=self.number, timeout_ms=self.timeout_ms, again_ms=self.again_ms)
        at_least(0, start_ms=self.start_ms)


class Apps:
    """All apps of one process, and which of them have a session."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._outgoing = Outgoing(ctx)
        self._gateway = ctx.one_callee()
        self._connected: set[int] = set()
        self._begun: list[int] = []
        self._looks = count()
        Gauge("apps_connected", "Apps that have a session", registry=ctx.metrics).set_function(
            lambda: len(self._connected)
        )

    async def look(self, _: web.Request) -> web.Response:
        """Look at an app that has once had a session, each in its turn: 503 if it has none now."""
        place = next(self._looks)
        if self._begun and self._begun[place % len(self._begun)] not in self._connected:
            return web.Response(status=AWAY, text="not connected\n")
        return web.Response(text="connected\n")

    async def run(self) -> None:
        """Run all apps, for ever."""
        async with asyncio.TaskGroup() as group:
            for number in range(self._ctx.settings.number):
                group.create_task(self._app(number))

    async def _app(self, number: int) -> None:
        settings = self._ctx.settings
        await asyncio.sleep(number * settings.start_ms / settings.number / 1000)
        while True:
            if await self._opened():
                if number not in self._begun:
                    self._begun.append(number)
                self._connected.add(number)
                await self._hold()
                self._connected.remove(number)
            else:
                await asyncio.sleep(self._ctx.settings.again_ms / 1000)

    async def _opened(self) -> bool:
        """Open a session; False when the guards gave up, or there are none and it failed."""
        try:
            answer = await self._outgoing.request(
                "POST",
                self._gateway,
                "/sessions",
                timeout_ms=self._ctx.settings.timeout_ms,
                route="/sessions",
            )
        except NO_ANSWER:
            return False
        return answer.ok

    async def _hold(self) -> None:
        """Wait on an open connection until it ends."""
        with suppress(*NO_ANSWER):
            async with self._ctx.call(self._gateway, route="/news").get("/news") as news:
                await news.read()


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: whether the next app has a session; what the apps do is in the background."""
    apps = Apps(ctx)
    application = web.Application()
    application.router.add_get("/", apps.look)
    in_background(application, apps.run)
    return application
