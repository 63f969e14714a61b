"""Shop: prices goods with a tax rate, which it fetches from where it is configured.

The rate is a text, as configuration is. One that is no number breaks every request that needs it.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.patterns.guards import Failed
from services.server import at_least, in_background

NET_PRICE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """The rate to begin with, how often it is fetched, and what is done about a bad one.

    `validate` refuses what is no number before it is used. With `trial_errors` above 0, so many
    errors in a row bring back the last rate that was good; 0 keeps the new one whatever happens.
    """

    rate: str = "0.19"
    poll_ms: float = 1000
    timeout_ms: float = 500
    validate: bool = False
    trial_errors: int = 0

    def __post_init__(self) -> None:
        at_least(1, poll_ms=self.poll_ms)
        at_least(0, timeout_ms=self.timeout_ms, trial_errors=self.trial_errors)


class Shop:
    """The rate in use, the last that was good, and how requests have ended since the last poll."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._settings = ctx.settings
        self._outgoing = Outgoing(ctx)
        self._config = ctx.one_callee()
        self._rate = self._last_good = ctx.settings.rate
        self._refused: set[str] = set()
        self._in_a_row = self._served = self._failed = 0

    async def price(self, _: web.Request) -> web.Response:
        """Answer with a price: 500 when the rate is no number."""
        try:
            price = NET_PRICE * (1 + float(self._rate))
        except ValueError:
            self._failed += 1
            self._in_a_row += 1
            if self._in_a_row == self._settings.trial_errors:
                self._refused.add(self._rate)
                self._rate = self._last_good
            return web.Response(status=500, text="no price\n")
        self._served += 1
        self._last_good = self._rate
        return web.Response(text=f"{price:.2f}\n")

    async def follow(self) -> None:
        """Fetch the rate, for ever; without an answer the rate in use stays."""
        # At random moments of their own, as hosts are that were not started together.
        await asyncio.sleep(self._ctx.rng.random() * self._settings.poll_ms / 1000)
        while True:
            with suppress(*NO_ANSWER, Failed):
                self._use(await self._fetched())
            await asyncio.sleep(self._settings.poll_ms / 1000)

    async def _fetched(self) -> str:
        told = {
            "host": self._ctx.host,
            "runs": self._rate,
            "served": str(self._served),
            "failed": str(self._failed),
        }
        self._served = self._failed = 0
        answer = await self._outgoing.request(
            "GET",
            self._config,
            f"/value?{urlencode(told)}",
            timeout_ms=self._settings.timeout_ms,
        )
        if not answer.ok:
            raise Failed(answer)
        return answer.text

    def _use(self, rate: str) -> None:
        if rate == self._rate or rate in self._refused:
            return
        if self._settings.validate and not _is_number(rate):
            self._refused.add(rate)
            return
        self._rate = rate
        self._in_a_row = 0


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: a price."""
    shop = Shop(ctx)

    application = web.Application()
    application.router.add_get("/", shop.price)
    in_background(application, shop.follow)
    return application
