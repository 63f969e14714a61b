"""The parts that pictures of sweeps are made of, and where they go, in the picture's own units."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from harness.report import sweep_text as text
from harness.sweep.axes import Axis, Value
from harness.sweep.grid import Cell, Swept

LEFT, TOP, FOOT, RIGHT = 92.0, 14.0, 46.0, 84.0
WIDE = 760.0
"""How wide all columns of a map, or a curve, may be together."""
BROADEST, NARROWEST, HIGH = 110.0, 14.0, 30.0
READABLE = 46.0
"""From which width on a cell shows its number."""
HALF = 0.5
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
    """A line of theory: a path, and where its name stands."""

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


def own(swept: Swept, across: Scale, up: Scale) -> tuple[float, float] | None:
    """Give the point of the lab as it is, where the axes reach it."""
    places = [
        where(axis, float(value))
        for axis, value in zip(swept.grid.axes, swept.own, strict=True)
        if value is not None
    ]
    known = [place for place in places if place is not None]
    return (across(known[0]), up(known[-1])) if len(known) == len(swept.grid.axes) else None


def look(swept: Swept, cell: Cell, shades: tuple[float, float]) -> tuple[str, float]:
    """Give how a cell is filled, and how dark, between the least and the most value."""
    if cell.missing:
        return "none", 0.0
    if swept.holds:
        return ("good" if cell.is_good else "bad"), 0.0
    if math.isinf(cell.middle):
        return "never", 0.0
    low, high = shades
    return "shade", (cell.middle - low) / (high - low) if high > low else 0.5


def labels(values: Sequence[Value], pitch: float, *, room: float) -> Iterator[tuple[int, str]]:
    """Choose the values of an axis that are written: as many as there is room for."""
    every = math.ceil(max(1.0, room / pitch))
    for at, value in enumerate(values):
        if at % every == 0:
            yield at, text.short_value(value)
