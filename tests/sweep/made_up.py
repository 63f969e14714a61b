"""A sweep whose values are made up, for what draws and tells of it."""

import math
from collections.abc import Callable

from harness.measures import recovery_s
from harness.model.expect import Bound
from harness.sweep.axes import axis
from harness.sweep.cells import Found
from harness.sweep.grid import Cell, Grid, Line, Swept
from harness.sweep.measures import Looked

RECOVERY = Looked(name="time to recover", unit="s", measure=recovery_s())
Value = Callable[..., float]
"""From the axes' values and the seed to a run's value."""


def swept(
    *axes: str,
    value: Value,
    until: Bound | None = None,
    lines: tuple[Line, ...] = (),
    seeds: int = 2,
    verdict: bool = False,
) -> Swept:
    """Give a sweep of axes; a value that is NaN is missing."""
    grid = Grid(
        slug="retry-storm",
        variant="naive",
        settings=("payments.workers=4",),
        axes=tuple(map(axis, axes)),
        seeds=tuple(range(1, seeds + 1)),
        measure="recovery",
    )
    cells = {}
    for place in grid.places():
        found = tuple(
            Found(run=run, value=one, missing="nothing was sent" if math.isnan(one) else "")
            for run in grid.runs(place)
            for one in [float(value(*grid.values(place), run.seed))]
        )
        cells[place] = Cell(place=place, found=found, holds=until)
    return Swept(
        grid=grid,
        title="time to recover",
        looked=Looked(name="claims hold") if verdict else RECOVERY,
        cells=cells,
        holds=until,
        said=("comes back", "stays down"),
        until="<=16" if until else "",
        lines=lines,
        own=(3, 50)[: len(axes)],
    )
