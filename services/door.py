"""Door: lets requests in that carry a good token, and passes them on.

It checks a token alone, with the keys that it has fetched last, or asks `services.auth` each time;
what it cannot check, it refuses or lets in. It also keeps the token of each user, as their browsers
would, so that a load can ask as somebody: a user without a token logs in first, and one whose token
was refused logs in at the next request. A thief keeps the token that it has once stolen. One door
behind another checks the same token again, which is identity on every call. See
`services.patterns.tokens` for sources; on the last, NIST SP 800-207, "Zero Trust Architecture"
(2020). In production: oauth2-proxy, Envoy's JWT filter, a service mesh.
"""

import asyncio
import json
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web
from prometheus_client import Counter

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.patterns.tokens import Verdict, read
from services.server import SettingError, at_least, in_background, live

NOT_GOOD = web.HTTPUnauthorized.status_code
FORBIDDEN = web.HTTPForbidden.status_code
BAD = web.HTTPBadGateway.status_code
CARRIED = "Authorization"
NONE, UNCHECKED, REVOKED, GOOD = "no token", "unchecked", "revoked", Verdict.GOOD.value


class Check(StrEnum):
    """How a token is checked: alone, or by asking who has issued it."""

    ALONE = "alone"
    ASK = "ask"


class Without(StrEnum):
    """What becomes of a request whose token cannot be checked."""

    DENY = "deny"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """Who issues tokens, how they are checked, and who may come in.

    Keys, and what was taken back, are fetched every `keys_ms`. A user renews a token that has less
    than `renew_ms` left, and goes on with it where that fails. `allowed` names the users who may
    come in, all of them when it is empty.
    """

    auth: str
    check: Check = live(Check.ALONE)
    without: Without = live(Without.DENY)
    keys_ms: float = live(1000)
    renew_ms: float = live(500)
    timeout_ms: float = live(500)
    allowed: str = live("")

    def __post_init__(self) -> None:
        at_least(1, keys_ms=self.keys_ms, timeout_ms=self.timeout_ms)
        at_least(0, renew_ms=self.renew_ms)

    def lets_in(self, user: str) -> bool:
        """Say whether a user may come in."""
        names = [name.strip() for name in self.allowed.split(",") if name.strip()]
        return not names or user in names


class Door:
    """The keys that it knows, and the tokens of those who ask through it."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._outgoing = Outgoing(ctx)
        if ctx.settings.auth not in ctx.callees:
            raise SettingError(f"auth {ctx.settings.auth!r} is not in calls=; name it there")
        behind = [name for name in ctx.callees if name != ctx.settings.auth]
        if len(behind) != 1:
            raise SettingError("calls= must name auth and one service behind the door")
        (self._behind,) = behind
        self._keys: list[str] | None = None
        self._revoked_s: dict[str, float] = {}
        self._tokens: dict[str, str] = {}
        self._stolen: dict[str, str] = {}
        self._checks = Counter("checks", "Of tokens", ("outcome",), registry=ctx.metrics)
        for outcome in (*Verdict, NONE, UNCHECKED, REVOKED):
            self._checks.labels(str(outcome))  # So that each begins at 0.

    async def enter(self, text: str) -> web.Response:
        """Pass a request on if its token is good: 401 if it is not, 403 if its user may not."""
        outcome = await self._checked(text)
        self._checks.labels(outcome).inc()
        lets_in = outcome == UNCHECKED and self._ctx.settings.without is Without.ALLOW
        if outcome != GOOD and not lets_in:
            return web.Response(status=NOT_GOOD, text=f"{outcome}\n")
        _, token = read(text, 0, ())
        if token is None or not self._ctx.settings.lets_in(token.user):
            return web.Response(status=FORBIDDEN, text="not allowed\n")
        try:
            answer = await self._outgoing.request(
                "GET",
                self._behind,
                timeout_ms=self._ctx.settings.timeout_ms,
                headers={CARRIED: text},
            )
        except NO_ANSWER as error:
            return web.Response(status=BAD, text=f"{self._behind}: {type(error).__name__}\n")
        return web.Response(status=answer.status, body=answer.body)

    async def enter_as(self, user: str) -> web.Response:
        """Ask as a user, who logs in where there is no token or too old a one."""
        now_s = self._ctx.wall() + self._ctx.settings.renew_ms / 1000
        _, token = read(self._tokens.get(user, ""), 0, ())
        if token is None or token.until_s <= now_s:
            await self._log_in(user)
        response = await self.enter(self._tokens.get(user, ""))
        if response.status == NOT_GOOD:
            self._tokens.pop(user, None)
        return response

    async def enter_as_thief(self, user: str) -> web.Response:
        """Ask with the token that a user had at the first time, as somebody who cannot log in."""
        if user in self._tokens:
            self._stolen.setdefault(user, self._tokens[user])
        return await self.enter(self._stolen.get(user, ""))

    async def fetch_keys(self) -> None:
        """Fetch what it takes to check tokens alone, for ever."""
        while True:
            if text := await self._asked("GET", "/keys", "/keys"):
                known = json.loads(text)
                self._keys, self._revoked_s = known["keys"], known[REVOKED]
            await asyncio.sleep(self._ctx.settings.keys_ms / 1000)

    async def _log_in(self, user: str) -> None:
        if text := await self._asked("POST", f"/tokens/{user}", "/tokens"):
            self._tokens[user] = text

    async def _checked(self, text: str) -> str:
        if not text:
            return NONE
        if self._ctx.settings.check is Check.ASK:
            said = await self._asked("GET", f"/check/{text}", "/check")
            return said.strip() or UNCHECKED
        if self._keys is None:
            return UNCHECKED
        verdict, token = read(text, self._ctx.wall(), self._keys)
        if token and verdict is Verdict.GOOD:
            revoked = token.issued_s <= self._revoked_s.get(token.user, 0)
            return REVOKED if revoked else GOOD
        return verdict

    async def _asked(self, method: str, path: str, route: str) -> str:
        """Ask the issuer; nothing without an answer."""
        settings = self._ctx.settings
        try:
            answer = await self._outgoing.request(
                method, settings.auth, path, timeout_ms=settings.timeout_ms, route=route
            )
        except NO_ANSWER:
            return ""
        return "" if answer.failed else answer.text


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /` with a token as its `Authorization`, `GET /as/<user>` and `GET /thief/<user>`.

    The answer is that of the service behind the door; 401 when the token is not good, and why.
    """
    door = Door(ctx)

    async def enter(request: web.Request) -> web.Response:
        return await door.enter(request.headers.get(CARRIED, ""))

    async def enter_as(request: web.Request) -> web.Response:
        return await door.enter_as(request.match_info["user"])

    async def enter_as_thief(request: web.Request) -> web.Response:
        return await door.enter_as_thief(request.match_info["user"])

    application = web.Application()
    application.router.add_get("/", enter)
    application.router.add_get("/as/{user}", enter_as)
    application.router.add_get("/thief/{user}", enter_as_thief)
    in_background(application, door.fetch_keys)
    return application
