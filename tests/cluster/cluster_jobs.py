"""What tests have workers do, in a module that workers can import as well."""

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
    root: Path
    hash_seed: str


def look(number: int) -> Seen:
    """Say where this is."""
    seed = os.environ.get("PYTHONHASHSEED", "")
    return Seen(number=number, pid=os.getpid(), root=catalogue.ROOT, hash_seed=seed)


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


def never(number: int) -> Seen:
    """Stand in for a job that nothing may lose."""
    raise AssertionError(f"job {number} was lost")
