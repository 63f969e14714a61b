"""Replica: one of several that keep the same set of items, which only grows, under one leader.

The leader sends all that it has to the others, again and again; whoever hears nothing for too long
runs for leader. Two settings say whether a majority is asked: before a new leader leads, and before
a write is acknowledged. In production: etcd, Consul, ZooKeeper; for databases, Patroni or
Orchestrator over one of these, and the database's own synchronous replication.
"""

import asyncio
import math
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

import aiohttp
from aiohttp import web
from prometheus_client import Counter, Gauge

from services.context import Context
from services.patterns.election import Member, Vote
from services.patterns.quorum import majority, reached
from services.patterns.timeout import time_limit
from services.server import at_least, in_background

KEPT = "member"
FORWARDED = "X-Forwarded-By"
CONFLICT = web.HTTPConflict.status_code
LONG_AGO = -math.inf


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
class Settings:
    """Whether a majority is asked, and how long members wait.

    A leader sends copies at least every `copy_ms`. After `patience_ms` of silence a member votes
    for another leader, and with `majority` the old one has stepped down; the first in line runs
    then, each next one half a patience later. In its first `grace_ms` no silence counts, for the
    others may still be starting. `timeout_ms` is for each call, and for a write's copies.
    """

    failover: Failover = Failover.MAJORITY
    acknowledge: Acknowledge = Acknowledge.MAJORITY
    copy_ms: float = 200
    patience_ms: float = 1500
    grace_ms: float = 15_000
    timeout_ms: float = 300

    def __post_init__(self) -> None:
        at_least(1, copy_ms=self.copy_ms, patience_ms=self.patience_ms, timeout_ms=self.timeout_ms)
        at_least(0, grace_ms=self.grace_ms)


class Replica:
    """One process of a member: what it keeps, and what it knows of the others."""

    def __init__(self, ctx: Context[Settings]) -> None:
        settings = self.settings = ctx.settings
        self.ctx = ctx
        self.now = asyncio.get_running_loop().time
        self.peers = tuple(peer for peer in ctx.callees if peer != ctx.host)
        members = tuple(sorted((ctx.host, *self.peers)))
        self.member = Member(ctx.host, members)
        self.member.recall(ctx.volume.read(KEPT))
        self.line = 1 + members.index(ctx.host) / 2
        self.patience_s = settings.patience_ms / 1000
        most = majority(len(members))
        self.voters = most if settings.failover is Failover.MAJORITY else 1
        self.copies = most if settings.acknowledge is Acknowledge.MAJORITY else 1
        self.heard_s = self.now() + settings.grace_ms / 1000
        self.obeyed_s = dict.fromkeys(self.peers, LONG_AGO)
        self.copied = dict.fromkeys(self.peers, 0)
        self.wanted = {peer: asyncio.Event() for peer in self.peers}
        self.changed = asyncio.Condition()
        self.fenced = Counter("fenced", "Orders of a deposed leader", registry=ctx.metrics)
        rules = Gauge("rules", "1 while it answers as leader", registry=ctx.metrics)
        rules.set_function(lambda: self.rules)

    @property
    def rules(self) -> bool:
        """Whether it leads, and enough others have obeyed it lately that no one else can."""
        obeyed_s = reached((self.now(), *self.obeyed_s.values()), self.voters)
        return self.member.leads and self.now() < obeyed_s + self.patience_s

    @property
    def silence_s(self) -> float:
        """How long it has heard of no leader."""
        return self.now() - self.heard_s

    def keep(self) -> None:
        """Write to the disk what must survive a crash, before anybody is told."""
        self.ctx.volume.write(KEPT, self.member.kept())

    def write(self, item: str) -> None:
        """Take an item; copies go out now if the client waits for them, else when they are due."""
        items = self.member.items
        if item not in items:
            items.append(item)
            try:
                self.keep()
            except OSError:
                items.pop()  # Others must not have under this term what a restart would forget.
                raise
        if self.copies > 1:
            for wanted in self.wanted.values():
                wanted.set()

    async def settled(self, count: int) -> bool:
        """Wait until enough have the first so many items; False when it rules no more by then.

        Raises:
            TimeoutError: not in time; they may yet be kept, or not.

        """
        term = self.member.term

        def over() -> bool:
            copied = reached((len(self.member.items), *self.copied.values()), self.copies)
            return copied >= count or self.member.term != term

        async with time_limit(self.settings.timeout_ms), self.changed:
            await self.changed.wait_for(over)
        return self.member.term == term and self.rules

    async def feed(self, peer: str) -> None:
        """Send copies to another member while it leads, for ever."""
        while True:
            self.wanted[peer].clear()
            if self.member.leads:
                with suppress(TimeoutError, aiohttp.ClientError):
                    await self.copy(peer)
            with suppress(TimeoutError):
                async with time_limit(self.settings.copy_ms):
                    await self.wanted[peer].wait()

    async def copy(self, peer: str) -> None:
        """Send all that it has, and learn whether it is still obeyed."""
        sent_s, term, count = self.now(), self.member.term, len(self.member.items)
        status, answer = await self.ask(peer, "/copy", term=term, items=self.member.items)
        if status == CONFLICT:
            self.obey(answer["term"])
        elif term == self.member.term:
            self.obeyed_s[peer] = max(self.obeyed_s[peer], sent_s)
            self.copied[peer] = max(self.copied[peer], count)
        async with self.changed:
            self.changed.notify_all()

    def obey(self, term: int) -> None:
        """Step down for a newer term that it has been told of."""
        if self.member.promise(term):
            self.keep()

    async def watch(self) -> None:
        """Run for leader whenever it hears of none for long, for ever."""
        while True:
            await asyncio.sleep(self.settings.copy_ms / 1000)
            if not self.member.leads and self.silence_s > self.patience_s * self.line:
                await self.run()
                self.heard_s = self.now()

    async def run(self) -> None:
        """Ask everybody for a vote, and lead if there are enough."""
        asked_s, term = self.now(), self.member.next_term()
        answers = await asyncio.gather(*(self.vote_of(peer, term) for peer in self.peers))
        votes = {peer: vote for peer, vote in zip(self.peers, answers, strict=True) if vote}
        if len(votes) + 1 >= self.voters and self.member.lead(term, votes.values()):
            self.keep()
            self.obeyed_s = {peer: asked_s if peer in votes else LONG_AGO for peer in self.peers}
            self.copied = dict.fromkeys(self.peers, 0)
            for wanted in self.wanted.values():
                wanted.set()

    async def vote_of(self, peer: str, term: int) -> Vote | None:
        """Ask for one vote; None when it is not given."""
        with suppress(TimeoutError, aiohttp.ClientError):
            status, answer = await self.ask(peer, "/vote", term=term)
            if status != CONFLICT:
                return Vote(**answer)
        return None

    async def ask(self, peer: str, path: str, **document: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401 - JSON
        """Send a message to another member, and give its answer."""
        async with (
            time_limit(self.settings.timeout_ms),
            self.ctx.call(peer).post(path, json=document) as response,
        ):
            return response.status, await response.json()


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `PUT /log/{item}`, 200 with the leader's name, and `GET /log`, all items; or 503.

    Whoever does not lead passes requests on to whom it takes for the leader.
    """
    replica = Replica(ctx)
    member = replica.member

    async def copied(request: web.Request) -> web.Response:
        order = await request.json()
        if not member.accept(order["term"], order["items"]):
            replica.fenced.inc()
            return web.json_response({"term": member.term}, status=CONFLICT)
        replica.heard_s = replica.now()
        replica.keep()
        return web.json_response({})

    async def asked(request: web.Request) -> web.Response:
        term = (await request.json())["term"]
        content = replica.rules if member.leads else replica.silence_s < replica.patience_s
        if content or not member.promise(term):
            return web.json_response({"term": member.term}, status=CONFLICT)
        replica.heard_s = replica.now()
        replica.keep()
        vote = member.vote()
        return web.json_response({"since": vote.since, "items": vote.items})

    async def answer(request: web.Request) -> web.Response:
        item = request.match_info.get("item")
        if item is not None:
            replica.write(item)
        count = len(member.items)
        if not await replica.settled(count):
            return web.Response(status=503, text="deposed\n")
        text = ctx.host if item is not None else " ".join(member.items[:count])
        return web.Response(text=f"{text}\n")

    async def pass_on(request: web.Request) -> web.Response:
        if member.leader == ctx.host or FORWARDED in request.headers:
            return web.Response(status=503, text="no leader\n")
        call = ctx.call(member.leader)
        headers = {FORWARDED: ctx.host}
        async with (
            time_limit(ctx.settings.timeout_ms),
            call.request(request.method, request.path, headers=headers) as response,
        ):
            return web.Response(status=response.status, text=await response.text())

    async def handle(request: web.Request) -> web.Response:
        try:
            return await (answer(request) if replica.rules else pass_on(request))
        except TimeoutError:
            return web.Response(status=504, text="no answer, or no copies, in time\n")
        except aiohttp.ClientError as error:
            return web.Response(status=502, text=f"{error}\n")

    application = web.Application()
    application.router.add_post("/copy", copied)
    application.router.add_post("/vote", asked)
    application.router.add_put("/log/{item}", handle)
    application.router.add_get("/log", handle)
    in_background(application, *(partial(replica.feed, peer) for peer in replica.peers))
    if ctx.settings.failover is not Failover.NEVER:
        in_background(application, replica.watch)
    return application
