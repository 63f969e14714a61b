"""Shop: shows the newest orders with the names of their customers, by one query or by many.

*Row by row* asks for the orders, and then for each customer: 1 + N queries, one after the other, as
an object-relational mapper does that loads a field when it is first read. *In-list* asks for all
customers in a second query (`WHERE id IN (...)`); *join* asks once for everything. Sources: Fowler,
*Patterns of Enterprise Application Architecture* (2002), "Lazy Load", for what he calls ripple
loading. In production: `select_related` and `prefetch_related` in Django, `selectinload` and
`joinedload` in SQLAlchemy, `includes` in Rails.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web

from services.context import Context
from services.guarding import NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.patterns.guards import Failed
from services.server import SettingError, at_least, live


class Loading(StrEnum):
    """How the customers of a list of orders are asked for."""

    ROW_BY_ROW = "row-by-row"
    IN_LIST = "in-list"
    JOIN = "join"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """How customers are loaded, how many orders a page shows, and whom it asks for customers.

    `customers_from` names the callee, the first one where it is empty; orders come from the first.
    """

    loading: Loading = live(Loading.ROW_BY_ROW)
    orders: int = live(10)
    customers_from: str = live("")
    timeout_ms: float = live(5000)

    def __post_init__(self) -> None:
        at_least(1, orders=self.orders)
        at_least(0, timeout_ms=self.timeout_ms)


class Shop:
    """A page, and the queries for it."""

    def __init__(self, ctx: Context[Settings]) -> None:
        if not ctx.callees:
            raise SettingError("calls= names no database; name one")
        self._ctx = ctx
        self._outgoing = Outgoing(ctx)

    async def page(self) -> list[str]:
        """Name the customers of the newest orders."""
        settings = self._ctx.settings
        database = self._ctx.callees[0]
        if settings.loading == Loading.JOIN:
            return await self._query(database, f"/joined/{settings.orders}", "joined")
        buyers = await self._query(database, f"/orders/{settings.orders}", "orders")
        near = settings.customers_from or database
        if settings.loading == Loading.IN_LIST:
            return await self._customers(near, buyers)
        return [name for buyer in buyers for name in await self._customers(near, [buyer])]

    async def _customers(self, callee: str, numbers: Sequence[str]) -> list[str]:
        return await self._query(callee, f"/customers/{','.join(numbers)}", "customers")

    async def _query(self, callee: str, path: str, route: str) -> list[str]:
        """Ask a database.

        Raises:
            Failed: it answered with an error.
            one of `NO_ANSWER`: it did not answer.

        """
        answer = await self._outgoing.request(
            "GET", callee, path, timeout_ms=self._ctx.settings.timeout_ms, route=route
        )
        if not answer.ok:
            raise Failed(answer)
        return answer.text.splitlines()


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: the customers of the newest orders, a line each; 502 where a query failed."""
    shop = Shop(ctx)

    async def show(_: web.Request) -> web.Response:
        try:
            names = await shop.page()
        except (*NO_ANSWER, Failed) as error:
            return web.Response(status=502, text=f"no answer from a database: {error}\n")
        return web.Response(text="".join(f"{name}\n" for name in names))

    application = web.Application()
    application.router.add_get("/", show)
    return application
