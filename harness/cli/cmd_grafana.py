"""`./lab grafana`: what Prometheus kept of a run, in Grafana."""

import math
from pathlib import Path

import click
from rich.console import Console

from harness import catalogue, store
from harness.catalogue import Entry
from harness.engines.compose.grafana import Kept
from harness.engines.compose.look import look, second_0, why_not
from harness.engines.compose.render import LOAD
from harness.errors import EnvironmentNotReadyError


@click.command()
@click.argument("name")
@click.option("--run", "when", help="A folder under runs/NAME; the last that can be shown if not.")
def command(name: str, when: str | None) -> None:
    """Open what Prometheus kept of a run in Grafana.

    It stays until Ctrl-C. `run --keep-prometheus` keeps what it shows; the image is your own to
    pull, and a line says which.
    """
    entry = catalogue.find(name)
    run = store.latest_with_prometheus(entry.slug, when)
    show(Console(highlight=False), entry, run)


def show(console: Console, entry: Entry, run: Path) -> None:
    """Open a run, say where, and come back when a person has seen enough.

    Raises:
        EnvironmentNotReadyError: it cannot be read, or cannot be shown here.

    """
    there = kept(run)
    if missing := why_not():
        raise EnvironmentNotReadyError(missing)
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
    folders = sorted((run / store.PROMETHEUS).glob("*/tsdb"))
    there = [path.parent.name for path in folders]
    variants = [name for name in there if (run / f"compose-{name}").is_dir()]
    recorded = {name: store.recording(run, "compose", name) for name in variants}
    lasted_s = max((one.duration_s for one in recorded.values()), default=0.0)
    found = [
        Kept(
            name=tsdb.parent.name,
            tsdb=tsdb,
            start_s=_second_0(run, tsdb.parent.name),
            duration_s=lasted_s,
            faults=recorded[tsdb.parent.name].faults if tsdb.parent.name in recorded else (),
        )
        for tsdb in folders
    ]
    return sorted(found, key=lambda one: one.start_s)


def _second_0(run: Path, name: str) -> float:
    log = run / "logs" / name / f"{LOAD}.log"
    start_s = second_0(log)
    if math.isnan(start_s):
        told = f"{run.name}/{log.relative_to(run)} does not say when the run began"
        again = f"./lab run {run.parent.name} --grafana makes a new one"
        raise EnvironmentNotReadyError(f"{told}; {again}")
    return start_s
