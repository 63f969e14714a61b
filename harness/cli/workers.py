"""Work spread over processes: results in order, and an end that leaves nothing behind."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from harness.engines.compose.interrupts import uninterrupted
from harness.errors import EnvironmentNotReadyError, ExitCode

END_LIMIT_S = 40.0
"""How long a job may take to clean up."""
KILLED = "a process of the check was killed: is there enough memory? try fewer --jobs"
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
    with ProcessPoolExecutor(min(processes, len(jobs)), initializer=_at_rest) as pool:
        try:
            given = partial(_interruptible, do) if cleans_up else do
            with _held_back():
                futures = [_submitted(pool, given, job, tick) for job in jobs]
            for future in futures:
                yield future.result()
        except BaseException as error:
            _end(pool)
            if isinstance(error, BrokenProcessPool):
                raise EnvironmentNotReadyError(KILLED) from error
            raise


def _end(pool: ProcessPoolExecutor) -> None:
    """Tell every process to end and wait for it; the pool by itself would do all the work first."""
    with uninterrupted():
        children = multiprocessing.active_children()
        pool.shutdown(wait=False, cancel_futures=True)
        for process in children:
            process.terminate()
        for process in children:
            process.join(END_LIMIT_S)
            process.kill()


def _submitted(
    pool: ProcessPoolExecutor, do: Callable[[Job], Done], job: Job, tick: Callable[[], None]
) -> "Future[Done]":
    future = pool.submit(do, job)
    future.add_done_callback(lambda _: tick())
    return future


@contextmanager
def _held_back() -> Iterator[None]:
    """Keep Ctrl-C waiting while processes start: a half-started one would print a traceback."""
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)


def _at_rest() -> None:
    """Leave Ctrl-C, which reaches every process, to the first one; end in silence when told to."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})


def _interruptible(do: Callable[[Job], Done], job: Job) -> Done:
    """Do a job; when told to end, clean up first and then end without another."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return do(job)
    except KeyboardInterrupt:
        os._exit(ExitCode.INTERRUPTED)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
