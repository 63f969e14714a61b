"""Ctrl-C as a cancellation: however often it comes, a run ends at its own `await`s.

asyncio by itself raises `KeyboardInterrupt` at the second Ctrl-C, at whatever line is just then
executed: a lock that is held there stays locked, and the run never ends.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a loop of its own.

    Raises:
        KeyboardInterrupt: Ctrl-C or SIGTERM came, and the coroutine and its loop have ended.

    """
    cancel: Callable[[], object] = int

    async def within() -> T:
        nonlocal cancel
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task  # noqa: S101 - the loop runs it
        cancel = partial(loop.call_soon_threadsafe, task.cancel)
        if came:
            task.cancel()
        return await coroutine

    def hear() -> None:
        with suppress(RuntimeError):  # the loop is closed: there is nothing left to cancel
            cancel()

    # The end of the loop, which closes generators and joins threads, is no place to break off.
    with uninterrupted(hear) as came, asyncio.Runner() as runner:
        try:
            return runner.run(within())
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None


@contextmanager
def uninterrupted(hear: Callable[[], object] = int) -> Iterator[list[int]]:
    """Hold Ctrl-C and SIGTERM back until the block is over; it must have its own time limit.

    Yields a list that gets the number of each that comes; `hear` is called at each as well.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return

    def hold(number: int, _: FrameType | None) -> None:
        came.append(number)
        hear()

    before = {number: signal.signal(number, hold) for number in SIGNALS}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt
