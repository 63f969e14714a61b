"""The machine's containers are played with by one run at a time: a file that is locked for as long.

Whoever ends writes so into it, and the next one waits until those containers are gone.
"""

import fcntl
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from harness import store
from harness.errors import EnvironmentNotReadyError
from harness.live.child import GRACE_S

FILE = ".played"
"""Under `runs/`; the lock goes with its process, whatever becomes of that."""
TAKEN = "containers are played with already, by another page or console: end that first"
ENDS = "ends"
PATIENCE_S = GRACE_S + 2
"""How long to wait for that word: a page that was just closed may have had those containers."""
LONGEST_END_S = 90.0
LOOK_S = 0.1


class Turn:
    """The right to play, once `wait` has given it, until it is left as a context.

    Raises:
        EnvironmentNotReadyError: somebody plays, and did not begin to end while this one waited.

    """

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        store.RUNS.mkdir(parents=True, exist_ok=True)
        self._file = (store.RUNS / FILE).open("a+")
        self._given_up = threading.Event()
        self._leaving = threading.Lock()
        self.is_here = False
        until_s = time.monotonic() + patience_s
        while not (self._is_locked() or self._is_ending()):
            if time.monotonic() >= until_s:
                self._file.close()
                raise EnvironmentNotReadyError(TAKEN)
            time.sleep(LOOK_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._leaving:
            self._file.close()

    def wait(self, longest_s: float = LONGEST_END_S) -> None:
        """Wait until the containers of the run before are gone.

        Raises:
            EnvironmentNotReadyError: they are not, for too long.
            KeyboardInterrupt: it was given up meanwhile.

        """
        until_s = time.monotonic() + longest_s
        while not self.is_here:
            if self._given_up.wait(LOOK_S):
                raise KeyboardInterrupt
            if time.monotonic() > until_s:
                raise EnvironmentNotReadyError(TAKEN)
            self._is_locked()

    def end(self) -> None:
        """Tell the next one that it is worth waiting for; whoever still waits gives up.

        The run may be over by itself meanwhile, in another thread: then there is nothing to tell.
        """
        self._given_up.set()
        with self._leaving:
            if self.is_here and not self._file.closed:
                self._file.write(ENDS)
                self._file.flush()

    def _is_locked(self) -> bool:
        with suppress(BlockingIOError):
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._file.truncate(0)
            self.is_here = True
        return self.is_here

    def _is_ending(self) -> bool:
        self._file.seek(0)
        return ENDS in self._file.read()
