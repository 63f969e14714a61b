"""A search: the last value of a setting at which a lab still holds, by bisection over seeds.

First the ends and three values between them are probed, which shows whether there is one change at
all, and in which direction. Then the range between the last that holds and the first that does not
is halved until it is narrow enough. A probe holds if every one of its runs does; how sure that is
follows from their number (Clopper and Pearson, Biometrika 1934): if n of n hold, then with 95 %
confidence more than 0.05^(1/n) of all runs do.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.sweep.asking import Asked
from harness.sweep.axes import Axis, Span
from harness.sweep.cells import Found, Run
from harness.sweep.grid import Cell

FIRST = 5
"""How many values are probed before the range is halved, its ends included."""
MOST_HALVINGS = 40
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
        """Whether what holds lies below."""
        return self.last is not None and self.beyond is not None and self.last < self.beyond


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Where a value is looked for, and how narrowly, as a share of the value."""

    asked: Asked
    span: Span
    within: float

    def run(self, do: Do, told: Callable[[Sequence[Cell]], None]) -> Answer:
        """Probe until the answer is narrow enough; `told` hears of the probes as they are done."""
        probes: dict[Number, Cell] = {}
        self._probe(self._first(), probes, do, told)
        turns = _turns(probes)
        if not turns:
            return Answer(probes=probes)
        for _ in range(MOST_HALVINGS):
            middle = self._between(*turns[0])
            if middle is None:
                break
            self._probe([middle], probes, do, told)
            turns = [_turn_within(probes, turns[0])]
        last, beyond = turns[0] if holds(probes[turns[0][0]]) else turns[0][::-1]
        return Answer(
            probes=probes, last=last, beyond=beyond, disorder=_disorder(probes, last, beyond)
        )

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


def holds(cell: Cell) -> bool:
    """Whether every run of a probe holds."""
    return cell.holding == len(cell.found)


def sure_share(runs: int) -> float:
    """Give the least share of all runs that hold, with 95 % confidence, where `runs` of `runs` do.

    Raises:
        ValueError: there is no run.

    """
    if runs < 1:
        raise ValueError(runs)
    return float((1 - CONFIDENCE) ** (1 / runs))


def _turns(probes: dict[Number, Cell]) -> list[tuple[Number, Number]]:
    """Give the pairs of neighbours of which one holds and the other does not."""
    pairs = pairwise(sorted(probes))
    return [(one, other) for one, other in pairs if holds(probes[one]) != holds(probes[other])]


def _turn_within(
    probes: dict[Number, Cell], before: tuple[Number, Number]
) -> tuple[Number, Number]:
    low, high = before
    return next(turn for turn in _turns(probes) if low <= turn[0] and turn[1] <= high)


def _disorder(probes: dict[Number, Cell], last: Number, beyond: Number) -> tuple[Number, ...]:
    """Give the values on the side of what holds that do not, and the other way round."""
    is_below = last < beyond
    return tuple(
        value
        for value, cell in sorted(probes.items())
        if holds(cell) != ((value <= last) if is_below else (value >= last))
    )
