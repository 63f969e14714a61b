"""Retry: try again, a bounded number of times, after a pause, within a budget.

Sources: exponential backoff and full jitter from Brooker, "Exponential Backoff And Jitter" (AWS
Architecture Blog, 2015); the budget from Finagle's RetryBudget and Google's SRE book, chapter 21.
In production: tenacity or stamina for the loop, Envoy or Finagle for budgets.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")


class Jitter(StrEnum):
    """How a pause between attempts is drawn from its upper bound."""

    NONE = "none"
    EQUAL = "equal"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Pauses that double from `base_ms` up to `cap_ms`; a base of 0 means no pause."""

    base_ms: float = 0
    cap_ms: float = 10_000
    jitter: Jitter = Jitter.FULL

    def pause_ms(self, retry: int, rng: random.Random) -> float:
        """Draw the pause before a retry, which counts from 1, in milliseconds."""
        # Above 1,000 doublings a float overflows; long before, every cap is reached.
        bound = min(self.cap_ms, self.base_ms * 2.0 ** min(retry - 1, 1000))
        match self.jitter:
            case Jitter.NONE:
                return bound
            case Jitter.EQUAL:
                return bound / 2 + rng.uniform(0, bound / 2)
            case Jitter.FULL:
                return rng.uniform(0, bound)


class RetryBudget:
    """A token bucket that lets retries be at most a share of the requests.

    Each request adds `ratio` tokens and each retry takes one; at most `burst` are kept. Under
    total failure the load is at most 1 + ratio times the requests, once the burst is spent.
    """

    def __init__(self, ratio: float, *, burst: float = 10) -> None:
        self._ratio = ratio
        self._burst = burst
        self._tokens = burst

    def deposit(self) -> None:
        """Count one request."""
        self._tokens = min(self._burst, self._tokens + self._ratio)

    def withdraw(self) -> bool:
        """Pay for one retry; False when the budget does not allow it."""
        # Ten deposits of 0.1 make a little less than 1 in binary.
        if self._tokens < 1 - 1e-9:
            return False
        self._tokens -= 1
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """A policy: `tries` in all, which of the errors to try again on, and how long to wait."""

    tries: int
    on: tuple[type[Exception], ...]
    backoff: Backoff = Backoff()
    budget: RetryBudget | None = None

    async def run(self, attempt: Callable[[int], Awaitable[T]], rng: random.Random) -> T:
        """Call `attempt(1)`, `attempt(2)` ... until one succeeds.

        Raises:
            Exception: the last attempt's own error, when no try is left or allowed.

        """
        if self.budget:
            self.budget.deposit()
        number = 1
        while True:
            try:
                return await attempt(number)
            except self.on:
                if number >= self.tries or (self.budget and not self.budget.withdraw()):
                    raise
            await asyncio.sleep(self.backoff.pause_ms(number, rng) / 1000)
            number += 1
