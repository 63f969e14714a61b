"""Replication, one member at a time: the others are a script, so that every moment is exact."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from services.guarding import Guarded
from services.outgoing import Outgoing
from services.patterns.replication import CONFLICT, KEPT, LONG_AGO, Replication, Rules
from tests.support import Memory, virtually

NODES = ("node-1", "node-2", "node-3")
PATIENCE_S = 0.5
GRACE_S = 0.25
TIMEOUT_S = 1.0
COPY_S = 0.125
Answer = tuple[int, dict[str, Any]]
GRANTED: Answer = (200, {"since": 1, "items": []})


class Others:
    """Answers to what a member asks of its peers, after a delay, or an error instead."""

    def __init__(self, *, delay_s: float = 0, **answers: Answer | Exception) -> None:
        self.delay_s = delay_s
        self.answers = answers
        self.asked: list[tuple[float, str, str, dict[str, Any]]] = []

    @asynccontextmanager
    async def request(self, peer: str, path: str, data: bytes) -> AsyncIterator[Any]:
        known = json.loads(data)
        self.asked.append((asyncio.get_running_loop().time(), peer, path, known))
        await asyncio.sleep(self.delay_s)
        answer = self.answers.get(peer.replace("-", "_"), (200, {}))
        if isinstance(answer, Exception):
            raise answer
        status, body = answer

        async def read() -> bytes:
            return json.dumps(body).encode()

        yield SimpleNamespace(status=status, read=read, headers={})


def member(
    host: str, others: Others, volume: Memory | None = None, **changed: float
) -> Replication:
    """Make a member of three; only its own part runs."""

    def call(peer: str, **_: object) -> Any:
        def request(_: str, path: str, data: bytes, **__: object) -> Any:
            return others.request(peer, path, data)

        return SimpleNamespace(request=request)

    values: dict[str, Any] = {
        "voters": 2,
        "disks": 2,
        "copy_ms": 1000 * COPY_S,
        "patience_ms": 1000 * PATIENCE_S,
        "grace_ms": 1000 * GRACE_S,
        "timeout_ms": 1000 * TIMEOUT_S,
    }
    context: Any = SimpleNamespace(
        host=host,
        callees=NODES,
        volume=volume or Memory(),
        rng=random.Random(1),
        metrics=CollectorRegistry(),
        call=call,
        now=asyncio.get_running_loop().time,
        settings=Guarded(),
    )
    return Replication(context, Outgoing(context), Rules(**values | changed))


async def told(handler: Callable[[Any], Awaitable[Any]], **document: Any) -> Answer:
    """Send a message to a member."""

    async def read() -> dict[str, Any]:
        return document

    request: Any = SimpleNamespace(json=read)
    response = await handler(request)
    return response.status, json.loads(response.text)


async def until(at_s: float) -> None:
    await asyncio.sleep(at_s - asyncio.get_running_loop().time())


def gauge(one: Replication, name: str = "in_office") -> float | None:
    return one.ctx.metrics.get_sample_value(name)


def test_a_lease_counts_from_when_the_copy_was_sent() -> None:
    """Its peer's patience may have begun then: counted from the answer, two leaders overlap."""

    async def scenario() -> None:
        leader = member("node-1", Others(delay_s=0.25))
        assert not leader.in_office
        await leader.copy("node-2")
        assert leader.in_office
        await until(PATIENCE_S - 0.001)
        assert leader.in_office
        assert gauge(leader) == 1
        await until(PATIENCE_S)
        assert not leader.in_office
        assert gauge(leader) == 0

    virtually(scenario())


def test_a_lease_never_gets_shorter() -> None:
    """An answer that was overtaken by a later copy's takes nothing back."""

    async def scenario() -> None:
        others = Others(delay_s=0.375)
        leader = member("node-1", others)
        first = asyncio.create_task(leader.copy("node-2"))
        await until(0.125)
        others.delay_s = 0.125
        leader.member.items.append("x")
        await leader.copy("node-2")
        await first
        assert leader.obeyed_s == {"node-2": 0.125, "node-3": LONG_AGO}
        assert leader.copied == {"node-2": 1, "node-3": 0}

    virtually(scenario())


def test_by_itself_a_leader_needs_nobodys_obedience() -> None:
    """With one voter it is in office for as long as it leads; a follower never is."""

    async def scenario() -> None:
        assert member("node-1", Others(), voters=1).in_office
        follower = member("node-2", Others(), voters=1)
        assert not follower.in_office
        follower.member.term = 2
        assert not follower.in_office

    virtually(scenario())


def test_all_must_obey_where_all_are_voters() -> None:
    """The lease is as long as the least obedient allows; disks count for nothing here."""

    async def scenario() -> None:
        leader = member("node-1", Others(), voters=3, disks=1)
        await leader.copy("node-2")
        assert not leader.in_office
        await leader.copy("node-3")
        assert leader.in_office

    virtually(scenario())


def test_no_vote_is_given_while_there_is_a_leader() -> None:
    """Until its patience with that one is over; then the vote is a promise, and is kept."""

    async def scenario() -> None:
        volume = Memory()
        voter = member("node-2", Others(), volume)
        assert await told(voter.on_copy, term=1, items=["a"]) == (200, {})
        await until(PATIENCE_S - 0.001)
        assert await told(voter.on_vote, term=3) == (CONFLICT, {"term": 1})
        await until(PATIENCE_S)
        assert await told(voter.on_vote, term=3) == (200, {"since": 1, "items": ["a"]})
        assert json.loads(volume.files[KEPT]) == [3, 1, ["a"]]
        assert voter.content
        await until(3)
        assert await told(voter.on_vote, term=3) == (CONFLICT, {"term": 3})
        assert not voter.content

    virtually(scenario())


def test_a_leader_in_office_votes_for_nobody() -> None:
    """One that is out of office does, and leads no more."""

    async def scenario() -> None:
        leader = member("node-1", Others())
        await leader.copy("node-2")
        assert await told(leader.on_vote, term=2) == (CONFLICT, {"term": 1})
        await until(PATIENCE_S)
        assert (await told(leader.on_vote, term=2))[0] == 200
        assert not leader.member.leads

    virtually(scenario())


def test_a_deposed_leader_is_fenced_off_and_counted() -> None:
    """It is told the newer term; its items are not taken, and it is not heard."""

    async def scenario() -> None:
        volume = Memory()
        follower = member("node-2", Others(), volume)
        await until(0.25)
        assert await told(follower.on_copy, term=3, items=["a"]) == (200, {})
        assert json.loads(volume.files[KEPT]) == [3, 3, ["a"]]
        assert follower.heard_s == 0.25
        await until(0.375)
        assert await told(follower.on_copy, term=1, items=["b", "c"]) == (CONFLICT, {"term": 3})
        assert follower.heard_s == 0.25
        assert follower.member.items == ["a"]
        assert gauge(follower, "fenced_total") == 1

    virtually(scenario())


def test_a_leader_steps_down_when_a_copy_is_refused() -> None:
    """For the term that it is told of, which it keeps; the copy counts for nothing."""

    async def scenario() -> None:
        volume = Memory()
        leader = member("node-1", Others(node_2=(CONFLICT, {"term": 6})), volume)
        leader.member.items.append("x")
        await leader.copy("node-2")
        assert json.loads(volume.files[KEPT]) == [6, 1, ["x"]]
        assert not leader.member.leads
        assert leader.obeyed_s["node-2"] == LONG_AGO
        assert leader.copied["node-2"] == 0

    virtually(scenario())


def test_an_answer_for_an_earlier_term_counts_for_nothing() -> None:
    """It was given to the leader that this one was then."""

    async def scenario() -> None:
        leader = member("node-1", Others(delay_s=0.25))
        leader.member.items.append("x")
        copying = asyncio.create_task(leader.copy("node-2"))
        await until(0.125)
        leader.member.term = leader.member.since = 4
        await copying
        assert leader.copied["node-2"] == 0
        assert leader.obeyed_s["node-2"] == LONG_AGO

    virtually(scenario())


def test_what_is_on_no_disk_is_not_kept_in_memory() -> None:
    """Others must not get under this term what a restart would forget; nor does a copy go out."""

    class Full(Memory):
        def write(self, name: str, content: bytes) -> None:
            del name, content
            raise OSError("no space left")

    async def scenario() -> None:
        leader = member("node-1", Others(), Full())
        with pytest.raises(OSError, match="no space left"):
            leader.write("a")
        assert leader.member.items == []
        assert not any(wanted.is_set() for wanted in leader.wanted.values())

    virtually(scenario())


@pytest.mark.parametrize(("disks", "at_once"), [(1, False), (2, True), (3, True)])
def test_a_write_is_copied_at_once_if_its_client_waits_for_that(
    disks: int,
    at_once: bool,  # noqa: FBT001 - a parameter
) -> None:
    """It is on its own disk first; the same item once more changes nothing there."""

    async def scenario() -> None:
        volume = Memory()
        leader = member("node-1", Others(), volume, disks=disks)
        leader.write("a")
        leader.write("a")
        assert json.loads(volume.files[KEPT]) == [1, 1, ["a"]]
        assert [wanted.is_set() for wanted in leader.wanted.values()] == [at_once] * 2

    virtually(scenario())


def test_a_write_has_settled_when_enough_disks_have_it() -> None:
    """Its own is one of them; a copy from before it does not count."""

    async def scenario() -> None:
        others = Others(delay_s=0.125)
        leader = member("node-1", others)
        await leader.copy("node-2")
        leader.write("a")
        settled = asyncio.create_task(leader.settled(1))
        await until(0.25)
        assert not settled.done()
        await leader.copy("node-3")
        assert await settled
        assert asyncio.get_running_loop().time() == 0.375
        assert await member("node-1", others, voters=1, disks=1).settled(0)

    virtually(scenario())


def test_a_write_has_not_settled_out_of_office() -> None:
    """Though it be on enough disks: another leader may have begun without it."""

    async def scenario() -> None:
        leader = member("node-1", Others(), voters=3)
        leader.write("a")
        await leader.copy("node-2")
        assert not await leader.settled(1)

    virtually(scenario())


def test_a_write_does_not_settle_under_another_term() -> None:
    """The wait ends when a newer leader is heard of."""

    async def scenario() -> None:
        leader = member("node-1", Others(node_2=(CONFLICT, {"term": 2})), voters=1)
        leader.write("a")
        settled = asyncio.create_task(leader.settled(1))
        await until(0.125)
        await leader.copy("node-2")
        assert not await settled
        assert asyncio.get_running_loop().time() == 0.125

    virtually(scenario())


def test_a_write_that_does_not_settle_ends_with_a_timeout() -> None:
    """It may yet be kept, or not."""

    async def scenario() -> None:
        leader = member("node-1", Others())
        leader.write("a")
        with pytest.raises(TimeoutError):
            await leader.settled(1)
        assert asyncio.get_running_loop().time() == TIMEOUT_S

    virtually(scenario())


def test_a_leader_sends_copies_at_their_times_and_when_they_are_wanted() -> None:
    """First after a wait of its own, then every `copy_ms`; what fails is sent again."""

    async def scenario() -> None:
        others = Others(node_2=aiohttp.ClientConnectionError())
        leader = member("node-1", others)
        first_s = leader.first_wait_ms / 1000
        assert 0 < first_s < COPY_S
        feeding = asyncio.create_task(leader.feed("node-2"))
        await until(first_s + 2.5 * COPY_S)
        others.answers["node_2"] = TimeoutError()
        leader.write("a")
        await until(first_s + 3.75 * COPY_S)
        feeding.cancel()
        times = [0, first_s, first_s + COPY_S, *(first_s + n * COPY_S for n in (2, 2.5, 3.5))]
        assert [at_s for at_s, *_ in others.asked] == pytest.approx(times)
        bodies = [(peer, path, document) for _, peer, path, document in others.asked]
        empty = ("node-2", "/copy", {"term": 1, "items": []})
        full = ("node-2", "/copy", {"term": 1, "items": ["a"]})
        assert bodies == [empty] * 4 + [full] * 2

    virtually(scenario())


def test_members_copy_at_moments_of_their_own() -> None:
    """Each somewhere between two copies, in proportion to their distance."""

    async def scenario() -> None:
        first, wider = (member("node-1", Others(), copy_ms=ms) for ms in (100, 1000))
        assert wider.first_wait_ms == pytest.approx(10 * first.first_wait_ms)

    virtually(scenario())


def test_a_follower_sends_no_copies() -> None:
    """It looks again at the times at which it would."""

    async def scenario() -> None:
        others = Others()
        follower = member("node-2", others)
        feeding = asyncio.create_task(follower.feed("node-1"))
        await until(1)
        assert others.asked == []
        follower.member.term = follower.member.since = 2
        await until(1 + 1.5 * COPY_S)
        feeding.cancel()
        assert [peer for _, peer, *_ in others.asked] in (["node-1"], ["node-1"] * 2)

    virtually(scenario())


@pytest.mark.parametrize(("host", "patiences"), [("node-1", 1), ("node-2", 1.5), ("node-3", 2)])
def test_members_run_one_after_the_other(host: str, patiences: float) -> None:
    """Half a patience apart, and later by the grace at first: others are starting."""

    async def scenario() -> None:
        others = Others(node_1=GRANTED, node_2=GRANTED, node_3=GRANTED)
        candidate = member(host, others)
        candidate.member.term = 3
        watching = asyncio.create_task(candidate.watch())
        first_s = GRACE_S + patiences * PATIENCE_S
        await until(first_s - 0.001)
        assert others.asked == []
        await until(first_s + 0.001)
        watching.cancel()
        assert {path for _, _, path, _ in others.asked} == {"/vote"}
        assert {peer for _, peer, *_ in others.asked} == set(NODES) - {host}

    virtually(scenario())


def test_who_hears_from_a_leader_does_not_run() -> None:
    """Its silence counts from the last word, without the grace of a start."""

    async def scenario() -> None:
        others = Others(node_1=(CONFLICT, {}), node_3=(CONFLICT, {}))
        follower = member("node-2", others)
        watching = asyncio.create_task(follower.watch())
        await until(0.5)
        await told(follower.on_copy, term=1, items=[])
        silent_s = 0.5 + 1.5 * PATIENCE_S
        await until(silent_s - 0.001)
        assert others.asked == []
        await until(silent_s + 1.5 * PATIENCE_S + 0.001)
        watching.cancel()
        times = [silent_s] * 2 + [silent_s + 1.5 * PATIENCE_S] * 2
        assert [at_s for at_s, *_ in others.asked] == pytest.approx(times)

    virtually(scenario())


def test_a_leader_does_not_run() -> None:
    """However long it hears of nobody."""

    async def scenario() -> None:
        others = Others()
        watching = asyncio.create_task(member("node-1", others).watch())
        await until(5)
        watching.cancel()
        assert others.asked == []

    virtually(scenario())


def test_a_candidate_with_enough_votes_leads() -> None:
    """From when it asked, obeyed by its voters alone, with the newest of their items, all kept."""

    async def scenario() -> None:
        volume = Memory()
        others = Others(
            delay_s=0.25, node_1=(200, {"since": 1, "items": ["a"]}), node_3=(CONFLICT, {})
        )
        candidate = member("node-2", others, volume)
        candidate.copied["node-1"] = 7
        await candidate.run()
        assert candidate.member.leads
        assert json.loads(volume.files[KEPT]) == [2, 2, ["a"]]
        assert candidate.obeyed_s == {"node-1": 0, "node-3": LONG_AGO}
        assert candidate.copied == {"node-1": 0, "node-3": 0}
        assert all(wanted.is_set() for wanted in candidate.wanted.values())
        assert candidate.content
        await until(PATIENCE_S)
        assert not candidate.content

    virtually(scenario())


@pytest.mark.parametrize(
    ("answers", "needed", "leads"),
    [
        (((CONFLICT, {}), TimeoutError()), 2, False),
        ((aiohttp.ClientConnectionError(), (CONFLICT, {})), 2, False),
        ((GRANTED, (CONFLICT, {})), 3, False),
        ((GRANTED, GRANTED), 3, True),
        (((CONFLICT, {}), (CONFLICT, {})), 1, True),
    ],
)
def test_a_candidate_needs_as_many_votes_as_there_must_be_voters(
    answers: tuple[Answer | Exception, Answer | Exception],
    needed: int,
    leads: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Its own is one of them; no answer is no vote."""

    async def scenario() -> None:
        volume = Memory()
        others = Others(node_1=answers[0], node_3=answers[1])
        candidate = member("node-2", others, volume, voters=needed, disks=1)
        await candidate.run()
        assert candidate.member.leads is leads
        assert bool(volume.files) is leads
        assert {document["term"] for *_, document in others.asked} == {2}

    virtually(scenario())


def test_a_peer_that_does_not_answer_is_given_up() -> None:
    """After `timeout_ms`, so that a candidate is not held by one that is paused."""

    async def scenario() -> None:
        candidate = member("node-2", Others(delay_s=9))
        await candidate.run()
        assert not candidate.member.leads
        assert asyncio.get_running_loop().time() == TIMEOUT_S

    virtually(scenario())


def test_a_member_starts_with_what_it_kept() -> None:
    """Its promise, its leader's term and its items."""

    async def scenario() -> None:
        volume = Memory()
        volume.write(KEPT, json.dumps([4, 3, ["a", "b"]]).encode())
        again = member("node-1", Others(), volume)
        assert (again.member.term, again.member.since) == (4, 3)
        assert again.member.items == ["a", "b"]
        assert again.peers == ("node-2", "node-3")

    virtually(scenario())
