"""Replica: one of several that keep the same set of items, which only grows, under one leader.

Two settings say whether a majority is asked: before somebody leads, and before a write is
acknowledged. In production: etcd, Consul, ZooKeeper; for databases, Patroni or Orchestrator over
one of these, and the database's own synchronous replication.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import aiohttp
from aiohttp import web

from services.context import Context
from services.guarding import Guarded
from services.outgoing import Outgoing
from services.patterns.quorum import majority
from services.patterns.replication import Replication, Rules
from services.server import at_least, in_background

FORWARDED = "X-Forwarded-By"


class Failover(StrEnum):
    """Who may take over from a leader of whom nothing is heard."""

    NEVER = "never"
    ALONE = "alone"
    MAJORITY = "majority"


class Acknowledge(StrEnum):
    """Who must have a write on its disk before the client is told so."""

    LEADER = "leader"
    MAJORITY = "majority"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """Whether a majority is asked, and the times of `Rules`."""

    failover: Failover = Failover.MAJORITY
    acknowledge: Acknowledge = Acknowledge.MAJORITY
    copy_ms: float = 200
    patience_ms: float = 1500
    grace_ms: float = 15_000
    timeout_ms: float = 300

    def __post_init__(self) -> None:
        at_least(1, copy_ms=self.copy_ms, patience_ms=self.patience_ms, timeout_ms=self.timeout_ms)
        at_least(0, grace_ms=self.grace_ms)

    def rules(self, members: int) -> Rules:
        """Give the rules for so many members."""
        most = majority(members)
        return Rules(
            voters=most if self.failover is Failover.MAJORITY else 1,
            disks=most if self.acknowledge is Acknowledge.MAJORITY else 1,
            copy_ms=self.copy_ms,
            patience_ms=self.patience_ms,
            grace_ms=self.grace_ms,
            timeout_ms=self.timeout_ms,
        )


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `PUT /log/{item}`, 200 with the leader's name, and `GET /log`, all items; else 50x.

    Whoever is not in office passes a request on to whom it takes for the leader.
    """
    settings = ctx.settings
    replication = Replication(ctx, Outgoing(ctx), settings.rules(len(ctx.callees) + 1))
    member = replication.member

    async def answer(item: str | None) -> web.Response:
        if item is not None:
            replication.write(item)
        count = len(member.items)
        if not await replication.settled(count):
            return web.Response(status=503, text="deposed\n")
        text = " ".join(member.items[:count]) if item is None else ctx.host
        return web.Response(text=f"{text}\n")

    async def handle(request: web.Request) -> web.Response:
        try:
            if replication.in_office:
                return await answer(request.match_info.get("item"))
            return await _pass_on(ctx, replication, request)
        except TimeoutError:
            return web.Response(status=504, text="no answer, or no copies, in time\n")
        except aiohttp.ClientError as error:
            return web.Response(status=502, text=f"{error}\n")

    application = web.Application()
    application.router.add_put("/log/{item}", handle)
    application.router.add_get("/log", handle)
    application.router.add_post("/copy", replication.on_copy)
    application.router.add_post("/vote", replication.on_vote)
    in_background(application, *(partial(replication.feed, peer) for peer in replication.peers))
    if settings.failover is not Failover.NEVER:
        in_background(application, replication.watch)
    return application


async def _pass_on(
    ctx: Context[Settings], replication: Replication, request: web.Request
) -> web.Response:
    leader = replication.member.leader
    if leader == ctx.host or FORWARDED in request.headers:
        return web.Response(status=503, text="no leader\n")
    answer = await replication.outgoing.request(
        request.method,
        leader,
        request.path,
        timeout_ms=ctx.settings.timeout_ms,
        headers={FORWARDED: ctx.host},
    )
    return web.Response(status=answer.status, text=answer.text)
