"""Ctrl-C as a cancellation: however often it comes, a run ends at its own `await`s.

asyncio by itself raises `KeyboardInterrupt` at the second Ctrl-C, at whatever line is just then
executed: a lock that is held there stays locked, and the run never ends.
"""

import asyncio
import signal
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a loop of its own.

    Raises:
        KeyboardInterrupt: Ctrl-C or SIGTERM came, and the coroutine has ended.

    """

    async def within() -> T:
        with _cancelling():
            return await coroutine

    try:
        return asyncio.run(within())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


@contextmanager
def _cancelling() -> Iterator[None]:
    task = asyncio.current_task()
    if task is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        loop.add_signal_handler(number, task.cancel)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
