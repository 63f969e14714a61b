"""A file of results that grows by a line at a time, and by one process at a time.

A process that is killed leaves half a line at most, which the next one drops.
"""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO


def claimed(path: Path) -> IO[str]:
    """Open a file for more, and keep others from writing there until it is closed.

    Raises:
        BlockingIOError: another process writes there.
        OSError: it cannot be opened.

    """
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    return file


def append(file: IO[str], line: str) -> None:
    """Write a line with one call of the system, so that a killed process leaves all or part."""
    file.flush()
    rest = line.encode()
    while rest:
        rest = rest[os.write(file.fileno(), rest) :]


def whole(file: IO[str]) -> Iterator[tuple[str, int]]:
    """Give each line from here on, and where in the file it ends; one without its end is none."""
    while (line := file.readline()).endswith("\n"):
        yield line, file.tell()
