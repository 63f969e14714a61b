"""`./lab compare`: what was measured beside what was simulated, of all labs in one table."""

import math
from collections.abc import Iterator, Mapping, Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness import store
from harness.checks.agreement import CALLS
from harness.checks.compared import WINDOWS, Compared, compared, difference, expected
from harness.checks.verdict import Control, Verdict
from harness.cli import options
from harness.cli.tables import STYLES
from harness.errors import ExitCode
from harness.model.numbers import MINUS
from harness.report.text import SIGNS, UNKNOWN, figure

Found = Mapping[str, Sequence[Compared]]
"""The variants of each lab, by its slug."""


@click.command()
@click.argument("names", nargs=-1)
@click.option("--markdown", is_flag=True, help="The table alone, for a document.")
def command(names: Sequence[str], markdown: bool) -> ExitCode:  # noqa: FBT001
    """Compare what was simulated and measured.

    Takes the last run on both engines of all labs, or of those named; runs with --set do not
    count. Calls are those to the service of which they differ most.
    """
    console = Console(stderr=markdown, highlight=False)
    labs = options.labs(names)
    runs = {slug: store.latest_on_both(slug) for slug in labs}
    found = {slug: list(compared(store.controls(run))) for slug, run in runs.items() if run}
    if found and markdown:
        click.echo("\n".join(_markdown(found)))
    elif found:
        console.print("good answers a second, and calls per request: simulated / measured\n")
        console.print(_table(found))
        console.print()
    for words in _differing(found):
        console.print(words, soft_wrap=True)
    missing = [slug for slug in labs if slug not in found]
    for slug in missing:
        line = f"{slug} has no run on both engines; ./lab run {slug} --engine both makes one"
        console.print(line, soft_wrap=True)
    return _told(console, found, missing, by_name=bool(names))


def _told(console: Console, found: Found, missing: Sequence[str], *, by_name: bool) -> ExitCode:
    """Say what all comes to; what was asked for by name must be there to pass.

    With no names, what is there is compared, and what is not is said to be left out.
    """
    variants = [one for each in found.values() for one in each]
    agreeing = sum(one.agrees for one in variants)
    is_short = not variants or (by_name and bool(missing))
    verdict = Verdict.INCONCLUSIVE if is_short else Verdict.PASS
    if agreeing < len(variants):
        verdict = Verdict.FAIL
    counted = f"{agreeing} of {len(variants)} variants agree" if variants else "nothing to compare"
    line = Text(verdict.value, style=STYLES[verdict])
    if missing and variants:
        line.append(" of a part", "yellow")
        counted += f"; {len(missing)} of {len(missing) + len(found)} labs are not compared"
    console.print(line.append(f"  {counted}", "default"))
    return verdict.exit_code


def _differing(found: Found) -> Iterator[Text]:
    """Say which figures differ by more than is allowed, and which verdicts are not the same."""
    for slug, variants in found.items():
        for one in variants:
            where = f"{slug}, {one.variant}:"
            for control in one.differing:
                yield Text(f"{where} {control.claim}: {_off(control)}")
            if one.simulated is not one.measured:
                yield Text(f"{where} {one.simulated} simulated, {one.measured} measured")


def _table(found: Found) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("")
    table.add_column("verdict", no_wrap=True)
    for when in WINDOWS:
        table.add_column(when, justify="right")
    table.add_column("calls", justify="right")
    for slug, variants in found.items():
        table.add_row(Text(slug, style="bold underline"))
        for one in variants:
            style = "" if one.simulated is one.measured else STYLES[Verdict.FAIL]
            verdicts = f"{SIGNS[one.simulated]} / {SIGNS[one.measured]}"
            cells = [_cell(control) for control in _controls(one)]
            table.add_row(Text(f"  {one.variant}"), Text(verdicts, style=style), *cells)
    return table


def _cell(control: Control | None) -> Text:
    if control is None:
        return Text(UNKNOWN, style="dim")
    cell = Text(_both(control))
    cell.append(f"\n{_difference(control)}", "dim")
    if control.verdict is not Verdict.PASS:
        cell.append(f" {SIGNS[control.verdict]}")
        cell.stylize(STYLES[control.verdict])
    callee = _callee(control)
    return cell.append(f"\n{callee}", "dim") if callee else cell


def _markdown(found: Found) -> Iterator[str]:
    """Give the lines of the table; what differs by more than is allowed is bold."""
    goodput = " | ".join(f"goodput {when}, /s" for when in WINDOWS)
    yield f"| lab | variant | verdict | {goodput} | calls per request |"
    yield "|---|---|---|" + "---:|" * (len(WINDOWS) + 1)
    for slug, variants in found.items():
        for one in variants:
            verdicts = f"{one.simulated} / {one.measured}"
            cells = [_marked(control) for control in _controls(one)]
            yield f"| {' | '.join([slug, one.variant, verdicts, *cells])} |"


def _marked(control: Control | None) -> str:
    if control is None:
        return UNKNOWN
    callee = _callee(control)
    of = f" {callee}" if callee else ""
    words = f"{_both(control)} ({_difference(control)}{of})"
    return words if control.verdict is Verdict.PASS else f"**{words}**"


def _controls(one: Compared) -> list[Control | None]:
    """Give what is in the columns of figures."""
    return [*(one.goodput.get(when) for when in WINDOWS), one.calls]


def _both(control: Control) -> str:
    return f"{figure(expected(control))} / {figure(control.value)}"


def _off(control: Control) -> str:
    simulated = expected(control)
    figures = (simulated, control.value, control.bound.at_most - simulated)
    shown = [figure(value, control.unit) for value in figures]
    return "{} simulated, {} measured, {} off is allowed".format(*shown)


def _difference(control: Control) -> str:
    """Say by how many per cent the measured value is off."""
    share = difference(control)
    if math.isnan(share):
        return UNKNOWN
    return f"{100 * share:+.1f} %".replace("-", MINUS) if share else "0 %"


def _callee(control: Control) -> str:
    called = control.claim.startswith(CALLS)
    return control.claim.removeprefix(CALLS) if called else ""
