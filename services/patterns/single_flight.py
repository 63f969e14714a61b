"""Single flight: concurrent callers for the same key share one computation.

It holds within one process: with p processes, p make the same thing at once. Sources: Go's
`singleflight`; "promises" in Instagram's *Thundering Herds & Promises* (2019). In production: in
Python a dict of futures as here, in a CDN "request coalescing".
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.patterns.guards import Answer, Asked, Call, Sabotage, Surroundings
from services.settings import live

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """At most one maker for each key at a time."""

    def __init__(self) -> None:
        self._flights: dict[str, asyncio.Task[T]] = {}

    async def do(self, key: str, make: Callable[[], Awaitable[T]]) -> T:
        """Give what `make` gives, or what the maker at work for the key will give.

        A waiter that is cancelled leaves the others their flight.

        Raises:
            Exception: what `make` raised; every waiter gets it.

        """
        if key not in self._flights:
            flight = asyncio.create_task(_as_coroutine(make))
            self._flights[key] = flight
            flight.add_done_callback(lambda _: self._flights.pop(key))
        return await asyncio.shield(self._flights[key])


async def _as_coroutine(make: Callable[[], Awaitable[T]]) -> T:
    return await make()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Whether reads of one resource share a call; off, each makes its own."""

    on: bool = live(True)  # noqa: FBT003 - the value of a setting


class OneFlight:
    """Reads of one resource share a call that is under way; writes never do.

    The shared call has the deadline of whoever began it.
    """

    def __init__(self, settings: Callable[[], Settings], around: Surroundings) -> None:
        self._settings = settings
        self._around = around
        self._flights = SingleFlight[Answer]()

    async def __call__(self, asked: Asked, call: Call, /) -> Answer:
        """Make the call, or wait for that which is under way."""
        if asked.writes or not self._settings().on:
            return await call(asked)

        async def make() -> Answer:
            self._around.count("flight")
            return await call(asked)

        return await self._flights.do(f"{asked.key} {asked.resource}", make)


async def _alone(_: object, __: str, make: Callable[[], Awaitable[T]]) -> T:
    return await make()


SABOTAGES = (Sabotage(SingleFlight, "do", _alone),)
