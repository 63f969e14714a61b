"""Where the parts of a sweep's picture go, in the picture's own units: a map, or a curve."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from harness.report import sweep_text as text
from harness.sweep.axes import Axis, Value
from harness.sweep.grid import Cell, Line, Swept

LEFT, TOP, FOOT, RIGHT = 92.0, 14.0, 46.0, 84.0
WIDE = 760.0
"""How wide all columns of a map, or a curve, may be together."""
BROADEST, NARROWEST, HIGH = 110.0, 14.0, 30.0
READABLE = 46.0
"""From which width on a cell shows its number."""
CURVE_HIGH = 300.0
HALF = 0.5
MOST_TICKS = 7
Scale = Callable[[float], float]
"""Turns a place on an axis, or a value, into a coordinate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A cell of a map: where it is, what it says, and how it is filled."""

    cell: Cell
    x: float
    y: float
    width: float
    height: float
    kind: str
    """`good`, `bad`, `none`, `never`, or `shade` for a value that is only shown."""
    share: float
    """How dark a shade is, 0 to 1."""
    is_split: bool
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A word at an axis."""

    x: float
    y: float
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """A boundary of theory: a path, and where its name stands."""

    path: str
    name: Mark
    decisive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A picture: its size, boxes of a map or points of a curve, axes, lines and the own point."""

    width: float
    height: float
    boxes: tuple[Box, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    across: tuple[Mark, ...] = ()
    up: tuple[Mark, ...] = ()
    own: tuple[float, float] | None = None
    band: str = ""
    """A curve's spread over the seeds, as the points of a polygon."""
    line: str = ""
    limits: tuple[float, ...] = ()
    """Heights of the edges that a curve must not cross."""


def drawn(swept: Swept) -> Drawing:
    """Place all parts of a sweep's picture."""
    return _curve(swept) if swept.is_flat else _map(swept)


def where(axis: Axis, value: float) -> float | None:
    """Give where a value lies between an axis's values, counted from 0.

    A value beyond an end by up to half a step is still there; None where it is farther out.
    """
    values = [float(one) for one in axis.values]
    if len(values) == 1:
        return 0.0 if value == values[0] else None
    below = max((at for at in range(len(values) - 1) if values[at] <= value), default=0)
    place = below + _share(values[below], values[below + 1], value, is_log=axis.is_log)
    return place if -HALF <= place <= len(values) - HALF else None


def _share(low: float, high: float, value: float, *, is_log: bool) -> float:
    if is_log and min(low, value) > 0:
        return math.log(value / low) / math.log(high / low)
    return (value - low) / (high - low)


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
            for at, said in _labels(across.values, width, room=READABLE)
        ),
        up=tuple(
            Mark(x=LEFT - 8, y=high(at) + 4, said=said)
            for at, said in _labels(up.values, HIGH, room=HIGH)
        ),
        own=_own(swept, right, high),
    )


def _own(swept: Swept, across: Scale, up: Scale) -> tuple[float, float] | None:
    """Give the point of the lab as it is, where the axes reach it."""
    places = [
        where(axis, float(value))
        for axis, value in zip(swept.grid.axes, swept.own, strict=True)
        if value is not None
    ]
    known = [place for place in places if place is not None]
    return (across(known[0]), up(known[-1])) if len(known) == len(swept.grid.axes) else None


def _box(
    swept: Swept, cell: Cell, corner: tuple[float, float], width: float, shades: tuple[float, float]
) -> Box:
    kind, share = _look(swept, cell, shades)
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


def _look(swept: Swept, cell: Cell, shades: tuple[float, float]) -> tuple[str, float]:
    if cell.missing:
        return "none", 0.0
    if swept.holds:
        return ("good" if cell.is_good else "bad"), 0.0
    if math.isinf(cell.middle):
        return "never", 0.0
    low, high = shades
    return "shade", (cell.middle - low) / (high - low) if high > low else 0.5


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


def _labels(values: Sequence[Value], pitch: float, *, room: float) -> Iterator[tuple[int, str]]:
    """Choose the values of an axis that are written: as many as there is room for."""
    every = math.ceil(max(1.0, room / pitch))
    for at, value in enumerate(values):
        if at % every == 0:
            yield at, text.short_value(value)


def _curve(swept: Swept) -> Drawing:
    """Draw the median over the seeds, and between the least and the most of them a band."""
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
    own = _own(swept, across, lambda _: TOP)
    return Drawing(
        width=LEFT + WIDE + RIGHT,
        height=TOP + CURVE_HIGH + FOOT,
        boxes=tuple(_point(swept, cell, x, y) for (x, cell), y in zip(known, heights, strict=True)),
        across=tuple(
            Mark(x=across(at), y=TOP + CURVE_HIGH + 18, said=said)
            for at, said in _labels(axis.values, pitch, room=READABLE)
        ),
        up=tuple(
            Mark(x=LEFT - 8, y=up(value) + 4, said=_tick(swept, value))
            for value in _ticks(low, high)
        ),
        own=own,
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


def level(swept: Swept, cell: Cell) -> float:
    """Give how high a curve is: the median, or of a verdict the share of seeds that hold."""
    return cell.level if swept.looked.is_verdict else cell.middle


def _spread(swept: Swept, cell: Cell) -> tuple[float, float]:
    return (cell.level, cell.level) if swept.looked.is_verdict else cell.spread


def _point(swept: Swept, cell: Cell, x: float, y: float) -> Box:
    kind, _ = _look(swept, cell, (0, 0))
    never = text.said(swept, cell) if math.isinf(cell.middle) else ""
    return Box(
        cell=cell, x=x, y=y, width=0, height=0, kind=kind, share=0, is_split=not cell.agrees,
        said=never,
    )  # fmt: skip


def _reach(swept: Swept, cells: Sequence[Cell]) -> tuple[float, float]:
    """Give the ends of a curve's axis: 0 and all that was found."""
    values = [value for cell in cells for value in cell.spread if math.isfinite(value)]
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
