"""What tests have workers do, in a module that workers can import as well."""

import logging
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from harness import catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a job saw where it was done."""

    number: int
    pid: int
    worker_pid: int
    root: Path
    hash_seed: str


def look(number: int) -> Seen:
    """Say where this is."""
    seed = os.environ.get("PYTHONHASHSEED", "")
    return Seen(
        number=number,
        pid=os.getpid(),
        worker_pid=os.getppid(),
        root=catalogue.ROOT,
        hash_seed=seed,
    )


def look_slowly(number: int) -> Seen:
    """Say it after a while, in which a worker can be lost."""
    time.sleep(0.2)
    return look(number)


def look_or_die(number: int) -> Seen:
    """Say it, or take this process down, as where memory is short."""
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return look(number)


def fail(number: int) -> Seen:
    """Have a bug."""
    raise ZeroDivisionError(f"of job {number}")


class TwoWordsError(Exception):
    """Cannot be pickled: it would be made anew of its message alone."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(f"{one} {two}")


def fail_strangely(number: int) -> Seen:
    """Have a bug, and another one in its error."""
    raise TwoWordsError("job", str(number))


def complain(number: int) -> Seen:
    """Log what a library or a service may log."""
    logging.getLogger("a library").warning("out of ink")
    return look(number)


def never(number: int) -> Seen:
    """Stand in for a job that nothing may lose."""
    raise AssertionError(f"job {number} was lost")
