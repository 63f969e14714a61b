"""What a service is given: everything that it may touch beside plain asyncio.

The same object serves in a container and in the simulation, which is why a service asks it for
the clock, for randomness, for the network and for its disk, and takes none of them itself.
"""

import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import cache, partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Protocol, TypeVar

import aiohttp
from prometheus_client import CollectorRegistry, Counter, Gauge

from services.settings import SettingError
from services.tracing import CURRENT, HEADER, Span, SpanContext, SpanIds, background

if TYPE_CHECKING:
    from redis.asyncio import Redis

S = TypeVar("S")

UNNUMBERED = 0
"""The attempt of a call that does not say which try it is."""


class Volume(Protocol):
    """A small disk: named byte strings that survive a crash of the process."""

    def read(self, name: str) -> bytes | None:
        """Give what was written last under a name; None when nothing was."""

    def write(self, name: str, content: bytes) -> None:
        """Replace what stands under a name, durably."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What an engine supplies to one process of one host.

    `links` maps a callee's name to its base URL; `redis` makes the client of a URL, which begins
    an attempt for each command; `now` gives seconds of the run's own clock and
    is never skewed; `wall` is the host's wall clock, in seconds since 1970, and may be wrong;
    `burn` occupies the host's CPU for some milliseconds; `exit` ends the process with a code.
    `begun` hears of each call that is sent, by its callee; spans tell of those that have ended.
    """

    host: str
    links: Mapping[str, str]
    connector: Callable[[], aiohttp.BaseConnector]
    redis: "Callable[[str, Callable[[], Attempt]], Redis]"
    rng: random.Random
    now: Callable[[], float]
    wall: Callable[[], float]
    burn: Callable[[float], AbstractAsyncContextManager[None]]
    exit: Callable[[int], Awaitable[NoReturn]]
    volume: Volume
    record: Callable[[Span], None]
    begun: Callable[[str], None] | None = None


def dice(seed: int | str, host: str, start: int) -> random.Random:
    """Give a process its generator: the same under a seed, another one after each restart."""
    name = f"{seed}/{host}/service"
    return random.Random(f"{name}/{start}" if start else name)


class Context(Generic[S]):
    """One process of a service: its settings, its links, its metrics."""

    def __init__(self, platform: Platform, settings: S) -> None:
        self.host = platform.host
        self.settings = settings
        self.rng = platform.rng
        self.now = platform.now
        self.wall = platform.wall
        self.volume = platform.volume
        self.record = platform.record
        self.begun = platform.begun
        self.callees = tuple(to for to, url in platform.links.items() if url.startswith("http"))
        self.metrics = CollectorRegistry()
        # Under Prometheus' own name. Without it, nobody sees that a counter has begun again if it
        # is past its old value before the next scrape.
        Gauge(
            "process_start_time_seconds",
            "When this process started, by its wall clock, in seconds since 1970",
            registry=self.metrics,
        ).set(platform.wall())
        # The time tells apart the processes that a host has before and after a crash.
        self.span_ids = SpanIds(f"{platform.host} {platform.now()}")
        attempts = Counter(
            "attempts",
            "Calls sent to another service, by how they ended",
            ("callee", "outcome"),
            registry=self.metrics,
        )
        self.attempted = cache(attempts.labels)
        events = Counter(
            "guard_events",
            "What guards did, by where they stand",
            ("side", "guard", "event"),
            registry=self.metrics,
        )
        self.guard_events = cache(events.labels)
        self.links = platform.links
        self._burn = platform.burn
        self._exit = platform.exit
        self._connector = platform.connector
        self._session: aiohttp.ClientSession | None = None
        self._connect = platform.redis
        self._stores: dict[str, Redis] = {}

    def call(self, callee: str, *, attempt: int = 1, route: str = "") -> "Call":
        """Address another service; `attempt` counts from 1 and stands in the span.

        So does `route`, what is asked for in few words, such as a path before it is filled in.

        Raises:
            LookupError: the lab does not list the callee in this service's `calls`.

        """
        if callee not in self.links:
            raise LookupError(f"{self.host} may not call {callee}: add it to calls=")
        return Call(self, callee, attempt, route)

    def one_callee(self) -> str:
        """Name the one service that this one calls, as those do that can call one only.

        Raises:
            SettingError: it is none, or one of several.

        """
        if len(self.callees) != 1:
            named = ", ".join(self.callees) or "none"
            raise SettingError(f"calls= must name one service beside a Redis; it names {named}")
        return self.callees[0]

    def redis(self, callee: str) -> "Redis":
        """Give the client of a Redis; it knows neither time limits nor retries of its own.

        Each command and each pipeline is told as a call, as those over HTTP are.

        Raises:
            LookupError: the lab does not list the callee in this service's `calls`.

        """
        if callee not in self.links:
            raise LookupError(f"{self.host} may not call {callee}: add it to calls=")
        if callee not in self._stores:
            begin = partial(Attempt, self, callee, UNNUMBERED)
            self._stores[callee] = self._connect(self.links[callee], begin)
        return self._stores[callee]

    async def work(self, cpu_ms: float) -> None:
        """Burn CPU for some milliseconds: nothing else of this process runs meanwhile."""
        async with self._burn(cpu_ms):
            pass

    async def exit(self, code: int = 1) -> NoReturn:
        """End this process at once, as `os._exit` does: a crash of its own making.

        Nothing is cleaned up, no `finally` runs, callers see their connections end; the volume
        stays. Whether the host starts again is its service's `restart_after_s`.
        """
        await self._exit(code)

    @property
    def session(self) -> aiohttp.ClientSession:
        """The process's HTTP client, opened at first use; its pool has no limit of its own."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=self._connector(),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            )
            # Else aiohttp sends a GET again by itself when its connection ends: a hidden retry.
            self._session._retry_connection = False  # noqa: SLF001
        return self._session

    def abandon(self) -> None:
        """Drop the client as a process that ends at once does, without a word to anybody."""
        if self._session is not None:
            self._session.detach()

    async def close(self) -> None:
        """Close the client's connections; a process that is killed never gets here."""
        if self._session is not None:
            await self._session.close()
        for store in self._stores.values():
            await store.aclose()


class Call:
    """A callee and an attempt number, waiting for a method and a path."""

    __slots__ = ("_attempt", "_callee", "_context", "_route")

    def __init__(self, context: Context[Any], callee: str, attempt: int, route: str = "") -> None:
        self._context = context
        self._callee = callee
        self._attempt = attempt
        self._route = route

    def get(self, path: str, **options: Any) -> "Exchange":  # noqa: ANN401 - aiohttp's own options
        """Send a GET; enter the result to have the `aiohttp.ClientResponse`."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> "Exchange":  # noqa: ANN401 - aiohttp's own options
        """Send a POST; enter the result to have the `aiohttp.ClientResponse`."""
        return self.request("POST", path, **options)

    def request(self, method: str, path: str, **options: Any) -> "Exchange":  # noqa: ANN401
        """Send any method; options are those of `aiohttp.ClientSession.request`."""
        begin = partial(Attempt, self._context, self._callee, self._attempt, self._route)
        return Exchange(self._context, self._callee, begin, (method, path, options))


class Attempt:
    """One call that is sent, from its making on; its end is counted and written as a span."""

    __slots__ = ("_callee", "_context", "_id", "_number", "_parent", "_route", "_start_s")

    def __init__(self, context: Context[Any], callee: str, number: int, route: str = "") -> None:
        self._context = context
        self._callee = callee
        self._number = number
        self._route = route
        self._start_s = context.now()
        self._id = context.span_ids.next()
        self._parent = CURRENT.get() or background(self._id)
        if context.begun is not None:
            context.begun(callee)

    def header(self) -> str:
        """Give the `traceparent` that the call carries."""
        return SpanContext(self._parent.trace, self._id).header()

    def end(self, status: str) -> None:
        """Say how it ended."""
        context = self._context
        context.attempted(self._callee, status).inc()
        context.record(
            Span(
                self._parent.trace,
                self._id,
                self._parent.span,
                "client",
                context.host,
                self._callee,
                self._number,
                self._start_s,
                context.now(),
                status,
                self._route,
            )
        )


class Exchange:
    """One attempt on the wire: carries the trace on, and sees how it ends."""

    __slots__ = ("_attempt", "_begin", "_callee", "_context", "_request", "_what")

    def __init__(
        self,
        context: Context[Any],
        callee: str,
        begin: Callable[[], Attempt],
        what: tuple[str, str, dict[str, Any]],
    ) -> None:
        self._context = context
        self._callee = callee
        self._begin = begin
        self._what = what

    async def __aenter__(self) -> aiohttp.ClientResponse:
        context = self._context
        method, path, options = self._what
        self._attempt = self._begin()
        headers = {**options.pop("headers", {}), HEADER: self._attempt.header()}
        self._request = context.session.request(
            method, context.links[self._callee] + path, headers=headers, **options
        )
        try:
            return await self._request.__aenter__()
        except BaseException as error:
            self._attempt.end(outcome(error))
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        status = outcome(error) if error else ""
        if not status or (status == "abandoned" and isinstance(error, Exception)):
            status = str(self._request._resp.status)  # noqa: SLF001
        try:
            await self._request.__aexit__(kind, error, trace)
        finally:
            self._attempt.end(status)


def outcome(error: BaseException) -> str:
    """Name how a call ended without an answer, in one word."""
    match error:
        case TimeoutError():
            return "timeout"
        case aiohttp.ClientConnectorError():
            return "refused"
        case aiohttp.ServerDisconnectedError():
            return "closed"
        case aiohttp.ClientOSError() | ConnectionError():
            return "reset"
        case aiohttp.ClientError():
            return "broken"
        case _:
            return "abandoned"
