"""Client: fetches each thing from a server, over one connection or several, by one of four rules.

What a connection delivers, it delivers in the order in which it was sent. So a packet that is lost
holds up all behind it, until it has been sent again. TCP hides that from programs, so the client
does here what TCP does: it lets nothing past an answer that was lost. Sources: Fielding and others,
RFC 9112 (HTTP/1.1), for pipelining; Thomson and Benfield, RFC 9113 (HTTP/2), for many requests on
one connection; Bishop, RFC 9114 (HTTP/3), and Langley and others, "The QUIC Transport Protocol"
(SIGCOMM 2017), for streams. In production: browsers, curl; httpx for HTTP/2, aioquic for HTTP/3.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle

import aiohttp
from aiohttp import web

from services.context import Context
from services.guarding import Guarded
from services.outgoing import Outgoing
from services.server import at_least, at_most, live


class Rule(StrEnum):
    """How requests share a connection: HTTP/1.1 with pipelining and without, HTTP/2, HTTP/3."""

    IN_ORDER = "in-order"
    ONE_AT_A_TIME = "one-at-a-time"
    TOGETHER = "together"
    STREAMS = "streams"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """How many connections there are, by which rule requests share one, and what is lost.

    In order, an answer is sent when all before it are; one at a time, the next request is sent when
    the last answer has come; together, each answer is sent when it is there. With streams, an
    answer does not wait for another one that was lost. A share of `loss_ratio` of all answers is
    lost, and comes `resend_ms` later.
    """

    connections: int = 1
    rule: Rule = Rule.TOGETHER
    loss_ratio: float = live(0)
    resend_ms: float = live(500)

    def __post_init__(self) -> None:
        at_least(1, connections=self.connections)
        at_least(0, loss_ratio=self.loss_ratio, resend_ms=self.resend_ms)
        at_most(1, loss_ratio=self.loss_ratio)


class Connection:
    """What has been sent over it: when all of it is there, and the answer that is sent last."""

    def __init__(self) -> None:
        self._there_s = 0.0
        self._last: asyncio.Event | None = None

    def deliver_s(self, arrives_s: float) -> float:
        """Say when an answer is there that would arrive at a time: not before those before it."""
        self._there_s = max(self._there_s, arrives_s)
        return self._there_s

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[asyncio.Event | None]:
        """Take the place behind all that were asked for, and give the one before."""
        before, mine = self._last, asyncio.Event()
        self._last = mine
        try:
            yield before
        finally:
            mine.set()


class Client:
    """The connections, and how requests are spread over them."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._callee = ctx.one_callee()
        self._outgoing = Outgoing(ctx)
        connections = [Connection() for _ in range(ctx.settings.connections)]
        self._turns = cycle(connections)
        self._free = asyncio.Queue[Connection]()
        for connection in connections:
            self._free.put_nowait(connection)

    async def fetch(self, _: web.Request) -> web.Response:
        """Fetch a thing: 200 when it is there, 502 when the server does not answer."""
        try:
            match self._ctx.settings.rule:
                case Rule.ONE_AT_A_TIME:
                    answer = await self._alone()
                case Rule.IN_ORDER:
                    answer = await self._in_order(next(self._turns))
                case Rule.TOGETHER | Rule.STREAMS:
                    answer = await self._ask()
                    await self._arrival(next(self._turns))
        except (TimeoutError, aiohttp.ClientError) as error:
            return web.Response(status=502, text=f"{self._callee}: {error}\n")
        return answer

    async def _ask(self) -> web.Response:
        answer = await self._outgoing.request("GET", self._callee, timeout_ms=0)
        return web.Response(body=answer.body, status=answer.status)

    async def _alone(self) -> web.Response:
        connection = await self._free.get()
        try:
            answer = await self._ask()
            await self._arrival(connection)
        finally:
            self._free.put_nowait(connection)
        return answer

    async def _in_order(self, connection: Connection) -> web.Response:
        async with connection.turn() as before:
            answer = await self._ask()
            if before:
                await before.wait()
        await self._arrival(connection)
        return answer

    async def _arrival(self, connection: Connection) -> None:
        """Wait until an answer is there that the server has sent now."""
        settings, now_s = self._ctx.settings, self._ctx.now()
        is_lost = self._ctx.rng.random() < settings.loss_ratio
        arrives_s = now_s + is_lost * settings.resend_ms / 1000
        if settings.rule is not Rule.STREAMS:
            arrives_s = connection.deliver_s(arrives_s)
        await asyncio.sleep(arrives_s - now_s)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: a thing that the server has."""
    application = web.Application()
    application.router.add_get("/", Client(ctx).fetch)
    return application
