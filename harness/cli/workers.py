"""Work spread over processes: results in order, and an end that leaves nothing behind."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from typing import TypeVar

from harness import labs_folder
from harness.engines.compose.interrupts import SIGNALS, uninterrupted
from harness.errors import EnvironmentNotReadyError, ExitCode

END_LIMIT_S = 40.0
"""How long a job may take to clean up."""
KILLED = "a process was killed: is there enough memory? (for check, try fewer --jobs)"
CONTEXT = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
"""A fork has imported what this process has; elsewhere than on Linux it may crash."""
Job = TypeVar("Job")
Done = TypeVar("Done")


def spread(
    jobs: Sequence[Job],
    do: Callable[[Job], Done],
    processes: int,
    tick: Callable[[], None],
    *,
    cleans_up: bool,
) -> Iterator[Done]:
    """Do every job in one of several processes; give what came of each, in the jobs' order.

    `tick` is called as each is done, in whatever order. When the caller stops, by Ctrl-C or
    otherwise, each process is told to end and is waited for. A job that `cleans_up` is interrupted
    at its own lines, for it may have containers to remove; any other just ends.

    Raises:
        EnvironmentNotReadyError: a process was killed from outside.

    """
    if min(processes, len(jobs)) <= 1:
        for job in jobs:
            yield do(job)
            tick()
        return
    given = partial(_interruptible, do) if cleans_up else do
    with pool(min(processes, len(jobs))) as executor:
        futures = []
        for job in jobs:
            futures.append(submitted(executor, given, job))
            futures[-1].add_done_callback(lambda _: tick())
        for future in futures:
            yield future.result()


@contextmanager
def pool(
    processes: int, prepare: Callable[..., None] | None = None, *given: object
) -> Iterator[ProcessPoolExecutor]:
    """Open a pool whose processes leave Ctrl-C to this one; however the block ends, none is left.

    Each calls ``prepare`` first, with what is given.

    Raises:
        EnvironmentNotReadyError: a process was killed from outside.

    """
    start = partial(_at_rest, labs_folder.chosen(), prepare, given)
    with ProcessPoolExecutor(processes, CONTEXT, start) as executor:
        try:
            yield executor
        except BaseException as error:
            _end(executor)
            if isinstance(error, BrokenProcessPool):
                raise EnvironmentNotReadyError(KILLED) from error
            raise


def submitted(
    executor: ProcessPoolExecutor, do: Callable[..., Done], *given: object, **more: object
) -> "Future[Done]":
    """Hand a job in; the first one starts the processes."""
    with _held_back():
        return executor.submit(do, *given, **more)


def _end(executor: ProcessPoolExecutor) -> None:
    """Tell every process to end and wait for it; the pool by itself would do all the work first."""
    with uninterrupted():
        children = multiprocessing.active_children()
        executor.shutdown(wait=False, cancel_futures=True)
        for process in children:
            process.terminate()
        for process in children:
            process.join(END_LIMIT_S)
            process.kill()


@contextmanager
def _held_back() -> Iterator[None]:
    """Keep Ctrl-C waiting while processes start: a half-started one would print a traceback."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def _at_rest(
    labs: Path | None, prepare: Callable[..., None] | None, given: Sequence[object]
) -> None:
    """Leave Ctrl-C, which reaches every process, to the first one; end in silence when told to."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    threading.Thread(target=_end_with_the_first, daemon=True).start()
    if labs and not labs_folder.chosen():  # a fork has been told already
        labs_folder.choose(labs)
    if prepare:
        prepare(*given)


def _end_with_the_first() -> None:
    """Wait for the end of the process that gives out work, which may have been killed."""
    first = multiprocessing.parent_process()
    if first:
        wait([first.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)


def cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _interruptible(do: Callable[[Job], Done], job: Job) -> Done:
    """Do a job; when told to end, clean up first and then end without another."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return do(job)
    except KeyboardInterrupt:
        os._exit(ExitCode.INTERRUPTED)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
