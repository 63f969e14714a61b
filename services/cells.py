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
    """How workers are divided, how many a tenant has, and how many of them a request may try.

    A request that its tenant's own workers have failed may try `spill` others. `spare` names
    workers that are no part of the division, and `moved` the tenants whose requests go to these;
    names are separated by commas.
    """

    division: Division = live(Division.SHUFFLE)
    size: int = live(2)
    tries: int = live(2)
    timeout_ms: float = live(500)
    spill: int = live(0)
    spare: str = ""
    moved: str = live("")

    def __post_init__(self) -> None:
        at_least(1, size=self.size, tries=self.tries, timeout_ms=self.timeout_ms)
        at_least(0, spill=self.spill)
        if self.moved and not self.spare:
            raise SettingError(f"moved is {self.moved!r}, and spare names no worker for it")


class Router:
    """Passes requests on."""

    def __init__(self, ctx: Context[Settings]) -> None:
        if not ctx.callees:
            raise SettingError("there are no workers; name them in calls=")
        for name in _names(ctx.settings.spare):
            if name not in ctx.callees:
                there = ", ".join(ctx.callees)
                raise SettingError(f"spare names {name!r}, which is not one of {there}")
        self._ctx = ctx
        self._outgoing = Outgoing(ctx)
        self._tenants = Counter("by_tenants", "Requests", ("outcome",), registry=ctx.metrics)
        for outcome in ("good", "failed"):
            self._tenants.labels(outcome)  # So that each begins at 0.

    async def handle(self, request: web.Request) -> web.Response:
        """Answer by one of the tenant's workers: 502 when none does."""
        tenant = request.query.get(CLIENT, request.path)
        answer = Answer(status=BAD)
        for attempt, worker in enumerate(self._drawn(tenant), 1):
            answer = await self._ask(worker, request, attempt)
            if not answer.failed:
                break
        self._tenants.labels("failed" if answer.failed else "good").inc()
        return web.Response(status=answer.status, body=answer.body)

    def _drawn(self, tenant: str) -> list[str]:
        """Draw whom a request of a tenant tries: some of its own workers, then some of others."""
        settings = self._ctx.settings
        spare = _names(settings.spare)
        shared = [worker for worker in self._ctx.callees if worker not in spare]
        own = settings.division.of(tenant, shared, settings.size)
        if tenant in _names(settings.moved):
            own = spare
        others = [worker for worker in shared if worker not in own]
        draw = self._ctx.rng.sample
        drawn = draw(list(own), min(settings.tries, len(own)))
        return drawn + draw(others, min(settings.spill, len(others)))

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


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def app(ctx: Context[Settings]) -> web.Application:
    """Serve every path by one of the tenant's workers."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", Router(ctx).handle)
    return application
