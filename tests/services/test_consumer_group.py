"""Consumer group: each message for one of them, and again where nobody has acknowledged it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from redis.exceptions import ResponseError

from services.patterns.consumer_group import BATCH, ConsumerGroup, Message
from tests.engines.sim.redis_world import RedisPy, RedisWorld

IDLE_MS = 1000


def group(store: RedisPy, consumer: str = "one", name: str = "workers") -> ConsumerGroup:
    return ConsumerGroup(store, "orders", group=name, consumer=consumer)


def played(scenario: Callable[[RedisPy], Awaitable[None]]) -> None:
    """Run a scenario with a client of a Redis of its own."""

    async def play(world: RedisWorld) -> None:
        await scenario(world.client())

    RedisWorld().play(play)


async def filled(store: RedisPy, count: int) -> ConsumerGroup:
    """Put messages into the stream, and join its group."""
    for number in range(count):
        await store.xadd("orders", {"number": str(number)})
    made = group(store)
    await made.join()
    return made


def numbers(messages: list[Message]) -> list[str]:
    return [message.fields["number"] for message in messages]


async def pending(store: RedisPy) -> int:
    summary: Any = await store.xpending("orders", "workers")
    return int(summary["pending"])


def test_a_group_begins_with_the_first_message() -> None:
    """Which may be older than the group; a message comes for the first time."""

    async def scenario(store: RedisPy) -> None:
        workers = await filled(store, 3)
        messages = await workers.fresh(10)
        assert numbers(messages) == ["0", "1", "2"]
        assert {message.delivery for message in messages} == {1}

    played(scenario)


def test_joining_again_starts_nothing_anew() -> None:
    """What was delivered stays so; a stream need not be there, and another error is no such."""

    async def scenario(store: RedisPy) -> None:
        await group(store).join()
        workers = await filled(store, 1)
        assert numbers(await workers.fresh(10)) == ["0"]
        await group(store, "two").join()
        assert await group(store, "two").fresh(10) == []
        await store.set("orders", "no stream")
        with pytest.raises(ResponseError, match="WRONGTYPE"):
            await group(store).join()

    played(scenario)


def test_a_message_is_for_one_of_the_group() -> None:
    """Another group gets it too; one batch is of at most so many."""

    async def scenario(store: RedisPy) -> None:
        workers = await filled(store, BATCH + 2)
        assert numbers(await workers.fresh(10)) == [str(number) for number in range(BATCH)]
        assert numbers(await group(store, "two").fresh(10)) == [str(BATCH), str(BATCH + 1)]
        others = group(store, name="others")
        await others.join()
        assert len(await others.fresh(10)) == BATCH

    played(scenario)


def test_it_waits_for_a_message_as_long_as_it_is_told() -> None:
    """And no longer; one that comes ends the wait."""

    async def scenario(store: RedisPy) -> None:
        workers = await filled(store, 0)
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        assert await workers.fresh(2000) == []
        assert loop.time() - began_s == pytest.approx(2, abs=0.1)

    played(scenario)


def test_what_nobody_acknowledged_is_claimed_after_a_while() -> None:
    """One message at a time, each with the number of its delivery; never before its time."""

    async def scenario(store: RedisPy) -> None:
        await (await filled(store, 2)).fresh(10)
        two = group(store, "two")
        await asyncio.sleep(0.9 * IDLE_MS / 1000)
        assert await two.abandoned(IDLE_MS) == []
        await asyncio.sleep(0.2 * IDLE_MS / 1000)
        first = await two.abandoned(IDLE_MS)
        assert numbers(first) == ["0"]
        assert first[0].delivery == 2
        assert numbers(await two.abandoned(IDLE_MS)) == ["1"]
        assert await two.abandoned(IDLE_MS) == []
        await asyncio.sleep(1.1 * IDLE_MS / 1000)
        again = await group(store, "three").abandoned(IDLE_MS)
        assert [(message.fields["number"], message.delivery) for message in again] == [("0", 3)]

    played(scenario)


def test_what_is_done_comes_no_more() -> None:
    """It is neither pending nor claimed; what is not done stays."""

    async def scenario(store: RedisPy) -> None:
        workers = await filled(store, 2)
        messages = await workers.fresh(10)
        await workers.done(messages[0])
        assert await pending(store) == 1
        await asyncio.sleep(1.1 * IDLE_MS / 1000)
        assert numbers(await group(store, "two").abandoned(IDLE_MS)) == ["1"]

    played(scenario)


def test_a_dead_letter_waits_for_a_person() -> None:
    """It leaves the group, keeps its fields, and comes as a new message when it is driven again."""

    async def scenario(store: RedisPy) -> None:
        workers = await filled(store, 3)
        messages = await workers.fresh(10)
        for message in messages[:2]:
            await workers.bury(message)
        assert await pending(store) == 1
        dead = await store.xrange("orders:dead")
        assert [fields for _, fields in dead] == [{"number": "0"}, {"number": "1"}]
        assert await workers.fresh(10) == []
        assert await workers.redrive() == 2
        assert await store.xlen("orders:dead") == 0
        again = await workers.fresh(10)
        assert [(message.fields["number"], message.delivery) for message in again] == [
            ("0", 1),
            ("1", 1),
        ]
        assert await workers.redrive() == 0

    played(scenario)


@pytest.mark.parametrize("options", [{"protocol": 2}, {}, {"legacy_responses": False}])
def test_messages_are_read_in_either_form(options: dict[str, Any]) -> None:
    """redis-py gives a list of streams, or a dict of them where it is asked for the new form."""

    async def scenario(world: RedisWorld) -> None:
        workers = await filled(world.client(**options), 2)
        assert numbers(await workers.fresh(10)) == ["0", "1"]
        assert await workers.fresh(10) == []

    RedisWorld().play(scenario)


def test_a_message_that_was_acknowledged_meanwhile_has_come_once() -> None:
    """Its deliveries cannot be looked up any more; nobody is to give it up for that."""

    class Late:
        """A client for whom the group has nothing pending by the time it looks."""

        def __init__(self, store: RedisPy) -> None:
            self._store = store

        def __getattr__(self, name: str) -> Any:
            return getattr(self._store, name)

        async def xpending_range(self, *_: Any) -> list[Any]:
            return []

    async def scenario(store: RedisPy) -> None:
        first = await filled(store, 1)
        await first.fresh(10)
        await asyncio.sleep(2 * IDLE_MS / 1000)
        (message,) = await group(Late(store), "two").abandoned(IDLE_MS)
        assert message.delivery == 1

    played(scenario)
