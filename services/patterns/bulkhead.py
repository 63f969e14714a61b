"""Bulkhead: each callee, or each client, gets some slots and no more, so that one cannot take all.

A leak floods one compartment of a ship and not the ship. Source: Nygard, *Release It!* (2007). In
production: resilience4j's bulkhead, Envoy's circuit-breaking limits, a pool for each upstream.
"""

from collections.abc import Callable
from dataclasses import dataclass

from services.patterns.guards import (
    Answer,
    Asked,
    Call,
    PerKey,
    Refused,
    Sabotage,
    Slots,
    Surroundings,
    Waiter,
)
from services.patterns.timeout import time_limit
from services.settings import at_least, live


class FullError(Refused):
    """All slots of the compartment are taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Slots for each key, how many may wait for one, and for how long; a `wait_ms` of 0: no end."""

    slots: int = live(10)
    queue: int = live(0)
    wait_ms: float = live(0)

    def __post_init__(self) -> None:
        at_least(1, slots=self.slots)
        at_least(0, queue=self.queue, wait_ms=self.wait_ms)


class Bulkhead:
    """A compartment for each key."""

    def __init__(self, settings: Callable[[], Settings], around: Surroundings) -> None:
        self._settings = settings
        self._around = around
        self._compartments = PerKey(lambda _: Slots(lambda: settings().slots))

    async def __call__(self, asked: Asked, call: Call, /) -> Answer:
        """Make the call in a slot of the key.

        Raises:
            FullError: no slot is free, and the queue is full, or the wait was too long.

        """
        slots = self._compartments.of(asked.key)
        if not slots.free and len(slots.waiting) >= self._settings().queue:
            raise self._full()
        try:
            async with time_limit(self._settings().wait_ms):
                await slots.take(Waiter(asked, self._around.now()))
        except TimeoutError:
            raise self._full() from None
        try:
            return await call(asked)
        finally:
            slots.release()

    def _full(self) -> FullError:
        self._around.count("full")
        return FullError("all slots are taken")


SABOTAGES = (
    Sabotage(Slots, "release", lambda _: None),
    Sabotage(Slots, "free", True),  # noqa: FBT003 - what it then always is
    Sabotage(PerKey, "of", lambda self, _: self._made.setdefault("", self._make(""))),
)
