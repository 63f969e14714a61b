"""Rate limits: how many requests a key may make in a time, and what a burst may be.

A fixed window begins with a key's first request, as INCR and EXPIRE make it, and lets twice its
number through around its edge; a sliding window never more than its number in any span; a token
bucket lets a burst through and then its rate; a leaky bucket spaces requests evenly and makes them
wait. Sources: Turner, "New directions in communications" (IEEE Communications, 1986) for the leaky
bucket; RFC 2697 for tokens. In production: the `limits` package, aiolimiter, NGINX's `limit_req`,
Envoy's rate limit service. In Redis, as here, several processes share one count; without an answer
of it, requests are let through.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from services.patterns.guards import (
    Answer,
    Asked,
    Call,
    PerKey,
    Refused,
    Sabotage,
    Surroundings,
)
from services.patterns.timeout import time_limit
from services.settings import at_least, live

if TYPE_CHECKING:
    from redis.asyncio import Redis


class LimitedError(Refused):
    """The key has had its share; `retry_after_s` says when to come again, where that is known."""

    status = 429


class Kind(StrEnum):
    """How requests are counted."""

    FIXED_WINDOW = "fixed-window"
    SLIDING_WINDOW = "sliding-window"
    TOKEN_BUCKET = "token-bucket"  # noqa: S105 - no password
    LEAKY_BUCKET = "leaky-bucket"
    CONCURRENCY = "concurrency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`rate_rps` on average, and `burst` at once or in a window of `window_ms`.

    Windows let `rate_rps` x their length through; a leaky bucket lets `burst` wait; `concurrency`
    lets `burst` be under way. With the name of a Redis as `store`, windows and token buckets are
    shared by all processes.
    """

    kind: Kind = live(Kind.TOKEN_BUCKET)
    rate_rps: float = live(100)
    burst: int = live(10)
    window_ms: float = live(1000)
    store: str = live("")
    store_timeout_ms: float = live(50)

    def __post_init__(self) -> None:
        at_least(0.001, rate_rps=self.rate_rps)
        at_least(
            1, burst=self.burst, window_ms=self.window_ms, store_timeout_ms=self.store_timeout_ms
        )
        if self.store and self.kind in (Kind.LEAKY_BUCKET, Kind.CONCURRENCY):
            raise ValueError(f"a {self.kind} is not kept in a store; leave store out")
        if self.kind in (Kind.FIXED_WINDOW, Kind.SLIDING_WINDOW) and self.in_window < 1:
            raise ValueError(
                f"rate_rps is {self.rate_rps:g}; with a window_ms of {self.window_ms:g} nothing "
                "would ever be let through, so raise one of them"
            )

    @property
    def in_window(self) -> float:
        """How many requests a window lets through."""
        return self.rate_rps * self.window_ms / 1000


class Meter(Protocol):
    """Counts the requests of one key; all times in seconds of one clock."""

    def wait_s(self, now_s: float, settings: Settings) -> float:
        """Count a request and say how long it must wait first.

        Raises:
            LimitedError: it may not be made, and was not counted.

        """


class FixedWindow:
    """A count that begins anew with the first request after its window has ended."""

    def __init__(self) -> None:
        self._ends_s = -math.inf
        self._count = 0

    def wait_s(self, now_s: float, settings: Settings) -> float:
        """Count a request of the present window; where there is none, one begins."""
        if now_s >= self._ends_s:
            self._ends_s, self._count = now_s + settings.window_ms / 1000, 0
        if self._count + 1 > settings.in_window:
            raise LimitedError("over the limit", retry_after_s=self._ends_s - now_s)
        self._count += 1
        return 0


class SlidingWindow:
    """The times of the requests in the last window: exact, and as long as their number."""

    def __init__(self) -> None:
        self._times_s: deque[float] = deque()

    def wait_s(self, now_s: float, settings: Settings) -> float:
        """Count a request among those of the last window."""
        length_s = settings.window_ms / 1000
        while self._times_s and self._times_s[0] <= now_s - length_s:
            self._times_s.popleft()
        if len(self._times_s) + 1 > settings.in_window:
            again_s = self._times_s[0] + length_s - now_s
            raise LimitedError("over the limit", retry_after_s=again_s)
        self._times_s.append(now_s)
        return 0


class TokenBucket:
    """Tokens come at the rate, up to the burst; a request takes one."""

    def __init__(self) -> None:
        self._tokens: float | None = None
        self._at_s = 0.0

    def wait_s(self, now_s: float, settings: Settings) -> float:
        """Take a token."""
        had = settings.burst if self._tokens is None else self._tokens
        came = settings.rate_rps * (now_s - self._at_s)
        self._tokens, self._at_s = min(settings.burst, had + came), now_s
        if self._tokens < 1 - 1e-9:  # Ten tenths are a little less than one in binary.
            raise LimitedError("no token", retry_after_s=(1 - self._tokens) / settings.rate_rps)
        self._tokens -= 1
        return 0


class LeakyBucket:
    """Requests leave at the rate, evenly spaced; `burst` may wait for that."""

    def __init__(self) -> None:
        self._next_s = 0.0

    def wait_s(self, now_s: float, settings: Settings) -> float:
        """Say when the request may leave."""
        leaves_s = max(now_s, self._next_s)
        if leaves_s - now_s > settings.burst / settings.rate_rps + 1e-9:
            over_s = leaves_s - now_s - settings.burst / settings.rate_rps
            raise LimitedError("the bucket is full", retry_after_s=over_s)
        self._next_s = leaves_s + 1 / settings.rate_rps
        return leaves_s - now_s


METERS: dict[Kind, Callable[[], Meter]] = {
    Kind.FIXED_WINDOW: FixedWindow,
    Kind.SLIDING_WINDOW: SlidingWindow,
    Kind.TOKEN_BUCKET: TokenBucket,
    Kind.LEAKY_BUCKET: LeakyBucket,
}

# Each runs as one step, with the store's own clock, which all processes share. They answer -1, or
# the milliseconds until the next try.
_CLOCK = "local t = redis.call('TIME'); local now = t[1] * 1000 + t[2] / 1000; "
SCRIPTS = {
    Kind.FIXED_WINDOW: """
local length = tonumber(ARGV[2])
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], math.ceil(length)) end
if count <= tonumber(ARGV[1]) * length / 1000 then return -1 end
return redis.call('PTTL', KEYS[1])
""",
    Kind.SLIDING_WINDOW: _CLOCK
    + """
local length = tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - length)
if redis.call('ZCARD', KEYS[1]) + 1 > tonumber(ARGV[1]) * length / 1000 then
  local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return math.ceil((first[2] or now) + length - now)
end
redis.call('ZADD', KEYS[1], now, redis.call('INCR', KEYS[1] .. ':number'))
redis.call('PEXPIRE', KEYS[1], math.ceil(length))
return -1
""",
    Kind.TOKEN_BUCKET: _CLOCK
    + """
local rate, burst = ARGV[1] / 1000, tonumber(ARGV[3])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = math.min(burst, (kept[1] or burst) + rate * (now - (kept[2] or now)))
local wait = -1
if tokens < 1 - 1e-9 then wait = math.ceil((1 - tokens) / rate) else tokens = tokens - 1 end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(now))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate) + 1000)
return wait
""",
}


async def shared_wait_ms(store: "Redis", key: str, settings: Settings) -> int:
    """Count a request of a key in Redis; -1 when it may be made, else how long not to ask again.

    Raises:
        redis.RedisError: the store gave no answer, so nobody knows.

    """
    limits = (settings.rate_rps, settings.window_ms, settings.burst)
    given = [str(limit) for limit in limits]
    return int(await store.eval(SCRIPTS[settings.kind], 1, f"limit:{settings.kind}:{key}", *given))


def _redis_error() -> type[Exception]:
    # Every service imports this module, and few have a Redis, which takes half a second to import.
    found: type[Exception] = import_module("redis.exceptions").RedisError
    return found


class Limiter:
    """A meter for each key, here or in Redis."""

    def __init__(self, settings: Callable[[], Settings], around: Surroundings) -> None:
        self._settings = settings
        self._around = around
        self._kind = settings().kind
        self._meters = PerKey(lambda _: METERS[self._kind]())
        self._under_way: dict[str, int] = {}

    async def __call__(self, asked: Asked, call: Call, /) -> Answer:
        """Make the call if its key has not had its share, after a wait where the meter says so.

        Raises:
            LimitedError: it has.

        """
        settings = self._settings()
        if settings.kind is Kind.CONCURRENCY:
            return await self._counted(asked, call, settings.burst)
        try:
            if settings.store:
                await self._shared(asked.key, settings)
            else:
                await self._alone(asked.key, settings)
        except LimitedError:
            self._around.count("limited")
            raise
        return await call(asked)

    async def _alone(self, key: str, settings: Settings) -> None:
        if settings.kind is not self._kind:
            self._kind = settings.kind
            self._meters.clear()
        wait_s = self._meters.of(key).wait_s(self._around.now(), settings)
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    async def _shared(self, key: str, settings: Settings) -> None:
        try:
            async with time_limit(settings.store_timeout_ms):
                store = self._around.redis(settings.store)
                wait_ms = await shared_wait_ms(store, key, settings)
        except (TimeoutError, _redis_error()):
            self._around.count("store failed")
            return
        if wait_ms >= 0:
            raise LimitedError("over the limit", retry_after_s=wait_ms / 1000)

    async def _counted(self, asked: Asked, call: Call, most: int) -> Answer:
        under_way = self._under_way.get(asked.key, 0)
        if under_way >= most:
            self._around.count("limited")
            raise LimitedError("too many requests are under way")
        self._under_way[asked.key] = under_way + 1
        try:
            return await call(asked)
        finally:
            self._under_way[asked.key] -= 1
            if not self._under_way[asked.key]:
                del self._under_way[asked.key]


def _no_wait(*_: object) -> float:
    return 0.0


SABOTAGES = (
    *(Sabotage(meter, "wait_s", _no_wait) for meter in METERS.values()),
    Sabotage(Limiter, "_counted", lambda _, asked, call, _most: call(asked)),
)
