"""Line: who is next of those that wait, and who is not worth serving any more.

First come, first served is fair, and under overload the worst: whoever is served has waited so long
that nobody waits for the answer. Last come, first served answers some in time and starves others.
Classes let what matters go first. Whoever would be served after giving up can be left out, which
needs to know how long callers wait. Sources: Maurer, "Fail at Scale" (ACM Queue 2015), on adaptive
LIFO; Kleinrock, "Queueing Systems" II (1976), on priorities. In production: folly's executors,
Envoy's admission control.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import Generic, TypeVar

T = TypeVar("T")


class Discipline(StrEnum):
    """Who is next: who came first, who came last, or the most important, of them the first."""

    FIFO = "fifo"
    LIFO = "lifo"
    PRIORITY = "priority"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting(Generic[T]):
    """Somebody in the line: how important (0 is most), and until when it is worth serving."""

    who: T
    importance: int
    until_s: float


class Line(Generic[T]):
    """Those that wait; the discipline may change while they do."""

    def __init__(self) -> None:
        self._numbers = count()
        self._here: dict[int, Waiting[T]] = {}
        self._by_importance: list[tuple[int, int]] = []

    def __len__(self) -> int:
        return len(self._here)

    def join(self, who: T, *, importance: int = 0, until_s: float = float("inf")) -> None:
        """Stand at the end."""
        number = next(self._numbers)
        self._here[number] = Waiting(who=who, importance=importance, until_s=until_s)
        heapq.heappush(self._by_importance, (importance, number))

    def next(self, discipline: Discipline) -> T:
        """Take out who is next.

        Raises:
            IndexError: nobody waits.

        """
        if not self._here:
            raise IndexError("nobody waits")
        match discipline:
            case Discipline.FIFO:
                number = next(iter(self._here))
            case Discipline.LIFO:
                number = next(reversed(self._here))
            case Discipline.PRIORITY:
                # Who was taken out by another discipline is still in the heap.
                while self._by_importance[0][1] not in self._here:
                    heapq.heappop(self._by_importance)
                number = self._by_importance[0][1]
        return self._here.pop(number).who

    def expired(self, start_s: float) -> Iterator[T]:
        """Take out all who are not worth serving if they start at a time."""
        gone = [number for number, one in self._here.items() if one.until_s <= start_s]
        for number in gone:
            yield self._here.pop(number).who
