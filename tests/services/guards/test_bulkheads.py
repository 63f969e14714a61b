"""Bulkheads: so many at once for each key, no slot lost, nobody else's slot taken."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.patterns.bulkhead import Bulkhead, FullError, Settings
from services.patterns.guards import Asked, Slots, Waiter
from tests.guarded import FEW, Callee, now_s, once, sent, standing
from tests.support import virtually

TIMES = st.lists(st.floats(0, 5), min_size=1, max_size=40)


@FEW
@given(times_s=TIMES, slots=st.integers(1, 5), queue=st.integers(0, 10))
def test_no_more_are_under_way_than_there_are_slots(
    times_s: list[float], slots: int, queue: int
) -> None:
    """And nobody is refused while a slot or a place in the queue is free: against a model."""
    callee = Callee(takes_s=lambda _: 1)

    async def main() -> None:
        guard = standing(Bulkhead, Settings(slots=slots, queue=queue))
        outcomes = await sent(guard, callee, sorted(times_s))
        assert callee.most_under_way <= slots
        for one in outcomes:
            here = [other for other in outcomes if other.good and other is not one]
            present = [other for other in here if other.sent_s <= one.sent_s <= other.ended_s]
            if not one.good:
                assert len(present) >= slots + queue
        if len(times_s) > slots + queue and max(times_s) == min(times_s):
            assert sum(one.good for one in outcomes) == slots + queue

    virtually(main())


def test_all_at_once_fill_slots_and_queue_exactly() -> None:
    """Twenty for three slots and four places: seven are served, in the order of coming."""
    callee = Callee(takes_s=lambda _: 1)

    async def main() -> None:
        guard = standing(Bulkhead, Settings(slots=3, queue=4))
        outcomes = await sent(guard, callee, [0.0] * 20)
        assert [one.good for one in outcomes] == [True] * 7 + [False] * 13
        assert [round(one.ended_s) for one in outcomes[:7]] == [1, 1, 1, 2, 2, 2, 3]
        assert isinstance(outcomes[-1].error, FullError)

    virtually(main())


def test_a_slow_key_takes_no_slot_of_another() -> None:
    """A hundred that hang for one callee; the other answers all of its own."""
    callee = Callee(takes_s=lambda asked: 100 if asked.key == "slow" else 0.01)
    keys = (Asked(key="slow"), Asked(key="quick"))

    async def main() -> None:
        times_s = [number / 10 for number in range(200)]
        outcomes = await sent(standing(Bulkhead, Settings(slots=5)), callee, times_s, keys)
        assert all(one.good for one in outcomes if one.asked.key == "quick")
        assert sum(one.good for one in outcomes if one.asked.key == "slow") == 5

    virtually(main())


@FEW
@given(data=st.lists(st.tuples(st.floats(0, 3), st.floats(0.1, 3)), min_size=1, max_size=20))
def test_whoever_gives_up_leaves_its_slot(data: list[tuple[float, float]]) -> None:
    """After any cancellations, while waiting or at work, all slots can be had again."""

    async def main() -> None:
        guard = standing(Bulkhead, Settings(slots=2, queue=50))

        async def impatient(start_s: float, patience_s: float) -> None:
            await asyncio.sleep(start_s)
            await asyncio.wait([task := asyncio.create_task(once(guard, slow))], timeout=patience_s)
            task.cancel()

        slow = Callee(takes_s=lambda _: 1)
        await asyncio.gather(*(impatient(*one) for one in data))
        await asyncio.sleep(10)
        begun_s, last = now_s(), Callee(takes_s=lambda _: 1)
        async with asyncio.timeout(5):
            await sent(guard, last, [begun_s] * 2)
        assert last.most_under_way == 2
        assert now_s() == pytest.approx(begun_s + 1)

    virtually(main())


def test_whoever_gives_up_at_the_moment_of_its_turn_hands_it_on() -> None:
    """The slot was its own by then; who waits behind it has it at once."""

    async def main() -> None:
        slots = Slots(lambda: 1)
        await slots.take(Waiter(Asked(), 0))
        second, third = (asyncio.create_task(slots.take(Waiter(Asked(), 0))) for _ in range(2))
        await asyncio.sleep(1)
        slots.release()
        second.cancel()
        async with asyncio.timeout(1):
            await third
        assert (second.cancelled(), slots.busy, slots.waiting) == (True, 1, [])

    virtually(main())


def test_a_wait_has_an_end() -> None:
    """After it the request is refused, and its place is free."""

    async def main() -> None:
        guard = standing(Bulkhead, Settings(slots=1, queue=5, wait_ms=500))
        outcomes = await sent(guard, Callee(takes_s=lambda _: 2), [0.0, 0.1])
        assert isinstance(outcomes[1].error, FullError)
        assert outcomes[1].took_s == pytest.approx(0.5)

    virtually(main())
