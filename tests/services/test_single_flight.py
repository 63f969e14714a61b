"""Single flight: one maker at a time, whose end is everybody's."""

import asyncio

import pytest

from services.patterns.single_flight import SingleFlight
from tests.support import virtually


class Maker:
    """Takes a second, counts its calls, and may fail."""

    def __init__(self, error: Exception | None = None) -> None:
        self.calls = 0
        self._error = error

    async def __call__(self) -> int:
        self.calls += 1
        number = self.calls
        await asyncio.sleep(1)
        if self._error:
            raise self._error
        return number


async def spread(flights: SingleFlight[int], maker: Maker, *at_s: float) -> list[object]:
    """Ask at several times; give what each gets."""

    async def ask(at_s: float) -> int:
        await asyncio.sleep(at_s)
        return await flights.do("key", maker)

    return list(await asyncio.gather(*map(ask, at_s), return_exceptions=True))


def test_who_asks_meanwhile_gets_the_same() -> None:
    """Three ask within the second that the making takes, and a fourth after it."""
    maker = Maker()
    assert virtually(spread(SingleFlight(), maker, 0, 0.5, 0.999, 1.5)) == [1, 1, 1, 2]
    assert maker.calls == 2


def test_an_error_is_everybodys_and_is_forgotten() -> None:
    """The next one who asks makes it anew."""
    maker = Maker(ConnectionError("no"))
    ends = virtually(spread(SingleFlight(), maker, 0, 0.5, 2))
    assert [type(end) for end in ends] == [ConnectionError] * 3
    assert maker.calls == 2


def test_keys_fly_apart() -> None:
    """Each has a maker of its own."""
    flights, maker = SingleFlight[int](), Maker()

    async def both() -> list[int]:
        return list(await asyncio.gather(flights.do("a", maker), flights.do("b", maker)))

    assert virtually(both()) == [1, 2]


def test_a_waiter_who_leaves_does_not_stop_the_flight() -> None:
    """Not even the one who began it."""
    flights, maker = SingleFlight[int](), Maker()

    async def leave() -> int:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await flights.do("key", maker)
        return await flights.do("key", maker)

    assert virtually(leave()) == 1
    assert maker.calls == 1
