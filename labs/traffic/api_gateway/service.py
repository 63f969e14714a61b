"""Front: has a caller checked, asks others for the parts of an answer, and puts it together.

A phone's app, a gateway and a service behind one are all of this kind: what differs is whether it
has its callers checked, how long it believes the answer, and whom it asks. In production: Kong,
Envoy Gateway, Amazon API Gateway; Netflix Zuul.
"""

import asyncio
from dataclasses import dataclass

from aiohttp import web

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.server import SettingError, at_least, live

NOT_CHECKED = web.HTTPServiceUnavailable.status_code
BAD = web.HTTPBadGateway.status_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """Who checks its callers, for how long an answer is kept, its parts, and its own work.

    Without an `auth` it trusts whoever asks. `parts` names those who are asked, at the same time,
    separated by commas.
    """

    auth: str = live("")
    keep_ms: float = live(0)
    parts: str = live("")
    work_ms: float = live(0)
    auth_timeout_ms: float = live(500)
    timeout_ms: float = live(1500)

    def __post_init__(self) -> None:
        at_least(0, keep_ms=self.keep_ms, work_ms=self.work_ms)
        at_least(1, auth_timeout_ms=self.auth_timeout_ms, timeout_ms=self.timeout_ms)

    def asked(self) -> list[str]:
        """Name those who are asked for a part."""
        return [name.strip() for name in self.parts.split(",") if name.strip()]


class Front:
    """Whom it has had checked, and until when it believes that."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._outgoing = Outgoing(ctx)
        self._until_s: dict[str, float] = {}
        settings = ctx.settings
        for name in (*settings.asked(), *([settings.auth] if settings.auth else ())):
            if name not in ctx.callees:
                raise SettingError(f"{name} is not in calls=; name it there")

    async def is_checked(self, user: str) -> bool:
        """Ask who knows, unless that was done not long ago."""
        settings = self._ctx.settings
        if not settings.auth or self._ctx.now() < self._until_s.get(user, 0):
            return True
        is_good = await self._is_good(settings.auth, "/", settings.auth_timeout_ms)
        if is_good:
            self._until_s[user] = self._ctx.now() + settings.keep_ms / 1000
        return is_good

    async def is_whole(self, user: str) -> bool:
        """Do the own work, and ask for all parts at the same time."""
        settings = self._ctx.settings
        await asyncio.sleep(settings.work_ms / 1000)
        asked = (
            self._is_good(part, f"/as/{user}", settings.timeout_ms) for part in settings.asked()
        )
        return all(await asyncio.gather(*asked))

    async def _is_good(self, callee: str, path: str, timeout_ms: float) -> bool:
        route = path.replace(path.rpartition("/")[2], "") or "/"
        try:
            answer = await self._outgoing.request(
                "GET", callee, path, timeout_ms=timeout_ms, route=route
            )
        except NO_ANSWER:
            return False
        return answer.ok


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /as/<user>`: 200, or 503 for who could not be checked, or 502 without a part."""
    front = Front(ctx)

    async def answer(request: web.Request) -> web.Response:
        user = request.match_info["user"]
        if not await front.is_checked(user):
            return web.Response(status=NOT_CHECKED, text="not checked\n")
        is_whole = await front.is_whole(user)
        return web.Response(text="done\n") if is_whole else web.Response(status=BAD)

    application = web.Application()
    application.router.add_get("/as/{user}", answer)
    return application
