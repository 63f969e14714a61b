"""redis-py's client, the same in a container and in the simulation."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

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

MAX_CONNECTIONS = 10_000
"""As many as a Redis takes; redis-py's own 100 would be a bulkhead that no lab has asked for."""

CLOSED = "Connection closed by server."
"""What redis-py says of an end of file where a reply was due."""


def connect(url: str, begin: Begin, connection: type[Connection] = Connection) -> Redis:
    """Make a client that does what it is told and nothing else, and tells of it.

    It neither tries again nor has a time limit, which are a lab's to choose (`time_limit`,
    `Retry`); it asks for no notices of maintenance, with which redis-py hands out connections
    that have ended meanwhile.
    """
    client: Redis = _traced(begin).from_url(
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
    return client


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


def _traced(begin: Begin) -> type[Redis]:
    """Make a class of clients whose every command, or pipeline, is an attempt."""

    async def told(work: Awaitable[T]) -> T:
        attempt = begin()
        try:
            result = await work
        except BaseException as error:
            attempt.end(outcome(error))
            raise
        attempt.end("ok")
        return result

    class TracedPipeline(Pipeline):
        def __del__(self) -> None:  # type: ignore[override]
            """Say nothing: redis-py would report to the loop, whenever Python collects it."""

        async def execute(self, raise_on_error: bool = True) -> list[Any]:  # noqa: FBT001, FBT002
            work = super().execute(raise_on_error)
            return await (told(work) if self.command_stack or self.watching else work)

        async def immediate_execute_command(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401
            work = super().immediate_execute_command(*args, **options)  # type: ignore[no-untyped-call]
            return await told(work)

    class TracedRedis(Redis):
        def __del__(self) -> None:  # type: ignore[override]
            """Say nothing, as above."""

        async def execute_command(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401
            work = super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
            return await told(work)

        def pipeline(
            self,
            transaction: bool = True,  # noqa: FBT001, FBT002 - redis-py's own
            shard_hint: str | None = None,
        ) -> Pipeline:
            return TracedPipeline(
                self.connection_pool, self.response_callbacks, transaction, shard_hint
            )

    return TracedRedis
