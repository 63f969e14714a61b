"""The table *predicted, simulated, measured*, and the lines around it, on a terminal."""

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.checks.verdict import Control, Kind, Verdict
from harness.report.text import SIGNS, margin, seen, wanted
from harness.result import Result, Row, is_told_apart

INDENTED = (0, 0, 0, 2)
REASONS = {
    Kind.BASELINE: "the system was not healthy before the fault",
    Kind.READ_BACK: "a fault was not applied, or not removed",
    Kind.TIMING: "the machine was too busy to keep the schedule; close other programs, or wait",
}
"""Why a run is inconclusive, by the control that says so."""
UNSEEN = "they show that each claim is false where it must be"
"""The line about the controls that have no row in the table."""
STYLES = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.INCONCLUSIVE: "bold yellow"}


def show(console: Console, result: Result) -> None:
    """Print a result: its table, then the verdict in words."""
    console.print(_table(result))
    for note in result.notes:
        console.print(Text(note, style="yellow"))
    console.print(_sentence(result))
    unseen = sum(is_told_apart(control) for control in result.controls)
    if unseen:
        console.print(Text(f"{unseen} of them have no row: {UNSEEN}", style="dim"))
    for claim in result.unproven:
        console.print(Text(f"not proven: {claim}", style="yellow"))


def _table(result: Result) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("", "predicted", "simulated", "measured"):
        table.add_column(heading, justify="left" if not heading else "right", vertical="bottom")
    group = ""
    for row in result.rows():
        if row.variant != group:
            group = row.variant
            table.add_row(Text(group, style="bold underline"), "", "", "")
        table.add_row(_claim(row), _predicted(row), *_cells(row))
    return table


def _predicted(row: Row) -> str:
    """Give the bound; the two parts of a tolerance have a line each, for columns are narrow."""
    text = wanted(row.predicted, row.unit)
    both = row.predicted.model and row.predicted.chance
    return text.replace(" ± ", "\n± ") if both else text


def _cells(row: Row) -> tuple[Text, Text]:
    return _cell(row.simulated), _cell(row.measured)


def _claim(row: Row) -> Padding:
    claim = Text(f"{row.kind}: " if row.kind is not Kind.PREDICTION else "")
    claim.append(row.claim, "bold")
    return Padding(Group(claim, Padding(Text(row.measure, "dim"), INDENTED)), INDENTED)


def _cell(control: Control | None) -> Text:
    if control is None:
        return Text("\N{EN DASH}", style="dim")
    verdict = control.verdict
    cell = Text(f"{seen(control)} {SIGNS[verdict]}", style=STYLES[verdict])
    cell.append(f"\n{control.missing or margin(control.margin, control.unit)}", "dim")
    return cell


def _sentence(result: Result) -> Text:
    """Say what all controls come to; a part of a lab says that it is one."""
    controls = result.controls
    passed = sum(control.verdict is Verdict.PASS for control in controls)
    part = f" of a part (without {', '.join(result.left_out)})" if result.left_out else ""
    sentence = Text(f"\n{result.verdict}", style=STYLES[result.verdict])
    sentence.append(part, "yellow")
    sentence.append(f"  {passed} of {len(controls)} controls hold: {_meaning(result)}", "default")
    return sentence


def _meaning(result: Result) -> str:
    match result.verdict:
        case Verdict.PASS if result.left_out:
            return "what ran is as claimed, which is not yet a proof"
        case Verdict.PASS:
            return "what must break breaks, what must hold holds, and each claim tells them apart"
        case Verdict.FAIL:
            failed = {one.kind for one in result.controls if one.verdict is Verdict.FAIL}
            only = failed == {Kind.TELLS_APART}
            return "a claim is true where it must be false" if only else "a claim does not hold"
    kinds = [one.kind for one in result.controls if one.verdict is Verdict.INCONCLUSIVE]
    return f"nothing is proven: {REASONS[kinds[0]] if kinds else 'nothing ran'}"
