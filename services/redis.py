"""redis-py's client, the same in a container and in the simulation."""

from collections.abc import Awaitable, Callable
from copy import copy
from functools import partial
from typing import Any, TypeVar, cast

from redis.asyncio import Connection, Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, BusyLoadingError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.maint_notifications import MaintNotificationsConfig

from services import context
from services.context import Attempt

T = TypeVar("T")
Begin = Callable[[], Attempt]
Words = tuple[Any, ...]
"""A command and its arguments."""
Send = Callable[[], Awaitable[Any]]
Guard = Callable[[Words, Send], Awaitable[Any]]
"""Stands around a command: sends it, sends it again, or does not."""

MAX_CONNECTIONS = 10_000
"""As many as a Redis takes; redis-py's own 100 would be a bulkhead that no lab has asked for."""

CLOSED = "Connection closed by server."
"""What redis-py says of an end of file where a reply was due."""


def connect(url: str, begin: Begin, connection: type[Connection] = Connection) -> "TracedRedis":
    """Make a client that does what it is told and nothing else, and tells of it.

    It neither tries again nor has a time limit, which are a lab's to choose (`time_limit`,
    `Retry`); it asks for no notices of maintenance, with which redis-py hands out connections
    that have ended meanwhile.
    """
    client = TracedRedis.from_url(
        url,
        connection_class=connection,
        decode_responses=True,
        max_connections=MAX_CONNECTIONS,
        socket_timeout=None,
        socket_connect_timeout=None,
        retry=Retry(NoBackoff(), 0),
        driver_info=None,
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
    traced = cast("TracedRedis", client)  # whose `from_url` says less than it does
    traced.begin = begin
    return traced


def outcome(error: BaseException) -> str:
    """Name how a command ended without a result, in the words of `services.context.outcome`.

    A Redis that answers with an error is none of those: that is an `error`.
    """
    match error:
        case RedisTimeoutError():
            return "timeout"
        case AuthenticationError() | BusyLoadingError():
            return "error"
        case RedisConnectionError():
            return _how_it_ended(error)
        case RedisError():
            return "error"
        case _:
            return context.outcome(error)


def _how_it_ended(error: RedisConnectionError) -> str:
    if str(error) == CLOSED:
        return "closed"
    return "refused" if isinstance(error.__context__, ConnectionRefusedError) else "reset"


async def _past(words: Words, send: Send) -> Any:  # noqa: ANN401 - a command's reply
    """Send a command, as where nothing guards it."""
    del words
    return await send()


async def _told(begin: Begin, work: Awaitable[T]) -> T:
    attempt = begin()
    try:
        result = await work
    except BaseException as error:
        attempt.end(outcome(error))
        raise
    attempt.end("ok")
    return result


class TracedPipeline(Pipeline):
    """A pipeline that is one attempt, and goes through a guard unless it watches."""

    begin: Begin
    guard: Guard

    def __del__(self) -> None:  # type: ignore[override]
        """Say nothing: redis-py would report to the loop, whenever Python collects it."""

    async def execute(self, raise_on_error: bool = True) -> list[Any]:  # noqa: FBT001, FBT002
        """Send what is in it, and give the replies."""
        if self.watching or not self.command_stack:
            # What was watched is so by this connection: another try would be another one's.
            work = super().execute(raise_on_error)
            return await (_told(self.begin, work) if self.watching else work)
        words = ("EXEC", *(word for (sent, _) in self.command_stack for word in sent))
        try:
            replies: list[Any] = await self.guard(words, partial(self._sent, raise_on_error))
        finally:
            await self.reset()  # type: ignore[no-untyped-call]
        return replies

    async def _sent(self, raise_on_error: bool) -> list[Any]:  # noqa: FBT001 - redis-py's own
        # Each try by a pipeline of its own: it empties itself, and two may be under way.
        pool, callbacks = self.connection_pool, self.response_callbacks
        one = TracedPipeline(pool, callbacks, self.is_transaction, self.shard_hint)
        one.command_stack, one.scripts = [*self.command_stack], {*self.scripts}
        one.explicit_transaction = self.explicit_transaction
        return await _told(self.begin, Pipeline.execute(one, raise_on_error))

    async def immediate_execute_command(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        """Send a command that does not wait for the others, as one that reads what is watched."""
        work = super().immediate_execute_command(*args, **options)  # type: ignore[no-untyped-call]
        return await _told(self.begin, work)


class TracedRedis(Redis):
    """A client whose every command is an attempt, and goes through a guard."""

    begin: Begin
    guard: Guard = staticmethod(_past)

    def __del__(self) -> None:  # type: ignore[override]
        """Say nothing, as above."""

    def guarded(self, guard: Guard) -> "TracedRedis":
        """Give a client of the same connections with a guard around commands and pipelines."""
        other = copy(self)
        other.guard = guard
        return other

    def client(self) -> "TracedRedis":
        """Give a client that keeps one connection."""
        own: TracedRedis = super().client()  # type: ignore[assignment] # which is of this class
        own.begin, own.guard = self.begin, self.guard
        return own

    async def execute_command(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        """Send a command, and give its reply."""
        return await self.guard(args, partial(self._sent, args, options))

    async def _sent(self, args: Words, options: dict[str, Any]) -> Any:  # noqa: ANN401
        work = super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        return await _told(self.begin, work)

    def pipeline(
        self,
        transaction: bool = True,  # noqa: FBT001, FBT002 - redis-py's own
        shard_hint: str | None = None,
    ) -> TracedPipeline:
        """Begin a pipeline."""
        made = TracedPipeline(
            self.connection_pool, self.response_callbacks, transaction, shard_hint
        )
        made.begin, made.guard = self.begin, self.guard
        return made
