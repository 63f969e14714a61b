"""The event loop in virtual time."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.engines.sim import loop as loops
from harness.engines.sim.endings import StuckError
from harness.engines.sim.loop import VirtualLoop
from harness.engines.sim.process import PROCESS, Process, ProcessState
from tests.support import virtually

HOUR_S = 3600


def now() -> float:
    return asyncio.get_running_loop().time()


async def for_ever() -> None:
    await asyncio.get_running_loop().create_future()


def stuck(loop: VirtualLoop, coroutine: Coroutine[object, object, object] | None = None) -> str:
    """Run a loop that gets stuck, and give what it says."""
    try:
        with pytest.raises(StuckError) as caught:
            loop.run_until_complete(coroutine or for_ever())
    finally:
        loop.close()
    return str(caught.value)


def test_a_sleep_of_an_hour_takes_no_time() -> None:
    """The clock jumps to the next timer; nobody waits for it."""

    async def main() -> float:
        await asyncio.sleep(HOUR_S)
        return now()

    began_s = time.perf_counter()
    assert virtually(main()) == HOUR_S
    assert time.perf_counter() - began_s < 1


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0]), max_size=60))
def test_timers_fire_by_time_and_then_in_the_order_of_setting(delays: list[float]) -> None:
    """Timers of one instant keep their order, whatever a heap would do to them."""
    fired: list[tuple[float, int]] = []
    loop = VirtualLoop()

    def fire(number: int) -> None:
        fired.append((loop.time(), number))

    async def main() -> None:
        for number, delay_s in enumerate(delays):
            loop.call_later(delay_s, fire, number)
        await asyncio.sleep(3)

    loop.run_until_complete(main())
    loop.close()
    assert fired == sorted((delay_s, number) for number, delay_s in enumerate(delays))


def test_a_cancelled_timer_neither_fires_nor_moves_the_clock() -> None:
    """With nothing else to do, a run that holds only cancelled timers is stuck at once."""
    loop = VirtualLoop()
    fired: list[float] = []
    loop.call_later(1, fired.append, 1).cancel()
    loop.call_later(2, fired.append, 2)
    loop.call_later(3, fired.append, 3).cancel()
    stuck(loop)
    assert fired == [2]
    assert loop.time() == 2


def test_a_timer_in_the_past_fires_now() -> None:
    """The clock never goes back."""
    seen: list[float] = []

    async def main() -> None:
        await asyncio.sleep(5)
        asyncio.get_running_loop().call_at(1, lambda: seen.append(now()))
        assert seen == []
        await asyncio.sleep(0.5)

    virtually(main())
    assert seen == [5]


def test_a_callback_set_for_soon_runs_in_the_next_round() -> None:
    """What is scheduled by a callback never runs inside it, nor later in the same round."""
    order: list[str] = []

    def first() -> None:
        order.append("a")
        asyncio.get_running_loop().call_soon(order.append, "c")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(first)
        loop.call_soon(order.append, "b")
        await asyncio.sleep(1)

    virtually(main())
    assert order == ["a", "b", "c"]


def test_nothing_to_do_is_an_error_that_names_who_waits_for_what() -> None:
    """A deadlock is reported with the host's process and the coroutine, not by hanging."""
    loop = VirtualLoop()
    task = loop.create_task(for_ever(), context=Process("payments", 2).context())
    said = stuck(loop)
    assert "payments#2" in said
    assert "for_ever" in said
    assert not task.done()


@pytest.mark.parametrize("kind", ["soon", "timer", "sleep"])
def test_time_that_stands_still_is_an_error(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Callbacks that go on at one instant end the run, by whatever way they come back."""
    monkeypatch.setattr(loops, "SPIN_LIMIT", 1000)
    loop = VirtualLoop()

    def soon() -> None:
        loop.call_soon(soon)

    def timer() -> None:
        loop.call_later(0, timer)

    async def sleep() -> None:
        while True:  # noqa: ASYNC110 - the point of the test
            await asyncio.sleep(0)

    starts: dict[str, Callable[[], object]] = {
        "soon": soon,
        "timer": timer,
        "sleep": lambda: loop.create_task(sleep()),
    }
    loop.call_later(7, starts[kind])
    assert "stands still at 7 s" in stuck(loop)


def test_much_work_at_many_instants_is_no_standstill(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is for one instant, not for a run."""
    monkeypatch.setattr(loops, "SPIN_LIMIT", 100)

    async def main() -> None:
        for _ in range(1000):
            await asyncio.sleep(0.001)

    virtually(main())


def test_threads_are_refused() -> None:
    """A simulated host has no threads: every way to one raises an error that says so."""

    async def lookup() -> None:
        await asyncio.get_running_loop().getaddrinfo("localhost", 80)

    async def thread() -> None:
        await asyncio.to_thread(time.monotonic)

    for way in (lookup, thread):
        with pytest.raises(StuckError, match="no threads"):
            virtually(way())


def test_every_callback_carries_its_process() -> None:
    """Tasks, timers, futures' callbacks and what they start belong to the process they are of."""
    seen: list[Process | None] = []

    def note(*_: object) -> None:
        seen.append(PROCESS.get())

    async def child() -> None:
        await asyncio.sleep(1)
        note()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(note)
        loop.call_later(2, note)
        future = loop.create_future()
        future.add_done_callback(note)
        loop.call_later(3, future.set_result, None)
        async with asyncio.TaskGroup() as group:
            group.create_task(child())
        await asyncio.gather(child(), future)
        async with asyncio.timeout(1):
            await asyncio.sleep(0)
            note()

    loop = VirtualLoop()
    processes = [Process("a", 0), Process("b", 0)]
    for process in processes:
        seen.clear()
        loop.run_until_complete(loop.create_task(main(), context=process.context()))
        assert seen == [process] * 6
    loop.close()


def test_a_task_is_called_after_its_process() -> None:
    """So a dead-lock's report and a kill can find it."""
    loop = VirtualLoop()
    task = loop.create_task(asyncio.sleep(0), context=Process("cache", 1).context())
    assert task.get_name() == "cache#1"
    loop.run_until_complete(task)
    loop.close()


def test_a_callback_that_raises_is_reported_with_its_process() -> None:
    """And the run goes on."""
    loop = VirtualLoop()
    crashes: list[tuple[Process | None, object]] = []
    loop.on_crash = lambda process, details: crashes.append((process, details["exception"]))
    process = Process("a", 0)
    error = ZeroDivisionError()

    def fail() -> None:
        raise error

    loop.call_later(1, fail, context=process.context())
    loop.run_until_complete(asyncio.sleep(2))
    loop.close()
    assert crashes == [(process, error)]


def test_a_process_that_is_paused_holds_from_the_very_next_callback() -> None:
    """Also what waits in the same round, and also at the first pause of a run."""
    loop = VirtualLoop()
    process = Process("a", 0)
    ran: list[float] = []

    def pause() -> None:
        loop.gate()
        process.state = ProcessState.PAUSED

    def resume() -> None:
        process.state = ProcessState.RUNNING
        loop.release(process)

    loop.call_later(1, pause)
    loop.call_later(1, lambda: ran.append(loop.time()), context=process.context())
    loop.call_later(4, resume)
    loop.run_until_complete(asyncio.sleep(5))
    loop.close()
    assert ran == [4]


async def _timeout() -> str:
    try:
        async with asyncio.timeout(2):
            await for_ever()
    except TimeoutError:
        return f"timeout at {now():g}"
    return "no timeout"


async def _wait_for() -> str:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(for_ever(), 3)
    value = await asyncio.wait_for(asyncio.sleep(1, "in time"), 3)
    return f"{value} at {now():g}"


async def _queue() -> str:
    queue: asyncio.Queue[float] = asyncio.Queue(maxsize=1)
    got: list[tuple[float, float]] = []

    async def produce() -> None:
        for _ in range(3):
            await queue.put(now())

    async def consume() -> None:
        for _ in range(3):
            await asyncio.sleep(1)
            got.append((await queue.get(), now()))

    async with asyncio.TaskGroup() as group:
        group.create_task(produce())
        group.create_task(consume())
    return str(got)


async def _gather() -> str:
    values = await asyncio.gather(*(asyncio.sleep(delay_s, delay_s) for delay_s in (3, 1, 2)))
    return f"{values} at {now():g}"


async def _task_group() -> str:
    async def fail() -> None:
        await asyncio.sleep(1)
        raise ValueError

    with pytest.RaisesGroup(ValueError):
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            group.create_task(for_ever())
    return f"cancelled at {now():g}"


async def _event() -> str:
    event = asyncio.Event()
    asyncio.get_running_loop().call_later(4, event.set)
    await event.wait()
    return f"set at {now():g}"


@pytest.mark.parametrize(
    ("tool", "outcome"),
    [
        (_timeout, "timeout at 2"),
        (_wait_for, "in time at 4"),
        (_queue, "[(0.0, 1.0), (0.0, 2.0), (1.0, 3.0)]"),
        (_gather, "[3, 1, 2] at 3"),
        (_task_group, "cancelled at 1"),
        (_event, "set at 4"),
    ],
)
def test_asyncio_works_in_virtual_time(tool: Callable[[], Awaitable[str]], outcome: str) -> None:
    """Asyncio's own tools, unmodified, to the exact virtual instant."""

    async def main() -> str:
        return await tool()

    assert virtually(main()) == outcome
