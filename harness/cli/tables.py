"""The table *predicted, simulated, measured*, and the lines around it, on a terminal."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.checks.verdict import Control, Kind, Verdict
from harness.report.text import bound_text, figure, margin_text
from harness.result import Result, Row

STYLES = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.INCONCLUSIVE: "bold yellow"}
SIGNS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.INCONCLUSIVE: "?"}


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
        table.add_row(_claim(row), bound_text(row.predicted, row.unit), *_cells(row))
    return table


def _cells(row: Row) -> tuple[Text, Text]:
    return _cell(row.simulated, row.kind), _cell(row.measured, row.kind)


def _claim(row: Row) -> Text:
    claim = Text(f"  {row.kind}: " if row.kind is not Kind.PREDICTION else "  ")
    claim.append(row.claim, "bold")
    claim.append(f"\n    {row.measure}", "dim")
    return claim


def _cell(control: Control | None, kind: Kind) -> Text:
    if control is None:
        return Text("\N{EN DASH}", style="dim")
    verdict = control.verdict
    if kind is Kind.READ_BACK:
        return Text(f"{'yes' if control.value else 'no'} {SIGNS[verdict]}", style=STYLES[verdict])
    cell = Text(f"{figure(control.value, control.unit)} {SIGNS[verdict]}", style=STYLES[verdict])
    cell.append(f"\n{margin_text(control)}", "dim")
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
