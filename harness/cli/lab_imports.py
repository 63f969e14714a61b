"""Labs imported in a process of their own, for commands that look at all of them.

A lab is somebody's code: it may raise, wait for ever, or end its process. None of that may take the
other labs away.
"""

import signal
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from harness import catalogue
from harness.cli.workers import CONTEXT
from harness.errors import ChaoslabError

LIMIT_S = 20.0
"""How long a lab may take to be imported: many times what the slowest takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a lab asks and where it is; `problem` says why it cannot be used, if so."""

    slug: str
    track: str = ""
    question: str = ""
    problem: str = ""


def looked_at(slugs: Sequence[str]) -> Iterator[Looked]:
    """Import labs one after the other; give each as soon as it is known, in their order."""
    waiting = list(slugs)
    while waiting:
        with _importing(waiting) as found:
            problem = yield from _received(found, waiting)
        if waiting:
            yield Looked(slug=waiting.pop(0), problem=problem)


def _received(found: Connection, waiting: list[str]) -> Generator[Looked, None, str]:
    """Take what comes in off the list; return why no more came, if so."""
    while waiting:
        if not found.poll(LIMIT_S):
            return f"its import did not end within {LIMIT_S:g} s; look for a loop in its lab.py"
        try:
            looked: Looked = found.recv()
        except EOFError:
            return "its import ended the process; a lab only defines values"
        waiting.pop(0)
        yield looked
    return ""


@contextmanager
def _importing(slugs: Sequence[str]) -> Iterator[Connection]:
    """Import labs in another process, which is gone when the block ends."""
    found, told = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_import, args=(tuple(slugs), told), daemon=True)
    process.start()
    told.close()  # the other process has it, so that its end is seen here
    try:
        with found:
            yield found
    finally:
        process.kill()
        process.join()


def _import(slugs: Sequence[str], told: Connection) -> None:
    """Import labs and tell of each, in the other process; Ctrl-C is the first process' matter."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for slug in slugs:
        try:
            entry = catalogue.find(slug)
        except ChaoslabError as error:
            told.send(Looked(slug=slug, problem=str(error)))
        else:
            told.send(Looked(slug=slug, track=entry.track, question=entry.lab.question))
