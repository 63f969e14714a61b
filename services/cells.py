"""Cells: a router that sends each tenant's requests to that tenant's workers, and to no others.

See `services.patterns.cells` for the idea, the sources, and what to use in production. A tenant is
the `client` of the path's query, else the path. When a worker fails, the others of the tenant are
tried, so a tenant is down when all of its workers are.
"""

from dataclasses import dataclass

from aiohttp import web
from prometheus_client import Counter

from services.context import Context
from services.guarding import CLIENT, NO_ANSWER, Guarded
from services.outgoing import Outgoing
from services.patterns.cells import Division
from services.patterns.guards import Answer
from services.server import SettingError, at_least, live

BAD = web.HTTPBadGateway.status_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """How workers are divided, how many a tenant has, and how many of them a request may try."""

    division: Division = live(Division.SHUFFLE)
    size: int = live(2)
    tries: int = live(2)
    timeout_ms: float = live(500)

    def __post_init__(self) -> None:
        at_least(1, size=self.size, tries=self.tries, timeout_ms=self.timeout_ms)


class Router:
    """Passes requests on."""

    def __init__(self, ctx: Context[Settings]) -> None:
        if not ctx.callees:
            raise SettingError("there are no workers; name them in calls=")
        self._ctx = ctx
        self._outgoing = Outgoing(ctx)
        self._tenants = Counter("by_tenants", "Requests", ("outcome",), registry=ctx.metrics)
        for outcome in ("good", "failed"):
            self._tenants.labels(outcome)  # So that each begins at 0.

    async def handle(self, request: web.Request) -> web.Response:
        """Answer by one of the tenant's workers: 502 when none does."""
        settings = self._ctx.settings
        tenant = request.query.get(CLIENT, request.path)
        workers = settings.division.of(tenant, self._ctx.callees, settings.size)
        drawn = self._ctx.rng.sample(list(workers), min(settings.tries, len(workers)))
        answer = Answer(status=BAD)
        for attempt, worker in enumerate(drawn, 1):
            answer = await self._ask(worker, request, attempt)
            if not answer.failed:
                break
        self._tenants.labels("failed" if answer.failed else "good").inc()
        return web.Response(status=answer.status, body=answer.body)

    async def _ask(self, worker: str, request: web.Request, attempt: int) -> Answer:
        try:
            return await self._outgoing.request(
                request.method,
                worker,
                request.path_qs,
                timeout_ms=self._ctx.settings.timeout_ms,
                attempt=attempt,
                body=await request.read(),
            )
        except NO_ANSWER as error:
            return Answer(f"{worker}: {type(error).__name__}\n".encode(), BAD)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve every path by one of the tenant's workers."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", Router(ctx).handle)
    return application
