"""Adaptive concurrency: it finds what a callee can work on, and follows a change."""

import asyncio
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.patterns.adaptive_limit import AdaptiveLimit, By, CrowdedError, Limit, Settings
from services.patterns.guards import Answer, Asked, Slots, Waiter
from tests.guarded import FEW, Callee, Events, evenly, now_s, sent
from tests.support import virtually

SERVICE_S = 0.1


def _ends(failed: bool, _: Asked) -> bool:  # noqa: FBT001 - bound by partial
    return failed


class Server:
    """Works on so many at once; the others wait in it, first come, first served."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.slots = Slots(lambda: self.workers)

    async def __call__(self, asked: Asked) -> Answer:
        await self.slots.take(Waiter(asked, now_s()))
        try:
            await asyncio.sleep(SERVICE_S)
        finally:
            self.slots.release()
        return Answer()


def found(settings: Settings, workers: int, seconds: float = 40) -> tuple[float, float]:
    """Give the limit and the goodput in the last third, under twice the capacity."""
    guard = AdaptiveLimit(lambda: settings, Events().around())
    rate_rps = 2 * workers / SERVICE_S
    outcomes = virtually(sent(guard, Server(workers), evenly(rate_rps, seconds)))
    late = [one for one in outcomes if one.sent_s > seconds * 2 / 3]
    goodput = sum(one.good and one.took_s < 4 * SERVICE_S for one in late) / (seconds / 3)
    return guard.limit(""), goodput


def ends_near_capacity(by: By, start: int, workers: int = 2) -> None:
    settings = Settings(by=by, start=start, late_ms=2000 * SERVICE_S)
    limit, goodput = found(settings, workers)
    assert workers <= limit + 1
    assert limit <= 4 * workers
    assert goodput >= 0.9 * workers / SERVICE_S


def test_it_ends_near_the_capacity_from_either_side() -> None:
    """By both rules: the server is kept busy, and no queue grows in it."""
    for by in By:
        for start in (1, 20):
            ends_near_capacity(by, start)


@FEW
@given(start=st.integers(1, 20))
def test_no_more_are_under_way_than_the_limit(start: int) -> None:
    """What comes above it is refused without asking."""
    callee = Callee(takes_s=lambda _: 1)
    guard = AdaptiveLimit(lambda: Settings(start=start), Events().around())
    outcomes = virtually(sent(guard, callee, [0.0] * 30))
    assert callee.most_under_way == min(start, 30)
    refused = [one.error for one in outcomes if not one.good]
    assert {type(error) for error in refused} <= {CrowdedError}
    assert len(refused) == max(0, 30 - start)


@FEW
@given(by=st.sampled_from(list(By)), fails=st.lists(st.booleans(), min_size=1, max_size=80))
def test_the_limit_keeps_its_bounds(by: By, fails: list[bool]) -> None:
    """Whatever happens; failures alone bring it to the least."""
    settings = Settings(by=by, start=10, least=2, most=12)

    async def main(ends: list[bool]) -> float:
        guard = AdaptiveLimit(lambda: settings, Events().around())
        for failed in ends:
            # A crowd, so that there is something to learn of a higher limit.
            callee = Callee(takes_s=lambda _: 0.01, fails=partial(_ends, failed), status=503)
            await sent(guard, callee, [now_s()] * 12)
            assert 2 <= guard.limit("") <= 12
        return guard.limit("")

    virtually(main(fails))
    assert virtually(main([True] * 30)) == 2


def test_by_gradient_a_limit_follows_how_much_slower_calls_are_than_the_fastest() -> None:
    """The closed form, by hand: a fifth of the way to limit x slope + its root."""
    told, limit = Settings(by=By.GRADIENT, tolerance=1.5), Limit(16)
    limit.learn(told, start_s=10, now_s=10.125, failed=False, crowd=8)
    assert limit.value == 16 + 0.2 * 4
    limit.value = 16
    limit.learn(told, start_s=20, now_s=20.25, failed=False, crowd=8)
    assert limit.value == 16 + 0.2 * (16 * 0.75 + 4 - 16)
    limit.value = 16
    limit.learn(told, start_s=30, now_s=31, failed=False, crowd=8)
    assert limit.value == 16 + 0.2 * (16 * 0.5 + 4 - 16)


@pytest.mark.parametrize(("crowd", "took_s"), [(7, 0.125), (8, 0)])
def test_where_nothing_is_known_of_a_higher_limit_it_stays(crowd: int, took_s: float) -> None:
    """With less than half of it under way, or for a call that took no time."""
    limit = Limit(16)
    told = Settings(by=By.GRADIENT)
    limit.learn(told, start_s=10, now_s=10 + took_s, failed=False, crowd=crowd)
    assert limit.value == 16
