"""What a sweep has found, in sentences."""

from collections.abc import Iterator

from harness.model.numbers import short
from harness.report.text import figure
from harness.sweep.grid import Cell, Swept
from harness.sweep.search import CONFIDENCE, Answer, Number, Search, holds, sure_share


def of_map(swept: Swept) -> Iterator[str]:
    """Say how far what was found is from where theory draws the line."""
    decisive = [line for line in swept.lines if line.decisive]
    if swept.is_flat or not decisive or not swept.grid.axes[1].is_numeric:
        return
    step = _step(swept)
    for line in decisive:
        near = list(off_by(swept, line.values))
        if near:
            worst = max(near)
            yield (
                f"The change lies within {short(worst / step)} cells of theory's {line.name} in "
                f"{len(near)} of {len(line.values)} columns."
            )


def off_by(swept: Swept, expected: tuple[float, ...]) -> Iterator[float]:
    """Give for each column that changes once how far from theory that is."""
    values = [float(value) for value in swept.grid.axes[1].values]
    for first, theory in enumerate(expected):
        found = swept.changes_at(first)
        if found is not None and values[0] <= theory <= values[-1]:
            yield max(0.0, abs(found - theory) - _step(swept) / 2)


def _step(swept: Swept) -> float:
    values = [float(value) for value in swept.grid.axes[1].values]
    return (values[-1] - values[0]) / (len(values) - 1)


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
        everywhere = all(map(holds, answer.probes.values()))
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
    yield f"Holds: {search.asked.said[0]} ({search.asked.looked.name})."
    if answer.is_found:
        runs = len(search.asked.seeds)
        yield (
            f"{runs} of {runs} runs hold: with {short(100 * CONFIDENCE)} % confidence, at least "
            f"{short(100 * sure_share(runs))} % of all runs do there. More --seeds, more sure."
        )
        assert answer.last is not None  # noqa: S101 - `is_found` says so
        yield f"Median at {_said(answer.last)}: {_median(search, answer.probes[answer.last])}."
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
    return short(value)
