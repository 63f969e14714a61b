"""Circuit breaker: stop calling what keeps failing, and ask again with one call at a time.

Source: Nygard, *Release It!* (2007); the half-open probe and the defaults that people know are
those of Netflix' Hystrix (20 calls, 50 % errors, 5 s). In production: the outlier detection of
Envoy, resilience4j on the JVM, purgatory or aiobreaker in Python.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from services.patterns.guards import (
    Answer,
    Asked,
    Call,
    PerKey,
    Recent,
    Refused,
    Sabotage,
    Surroundings,
)
from services.settings import at_least, at_most, live

PATIENCE = 10
"""How many times as long as it was open a breaker waits for a probe."""


class State(StrEnum):
    """Closed lets calls through, open none, half-open those that decide."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class OpenError(Refused):
    """The breaker let no call through."""

    def __init__(
        self, why: str = "the circuit breaker is open", *, retry_after_s: float = 0
    ) -> None:
        super().__init__(why, retry_after_s=retry_after_s)


class Rule(Protocol):
    """When a closed breaker opens."""

    def opens(self, *, failed: bool) -> bool:
        """Count the end of a call; say whether it opens the breaker."""

    def clear(self) -> None:
        """Forget all calls."""


class LastCalls:
    """Opens when of the last `window` calls a share of at least `threshold` has failed."""

    def __init__(self, *, window: int, threshold: float) -> None:
        self._ends: deque[bool] = deque(maxlen=window)
        self._threshold = threshold

    def opens(self, *, failed: bool) -> bool:
        """Count the end of a call; say whether it opens the breaker."""
        self._ends.append(failed)
        full = len(self._ends) == self._ends.maxlen
        return full and sum(self._ends) >= self._threshold * len(self._ends)

    def clear(self) -> None:
        """Forget all calls."""
        self._ends.clear()


class InARow:
    """Opens when `count` calls in a row have failed: quick, and blind to a share below one."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._failed = 0

    def opens(self, *, failed: bool) -> bool:
        """Count the end of a call; say whether it opens the breaker."""
        self._failed = self._failed + 1 if failed else 0
        return self._failed >= self._count

    def clear(self) -> None:
        """Forget all calls."""
        self._failed = 0


class OverTime:
    """Opens when a share of `threshold` failed in the last `span_s`, of at least `fewest` calls."""

    def __init__(
        self, *, span_s: float, threshold: float, fewest: int, now: Callable[[], float]
    ) -> None:
        self._recent = Recent(now)
        self._span_s = span_s
        self._threshold = threshold
        self._fewest = fewest

    def opens(self, *, failed: bool) -> bool:
        """Count the end of a call; say whether it opens the breaker."""
        self._recent.add("failed" if failed else "good", span_s=self._span_s)
        counts = self._recent.counts(span_s=self._span_s)
        calls = sum(counts.values())
        return calls >= self._fewest and counts.get("failed", 0) >= self._threshold * calls

    def clear(self) -> None:
        """Forget all calls."""
        self._recent.clear()


class Breaker:
    """Opens when its rule says so; by itself, when a share of the last `window` calls failed.

    It stays open for `open_s` seconds of the clock `now`; then the next `probes` calls are probes:
    one that fails opens it for as long again, and when all have succeeded it closes. Calls that
    began before a change of state count no more, for what they know is out of date. Probes that
    have not ended after `PATIENCE` times `open_s` are given up, and the next call is another one.
    `on_trip` is called when it opens after it was closed.
    """

    def __init__(  # noqa: PLR0913 - all are settings
        self,
        *,
        open_s: float,
        now: Callable[[], float],
        window: int = 20,
        threshold: float = 0.5,
        rule: Rule | None = None,
        probes: int = 1,
        on_trip: Callable[[], None] = lambda: None,
    ) -> None:
        self._rule = rule or LastCalls(window=window, threshold=threshold)
        self._open_s = open_s
        self._now = now
        self._probes = probes
        self._sent = 0
        self._proven = 0
        self._changes = 0
        self._probe_s = 0.0
        self._on_trip = on_trip
        self.state = State.CLOSED

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Let one call through and learn from its end: an exception is a failure.

        So is a call that was cancelled, for that is how a time limit around the guard ends it. A
        probe that was cancelled proves nothing, and the next call is one. What another guard has
        refused says nothing of the callee, and counts neither way.

        Raises:
            OpenError: no call may be made now.

        """
        self._admit()
        began = self._changes
        try:
            yield
        except Refused:
            self._unproven(began)
            raise
        except Exception:
            self._learn(began, failed=True)
            raise
        except BaseException:
            if self.state is not State.HALF_OPEN:
                self._learn(began, failed=True)
            self._unproven(began)
            raise
        self._learn(began, failed=False)

    def _admit(self) -> None:
        if self.state is State.CLOSED:
            return
        if self.state is State.HALF_OPEN and self._sent < self._probes:
            self._sent += 1
        elif self._now() >= self._probe_s:
            self._probe_s = self._now() + PATIENCE * self._open_s
            self._turn(State.HALF_OPEN)
            self._sent = 1
        else:
            raise OpenError(retry_after_s=self._probe_s - self._now())

    def _unproven(self, began: int) -> None:
        if self.state is State.HALF_OPEN and began == self._changes:
            self._probe_s = self._now()
            self._turn(State.OPEN)

    def _learn(self, began: int, *, failed: bool) -> None:
        if began != self._changes:
            return
        if self.state is State.CLOSED:
            if self._rule.opens(failed=failed):
                self._trip()
        elif failed:
            self._trip()
        else:
            self._proven += 1
            if self._proven == self._probes:
                self._turn(State.CLOSED)

    def _trip(self) -> None:
        if self.state is State.CLOSED:
            self._on_trip()
        self._probe_s = self._now() + self._open_s
        self._turn(State.OPEN)

    def _turn(self, state: State) -> None:
        self.state = state
        self._changes += 1
        self._sent = self._proven = 0
        self._rule.clear()


class Opens(StrEnum):
    """By the last calls, by failures in a row, or by the calls of a time."""

    LAST_CALLS = "last-calls"
    IN_A_ROW = "in-a-row"
    OVER_TIME = "over-time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """When it opens, for how long, and how many probes must succeed.

    `calls` is the window of the last calls, the failures in a row, or the fewest calls that
    `span_ms` must hold. Each key has a breaker, unless `per_key` is off. A change of any of them
    closes all breakers.
    """

    opens: Opens = live(Opens.LAST_CALLS)
    calls: int = live(20)
    threshold: float = live(0.5)
    span_ms: float = live(10_000)
    open_ms: float = live(5000)
    probes: int = live(1)
    per_key: bool = live(True)  # noqa: FBT003 - the value of a setting

    def __post_init__(self) -> None:
        at_least(1, calls=self.calls, probes=self.probes, span_ms=self.span_ms)
        at_least(0, threshold=self.threshold, open_ms=self.open_ms)
        at_most(1, threshold=self.threshold)

    def rule(self, now: Callable[[], float]) -> Rule:
        """Make the rule that opens one breaker."""
        match self.opens:
            case Opens.LAST_CALLS:
                return LastCalls(window=self.calls, threshold=self.threshold)
            case Opens.IN_A_ROW:
                return InARow(self.calls)
            case Opens.OVER_TIME:
                return OverTime(
                    span_s=self.span_ms / 1000,
                    threshold=self.threshold,
                    fewest=self.calls,
                    now=now,
                )


class CircuitBreaker:
    """A breaker for each key, or one for all."""

    def __init__(self, settings: Callable[[], Settings], around: Surroundings) -> None:
        self._settings = settings
        self._around = around
        self._made_for = settings()
        self._breakers = PerKey(self._make)

    async def __call__(self, asked: Asked, call: Call, /) -> Answer:
        """Make the call, unless the key's breaker is open."""
        settings = self._settings()
        if settings != self._made_for:
            self._made_for = settings
            self._breakers.clear()
        try:
            with self._breakers.of(asked.key if settings.per_key else "").guard():
                return await call(asked)
        except OpenError:
            self._around.count("refused")
            raise

    def _make(self, _: str) -> Breaker:
        return Breaker(
            open_s=self._made_for.open_ms / 1000,
            now=self._around.now,
            rule=self._made_for.rule(self._around.now),
            probes=self._made_for.probes,
            on_trip=lambda: self._around.count("trip"),
        )


def _always(*_: object, **__: object) -> bool:
    return True


def _never(*_: object, **__: object) -> bool:
    return False


def _nothing(*_: object, **__: object) -> None:
    pass


SABOTAGES = (
    Sabotage(Breaker, "_admit", _nothing),
    Sabotage(Breaker, "_learn", _nothing),
    Sabotage(Breaker, "_unproven", _nothing),
    Sabotage(LastCalls, "opens", _never),
    Sabotage(InARow, "opens", _always),
    Sabotage(OverTime, "opens", _never),
    Sabotage(InARow, "clear", _nothing),
)
