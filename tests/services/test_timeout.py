"""Time limits."""

import asyncio

import pytest

from services.patterns.timeout import time_limit
from tests.support import virtually


def test_it_stops_waiting_at_the_limit() -> None:
    """To the millisecond, with a TimeoutError."""

    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with time_limit(250):
                await asyncio.sleep(10)
        return asyncio.get_running_loop().time()

    assert virtually(main()) == 0.25


def test_it_cancels_what_is_inside() -> None:
    """The awaited coroutine learns of it, and can put things in order."""
    said: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            said.append("cancelled")
            raise

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with time_limit(250):
                await work()

    virtually(main())
    assert said == ["cancelled"]


@pytest.mark.parametrize("limit_ms", [0, -1])
def test_no_limit_is_none(limit_ms: float) -> None:
    """0 or less waits as long as it takes."""

    async def main() -> str:
        async with time_limit(limit_ms):
            return await asyncio.sleep(1_000_000, "done")

    assert virtually(main()) == "done"


def test_what_is_in_time_is_left_alone() -> None:
    """The value comes back, and no cancellation comes later."""

    async def main() -> str:
        async with time_limit(1000):
            value = await asyncio.sleep(0.999, "done")
        await asyncio.sleep(10)
        return value

    assert virtually(main()) == "done"


def test_errors_pass_as_they_are() -> None:
    """Only reaching the limit is a TimeoutError."""

    async def main() -> None:
        async with time_limit(1000):
            raise ValueError("own")

    with pytest.raises(ValueError, match="own"):
        virtually(main())


def test_the_inner_of_two_limits_wins_when_it_is_shorter() -> None:
    """And the outer one goes on for what comes after."""
    ended_s: list[float] = []

    async def limited(limit_ms: float, *inner: float) -> None:
        async with time_limit(limit_ms):
            if inner:
                with pytest.raises(TimeoutError):
                    await limited(*inner)
            await asyncio.sleep(10)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for limits in ((1000, 300), (300, 1000)):
            began_s = loop.time()
            with pytest.raises(TimeoutError):
                await limited(*limits)
            ended_s.append(loop.time() - began_s)

    virtually(main())
    assert ended_s == pytest.approx([1, 0.3])


@pytest.mark.parametrize("limit_ms", [0.5, 1])
def test_a_limit_may_be_below_a_millisecond(limit_ms: float) -> None:
    """Only 0 and less mean none."""

    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with time_limit(limit_ms):
                await asyncio.sleep(10)
        return asyncio.get_running_loop().time()

    assert virtually(main()) == limit_ms / 1000
