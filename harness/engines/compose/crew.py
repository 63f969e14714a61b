"""The load's processes: one for each 300 requests a second, which share the arrivals.

They are forks of one process that has drawn the arrivals. It stays their first: it waits until all
have reached their targets, tells them the run's second 0 and what is asked of the load later, and
ends when all have seen their share through, or with the first of them that fails. All write their
lines to the same standard output.
"""

import fcntl
import json
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import gevent
from gevent.event import Event
from gevent.os import fork_and_watch

READY = b"."
LONGEST = 1 << 17
"""The longest message between processes, in bytes; each is sent and read as a whole."""
Hear = Callable[[Mapping[str, Any]], None]
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
            mine, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
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

    def tell(self, **told: Any) -> None:  # noqa: ANN401 - JSON
        """Tell the others something, first when the run's second 0 is, as `t0_s`."""
        for line in self._lines:
            with suppress(BrokenPipeError):  # it has seen its share through, or its end is heard
                line.sendall(json.dumps(told).encode())

    def await_start(self, hear: Hear) -> float:
        """Tell the first that this process is ready, and hear when the run's second 0 is.

        `hear` hears what is told later.
        """
        (line,) = self._lines
        with suppress(BrokenPipeError):
            line.sendall(READY)
        told = line.recv(LONGEST)
        if not told:
            raise GONE
        gevent.spawn(self._follow, line, hear).link_exception(self._hear_error)
        t0_s: float = json.loads(told)["t0_s"]
        return t0_s

    def _follow(self, line: socket.socket, hear: Hear) -> None:
        while told := line.recv(LONGEST):
            hear(json.loads(told))
        self._lost(GONE)

    def _hear_error(self, followed: gevent.Greenlet) -> None:
        self._lost(followed.exception)

    def report(self, sent: int) -> None:
        """Tell the first how many requests were this process's, when all of them have ended."""
        (line,) = self._lines
        with suppress(BrokenPipeError):
            line.sendall(json.dumps(sent).encode())

    def await_others(self) -> int:
        """Wait until the others have ended, and give how many requests were theirs."""
        if self._left:
            self._all_over.wait()
        return sum(int(line.recv(LONGEST)) for line in self._lines)

    def _ended(self, index: int, watcher: Any) -> None:  # noqa: ANN401 - gevent's own
        code = os.waitstatus_to_exitcode(watcher.rstatus)
        if code:
            self._lost(SystemExit(f"process {index + 1} of the load ended with code {code}"))
            return  # that was no end, so there is none to wait for
        self._left -= 1
        if not self._left:
            self._all_over.set()
