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
from typing import TYPE_CHECKING, Protocol, TypeVar

from harness import labs_folder
from harness.engines.compose.interrupts import SIGNALS, uninterrupted
from harness.errors import EnvironmentNotReadyError, ExitCode

if TYPE_CHECKING:
    from multiprocessing.queues import SimpleQueue

END_LIMIT_S = 40.0
"""How long a job may take to clean up."""
KILLED = "a process was killed: is there enough memory? (for check, try fewer --jobs)"
CONTEXT = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
"""A fork has imported what this process has; elsewhere than on Linux it may crash."""


class KilledError(EnvironmentNotReadyError):
    """A process of a pool was killed, as where memory is short."""


class Pool(ProcessPoolExecutor):
    """Processes that are waited for, and the pool's own thread, however they were told to end.

    At its exit Python would wake that thread up by a pipe that it may be closing.
    """

    def __init__(self, processes: int, prepare: Callable[[], None]) -> None:
        super().__init__(processes, CONTEXT, prepare)
        self._thread: threading.Thread | None = None
        self._results: SimpleQueue[object] = self._result_queue

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - as inherited
        """Keep what a call that does not wait makes the pool forget."""
        if isinstance(self._executor_manager_thread, threading.Thread):
            self._thread = self._executor_manager_thread
        super().shutdown(wait, cancel_futures=cancel_futures)
        if wait and self._thread:
            self._thread.join()

    def end(self) -> None:
        """Tell every process to end and wait for it; `shutdown` would do all the work first."""
        with uninterrupted():
            children = multiprocessing.active_children()
            for process in children:
                process.terminate()
            for process in children:
                process.join(END_LIMIT_S)
                process.kill()
            # The thread may read a result whose process has just ended: it hears of that when
            # nobody else can write there.
            self._results._writer.close()  # type: ignore[attr-defined]  # noqa: SLF001
            self.shutdown(cancel_futures=True)


Job = TypeVar("Job")
Done = TypeVar("Done")


class Elsewhere(Protocol):
    """Other machines that do the work, as `--on` names them."""

    threads: int
    """How many jobs they do at a time, as last seen."""

    def spread(
        self,
        jobs: Sequence[Job],
        do: Callable[[Job], Done],
        finished: Callable[[Done], None],
        *,
        lost: Callable[[Job], Done],
    ) -> Iterator[Done]:
        """Do every job; give what came of each, in the jobs' order."""
        ...


def spread(  # noqa: PLR0913 - the work, and who is told of it
    jobs: Sequence[Job],
    do: Callable[[Job], Done],
    processes: int,
    finished: Callable[[Done], None],
    *,
    lost: Callable[[Job], Done],
    cleans_up: bool,
    on: Elsewhere | None = None,
) -> Iterator[Done]:
    """Do every job in one of several processes; give what came of each, in the jobs' order.

    With `on`, other machines do them, and `processes` counts for nothing; `do` is then a function
    of a module, or a `partial` of one.

    `finished` is called with what came of each as it is done, in whatever order, and from another
    thread. When the caller stops, by Ctrl-C or otherwise, each process is told to end and is waited
    for. A job that `cleans_up` is interrupted at its own lines, for it may have containers to
    remove; any other just ends. A job whose process is killed is done again, alone; if that process
    is killed too, `lost` makes what came of it, and the others go on.
    """
    if on:
        yield from on.spread(jobs, do, finished, lost=lost)
        return
    if min(processes, len(jobs)) <= 1:
        for job in jobs:
            done = do(job)
            finished(done)
            yield done
        return
    given = partial(_interruptible, do) if cleans_up else do
    left = list(jobs)
    while left:
        futures: list[Future[Done]] = []
        try:
            with pool(min(processes, len(left))) as executor:
                for job in left:
                    futures.append(submitted(executor, given, job))
                    futures[-1].add_done_callback(partial(_pass_on, finished))
                while futures:
                    done = futures[0].result()
                    del futures[0], left[0]
                    yield done
        except KilledError:
            # Jobs begin in their order, so those under way are the first of those that are not
            # done; the pool hands out one more than it has processes.
            suspects = processes + 1
            for future in futures:
                is_suspect = _is_killed(future)
                if is_suspect and not suspects:
                    break
                suspects -= is_suspect
                done = _alone(left[0], given, finished, lost) if is_suspect else future.result()
                del left[0]
                yield done


def _pass_on(finished: Callable[[Done], None], future: "Future[Done]") -> None:
    if not future.cancelled() and future.exception() is None:
        finished(future.result())


def _is_killed(future: "Future[Done]") -> bool:
    return future.cancelled() or isinstance(future.exception(), BrokenProcessPool)


def _alone(
    job: Job,
    do: Callable[[Job], Done],
    finished: Callable[[Done], None],
    lost: Callable[[Job], Done],
) -> Done:
    try:
        with pool(1) as executor:
            done = submitted(executor, do, job).result()
    except KilledError:
        done = lost(job)
    finished(done)
    return done


@contextmanager
def pool(
    processes: int, prepare: Callable[..., None] | None = None, *given: object
) -> Iterator[Pool]:
    """Open a pool whose processes leave Ctrl-C to this one; however the block ends, none is left.

    Each calls ``prepare`` first, with what is given.

    Raises:
        KilledError: a process was killed from outside.

    """
    start = partial(_at_rest, labs_folder.chosen(), prepare, given)
    with Pool(processes, start) as executor:
        try:
            yield executor
        except BaseException as error:
            executor.end()
            if isinstance(error, BrokenProcessPool):
                raise KilledError(KILLED) from error
            raise


def submitted(
    executor: Pool, do: Callable[..., Done], *given: object, **more: object
) -> "Future[Done]":
    """Hand a job in; the first one starts the processes."""
    with _held_back():
        return executor.submit(do, *given, **more)


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
