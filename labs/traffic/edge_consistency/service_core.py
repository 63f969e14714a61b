"""Core: one place for all edges, which keeps a stock, or what each edge last said of itself.

In production: a database in one region, a Durable Object of Cloudflare Workers.
"""

from dataclasses import dataclass

from aiohttp import web

from services.context import Context
from services.guarding import Serving
from services.server import at_least


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """How many there are to sell."""

    stock: int = 90

    def __post_init__(self) -> None:
        at_least(0, stock=self.stock)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `POST /stock/<count>`, which takes so many, or all that are left, and says how many.

    `PUT /edges/<name>` keeps what an edge says of itself, and answers with what all have said.
    """
    left = ctx.settings.stock
    said: dict[str, object] = {}

    async def take(request: web.Request) -> web.Response:
        nonlocal left
        given = min(left, int(request.match_info["count"]))
        left -= given
        return web.json_response(given)

    async def tell(request: web.Request) -> web.Response:
        said[request.match_info["name"]] = await request.json()
        return web.json_response(said)

    application = web.Application()
    application.router.add_post(r"/stock/{count:\d+}", take)
    application.router.add_put("/edges/{name}", tell)
    return application
