"""Circuit breaker: stop calling what keeps failing, and ask again with one call at a time.

Source: Nygard, *Release It!* (2007); the half-open probe and the defaults that people know are
those of Netflix' Hystrix (20 calls, 50 % errors, 5 s). In production: the outlier detection of
Envoy, resilience4j on the JVM, purgatory or aiobreaker in Python.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

PATIENCE = 10
"""How many times as long as it was open a breaker waits for a probe."""


class State(StrEnum):
    """Closed lets calls through, open none, half-open one that decides."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class OpenError(Exception):
    """The breaker let no call through."""


class Breaker:
    """Opens when of the last `window` calls a share of at least `threshold` has failed.

    It stays open for `open_s` seconds of the clock `now`; then the next call is a probe, whose end
    closes it, or opens it for as long again. Calls that began before a change of state count no
    more, for what they know is out of date. A probe that has not ended after `PATIENCE` times
    `open_s` is given up, and the next call is another one. `on_trip` is called when it opens after
    it was closed.
    """

    def __init__(
        self,
        *,
        window: int,
        threshold: float,
        open_s: float,
        now: Callable[[], float],
        on_trip: Callable[[], None] = lambda: None,
    ) -> None:
        self._ends: deque[bool] = deque(maxlen=window)
        self._threshold = threshold
        self._open_s = open_s
        self._now = now
        self._changes = 0
        self._probe_s = 0.0
        self._on_trip = on_trip
        self.state = State.CLOSED

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Let one call through and learn from its end: an exception is a failure.

        So is a call that was cancelled, for that is how a time limit around the guard ends it. A
        probe that was cancelled proves nothing, and the next call is one.

        Raises:
            OpenError: no call may be made now.

        """
        self._admit()
        began = self._changes
        try:
            yield
        except Exception:
            self._learn(began, failed=True)
            raise
        except BaseException:
            if self.state is not State.HALF_OPEN:
                self._learn(began, failed=True)
            elif began == self._changes:
                self._probe_s = self._now()
                self._turn(State.OPEN)
            raise
        self._learn(began, failed=False)

    def _admit(self) -> None:
        if self._now() >= self._probe_s and self.state is not State.CLOSED:
            self._probe_s = self._now() + PATIENCE * self._open_s
            self._turn(State.HALF_OPEN)
        elif self.state is not State.CLOSED:
            raise OpenError

    def _learn(self, began: int, *, failed: bool) -> None:
        if began != self._changes:
            return
        self._ends.append(failed)
        if self.state is State.HALF_OPEN:
            self._trip() if failed else self._turn(State.CLOSED)
        elif self._is_full and sum(self._ends) >= self._threshold * len(self._ends):
            self._trip()

    @property
    def _is_full(self) -> bool:
        return len(self._ends) == self._ends.maxlen

    def _trip(self) -> None:
        if self.state is State.CLOSED:
            self._on_trip()
        self._probe_s = self._now() + self._open_s
        self._turn(State.OPEN)

    def _turn(self, state: State) -> None:
        self.state = state
        self._changes += 1
        self._ends.clear()
