"""A scheduler and workers, as processes that a test starts and ends."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from distributed import Client

from tests.ports import free_port

ROOT = Path(__file__).parents[2]
LIMIT_S = 120.0


def awaited(is_so: Callable[[], object], what: str) -> None:
    """Wait until something is so."""
    end_s = time.monotonic() + LIMIT_S
    while not is_so():
        assert time.monotonic() < end_s, f"{what}: not within {LIMIT_S:g} s"
        time.sleep(0.05)


def is_gone(pid: int) -> bool:
    """Say whether there is no such process, or none of the group with this number's negative."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def lab(*arguments: str, tree: Path = ROOT) -> subprocess.Popen[str]:
    """Start a command line, in a tree."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONHASHSEED": "0"}
    return subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-P", "-m", "harness.cli", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def said(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Give the exit code and what was printed, on both streams."""
    out, err = process.communicate(timeout=LIMIT_S)
    return process.returncode, out, err


class Started:
    """The processes, and a client of the test's own that looks at them."""

    def __init__(self, folder: Path) -> None:
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self._client: Any = None

    def printed(self, tree: Path = ROOT) -> tuple[str, str]:
        """Give the two commands that `./lab cluster` prints."""
        code, out, err = said(lab("cluster", self.address, tree=tree))
        assert (code, err) == (0, "")
        scheduler, worker = re.findall(r"^  (PYTHONPATH=(?:.*\\\n)*.*)$", out, re.MULTILINE)
        return scheduler, re.sub(r"--nthreads \d+", "--nthreads 1", worker)

    def start(self, command: str) -> subprocess.Popen[bytes]:
        """Start a printed command; its environment hashes texts as it likes."""
        log = (self._folder / f"{len(self._processes)}.log").open("wb")
        environment = {name: text for name, text in os.environ.items() if name != "PYTHONHASHSEED"}
        with log:
            process = subprocess.Popen(  # noqa: S602 - a person pastes it into a shell
                f"export {shlex.split(command)[0]}; exec {command.partition(' ')[2]}",
                shell=True,
                cwd="/",
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def client(self) -> Any:
        """Give the test's own client."""
        if self._client is None:
            self._client = Client(self.address, timeout=LIMIT_S, set_as_default=False)  # type: ignore[no-untyped-call]
        return self._client

    def workers(self) -> list[str]:
        """Name the workers that the scheduler knows."""
        return list(self.client().scheduler_info()["workers"])

    def await_workers(self, count: int) -> None:
        """Wait until there are so many."""
        awaited(lambda: len(self.workers()) == count, f"{count} workers")

    def tasks(self) -> int:
        """Count the jobs that the scheduler has."""
        count: int = self.client().run_on_scheduler(
            lambda dask_scheduler: len(dask_scheduler.tasks)
        )
        return count

    def pids(self) -> set[int]:
        """Give the process of each worker."""
        return set(self.client().run(os.getpid).values())

    def end(self, *processes: subprocess.Popen[bytes]) -> None:
        """Ask processes to end, and make them."""
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def close(self) -> None:
        """End all of them, the scheduler last; whatever they have started is gone as well."""
        if self._client:
            self._client.close(10)
        self.end(*self._processes[1:])
        self.end(*self._processes[:1])
        for process in self._processes:
            awaited(partial(is_gone, -process.pid), "the end of all processes")


@contextmanager
def started(folder: Path, workers: int) -> Iterator[Started]:
    """Start a scheduler and workers by the commands that are printed; none is left behind."""
    cluster = Started(folder)
    try:
        scheduler, worker = cluster.printed()
        cluster.start(scheduler)
        for _ in range(workers):
            cluster.start(worker)
        cluster.await_workers(workers)
        yield cluster
    finally:
        cluster.close()
