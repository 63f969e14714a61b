"""Counter: one place that counts for all gateways, or keeps what each last said of itself.

In production: a Redis that all gateways ask, or the service behind Google's Doorman.
"""

from dataclasses import dataclass

from aiohttp import web

from services.context import Context
from services.guarding import Serving
from services.server import at_least


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """How many requests are let through in each second of the clock."""

    limit: int = 32

    def __post_init__(self) -> None:
        at_least(1, limit=self.limit)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `POST /taken`, which counts a request and says whether it may pass.

    `PUT /gateways/<name>` keeps what a gateway says of itself, `GET /gateways` gives what all said.
    """
    second, taken = 0, 0
    said: dict[str, object] = {}

    async def take(_: web.Request) -> web.Response:
        nonlocal second, taken
        if int(ctx.wall()) != second:
            second, taken = int(ctx.wall()), 0
        may_pass = taken < ctx.settings.limit
        taken += may_pass
        return web.json_response(may_pass)

    async def tell(request: web.Request) -> web.Response:
        said[request.match_info["name"]] = await request.json()
        return web.json_response(len(said))

    async def hear(_: web.Request) -> web.Response:
        return web.json_response(said)

    application = web.Application()
    application.router.add_post("/taken", take)
    application.router.add_put("/gateways/{name}", tell)
    application.router.add_get("/gateways", hear)
    return application
