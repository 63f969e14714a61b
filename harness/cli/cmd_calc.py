"""`./lab calc`: every formula that labs predict with, to be computed by hand."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.calculators import curves, formulas, shown_by
from harness.calculators.formulas import Calculator, Subject
from harness.calculators.inputs import Argument
from harness.calculators.units import Value, counted, said, typed
from harness.checks.verdict import Control, Kind
from harness.cli import checking, curve_drawn, options, program
from harness.cli.tables import STYLES, paragraph, width_of
from harness.errors import ExitCode, LabError
from harness.model.names import nearest
from harness.report.text import SIGNS, cut, seen, wanted

LABEL = 12
"""Characters before what is said of a formula."""
TO = ".."


@click.command()
@click.argument("name", required=False)
@click.argument("values", nargs=-1, metavar="[ARGUMENT=VALUE]...")
@click.option("--vary", metavar="ARGUMENT=LOW..HIGH", help="The argument that the curve goes over.")
@click.option(
    "--check", is_flag=True, help="Simulate a lab that shows it, and judge its prediction."
)
@click.option("--lab", "slug", help="Which lab, where several show it.")
@options.seed()
def command(  # noqa: PLR0913 - one parameter for each option
    name: str | None,
    values: Sequence[str],
    vary: str | None,
    check: bool,  # noqa: FBT001
    slug: str | None,
    seed: int,
) -> ExitCode:
    """Compute a formula that labs predict with, and draw its curve.

    Without NAME, lists all formulas; with the name of a subject, such as queues, its own. An
    argument that is left out has the value to begin with; a list is written with commas.

    \b
    ./lab calc
    ./lab calc mm1_mean_response_s rate_rps=70 capacity_rps=100
    ./lab calc mm1_mean_response_s --vary rate_rps=1..99
    ./lab calc erlang_c --check
    """  # noqa: D301 - \b is click's
    console = Console(highlight=False)
    listed = [one for one in formulas.subjects() if name in (None, one.name)]
    if listed:
        if values or vary or check or slug:
            raise LabError("name a formula to compute; ./lab calc lists them")
        _list(console, listed)
        return ExitCode.AS_EXPECTED
    calculator = formulas.find(str(name))
    given = {**calculator.starts(), **_read(calculator, values)}
    chosen = _lab(calculator, slug) if check else None
    _show(console, calculator, given, _varied(calculator, vary))
    return _check(console, chosen, seed) if chosen else ExitCode.AS_EXPECTED


def _list(console: Console, subjects: Sequence[Subject]) -> None:
    for subject in subjects:
        title = Text(f"\n{subject.name}", "bold").append(f"  {subject.title}", "default")
        console.print(title, soft_wrap=True)
        room = max(len(one.short) for one in subject.calculators)
        for one in subject.calculators:
            line = f"  {one.short:<{room}}  {one.told.answer.rstrip('.')}".replace("`", "")
            console.print(Text(_fitting(line, console)), soft_wrap=True)
    total = sum(len(subject.calculators) for subject in subjects)
    last = subjects[-1].calculators[-1]
    console.print(f"\n{total} formulas. One of them: {program.command('calc', last.name)}")


def _fitting(line: str, console: Console) -> str:
    """Cut a line to the width of a terminal; whatever else reads it gets all of it."""
    return cut(line, console.width) if console.is_terminal else line


def _read(calculator: Calculator, words: Sequence[str]) -> dict[str, Value]:
    """Read `argument=value`, each at most once."""
    found: dict[str, Value] = {}
    for word in words:
        name, is_given, text = word.partition("=")
        if not is_given:
            names = [one.name for one in calculator.arguments]
            close = nearest(word, names) or f", for example {names[0]}={word}"
            raise LabError(f"{word}: write ARGUMENT=VALUE{close}")
        argument = calculator.argument(name)
        if name in found:
            raise LabError(f"{name} is given twice")
        found[name] = argument.read(text)
    return found


def _varied(calculator: Calculator, text: str | None) -> Argument | None:
    """Give the argument that the curve goes over, from where to where."""
    if text is None:
        return calculator.argument(calculator.vary) if calculator.vary else None
    name, _, ends = text.partition("=")
    argument = calculator.argument(name)
    if not argument.slides:
        raise LabError(f"{name} is no single number, so a curve cannot go over it")
    if not ends:
        return argument
    found = re.fullmatch(r"([^.].*?)\.\.(.+)", ends)
    if not found:
        raise LabError(f"--vary {text}: write {name}=LOW..HIGH, for example "
                       f"{name}={argument.low:g}{TO}{argument.high:g}")  # fmt: skip
    low, high = (argument.read(end) for end in found.groups())
    if (
        not isinstance(low, int | float)
        or not isinstance(high, int | float)
        or not low < high < math.inf
    ):
        raise LabError(f"--vary {text}: write two numbers, the first below the second")
    even = argument.logarithmic and low > 0
    return replace(argument, low=float(low), high=float(high), logarithmic=even)


def _show(
    console: Console, calculator: Calculator, given: dict[str, Value], varied: Argument | None
) -> None:
    result = said(calculator.compute(given), calculator.unit)
    console.print(Text(calculator.name, "bold"))
    paragraph(console, calculator.told.answer)
    console.print()
    for argument in calculator.arguments:
        console.print(_given(argument, given[argument.name]), soft_wrap=True)
    console.print(Text("= ", "bold").append(result, "bold green"), soft_wrap=True)
    if varied:
        _draw(console, calculator, given, varied)
    else:
        console.print(Text(f"\n{curves.NO_CURVE}", "dim"))
    console.print()
    for label, text in _facts(calculator):
        _fact(console, label, text)


def _given(argument: Argument, value: Value) -> Text:
    words = counted(typed(value), value, argument.unit)
    return Text(f"  {argument.name} = {words}", "cyan").append(f": {_meaning(argument)}", "default")


def _meaning(argument: Argument) -> str:
    return f"{argument.says} ({', '.join(argument.choices)})" if argument.choices else argument.says


def _draw(
    console: Console, calculator: Calculator, given: dict[str, Value], varied: Argument
) -> None:
    found = curves.curve(calculator, given, varied)
    scale = ", in even factors" if varied.logarithmic else ""
    console.print(Text(f"\nover {varied.name}{scale}; {varied.says}", "dim"), soft_wrap=True)
    if any(found.lines):
        for line in curve_drawn.drawn(found, width_of(console)):
            console.print(Text(line), soft_wrap=True)
    rows = list(found.rows())
    room = max(len(at) for at, _ in rows)
    for at, height in rows:
        console.print(Text(f"  {at:>{room}}  {height}"), soft_wrap=True)


def _facts(calculator: Calculator) -> Iterator[tuple[str, str]]:
    told = calculator.told
    for text in told.text:
        yield "more", text
    if told.limits:
        yield "limits", told.limits
    yield "refused if", told.refused
    for row in shown_by.rows(calculator.name):
        yield "source", f"{row.source} ({', '.join(row.verified)}): theory:{row.slug}, {row.topic}"
    for shown in shown_by.labs(calculator.name):
        by = (
            f": {', '.join(shown.predictions)}" if shown.predictions else ", which computes with it"
        )
        yield "lab", f"{shown.slug}{by}"


def _fact(console: Console, label: str, text: str) -> None:
    table = Table(box=None, pad_edge=False, padding=0, show_header=False)
    table.add_column(width=LABEL, style="dim")
    table.add_column(max_width=width_of(console) - LABEL)
    table.add_row(label, Text(text.replace("`", "")))
    console.print(table)


def _lab(calculator: Calculator, slug: str | None) -> shown_by.Shown:
    """Choose the lab that is to show a formula."""
    there = {one.slug: one for one in shown_by.labs(calculator.name)}
    if not there:
        raise LabError(f"no lab predicts with {calculator.name} yet; leave --check out")
    if slug is None:
        return next(iter(there.values()))
    if slug not in there:
        raise LabError(f"{slug} does not use {calculator.name}; these do: {', '.join(there)}")
    return there[slug]


def _check(console: Console, shown: shown_by.Shown, seed: int) -> ExitCode:
    console.print(Text(f"\n{shown.slug}, seed {seed}, simulated", "bold"))
    told = checking.Told(finished=_ignored, waiting=_ignored, again=_ignored)
    (checked,) = checking.simulate([(shown.slug, seed)], 1, told, permute=False)
    if checked.error:
        raise LabError(checked.error)
    predicted = [one for one in checked.controls if one.kind in (Kind.PREDICTION, Kind.ACROSS)]
    own = [one for one in predicted if one.claim in shown.predictions] or predicted
    for control in own:
        console.print(_judged(control), soft_wrap=True)
    again = program.command("run", shown.slug, "--engine", "sim", "--seed", str(seed))
    console.print(f"all of it: {again}")
    failed = any(control.verdict.exit_code for control in own)
    return ExitCode.EXPECTATION_FAILED if failed else ExitCode.AS_EXPECTED


def _judged(control: Control) -> Text:
    line = Text(f"{SIGNS[control.verdict]} ", STYLES[control.verdict])
    found = f"is {seen(control)}" if not control.missing else f"has no value: {control.missing}"
    bound = wanted(control.bound, control.unit)
    return line.append(f"{control.variant}: {control.claim}; {found}, predicted {bound}", "default")


def _ignored(_: object) -> None:
    """Let results be: there is one, and it is shown at the end."""
