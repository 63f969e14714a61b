"""Registers: named values, each with the stamp or version of the write that holds it.

The replica of a store as Dynamo's heirs have it: the write with the highest stamp wins, whichever
came first, and a write that loses is no error. In production: Cassandra, ScyllaDB (last writer
wins); etcd, DynamoDB's conditional writes (versions).
"""

from dataclasses import dataclass

from aiohttp import web

from services.context import Context
from services.guarding import Serving


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """Nothing can be set."""


@dataclass(slots=True, kw_only=True)
class Register:
    """What is held, the stamp it was written with, and how many writes it has seen."""

    value: str = ""
    stamp: tuple[int, int, str] = (0, 0, "")
    version: int = 0


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET` and `PUT /registers/<key>` as JSON, and `GET /now`: the time of this host.

    A `PUT` with a `stamp` takes effect if no higher one is held; one with the `version` that its
    writer has seen, if it is still that version. The answer is what is held then.
    """
    registers: dict[str, Register] = {}

    def told(register: Register, *, kept: bool = True) -> web.Response:
        held = {"value": register.value, "stamp": register.stamp, "version": register.version}
        return web.json_response({**held, "kept": kept})

    async def read(request: web.Request) -> web.Response:
        return told(registers.get(request.match_info["key"], Register()))

    async def write(request: web.Request) -> web.Response:
        register = registers.setdefault(request.match_info["key"], Register())
        asked = await request.json()
        if "version" in asked:
            kept = asked["version"] == register.version
            stamp = register.stamp
        else:
            time_us, counter, host = asked["stamp"]
            stamp = (time_us, counter, host)
            kept = stamp > register.stamp
        if kept:
            register.value, register.stamp = asked["value"], stamp
            register.version += 1
        return told(register, kept=kept)

    async def now(_: web.Request) -> web.Response:
        return web.json_response({"now_s": ctx.wall()})

    application = web.Application()
    application.router.add_get("/now", now)
    application.router.add_get("/registers/{key}", read)
    application.router.add_put("/registers/{key}", write)
    return application
