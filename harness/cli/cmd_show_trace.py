"""`./lab show-trace`: one request of the last run, hop by hop and attempt by attempt."""

import click
from rich.console import Console
from rich.text import Text

from harness import catalogue, store
from harness.cli import options
from harness.errors import LabError
from harness.report.waterfall import as_text, telling, tree


@click.command()
@click.argument("name")
@click.option("--engine", type=click.Choice(["sim", "compose"]), default="sim", show_default=True)
@click.option("--variant", default=None, help="The lab's first when not given.")
@click.option("--request", "number", type=int, default=None, help="A telling one when not given.")
def command(name: str, engine: str, variant: str | None, number: int | None) -> None:
    """Draw one request of a lab's last run as a waterfall."""
    entry = catalogue.find(name)
    chosen = options.chosen(entry, [variant] if variant else [])[0]
    run = store.latest(entry.slug)
    recording = store.recording(run, engine, chosen.name)
    last = len(recording.requests) - 1
    if number is not None and not 0 <= number <= last:
        raise LabError(f"no request {number}; this recording has 0 to {last}")
    number = telling(recording) if number is None else number
    console = Console(highlight=False)
    console.print(Text(f"{entry.slug}, {chosen.name}, {engine}, request {number}", style="bold"))
    width = min(console.width, 120)
    console.print(Text(as_text(tree(recording, number), width)), no_wrap=True, soft_wrap=True)
