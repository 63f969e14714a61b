"""Ctrl-C as a cancellation: once or often, a run ends at its own pace and only then."""

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.engines.compose.interrupts import SIGNALS, Stop, first_raises, run, uninterrupted

LIMIT_S = 30


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Whatever a run goes through, it puts back what it found."""
    before = [signal.getsignal(number) for number in SIGNALS]
    yield
    assert [signal.getsignal(number) for number in SIGNALS] == before


def interrupt(number: int = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("times", [1, 3])
def test_an_interrupt_ends_a_run_after_its_clean_up(number: signal.Signals, times: int) -> None:
    """Locks are given back, clean-up is done once, and the caller sees KeyboardInterrupt."""
    done: list[str] = []

    async def work() -> None:
        condition = asyncio.Condition()
        async with asyncio.TaskGroup() as group:
            group.create_task(wait(condition))
            for _ in range(times):
                interrupt(number)
            await asyncio.sleep(LIMIT_S)

    async def wait(condition: asyncio.Condition) -> None:
        try:
            async with condition:
                await condition.wait()
        finally:
            done.append("cleaned up")

    with pytest.raises(KeyboardInterrupt):
        run(work())
    assert done == ["cleaned up"]


async def seven() -> int:
    await asyncio.sleep(0)
    return 7


def test_without_an_interrupt_the_result_is_given() -> None:
    """Off the main thread too, which hears of no signal."""
    assert run(seven()) == 7
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: run(seven())).result() == 7


@pytest.mark.parametrize("number", SIGNALS)
def test_an_interrupt_does_not_break_the_end_of_the_loop(number: signal.Signals) -> None:
    """Generators are closed and threads joined after the run, however often it comes by then."""
    done: list[str] = []
    closing = threading.Event()

    async def lines() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            closing.set()
            interrupt(number)
            done.append("closed")

    def block() -> None:
        closing.wait(LIMIT_S)
        interrupt(number)
        done.append("joined")

    async def work() -> None:
        joined = asyncio.get_running_loop().run_in_executor(None, block)
        async for _ in lines():
            interrupt(number)
            await joined

    with pytest.raises(KeyboardInterrupt):
        run(work())
    assert sorted(done) == ["closed", "joined"]


def test_an_interrupt_of_a_closed_loop_is_one_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The result is there already, and the caller is told that it is not wanted any more."""
    close = asyncio.Runner.close

    def close_late(runner: asyncio.Runner) -> None:
        close(runner)
        interrupt()

    monkeypatch.setattr(asyncio.Runner, "close", close_late)
    with pytest.raises(KeyboardInterrupt):
        run(seven())


def test_an_interrupt_before_the_loop_runs_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The coroutine ends at its first `await`."""
    enter = asyncio.Runner.__enter__

    def enter_late(runner: asyncio.Runner) -> asyncio.Runner:
        interrupt()
        return enter(runner)

    async def work() -> None:
        await asyncio.sleep(0)
        pytest.fail("it went on")

    monkeypatch.setattr(asyncio.Runner, "__enter__", enter_late)
    with pytest.raises(KeyboardInterrupt):
        run(work())


def test_an_error_while_it_is_held_back_is_told_first() -> None:
    """What could not be removed matters more than that somebody pressed a key."""

    def fail() -> None:
        interrupt()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), uninterrupted():
        fail()


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_is_raised_and_no_other_breaks_into_the_clean_up(
    number: signal.Signals,
) -> None:
    """Whatever kind the first is, and whatever follows."""
    done: list[str] = []

    def work() -> None:
        try:
            interrupt(number)
            done.append("went on")
        finally:
            for other in SIGNALS:
                interrupt(other)
            done.append("cleaned up")

    with pytest.raises(KeyboardInterrupt), first_raises():
        work()
    assert done == ["cleaned up"]


def test_what_a_process_was_started_to_ignore_stays_ignored() -> None:
    """As under nohup, whose runs go on when the terminal is closed."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with first_raises(), uninterrupted() as came:
            interrupt(signal.SIGHUP)
        assert came == []
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("before", [True, False])
def test_another_thread_may_stop_a_run(*, before: bool) -> None:
    """Before it begins or later, once or twice, and after its end without effect."""
    stop = Stop()
    began = threading.Event()
    done: list[str] = []

    async def work() -> None:
        began.set()
        try:
            await asyncio.sleep(LIMIT_S)
        finally:
            done.append("cleaned up")

    def within() -> None:
        with pytest.raises(KeyboardInterrupt):
            run(work(), stop)

    if before:
        stop.ask()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(within)
        assert began.wait(LIMIT_S)
        stop.ask()
        running.result(LIMIT_S)
    stop.ask()
    assert done == ["cleaned up"]
