"""Two callers and a Redis on a simulated network."""

import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig

from harness.engines.sim.engine import DELAY_S
from harness.engines.sim.process import EPOCH_S, Process, ProcessState
from harness.engines.sim.redis import PORT, RedisHost, SimConnection
from tests.support import World

T = TypeVar("T")

RedisPy = Any
"""The client; redis-py's annotations do not tell what can be awaited from what blocks."""

ROUND_TRIP_S = 2 * DELAY_S


def client(host: str, port: int, **options: Any) -> RedisPy:
    """Make redis-py's client as a service gets it: no retries, nothing said unasked."""
    settings: dict[str, Any] = {
        "retry": Retry(NoBackoff(), 0),
        "driver_info": None,
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
        "decode_responses": True,
        "socket_timeout": None,
        "socket_connect_timeout": None,
    }
    return Redis.from_url(f"redis://{host}:{port}", **(settings | options))


async def told(answer: Awaitable[Any]) -> object:
    """Give an answer, or the text of an error."""
    try:
        return await answer
    except RedisError as error:
        return f"{type(error).__name__}: {error}"


class RedisWorld(World):
    """The hosts `a` and `b`, which may call the host `cache`."""

    def __init__(self, *, persistent: bool = False, seed: int = 0) -> None:
        super().__init__(("a", "cache"), ("b", "cache"))
        del self.processes["cache"]
        rng = random.Random(seed)
        self._redis = RedisHost(wall=self.wall, rng=rng, persistent=persistent)
        self._clients: list[tuple[str, RedisPy]] = []

    def wall(self) -> float:
        return EPOCH_S + self.loop.time()

    def client(self, host: str = "a", **options: Any) -> RedisPy:
        """Make a client for tasks of one host; it is closed when the world ends."""
        made = client("cache", PORT, connection_class=SimConnection, **options)
        self._clients.append((host, made))
        return made

    async def start(self) -> None:
        before = self.processes.get("cache")
        self.processes["cache"] = Process("cache", before.number + 1 if before else 0)
        await self.on("cache", self._redis.boot())

    def kill(self, host: str = "cache") -> None:
        self.loop.gate()
        process = self.processes[host]
        process.state = ProcessState.DEAD
        process.listeners.clear()
        for endpoint in process.endpoints:
            endpoint.cut()
        self.loop.bury(process)

    def play(self, scenario: Callable[["RedisWorld"], Coroutine[Any, Any, T]]) -> T:
        """Run a scenario as a task of host `a`, with Redis up."""

        async def whole() -> T:
            await self.start()
            try:
                return await self.on("a", scenario(self))
            finally:
                for host, each in self._clients:
                    await self.on(host, each.aclose())

        return self.run(whole())
