"""Load shedding: under overload, choose whom to answer, and refuse the others early.

First come, first served is the worst order of an overloaded queue: everybody waits until just
before giving up. Newest first answers some in time; CoDel refuses when the wait has stayed above a
target for an interval, ever more often while it stays there. By importance: which request
a full queue refuses decides who is served, more than its order does; and a refusal must be cheap.
Sources: Maurer, "Fail at Scale" (ACM Queue 2015), for adaptive LIFO; Nichols and Jacobson,
"Controlling Queue Delay" (ACM Queue 2012); *Site Reliability Engineering* (2016), chapter 21, for
criticality; Mogul and Ramakrishnan, "Eliminating Receive Livelock in an Interrupt-driven Kernel"
(ACM TOCS 1997), for servers that only refuse. In production: Envoy's admission control and overload
manager, Facebook's Wangle, Netflix' prioritized load shedding.
"""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from services.patterns.guards import (
    Answer,
    Asked,
    Call,
    Refused,
    Sabotage,
    Slots,
    Surroundings,
    Waiter,
)
from services.settings import at_least, live


class ShedError(Refused):
    """There is too much to do, and others come first."""


class Order(StrEnum):
    """Who is served next: the oldest, the newest, or the newest while there is a standing queue."""

    OLDEST = "oldest"
    NEWEST = "newest"
    ADAPTIVE = "adaptive"


class Refuses(StrEnum):
    """Who is refused when the queue is full: the least important of all, or whoever comes then."""

    LEAST = "least"
    NEWCOMER = "newcomer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How many requests are worked on, how many may wait, who is next, and who is refused.

    The most important come first, whatever the order. A queue that is full refuses its least
    important request, or the one that comes. Each class finds it full `reserve` places before the
    next more important one does. With a `target_ms`, CoDel drops when the wait stays above it for
    `interval_ms`; 0 leaves it out. With `drop_expired`, whoever has less than `needs_ms` left is
    dropped unserved. A refusal takes up a slot for `refusal_ms`, before all other work.
    """

    slots: int = live(10)
    queue: int = live(1000)
    refuses: Refuses = live(Refuses.LEAST)
    reserve: int = live(0)
    refusal_ms: float = live(0)
    order: Order = live(Order.OLDEST)
    target_ms: float = live(0)
    interval_ms: float = live(100)
    drop_expired: bool = live(True)  # noqa: FBT003 - the value of a setting
    needs_ms: float = live(0)

    def __post_init__(self) -> None:
        at_least(1, slots=self.slots, interval_ms=self.interval_ms)
        at_least(0, queue=self.queue, reserve=self.reserve, refusal_ms=self.refusal_ms)
        at_least(0, target_ms=self.target_ms, needs_ms=self.needs_ms)

    def places(self, priority: int) -> int:
        """Give how many may wait when a request of a priority joins them; 0 is for none."""
        return self.queue - priority * self.reserve


REFUSAL = Asked(priority=-1)
"""What stands in the queue for the work of a refusal: before every request."""


class CoDel:
    """Says whether the next of a queue is dropped, by how long it has waited.

    The n-th drop in a row comes interval / sqrt(n) after the one before, until a wait is below the
    target again. All times in seconds.
    """

    def __init__(self) -> None:
        self._above_since_s: float | None = None
        self._drops = 0
        self._next_s = 0.0

    def drops(self, now_s: float, waited_s: float, *, target_s: float, interval_s: float) -> bool:
        """Look at the next request; say whether to drop it."""
        if waited_s < target_s:
            self._above_since_s = None
            self._drops = 0
            return False
        if self._above_since_s is None:
            self._above_since_s = now_s
            self._next_s = now_s + interval_s
        if now_s < self._next_s:
            return False
        self._drops += 1
        self._next_s += interval_s / math.sqrt(self._drops)
        return True


class Shedding:
    """Slots, a queue before them, and a choice of who is next."""

    def __init__(self, settings: Callable[[], Settings], around: Surroundings) -> None:
        self._settings = settings
        self._around = around
        self._codel = CoDel()
        self._standing_since_s = math.inf
        self._slots = Slots(lambda: settings().slots, self._pick)

    async def __call__(self, asked: Asked, call: Call, /) -> Answer:
        """Make the call when it is this request's turn.

        Raises:
            ShedError: it was refused, on arrival or later.

        """
        waiter = Waiter(asked, self._around.now())
        try:
            if not self._slots.free:
                self._make_room(waiter)
            await self._slots.take(waiter)
        except ShedError:
            await self._refusing()
            raise
        try:
            return await call(asked)
        finally:
            self._slots.release()

    def _make_room(self, waiter: Waiter) -> None:
        waiting = [one for one in self._slots.waiting if one.asked is not REFUSAL]
        settings = self._settings()
        self._standing_since_s = min(self._standing_since_s, self._around.now())
        if len(waiting) < settings.places(waiter.asked.priority):
            return
        victim = waiter
        if settings.refuses is Refuses.LEAST:
            victim = max([*waiting, waiter], key=self._worth)
        if victim is waiter:
            self._around.count("queue full")
            raise ShedError("the queue is full")
        self._drop(victim, "displaced")

    async def _refusing(self) -> None:
        """Take up a slot for as long as a refusal takes."""
        refusal_s = self._settings().refusal_ms / 1000
        if refusal_s:
            await self._slots.take(Waiter(REFUSAL, self._around.now()))
            try:
                await asyncio.sleep(refusal_s)
            finally:
                self._slots.release()

    def _pick(self, waiting: list[Waiter]) -> Waiter | None:
        self._drop_expired(waiting)
        now_s = self._around.now()
        target_s = self._settings().target_ms / 1000
        while waiting:
            waiter = min(waiting, key=self._worth)
            if waiter.asked is REFUSAL:
                return waiter
            waited_s = now_s - waiter.since_s
            interval_s = self._settings().interval_ms / 1000
            if not target_s or not self._codel.drops(
                now_s, waited_s, target_s=target_s, interval_s=interval_s
            ):
                if len(waiting) == 1:
                    self._standing_since_s = math.inf
                return waiter
            self._drop(waiter, "waited too long")
        self._standing_since_s = math.inf
        return None

    def _worth(self, waiter: Waiter) -> tuple[int, float]:
        """Order requests, the next one first."""
        sign = -1 if self._newest_first() else 1
        return waiter.asked.priority, sign * waiter.since_s

    def _newest_first(self) -> bool:
        settings = self._settings()
        match settings.order:
            case Order.OLDEST:
                return False
            case Order.NEWEST:
                return True
            case Order.ADAPTIVE:
                stands_s = self._around.now() - self._standing_since_s
                return stands_s >= settings.interval_ms / 1000

    def _drop_expired(self, waiting: list[Waiter]) -> None:
        settings = self._settings()
        if settings.drop_expired:
            needed_by_s = self._around.now() + settings.needs_ms / 1000
            for one in [one for one in waiting if one.asked.deadline_s <= needed_by_s]:
                self._drop(one, "expired")

    def _drop(self, waiter: Waiter, why: str) -> None:
        self._slots.waiting.remove(waiter)
        self._around.count(why)
        waiter.refuse(ShedError(why))


async def _at_no_cost(_: Shedding) -> None:
    pass


SABOTAGES = (
    Sabotage(CoDel, "drops", lambda *_, **__: False),
    Sabotage(Shedding, "_drop_expired", lambda *_: None),
    Sabotage(Shedding, "_newest_first", lambda _: False),
    Sabotage(Shedding, "_make_room", lambda *_: None),
    Sabotage(Shedding, "_refusing", _at_no_cost),
    Sabotage(Settings, "places", lambda settings, _: settings.queue),
    Sabotage(Shedding, "_worth", lambda _, waiter: (0, waiter.since_s)),
)
