"""A sweep with one axis as a picture: the median, its spread, and theory's line over it."""

import math
from collections.abc import Sequence

from harness.report import sweep_text as text
from harness.report.sweep_shapes import (
    FOOT,
    LEFT,
    READABLE,
    RIGHT,
    TOP,
    WIDE,
    Box,
    Drawing,
    Mark,
    Scale,
    Stroke,
    labels,
    look,
    own,
)
from harness.sweep.grid import Cell, Line, Swept

CURVE_HIGH = 300.0
MOST_TICKS = 7


def curve(swept: Swept) -> Drawing:
    """Draw the median over the seeds, between the least and the most a band, and theory's lines."""
    (axis,) = swept.grid.axes
    cells = [swept.cells[at,] for at in range(len(axis.values))]
    pitch = WIDE / len(cells)
    low, high = _reach(swept, cells)

    def across(at: float) -> float:
        return LEFT + pitch * (at + 0.5)

    def up(value: float) -> float:
        if math.isinf(value):
            return TOP if value > 0 else TOP + CURVE_HIGH
        return TOP + CURVE_HIGH * (1 - 0.94 * (value - low) / (high - low))

    known = [(across(at), cell) for at, cell in enumerate(cells) if not cell.missing]
    heights = [up(level(swept, cell)) for _, cell in known]
    over = [f"{x:g},{up(_spread(swept, cell)[1]):g}" for x, cell in known]
    under = [f"{x:g},{up(_spread(swept, cell)[0]):g}" for x, cell in reversed(known)]
    here = own(swept, across, lambda _: TOP)
    return Drawing(
        width=LEFT + WIDE + RIGHT,
        height=TOP + CURVE_HIGH + FOOT,
        boxes=tuple(_point(swept, cell, x, y) for (x, cell), y in zip(known, heights, strict=True)),
        across=tuple(
            Mark(x=across(at), y=TOP + CURVE_HIGH + 18, said=said)
            for at, said in labels(axis.values, pitch, room=READABLE)
        ),
        up=tuple(
            Mark(x=LEFT - 8, y=up(value) + 4, said=_tick(swept, value))
            for value in _ticks(low, high)
        ),
        own=here,
        strokes=tuple(one for line in swept.lines if (one := _stroke(line, across, up))),
        band=" ".join([*over, *under]),
        line=" ".join(f"{x:g},{y:g}" for (x, _), y in zip(known, heights, strict=True)),
        limits=tuple(
            up(edge)
            for edge in (swept.holds.at_least, swept.holds.at_most)
            if not swept.looked.is_verdict and low <= edge <= high
        )
        if swept.holds
        else (),
    )


def _stroke(line: Line, across: Scale, up: Scale) -> Stroke | None:
    """Draw what theory expects from value to value; nothing where it says nothing, or no end."""
    path, name, is_broken = "", None, True
    for at, value in enumerate(line.values):
        if not math.isfinite(value):
            is_broken = True
            continue
        x, y = across(at), up(value)
        path += f"{'M' if is_broken else 'L'}{x:g},{y:g} "
        is_broken = False
        name = Mark(x=x + 10, y=y + 4, said=line.name)
    return Stroke(path=path.strip(), name=name, decisive=line.decisive) if name else None


def level(swept: Swept, cell: Cell) -> float:
    """Give how high a curve is: the median, or of a verdict the share of seeds that hold."""
    return cell.level if swept.looked.is_verdict else cell.middle


def _spread(swept: Swept, cell: Cell) -> tuple[float, float]:
    return (cell.level, cell.level) if swept.looked.is_verdict else cell.spread


def _point(swept: Swept, cell: Cell, x: float, y: float) -> Box:
    kind, _ = look(swept, cell, (0, 0))
    never = text.said(swept, cell) if math.isinf(cell.middle) else ""
    return Box(
        cell=cell,
        x=x,
        y=y,
        width=0,
        height=0,
        kind=kind,
        share=0,
        is_split=not cell.agrees,
        said=never,
    )


def _reach(swept: Swept, cells: Sequence[Cell]) -> tuple[float, float]:
    """Give the ends of a curve's axis: 0, all that was found, and what theory expects."""
    every = (*(cell.spread for cell in cells), *(line.values for line in swept.lines))
    values = [value for some in every for value in some if math.isfinite(value)]
    if swept.looked.is_verdict or swept.looked.is_share:
        return 0.0, 1.0
    low, high = min(0.0, *values, 0.0), max(0.0, *values, 0.0)
    return (low, high) if high > low else (0.0, 1.0)


def _tick(swept: Swept, value: float) -> str:
    return f"{100 * value:g}%" if swept.looked.is_verdict else text.value_said(swept, value)


def _ticks(low: float, high: float) -> list[float]:
    """Give some five round marks of an axis."""
    power = 10.0 ** math.floor(math.log10(high - low))
    step = next(
        one * power
        for one in (0.1, 0.2, 0.5, 1.0, 2.0)
        if (high - low) / (one * power) < MOST_TICKS
    )
    first = math.ceil(low / step - 1e-9)
    return [round(step * at, 12) for at in range(first, math.floor(high / step + 1e-9) + 1)]
