"""Load shedding: who is served under overload, and in which order."""

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory.overload import (
    codel_drop_gap_s,
    costly_refusals_served_rps,
    fifo_collapse_s,
    priority_success_ratios,
    shed_ratio,
)
from services.patterns.guards import Asked
from services.patterns.shedding import (
    CoDel,
    Order,
    Refuses,
    Settings,
    Shedding,
    ShedError,
)
from tests.guarded import FEW, Callee, Outcome, evenly, sent, standing
from tests.support import virtually

SERVICE_S = 0.1
SLOTS = 2
CAPACITY = SLOTS / SERVICE_S
OVERLOAD = 2 * CAPACITY


def overloaded(
    settings: Settings, asked: tuple[Asked, ...] = (Asked(),), seconds: float = 20
) -> list[Outcome]:
    """Offer twice the capacity for some time."""
    callee = Callee(takes_s=lambda _: SERVICE_S)
    guard = standing(Shedding, settings)
    outcomes = virtually(sent(guard, callee, evenly(OVERLOAD, seconds), asked))
    assert callee.most_under_way == SLOTS
    return outcomes


def in_time(outcomes: list[Outcome], limit_s: float = 1) -> float:
    return sum(one.good and one.took_s <= limit_s for one in outcomes) / len(outcomes)


def test_oldest_first_collapses_when_the_formula_says() -> None:
    """All that come later than that are answered, and too late."""
    outcomes = overloaded(Settings(slots=SLOTS))
    collapse_s = fifo_collapse_s(rate_rps=OVERLOAD, capacity_rps=CAPACITY, timeout_s=1)
    assert in_time([one for one in outcomes if one.sent_s > collapse_s + SERVICE_S]) == 0
    assert in_time([one for one in outcomes if one.sent_s < collapse_s - SERVICE_S * 2]) == 1


def newest_first_serves(order: Order) -> None:
    outcomes = overloaded(Settings(slots=SLOTS, order=order))
    lost = shed_ratio(rate_rps=OVERLOAD, capacity_rps=CAPACITY)
    assert in_time(outcomes[80:]) == pytest.approx(1 - lost, abs=0.03)


def test_newest_first_serves_what_capacity_allows_in_time() -> None:
    """The share that the formula leaves, also when adaptive, which in a short queue is fair."""
    newest_first_serves(Order.NEWEST)
    newest_first_serves(Order.ADAPTIVE)
    callee = Callee(takes_s=lambda _: 0.01)
    settings = Settings(slots=1, order=Order.ADAPTIVE, interval_ms=100)
    outcomes = virtually(sent(standing(Shedding, settings), callee, [0.0] * 5))
    assert [one.ended_s for one in outcomes] == sorted(one.ended_s for one in outcomes)


def test_the_important_are_served_as_under_strict_priority() -> None:
    """The share of each of three classes is the formula's."""
    classes = tuple(Asked(priority=priority) for priority in (2, 0, 1))
    outcomes = overloaded(Settings(slots=SLOTS, queue=4), classes)
    expected = priority_success_ratios([OVERLOAD / 3] * 3, capacity_rps=CAPACITY)
    for priority, share in enumerate(expected):
        own = [one for one in outcomes if one.asked.priority == priority]
        assert in_time(own) == pytest.approx(share, abs=0.05)


IMPORTANT, OTHER = (Asked(priority=priority) for priority in (0, 1))
CROWD = tuple(random.Random(1).choices((IMPORTANT, OTHER), k=800))
"""Two kinds, each of which is all that can be served."""


def served(outcomes: list[Outcome], asked: Asked) -> float:
    own = [one for one in outcomes if one.asked is asked]
    return sum(one.good for one in own) / len(own)


def test_order_saves_nobody_from_a_queue_that_refuses_whoever_comes() -> None:
    """The important wait for less, and as many of them are refused as of the others."""
    blind = Settings(slots=SLOTS, queue=10, refuses=Refuses.NEWCOMER)
    outcomes = overloaded(blind, CROWD)
    assert served(outcomes, IMPORTANT) == pytest.approx(served(outcomes, OTHER), abs=0.1)
    assert served(outcomes, IMPORTANT) == pytest.approx(0.5, abs=0.1)
    waits = {
        one: max(each.took_s for each in outcomes if each.good and each.asked is one)
        for one in (IMPORTANT, OTHER)
    }
    assert waits[IMPORTANT] < waits[OTHER] / 2


@FEW
@given(queue=st.integers(1, 12), reserve=st.integers(0, 12), refuses=st.sampled_from(Refuses))
def test_reserved_places_are_left_to_the_important(
    queue: int, reserve: int, refuses: Refuses
) -> None:
    """Of a crowd of others as many wait as find an unreserved place; then the important do."""
    callee = Callee(takes_s=lambda _: SERVICE_S)
    settings = Settings(slots=SLOTS, queue=queue, reserve=reserve, refuses=refuses)
    asked = (OTHER,) * 20 + (IMPORTANT,) * 20
    outcomes = virtually(sent(standing(Shedding, settings), callee, [0.0] * 40, asked))
    others = SLOTS + max(0, queue - reserve)
    left = SLOTS if refuses is Refuses.LEAST else others
    assert sum(one.good for one in outcomes[:20]) == left
    assert sum(one.good for one in outcomes[20:]) == SLOTS + queue - left


@FEW
@given(cost=st.floats(0.05, 0.6), with_codel=st.booleans())
def test_refusals_take_what_they_cost_from_the_others(cost: float, with_codel: bool) -> None:  # noqa: FBT001
    """As many are served as the formula says; a refusal is done before whatever waits."""
    settings = Settings(
        slots=SLOTS,
        queue=4,
        refuses=Refuses.NEWCOMER,
        refusal_ms=1000 * SERVICE_S * cost,
        target_ms=1000 if with_codel else 0,
    )
    callee = Callee(takes_s=lambda _: SERVICE_S)
    outcomes = virtually(sent(standing(Shedding, settings), callee, evenly(OVERLOAD, 40)))
    expected = costly_refusals_served_rps(
        rate_rps=OVERLOAD, capacity_rps=CAPACITY, refusal_cost=cost
    )
    assert callee.most_under_way == SLOTS
    answered = sum(one.good and 5 <= one.sent_s < 35 for one in outcomes) / 30
    assert answered == pytest.approx(expected, abs=1)
    refused = [one for one in outcomes if not one.good]
    assert all(one.took_s >= SERVICE_S * cost - 1e-9 for one in refused)


def test_the_work_of_a_refusal_is_no_request_in_the_queue() -> None:
    """It takes no place there, and CoDel does not drop it, however long it waits."""
    callee = Callee(takes_s=lambda _: SERVICE_S)
    reserving = Settings(slots=1, queue=2, reserve=1, refuses=Refuses.NEWCOMER, refusal_ms=10)
    asked = (OTHER, OTHER, OTHER, IMPORTANT)
    outcomes = virtually(sent(standing(Shedding, reserving), callee, [0.0] * 4, asked))
    assert [one.good for one in outcomes] == [True, True, False, True]
    dropping = Settings(slots=1, queue=1, refusal_ms=50, target_ms=1, interval_ms=1)
    outcomes = virtually(sent(standing(Shedding, dropping), callee, [0.0, 0.01, 0.02, 0.05]))
    assert [one.ended_s for one in outcomes] == pytest.approx([0.1, 0.3, 0.15, 0.2])


@FEW
@given(queue=st.integers(0, 20))
def test_no_more_wait_than_the_queue_holds(queue: int) -> None:
    """So the wait is at most their service; of a crowd as many are served as have room."""
    callee = Callee(takes_s=lambda _: SERVICE_S)
    guard = standing(Shedding, Settings(slots=SLOTS, queue=queue))
    outcomes = virtually(sent(guard, callee, [0.0] * 40))
    assert sum(one.good for one in outcomes) == SLOTS + queue
    assert callee.most_under_way == SLOTS
    assert {type(one.error) for one in outcomes if not one.good} == {ShedError}


@FEW
@given(patience_s=st.floats(0.2, 2))
def test_nobody_is_served_after_its_deadline(patience_s: float) -> None:
    """It is dropped unserved, and the slots work for those who still wait."""
    callee = Callee(takes_s=lambda _: SERVICE_S)

    async def main() -> None:
        asked = tuple(Asked(deadline_s=at_s + patience_s) for at_s in evenly(OVERLOAD, 5))
        settings = Settings(slots=SLOTS)
        await sent(standing(Shedding, settings), callee, evenly(OVERLOAD, 5), asked)
        assert all(begun_s < one.deadline_s for begun_s, one in callee.begun)

    virtually(main())


def test_codel_bounds_the_wait_that_it_is_given() -> None:
    """Without it the queue grows without end; with it the wait comes back to the target's order."""
    bare = overloaded(Settings(slots=SLOTS), seconds=60)
    with_codel = overloaded(Settings(slots=SLOTS, target_ms=50, interval_ms=100), seconds=60)
    assert in_time(bare[-400:]) == 0
    assert in_time(with_codel[-400:]) > 0.3


@FEW
@given(interval_s=st.floats(0.01, 1))
def test_codel_drops_ever_more_often_while_the_wait_stays(interval_s: float) -> None:
    """The first after an interval, the next by the control law; one good wait ends it."""
    codel, now_s = CoDel(), 0.0
    drops_s: list[float] = []
    step_s = interval_s / 1000
    while len(drops_s) < 6:
        if codel.drops(now_s, 1.0, target_s=0.5, interval_s=interval_s):
            drops_s.append(now_s)
        now_s += step_s
    assert drops_s[0] == pytest.approx(interval_s, abs=2 * step_s)
    for number, (one, later) in enumerate(pairwise(drops_s), 1):
        gap_s = codel_drop_gap_s(interval_s=interval_s, drops=number)
        assert later - one == pytest.approx(gap_s, abs=3 * step_s)
    assert not codel.drops(now_s, 0.4, target_s=0.5, interval_s=interval_s)
    assert not codel.drops(now_s + interval_s / 2, 1.0, target_s=0.5, interval_s=interval_s)
    assert math.isfinite(now_s)
