"""Users: people in one place, each with a program that finds a region for every request.

By *DNS*, a program asks a resolver where a name leads, and remembers the answer for as long as it
may; some remember it for longer than they may. By *anycast*, one address is used everywhere, and
the network decides where it leads. A *client* that knows two names tries the second when the first
does not answer. Sources: Mockapetris, RFC 1035 (1987); Partridge, Mendez and Milliken, RFC 1546
(1993), for anycast; Schinazi and Pauly, RFC 8305 (2017), for clients that try both. In production:
Route 53, Cloudflare, NS1; a router's BGP; an SDK of your own.
"""

import json
import math
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.patterns.guards import Answer, Failed
from services.patterns.name_cache import Found, NameCache
from services.server import at_least, at_most, live

BAD = web.HTTPBadGateway.status_code
ERRORS = (*NO_ANSWER, Failed)
SHOP, SPARE = "shop", "spare"


class Way(StrEnum):
    """How a program finds a region."""

    DNS = "dns"
    ANYCAST = "anycast"
    CLIENT = "client"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """How a program finds a region, and how long it waits for one.

    `resolver` and `edge` name callees; the resolver knows the names `shop` and `spare`. Of the
    people, a share of `ignoring` remembers each answer for `hold_ms` at least. A client that had no
    answer from the first region uses the second for `avoid_ms`.
    """

    way: Way = live(Way.DNS)
    resolver: str = "resolver"
    edge: str = "edge"
    timeout_ms: float = live(1000)
    ignoring: float = live(0)
    hold_ms: float = live(20_000)
    avoid_ms: float = live(30_000)

    def __post_init__(self) -> None:
        at_least(1, timeout_ms=self.timeout_ms)
        at_least(0, ignoring=self.ignoring, hold_ms=self.hold_ms, avoid_ms=self.avoid_ms)
        at_most(1, ignoring=self.ignoring)


class User:
    """One person's program: what it remembers of names, and since when it avoids a region."""

    def __init__(self, ctx: Context[Settings], outgoing: Outgoing, number: int) -> None:
        self._number = number
        self._ctx = ctx
        self._outgoing = outgoing
        self._names = NameCache(self._look_up, ctx.now, errors=ERRORS)
        self._left = ctx.rng.random()
        """How much of the first answer's time is left: a cache on the way has had it before."""
        self._avoids_until_s = 0.0

    async def get(self) -> Answer:
        """Ask whichever region it finds.

        Raises:
            one of `ERRORS`: no region has answered.

        """
        match self._ctx.settings.way:
            case Way.ANYCAST:
                return await self._ask(self._ctx.settings.edge)
            case Way.DNS:
                return await self._ask(await self._names.find(SHOP))
            case Way.CLIENT:
                return await self._ask_either()

    async def _ask_either(self) -> Answer:
        now_s = self._ctx.now()
        if now_s >= self._avoids_until_s:
            try:
                return await self._ask(await self._names.find(SHOP))
            except ERRORS:
                self._avoids_until_s = now_s + self._ctx.settings.avoid_ms / 1000
        return await self._ask(await self._names.find(SPARE))

    async def _ask(self, host: str) -> Answer:
        answer = await self._outgoing.request(
            "GET", host, timeout_ms=self._ctx.settings.timeout_ms, route="region"
        )
        if not answer.ok:
            raise Failed(answer)
        return answer

    async def _look_up(self, name: str) -> Found:
        settings = self._ctx.settings
        answer = await self._outgoing.request(
            "GET",
            settings.resolver,
            f"/names/{name}",
            timeout_ms=settings.timeout_ms,
            route="names",
        )
        if not answer.ok:
            raise Failed(answer)
        found = json.loads(answer.text)
        share = settings.ignoring
        # Of each ten, as many as the share says: the first, and then evenly.
        ignores = math.ceil((self._number + 1) * share) > math.ceil(self._number * share)
        ttl_ms = max(found["ttl_ms"], settings.hold_ms) if ignores else found["ttl_ms"]
        left, self._left = self._left, 1.0
        return Found(found["host"], left * ttl_ms / 1000)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /users/{person}`: what a region answers; 502 where none does."""
    outgoing = Outgoing(ctx)
    users: dict[str, User] = {}

    async def get(request: web.Request) -> web.Response:
        person = request.match_info["person"]
        if person not in users:
            users[person] = User(ctx, outgoing, len(users))
        try:
            answer = await users[person].get()
        except (*ERRORS, LookupError) as error:
            return web.Response(status=BAD, text=f"{type(error).__name__}: {error}\n")
        return web.Response(status=answer.status, text=answer.text)

    application = web.Application()
    application.router.add_get("/users/{person}", get)
    return application
