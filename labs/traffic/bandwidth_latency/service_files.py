"""Files: answers with a file, as it is or packed, which makes it smaller and takes time."""

import asyncio
from dataclasses import dataclass

from aiohttp import web

from services.context import Context
from services.guarding import Serving
from services.server import at_least, at_most, live


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """How large the file is, whether it is packed, what is left of it then, and what that costs."""

    file_kb: float = live(500)
    packs: bool = live(default=False)
    left: float = live(0.2)
    pack_ms: float = live(100)

    def __post_init__(self) -> None:
        at_least(0, file_kb=self.file_kb, left=self.left, pack_ms=self.pack_ms)
        at_most(1, left=self.left)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: a file."""

    async def file(_: web.Request) -> web.Response:
        settings = ctx.settings
        size = 1000 * settings.file_kb
        if settings.packs:
            await asyncio.sleep(settings.pack_ms / 1000)
            size *= settings.left
        return web.Response(body=bytes(round(size)))

    application = web.Application()
    application.router.add_get("/", file)
    return application
