"""Edge: sells near its buyers from a stock that it has in common with other edges.

How it knows what is left is its `kind`: it asks one place each time; it keeps the newest figure
that anyone has; it keeps a count for each edge, and adds to its own alone (a G-counter: Shapiro and
others, "Conflict-free Replicated Data Types", 2011); it has a share of its own; or it fetches a few
at a time (both are escrows: O'Neil, "The Escrow Transactional Method", 1986).
"""

import asyncio
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from aiohttp import web

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.server import at_least, in_background, live

UNKNOWN = web.HTTPServiceUnavailable.status_code


class Kind(StrEnum):
    """How an edge knows what is left."""

    ONE_PLACE = "one-place"
    NEWEST = "newest"
    COUNTERS = "counters"
    SHARES = "shares"
    LEASES = "leases"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """A stock for so many edges, and how this one knows what is left of it.

    Edges tell each other every `tell_ms`, by way of the core. `block` is fetched at a time, as soon
    as no more than `spare` are left.
    """

    kind: Kind = Kind.ONE_PLACE
    stock: int = 90
    edges: int = 3
    tell_ms: float = live(250)
    block: int = live(4)
    spare: int = live(2)
    timeout_ms: float = live(300)

    def __post_init__(self) -> None:
        at_least(1, edges=self.edges, tell_ms=self.tell_ms, block=self.block)
        at_least(0, stock=self.stock, spare=self.spare, timeout_ms=self.timeout_ms)


class Core:
    """What an edge may ask of the core; None where no answer comes."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._name = ctx.one_callee()
        self._outgoing = Outgoing(ctx)

    async def take(self, count: int) -> int | None:
        """Take so many out of the stock; fewer are given where fewer are left."""
        answer = await self._ask("POST", f"/stock/{count}", "/stock/{count}")
        return None if answer is None else int(answer)

    async def tell(self, own: object) -> dict[str, Any]:
        """Say something of this edge, and hear what all have said."""
        body = json.dumps(own).encode()
        answer = await self._ask("PUT", f"/edges/{self._ctx.host}", "/edges/{name}", body)
        return answer or {}

    async def _ask(self, method: str, path: str, route: str, body: bytes = b"") -> Any:  # noqa: ANN401 - JSON
        limit_ms = self._ctx.settings.timeout_ms
        try:
            answer = await self._outgoing.request(
                method, self._name, path, timeout_ms=limit_ms, route=route, body=body
            )
        except NO_ANSWER:
            return None
        return json.loads(answer.body) if answer.ok else None


class Counter(Protocol):
    """How an edge knows what is left."""

    async def sell(self) -> bool | None:
        """Sell one: True, or False where none is left, or None where nobody can say."""

    async def keep_up(self) -> None:
        """Hear of the others once."""


class OnePlace:
    """Asks the core each time."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def sell(self) -> bool | None:
        """Sell what the core gives."""
        given = await self._core.take(1)
        return None if given is None else given > 0

    async def keep_up(self) -> None:
        """Do nothing: the core knows."""


class Newest:
    """One figure, of which the newest is true: what others sold before it was written is lost."""

    def __init__(self, core: Core, ctx: Context[Settings]) -> None:
        self._core, self._wall = core, ctx.wall
        self._left, self._at = ctx.settings.stock, 0.0

    async def sell(self) -> bool:
        """Sell while the figure is above 0."""
        if self._left <= 0:
            return False
        self._left, self._at = self._left - 1, self._wall()
        return True

    async def keep_up(self) -> None:
        """Take the newest figure of all."""
        for at, left in (await self._core.tell([self._at, self._left])).values():
            if at > self._at:
                self._at, self._left = at, left


class Counters:
    """How many each edge has sold: each adds to its own, and the higher figure is the newer."""

    def __init__(self, core: Core, ctx: Context[Settings]) -> None:
        self._core, self._host = core, ctx.host
        self._stock = ctx.settings.stock
        self._sold = {ctx.host: 0}

    async def sell(self) -> bool:
        """Sell while all together have sold less than there is."""
        if sum(self._sold.values()) >= self._stock:
            return False
        self._sold[self._host] += 1
        return True

    async def keep_up(self) -> None:
        """Take the higher figure of each."""
        for edge, sold in (await self._core.tell(self._sold[self._host])).items():
            self._sold[edge] = max(self._sold.get(edge, 0), sold)


class Shares:
    """A share of its own, that no other touches."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._left = ctx.settings.stock // ctx.settings.edges

    async def sell(self) -> bool:
        """Sell from the share."""
        if not self._left:
            return False
        self._left -= 1
        return True

    async def keep_up(self) -> None:
        """Do nothing: no other sells from it."""


class Leases:
    """A few at a time, fetched before they run out."""

    def __init__(self, core: Core, ctx: Context[Settings]) -> None:
        self._core, self._ctx = core, ctx
        self._held, self._none_left = 0, False
        self._fetching = asyncio.Lock()

    async def sell(self) -> bool | None:
        """Sell what is held, or wait for the next few."""
        if not self._held:
            await self.keep_up()
        if not self._held:
            return False if self._none_left else None
        self._held -= 1
        return True

    async def keep_up(self) -> None:
        """Fetch some where few are held, or wait for those that are being fetched."""
        is_first = not self._fetching.locked()
        async with self._fetching:
            if not is_first:
                return
            if self._held > self._ctx.settings.spare or self._none_left:
                return
            given = await self._core.take(self._ctx.settings.block)
            if given is not None:
                self._held += given
                self._none_left = given == 0


def counter(ctx: Context[Settings]) -> Counter:
    """Make what a kind names."""
    core = Core(ctx)
    match ctx.settings.kind:
        case Kind.ONE_PLACE:
            return OnePlace(core)
        case Kind.NEWEST:
            return Newest(core, ctx)
        case Kind.COUNTERS:
            return Counters(core, ctx)
        case Kind.SHARES:
            return Shares(ctx)
        case Kind.LEASES:
            return Leases(core, ctx)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /tickets`: says `sold`, or `none left`; 503 where nobody can say."""
    stock = counter(ctx)

    async def buy(_: web.Request) -> web.Response:
        sold = await stock.sell()
        if sold is None:
            return web.Response(status=UNKNOWN, text="please try again later\n")
        return web.Response(text="sold" if sold else "none left")

    async def keep_up() -> None:
        while True:
            await asyncio.sleep(ctx.settings.tell_ms / 1000)
            await stock.keep_up()

    application = web.Application()
    application.router.add_get("/tickets", buy)
    in_background(application, keep_up)
    return application
