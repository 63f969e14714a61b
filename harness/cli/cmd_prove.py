"""`./lab prove`: labs are broken on purpose, and each time a claim must notice."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from harness import catalogue
from harness.cli import options
from harness.cli.checking import KILLED_BY
from harness.cli.workers import spread
from harness.engines.sim.collector import calm
from harness.errors import ChaoslabError, ExitCode
from harness.proof import kept
from harness.proof.bench import Bench
from harness.proof.item import Item
from harness.proof.proof import proof

INDENTED = (0, 0, 0, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """A lab's proof, or why there is none."""

    slug: str
    items: tuple[Item, ...] = ()
    error: str = ""

    @property
    def holds(self) -> bool:
        """Whether everything was noticed."""
        return not self.error and all(item.holds for item in self.items)


@click.command()
@click.argument("names", nargs=-1)
@click.option("--jobs", type=click.IntRange(1, 256), help="Labs at once: one a core.")
@click.option("--verbose", is_flag=True, help="Name the claims that noticed.")
@click.option("--keep", is_flag=True, help="Write down in labs/proofs.tsv which proofs hold.")
def command(names: tuple[str, ...], *, jobs: int | None, verbose: bool, keep: bool) -> ExitCode:
    """Break labs on purpose: each time a claim must notice.

    Simulated, a lab is run without what it falls by, with each setting of its fixes undone, with
    services that answer by themselves, with each pattern that it uses sabotaged; and each
    experiment of its lesson must end as the lesson says. Tests prove labs that have changed since
    their proof was kept, and some others in turn.

    \b
    Exit codes:
      0    everything was noticed
      1    something was not: the line says what
    """  # noqa: D301 - \b is click's
    labs = options.labs(names)
    console = Console(highlight=False)
    processes = jobs or os.cpu_count() or 1
    proven = []
    for one in spread(labs, prove, processes, lambda _: None, lost=_lost, cleans_up=False):
        proven.append(one)
        _show(console, one, verbose=verbose)
    if keep:
        kept.add((one.slug for one in proven if one.holds), datetime.now(UTC).date().isoformat())
    missed = sum(not one.holds for one in proven)
    console.print(f"{len(proven) - missed} proven, {missed} not")
    return ExitCode.EXPECTATION_FAILED if missed else ExitCode.AS_EXPECTED


def prove(slug: str) -> Proven:
    """Prove one lab; what is wrong with it is told and stops no other."""
    try:
        with calm():
            return Proven(slug=slug, items=tuple(proof(Bench(catalogue.find(slug)))))
    except ChaoslabError as error:
        return Proven(slug=slug, error=str(error))


def _lost(slug: str) -> Proven:
    return Proven(slug=slug, error=KILLED_BY)


def _show(console: Console, one: Proven, *, verbose: bool) -> None:
    """Print a line for each way; what was not noticed in full."""
    console.print(Text(one.slug, style="bold"))
    if one.error:
        console.print(Text(f"  ✗ {one.error}", style="red"), soft_wrap=True)
    for way, items in groupby(one.items, key=lambda item: item.way):
        _show_way(console, way, list(items), verbose=verbose)


def _show_way(console: Console, way: str, items: Sequence[Item], *, verbose: bool) -> None:
    missed = [item for item in items if not item.holds]
    sign, style = ("✗", "red") if missed else ("✓", "green")
    count = len(items) - len(missed)
    line = Text(f"  {sign} {way}: ", style=style)
    console.print(line.append(f"{count} of {len(items)} noticed", style="default"))
    for item in items if verbose else missed:
        said = item.missing or "; ".join(item.noticed)
        console.print(Padding(Text(f"{item.what}: {said}"), INDENTED, expand=False))
