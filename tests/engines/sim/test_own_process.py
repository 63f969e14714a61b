"""A service is a process: what it does to its loop and to all tasks, it does to itself alone."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from typing import Any

import pytest
from aiohttp import web

from harness.engines.sim.tasks import InOrder, Task
from harness.model import Service
from harness.recording import Recording
from services.context import Context
from tests.support import At, application, lab, probe, run, virtually

Act = Callable[[Context[Any]], Awaitable[object]]


def serving(act: Act) -> Callable[[Context[Any]], web.Application]:
    def app(ctx: Context[Any]) -> web.Application:
        async def handle(_: web.Request) -> web.Response:
            await act(ctx)
            return web.Response()

        return application(handle)

    return app


async def fine(_: object) -> None:
    pass


async def crash(_: object) -> None:
    def fail() -> None:
        raise ValueError("of b")

    asyncio.get_running_loop().call_soon(fail)


def beside(
    act: Act, other: Act = fine, *, times_s: tuple[float, ...] = (1.0, 2.0), restart: bool = False
) -> Recording:
    """Run two hosts, of which one does something, and then the other."""

    def front(ctx: Context[Any]) -> web.Application:
        async def handle(_: web.Request) -> web.Response:
            for callee in ("a", "b"):
                async with ctx.call(callee).get("/") as response:
                    await response.read()
            return web.Response()

        return application(handle)

    services = (
        Service("front", app=probe("front", front), calls=("a", "b")),
        Service("a", app=probe("a", serving(act)), restart_after_s=0.5 if restart else None),
        Service("b", app=probe("b", serving(other))),
    )
    return run(lab(*services, load=At(to="front", times_s=times_s, timeout_ms=1000)))


def statuses(recording: Recording) -> list[str]:
    return [request.status for request in recording.requests]


def test_a_service_sees_its_own_tasks() -> None:
    """Not those of other hosts, nor the harness's; and its own in the order of their making."""
    seen: list[set[str]] = []
    own: list[bool] = []

    async def act(_: object) -> None:
        made = [asyncio.create_task(asyncio.sleep(5), name=f"own-{n}") for n in range(20)]
        tasks = asyncio.all_tasks()
        # From Python 3.12 on, aiohttp makes some itself, whose names are numbers.
        names = {task.get_name() for task in tasks}
        seen.append({name for name in names if not name.startswith("Task-")})
        own.append([task for task in tasks if task in made] == made)
        own.append(asyncio.current_task() in tasks)
        own.append(tasks == asyncio.all_tasks(asyncio.get_running_loop()))
        for task in made:
            task.cancel()

    assert statuses(beside(act, times_s=(1.0,))) == ["200"]
    assert seen == [{"a#0"} | {f"own-{n}" for n in range(20)}]
    assert own == [True] * 3


def test_cancelling_all_tasks_ends_one_service_alone() -> None:
    """Its `finally` blocks run, as under `asyncio.run`; the others go on."""
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(99)
        finally:
            await asyncio.sleep(0.1)
            ended.append("cleaned up")

    async def act(_: object) -> None:
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        for other in asyncio.all_tasks() - {asyncio.current_task()}:
            other.cancel()
        await asyncio.wait([task])

    recording = beside(act, times_s=(1.0, 2.0, 3.0), restart=True)
    assert ended[0] == "cleaned up"
    assert statuses(recording) == ["500"] * 3
    ended_by = [note.partition(" s ")[2] for note in recording.notes if " a#" in note]
    assert ended_by == [f"a#{n}: ended: its main task was cancelled" for n in range(3)]
    assert {note.partition(" s ")[2][:2] for note in recording.notes} == {"a#", "fr"}


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda: asyncio.get_running_loop().stop(), "ended: its event loop was stopped"),
        (lambda: sys.exit(3), "ended with code 3"),
        (sys.exit, "ended with code 0"),
        (lambda: sys.exit("no way"), "ended with code 1"),
        (lambda: asyncio.get_running_loop().call_soon(sys.exit, 4), "ended with code 4"),
    ],
)
def test_whoever_ends_its_loop_ends_its_process(act: Callable[[], object], said: str) -> None:
    """And not the run, nor the harness; its host comes up again where the lab says so."""

    async def once(ctx: Context[Any]) -> None:
        if ctx.now() < 2:
            act()
            await asyncio.sleep(0)

    recording = beside(once, times_s=(1.0, 3.0), restart=True)
    assert statuses(recording) == ["500", "200"]
    assert [note.partition(": ")[2] for note in recording.notes if " a#" in note] == [said]


def test_an_exception_handler_is_its_own() -> None:
    """What b does is noted and counted as ever, when a has a handler; a's own goes there."""
    told: list[dict[str, Any]] = []

    async def act(ctx: Context[Any]) -> None:
        loop = asyncio.get_running_loop()
        assert loop.get_exception_handler() is None or ctx.now() > 1.5
        loop.set_exception_handler(lambda _, details: told.append(details))
        await crash(ctx)

    recording = beside(act, crash)
    assert [note.partition(" s ")[2] for note in recording.notes] == [
        "b#0: ValueError('of b') (2 times, last at 2.001 s)"
    ]
    assert [str(details["exception"]) for details in told] == ["of b"] * 2
    crashes = {
        key.host: max(v) for key, v in recording.series.items() if key.metric == "crashes_total"
    }
    assert crashes == {"front": 0, "a": 0, "b": 2}


def test_a_handler_hears_of_tasks_that_nobody_awaited() -> None:
    """As when Python collects them."""
    told: list[tuple[str, str]] = []

    async def fail() -> None:
        raise ValueError("alone")

    async def act(_: object) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(
            lambda _, details: told.append((details["message"], str(details["exception"])))
        )
        asyncio.create_task(fail())  # noqa: RUF006 - nobody awaits it

    recording = beside(act, times_s=(1.0,))
    assert recording.notes == []
    assert told == [("Task exception was never retrieved", "alone")]


def test_a_handler_that_fails_is_noted() -> None:
    """With both errors' message, as asyncio says it, and nothing else ends."""

    def fail(_: object, __: object) -> None:
        raise KeyError("in the handler")

    async def act(ctx: Context[Any]) -> None:
        asyncio.get_running_loop().set_exception_handler(fail)
        await crash(ctx)

    recording = beside(act, times_s=(1.0,))
    assert statuses(recording) == ["200"]
    assert "KeyError('in the handler')" in recording.notes[0]


def test_what_a_loop_is_set_to_is_checked() -> None:
    """By asyncio's own errors; None puts things back."""
    told: list[object] = []

    async def act(_: object) -> None:
        loop: Any = asyncio.get_running_loop()
        for wrong in (loop.set_exception_handler, loop.set_task_factory):
            with pytest.raises(TypeError, match="callable"):
                wrong(5)
        loop.set_task_factory(asyncio.Task)
        loop.set_task_factory(None)
        loop.set_exception_handler(print)
        loop.set_exception_handler(None)
        told.extend((loop.get_task_factory(), loop.get_exception_handler()))

    beside(act, times_s=(1.0,))
    assert told == [None, None]


def test_a_task_factory_and_debug_mode_are_its_own() -> None:
    """Of the process that has set them; b's tasks are made as ever, and b is not debugged."""
    made: list[str] = []
    given: list[list[str]] = []
    debugged: dict[str, bool] = {}

    async def act(ctx: Context[Any]) -> None:
        loop = asyncio.get_running_loop()

        def factory(loop: Any, coro: Any, **options: Any) -> asyncio.Task[Any]:
            made.append(ctx.host)
            given.append([*options])
            return asyncio.Task(coro, loop=loop, **options)

        loop.set_task_factory(factory)
        loop.set_debug(True)
        task = asyncio.create_task(asyncio.sleep(0), name="by factory")
        assert task.get_name() == "by factory"
        await task
        await loop.create_task(asyncio.sleep(0), context=copy_context())
        assert given[-2:] == [[], ["context"]]
        debugged[ctx.host] = loop.get_debug()

    async def look(ctx: Context[Any]) -> None:
        await asyncio.create_task(asyncio.sleep(0))
        debugged[ctx.host] = asyncio.get_running_loop().get_debug()

    assert statuses(beside(act, look, times_s=(1.0,))) == ["200"]
    assert made == ["a"] * len(made)
    assert made
    assert debugged == {"a": True, "b": False}


def test_a_set_of_tasks_keeps_their_order() -> None:
    """Whatever their hashes; also when some were taken out, and when aiohttp has made some."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        ours = [loop.create_task(asyncio.sleep(1)) for _ in range(50)]
        theirs = [asyncio.Task(asyncio.sleep(1), loop=loop) for _ in range(20)]
        assert all(isinstance(task, Task) for task in ours)
        both = InOrder(reversed([*ours, *theirs]))
        assert list(both) == [*ours, *theirs]
        assert list(both - {ours[3], theirs[0]}) == [*ours[:3], *ours[4:], *theirs[1:]]
        for task in both:
            task.cancel()
        await asyncio.wait(both)

    virtually(scenario())
