"""Breakers as guards: three rules, several probes, a breaker for each key."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.patterns.breaker import (
    Breaker,
    CircuitBreaker,
    InARow,
    LastCalls,
    OpenError,
    Opens,
    OverTime,
    Rule,
    Settings,
)
from services.patterns.guards import Answer, Asked, Failed, Refused
from tests.guarded import FEW, Callee, evenly, now_s, once, sent, standing
from tests.support import virtually

ENDS = st.lists(st.booleans(), min_size=1, max_size=60)


def opened_at(rule: Rule, ends: list[bool]) -> int:
    """Count the calls until a rule opens; as many as there are and one more if it never does."""
    for number, failed in enumerate(ends, 1):
        if rule.opens(failed=failed):
            return number
    return len(ends) + 1


def first(ends: list[bool], opens: Callable[[list[bool]], bool]) -> int:
    """Count the same by a definition of what has been until then."""
    numbers = range(1, len(ends) + 1)
    return next((n for n in numbers if opens(ends[:n])), len(ends) + 1)


@FEW
@given(ends=ENDS, count=st.integers(1, 8))
def test_in_a_row_it_opens_at_so_many_failures_without_a_success(
    ends: list[bool], count: int
) -> None:
    """At the very call that completes the row; what was before it opened is forgotten."""
    rule = InARow(count)
    assert opened_at(rule, ends) == first(ends, lambda seen: seen[-count:] == [True] * count)
    rule.clear()
    assert opened_at(rule, [True] * count) == count


@FEW
@given(ends=ENDS, window=st.integers(1, 10), threshold=st.floats(0.1, 1))
def test_last_calls_open_it_when_a_full_window_has_the_share(
    ends: list[bool], window: int, threshold: float
) -> None:
    """Against the definition."""

    def opens(seen: list[bool]) -> bool:
        recent = seen[-window:]
        return len(recent) == window and sum(recent) >= threshold * window

    rule = LastCalls(window=window, threshold=threshold)
    assert opened_at(rule, ends) == first(ends, opens)


def test_what_is_set_is_the_rule() -> None:
    """Over a time: its span in milliseconds, its share, its fewest calls."""

    async def main() -> None:
        set_ = Settings(opens=Opens.OVER_TIME, span_ms=2000, threshold=0.5, calls=2)
        rule = set_.rule(now_s)
        assert not rule.opens(failed=True)
        await asyncio.sleep(2.5)
        assert not rule.opens(failed=True)
        await asyncio.sleep(1)
        assert rule.opens(failed=True)

    virtually(main())


@FEW
@given(good=st.integers(0, 20), bad=st.integers(1, 20), fewest=st.integers(1, 30))
def test_over_time_it_opens_at_a_share_of_enough_recent_calls(
    good: int, bad: int, fewest: int
) -> None:
    """What is older than the span counts no more, for either."""

    async def main() -> None:
        rule = OverTime(span_s=10, threshold=0.5, fewest=fewest, now=now_s)
        for _ in range(1000):
            rule.opens(failed=False)
        await asyncio.sleep(11)
        opened = [rule.opens(failed=number >= good) for number in range(good + bad)]
        calls = range(1, good + bad + 1)
        shares = [max(0, number - good) / number >= 0.5 for number in calls]
        expected = [number >= fewest and shares[number - 1] for number in calls]
        assert opened == expected

    virtually(main())


@FEW
@given(probes=st.integers(1, 5), fails_at=st.integers(0, 5))
def test_it_closes_when_all_probes_have_succeeded(probes: int, fails_at: int) -> None:
    """No more are let through meanwhile; the first that fails opens it again."""

    async def main() -> None:
        settings = Settings(opens=Opens.IN_A_ROW, calls=1, open_ms=1000, probes=probes)
        down = Callee(fails=lambda _: True)
        guard = standing(CircuitBreaker, settings)
        await once(guard, down)
        count = 0

        def fails(_: Asked) -> bool:
            nonlocal count
            count += 1
            return count - 1 == fails_at

        probed = Callee(takes_s=lambda _: 0.1, fails=fails)
        outcomes = await sent(guard, probed, [1.0] * (probes + 4))
        assert len(probed.begun) == probes
        assert sum(isinstance(one.error, OpenError) for one in outcomes) == 4
        after = await once(guard, Callee())
        assert isinstance(after.error, OpenError) is (fails_at < probes)

    virtually(main())


def test_an_outage_costs_one_probe_each_period() -> None:
    """Of ten calls a second for a minute, as many as open and hang make room for."""

    async def main() -> None:
        settings = Settings(opens=Opens.IN_A_ROW, calls=5, open_ms=5000)
        callee = Callee(fails=lambda _: True)
        await sent(standing(CircuitBreaker, settings), callee, evenly(10, 60))
        assert len(callee.begun) == 5 + 11

    virtually(main())


def test_who_is_refused_is_told_when_the_next_probe_goes() -> None:
    """What is left of the time for which it is open."""

    async def main() -> None:
        settings = Settings(opens=Opens.IN_A_ROW, calls=1, open_ms=5000)
        guard = standing(CircuitBreaker, settings)
        _, refused = await sent(guard, Callee(fails=lambda _: True), [3, 4])
        assert isinstance(refused.error, OpenError)
        assert refused.error.retry_after_s == pytest.approx(4)

    virtually(main())


def test_each_key_has_its_own_unless_all_share_one() -> None:
    """A dead shard must not take the others along; with one breaker it does."""

    async def main(*, per_key: bool) -> bool:
        settings = Settings(opens=Opens.IN_A_ROW, calls=3, per_key=per_key)
        guard = standing(CircuitBreaker, settings)
        down = Callee(fails=lambda _: True)
        for _ in range(3):
            await once(guard, down, Asked(key="dead"))
        return (await once(guard, Callee(), Asked(key="well"))).good

    assert virtually(main(per_key=True))
    assert not virtually(main(per_key=False))


def test_what_another_guard_refuses_says_nothing_of_the_callee() -> None:
    """It opens no breaker, and as a probe it neither closes nor holds one."""

    async def refuse(_: Asked) -> Answer:
        raise Refused("full")

    async def main() -> None:
        settings = Settings(opens=Opens.IN_A_ROW, calls=1, open_ms=1000)
        guard = standing(CircuitBreaker, settings)
        await once(guard, refuse)
        assert (await once(guard, Callee())).good
        await once(guard, Callee(fails=lambda _: True))
        await asyncio.sleep(1)
        assert not isinstance((await once(guard, refuse)).error, OpenError)
        probed = await once(guard, Callee(fails=lambda _: True))
        assert isinstance(probed.error, Failed)
        assert isinstance((await once(guard, Callee())).error, OpenError)

    virtually(main())


def test_a_breaker_may_be_used_without_the_guard() -> None:
    """As a context manager, by whoever copies it."""
    breaker = Breaker(open_s=1, now=lambda: 0.0, rule=InARow(1))
    for error in (ValueError, OpenError):
        try:
            with breaker.guard():
                raise ValueError
        except error:
            pass
