"""Retry: try again, a bounded number of times, after a pause, within a budget.

Sources: exponential backoff and its three kinds of jitter from Brooker, "Exponential Backoff And
Jitter" (AWS Architecture Blog, 2015); the budget from Finagle's RetryBudget and Google's SRE book,
chapter 21. In production: tenacity or stamina for the loop, Envoy or Finagle for budgets.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from services.patterns.guards import (
    FAILURES,
    Answer,
    Asked,
    Call,
    Failed,
    PerKey,
    Sabotage,
    Surroundings,
)
from services.settings import at_least, live

T = TypeVar("T")


class Jitter(StrEnum):
    """How a pause between attempts is drawn: from its upper bound, or from the pause before."""

    NONE = "none"
    EQUAL = "equal"
    FULL = "full"
    DECORRELATED = "decorrelated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Pauses that grow from `base_ms` up to `cap_ms`; a base of 0 means no pause.

    Their bound doubles from one retry to the next. Decorrelated pauses have none of their own: each
    is drawn from the base up to three times the one before.
    """

    base_ms: float = 0
    cap_ms: float = 10_000
    jitter: Jitter = Jitter.FULL

    def pause_ms(self, retry: int, rng: random.Random, last_ms: float = 0) -> float:
        """Draw the pause before a retry, which counts from 1, in milliseconds.

        `last_ms` is the pause before the retry that came before it.
        """
        # Above 1,000 doublings a float overflows; long before, every cap is reached.
        bound = min(self.cap_ms, self.base_ms * 2.0 ** min(retry - 1, 1000))
        match self.jitter:
            case Jitter.NONE:
                return bound
            case Jitter.EQUAL:
                return bound / 2 + rng.uniform(0, bound / 2)
            case Jitter.FULL:
                return rng.uniform(0, bound)
            case Jitter.DECORRELATED:
                longest = 3 * max(self.base_ms, last_ms)
                return min(self.cap_ms, rng.uniform(self.base_ms, longest))


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
        pause_ms = 0.0
        while True:
            try:
                return await attempt(number)
            except self.on:
                if number >= self.tries or (self.budget and not self.budget.withdraw()):
                    raise
            pause_ms = self.backoff.pause_ms(number, rng, pause_ms)
            await asyncio.sleep(pause_ms / 1000)
            number += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How many tries in all, the pauses between them, and the share that may be retried.

    A `budget` of 0 sets no limit, and each callee has its own: calls that are well elsewhere buy
    no retries for one that fails. `burst` retries are free at first. A pause is at least as long
    as the callee's `Retry-After` says, unless `heed` is off.
    """

    tries: int = live(3)
    backoff_ms: float = live(0)
    cap_ms: float = live(10_000)
    jitter: Jitter = live(Jitter.FULL)
    budget: float = live(0)
    burst: float = live(10)
    heed: bool = live(True)  # noqa: FBT003 - the value of a setting

    def __post_init__(self) -> None:
        at_least(1, tries=self.tries)
        at_least(
            0,
            backoff_ms=self.backoff_ms,
            cap_ms=self.cap_ms,
            budget=self.budget,
            burst=self.burst,
        )


class Retries:
    """Tries again what has failed, while tries, budget and the deadline allow it.

    It does not retry what a guard inside it has refused: the answer would be the same, and sooner
    than whatever the guard waits for. A write is retried too; whether that is safe is the callee's
    matter (an idempotency key).
    """

    def __init__(self, settings: Callable[[], Settings], around: Surroundings) -> None:
        self._settings = settings
        self._around = around
        self._bought = (settings().budget, settings().burst)
        self._budgets = PerKey(self._new_budget)

    async def __call__(self, asked: Asked, call: Call, /) -> Answer:
        """Make the call until it succeeds, `attempt` counting on from that of the request."""
        self._budget(asked.key).deposit()
        number = 1
        pause_s = 0.0
        while True:
            try:
                return await call(replace(asked, attempt=asked.attempt + number - 1))
            except FAILURES as failure:
                pause_s = self._pause_s(number, failure, pause_s)
                if not self._may_retry(number, asked, pause_s):
                    raise
            self._around.count("retry")
            await asyncio.sleep(pause_s)
            number += 1

    def _pause_s(self, number: int, failure: Exception, last_s: float) -> float:
        settings = self._settings()
        backoff = Backoff(
            base_ms=settings.backoff_ms, cap_ms=settings.cap_ms, jitter=settings.jitter
        )
        pause_s = backoff.pause_ms(number, self._around.rng, 1000 * last_s) / 1000
        if settings.heed and isinstance(failure, Failed):
            pause_s = max(pause_s, failure.answer.retry_after_s)
        return pause_s

    def _may_retry(self, number: int, asked: Asked, pause_s: float) -> bool:
        settings = self._settings()
        if number >= settings.tries or self._around.now() + pause_s >= asked.deadline_s:
            return False
        if settings.budget and not self._budget(asked.key).withdraw():
            self._around.count("no budget")
            return False
        return True

    def _budget(self, key: str) -> RetryBudget:
        bought = (self._settings().budget, self._settings().burst)
        if bought != self._bought:
            self._bought = bought
            self._budgets.clear()
        return self._budgets.of(key)

    def _new_budget(self, _: str) -> RetryBudget:
        ratio, burst = self._bought
        return RetryBudget(ratio, burst=burst)


def _always(*_: object) -> bool:
    return True


def _no_pause(*_: object) -> float:
    return 0.0


_pause_ms = Backoff.pause_ms


def _seeded_alike(backoff: Backoff, retry: int, _: random.Random, last_ms: float = 0) -> float:
    """Draw as where all clients begin with one seed: each gets the same pauses."""
    return _pause_ms(backoff, retry, random.Random(retry), last_ms)


async def _once(_: Retry, attempt: Callable[[int], Awaitable[T]], rng: random.Random) -> T:
    del rng
    return await attempt(1)


SABOTAGES = (
    Sabotage(Retry, "run", _once),
    Sabotage(RetryBudget, "withdraw", _always),
    Sabotage(RetryBudget, "deposit", _no_pause),
    Sabotage(Backoff, "pause_ms", _no_pause),
    Sabotage(Backoff, "pause_ms", _seeded_alike),
    Sabotage(Retries, "_pause_s", _no_pause),
    Sabotage(Retries, "_may_retry", lambda *_: False),
)
