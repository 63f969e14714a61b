"""Resolver: says which host answers to a name, and for how long that may be remembered.

A change of the answer reaches each client when what it remembers has expired, so a move takes as
long as the time to live; the shorter it is, the more often all ask. Sources: Mockapetris, RFC 1034
and 1035 (1987). In production: your DNS provider, CoreDNS, Consul.
"""

from dataclasses import dataclass

from aiohttp import web
from prometheus_client import Counter

from services.context import Context
from services.guarding import Serving
from services.server import SettingError, at_least, live

UNKNOWN = web.HTTPNotFound.status_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """The names and their hosts (`shop=web-1, api=web-2`), and how long an answer is good for."""

    names: str = live("")
    ttl_ms: float = live(5000)

    def __post_init__(self) -> None:
        at_least(0, ttl_ms=self.ttl_ms)
        self.hosts()

    def hosts(self) -> dict[str, str]:
        """Give the host of each name.

        Raises:
            SettingError: an entry is no `name=host`.

        """
        entries = [entry.strip() for entry in self.names.split(",") if entry.strip()]
        pairs = [entry.partition("=") for entry in entries]
        for entry, (name, _, host) in zip(entries, pairs, strict=True):
            if not (name.strip() and host.strip()):
                raise SettingError(f"names has {entry!r}; write name=host, separated by commas")
        return {name.strip(): host.strip() for name, _, host in pairs}


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /names/<name>` as JSON, `host` and `ttl_ms`; 404 when there is no such name."""
    asked = Counter("lookups", "Questions, by name", ("name",), registry=ctx.metrics)

    async def look_up(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        asked.labels(name).inc()
        host = ctx.settings.hosts().get(name)
        if host is None:
            return web.Response(status=UNKNOWN, text=f"no name {name}\n")
        return web.json_response({"host": host, "ttl_ms": ctx.settings.ttl_ms})

    application = web.Application()
    application.router.add_get("/names/{name}", look_up)
    return application
