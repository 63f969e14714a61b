"""Config: hands one configuration value out to many hosts, at once or by stages behind a gate.

Hosts ask for it again and again, and say with which value they run and how that goes. `value` may
be changed while it runs: that is a push.
"""

from dataclasses import dataclass

from aiohttp import web
from prometheus_client import Counter

from services.context import Context
from services.guarding import Serving
from services.patterns.rollout import Rollout
from services.server import at_least, live


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Serving):
    """The value, how long a stage lasts (0: no stages), and which share of errors stops it.

    A `gate` of 1 or more lets everything through.
    """

    value: str = live("")
    stage_ms: float = 0
    gate: float = 1

    def __post_init__(self) -> None:
        at_least(0, stage_ms=self.stage_ms, gate=self.gate)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /value?host=<who>&runs=<value>&served=<n>&failed=<n>`: the host's value."""
    settings = ctx.settings
    rollout = Rollout(settings.value, stage_s=settings.stage_ms / 1000, now=ctx.now)
    hosts: set[str] = set()
    rejected = Counter("rejected_values", "Values that the gate stopped", registry=ctx.metrics)

    async def value(request: web.Request) -> web.Response:
        told = request.query
        hosts.add(told["host"])
        rollout.offer(ctx.settings.value)
        failed, served = int(told["failed"]), int(told["served"])
        if failed > settings.gate * (failed + served) and rollout.reject(told["runs"]):
            rejected.inc()
        return web.Response(text=rollout.value_for(told["host"], hosts))

    application = web.Application()
    application.router.add_get("/value", value)
    return application
