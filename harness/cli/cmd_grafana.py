"""`./lab grafana`: what Prometheus kept of a run, in Grafana."""

from pathlib import Path

import click
from rich.console import Console

from harness import catalogue, store
from harness.catalogue import Entry
from harness.engines.compose.grafana import Kept
from harness.engines.compose.look import look, second_0


@click.command()
@click.argument("name")
@click.option("--run", "when", help="A folder under runs/NAME; the last that can be shown if not.")
def command(name: str, when: str | None) -> None:
    """Open what Prometheus kept of a lab's run in Grafana, until Ctrl-C.

    `run --keep-prometheus` keeps it. Grafana's image is your own: docker pull says which.
    """
    entry = catalogue.find(name)
    run = store.latest_with_prometheus(entry.slug, when)
    show(Console(highlight=False), entry, run)


def show(console: Console, entry: Entry, run: Path) -> None:
    """Open a run, say where, and come back when a person has seen enough."""
    there = kept(run)
    names = ", ".join(one.name for one in there)

    def say(where: str) -> None:
        console.print(f"grafana  {where}", soft_wrap=True)

    console.print(f"opening  {names}; Ctrl-C closes it")
    look(entry.slug, f"{entry.lab.title}: run {run.name}", there, run, say)
    console.print("closed   nothing of it is left")


def kept(run: Path) -> list[Kept]:
    """Give what a run has kept of Prometheus, in the order in which it came about.

    A broken variant without its fault is not recorded beyond that: it lasted as long as others.

    Raises:
        EnvironmentNotReadyError: it cannot be read.

    """
    names = [path.parent.name for path in (run / store.PROMETHEUS).glob("*/tsdb")]
    recorded = {
        name: store.recording(run, "compose", name)
        for name in names
        if (run / f"compose-{name}").is_dir()
    }
    duration_s = max(recording.duration_s for recording in recorded.values())
    found = [
        Kept(
            name=name,
            tsdb=run / store.PROMETHEUS / name / "tsdb",
            start_s=second_0(run / "logs" / name),
            duration_s=duration_s,
            faults=recorded[name].faults if name in recorded else (),
        )
        for name in names
    ]
    return sorted(found, key=lambda one: one.start_s)
