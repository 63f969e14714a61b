"""Balancer: sends each request to one of its callees, which are replicas of one service.

It goes by its own count of requests in flight, or by reports of their mean number, as a collector
gives them out from time to time. A second try of a guard, such as a hedge, goes to the next replica
after the one that was picked; a guard that names a host itself has its way. In production: NGINX,
HAProxy or Envoy in front of the replicas, or the same policies in the client, as in Finagle.
"""

from dataclasses import dataclass

import aiohttp
from aiohttp import web

from services.context import Call, Context
from services.guarding import RETRY_AFTER, Guarded, seconds
from services.outgoing import Outgoing
from services.patterns.balancing import InFlight, Policy, Reports
from services.patterns.guards import Answer, Asked
from services.patterns.timeout import time_limit
from services.server import at_least, live


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """The policy, the figures that it goes by, and how long to wait for a replica.

    Figures are as old as the last report, which comes every `report_ms`; with `own_count` they
    are this balancer's own and never old. A `timeout_ms` of 0 is no limit.
    """

    policy: Policy = Policy.ROUND_ROBIN
    own_count: bool = False
    report_ms: float = live(20)
    timeout_ms: float = 500

    def __post_init__(self) -> None:
        at_least(0, report_ms=self.report_ms, timeout_ms=self.timeout_ms)


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /` by one replica: its answer; 504 when it took too long, 502 without one."""
    settings = ctx.settings
    pick = settings.policy.of(ctx.callees, ctx.rng)
    in_flight = InFlight(ctx.callees, ctx.now)
    reports = Reports(in_flight, ctx.now)

    outgoing = Outgoing(ctx)

    def host_of(asked: Asked) -> str:
        if asked.tie or asked.attempt == 1:
            return asked.key
        place = ctx.callees.index(asked.key) + asked.attempt - 1
        return ctx.callees[place % len(ctx.callees)]

    async def ask(asked: Asked) -> Answer:
        host = host_of(asked)
        call = ctx.call(host, attempt=asked.attempt)
        with in_flight.at(host):
            return await answer_of(call, asked)

    async def answer_of(call: Call, asked: Asked) -> Answer:
        async with (
            time_limit(settings.timeout_ms),
            call.get("/", headers=outgoing.headers(asked)) as response,
        ):
            again_s = seconds(response.headers.get(RETRY_AFTER))
            return Answer(await response.read(), response.status, again_s)

    async def handle(_: web.Request) -> web.Response:
        own = settings.own_count
        replica = pick(in_flight.loads if own else reports.loads(ctx.settings.report_ms / 1000))
        try:
            answer = await outgoing.call(replica, ask)
        except TimeoutError:
            return web.Response(status=504, text=f"{replica} did not answer in time\n")
        except aiohttp.ClientError as error:
            return web.Response(status=502, text=f"{replica}: {error}\n")
        return web.Response(status=answer.status, text=answer.body.decode())

    application = web.Application()
    application.router.add_get("/", handle)
    return application
