"""A search: the last value of a setting at which a lab still holds, by bisection over seeds.

First the ends and three values between them are probed, which shows whether there is one change at
all, and in which direction. Then the range between the last that holds and the first that does not
is halved until it is narrow enough. A probe holds if every one of its runs does, or the share of
them that is asked for; how sure that is follows from their number (Clopper and Pearson, "The use of
confidence or fiducial limits illustrated in the case of the binomial", Biometrika 1934).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.sweep.asking import Asked
from harness.sweep.axes import Axis, Span
from harness.sweep.cells import Found, Run
from harness.sweep.grid import Cell

FIRST = 5
"""How many values are probed before the range is halved, its ends included."""
HALVINGS = 32
CONFIDENCE = 0.95
DIGITS = 4

Number = int | float
Do = Callable[[Sequence[Run]], list[Found]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a search has found: the last value that holds and the first that does not, if any.

    `disorder` are the values that break the order: not all that holds is on one side.
    """

    probes: dict[Number, Cell]
    last: Number | None = None
    beyond: Number | None = None
    disorder: tuple[Number, ...] = ()

    @property
    def is_found(self) -> bool:
        """Whether there is a last value."""
        return self.last is not None and self.beyond is not None

    @property
    def is_largest(self) -> bool:
        """Whether it is the smaller values that hold."""
        return self.last is not None and self.beyond is not None and self.last < self.beyond


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Where a value is looked for, how narrowly, as a share of it, and what share must hold."""

    asked: Asked
    span: Span
    within: float
    share: float = 1.0

    def run(self, do: Do, told: Callable[[Sequence[Cell]], None]) -> Answer:
        """Probe until the answer is narrow enough; `told` hears of the probes as they are done."""
        probes: dict[Number, Cell] = {}
        self._probe(self._first(), probes, do, told)
        turn = next(self._turns(probes), None)
        if turn is None:
            return Answer(probes=probes)
        while (middle := self._between(*turn)) is not None:
            self._probe([middle], probes, do, told)
            low, high = turn
            turn = next(one for one in self._turns(probes) if low <= one[0] and one[1] <= high)
        last, beyond = turn if self.holds(probes[turn[0]]) else turn[::-1]
        return Answer(
            probes=probes, last=last, beyond=beyond, disorder=self._disorder(probes, last, beyond)
        )

    def holds(self, cell: Cell) -> bool:
        """Whether as many runs of a probe hold as must."""
        return cell.holding >= self.share * len(cell.found)

    def cell_runs(self, value: Number) -> list[Run]:
        """Give the runs of one value."""
        axis = Axis(name=self.span.name, values=(value,))
        return list(self.asked.grid([axis]).runs((0,)))

    def _probe(
        self,
        values: Sequence[Number],
        probes: dict[Number, Cell],
        do: Do,
        told: Callable[[Sequence[Cell]], None],
    ) -> None:
        """Run some values together, so that they share the cores."""
        runs = {value: self.cell_runs(value) for value in values}
        found = {one.run: one for one in do([run for all_of in runs.values() for run in all_of])}
        for value, all_of in runs.items():
            probes[value] = Cell(
                place=(0,), found=tuple(found[run] for run in all_of), holds=self.asked.holds
            )
        told([probes[value] for value in values])

    def _first(self) -> list[Number]:
        ends = (self.span.low, self.span.high)
        between = (self._at(place / (FIRST - 1)) for place in range(1, FIRST - 1))
        return sorted({*ends, *between})

    def _at(self, share: float) -> Number:
        low, high = self.span.low, self.span.high
        if self.span.is_log:
            return self._rounded(low * (high / low) ** share)
        return self._rounded(low + (high - low) * share)

    def _between(self, one: Number, other: Number) -> Number | None:
        """Give the middle of a range, if that is not narrow enough yet."""
        if abs(other - one) <= self.within * max(abs(one), abs(other)):
            return None
        middle = self._rounded(math.sqrt(one * other) if self.span.is_log else (one + other) / 2)
        return None if middle in (one, other) else middle

    def _rounded(self, value: float) -> Number:
        return round(value) if self.span.is_whole else float(f"{value:.{DIGITS}g}")

    def _turns(self, probes: dict[Number, Cell]) -> Iterator[tuple[Number, Number]]:
        """Give the pairs of neighbours of which one holds and the other does not."""
        for one, other in pairwise(sorted(probes)):
            if self.holds(probes[one]) != self.holds(probes[other]):
                yield one, other

    def _disorder(
        self, probes: dict[Number, Cell], last: Number, beyond: Number
    ) -> tuple[Number, ...]:
        """Give the values that break the order: failing among those that hold, or the reverse."""
        return tuple(
            value
            for value, cell in sorted(probes.items())
            if self.holds(cell) != (value <= last if last < beyond else value >= last)
        )


def sure_share(holding: int, runs: int) -> float:
    """Give the least share of all runs that hold, with 95 % confidence, if `holding` of `runs` do.

    The lower limit of Clopper and Pearson, one-sided: the share under which as many, or more, would
    be seen once in twenty times. By halving, to nine digits.

    Raises:
        ValueError: there is no run, or more hold than there are.

    """
    if not 0 <= holding <= runs or not runs:
        raise ValueError((holding, runs))
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        share = (low + high) / 2
        if _as_many(holding, runs, share) < 1 - CONFIDENCE:
            low = share
        else:
            high = share
    return low if holding else 0.0


def _as_many(holding: int, runs: int, share: float) -> float:
    """Give the probability that at least `holding` of `runs` hold, each with that probability."""
    return math.fsum(
        math.comb(runs, count) * share**count * (1 - share) ** (runs - count)
        for count in range(holding, runs + 1)
    )
