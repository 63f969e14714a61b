"""The table *predicted, simulated, measured*, and the lines around it, on a terminal."""

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.checks.verdict import Control, Kind, Verdict
from harness.report.text import SIGNS, margin, seen, wanted
from harness.result import Result, Row

INDENTED = (0, 0, 0, 2)
STYLES = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.INCONCLUSIVE: "bold yellow"}


def show(console: Console, result: Result) -> None:
    """Print a result: its table, then the verdict in words."""
    console.print(_table(result))
    for note in result.notes:
        console.print(Text(note, style="yellow"))
    console.print(_sentence(result))


def _table(result: Result) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("", "predicted", "simulated", "measured"):
        table.add_column(heading, justify="left" if not heading else "right", vertical="bottom")
    group = ""
    for row in result.rows():
        if row.variant != group:
            group = row.variant
            table.add_row(Text(group, style="bold underline"), "", "", "")
        table.add_row(_claim(row), wanted(row.kind, row.predicted, row.unit), *_cells(row))
    return table


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
    if control.kind is not Kind.READ_BACK:
        cell.append(f"\n{margin(control.margin, control.unit)}", "dim")
    return cell


def _sentence(result: Result) -> Text:
    controls = result.controls
    passed = sum(control.verdict is Verdict.PASS for control in controls)
    meaning = {
        Verdict.PASS: "what must break breaks, what must hold holds",
        Verdict.FAIL: "a claim does not hold",
        Verdict.INCONCLUSIVE: "nothing is proven: a healthy start or the fault itself is missing",
    }[result.verdict]
    sentence = Text(f"\n{result.verdict}", style=STYLES[result.verdict])
    sentence.append(f"  {passed} of {len(controls)} controls hold: {meaning}", "default")
    return sentence
