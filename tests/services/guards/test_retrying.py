"""Retries as a guard: how many, after which pauses, and what holds them back."""

import math
import random
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory.retries import retry_budget_amplification
from services.patterns.guards import Answer, Asked, Failed, Refused
from services.patterns.retry import Jitter, Retries, Retry, Settings
from tests.guarded import FEW, Callee, Events, Longest, evenly, now_s, once, sent, standing
from tests.support import virtually

ROUNDING = 1e-6


@FEW
@given(tries=st.integers(1, 6), failures=st.integers(0, 8))
def test_it_tries_until_it_succeeds_or_has_no_try_left(tries: int, failures: int) -> None:
    """Attempts count from the request's own on, and the last failure is raised."""
    callee = Callee(fails=lambda asked: asked.attempt < 3 + failures)

    async def main() -> None:
        outcome = await once(standing(Retries, Settings(tries=tries)), callee, Asked(attempt=3))
        assert outcome.good is (failures < tries)
        attempts = [asked.attempt for _, asked in callee.begun]
        assert attempts == list(range(3, 3 + min(tries, failures + 1)))

    virtually(main())


@FEW
@given(tries=st.integers(1, 6), failures=st.integers(0, 8))
def test_the_policy_alone_tries_as_often(tries: int, failures: int) -> None:
    """As services do that call it without the guards."""
    made: list[int] = []

    async def attempt(number: int) -> str:
        made.append(number)
        if number <= failures:
            raise ConnectionError
        return "done"

    with suppress(ConnectionError):
        virtually(Retry(tries=tries, on=(ConnectionError,)).run(attempt, random.Random(1)))
    assert made == list(range(1, 1 + min(tries, failures + 1)))


@FEW
@given(budget=st.floats(0.05, 1), burst=st.floats(2, 20))
def test_a_budget_bounds_the_load_under_total_failure(budget: float, burst: float) -> None:
    """At most its share and its burst, and the share is used: the formula's amplification."""
    requests = 200
    callee = Callee(fails=lambda _: True)
    settings = Settings(tries=4, budget=budget, burst=burst)

    async def main() -> None:
        await sent(standing(Retries, settings), callee, evenly(10, requests / 10))

    virtually(main())
    retries = len(callee.begun) - requests
    assert retries <= burst + budget * requests + 1e-6
    used = (retry_budget_amplification(budget=budget) - 1) * requests
    assert retries >= used - 2


def test_each_callee_has_its_own_budget() -> None:
    """A hundred good calls of one buy no retry for the other: it has its burst and its tenth."""
    good, bad = Callee(fails=lambda _: False), Callee(fails=lambda _: True)
    guard = standing(Retries, Settings(tries=4, budget=0.1, burst=1))

    async def main() -> None:
        for number in range(100):
            await once(guard, good, Asked(key="good"))
            if number % 5 == 0:
                await once(guard, bad, Asked(key="bad"))

    virtually(main())
    assert len(good.begun) == 100
    assert len(bad.begun) - 20 == 2


@FEW
@given(retry_after_s=st.floats(0, 5), backoff_ms=st.floats(1, 2000))
def test_a_pause_is_as_long_as_the_callee_asks_for(retry_after_s: float, backoff_ms: float) -> None:
    """And as the doubling backoff where that is longer; never shorter than either."""
    callee = Callee(fails=lambda _: True, status=503, retry_after_s=retry_after_s)
    settings = Settings(tries=4, backoff_ms=backoff_ms, jitter=Jitter.NONE)

    async def main() -> None:
        await once(standing(Retries, settings), callee)

    virtually(main())
    pauses = [later - earlier for (earlier, _), (later, _) in pairwise(callee.begun)]
    doubled = [min(10.0, backoff_ms / 1000 * 2**retry) for retry in range(3)]
    assert pauses == pytest.approx([max(retry_after_s, pause_s) for pause_s in doubled])


@FEW
@given(backoff_ms=st.floats(1, 2000), cap_ms=st.floats(1, 5000), seed=st.integers(0, 99))
def test_a_decorrelated_pause_is_up_to_three_times_the_one_before(
    backoff_ms: float, cap_ms: float, seed: int
) -> None:
    """And at least the base; the cap is above all."""
    callee = Callee(fails=lambda _: True)
    settings = Settings(tries=5, backoff_ms=backoff_ms, cap_ms=cap_ms, jitter=Jitter.DECORRELATED)

    async def main() -> None:
        await once(standing(Retries, settings, seed), callee)

    virtually(main())
    pauses_ms = [1000 * (end - start) for (start, _), (end, _) in pairwise(callee.begun)]
    for before, pause_ms in pairwise([backoff_ms, *pauses_ms]):
        assert min(cap_ms, backoff_ms) <= pause_ms + ROUNDING
        assert pause_ms <= min(cap_ms, 3 * max(before, backoff_ms)) + ROUNDING


def test_decorrelated_pauses_follow_each_other() -> None:
    """The longest that can be drawn: three times the one before, up to the cap."""
    callee = Callee(fails=lambda _: True)
    settings = Settings(tries=5, backoff_ms=100, cap_ms=2000, jitter=Jitter.DECORRELATED)
    around = replace(Events().around(), rng=Longest())
    virtually(once(Retries(lambda: settings, around), callee))
    assert [at_s for at_s, _ in callee.begun] == pytest.approx([0, 0.3, 1.2, 3.2, 5.2])


def test_callers_that_fail_together_come_back_apart() -> None:
    """Ten that are refused at one moment do not try again at one moment, with any jitter."""
    for jitter in (Jitter.EQUAL, Jitter.FULL, Jitter.DECORRELATED):
        callee = Callee(fails=lambda asked: asked.attempt == 1)
        guard = standing(Retries, Settings(tries=2, backoff_ms=1000, jitter=jitter))
        virtually(sent(guard, callee, [0.0] * 10))
        again = {at_s for at_s, asked in callee.begun if asked.attempt > 1}
        assert len(again) == 10


def test_a_failure_without_an_answer_asks_for_no_pause() -> None:
    """Nobody has said when to come again; it is tried after the backoff."""
    begun: list[float] = []

    async def lose(_: Asked) -> Answer:
        begun.append(now_s())
        raise TimeoutError

    settings = Settings(tries=2, backoff_ms=1000, jitter=Jitter.NONE)
    outcome = virtually(once(standing(Retries, settings), lose))
    assert isinstance(outcome.error, TimeoutError)
    assert begun == pytest.approx([0, 1])


def test_it_does_not_try_again_after_the_deadline() -> None:
    """A pause that would end after it is not begun: the failure comes sooner."""
    callee = Callee(fails=lambda _: True)
    settings = Settings(tries=9, backoff_ms=1000, jitter=Jitter.NONE)

    async def main() -> None:
        outcome = await once(standing(Retries, settings), callee, Asked(deadline_s=3.5))
        assert isinstance(outcome.error, Failed)
        assert outcome.ended_s == pytest.approx(3)

    virtually(main())
    assert [at_s for at_s, _ in callee.begun] == pytest.approx([0, 1, 3])


def test_a_try_that_would_begin_at_the_deadline_is_not_made() -> None:
    """There would be no time left for an answer."""
    callee = Callee(fails=lambda _: True)
    settings = Settings(tries=9, backoff_ms=1000, jitter=Jitter.NONE)
    virtually(once(standing(Retries, settings), callee, Asked(deadline_s=1)))
    assert [at_s for at_s, _ in callee.begun] == [0]


def test_what_a_guard_has_refused_is_not_tried_again() -> None:
    """The callee has not been asked, and an open breaker does not close by asking."""
    asked_for = []

    async def refuse(asked: Asked) -> Answer:
        asked_for.append(asked)
        raise Refused("not now")

    virtually(once(standing(Retries, Settings(tries=5)), refuse))
    assert len(asked_for) == 1
    assert asked_for[0].deadline_s == math.inf
