"""Tasks: whose they are whatever their names, kept while they wait, always in the same order."""

import asyncio
import gc
import random
from typing import Any

import pytest

from tests.support import World, virtually


def test_a_task_with_a_name_of_its_own_dies_with_its_process() -> None:
    """It is kept like the others, so that no `finally` of it ever runs."""

    async def start() -> None:
        asyncio.create_task(asyncio.sleep(100), name="mine")  # noqa: RUF006 - as services do

    async def main() -> None:
        await world.on("a", start())
        world.loop.bury(world.processes["b"])
        assert world.loop.graveyard == []
        world.loop.bury(world.processes["a"])
        (task,) = world.loop.graveyard
        assert isinstance(task, asyncio.Task)
        assert task.get_name() == "mine"

    world = World(("a", "b"))
    world.run(main())


def test_a_task_that_nobody_holds_is_kept_until_it_is_done() -> None:
    """Else it would end whenever Python collects it, which no seed decides."""
    ended = []

    async def forgotten() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.append(True)

    async def main() -> None:
        asyncio.create_task(forgotten())  # noqa: RUF006 - as services do
        await asyncio.sleep(1)
        gc.collect()
        assert ended == []

    virtually(main())


async def cancelled_by_a_group() -> list[int]:
    """Give the order in which a group cancels its tasks when one has failed."""
    order = []

    async def wait(number: int) -> None:
        try:
            await asyncio.sleep(100)
        finally:
            order.append(number)

    async def fail() -> None:
        await asyncio.sleep(1)
        raise ValueError

    async def all_at_once() -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(12):
                group.create_task(wait(number))
            group.create_task(fail())

    with pytest.raises(ExceptionGroup):
        await all_at_once()
    return order


async def given_by_wait() -> list[str]:
    """Give the order in which `asyncio.wait` gives tasks that are done."""
    tasks = [asyncio.create_task(asyncio.sleep(0), name=f"{number}") for number in range(12)]
    done, _ = await asyncio.wait(tasks)
    return [task.get_name() for task in done]


@pytest.mark.parametrize("scenario", [cancelled_by_a_group, given_by_wait])
def test_the_order_of_tasks_does_not_depend_on_where_they_are_in_memory(scenario: object) -> None:
    """Sets of tasks, as groups have them, are gone through in one order in every run."""
    assert callable(scenario)
    rng = random.Random(1)
    orders, elsewhere = set(), []
    for _ in range(20):
        orders.add(tuple(virtually(scenario())))
        elsewhere += [bytearray(rng.randrange(2000)) for _ in range(rng.randrange(50))]
    assert len(orders) == 1


AIOHTTP = """
def make(loop, coro):
    return loop.create_task(coro, eager_start=True)
"""


def test_a_task_of_aiohttp_takes_its_first_step_in_its_turn() -> None:
    """However it asks for one, as on Python 3.14 by way of asyncio: all Pythons do the same."""
    theirs: dict[str, Any] = {"__name__": "aiohttp.web_protocol"}
    asyncios: dict[str, Any] = {"__name__": "asyncio.tasks"}
    exec(AIOHTTP, asyncios)  # noqa: S102 - a module of that name
    exec("def begin(make, *args): return make(*args)", theirs)  # noqa: S102
    begun = []

    async def step() -> None:
        begun.append(True)

    async def main() -> None:
        task = theirs["begin"](asyncios["make"], asyncio.get_running_loop(), step())
        assert begun == []
        await task
        assert begun == [True]

    virtually(main())
