"""What must hold inside the simulation; what is dear to check is checked where tests ask for it.

Cheap assertions stand where they must hold, in every run. Those here keep a copy of every byte, or
go through all tasks and timers; `tests/conftest.py` switches them on for the whole suite.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.engines.sim.process import PROCESS, ProcessState


@dataclass(slots=True)
class Checks:
    """Whether the dear ones are on; what is made afterwards looks at it."""

    dear: bool = False


CHECKS = Checks()


@contextmanager
def checking(*, dear: bool) -> Iterator[None]:
    """Have the dear ones on, or off, for as long as the block lasts."""
    before, CHECKS.dear = CHECKS.dear, dear
    try:
        yield
    finally:
        CHECKS.dear = before


class Ledger:
    """The bytes of one direction of a connection: what leaves and what is read was written so.

    A byte is known by its place in the stream, counted from 0.
    """

    __slots__ = ("_base", "_left", "_written")

    def __init__(self) -> None:
        self._base = 0
        self._written = bytearray()
        self._left = bytearray()

    def write(self, data: bytes) -> None:
        """Note what the sender has written."""
        self._written += data

    def leave(self, start: int, data: bytes) -> None:
        """Check that bytes leave as they were written, behind those that have left before."""
        assert start >= self._base, f"byte {start} leaves the proxy after byte {self._base - 1}"
        skipped, end = start - self._base, start - self._base + len(data)
        assert self._written[skipped:end] == data, "other bytes leave the proxy than were written"
        del self._written[:end]
        self._base += end
        self._left += data

    def read(self, data: bytes) -> None:
        """Check that bytes are read as they have left the proxy, each once and in order."""
        assert self._left[: len(data)] == data, "other bytes are read than have left the proxy"
        del self._left[: len(data)]


def may_run(handle: asyncio.Handle) -> bool:
    """Say whether a callback is that of a process that runs, or nobody's."""
    process = handle._context.get(PROCESS)  # type: ignore[attr-defined] # noqa: SLF001
    return process is None or (process.state is ProcessState.RUNNING and not process.busy)
