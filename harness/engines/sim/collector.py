"""A calmer garbage collector for as long as a simulation runs, and what is done when it is over."""

import asyncio
import gc
import inspect
import logging
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

THRESHOLDS = (2_000_000, 10, 10)
"""Python's own 700 made a third of a run whose hosts hold thousands of requests, and 500,000 a
twelfth; next to nothing that a run makes is in cycles."""


class _Past:
    """Whether this process has run anything: what its imports have left is not worth a look."""

    has_run = False


@contextmanager
def calm() -> Iterator[None]:
    """Look for cycles seldom, and never among what was there before.

    What the last run has left is collected first, or it would stay until this one is over. Many
    runs may stand in one such block: each then looks through what the last one has made alone, and
    not through all modules again.
    """
    before = gc.get_threshold()
    if _Past.has_run:
        gc.collect()
    _Past.has_run = True
    gc.freeze()
    if before == THRESHOLDS:
        yield
        return
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


CLOSINGS = 100
"""How often a coroutine is closed that awaits in its `finally`, and so has not ended yet; and how
often those are that were made meanwhile."""


def close_quietly(
    tasks: Callable[[], Iterable[asyncio.Task[Any]]], loop: asyncio.AbstractEventLoop
) -> None:
    """Close what a loop's tasks had under way when a run ended, and let nobody hear of it.

    `tasks` gives those that are not done; what is closed may make others, to clean up. Python would
    do it whenever it collects them: the `finally` blocks of libraries then ask for a loop that is
    gone, and their errors would come up on somebody's screen.
    """
    closed: dict[int, asyncio.Task[Any]] = {}
    with _nobody_listening(), _running(loop):
        for _ in range(CLOSINGS):
            new = [task for task in tasks() if id(task) not in closed]
            closed |= {id(task): task for task in new}
            for task in new:
                task._log_destroy_pending = False  # type: ignore[attr-defined] # noqa: SLF001
                coroutine = task.get_coro()
                if inspect.iscoroutine(coroutine):
                    _close(coroutine)
            if not new:
                return


def _close(coroutine: Any) -> None:  # noqa: ANN401 - of anything
    for _ in range(CLOSINGS):
        try:
            coroutine.close()
        except BaseException as error:
            # It awaits instead of ending, and is asked again.
            if isinstance(error, KeyboardInterrupt):
                raise
        if coroutine.cr_frame is None:
            return


@contextmanager
def _running(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Have clean-up find the loop of the run; without one, asyncio would make a real one for it."""
    before = asyncio._get_running_loop()  # noqa: SLF001 - no other way to be without one
    asyncio._set_running_loop(loop)  # noqa: SLF001
    try:
        yield
    finally:
        asyncio._set_running_loop(before)  # noqa: SLF001


@contextmanager
def _nobody_listening() -> Iterator[None]:
    hook, disabled = sys.unraisablehook, logging.root.manager.disable
    sys.unraisablehook = _ignore
    logging.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
        sys.unraisablehook = hook


def _ignore(_: object) -> None:
    """Hear nothing."""
