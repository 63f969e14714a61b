"""`./lab evidence`: what each lab has been held against, and what is out of date."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from harness import catalogue, check_results, prediction_record, seed_ledger, track_record
from harness.catalogue import Entry
from harness.cli import evidence_tables, ledger
from harness.cli.cmd_check import FILE
from harness.cli.evidence_tables import ENGINES
from harness.errors import ChaoslabError, ExitCode, LabError
from harness.lessons import evidence
from harness.model.definition import definition
from harness.proof import kept
from harness.swarm.draw import drawn
from harness.swarm.trial import failure
from harness.track_record import Now, Row


@click.command()
@click.option("--add", "added", type=FILE, multiple=True, help="Results of ./lab check --results.")
@click.option(
    "--ledger",
    "failing",
    type=FILE,
    multiple=True,
    help="Results; keep the seeds that fail in them.",
)
@click.option("--plan", "plans", type=int, multiple=True, help="A plan of the swarm that fails.")
@click.option("--write", is_flag=True, help="Write the tables of labs/EVIDENCE.md and no more.")
def command(
    added: Sequence[Path],
    failing: Sequence[Path],
    plans: Sequence[int],
    write: bool,  # noqa: FBT001
) -> ExitCode:
    """Say what labs were held against, and what is out of date.

    --add keeps what was found in labs/ and writes the tables of labs/EVIDENCE.md, as --write does.

    --ledger and --plan write seeds that fail into labs/seed_ledger.tsv, and of those in it that
    pass now, since when; ./lab check --ledger and ./lab swarm --ledger run these first.

    \b
    Exit codes:
      0    every lab as it is passed on both engines and is proven; lessons are of
           such runs
      1    something is out of date, was never run, or failed
    """  # noqa: D301 - \b is click's
    if failing or plans:
        click.echo(_kept(failing, plans))
        if not added:
            return ExitCode.AS_EXPECTED
    _add(added)
    if added or write:
        evidence_tables.write()
    if write:
        return ExitCode.AS_EXPECTED
    rows = track_record.load()
    console = Console(highlight=False)
    open_, proofs = 0, kept.load()
    for slug in catalogue.slugs():
        for is_good, line in _lines(catalogue.find(slug), rows, proofs.get(slug)):
            open_ += not is_good
            sign, style = ("✓", "green") if is_good else ("✗", "yellow")
            console.print(Text(f"{sign} ", style=style).append(line, "default"), soft_wrap=True)
    console.print(f"{open_ or 'nothing'} to be done")
    return ExitCode.EXPECTATION_FAILED if open_ else ExitCode.AS_EXPECTED


def _kept(failing: Sequence[Path], plans: Sequence[int]) -> str:
    """Write what fails into the ledger; say what is new in it."""
    before, day = seed_ledger.load(), datetime.now(UTC).date().isoformat()
    rows = before
    for path in failing:
        if _engine(path) != "sim":
            raise LabError(
                f"{path}: containers do not repeat by a seed; the ledger is of simulations"
            )
        rows = seed_ledger.added(rows, check_results.read(path), day)
    for seed in plans:
        rows = seed_ledger.with_plan(rows, seed, failure(drawn(seed)), day)
    seed_ledger.write(rows)
    return ledger.changed(before, rows)


def _add(paths: Sequence[Path]) -> None:
    """Add results to the records of what labs and their predictions were held against."""
    rows, means = track_record.load(), prediction_record.load()
    for path in paths:
        engine, checked = _engine(path), check_results.read(path)
        before = {(row.lab, row.engine): row.runs for row in rows}
        rows = track_record.added(rows, engine, checked)
        if engine == "sim":
            others = {row.lab for row in rows if before.get((row.lab, "sim"), row.runs) != row.runs}
            means = prediction_record.added(
                [one for one in means if one.lab not in others], checked
            )
    if paths:
        track_record.write(rows)
        prediction_record.write(means)


def _lines(entry: Entry, rows: Sequence[Row], proof: kept.Row | None) -> Iterator[tuple[bool, str]]:
    """Say of a lab, engine by engine, what there is; of its proof, and of its lesson."""
    there = {row.engine: row for row in rows if row.lab == entry.slug}
    now = Now(entry)
    for engine, called in ENGINES.items():
        if engine == "compose" and entry.lab.simulated_only:
            continue
        row = there.get(engine)
        head = f"{entry.slug:<24}{called:<15}"
        if row is None:
            yield False, f"{head}never: ./lab check {entry.slug} --engine {engine} --results FILE"
            continue
        since = row.since(now)
        failed = f"; failed under {track_record.ranges(row.failed)}" if row.failed else ""
        yield (
            not since and not row.failed,
            f"{head}{row.seeds()} seeds, {row.day}{failed}{f'; {since}' if since else ''}",
        )
    is_proven = proof is not None and proof.digest == kept.digest(entry)
    since = "never" if proof is None else f"{proof.day}; something has changed since"
    unproven = f"{since}: ./lab prove {entry.slug} --keep"
    said = f"holds, {proof.day}" if proof and is_proven else unproven
    yield is_proven, f"{entry.slug:<24}{'proof':<15}{said}"
    stale = _stale(entry)
    yield not stale, f"{entry.slug:<24}{'lesson':<15}{stale or 'of such runs'}"


def _stale(entry: Entry) -> str:
    """Say what is wrong with the runs that a lesson's figures are of; nothing where none is."""
    try:
        halves = evidence.load(entry)
    except ChaoslabError as error:
        return str(error)
    wanted = [one for one in ENGINES if one == "sim" or not entry.lab.simulated_only]
    missing = [ENGINES[one] for one in wanted if one not in halves]
    of_now = definition(entry.lab)
    other = [ENGINES[one] for one, half in halves.items() if half.definition != of_now]
    again = f": ./lab run {entry.slug} --engine both, then ./lab lesson {entry.slug}"
    if missing or other:
        return f"its figures {', '.join(missing + other)} are missing or of another lab{again}"
    return ""


def _engine(path: Path) -> str:
    """Read of which engine a file of results is.

    Raises:
        LabError: it is no such file, or not of this tree.

    """
    try:
        with path.open() as file:
            head = json.loads(file.readline())
        engine = str(head["engine"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise LabError(f"{path}: no results of ./lab check --results") from error
    other = check_results.differing(head, check_results.of_tree(engine, permute=False))
    if other:
        raise LabError(f"{path}: results of another tree or kind: {', '.join(other)} differ")
    return engine
