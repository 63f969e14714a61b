"""A sweep in the terminal, at most 80 columns, readable without colour."""

import math
from collections.abc import Iterator, Sequence

from rich.text import Text

from harness.model.numbers import short
from harness.report.text import UNKNOWN, cut, figure
from harness.sweep.axes import Value
from harness.sweep.grid import Cell, Swept

WIDTH = 80
CELL = 8
"""Characters of a cell that shows its number."""
NARROW = 2
LABEL = 12
GOOD, BAD, SPLIT, NOTHING = "·", "█", "▒", UNKNOWN
SHADES = "░▒▓█"
SIGNS = {"good": "\N{CHECK MARK}", "bad": "\N{BALLOT X}"}
"""What is beside a number in the report."""
BAR = 30
MARKS = "│┆╎"
"""Where a line of theory crosses a bar, the first line and those after it."""
STYLES = {GOOD: "green", BAD: "red", SPLIT: "yellow", NOTHING: "dim"}
LONGEST = 6


def lines(swept: Swept) -> Iterator[Text]:
    """Draw a sweep: a curve's values with bars, or a map with the second axis upwards."""
    yield Text(cut(_head(swept), WIDTH), "bold")
    if swept.title != swept.looked.name:
        yield Text(cut(measured(swept), WIDTH))
    yield from _curve(swept) if swept.is_flat else _map(swept)
    yield from (Text(cut(line, WIDTH)) for line in legend(swept))


def legend(swept: Swept) -> Iterator[str]:
    """Explain the signs that are there."""
    if swept.holds:
        yield f"{GOOD} {swept.said[0]}"
        yield f"{BAD} {swept.said[1]}"
    cells = swept.cells.values()
    if not all(cell.agrees for cell in cells):
        yield f"{SPLIT} seeds disagree; the number is their median"
    if any(cell.missing for cell in cells):
        yield f"{NOTHING} no data"
    for mark, line in zip(MARKS, swept.curves, strict=False):
        yield f"{mark} theory: {line.name} ({line.source})"
    if all(one is not None for one in swept.own):
        at = ", ".join(
            f"{axis.name}={short_value(value)}"
            for axis, value in zip(swept.grid.axes, swept.own, strict=True)
            if value is not None
        )
        yield f"[ ] nearest to the lab as it is: {at}"


def sign(swept: Swept, cell: Cell) -> str:
    """Give the sign of a cell: of what it does where something is demanded, else of data."""
    if cell.missing:
        return NOTHING
    if not cell.agrees:
        return SPLIT
    if swept.holds:
        return GOOD if cell.is_good else BAD
    return ""


def said(swept: Swept, cell: Cell) -> str:
    """Say a cell's value: how many seeds hold of a verdict, else the median."""
    if cell.missing:
        return UNKNOWN
    if swept.looked.is_verdict:
        return f"{cell.holding}/{len(cell.found)}"
    return value_said(swept, cell.middle)


def value_said(swept: Swept, value: float) -> str:
    """Say a value without its unit, which the heading has; "never" for a time without end."""
    if math.isinf(value) or math.isnan(value):
        return figure(value, swept.looked.unit)
    return f"{short(100 * value)}%" if swept.looked.is_share else short(value)


def short_value(value: Value) -> str:
    """Write an axis's value."""
    return value if isinstance(value, str) else short(value)


def own_place(swept: Swept) -> tuple[int, ...] | None:
    """Give the cell that is nearest to the lab as it is, if the grid reaches there."""
    if any(value is None for value in swept.own):
        return None
    return tuple(
        min(range(len(axis.values)), key=lambda at: abs(float(axis.values[at]) - float(own or 0)))
        for axis, own in zip(swept.grid.axes, swept.own, strict=True)
    )


def _head(swept: Swept) -> str:
    seeds = len(swept.grid.seeds)
    title = measured(swept) if swept.title == swept.looked.name else swept.title
    return f"{title} ({swept.grid.variant}, {seeds} seed{'s' * (seeds > 1)})"


def measured(swept: Swept) -> str:
    """Name what the numbers are, with their unit."""
    unit = f", in {swept.looked.unit}" if swept.looked.unit else ""
    return f"{swept.looked.name}{unit}"


def _map(swept: Swept) -> Iterator[Text]:
    across, up = swept.grid.axes
    room = WIDTH - LABEL - 1
    width = CELL if CELL * len(across.values) <= room else NARROW
    if width * len(across.values) > room:
        yield Text(f"{len(across.values)} columns are too many for a terminal: see the report")
        return
    own = own_place(swept)
    yield Text(cut(up.name, WIDTH))
    for second in reversed(range(len(up.values))):
        line = Text(f"{cut(short_value(up.values[second]), LABEL):>{LABEL}} ")
        for cell in swept.row(second):
            line.append_text(_cell(swept, cell, width, is_own=cell.place == own))
        yield line
    yield from _feet(swept, width)


def _feet(swept: Swept, width: int) -> Iterator[Text]:
    """Name the columns, and the boundaries of theory below them."""
    across = swept.grid.axes[0]
    if width == CELL:
        names = [short_value(value) for value in across.values]
        yield Text(" " * (LABEL + 1) + "".join(_foot(name) for name in names))
        yield Text(f"{across.name:>{min(WIDTH, LABEL + 1 + CELL * len(names))}}")
        for one in swept.lines:
            ends = "".join(_foot(place_said(value)) for value in one.values)
            yield Text(f"{cut(one.name, LABEL):>{LABEL}} {ends}", "italic")
        return
    first, last = short_value(across.values[0]), short_value(across.values[-1])
    wide = width * len(across.values) - len(first)
    yield Text(f"{'':{LABEL}} {first}{last:>{max(1, wide)}}")
    yield Text(cut(f"{across.name:>{min(WIDTH, LABEL + 1 + width * len(across.values))}}", WIDTH))


def _foot(text: str) -> str:
    return f"{cut(text, CELL - 1):>{CELL - 1}} "


def place_said(value: float) -> str:
    """Write a place on an axis; nothing where there is none."""
    return UNKNOWN if math.isnan(value) else short(value)


def _cell(swept: Swept, cell: Cell, width: int, *, is_own: bool) -> Text:
    mark = sign(swept, cell)
    style = STYLES.get(mark, "")
    if width == NARROW:
        shown = mark or _shade(swept, cell)
        return Text(f"[{shown}" if is_own else f" {shown}", style)
    text = cut(said(swept, cell), LONGEST) + (mark if mark != NOTHING else "")
    framed = f"[{text}]" if is_own else f"{text} "
    return Text(f"{framed:>{width}}", style)


def _shade(swept: Swept, cell: Cell) -> str:
    """Give one of a few shades for a value, between the least and the most that were found."""
    values = [one.middle for one in swept.cells.values() if math.isfinite(one.middle)]
    if not math.isfinite(cell.middle) or not values:
        return SHADES[-1]
    low, high = min(values), max(values)
    share = (cell.middle - low) / (high - low) if high > low else 0.0
    return SHADES[min(len(SHADES) - 1, int(share * len(SHADES)))]


def _curve(swept: Swept) -> Iterator[Text]:
    (across,) = swept.grid.axes
    levels = {at: _level(swept, cell) for (at,), cell in swept.cells.items()}
    expected = [value for line in swept.lines for value in line.values]
    ends = (abs(one) for one in (*levels.values(), *expected) if math.isfinite(one))
    top = max(ends, default=0.0)
    own = own_place(swept)
    yield Text(cut(across.name, WIDTH))
    if swept.lines:
        names = "".join(f" {cut(line.name, CELL):>{CELL}}" for line in swept.lines)
        yield Text(cut(f"{'':{LABEL}} {'seen':>{CELL}}{names}", WIDTH), "italic")
    for (at,), cell in sorted(swept.cells.items()):
        theory = [line.values[at] for line in swept.lines]
        bar = _crossed(_bar(levels[at], top), theory, top)
        low, high = (value_said(swept, value) for value in cell.spread)
        spread = f"{low} to {high}" if low != high and not swept.looked.is_verdict else ""
        label = (
            f"[{short_value(across.values[at])}]"
            if (at,) == own
            else (f"{short_value(across.values[at])} ")
        )
        says = "".join(f" {expected_said(swept, value):>{CELL}}" for value in theory)
        line = f"{label:>{LABEL}} {said(swept, cell):>{CELL}}{says} {sign(swept, cell):1} "
        text = f"{line}{bar:{BAR}} {spread}".rstrip()
        yield Text(cut(text, WIDTH), STYLES.get(sign(swept, cell), ""))


def expected_said(swept: Swept, value: float) -> str:
    """Say what theory expects as a value is said; nothing where it says nothing."""
    return UNKNOWN if math.isnan(value) else value_said(swept, value)


def _crossed(bar: str, theory: Sequence[float], top: float) -> str:
    """Put a mark over a bar where each line of theory would end it."""
    for mark, value in zip(MARKS, theory, strict=False):
        if math.isfinite(value) and top:
            at = min(BAR - 1, round(BAR * abs(value) / top))
            bar = f"{bar:{BAR}}"
            bar = bar[:at] + mark + bar[at + 1 :]
    return bar.rstrip()


def _level(swept: Swept, cell: Cell) -> float:
    return cell.level if swept.looked.is_verdict else cell.middle


def _bar(value: float, top: float) -> str:
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "█" * (BAR - 1) + "▶"
    return "█" * round(BAR * abs(value) / top) if top else ""
