"""Client-side throttling: what reaches a backend that refuses, and the way back."""

import random

import pytest

from harness.theory.overload import adaptive_throttle_backend_rps, adaptive_throttle_ratio
from services.patterns.guards import Asked, Surroundings
from services.patterns.throttling import Settings, ThrottledError, Throttling, refuse_ratio
from tests.guarded import Callee, evenly, now_s, sent, standing
from tests.support import virtually

RATE = 100
CAPACITY = 10
SETTINGS = Settings(k=2, span_ms=10_000)


def test_the_probability_is_the_formulas() -> None:
    """For any counts."""
    for requests in range(0, 200, 7):
        for accepts in range(0, requests + 1, 5):
            expected = adaptive_throttle_ratio(requests=requests, accepts=accepts, multiplier=2)
            assert refuse_ratio(requests, accepts, 2) == pytest.approx(expected)


def test_k_times_its_capacity_reaches_the_backend() -> None:
    """It accepts ten a second, and is asked for twice as many instead of a hundred."""
    accepted: dict[int, int] = {}

    def fails(_: Asked) -> bool:
        second = int(now_s())
        accepted[second] = accepted.get(second, 0) + 1
        return accepted[second] > CAPACITY

    callee = Callee(fails=fails, status=503)
    virtually(sent(standing(Throttling, SETTINGS), callee, evenly(RATE, 120)))
    late = sum(at_s > 60 for at_s, _ in callee.begun) / 60
    expected = adaptive_throttle_backend_rps(rate_rps=RATE, capacity_rps=CAPACITY, multiplier=2)
    assert late == pytest.approx(expected, rel=0.15)


def test_a_backend_that_is_well_gets_everything() -> None:
    """And so does one with bugs: a 500 was accepted, for it was worked on."""
    for callee in (Callee(), Callee(fails=lambda _: True, status=500)):
        virtually(sent(standing(Throttling, SETTINGS), callee, evenly(RATE, 20)))
        assert len(callee.begun) == 20 * RATE


def test_what_is_refused_is_counted_for_the_whole_span_and_then_forgotten() -> None:
    """After a span without a request nothing is known of the callee, and it is asked."""
    dice = random.Random()
    dice.random = lambda: 0.0  # type: ignore[method-assign]
    around = Surroundings(now=now_s, rng=dice)
    callee = Callee(fails=lambda _: True, status=503)
    guard = Throttling(lambda: Settings(k=2, span_ms=10_000), around)
    outcomes = virtually(sent(guard, callee, [0, 1, 8.5, 10.5, 19.4, 31]))
    assert [type(one.error) for one in outcomes[1:5]] == [ThrottledError] * 4
    assert [at_s for at_s, _ in callee.begun] == [0, 31]


def test_no_dice_refuse_where_nothing_was_refused() -> None:
    """Not even the lowest number that they can show."""
    dice = random.Random()
    dice.random = lambda: 0.0  # type: ignore[method-assign]
    around = Surroundings(now=now_s, rng=dice)
    callee = Callee()
    virtually(sent(Throttling(lambda: SETTINGS, around), callee, evenly(RATE, 2)))
    assert len(callee.begun) == 2 * RATE


def test_it_finds_back_when_the_backend_is_well() -> None:
    """Within some windows everything is sent again, without anybody's help."""
    callee = Callee(fails=lambda _: now_s() < 30, status=503)
    virtually(sent(standing(Throttling, SETTINGS), callee, evenly(RATE, 120)))
    during = sum(20 < at_s < 30 for at_s, _ in callee.begun)
    after = sum(at_s >= 110 for at_s, _ in callee.begun)
    assert during < 0.05 * 10 * RATE
    assert after == 10 * RATE


def test_keys_do_not_suffer_for_each_other() -> None:
    """One callee refuses everything; the other gets all of its requests."""
    callee = Callee(fails=lambda asked: asked.key == "sick", status=503)
    keys = (Asked(key="sick"), Asked(key="well"))
    virtually(sent(standing(Throttling, SETTINGS), callee, evenly(RATE, 20), keys))
    assert sum(asked.key == "well" for _, asked in callee.begun) == 10 * RATE
