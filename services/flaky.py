"""Flaky: a part of a system that is up or down by chance, and that needs other parts to be of use.

Requests ask about moments, `GET /moments/<moment>`. For each moment a part draws whether it is
down, and remembers it: all that ask about the same moment get the same answer. If it is up, it asks
the parts that it needs about that moment. So a drawing of boxes in series and side by side (a
reliability block diagram) is a system of these, and time may be as short as wanted: a moment stands
for a day, and all that one request asks is asked on one day. Source: any textbook of reliability.
"""

from collections import OrderedDict
from dataclasses import dataclass

from aiohttp import web

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.server import SettingError, at_least, at_most, live

DOWN = web.HTTPServiceUnavailable.status_code
MOST_MOMENTS = 1000
"""How many moments a part remembers: those that it was asked about last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """The share of moments in which it is down, and which other parts it needs.

    `needs` are callees, separated by commas; empty means all. At least `least` of them must be up,
    0 means all; they are asked one after the other, in random order, until that is known.
    """

    down_ratio: float = live(0)
    needs: str = live("")
    least: int = live(0)
    timeout_ms: float = live(1000)

    def __post_init__(self) -> None:
        at_least(0, down_ratio=self.down_ratio, least=self.least)
        at_most(1, down_ratio=self.down_ratio)
        at_least(1, timeout_ms=self.timeout_ms)


class Part:
    """Its state in the moments that it was asked about last."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._outgoing = Outgoing(ctx)
        self._down: OrderedDict[str, bool] = OrderedDict()
        self._needed()

    async def handle(self, request: web.Request) -> web.Response:
        """Answer 200 if it is of use in a moment, else 503."""
        moment = request.match_info["moment"]
        if self._is_down(moment):
            return web.Response(status=DOWN, text=f"{self._ctx.host} is down\n")
        if not await self._has_what_it_needs(request.path):
            return web.Response(status=DOWN, text=f"{self._ctx.host} lacks what it needs\n")
        return web.Response(text="up\n")

    def _is_down(self, moment: str) -> bool:
        if moment not in self._down:
            self._down[moment] = self._ctx.rng.random() < self._ctx.settings.down_ratio
            if len(self._down) > MOST_MOMENTS:
                self._down.popitem(last=False)
        return self._down[moment]

    async def _has_what_it_needs(self, path: str) -> bool:
        needed = self._needed()
        left = self._ctx.settings.least or len(needed)
        spare = len(needed) - left
        for attempt, part in enumerate(self._ctx.rng.sample(needed, len(needed)), 1):
            if await self._is_up(part, path, attempt):
                left -= 1
            else:
                spare -= 1
            if left == 0 or spare < 0:
                break
        return left == 0

    async def _is_up(self, part: str, path: str, attempt: int) -> bool:
        timeout_ms = self._ctx.settings.timeout_ms
        try:
            answer = await self._outgoing.request(
                "GET", part, path, timeout_ms=timeout_ms, attempt=attempt, route="/moments"
            )
        except NO_ANSWER:
            return False
        return answer.ok

    def _needed(self) -> list[str]:
        """Give the parts that it needs.

        Raises:
            SettingError: it cannot call one of them, or there are fewer than must be up.

        """
        settings, callees = self._ctx.settings, self._ctx.callees
        needed = [name.strip() for name in settings.needs.split(",") if name.strip()]
        for name in needed:
            if name not in callees:
                there = ", ".join(callees) or "none"
                raise SettingError(f"needs has {name!r}; calls= names {there}")
        needed = needed or list(callees)
        if settings.least > len(needed):
            raise SettingError(f"least is {settings.least}; it needs {len(needed)} parts")
        return needed


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /moments/<moment>`."""
    application = web.Application()
    application.router.add_get("/moments/{moment}", Part(ctx).handle)
    return application
