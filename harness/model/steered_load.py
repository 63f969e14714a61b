"""A load that is steered while it is sent: at which pace it comes, and what is sent beside it.

Both engines send by it, and whoever counts what containers send, so a pace or a burst means the
same to all of them.
"""

import math
from collections.abc import Iterator
from itertools import chain, islice, repeat
from typing import NamedTuple

from harness.model.load import Due, Load
from harness.model.send import Arrival, Send

EXTRA = 1_000_000_000
"""The number of the first request that is sent by hand: beyond all that a load draws."""
SEARCHED = 100_000
"""How many requests are drawn to find those for one service."""


class Stretch(NamedTuple):
    """From `since_s` on the load's own time, `drawn_s` then, goes by `times` as fast."""

    since_s: float
    drawn_s: float
    times: float


class Tempo:
    """How the load's own time goes by: as it was drawn, until it is changed."""

    def __init__(self) -> None:
        self._stretches = [Stretch(0.0, 0.0, 1.0)]

    @property
    def is_own(self) -> bool:
        """Whether it was never changed."""
        return len(self._stretches) == 1

    def change(self, at_s: float, times: float) -> None:
        """Let it go so many times as fast from a moment on, which is not before the last change."""
        since_s, drawn_s, before = self._stretches[-1]
        assert at_s >= since_s, "paces come in order"  # noqa: S101 - else nothing is due when it is
        self._stretches.append(Stretch(at_s, drawn_s + (at_s - since_s) * before, times))

    def due_s(self, drawn_s: float) -> float:
        """Give when a request is due that was drawn for a moment; never, where it stands still.

        What was due before a change stays due, however late it is sent.
        """
        if self.is_own:
            return drawn_s
        until_s = math.inf
        for stretch in reversed(self._stretches):
            if drawn_s >= stretch.drawn_s:
                break
            until_s = stretch.since_s
        if not stretch.times:
            return until_s
        due_s = stretch.since_s + (drawn_s - stretch.drawn_s) / stretch.times
        return min(max(stretch.since_s, round(due_s, 9)), until_s)


class SteeredLoad:
    """What a load sends in a run, and when; `seed` is the run's, times are seconds of the run."""

    def __init__(self, load: Load, seed: int, duration_s: float) -> None:
        self._load = load
        self._seed = seed
        self._duration_s = duration_s
        self._tempo = Tempo()
        # A load that comes faster needs more than was to be sent in the run.
        self._drawn = load.arrivals(seed, math.inf)
        self._next: Arrival | None = None
        self._extra = self._batches = 0

    def draw_ahead(self) -> None:
        """Draw all of the run's time now, so that next to nothing is drawn while it is sent."""
        drawn = []
        for arrival in self._drawn:
            drawn.append(arrival)
            if arrival.at_s >= self._duration_s:
                break
        self._drawn = chain(drawn, self._drawn)

    def share(self, index: int, size: int) -> None:
        """Leave all arrivals to others but one of so many, from this one on, before any is due."""
        self._drawn = islice(self._drawn, index, None, size)

    def peek(self) -> Arrival | None:
        """Give the next arrival as it was drawn; None when no more will ever come."""
        if self._next is None:
            self._next = next(self._drawn, None)
        return self._next

    def due(self) -> Arrival | None:
        """Give the next arrival, when it is due; None where none is at this pace in the run."""
        arrival = self.peek()
        if arrival is None:
            return None
        due_s = self._tempo.due_s(arrival.at_s)
        return arrival._replace(at_s=due_s) if due_s < self._duration_s else None

    def take(self) -> None:
        """Go on to the arrival after the next."""
        self._next = None

    def pace(self, at_s: float, times: float) -> None:
        """Come so many times as fast as drawn, from a moment on."""
        self._tempo.change(at_s, times)

    def by_hand(
        self, at_s: float, count: int, *, to: str, path: str, method: str
    ) -> Iterator[Arrival]:
        """Draw requests beside the others, for one moment; what is not given is drawn as theirs.

        All of them must be drawn before those of another moment.
        """
        self._batches += 1
        drawn = self._load.dues(f"{self._seed}/by hand/{self._batches}", math.inf)
        # A flow that is over comes no more, so that a search for its requests must end too.
        fitting = (due for due in islice(drawn, SEARCHED) if to in ("", due.to))
        plain = repeat(Due(0, Send(), 0, self._load.flows()[0]))
        for due in islice(chain(fitting, plain), count):
            arrival = due.arrival(EXTRA + self._extra)
            self._extra += 1
            yield arrival._replace(
                at_s=at_s,
                to=to or arrival.to,
                path=path or arrival.path,
                method=method or arrival.method,
            )
