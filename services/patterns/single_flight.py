"""Single flight: who asks for what is being made waits for it instead of making it again.

It holds within one process: with p processes, p make the same thing at once. Sources: Go's
`singleflight`; "promises" in Instagram's *Thundering Herds & Promises* (2019). In production: in
Python a dict of futures as here, in a CDN "request coalescing".
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

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
