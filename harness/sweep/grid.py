"""A grid of cells: one or two axes, the runs of each cell, and what they came to together."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from harness.errors import LabError
from harness.model.expect import Bound
from harness.sweep.axes import Axis, Value
from harness.sweep.cells import Found, Run
from harness.sweep.measures import Looked

MOST_RUNS = 20_000
Place = tuple[int, ...]
"""Which value of each axis, counted from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """What is swept: a lab's variant, what is set besides, the axes, the seeds and a measure."""

    slug: str
    variant: str
    settings: tuple[str, ...]
    axes: tuple[Axis, ...]
    seeds: tuple[int, ...]
    measure: str

    def places(self) -> Iterator[Place]:
        """Give all cells, the second axis going on fastest."""
        if len(self.axes) == 1:
            yield from ((first,) for first in range(len(self.axes[0].values)))
            return
        first, second = (range(len(axis.values)) for axis in self.axes)
        yield from ((one, other) for one in first for other in second)

    def edges(self) -> Iterator[Place]:
        """Give the cells of the first and the last value of an axis: all values are among them."""
        ends = [{0, len(axis.values) - 1} for axis in self.axes]
        for place in self.places():
            if len(place) == 1 or any(at in end for at, end in zip(place, ends, strict=True)):
                yield place

    def values(self, place: Place) -> tuple[Value, ...]:
        """Give the axes' values of a cell."""
        return tuple(axis.values[at] for axis, at in zip(self.axes, place, strict=True))

    def assigned(self, place: Place) -> tuple[str, ...]:
        """Give the settings of a cell, as `--set` takes them."""
        values = zip(self.axes, self.values(place), strict=True)
        return tuple(axis.assignment(value) for axis, value in values)

    def runs(self, place: Place) -> Iterator[Run]:
        """Give the runs of a cell, one a seed."""
        for seed in self.seeds:
            yield Run(
                slug=self.slug,
                variant=self.variant,
                settings=(*self.settings, *self.assigned(place)),
                measure=self.measure,
                seed=seed,
            )

    def refuse_too_many(self) -> None:
        """Refuse a grid that nobody waits for.

        Raises:
            LabError: there are too many runs.

        """
        cells = math.prod(len(axis.values) for axis in self.axes)
        runs = cells * len(self.seeds)
        if runs > MOST_RUNS:
            raise LabError(
                f"{cells:,} cells with {len(self.seeds)} seeds each are {runs:,} runs; "
                f"{MOST_RUNS:,} at most: take larger steps or fewer --seeds"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What the runs of one cell came to, in the order of the seeds."""

    place: Place
    found: tuple[Found, ...]
    holds: Bound | None = None
    """What a value must meet to hold; None where nothing is demanded."""

    @property
    def known(self) -> list[float]:
        """The values that there are; infinity is one."""
        return [one.value for one in self.found if not one.missing]

    @property
    def missing(self) -> str:
        """Why there is no value, if no seed has one."""
        return "" if self.known else (self.found[0].missing if self.found else "not run")

    @property
    def middle(self) -> float:
        """The median over the seeds; of an even number, the one above, so that it was found."""
        values = sorted(self.known)
        return values[len(values) // 2] if values else math.nan

    @property
    def spread(self) -> tuple[float, float]:
        """The smallest and the largest value."""
        return (min(self.known), max(self.known)) if self.known else (math.nan, math.nan)

    @property
    def holding(self) -> int:
        """Under how many seeds it holds; a run without a value does not."""
        return sum(self.holds.holds(value) for value in self.known) if self.holds else 0

    @property
    def level(self) -> float:
        """The share of the seeds under which it holds."""
        return self.holding / len(self.found) if self.found else math.nan

    @property
    def agrees(self) -> bool:
        """Whether all seeds say the same: hold or not, have a value or not, come back or never."""
        if self.holds:
            return self.holding in (0, len(self.found))
        kinds = {"none" if one.missing else math.isinf(one.value) for one in self.found}
        return len(kinds) <= 1

    @property
    def is_good(self) -> bool:
        """Whether it holds under more than half of the seeds."""
        return 2 * self.holding > len(self.found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What theory draws, for each value of the first axis.

    Over a map it is a boundary, a value of the second axis; over a curve what theory expects there.
    """

    name: str
    source: str
    values: tuple[float, ...]
    decisive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """A grid with all that was found, as pictures and tables show it."""

    grid: Grid
    title: str
    looked: Looked
    cells: Mapping[Place, Cell]
    holds: Bound | None = None
    said: tuple[str, str] = ("holds", "does not hold")
    """What holding and not holding means, in words."""
    until: str = ""
    """The bound as a person writes it; "" where there is none, or all claims must hold."""
    lines: tuple[Line, ...] = ()
    own: tuple[Value | None, ...] = field(default=())
    """The lab's own values on the axes."""

    def row(self, second: int) -> list[Cell]:
        """Give the cells of one value of the second axis."""
        return [self.cells[first, second] for first in range(len(self.grid.axes[0].values))]

    @property
    def is_flat(self) -> bool:
        """Whether there is one axis alone."""
        return len(self.grid.axes) == 1

    @property
    def curves(self) -> tuple[Line, ...]:
        """What theory expects over the one axis; nothing of a map with two."""
        return self.lines if self.is_flat else ()

    def change(self, first: int) -> tuple[float, float] | None:
        """Give between which values of the second axis a column stops to hold, or begins to.

        Beyond the grid, an end is infinite. None where there is more than one change.
        """
        values = [float(value) for value in self.grid.axes[1].values]
        good = [cell.is_good for cell in self._column(first)]
        turns = [at for at in range(1, len(good)) if good[at] != good[at - 1]]
        if len(turns) == 1:
            return values[turns[0] - 1], values[turns[0]]
        if turns:
            return None
        is_above = good[0] == self.holds_below
        return (values[-1], math.inf) if is_above else (-math.inf, values[0])

    @property
    def holds_below(self) -> bool:
        """Whether it is the small values of the second axis that hold, in most columns."""
        ends = [(column[0].is_good, column[-1].is_good) for column in self._columns()]
        return sum(low >= high for low, high in ends) * 2 >= len(ends)

    def _columns(self) -> Iterator[list[Cell]]:
        return (self._column(first) for first in range(len(self.grid.axes[0].values)))

    def _column(self, first: int) -> list[Cell]:
        return [self.cells[first, second] for second in range(len(self.grid.axes[1].values))]
