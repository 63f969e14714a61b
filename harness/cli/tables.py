"""A run's result on a terminal: the lines, the answer, the table, and the verdict in words."""

import textwrap
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from harness.checks.verdict import Kind, Verdict
from harness.model.lab import Lab
from harness.model.variant import Broken, Fixed, Measured, Variant
from harness.report.folded_rows import FoldedRow, Part, counted, folded, is_claimed
from harness.report.lines import LineDrawn, caption, drawn, windows
from harness.report.sentence import engines, sentence
from harness.report.text import SIGNS
from harness.report.words import joined, plural
from harness.result import CHANGED, Result

STYLES = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.INCONCLUSIVE: "bold yellow"}
MEANINGS: Sequence[tuple[type[Variant], str, str]] = (
    (Broken, "breaks", "variants break"),
    (Fixed, "holds", "fixes hold"),
    (Measured, "is compared", "are compared"),
)
"""What a pass shows of the variants of each kind, of one and of several."""
GAP = 2
WIDEST = 120
"""Columns of text, at most: longer lines are hard to read."""
LEAST_LABEL = 24
WIDE_LABEL = 64
ENGINES = {"sim": "Simulated", "compose": "Measured on containers"}
COLUMNS = {"sim": "simulated", "compose": "measured"}
OWN_SETTING = (
    "This run had settings or a script of your own. If the lesson sent you here, this FAIL is what "
    "it wanted you to see."
)
SET_UP = {
    Kind.TIMING: "on time",
    Kind.BASELINE: "healthy start",
    Kind.READ_BACK: "faults on and off",
    Kind.NEGATIVE: "well without fault",
    Kind.AGREEMENT: "the engines agree",
    Kind.TELLS_APART: "each claim false where it must be",
}
"""What shows that the experiment went as planned, by the controls that say so."""


def show_head(
    console: Console, lab: Lab, names: Sequence[str], changed: Sequence[str] = ()
) -> None:
    """Say what is run: the question, what was changed, and how the variants of some names differ.

    The lab's words about its variants hold for the lab as it is, and so are left out with changes.
    """
    console.print(Text(lab.title, style="bold"))
    paragraph(console, lab.question)
    console.print()
    if changed:
        paragraph(console, f"Changed for this run: {'; '.join(changed)}.", "yellow")
    words = {} if changed else lab.reading.variants
    paragraph(console, "  ".join(f"{one}: {words[one]}." for one in names if one in words))
    if changed or words:
        console.print()


def show(console: Console, result: Result, *, reply: str = "", verbose: bool = False) -> None:
    """Print a result: its lines, its answer, its table, then the verdict in words.

    `reply` is said after the answer: how a guess did.
    """
    show_lines(console, result)
    console.print()
    paragraph(console, sentence(result), "bold")
    paragraph(console, reply, "cyan")
    show_table(console, result, verbose=verbose)
    for note in result.notes:
        if not note.startswith(CHANGED):  # which the head of the run has said
            paragraph(console, note, "yellow")
    show_verdict(console, result, verbose=verbose)


def paragraph(console: Console, text: str, style: str = "") -> None:
    """Print a text in lines that end with words."""
    for line in textwrap.wrap(text, width_of(console), break_on_hyphens=False):
        console.print(Text(line, style=style), soft_wrap=True)


def width_of(console: Console) -> int:
    """Give how many columns a line may take."""
    return max(1, min(console.width, WIDEST))


def show_lines(console: Console, result: Result) -> None:
    """Print a line for each run, with the faults above."""
    ran = list(dict.fromkeys(run.engine for run in result.recordings))
    what = caption(result.lab)
    if len(ran) > 1:
        head = f"{what[:1].upper()}{what[1:]}, simulated and measured"
    else:
        head = f"{ENGINES.get(ran[0], ran[0]) if ran else ''}, {what}"
    paragraph(console, f"{head}:")
    lines = drawn(result)
    room = max((len(line.name) for line in lines), default=0)
    for marks, said in windows(result.lab):
        console.print(_window(marks, said, room, width_of(console)), soft_wrap=True)
    for line in lines:
        console.print(_line(line, room), soft_wrap=True)


def _window(marks: str, said: str, room: int, width: int) -> Text:
    """Say what the marks stand for behind all seconds.

    Where the line would be too long, it stands before the marks, or right behind them.
    """
    lead = f"  {'':<{room}}  "
    before = len(lead) + len(marks) - len(marks.lstrip()) - GAP
    if len(lead + marks) + GAP + len(said) > width:
        if len(said) < before:
            return Text(f"{said:>{before}}", "red").append(f"{'':{GAP}}{marks.strip()}", "bold red")
        marks = marks.rstrip()
    return Text(lead).append(marks, "bold red").append(f"{'':{GAP}}{said}", "red")


def _line(line: LineDrawn, room: int) -> Text:
    text = Text(f"  {line.name:<{room}}  ")
    for second, mark in enumerate(line.marks):
        text.append(mark, "bold red" if line.is_faulty(second) else "green")
    return text.append(f"  {line.end}", "dim")


def show_table(console: Console, result: Result, *, verbose: bool = False) -> None:
    """Print the claims, what surprises first, and what set the experiment up in one line."""
    rows = folded(result, everything=verbose)
    if result.verdict is Verdict.INCONCLUSIVE and not verbose:
        rows = [row for row in rows if row.part is Part.UNKNOWN]
    heads, cells = _cells(rows)
    widths = [max(map(len, column)) for column in zip(*heads, *cells, strict=True)] if rows else []
    room = max(LEAST_LABEL, width_of(console) - sum(GAP + width for width in widths))
    part, shown = None, None
    for row, head, cell in zip(rows, heads, cells, strict=True):
        if row.part is not part:
            if part is None:
                console.print()
            title = Text(row.part.value, style="bold")
            title = title if head == shown else _joined(title, head, widths, room)
            console.print(title, soft_wrap=True)
            part, shown = row.part, head
        for line in _row(row, cell, widths, room):
            console.print(line, soft_wrap=True)
    for said in _set_up(result):
        paragraph(console, said, "dim")


def _cells(rows: Sequence[FoldedRow]) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Give the head and the values of each row's columns."""
    ran = engines(rows)
    heads, cells = [], []
    for row in rows:
        bound = row.words.bound(row.bound)
        if len(ran) > 1:
            heads.append((*(COLUMNS[engine] for engine in ran), "expected"))
            cells.append((*(row.values(engine) for engine in ran), bound))
        else:
            missed = row.part in {Part.MISSED, Part.UNKNOWN}
            heads.append(("seen", "expected", "missed by" if missed else "to spare"))
            values = row.values(ran[0])
            cells.append((values, bound, row.words.distance(row.margin)))
    return heads, cells


def _joined(label: Text, cell: Sequence[str], widths: Sequence[int], room: int) -> Text:
    text = label.copy()
    text.append(" " * (room - len(label)))
    for value, width in zip(cell, widths, strict=True):
        text.append(" " * GAP + value.rjust(width))
    return text


def _row(row: FoldedRow, cell: Sequence[str], widths: Sequence[int], room: int) -> Iterator[Text]:
    """Give a row's lines: one, unless its name is too long or a value was not to be had."""
    sign = SIGNS[row.verdict]
    of = _of(row, room)
    label = f"{row.subject}: {of}" if of else row.subject
    parts = textwrap.wrap(label, room - len("  ✓ "), break_on_hyphens=False)
    for number, part in enumerate(parts, start=1):
        lead = Text("    " if number > 1 else f"  {sign} ", STYLES[row.verdict])
        lead.append(part, "default")
        yield lead if number < len(parts) else _joined(lead, cell, widths, room)
    if row.missing:
        yield Text(f"    {row.missing}", "dim")


def _of(row: FoldedRow, room: int) -> str:
    """Say what a row's value is: the measure's own name, which is long, where there is room."""
    names = (row.measure, row.value) if room >= WIDE_LABEL else (row.value,)
    fitting = (name for name in names if name and len(f"  ✓ {row.subject}: {name}") <= room)
    return next(fitting, "")


def _set_up(result: Result) -> Iterator[str]:
    """Say how much of the experiment went as planned."""
    passed, count = counted(result.controls, lambda one: not is_claimed(one))
    kinds = {one.kind for one in result.controls if one.verdict is Verdict.PASS}
    faults = [fault for run in result.recordings for fault in run.faults]
    unread = any(one.kind is Kind.READ_BACK for one in result.controls)
    if faults and not unread:
        kinds.add(Kind.READ_BACK)
    said = [text for kind, text in SET_UP.items() if kind in kinds]
    if result.verdict is Verdict.INCONCLUSIVE:
        yield "What it would have shown is not judged." + f" As planned: {', '.join(said)}." * bool(
            said
        )
    elif said:
        yield f"Set up as planned, {passed} of {count}: {', '.join(said)}."


def show_verdict(console: Console, result: Result, *, verbose: bool = False) -> None:
    """Print the verdict, what it is of, and what a part of a lab does not show."""
    console.print()
    passed, count = counted(result.controls, is_claimed)
    verdict = Text(str(result.verdict), STYLES[result.verdict])
    more = "" if verbose else "(all: --verbose)"
    names = [one.name for one in result.lab.variants if one.name not in result.left_out]
    if result.verdict is Verdict.INCONCLUSIVE:
        said = "  neither passed nor failed: this run shows nothing"
    elif result.left_out:
        verdict.append(" of a part", "yellow")
        said = f": {passed} of {count} claims about {joined(names)} hold."
    else:
        said = f"  {passed} of {count} claims hold{_meaning(result)}"
    room = width_of(console) - len(verdict) - len(said)
    verdict.append(said, "default")
    if room > len(more):
        verdict.append(more.rjust(room), "dim")
    console.print(verdict, soft_wrap=len(verdict) <= width_of(console))
    if result.verdict is Verdict.INCONCLUSIVE:
        return
    own = any(note.startswith(CHANGED) for note in result.notes)
    if own and result.verdict is Verdict.FAIL:
        paragraph(console, OWN_SETTING)
        return
    for line in unshown(result):
        paragraph(console, line, "yellow")


def _meaning(result: Result) -> str:
    """Say what a pass shows, or what of a failure is not a claim that was missed."""
    if result.verdict is Verdict.FAIL:
        failed = {one.kind for one in result.controls if one.verdict is Verdict.FAIL}
        return ": a claim is true where it must be false" * (failed == {Kind.TELLS_APART})
    said = [
        f"{names[0]} {predicate}" if len(names) == 1 else f"{_count(names)} {several}"
        for kind, predicate, several in MEANINGS
        if (names := [one.name for one in result.lab.variants if isinstance(one, kind)])
    ]
    return f": {', '.join(said)}"


def _count(names: Sequence[str]) -> str:
    return "both" if len(names) == 2 else f"all {len(names)}"  # noqa: PLR2004 - a pair


def unshown(result: Result) -> Iterator[str]:
    """Say what a run could not show, because a variant did not run or no recording tells."""
    if result.left_out:
        lab = result.lab
        broken = [name for name in result.left_out if isinstance(lab.variant(name), Broken)]
        fixed = [name for name in result.left_out if isinstance(lab.variant(name), Fixed)]
        measured = [name for name in result.left_out if name not in (*broken, *fixed)]
        kinds = ((broken, "that", "breaks"), (fixed, "that", "holds"), (measured, "how", "does"))
        missing = [f"{how} {_said(names, predicate)}" for names, how, predicate in kinds if names]
        alone = [one for one in lab.variants if one.name not in result.left_out]
        said = f"Not shown, because {joined(list(result.left_out))} did not run: {joined(missing)}."
        if broken and not any(isinstance(one, Broken) for one in alone):
            said += f" So this does not prove that {joined([one.name for one in alone])} helped."
        yield said
        return
    yield from (f"Not proven: {claim}." for claim in result.unproven)


def _said(names: list[str], predicate: str) -> str:
    return f"{joined(names)} {predicate if len(names) == 1 else plural(predicate)}"
