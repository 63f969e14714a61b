"""Effects: does what it is asked to, keeps a list of it on disk, and shows the list.

What was done twice stands in it twice, so that a lab can see it; with `idempotent`, what has been
done is not done again, whoever asks, and is answered at once. The callee at the end of labs about
delivery: a payment, a mail, a parcel. Source: Helland, "Idempotence Is Not a Medical Condition"
(2012). In production: a unique index on the request's key, as Stripe's idempotency keys have it.
"""

import asyncio
import json
from collections.abc import Collection
from dataclasses import dataclass

from aiohttp import web

from services.context import Context
from services.guarding import Serving
from services.server import at_least, live

LIST = "effects"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """How long an effect takes, and whether what has been done is done again.

    A share of `error_ratio` is done and then answered 500.
    """

    service_ms: float = live(5)
    error_ratio: float = live(0)
    idempotent: bool = live(default=False)

    def __post_init__(self) -> None:
        at_least(0, service_ms=self.service_ms, error_ratio=self.error_ratio)


def is_known(settings: Settings, done: Collection[str], name: str) -> bool:
    """Say whether an effect must not be done again."""
    return settings.idempotent and name in done


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `POST /effects/<name>`, done when it is answered 200; `GET /effects`: all names.

    `GET /effects/<name>` says whether one has been done: 200, or 404.
    """
    kept = ctx.volume.read(LIST)
    done: list[str] = json.loads(kept) if kept else []

    async def act(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if not is_known(ctx.settings, done, name):
            await asyncio.sleep(ctx.settings.service_ms / 1000)
        if not is_known(ctx.settings, done, name):  # it may have been done meanwhile
            done.append(name)
            ctx.volume.write(LIST, json.dumps(done).encode())
        if ctx.settings.error_ratio and ctx.rng.random() < ctx.settings.error_ratio:
            return web.Response(status=500, text="done, and nobody is told\n")
        return web.Response(text="done\n")

    async def one(request: web.Request) -> web.Response:
        if request.match_info["name"] in done:
            return web.Response(text="done\n")
        return web.Response(status=404, text="not done\n")

    async def everything(_: web.Request) -> web.Response:
        return web.Response(text=" ".join(done) + "\n")

    application = web.Application()
    application.router.add_post("/effects/{name}", act)
    application.router.add_get("/effects/{name}", one)
    application.router.add_get("/effects", everything)
    return application
