"""A formula's curve in letters."""

from collections.abc import Sequence

from harness.calculators.curves import Curve, extent
from harness.calculators.units import plain
from harness.report.text import cut

HEIGHT, FEWEST_COLUMNS = 11, 20
MARKS = "●abcdefgh"
"""The first is for a line that is alone, the others for several."""
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
            grid[row][round(curve.share(at) * (columns - 1))] = mark
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


def _marks(count: int) -> Sequence[str]:
    return MARKS[:1] if count <= 1 else [MARKS[1 + n % (len(MARKS) - 1)] for n in range(count)]
