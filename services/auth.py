"""Auth: logs users in, says which keys are good, and takes tokens back.

`services.door` checks the tokens, by itself or by asking here. See `services.patterns.tokens` for
the idea, the sources, and what to use in production.
"""

import asyncio
import heapq
import json
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import Counter

from services.context import Context
from services.guarding import Serving
from services.patterns.tokens import Token, Verdict, read
from services.server import SettingError, at_least, live

REVOKED = "revoked"
NOT_GOOD = web.HTTPUnauthorized.status_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """Which key signs and which are accepted, how long tokens live, and what a question costs.

    A question takes one of `workers` for `service_ms`; the list of keys costs nothing.
    """

    signing: str = live("k1")
    accepted: str = live("k1")
    ttl_ms: float = live(5000)
    workers: int = 4
    service_ms: float = live(5)

    def __post_init__(self) -> None:
        at_least(1, ttl_ms=self.ttl_ms, workers=self.workers)
        at_least(0, service_ms=self.service_ms)
        for key in (self.signing, *self.keys()):
            if not key or "." in key:
                raise SettingError(f"a key is {key!r}; give keys names without a dot")

    def keys(self) -> list[str]:
        """Name the keys that are accepted."""
        return [key.strip() for key in self.accepted.split(",")]


class Auth:
    """Who was logged in, and whose tokens were taken back when."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._free_at_s = [0.0] * ctx.settings.workers
        kept = ctx.volume.read(REVOKED)
        self._revoked_s: dict[str, float] = json.loads(kept) if kept else {}
        self._issued = Counter("tokens_issued", "Tokens", registry=ctx.metrics)

    async def log_in(self, user: str) -> str:
        """Give a user a new token."""
        await self._work()
        now_s, settings = self._ctx.wall(), self._ctx.settings
        self._issued.inc()
        token = Token(
            user=user,
            issued_s=now_s,
            until_s=now_s + settings.ttl_ms / 1000,
            key=settings.signing,
        )
        return token.text()

    async def check(self, text: str) -> str:
        """Say what is wrong with a token, and nothing if it is good."""
        await self._work()
        verdict, token = read(text, self._ctx.wall(), self._ctx.settings.keys())
        if verdict is not Verdict.GOOD or token is None:
            return verdict
        return REVOKED if token.issued_s <= self._revoked_s.get(token.user, 0) else ""

    def revoke(self, user: str) -> None:
        """Take back all tokens that a user was given until now."""
        self._revoked_s[user] = self._ctx.wall()
        self._ctx.volume.write(REVOKED, json.dumps(self._revoked_s).encode())

    def known(self) -> dict[str, object]:
        """Give what whoever checks tokens alone has to know."""
        return {"keys": self._ctx.settings.keys(), REVOKED: self._revoked_s}

    async def _work(self) -> None:
        now_s = asyncio.get_running_loop().time()
        end_s = max(now_s, self._free_at_s[0]) + self._ctx.settings.service_ms / 1000
        heapq.heapreplace(self._free_at_s, end_s)
        await asyncio.sleep(end_s - now_s)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve users, and those who check tokens.

    `POST /tokens/<user>`: a token. `GET /check/<token>`: 200, or 401 and why. `GET /keys` as JSON,
    with what was taken back. `POST /revoke/<user>`.
    """
    auth = Auth(ctx)

    async def log_in(request: web.Request) -> web.Response:
        return web.Response(text=await auth.log_in(request.match_info["user"]))

    async def check(request: web.Request) -> web.Response:
        why = await auth.check(request.match_info["token"])
        return web.Response(status=NOT_GOOD if why else 200, text=f"{why or 'good'}\n")

    async def revoke(request: web.Request) -> web.Response:
        auth.revoke(request.match_info["user"])
        return web.Response(text="revoked\n")

    async def keys(_: web.Request) -> web.Response:
        return web.json_response(auth.known())

    application = web.Application()
    application.router.add_post("/tokens/{user}", log_in)
    application.router.add_get("/check/{token}", check)
    application.router.add_post("/revoke/{user}", revoke)
    application.router.add_get("/keys", keys)
    return application
