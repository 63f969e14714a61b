"""Hedged requests: when an answer is late, ask once more, and take whichever comes first.

A hedge after the 95th percentile costs 5 % more requests and cuts the tail to that of two servers.
A budget bounds it, for under overload everything is late. With `after_ms=0` both are sent together
and the loser is cancelled as soon as one answers; `services.patterns.tied` has servers talk, too. A
second try must be able to go elsewhere, for instance through a service name with replicas. Source:
Dean and Barroso, "The Tail at Scale" (CACM 56(2), 2013). In production: gRPC's hedging policy,
Envoy's `hedge_policy`, Finagle's BackupRequestFilter.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from services.patterns.guards import Answer, Asked, Call, Sabotage, Surroundings
from services.patterns.retry import RetryBudget
from services.settings import at_least, at_most, live

SAMPLES = 1000
"""How many of the last answers' times a percentile is taken of."""
FEWEST = 20
"""Before so many answers no percentile is known, and none is hedged by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """When to ask once more, and for which share of requests at most.

    After `after_ms`; with a `quantile` above 0, after the time in which that share was answered.
    """

    after_ms: float = live(100)
    quantile: float = live(0)
    budget: float = live(0.1)
    burst: float = live(10)

    def __post_init__(self) -> None:
        at_least(0, after_ms=self.after_ms, quantile=self.quantile, budget=self.budget)
        at_least(1, burst=self.burst)
        at_most(0.999, quantile=self.quantile)


class Hedging:
    """A second call when the first is late, and the first answer of the two.

    Whatever loses is cancelled. When one of two fails, the other still counts; when both fail, the
    first failure is raised.
    """

    def __init__(self, settings: Callable[[], Settings], around: Surroundings) -> None:
        self._settings = settings
        self._around = around
        self._bought = (settings().budget, settings().burst)
        self._budget = RetryBudget(settings().budget, burst=settings().burst)
        self._times_s: deque[float] = deque(maxlen=SAMPLES)

    async def __call__(self, asked: Asked, call: Call, /) -> Answer:
        """Make the call, and once more when no answer comes in time."""
        self._live_budget().deposit()
        start_s = self._around.now()
        first = sent(call, asked)
        running = [first]
        try:
            await asyncio.wait(running, timeout=self._after_s())
            if not first.done() and self._may_hedge():
                running.append(sent(call, replace(asked, attempt=asked.attempt + 1)))
            answer = await _first_good(running)
        finally:
            await cancel(running)
        self._times_s.append(self._around.now() - start_s)
        return answer

    def _after_s(self) -> float | None:
        settings = self._settings()
        if not settings.quantile:
            return settings.after_ms / 1000
        if len(self._times_s) < FEWEST:
            return None
        return sorted(self._times_s)[int(settings.quantile * len(self._times_s))]

    def _may_hedge(self) -> bool:
        may = self._live_budget().withdraw()
        self._around.count("hedge" if may else "no budget")
        return may

    def _live_budget(self) -> RetryBudget:
        bought = (self._settings().budget, self._settings().burst)
        if bought != self._bought:
            self._bought = bought
            self._budget = RetryBudget(bought[0], burst=bought[1])
        return self._budget


def sent(call: Call, asked: Asked) -> asyncio.Task[Answer]:
    """Begin a call."""

    async def once() -> Answer:
        return await call(asked)

    return asyncio.create_task(once())


async def _first_good(running: list[asyncio.Task[Answer]]) -> Answer:
    pending, failure = set(running), None
    while pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        # Of two that end at one instant the one that was sent first, whatever the set's order.
        for task in (one for one in running if one in done):
            error = task.exception()
            if error is None:
                return task.result()
            failure = failure or error
    raise failure or asyncio.CancelledError


async def cancel(running: list[asyncio.Task[Answer]]) -> None:
    """End all calls that are still under way."""
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


SABOTAGES = (
    Sabotage(Hedging, "_may_hedge", lambda _: False),
    Sabotage(Hedging, "_may_hedge", lambda _: True),
    Sabotage(Hedging, "_after_s", lambda _: 0),
)
