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
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""Ctrl-C, kill, a terminal that is closed, Ctrl-\\: each ends a run in the same way."""


class Stop:
    """Ends a run from another thread, in the way in which a signal does."""

    def __init__(self) -> None:
        self.is_asked = False
        self.hear: Callable[[], object] = int
        """What is to hear of it, put here by whoever can be stopped."""

    def ask(self) -> None:
        """Ask for the end; once is enough."""
        self.is_asked = True
        self.hear()


def run(coroutine: Coroutine[Any, Any, T], stop: Stop | None = None) -> T:
    """Run a coroutine in a loop of its own.

    Raises:
        KeyboardInterrupt: one of `SIGNALS` came, or it was stopped, and the coroutine and its loop
            have ended.

    """
    asked = stop or Stop()
    cancel: Callable[[], object] = int

    async def within() -> T:
        nonlocal cancel
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task  # noqa: S101 - the loop runs it
        cancel = partial(loop.call_soon_threadsafe, task.cancel)
        if came or asked.is_asked:
            task.cancel()
        return await coroutine

    def hear() -> None:
        with suppress(RuntimeError):  # the loop is closed: there is nothing left to cancel
            cancel()

    asked.hear = hear
    # The end of the loop, which closes generators and joins threads, is no place to break off.
    with uninterrupted(hear) as came, asyncio.Runner() as runner:
        try:
            return runner.run(within())
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None


@contextmanager
def uninterrupted(hear: Callable[[], object] = int) -> Iterator[list[int]]:
    """Hold all these signals back until the block is over; it must have its own time limit.

    Yields a list that gets the number of each that comes; `hear` is called at each as well.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return

    def hold(number: int, _: FrameType | None) -> None:
        came.append(number)
        hear()

    with _handled_by(hold):
        yield came
    if came:
        raise KeyboardInterrupt


@contextmanager
def first_raises() -> Iterator[None]:
    """Let the first signal raise `KeyboardInterrupt`, and ignore those after it.

    A second one would break into what the first has to clean up.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, _: FrameType | None) -> None:
        del number
        for other in heard:
            signal.signal(other, signal.SIG_IGN)
        raise KeyboardInterrupt

    with _handled_by(interrupt) as heard:
        yield


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[list[int]]:
    """Give the signals to a handler, but those that this process was started to ignore (nohup)."""
    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in heard}
    try:
        yield [*heard]
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
