"""Api: the same resources in four styles, at the far end of a phone's slow link.

*REST* gives each resource under a path of its own, with all of its fields. A *batch* gives several
of these in one answer. A *query* as in GraphQL names the fields that it wants, and gets no others.
A *procedure* (RPC) is made for one screen, and answers in a binary form that is smaller than text.
Answers leave one after the other, as all connections of a phone share its link; each carries
headers as well. Sources: Fielding's dissertation (2000); Byron, "GraphQL: A data query language"
(2015); Birrell and Nelson, "Implementing Remote Procedure Calls" (1984). In production: FastAPI,
Strawberry or Graphene, gRPC.
"""

from dataclasses import dataclass

from aiohttp import web
from prometheus_client import Counter

from services.context import Context
from services.guarding import Serving
from services.server import at_least, live
from services.settings import SettingError
from services.table import Cores


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """How large a resource is in each style, in bytes, and how much the link carries.

    `full_bytes` with all fields, `needed_bytes` with those that the screen shows, `packed_bytes`
    the same in binary. `header_bytes` go along with each answer; `rate_kbps` is in kilobytes
    (1,000 bytes) a second.
    """

    full_bytes: int = live(4000)
    needed_bytes: int = live(800)
    packed_bytes: int = live(500)
    header_bytes: int = live(500)
    rate_kbps: float = live(50)

    def __post_init__(self) -> None:
        at_least(0, full_bytes=self.full_bytes, needed_bytes=self.needed_bytes)
        at_least(0, packed_bytes=self.packed_bytes, header_bytes=self.header_bytes)
        if not self.rate_kbps > 0:
            raise SettingError(f"rate_kbps is {self.rate_kbps:g}; it must be above 0")


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /people/{person}/resources/{number}`, and `POST` for several.

    Those are `/batch`, `/query` and `/screen`, each with the number of resources as the body.
    """
    link = Cores(1)
    sent = Counter("sent_bytes", "Bytes that left over the link", registry=ctx.metrics)

    async def answer(size: int) -> web.Response:
        settings = ctx.settings
        whole = size + settings.header_bytes
        await link.run(whole / (1000 * settings.rate_kbps))
        sent.inc(whole)
        return web.Response(body=bytes(size))

    async def resource(_: web.Request) -> web.Response:
        return await answer(ctx.settings.full_bytes)

    async def batch(request: web.Request) -> web.Response:
        return await answer(await _count(request) * ctx.settings.full_bytes)

    async def query(request: web.Request) -> web.Response:
        return await answer(await _count(request) * ctx.settings.needed_bytes)

    async def screen(request: web.Request) -> web.Response:
        return await answer(await _count(request) * ctx.settings.packed_bytes)

    application = web.Application()
    application.router.add_get("/people/{person}/resources/{number}", resource)
    for path, handler in (("/batch", batch), ("/query", query), ("/screen", screen)):
        application.router.add_post(path, handler)
    return application


async def _count(request: web.Request) -> int:
    """Read how many resources are asked for.

    Raises:
        web.HTTPBadRequest: it is no number.

    """
    said = await request.text()
    if not said.isdecimal():
        raise web.HTTPBadRequest(text="the body must be the number of resources\n")
    return int(said)
