"""Deadline: a request has a time at which nobody wants its answer any more, and carries it along.

A time limit frees the caller alone; a deadline that travels frees every callee too, and lets each
refuse what it cannot finish. What travels is the time that is left and not the time of day, for
clocks differ. Sources: *Site Reliability Engineering* (2016), chapter 22, "Deadline Propagation";
gRPC's `grpc-timeout`. In production: gRPC's deadlines, `asyncio.timeout` for one hop.
"""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from services.patterns.guards import Answer, Asked, Call, Refused, Sabotage, Surroundings
from services.patterns.timeout import time_limit
from services.settings import at_least, live

HEADER = "deadline-ms"
"""The header that says how many milliseconds are left."""


def header(deadline_s: float, now_s: float) -> str | None:
    """Write what is left until a deadline, in milliseconds; None when there is no deadline."""
    if deadline_s == math.inf:
        return None
    return f"{max(0.0, 1000 * (deadline_s - now_s)):.3f}"


def deadline_of(text: str | None, now_s: float) -> float:
    """Read the deadline off a header; what is missing or no time sets none."""
    try:
        left_ms = float(text) if text else math.inf
    except ValueError:
        return math.inf
    return now_s + left_ms / 1000 if left_ms >= 0 else math.inf


class ExpiredError(Refused):
    """Nobody will wait for the answer."""

    status = 504


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How long a request may take here, unless its sender wants it sooner; 0 sets no limit.

    With less than `needs_ms` left it is refused before any work is done for it.
    """

    budget_ms: float = live(0)
    needs_ms: float = live(0)

    def __post_init__(self) -> None:
        at_least(0, budget_ms=self.budget_ms, needs_ms=self.needs_ms)


class Deadline:
    """Refuses what comes too late, and ends the work at the deadline."""

    def __init__(self, settings: Callable[[], Settings], around: Surroundings) -> None:
        self._settings = settings
        self._around = around

    async def __call__(self, asked: Asked, call: Call, /) -> Answer:
        """Make the call with the earlier of the two deadlines.

        Raises:
            ExpiredError: too little time is left.
            TimeoutError: the deadline came while the call was under way; it is cancelled.

        """
        now_s = self._around.now()
        deadline_s = self._earlier(asked.deadline_s, now_s)
        if not deadline_s - now_s > self._settings().needs_ms / 1000:
            self._around.count("expired")
            raise ExpiredError("too little time is left")
        async with asyncio.timeout(None if deadline_s == math.inf else deadline_s - now_s):
            return await call(replace(asked, deadline_s=deadline_s))

    def _earlier(self, deadline_s: float, now_s: float) -> float:
        budget_ms = self._settings().budget_ms
        return min(deadline_s, now_s + budget_ms / 1000 if budget_ms else math.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """How long one try may take; 0 sets no limit."""

    ms: float = live(1000)

    def __post_init__(self) -> None:
        at_least(0, ms=self.ms)


class Limit:
    """A time limit of one hop, which the callee does not hear of."""

    def __init__(self, settings: Callable[[], LimitSettings], around: Surroundings) -> None:
        self._settings = settings
        self._around = around

    async def __call__(self, asked: Asked, call: Call, /) -> Answer:
        """Make the call, and stop waiting for it after a time."""
        async with time_limit(self._settings().ms):
            return await call(asked)


SABOTAGES = (
    Sabotage(Deadline, "_earlier", lambda *_: math.inf),
    Sabotage(Deadline, "_earlier", lambda *given: given[1]),
)
