"""A formula's curve in letters, and as a few lines of numbers."""

import math
from collections.abc import Iterator, Sequence

from harness.calculators.curves import Curve, Point, extent
from harness.calculators.units import plain, said
from harness.report.text import cut

HEIGHT, FEWEST_COLUMNS = 11, 20
MARKS = "●abcdefgh"
"""The first is for a line that is alone, the others for several."""
TABLE_ROWS = 7
LABELS = 12


def drawn(curve: Curve, width: int) -> list[str]:
    """Draw a curve, none of its lines longer than a width; its values are at the left."""
    lines = curve.lines
    columns = max(FEWEST_COLUMNS, min(len(curve.points), width - LABELS - 2))
    low, high = extent(lines)
    grid = [[" "] * columns for _ in range(HEIGHT)]
    for mark, line in zip(_marks(len(lines)), lines, strict=False):
        for at, height in line:
            row = round((high - height) / (high - low) * (HEIGHT - 1))
            grid[row][_column(curve, at, columns)] = mark
    labels = {0: high, HEIGHT // 2: (low + high) / 2, HEIGHT - 1: low}
    told = [
        f"{cut(plain(labels[row]), LABELS) if row in labels else '':>{LABELS}} │{''.join(cells)}"
        for row, cells in enumerate(grid)
    ]
    first, last = (plain(curve.points[end].at) for end in (0, -1))
    gap = " " * max(1, columns - len(first) - len(last))
    indent = " " * (LABELS + 1)
    return [
        *(line.rstrip() for line in told),
        f"{indent}└{'─' * columns}",
        f"{indent} {first}{gap}{last}",
    ]


def rows(curve: Curve) -> Iterator[tuple[str, str]]:
    """Give some points of a curve, evenly spread, as the argument's value and the result's."""
    last = len(curve.points) - 1
    chosen = dict.fromkeys(round(n * last / (TABLE_ROWS - 1)) for n in range(TABLE_ROWS))
    for number in chosen:
        point = curve.points[number]
        yield said(point.at, curve.argument.unit), _result(point, curve.unit)


def _result(point: Point, unit: str) -> str:
    return point.refused or said(point.result, unit)


def _marks(count: int) -> Sequence[str]:
    return MARKS[:1] if count <= 1 else [MARKS[1 + n % (len(MARKS) - 1)] for n in range(count)]


def _column(curve: Curve, at: float, columns: int) -> int:
    first, last = curve.points[0].at, curve.points[-1].at
    if curve.argument.logarithmic and first > 0:
        share = math.log(at / first) / math.log(last / first)
    else:
        share = (at - first) / (last - first) if last > first else 0.0
    return round(share * (columns - 1))
