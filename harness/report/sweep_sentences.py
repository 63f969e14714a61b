"""What a sweep has found, in sentences."""

import math
from collections.abc import Iterator, Sequence

from harness.model.numbers import short
from harness.report.text import figure
from harness.sweep.grid import Cell, Line, Swept
from harness.sweep.search import CONFIDENCE, Answer, Number, Search, sure_share


def of_map(swept: Swept) -> Iterator[str]:
    """Say how far what was found is from what theory says."""
    if swept.is_flat:
        yield from (_of_curve(swept, line) for line in swept.lines)
        return
    decisive = [line for line in swept.lines if line.decisive]
    if not decisive or not swept.holds:
        return
    cells = cells_off(swept, decisive)
    names = " and ".join(line.name for line in decisive)
    if not cells:
        yield f"No column changes once, as theory's {names} has it."
        return
    columns = f"in {len(cells)} of {len(swept.grid.axes[0].values)} columns"
    if len(decisive) == 1:
        yield f"The change lies at most {max(cells):.1f} cells from theory's {names}, {columns}."
    elif not any(cells):
        yield f"The change lies between theory's {names}, {columns}."
    else:
        yield (
            f"The change lies at most {max(cells):.1f} cells outside of what is between theory's "
            f"{names}, {columns}."
        )


def cells_off(swept: Swept, lines: Sequence[Line]) -> list[float]:
    """Give how many cells lie between theory's boundary and the change that was found.

    With several lines it is to be between the least and the most of them. One figure a column; a
    column without a change, or with several, has none. 0 is between the same two cells.
    """
    values = [float(value) for value in swept.grid.axes[1].values]
    step = (values[-1] - values[0]) / max(1, len(values) - 1) or 1.0
    found = []
    for first, theory in enumerate(zip(*(line.values for line in lines), strict=True)):
        change = swept.change(first)
        if change and not any(map(math.isnan, theory)):
            low, high = min(theory), max(theory)
            found.append(max(0.0, change[0] - high, low - change[1]) / step)
    return found


def _of_curve(swept: Swept, line: Line) -> str:
    """Say where a curve is farthest from theory, as a share of what theory expects."""
    off = {
        at: abs(cell.middle / line.values[at] - 1)
        for (at,), cell in swept.cells.items()
        if not cell.missing and math.isfinite(cell.middle) and line.values[at] not in (0, math.inf)
    }
    known = {at: share for at, share in off.items() if not math.isnan(share)}
    if not known:
        return f"Nothing was found where theory's {line.name} says what to expect."
    (axis,) = swept.grid.axes
    at = max(known, key=known.__getitem__)
    return (
        f"The median lies at most {short(100 * known[at])} % from theory's {line.name}, at "
        f"{axis.assignment(axis.values[at])}."
    )


def of_probe(cell: Cell) -> str:
    """Say what one probe came to."""
    value = cell.found[0].run.settings[-1]
    missing = f" ({cell.missing})" if cell.missing else ""
    return f"{value}: {_count(cell)} hold{missing}"


def of_answer(search: Search, answer: Answer) -> str:
    """Answer in one sentence."""
    name, variant = search.span.name, search.asked.variant
    if not answer.is_found:
        low, high = search.span.low, search.span.high
        everywhere = all(map(search.holds, answer.probes.values()))
        does = "holds" if everywhere else "does not hold"
        wider = "a wider range" if everywhere else "another range, or another setting"
        return (
            f"{variant} {does} at any value of {name} that was tried, from {_said(low)} to "
            f"{_said(high)}: look in {wider}."
        )
    assert answer.last is not None  # noqa: S101 - `is_found` says so
    assert answer.beyond is not None  # noqa: S101
    word = "largest" if answer.is_largest else "smallest"
    return (
        f"The {word} {name} at which {variant} holds is {_said(answer.last)}: it held under "
        f"{_count(answer.probes[answer.last])} there, and under "
        f"{_count(answer.probes[answer.beyond])} at {_said(answer.beyond)}, "
        f"{short(_margin(answer))} % further."
    )


def beside_answer(search: Search, answer: Answer) -> Iterator[str]:
    """Say what holding means, how sure that is, and what is odd."""
    looked = search.asked.looked
    what = "" if looked.is_verdict else f" ({looked.name})"
    yield f"What holds means: {search.asked.said[0]}{what}."
    if answer.is_found:
        assert answer.last is not None  # noqa: S101 - `is_found` says so
        there = answer.probes[answer.last]
        sure = sure_share(there.holding, len(there.found))
        yield (
            f"With {short(100 * CONFIDENCE)} % confidence, at least {short(100 * sure)} % of all "
            f"runs hold at {_said(answer.last)}; more --seeds make that more certain."
        )
        if not looked.is_verdict:
            yield f"Median there: {_median(search, there)}."
    if answer.disorder:
        odd = ", ".join(f"{_said(one)} ({_count(answer.probes[one])})" for one in answer.disorder)
        yield (
            f"The order is broken: {odd} would be on the other side, so this is one change of "
            f"several. A map shows all: --vary {search.span.name}=..."
        )


def _median(search: Search, cell: Cell) -> str:
    looked = search.asked.looked
    value = 100 * cell.middle if looked.is_share else cell.middle
    return figure(value, "%" if looked.is_share else looked.unit)


def _margin(answer: Answer) -> float:
    assert answer.last is not None  # noqa: S101 - asked for by the caller
    assert answer.beyond is not None  # noqa: S101
    return 100 * abs(answer.beyond - answer.last) / max(abs(answer.last), abs(answer.beyond))


def _count(cell: Cell) -> str:
    return f"{cell.holding} of {len(cell.found)} seeds"


def _said(value: Number) -> str:
    return f"{value:g}"
