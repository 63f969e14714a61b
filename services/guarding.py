"""Guarding: the guards of a service, in the order that its settings say, around what it does.

Every service has two sets of them: `incoming` stands around its handlers and `outgoing` around each
of its calls. The order names guards from the outermost to the innermost; each has settings of its
own, all live, as in

    {"outgoing.order": "deadline,retry,breaker", "outgoing.retry.tries": 3}

A deadline, a client and a priority come with a request as headers (`deadline-ms`, `client`,
`priority`), the latter two also as parameters of its path, and go on with the calls that it causes.
"""

import math
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import aiohttp
from aiohttp import web

from services.context import Context
from services.patterns.adaptive_limit import AdaptiveLimit
from services.patterns.adaptive_limit import Settings as Adaptive
from services.patterns.breaker import CircuitBreaker
from services.patterns.breaker import Settings as Breaker
from services.patterns.bulkhead import Bulkhead
from services.patterns.bulkhead import Settings as Compartments
from services.patterns.caching import Caching
from services.patterns.caching import Settings as Cache
from services.patterns.deadline import HEADER as DEADLINE
from services.patterns.deadline import Deadline, Limit, LimitSettings, deadline_of
from services.patterns.deadline import Settings as Deadlines
from services.patterns.deadline import header as deadline_header
from services.patterns.fallback import Fallback
from services.patterns.fallback import Settings as Fallbacks
from services.patterns.guards import (
    Answer,
    Asked,
    Call,
    Failed,
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
from services.settings import live

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
    "timeout": Limit,
}
"""Every guard by its name in an order, which is that of its settings too."""

CLIENT, PRIORITY, RETRY_AFTER = "client", "priority", "Retry-After"
TOO_LATE = 504
UNGUARDED = ("/metrics", "/healthz")


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
    """What the settings of every service begin with."""

    incoming: Guards = Guards()
    outgoing: Guards = Guards()


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


ASKED: ContextVar[Asked | None] = ContextVar("asked", default=None)
"""The request that is being served, as its guards have left it."""


class UnreachableError(ConnectionError):
    """The callee gave no answer; its cause is the client's own error."""


class _ToldError(Failed):
    """An answer that the service did not take for a failure, and that guards do."""


class Outgoing:
    """The guards around all calls of a service.

    Give `ask` the callee's answer, or raise as aiohttp's client does; what the guards let out of
    a failure is that error again. A refusal that the service does not catch is its answer.
    """

    def __init__(self, ctx: Context[Any]) -> None:
        self._ctx = ctx
        self._guards = Guarding(lambda: ctx.settings.outgoing, _surroundings(ctx, "outgoing"))

    async def call(
        self, callee: str, ask: Call, *, path: str = "/", writes: bool = False, body: bytes = b""
    ) -> Answer:
        """Ask a callee inside the guards.

        Raises:
            aiohttp.ClientError, TimeoutError, Failed: the call failed.
            Refused: a guard did not make it.

        """
        cause = ASKED.get() or Asked()
        asked = replace(cause, key=callee, resource=path, attempt=1, writes=writes, body=body)
        if not in_order(self._ctx.settings.outgoing.order):
            return await ask(asked)
        try:
            answer = await self._guards(asked, _telling(ask))
        except UnreachableError as error:
            raise error.__cause__ or error from None
        except _ToldError as failure:
            answer = failure.answer
        if answer.cause:
            raise answer.cause
        return answer

    def headers(self, asked: Asked) -> dict[str, str]:
        """Give the headers that a request takes along: deadline, client and priority."""
        carried = {
            DEADLINE: deadline_header(asked.deadline_s, self._ctx.now()),
            CLIENT: asked.client or None,
            PRIORITY: str(asked.priority) if asked.priority else None,
        }
        return {name: value for name, value in carried.items() if value is not None}


def _telling(ask: Call) -> Call:
    """Make the client's errors those that guards know."""

    async def call(asked: Asked) -> Answer:
        try:
            answer = await ask(asked)
        except aiohttp.ClientResponseError as error:
            again_s = seconds(error.headers.get(RETRY_AFTER) if error.headers else None)
            answer = Answer(error.message.encode(), error.status, again_s, cause=error)
        except aiohttp.ClientError as error:
            raise UnreachableError(str(error)) from error
        if answer.failed:
            raise _ToldError(answer)
        return answer

    return call


def incoming(ctx: Context[Any]) -> Any:  # noqa: ANN401 - aiohttp's type
    """Make the middleware that stands around all handlers of a service."""
    guards = Guarding(lambda: ctx.settings.incoming, _surroundings(ctx, "incoming"))

    async def guard(request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ANN401
        asked = asked_of(request, ctx.now())
        ASKED.set(asked)
        has_guards = isinstance(ctx.settings, Guarded) and ctx.settings.incoming.order
        try:
            if not has_guards or request.path in UNGUARDED:
                response: web.StreamResponse = await handler(request)
                return response
            return _response(await guards(asked, _handling(request, handler)))
        except Refused as refusal:
            refused = Answer(f"{refusal}\n".encode(), refusal.status, refusal.retry_after_s)
            return _response(refused)
        except Failed as failure:
            return _response(failure.answer)
        except TimeoutError:
            if not has_guards:
                raise
            return _response(Answer(b"not done in time\n", TOO_LATE))

    return web.middleware(guard)


def asked_of(request: web.Request, now_s: float) -> Asked:
    """Give what a request says of itself; its key is its client."""
    client = request.headers.get(CLIENT) or request.query.get(CLIENT, "")
    priority = request.headers.get(PRIORITY) or request.query.get(PRIORITY, "")
    return Asked(
        key=client,
        client=client,
        resource=request.path_qs,
        priority=int(priority) if priority.isdecimal() else 0,
        deadline_s=deadline_of(request.headers.get(DEADLINE), now_s),
        writes=request.method not in ("GET", "HEAD"),
    )


def _handling(request: web.Request, handler: Any) -> Call:  # noqa: ANN401 - aiohttp's type
    async def call(asked: Asked) -> Answer:
        ASKED.set(asked)
        try:
            response = await handler(request)
        except web.HTTPException as error:
            response = error
        if not isinstance(response.body, bytes | None):
            raise TypeError(f"{request.path}: incoming guards need an answer of bytes")
        again_s = seconds(response.headers.get(RETRY_AFTER))
        kind = response.headers.get("Content-Type", Answer.kind)
        answer = Answer(response.body or b"", response.status, again_s, kind)
        if answer.failed:
            raise Failed(answer)
        return answer

    return call


def _response(answer: Answer) -> web.Response:
    headers = {"Content-Type": answer.kind}
    if answer.retry_after_s > 0:
        # Whole seconds, as the header has them: never sooner than meant.
        headers[RETRY_AFTER] = str(math.ceil(answer.retry_after_s))
    return web.Response(body=answer.body, status=answer.status, headers=headers)


def seconds(text: str | None) -> float:
    """Read a `Retry-After` of seconds; a date, which the header may be too, is 0."""
    return float(text) if text and text.isdecimal() else 0.0


def _surroundings(ctx: Context[Any], side: str) -> Callable[[str], Surroundings]:
    def around(guard: str) -> Surroundings:
        return Surroundings(
            now=ctx.now,
            rng=ctx.rng,
            count=lambda event: ctx.guard_events(side, guard, event).inc(),
            redis=ctx.redis,
        )

    return around
