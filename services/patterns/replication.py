"""Replication: a leader sends all that it has to the others, and who hears nothing runs for leader.

One node's part in it, over HTTP. How many must agree is a number for each of two questions: how
many votes make a leader, and how many disks a write must be on. With majorities for both, a write
that has settled is in every later leader's items, whatever the network does; with less, it is not.

A leader is in office as long as enough others have obeyed it within their patience, in which they
vote for nobody else: a lease, so that it stops by itself before another one can begin.

Sources: Raft (Ongaro and Ousterhout, 2014) in its outline; the lease, Gray and Cheriton (1989).
In production: etcd, Consul, ZooKeeper; Patroni over one of them for PostgreSQL.
"""

import asyncio
import json
import math
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from prometheus_client import Counter, Gauge

from services.context import Context
from services.guarding import NO_ANSWER
from services.outgoing import Outgoing
from services.patterns.election import Member, Vote
from services.patterns.guards import Failed, Sabotage
from services.patterns.quorum import reached
from services.patterns.timeout import time_limit

KEPT = "member"
DONE, CONFLICT = web.HTTPOk.status_code, web.HTTPConflict.status_code
LONG_AGO = -math.inf
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How many must agree, the leader among them, and how long to wait for what.

    A leader sends copies at least every `copy_ms`. After `patience_ms` of silence a member votes
    for another one; the first in line runs half a patience later, each next one half a patience
    after that. A member that has heard of nobody yet waits `grace_ms` longer: others are starting.
    """

    voters: int
    disks: int
    copy_ms: float
    patience_ms: float
    grace_ms: float
    timeout_ms: float


class Replication:
    """One process of a member: what it keeps, and what it knows of the others."""

    def __init__(self, ctx: Context[Any], outgoing: Outgoing, rules: Rules) -> None:
        self.ctx = ctx
        self.outgoing = outgoing
        self.rules = rules
        self.now = asyncio.get_running_loop().time
        self.peers = tuple(peer for peer in ctx.callees if peer != ctx.host)
        members = sorted((ctx.host, *self.peers))
        self.member = Member(ctx.host, members)
        self.member.recall(ctx.volume.read(KEPT))
        self.patience_s = rules.patience_ms / 1000
        self.runs_after_s = self.patience_s * (1 + members.index(ctx.host) / 2)
        self.heard_s = self.now()
        self.waits_s = rules.grace_ms / 1000 + self.runs_after_s
        self.obeyed_s = dict.fromkeys(self.peers, LONG_AGO)
        self.copied = dict.fromkeys(self.peers, 0)
        # Members that were not started together copy at moments of their own: else a fault of a
        # given time would meet the same phase in every run.
        self.first_wait_ms = ctx.rng.random() * rules.copy_ms
        self.wanted = {peer: asyncio.Event() for peer in self.peers}
        self.changed = asyncio.Condition()
        self.fenced = Counter("fenced", "Orders of a deposed leader", registry=ctx.metrics)
        office = Gauge("in_office", "1 while it answers as leader", registry=ctx.metrics)
        office.set_function(lambda: self.in_office)

    @property
    def in_office(self) -> bool:
        """Whether it leads, and enough others have obeyed it lately that no one else can."""
        obeyed_s = reached((self.now(), *self.obeyed_s.values()), self.rules.voters)
        return self.member.leads and self.now() < obeyed_s + self.patience_s

    @property
    def content(self) -> bool:
        """Whether it needs no other leader: it is in office, or has lately heard from one."""
        if self.member.leads:
            return self.in_office
        return self.now() < self.heard_s + self.patience_s

    def hear(self) -> None:
        """Note that there is a leader, or that somebody is on the way to be one."""
        self.heard_s = self.now()
        self.waits_s = self.runs_after_s

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
        if self.rules.disks > 1:
            for wanted in self.wanted.values():
                wanted.set()

    async def settled(self, count: int) -> bool:
        """Wait until enough have the first so many items; False when it is out of office by then.

        Raises:
            TimeoutError: not in time; they may yet be kept, or not.

        """
        term = self.member.term

        def over() -> bool:
            copied = reached((len(self.member.items), *self.copied.values()), self.rules.disks)
            return copied >= count or self.member.term != term

        async with time_limit(self.rules.timeout_ms), self.changed:
            await self.changed.wait_for(over)
        return self.member.term == term and self.in_office

    async def feed(self, peer: str) -> None:
        """Send copies to another member while it leads, for ever."""
        wait_ms = self.first_wait_ms
        while True:
            self.wanted[peer].clear()
            if self.member.leads:
                with suppress(*NO_ANSWER, Failed):
                    await self.copy(peer)
            with suppress(TimeoutError):
                async with time_limit(wait_ms):
                    await self.wanted[peer].wait()
            wait_ms = self.rules.copy_ms

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
            wait_s = self.heard_s + self.waits_s - self.now()
            if wait_s > 0:
                await asyncio.sleep(min(wait_s, self.runs_after_s))
                continue
            if not self.member.leads:
                await self.run()
            self.hear()

    async def run(self) -> None:
        """Ask everybody for a vote, and lead if there are enough."""
        asked_s, term = self.now(), self.member.next_term()
        answers = await asyncio.gather(*(self.vote_of(peer, term) for peer in self.peers))
        votes = {peer: vote for peer, vote in zip(self.peers, answers, strict=True) if vote}
        if len(votes) + 1 >= self.rules.voters and self.member.lead(term, votes.values()):
            self.keep()
            self.obeyed_s = {peer: asked_s if peer in votes else LONG_AGO for peer in self.peers}
            self.copied = dict.fromkeys(self.peers, 0)
            for wanted in self.wanted.values():
                wanted.set()

    async def vote_of(self, peer: str, term: int) -> Vote | None:
        """Ask for one vote; None when it is not given."""
        with suppress(*NO_ANSWER, Failed):
            status, answer = await self.ask(peer, "/vote", term=term)
            if status != CONFLICT:
                return Vote(**answer)
        return None

    async def ask(self, peer: str, path: str, **document: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401 - JSON
        """Send a message to another member, and give its answer.

        Raises:
            Failed, one of `NO_ANSWER`: it neither obeys nor objects.

        """
        answer = await self.outgoing.request(
            "POST",
            peer,
            path,
            timeout_ms=self.rules.timeout_ms,
            headers=JSON,
            body=json.dumps(document).encode(),
        )
        if answer.status not in (DONE, CONFLICT):
            raise Failed(answer)
        return answer.status, json.loads(answer.body)

    async def on_copy(self, request: web.Request) -> web.Response:
        """Take a leader's items, or tell a deposed one by whom it is fenced off."""
        order = await request.json()
        if not self.member.accept(order["term"], order["items"]):
            self.fenced.inc()
            return web.json_response({"term": self.member.term}, status=CONFLICT)
        self.hear()
        self.keep()
        return web.json_response({})

    async def on_vote(self, request: web.Request) -> web.Response:
        """Give a vote to who runs for a newer term, when it needs another leader itself."""
        term = (await request.json())["term"]
        if self.content or not self.member.promise(term):
            return web.json_response({"term": self.member.term}, status=CONFLICT)
        self.hear()
        self.keep()
        vote = self.member.vote()
        return web.json_response({"since": vote.since, "items": vote.items})


def _leads(self: Replication) -> bool:
    return self.member.leads


async def _at_once(self: Replication, count: int) -> bool:
    del count
    return self.in_office


SABOTAGES = (
    Sabotage(Replication, "settled", _at_once),
    Sabotage(Replication, "in_office", property(_leads)),
)
