"""Ctrl-C as a cancellation: once or often, a run ends at its own pace and only then."""

import asyncio
import os
import signal

import pytest

from harness.engines.compose.interrupts import run


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("times", [1, 3])
def test_an_interrupt_ends_a_run_after_its_clean_up(number: signal.Signals, times: int) -> None:
    """Locks are given back, clean-up is done once, and the caller sees KeyboardInterrupt."""
    done: list[str] = []

    async def work() -> None:
        condition = asyncio.Condition()
        async with asyncio.TaskGroup() as group:
            group.create_task(wait(condition))
            for _ in range(times):
                os.kill(os.getpid(), number)
            await asyncio.sleep(30)

    async def wait(condition: asyncio.Condition) -> None:
        try:
            async with condition:
                await condition.wait()
        finally:
            done.append("cleaned up")

    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt):
        run(work())
    assert done == ["cleaned up"]
    assert signal.getsignal(number) is before


def test_without_an_interrupt_the_result_is_given() -> None:
    """And the handlers are as they were."""

    async def work() -> int:
        await asyncio.sleep(0)
        return 7

    before = signal.getsignal(signal.SIGINT)
    assert run(work()) == 7
    assert signal.getsignal(signal.SIGINT) is before
