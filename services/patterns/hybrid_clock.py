"""Hybrid logical clock: stamps that follow the wall clock, and never contradict cause and effect.

A stamp is a time and a counter. Who receives a stamp never issues a smaller one afterwards, however
slow its own clock is; so a clock that is ahead makes the stamps of all who hear of it run ahead,
by at most its error. Source: Kulkarni and others, "Logical Physical Clocks" (OPODIS 2014). In
production: inside CockroachDB, YugabyteDB and MongoDB; as a library it is some thirty lines.
"""

from collections.abc import Callable
from typing import NamedTuple

from services.patterns.guards import Sabotage


class Stamp(NamedTuple):
    """A moment: by the clock in whole microseconds, then by counting, then by who says so."""

    time_us: int
    counter: int
    host: str


NEVER = Stamp(0, 0, "")
"""Before every stamp."""


class HybridClock:
    """Issues stamps of one host, each larger than all that it has issued or heard of."""

    def __init__(self, host: str, wall: Callable[[], float]) -> None:
        self._host = host
        self._wall = wall
        self._last = NEVER

    def issue(self) -> Stamp:
        """Stamp an event of this host."""
        time_us, last = int(self._wall() * 1_000_000), self._last
        if time_us > last.time_us:
            self._last = Stamp(time_us, 0, self._host)
        else:
            self._last = Stamp(last.time_us, last.counter + 1, self._host)
        return self._last

    def hear(self, stamp: Stamp) -> None:
        """Take note of a stamp that came with a message."""
        self._last = max(self._last, stamp)


def _deaf(_: HybridClock, stamp: Stamp) -> None:
    del stamp


SABOTAGES = (Sabotage(HybridClock, "hear", _deaf),)
