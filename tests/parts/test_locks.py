"""Locks: one holder, first come first served, no circle of waiting, nothing left behind."""

import asyncio
from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.patterns.locks import Locks
from tests.support import virtually

PART = "services.patterns.locks"
SABOTAGE = {
    "everybody gets it": (
        "if holder == owner:",
        "if True:",
        "test_a_row_has_one_holder_at_a_time",
    ),
    "never looks for circles": (
        "if self._detect and owner in self._awaited(key):",
        "if False:",
        "test_a_circle_of_any_length_is_refused_and_no_other_wait",
    ),
    "sees circles of two only": (
        "            met.add(holder)\n",
        "            met |= {holder, *self._holders.values()} if met else {holder}\n",
        "test_a_circle_of_any_length_is_refused_and_no_other_wait",
    ),
    "keeps what a cancelled owner was given": (
        "if turn.done() and not turn.cancelled():",
        "if False:",
        "test_who_gives_up_leaves_nothing_behind",
    ),
    "last come first served": (
        "queue.popleft()",
        "queue.pop()",
        "test_who_has_waited_longest_is_next",
    ),
}


def locks(*, detect: bool = True) -> Locks[int]:
    # By its name, for that module may be sabotaged.
    made: Locks[int] = import_module(PART).Locks(detect=detect)
    return made


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 2), st.floats(0.1, 1)), max_size=12))
@settings(max_examples=60, deadline=None)
def check_one_holder(tasks: list[tuple[int, float, float]]) -> None:
    async def scenario() -> None:
        table, held = locks(), set[int]()

        async def hold(owner: int, key: int, start_s: float, long_s: float) -> None:
            await asyncio.sleep(start_s)
            await table.take(key, owner)
            assert key not in held
            held.add(key)
            await asyncio.sleep(long_s)
            held.remove(key)
            table.release(owner)

        await asyncio.gather(*(hold(owner, *task) for owner, task in enumerate(tasks)))
        assert table.waiting() == 0
        assert vars(table) == vars(locks())
        for key in range(4):
            await table.take(key, 99)

    virtually(scenario())


def test_a_row_has_one_holder_at_a_time() -> None:
    """Whoever comes when, and however long each holds it; in the end all are free."""
    check_one_holder()


def check_circle(length: int) -> None:
    async def scenario() -> None:
        table = locks()
        for owner in range(length):
            await table.take(owner, owner)
        waits = [asyncio.ensure_future(table.take(owner + 1, owner)) for owner in range(length - 1)]
        await asyncio.sleep(1)
        assert not any(wait.done() for wait in waits)
        with pytest.raises(import_module(PART).DeadlockError):
            async with asyncio.timeout(1):
                await table.take(0, length - 1)
        for owner in reversed(range(length)):
            table.release(owner)
        await asyncio.gather(*waits)

    virtually(scenario())


def test_a_circle_of_any_length_is_refused_and_no_other_wait() -> None:
    """The owner that would close it; when it gives up, all others go on."""
    for length in (2, 3, 5):
        check_circle(length)


def test_who_gives_up_leaves_nothing_behind() -> None:
    """Neither in the line, nor where the lock has just been handed over."""

    async def scenario() -> None:
        table = locks()
        await table.take(0, 1)
        first, second = (asyncio.ensure_future(table.take(0, owner)) for owner in (2, 3))
        await asyncio.sleep(0)
        table.release(1)
        first.cancel()
        async with asyncio.timeout(1):
            await second
        assert first.cancelled()

    virtually(scenario())


def test_who_gives_up_in_the_line_changes_nothing_for_the_others() -> None:
    """The holder keeps its lock, and the next in the line gets it when it is released."""

    async def scenario() -> None:
        table = locks()
        await table.take(0, 1)
        first, second = (asyncio.ensure_future(table.take(0, owner)) for owner in (2, 3))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(1)
        assert not second.done()
        table.release(1)
        async with asyncio.timeout(1):
            await second

    virtually(scenario())


def test_who_has_waited_longest_is_next() -> None:
    """In the order of their coming."""

    async def scenario() -> list[int]:
        table, order = locks(), list[int]()

        async def hold(owner: int) -> None:
            await asyncio.sleep(owner / 10)
            await table.take(0, owner)
            order.append(owner)
            await asyncio.sleep(1)
            table.release(owner)

        await asyncio.gather(*(hold(owner) for owner in range(5)))
        return order

    assert virtually(scenario()) == list(range(5))


def test_without_detection_a_circle_waits() -> None:
    """Until somebody's patience ends."""

    async def scenario() -> None:
        table = locks(detect=False)
        await table.take(0, 0)
        await table.take(1, 1)
        other = asyncio.ensure_future(table.take(1, 0))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await table.take(0, 1)
        table.release(1)
        await other

    virtually(scenario())
