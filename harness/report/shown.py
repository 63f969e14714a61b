"""The first table of a report: what the lab claims and what was seen, folded for reading."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.checks.verdict import Kind, Verdict
from harness.report.folded_rows import FoldedRow, Part, counted, folded, is_claimed
from harness.report.panels import called
from harness.report.sentence import engines
from harness.report.views import Mark
from harness.result import Result

AS_PLANNED = {
    Kind.TIMING: "on time",
    Kind.BASELINE: "a healthy start",
    Kind.NEGATIVE: "well without the fault",
    Kind.AGREEMENT: "both engines agree",
    Kind.TELLS_APART: "each claim false where it must be",
}
"""What shows that the experiment went as planned, by the controls that say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """One claim: what it is of, the value on each engine, what was expected, and what was left."""

    claim: str
    of: str
    values: tuple[str, ...]
    expected: str
    spare: str
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPart:
    """The rows under one heading."""

    title: str
    rows: tuple[ShownRow, ...]


def parts(result: Result) -> list[ShownPart]:
    """Give the claims, what surprises first."""
    rows = folded(result)
    ran = engines(rows)
    return [
        ShownPart(title=part.value, rows=tuple(_row(row, ran) for row in rows if row.part is part))
        for part in Part
        if any(row.part is part for row in rows)
    ]


def seen_in(result: Result) -> list[str]:
    """Name the columns of values: one for each engine, or "Seen" for the only one."""
    ran = engines(folded(result))
    return [called(engine).capitalize() for engine in ran] if len(ran) > 1 else ["Seen"]


def set_up(result: Result) -> str:
    """Say how much of the experiment went as planned."""
    passed, count = counted(result.controls, lambda one: not is_claimed(one))
    kinds = {one.kind for one in result.controls if one.verdict is Verdict.PASS}
    said = [words for kind, words in AS_PLANNED.items() if kind in kinds]
    as_planned = f"Set up as planned, {passed} of {count}"
    return f"{as_planned}: {', '.join(said)}." if said else f"{as_planned}."


def _row(row: FoldedRow, ran: Sequence[str]) -> ShownRow:
    missed = row.part in {Part.MISSED, Part.UNKNOWN}
    distance = row.words.distance(row.margin)
    return ShownRow(
        claim=row.subject,
        of="; ".join(part for part in (row.measure, row.missing) if part),
        values=tuple(row.values(engine) for engine in ran),
        expected=row.words.bound(row.bound),
        spare=f"missed by {distance}" if missed else distance,
        mark=Mark(verdict=row.verdict),
    )
