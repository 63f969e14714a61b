"""Database: orders and customers, which can be asked for one by one, as a list, or joined.

Each query costs `query_ms` of one core, however little it gives, and `row_ms` for each row that it
gives: to parse it, plan it and look a key up costs more than one row more does. In production:
PostgreSQL and MySQL, whose plans and indexes decide what `query_ms` is.
"""

from dataclasses import dataclass

from aiohttp import web
from prometheus_client import Counter

from services.context import Context
from services.guarding import Serving
from services.server import at_least, live
from services.table import Cores


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """How many queries run at the same time, what one costs, and how many customers there are."""

    cores: int = 8
    query_ms: float = live(8)
    row_ms: float = live(2)
    customers: int = live(1000)

    def __post_init__(self) -> None:
        at_least(1, cores=self.cores, customers=self.customers)
        at_least(0, query_ms=self.query_ms, row_ms=self.row_ms)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /orders/{limit}`, `GET /customers/{numbers}` and `GET /joined/{limit}`.

    The newest orders, a line each with the number of the customer; customers by their numbers,
    which commas separate, a line each with the name; orders with the names of their customers.
    """
    cores = Cores(ctx.settings.cores)
    queries = Counter("queries", "Queries that were answered", registry=ctx.metrics)

    async def answer(lines: list[str], rows: int) -> web.Response:
        settings = ctx.settings
        await cores.run((settings.query_ms + settings.row_ms * rows) / 1000)
        queries.inc()
        return web.Response(text="".join(f"{line}\n" for line in lines))

    def newest(request: web.Request) -> list[int]:
        limit = _numbers(request, "limit")[0]
        return [ctx.rng.randrange(ctx.settings.customers) for _ in range(limit)]

    async def orders(request: web.Request) -> web.Response:
        buyers = newest(request)
        return await answer([str(buyer) for buyer in buyers], len(buyers))

    async def customers(request: web.Request) -> web.Response:
        numbers = _numbers(request, "numbers")
        return await answer([_name(number) for number in numbers], len(numbers))

    async def joined(request: web.Request) -> web.Response:
        buyers = newest(request)
        return await answer([_name(buyer) for buyer in buyers], 2 * len(buyers))

    application = web.Application()
    application.router.add_get("/orders/{limit}", orders)
    application.router.add_get("/customers/{numbers}", customers)
    application.router.add_get("/joined/{limit}", joined)
    return application


def _name(number: int) -> str:
    return f"customer {number}"


def _numbers(request: web.Request, part: str) -> list[int]:
    """Read the numbers of a path.

    Raises:
        web.HTTPBadRequest: one of them is none.

    """
    said = request.match_info[part].split(",")
    if not all(one.isdecimal() for one in said):
        raise web.HTTPBadRequest(text=f"{part} must be whole numbers, with commas between them\n")
    return [int(one) for one in said]
