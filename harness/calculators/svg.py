"""A formula's curve as an SVG, in the colours of the page that it stands in."""

import math
from collections.abc import Iterator, Sequence
from html import escape

from harness.calculators.curves import Curve, extent
from harness.calculators.units import plain
from harness.model.numbers import short

WIDE, TALL = 400, 230
LEFT, RIGHT, TOP, BOTTOM = 58, 12, 12, 40
"""Room around the curve, for the figures of the axes."""
MOST_TICKS = 5
STEPS = (1, 2, 5, 10)
Line = Sequence[tuple[float, float]]


def svg(curve: Curve, label: str, at: float | None = None) -> str:
    """Draw a curve; a dot marks the value at `at`. The label is what a screen reader says."""
    low, high = extent(curve.lines)
    parts = [
        f'<svg class="curve" viewBox="0 0 {WIDE} {TALL}" role="img" aria-label="{escape(label)}">'
    ]
    parts += _level(low, high)
    parts += _across(curve)
    for number, line in enumerate(curve.lines):
        for piece in _pieces(curve, line):
            parts.append(_drawn(curve, piece, low, high, number))
    if at is not None:
        parts += _dots(curve, at, low, high)
    title = escape(f"{curve.argument.name}, {curve.argument.unit}".rstrip(", "))
    parts.append(
        f'<text x="{(LEFT + WIDE - RIGHT) / 2:g}" y="{TALL - 6}" class="mid">{title}</text>'
    )
    return "".join([*parts, "</svg>"])


def ticks(low: float, high: float) -> list[float]:
    """Give round numbers from one to another, five at most, evenly apart."""
    raw = (high - low) / MOST_TICKS
    if raw <= 0 or not math.isfinite(raw):
        return [low]
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(step * power for step in STEPS if step * power >= raw * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def powers(low: float, high: float) -> list[float]:
    """Give the powers of ten between two numbers, every second or third where they are many."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    if last - first < 1:
        return [low, high]
    return [10.0**number for number in range(first, last + 1, 1 + (last - first) // MOST_TICKS)]


def _level(low: float, high: float) -> Iterator[str]:
    for tick in ticks(low, high):
        y = _y(tick, low, high)
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDE - RIGHT}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" class="end">{escape(short(tick))}</text>'


def _across(curve: Curve) -> Iterator[str]:
    first, last = curve.points[0].at, curve.points[-1].at
    scale = powers if curve.argument.logarithmic and first > 0 else ticks
    for tick in scale(first, last):
        x = _x(curve, tick)
        yield f'<path class="grid" d="M{x:.1f} {TALL - BOTTOM}v4"/>'
        text = escape(plain(tick))
        yield f'<text x="{x:.1f}" y="{TALL - BOTTOM + 17}" class="mid">{text}</text>'


def _pieces(curve: Curve, line: Line) -> Iterator[Line]:
    """Cut a line where there are points without a value."""
    places = {point.at: number for number, point in enumerate(curve.points)}
    piece: list[tuple[float, float]] = []
    for at, height in line:
        if piece and places[at] != places[piece[-1][0]] + 1:
            yield piece
            piece = []
        piece.append((at, height))
    if piece:
        yield piece


def _drawn(curve: Curve, line: Line, low: float, high: float, number: int) -> str:
    points = " ".join(f"{_x(curve, at):.1f},{_y(height, low, high):.1f}" for at, height in line)
    return f'<polyline class="line line-{number % 2}" points="{points}"/>'


def _dots(curve: Curve, at: float, low: float, high: float) -> Iterator[str]:
    """Mark the nearest point of each line to a value."""
    for line in curve.lines:
        near = min(line, key=lambda point: abs(point[0] - at), default=None)
        if near:
            x, y = _x(curve, near[0]), _y(near[1], low, high)
            yield f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>'


def _x(curve: Curve, at: float) -> float:
    return LEFT + curve.share(at) * (WIDE - LEFT - RIGHT)


def _y(height: float, low: float, high: float) -> float:
    return TOP + (high - height) / (high - low) * (TALL - TOP - BOTTOM)
