"""Consumer: works orders off a stream, one after the other, and books each of them.

An order that it cannot read ends its process, as an exception that nobody catches does. Who comes
after it gets the same order again.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

import aiohttp
from aiohttp import web
from prometheus_client import Counter
from redis.exceptions import RedisError

from services.context import Context
from services.guarding import Calling
from services.intake import STREAM
from services.outgoing import Outgoing
from services.patterns.consumer_group import ConsumerGroup, Message
from services.patterns.guards import Answer, Asked
from services.patterns.timeout import time_limit
from services.server import at_least, in_background
from services.tracing import CURRENT, HEADER, parse

PAUSE_S = 0.1
"""Between tries when the stream or the books do not answer."""


class OnError(StrEnum):
    """What becomes of an order that cannot be read: the process ends, or the order is buried."""

    CRASH = "crash"
    BURY = "bury"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Calling):
    """Which Redis has the stream, when an order counts as abandoned, and when it is given up.

    An order delivered more often than `deliveries` is buried unread; 0 sets no limit. With
    `redrive_ms` above 0, what was buried is put back again and again.
    """

    store: str
    claim_ms: int = 200
    wait_ms: int = 100
    timeout_ms: float = 1000
    on_error: OnError = OnError.CRASH
    deliveries: int = 0
    redrive_ms: float = 0

    def __post_init__(self) -> None:
        at_least(1, claim_ms=self.claim_ms, wait_ms=self.wait_ms)
        at_least(
            0, timeout_ms=self.timeout_ms, deliveries=self.deliveries, redrive_ms=self.redrive_ms
        )


class Consumer:
    """One member of the group."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._settings = ctx.settings
        self._books = ctx.one_callee()
        self._outgoing = Outgoing(ctx)
        store = self._outgoing.redis(ctx.settings.store)
        self._group = ConsumerGroup(store, STREAM, group="consumers", consumer=ctx.host)
        self._buried = Counter("dead_letters", "Orders that were given up", registry=ctx.metrics)

    async def work(self) -> None:
        """Work for ever: first what others have left, then what is new."""
        while True:
            with suppress(RedisError, aiohttp.ClientError, TimeoutError):
                await self._group.join()
                while True:
                    messages = await self._group.abandoned(self._settings.claim_ms)
                    for message in messages or await self._group.fresh(self._settings.wait_ms):
                        await self._handle(message)
            await asyncio.sleep(PAUSE_S)

    async def redrive(self) -> None:
        """Put dead letters back, every `redrive_ms`."""
        while self._settings.redrive_ms:
            await asyncio.sleep(self._settings.redrive_ms / 1000)
            with suppress(RedisError):
                await self._group.redrive()

    async def _handle(self, message: Message) -> None:
        if 0 < self._settings.deliveries < message.delivery:
            await self._bury(message)
            return
        try:
            float(message.fields["amount"])
        except ValueError:
            if self._settings.on_error is OnError.CRASH:
                await self._ctx.exit(1)
            await self._bury(message)
            return
        await self._book(message)
        await self._group.done(message)

    async def _book(self, message: Message) -> None:
        """Do what the order asks for, as a part of the request that it came with."""
        CURRENT.set(parse(message.fields[HEADER]))
        await self._outgoing.call(self._books, self._booked)

    async def _booked(self, asked: Asked) -> Answer:
        call = self._ctx.call(asked.key, attempt=asked.attempt)
        async with (
            time_limit(self._settings.timeout_ms),
            call.get("/", headers=self._outgoing.headers(asked)) as response,
        ):
            response.raise_for_status()
            return Answer(await response.read())

    async def _bury(self, message: Message) -> None:
        await self._group.bury(message)
        self._buried.inc()


def app(ctx: Context[Settings]) -> web.Application:
    """Serve nothing but health and metrics; the work comes from the stream."""
    consumer = Consumer(ctx)

    application = web.Application()
    in_background(application, consumer.work, consumer.redrive)
    return application
