"""Mobile: a program on a phone, whose screens need several resources of an api, in some style.

*In turn* asks for each resource when it has the one before; *parallel* asks for as many at a time
as it has connections, six as browsers have by HTTP/1.1. The others ask once. A cache among the
outgoing guards does what a browser's does: it keeps what has been read, and nothing that is the
answer of a `POST`. In production: `fetch` and the browser's cache; Apollo's client for GraphQL,
which keeps a cache of its own.
"""

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.patterns.guards import Answer, Asked, Failed
from services.patterns.timeout import time_limit
from services.server import at_least, live

BAD = web.HTTPBadGateway.status_code


class Style(StrEnum):
    """How a screen asks for its resources."""

    IN_TURN = "in-turn"
    PARALLEL = "parallel"
    BATCH = "batch"
    QUERY = "query"
    SCREEN = "screen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """The style, how many resources a screen has, and on how many connections it asks for them.

    Of the resources, the first `changing` differ each time that somebody looks.
    """

    style: Style = live(Style.PARALLEL)
    resources: int = live(12)
    changing: int = live(1)
    connections: int = live(6)
    timeout_ms: float = live(10_000)

    def __post_init__(self) -> None:
        at_least(1, resources=self.resources, connections=self.connections)
        at_least(0, changing=self.changing, timeout_ms=self.timeout_ms)


@dataclass(slots=True)
class Traffic:
    """What one screen has asked for, and got: cached answers are not in it."""

    requests: int = 0
    received: int = 0


class Mobile:
    """Screens that are shown, to one person after the other."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._callee = ctx.one_callee()
        self._outgoing = Outgoing(ctx)
        self._person = 0
        self._shown = 0

    def next_person(self) -> None:
        """Hand the phone to somebody else, of whom it knows nothing."""
        self._person += 1

    async def show(self) -> Traffic:
        """Get all resources of a screen.

        Raises:
            Failed: one of the answers was an error.
            one of `NO_ANSWER`: there was none.

        """
        settings = self._ctx.settings
        self._shown += 1
        paths, traffic = self._paths(settings), Traffic()
        match settings.style:
            case Style.IN_TURN:
                await self._read(paths, 1, traffic)
            case Style.PARALLEL:
                await self._read(paths, settings.connections, traffic)
            case Style.BATCH | Style.QUERY | Style.SCREEN:
                body = str(settings.resources).encode()
                await self._ask("POST", f"/{settings.style}", traffic, body)
        return traffic

    def _paths(self, settings: Settings) -> list[str]:
        """Name the resources; one that changes has another path each time."""
        paths = [
            f"/people/{self._person}/resources/{number}" for number in range(settings.resources)
        ]
        return [
            f"{path}?screen={self._shown}" if number < settings.changing else path
            for number, path in enumerate(paths)
        ]

    async def _read(self, paths: list[str], connections: int, traffic: Traffic) -> None:
        free = asyncio.Semaphore(connections)

        async def read(path: str) -> None:
            async with free:
                await self._ask("GET", path, traffic)

        await asyncio.gather(*map(read, paths))

    async def _ask(self, method: str, path: str, traffic: Traffic, body: bytes = b"") -> None:
        async def ask(asked: Asked) -> Answer:
            traffic.requests += 1
            call = self._ctx.call(asked.key, attempt=asked.attempt)
            headers = self._outgoing.headers(asked)
            sent = call.request(method, path, headers=headers, data=body or None)
            async with time_limit(self._ctx.settings.timeout_ms), sent as response:
                content = await response.read()
            traffic.received += len(content)
            return Answer(content, response.status)

        answer = await self._outgoing.call(
            self._callee, ask, path=path, writes=method == "POST", body=body
        )
        if not answer.ok:
            raise Failed(answer)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /new`, a screen for somebody else, and `GET /again`, for the same person.

    Both say what it took, as in "12 requests, 48000 bytes"; 502 where an answer is missing.
    """
    mobile = Mobile(ctx)

    async def show() -> web.Response:
        try:
            traffic = await mobile.show()
        except (*NO_ANSWER, Failed) as error:
            return web.Response(status=BAD, text=f"the screen stays empty: {error}\n")
        return web.Response(text=f"{traffic.requests} requests, {traffic.received} bytes\n")

    async def again(_: web.Request) -> web.Response:
        return await show()

    async def new(_: web.Request) -> web.Response:
        mobile.next_person()
        return await show()

    application = web.Application()
    application.router.add_get("/again", again)
    application.router.add_get("/new", new)
    return application
