"""Consumer group: a stream of messages shared by several consumers, each message for one of them.

A message is *pending* from its delivery until it is acknowledged. One whose consumer has died is
claimed by another after a while, and delivered again: at least once. The number of deliveries
tells a message that kills its consumers from one whose consumer was killed. Source: Redis' streams
(5.0, 2018), after Kafka's consumer groups. In production: the same commands, or a broker that
counts deliveries and has dead-letter queues, such as Amazon SQS or RabbitMQ.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from services.patterns.guards import Sabotage

BATCH = 10


class Message(NamedTuple):
    """One message: its place in the stream, its fields, and which delivery this is, from 1."""

    place: str
    fields: dict[str, str]
    delivery: int


class ConsumerGroup:
    """A consumer's view of its group."""

    def __init__(self, store: Redis, stream: str, *, group: str, consumer: str) -> None:
        self._store = store
        self._stream = stream
        self._group = group
        self._consumer = consumer

    async def join(self) -> None:
        """Make the group if there is none yet; it begins with the stream's first message."""
        try:
            await self._store.xgroup_create(self._stream, self._group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def abandoned(self, idle_ms: int) -> list[Message]:
        """Claim one message that has been pending for so long, whoever had it.

        One at a time: those that were read in one batch with a message that kills its consumers
        would count its deliveries too, and be given up with it.
        """
        _, claimed, *_ = await self._store.xautoclaim(
            self._stream, self._group, self._consumer, min_idle_time=idle_ms, count=1
        )
        return [Message(place, fields, await self._delivery(place)) for place, fields in claimed]

    async def _delivery(self, place: str) -> int:
        entries = await self._store.xpending_range(self._stream, self._group, place, place, 1)
        return int(entries[0]["times_delivered"]) if entries else 1

    async def fresh(self, wait_ms: int) -> list[Message]:
        """Take messages that nobody had yet, waiting for the first of them for so long."""
        read = await self._store.xreadgroup(
            self._group, self._consumer, {self._stream: ">"}, count=BATCH, block=wait_ms
        )
        return [Message(place, fields, 1) for place, fields in _entries(read)]

    async def done(self, message: Message) -> None:
        """Acknowledge a message: nobody will get it again."""
        await self._store.xack(self._stream, self._group, message.place)

    async def bury(self, message: Message) -> None:
        """Move a message to the dead-letter queue, `<stream>:dead`, for a person to look at."""
        async with self._store.pipeline(transaction=True) as both:
            fields: dict[Any, Any] = dict(message.fields)
            both.xadd(f"{self._stream}:dead", fields)
            both.xack(self._stream, self._group, message.place)
            await both.execute()

    async def redrive(self) -> int:
        """Put all dead letters back at the stream's end; give their number."""
        dead: list[Any] = await self._store.xrange(f"{self._stream}:dead") or []
        for place, fields in dead:
            await self._store.xadd(self._stream, fields)
            await self._store.xdel(f"{self._stream}:dead", place)
        return len(dead)


def _entries(read: Any) -> Iterator[tuple[str, dict[str, str]]]:  # noqa: ANN401 - redis-py's nest
    # A list of streams in the older protocol, a dict of them in the newer one.
    streams = read.items() if isinstance(read, dict) else read
    for _, entries in streams:
        yield from entries


async def _only_copies(_: ConsumerGroup, message: Message) -> None:
    del message


SABOTAGES = (Sabotage(ConsumerGroup, "bury", _only_copies),)
