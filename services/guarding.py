"""Guarding: the guards of a service, in the order that its settings say, around what it does.

There are two sets of them: `incoming` stands around a service's handlers and `outgoing` around each
of its calls and of its commands to a Redis. A service with settings that are `Serving` calls nobody
and one with `Calling` serves nobody; `Guarded` is both, and guards of the other side are refused.
The order names guards from the outermost in; each has settings of its own, all live, as in

    {"outgoing.order": "deadline,retry,breaker", "outgoing.retry.tries": 3}

A deadline, a client and a priority come with a request as headers (`deadline-ms`, `client`,
`priority`), the latter two also as parameters of its path, and go on with the calls that it causes.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, partial
from types import MappingProxyType
from typing import Any

import aiohttp

from services.context import Context
from services.patterns.adaptive_limit import AdaptiveLimit
from services.patterns.adaptive_limit import Settings as Adaptive
from services.patterns.breaker import CircuitBreaker
from services.patterns.breaker import Settings as Breaker
from services.patterns.bulkhead import Bulkhead
from services.patterns.bulkhead import Settings as Compartments
from services.patterns.caching import Caching
from services.patterns.caching import Settings as Cache
from services.patterns.deadline import Deadline, Limit, LimitSettings
from services.patterns.deadline import Settings as Deadlines
from services.patterns.fallback import Fallback
from services.patterns.fallback import Settings as Fallbacks
from services.patterns.guards import (
    Answer,
    Asked,
    Call,
    Guard,
    Refused,
    Surroundings,
    compose,
)
from services.patterns.hedging import Hedging
from services.patterns.hedging import Settings as Hedge
from services.patterns.limiting import Limiter
from services.patterns.limiting import Settings as Limits
from services.patterns.retry import Retries
from services.patterns.retry import Settings as Retry
from services.patterns.shedding import Settings as Shed
from services.patterns.shedding import Shedding
from services.patterns.single_flight import OneFlight
from services.patterns.single_flight import Settings as Flights
from services.patterns.throttling import Settings as Throttle
from services.patterns.throttling import Throttling
from services.patterns.tied import Settings as Ties
from services.patterns.tied import Tied
from services.patterns.timeout import time_limit
from services.settings import SettingError, live

GUARDS: Mapping[str, Callable[[Callable[[], Any], Surroundings], Guard]] = {
    "adaptive": AdaptiveLimit,
    "breaker": CircuitBreaker,
    "bulkhead": Bulkhead,
    "cache": Caching,
    "deadline": Deadline,
    "fallback": Fallback,
    "hedge": Hedging,
    "limiter": Limiter,
    "retry": Retries,
    "shed": Shedding,
    "single_flight": OneFlight,
    "throttle": Throttling,
    "tied": Tied,
    "timeout": Limit,
}
"""Every guard by its name in an order, which is that of its settings too."""

CLIENT, PRIORITY, RETRY_AFTER, TIE = "client", "priority", "Retry-After", "tied"
TELL_MS = 1000
"""How long a word to another host may be on its way."""
READS = ("GET", "HEAD")
NO_ANSWER = (TimeoutError, aiohttp.ClientError, Refused)
"""How a call ends without an answer: too late, not at all, or by a guard that did not make it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """Which guards stand around a call, the outermost first, and the settings of each."""

    order: str = live("")
    adaptive: Adaptive = Adaptive()  # noqa: RUF009 - it is frozen
    breaker: Breaker = Breaker()  # noqa: RUF009 - it is frozen
    bulkhead: Compartments = Compartments()  # noqa: RUF009 - it is frozen
    cache: Cache = Cache()  # noqa: RUF009 - it is frozen
    deadline: Deadlines = Deadlines()  # noqa: RUF009 - it is frozen
    fallback: Fallbacks = Fallbacks()  # noqa: RUF009 - it is frozen
    hedge: Hedge = Hedge()  # noqa: RUF009 - it is frozen
    limiter: Limits = Limits()  # noqa: RUF009 - it is frozen
    retry: Retry = Retry()  # noqa: RUF009 - it is frozen
    shed: Shed = Shed()  # noqa: RUF009 - it is frozen
    single_flight: Flights = Flights()  # noqa: RUF009 - it is frozen
    throttle: Throttle = Throttle()  # noqa: RUF009 - it is frozen
    tied: Ties = Ties()  # noqa: RUF009 - it is frozen
    timeout: LimitSettings = LimitSettings()  # noqa: RUF009 - it is frozen

    def __post_init__(self) -> None:
        names = in_order(self.order)
        for name in names:
            if name not in GUARDS:
                raise ValueError(f"order has {name!r}; guards are {', '.join(GUARDS)}")
            if names.count(name) > 1:
                raise ValueError(f"order has {name!r} twice; a guard stands in one place")


@cache
def in_order(order: str) -> tuple[str, ...]:
    """Give the names of an order, which commas separate."""
    return tuple(name.strip() for name in order.split(",") if name.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """What the settings begin with of a service that serves requests and calls others."""

    incoming: Guards = Guards()
    outgoing: Guards = Guards()


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What the settings begin with of a service that calls nobody."""

    incoming: Guards = Guards()

    REFUSED = MappingProxyType(
        {"outgoing": "this service calls nobody, so it has no outgoing guards; set incoming.*"}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Calling:
    """What the settings begin with of a service that nobody asks for anything."""

    outgoing: Guards = Guards()

    REFUSED = MappingProxyType(
        {"incoming": "this service serves nobody, so it has no incoming guards; set outgoing.*"}
    )


class Guarding:
    """Guards of one process around one kind of call; what they have learnt outlives a new order."""

    def __init__(
        self, settings: Callable[[], Guards], around: Callable[[str], Surroundings]
    ) -> None:
        self._settings = settings
        self._around = around
        self._guards: dict[str, Guard] = {}

    async def __call__(self, asked: Asked, call: Call) -> Answer:
        """Make a call inside the guards.

        Raises:
            Failed, TimeoutError, ConnectionError, Refused: as of a guard.

        """
        names = in_order(self._settings().order)
        return await compose([self._guard(name) for name in names], call)(asked)

    def _guard(self, name: str) -> Guard:
        if name not in self._guards:
            self._guards[name] = GUARDS[name](
                lambda: getattr(self._settings(), name), self._around(name)
            )
        return self._guards[name]


def check_names(ctx: Context[Any]) -> None:
    """Check that the hosts and stores that guards name are there.

    Raises:
        SettingError: a guard that stands somewhere names one that the service does not call.

    """
    for side in ("incoming", "outgoing"):
        guards: Guards = getattr(ctx.settings, side, Guards())
        order = in_order(guards.order)
        named = {"limiter.store": [guards.limiter.store] if guards.limiter.store else []}
        if "tied" in order and side == "outgoing":
            named["tied.among"] = guards.tied.hosts()
        for setting, names in named.items():
            for name in names if setting.partition(".")[0] in order else ():
                if name not in ctx.links:
                    raise SettingError(f"{side}.{setting} has {name!r}; add it to calls=")


ASKED: ContextVar[Asked | None] = ContextVar("asked", default=None)
"""The request that is being served, as its guards have left it."""


def seconds(text: str | None) -> float:
    """Read a `Retry-After` of seconds; a date, which the header may be too, is 0."""
    return float(text) if text and text.isdecimal() else 0.0


def surroundings(ctx: Context[Any], side: str) -> Callable[[str], Surroundings]:
    """Give what guards of a side get from their process, by the guard's name."""

    def around(guard: str) -> Surroundings:
        return Surroundings(
            now=ctx.now,
            rng=ctx.rng,
            count=lambda event: ctx.guard_events(side, guard, event).inc(),
            redis=ctx.redis,
            tell=partial(_tell, ctx),
            serves=side == "incoming",
        )

    return around


async def _tell(ctx: Context[Any], host: str, path: str) -> None:
    """Send a word to another host; it may be lost, as any message may.

    Raises:
        LookupError: the lab does not list the host in `calls`.

    """
    with suppress(*NO_ANSWER):
        async with time_limit(TELL_MS), ctx.call(host, route="/tied").request("PUT", path):
            pass
