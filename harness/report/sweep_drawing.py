"""Where the parts of a sweep's picture go: a map, or a curve."""

import math

from harness.report import sweep_text as text
from harness.report.sweep_curve import curve
from harness.report.sweep_shapes import (
    BROADEST,
    FOOT,
    HIGH,
    LEFT,
    NARROWEST,
    READABLE,
    RIGHT,
    TOP,
    WIDE,
    Box,
    Drawing,
    Mark,
    Stroke,
    labels,
    look,
    own,
    where,
)
from harness.sweep.axes import Axis
from harness.sweep.grid import Cell, Line, Swept


def drawn(swept: Swept) -> Drawing:
    """Place all parts of a sweep's picture."""
    return curve(swept) if swept.is_flat else _map(swept)


def _map(swept: Swept) -> Drawing:
    across, up = swept.grid.axes
    width = min(BROADEST, max(NARROWEST, WIDE / len(across.values)))
    bottom = TOP + HIGH * len(up.values)
    middles = [cell.middle for cell in swept.cells.values() if math.isfinite(cell.middle)]
    shades = (min(middles, default=0.0), max(middles, default=0.0))

    def right(at: float) -> float:
        return LEFT + width * (at + 0.5)

    def high(at: float) -> float:
        return bottom - HIGH * (at + 0.5)

    return Drawing(
        width=LEFT + width * len(across.values) + RIGHT,
        height=bottom + FOOT,
        boxes=tuple(
            _box(swept, cell, (right(at - 0.5), high(above + 0.5)), width, shades)
            for (at, above), cell in swept.cells.items()
        ),
        strokes=tuple(
            stroke for line in swept.lines if (stroke := _stroke(line, up, width, bottom))
        ),
        across=tuple(
            Mark(x=right(at), y=bottom + 18, said=said)
            for at, said in labels(across.values, width, room=READABLE)
        ),
        up=tuple(
            Mark(x=LEFT - 8, y=high(at) + 4, said=said)
            for at, said in labels(up.values, HIGH, room=HIGH)
        ),
        own=own(swept, right, high),
    )


def _box(
    swept: Swept, cell: Cell, corner: tuple[float, float], width: float, shades: tuple[float, float]
) -> Box:
    kind, share = look(swept, cell, shades)
    said = text.said(swept, cell) if width >= READABLE else ""
    return Box(
        cell=cell,
        x=corner[0],
        y=corner[1],
        width=width,
        height=HIGH,
        kind=kind,
        share=share,
        is_split=not cell.agrees,
        said=said + (text.SIGNS[kind] if said and kind in text.SIGNS else ""),
    )


def _stroke(line: Line, up: Axis, width: float, bottom: float) -> Stroke | None:
    """Draw a boundary as a step a column; nothing where it lies outside of the map."""
    path, end = "", None
    for first, value in enumerate(line.values):
        place = None if math.isnan(value) else where(up, value)
        if place is None:
            end = None
            continue
        y = bottom - HIGH * (place + 0.5)
        left = LEFT + width * first
        path += f"{'L' if end is not None else 'M'}{left:g},{y:g} H{left + width:g} "
        end = Mark(x=left + width + 6, y=y + 4, said=line.name)
        name = end
    return Stroke(path=path.strip(), name=name, decisive=line.decisive) if path else None
