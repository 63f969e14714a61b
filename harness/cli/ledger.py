"""The seed ledger on the command line: what is run first, and how a seed gets into it."""

from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from harness import catalogue, labs_folder, seed_ledger
from harness.check_results import Checked, Job
from harness.checks.verdict import Verdict
from harness.cli import program
from harness.cli.check_asked import Asked
from harness.errors import LabError
from harness.seed_ledger import SWARM, Row

HELP = "First the seeds that have failed once: those of labs/seed_ledger.tsv."


def jobs(labs: Sequence[str]) -> list[Job]:
    """Give the ledger's seeds of some labs."""
    return [row.job for row in _usable() if row.lab in labs]


def plans() -> list[int]:
    """Give the ledger's seeds of the swarm."""
    return [row.seed for row in _usable() if row.lab == SWARM]


def tell(console: Console, asked: Asked, checked: Sequence[Checked], results: Path) -> None:
    """Say what the ledger does not know yet, and the command that writes it down."""
    if asked.permute or asked.engine != "sim" or labs_folder.chosen() or not results.is_file():
        return
    try:
        there = {row.job: row for row in seed_ledger.load()}
    except LabError as error:  # which must not hide what the check has found
        click.echo(f"chaoslab: {error}", err=True)
        return
    results = results.absolute()
    here = results.relative_to(Path.cwd()) if results.is_relative_to(Path.cwd()) else results
    keep = program.command("evidence", "--ledger", str(here))
    failing = [one for one in checked if seed_ledger.is_failing(one)]
    for one in failing:
        row = there.get(one.job)
        if row and not row.is_open:
            console.print(f"{_named(row)}, is in the ledger ({row.became}) and fails again")
    closed = [one for one in checked if _passes_now(one, there.get(one.job))]
    for one in closed:
        console.print(f"{_named(there[one.job])}, is open in the ledger and passes now")
    known = {job for job, row in there.items() if row.is_open}
    if closed or any(one.job not in known for one in failing):
        console.print(f"write it into the ledger: {keep}", soft_wrap=True)


def changed(before: Sequence[Row], after: Sequence[Row]) -> str:
    """Say in a line what was written into the ledger."""
    known = set(before)
    new = [row for row in after if row not in known]
    said = "; ".join(f"{_named(row)}: {row.became}" for row in new)
    return f"labs/{seed_ledger.FILE}: {said or 'nothing new'}"


def _usable() -> list[Row]:
    """Give the rows that can be run as they were found; each other one is told in a line."""
    rows = seed_ledger.load()
    stale = dict(seed_ledger.stale(rows, catalogue.slugs()))
    for line in stale.values():
        click.echo(f"chaoslab: {line}", err=True)
    return [row for row in rows if row not in stale]


def _passes_now(one: Checked, row: Row | None) -> bool:
    return row is not None and row.is_open and one.verdict is Verdict.PASS


def _named(row: Row) -> str:
    return f"{row.lab}, seed {row.seed}"
