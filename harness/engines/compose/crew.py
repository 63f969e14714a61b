"""The load's processes: one for each 300 requests a second, which share the arrivals.

They are forks of one process that has drawn the arrivals. It stays their first: it waits until all
have reached their targets, tells them the run's second 0, and ends when all have seen their share
through, or with the first of them that fails. All write their lines to the same standard output.
"""

import fcntl
import os
import socket
import struct
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import gevent
from gevent.event import Event
from gevent.os import fork_and_watch

READY = b"."
T0 = struct.Struct("d")
GONE = SystemExit(1)
"""Without a word, for the first process has said why it has ended."""


class Crew:
    """This process among those that share the load; `lost` hears why it cannot go on."""

    def __init__(self, size: int, lost: Callable[[BaseException], None]) -> None:
        self.size = min(size, os.cpu_count() or 1)
        self.index = 0
        self._lost = lost
        self._lines: list[socket.socket] = []
        """The first's to each of the others; each other's to the first, whose end it tells."""
        self._turn = tempfile.TemporaryFile()  # noqa: SIM115 - open for as long as the process
        self._left = self.size - 1
        self._all_over = Event()
        for index in range(1, self.size):
            mine, theirs = socket.socketpair()
            if fork_and_watch(partial(self._ended, index)) == 0:
                for line in (mine, *self._lines):
                    line.close()
                self.index, self._lines = index, [theirs]
                return
            theirs.close()
            self._lines.append(mine)

    @property
    def first(self) -> bool:
        """Whether this process is the one that leads."""
        return self.index == 0

    def say(self, line: str) -> None:
        """Write a line to standard output, in one piece: a pipe takes only short ones so."""
        fcntl.lockf(self._turn, fcntl.LOCK_EX)
        try:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        finally:
            fcntl.lockf(self._turn, fcntl.LOCK_UN)

    def await_ready(self) -> None:
        """Wait until each of the others has told that it is ready."""
        for line in self._lines:
            line.recv(1)

    def tell(self, at_s: float) -> None:
        """Tell the others when the run's second 0 is, and later in which second it is cut."""
        for line in self._lines:
            with suppress(BrokenPipeError):  # it has seen its share through, or its end is heard
                line.sendall(T0.pack(at_s))

    def await_start(self, cut: Callable[[float], None]) -> float:
        """Tell the first that this process is ready, and hear when the run's second 0 is.

        `cut` hears later of an end before the load's time, in seconds of the run.
        """
        (line,) = self._lines
        with suppress(BrokenPipeError):
            line.sendall(READY)
        told = line.recv(T0.size)
        if not told:
            raise GONE
        gevent.spawn(self._follow, line, cut)
        return float(*T0.unpack(told))

    def _follow(self, line: socket.socket, cut: Callable[[float], None]) -> None:
        while told := line.recv(T0.size):
            cut(*T0.unpack(told))
        self._lost(GONE)

    def await_others(self) -> None:
        """Wait until the others have ended."""
        if self._left:
            self._all_over.wait()

    def _ended(self, index: int, watcher: Any) -> None:  # noqa: ANN401 - gevent's own
        code = os.waitstatus_to_exitcode(watcher.rstatus)
        if code:
            self._lost(SystemExit(f"process {index + 1} of the load ended with code {code}"))
            return  # that was no end, so there is none to wait for
        self._left -= 1
        if not self._left:
            self._all_over.set()
