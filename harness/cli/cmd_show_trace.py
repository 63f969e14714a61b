"""`./lab show-trace`: one request of the last run, hop by hop and attempt by attempt."""

import click
from rich.console import Console
from rich.text import Text

from harness import assignments, catalogue, store
from harness.errors import LabError
from harness.model.variant import Broken
from harness.report.waterfall import as_text, choose, tree

ENGINES = ("sim", "compose")


@click.command()
@click.argument("name")
@click.option("--engine", type=click.Choice(ENGINES), help="Simulated when not given.")
@click.option("--variant", help="The first that was run when not given.")
@click.option("--request", "number", type=int, default=None, help="A telling one when not given.")
def command(name: str, engine: str | None, variant: str | None, number: int | None) -> None:
    """Draw one request of a lab's last run as a waterfall."""
    entry = catalogue.find(name)
    variants = assignments.chosen(entry, [variant] if variant else [])
    run = store.latest(entry.slug)
    wanted = [(one, each) for one in ([engine] if engine else ENGINES) for each in variants]
    there = [pair for pair in wanted if (run / f"{pair[0]}-{pair[1].name}").exists()]
    where, chosen = (there or wanted)[0]
    recording = store.recording(run, where, chosen.name)
    if number is None:
        number = choose(recording, broken=isinstance(chosen, Broken)) or 0
    try:
        waterfall = tree(recording, number)
    except LookupError as error:
        raise LabError(str(error)) from error
    console = Console(highlight=False)
    drawn = as_text(waterfall, min(console.width, 120))
    console.print(Text(f"{name}, {chosen.name}, {where}, run {run.name}", style="dim"))
    console.print(Text(drawn), no_wrap=True, soft_wrap=True)
