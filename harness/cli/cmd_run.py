"""`./lab run`: simulate, measure where an engine answers, judge, report."""

import importlib
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click
from rich.console import Console
from rich.text import Text

from harness import catalogue, runner, store
from harness.catalogue import Entry
from harness.cli import options, tables
from harness.cli.live import Live
from harness.cli.options import EngineChoice
from harness.cli.simulations import Asked, simulator
from harness.engines.containers import ComposeEngine, part, why_not
from harness.errors import EnvironmentNotReadyError, ExitCode, LabError
from harness.report import figures, page
from harness.result import CHANGED

if TYPE_CHECKING:
    from harness.engines.protocol import Engine


@click.command()
@click.argument("name")
@options.engine(default=None)
@click.option("--variant", "variants", multiple=True, help="Only this one; may be repeated.")
@click.option("--set", "settings", multiple=True, metavar="S.X=V", help="Change a setting.")
@options.seed()
@options.permute()
@click.option("--events", type=click.File("w", lazy=False), help="Write the simulated messages.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, nothing else.")
@click.option("--keep-prometheus", is_flag=True, help="Keep Prometheus' data in the run's folder.")
@click.option("--grafana", is_flag=True, help="The same, and look at it in Grafana until Ctrl-C.")
@click.option("--no-report", is_flag=True, help="Write no report.html and no picture.png.")
def command(  # noqa: PLR0913 - one parameter for each option
    name: str,
    engine: str | None,
    variants: Sequence[str],
    settings: Sequence[str],
    seed: int,
    permute: int | None,
    events: TextIO | None,
    as_json: bool,  # noqa: FBT001
    keep_prometheus: bool,  # noqa: FBT001
    grafana: bool,  # noqa: FBT001
    no_report: bool,  # noqa: FBT001
) -> ExitCode:
    """Run a lab: predicted, simulated, measured.

    Without --engine, simulates first, then measures on containers if a Docker engine answers.
    """
    entry = options.changed(catalogue.find(name), settings)
    chosen = options.chosen(entry, variants)
    simulates = engine != EngineChoice.COMPOSE
    if not simulates and (events or permute is not None):
        raise LabError("--events and --permute are of the simulation; leave --engine compose out")
    keep_prometheus |= grafana
    if keep_prometheus and engine == EngineChoice.SIM:
        asked = "--grafana" if grafana else "--keep-prometheus"
        raise LabError(f"{asked} is of containers; leave --engine sim out")
    console = Console(stderr=as_json, highlight=False)
    missing = _missing(engine, grafana=grafana)
    console.print(Text(entry.lab.title, style="bold"))
    console.print(Text(f"{entry.lab.question}\n"))
    when = datetime.now(UTC).astimezone()
    wanted = Asked(
        slug=entry.slug,
        variants=tuple(variants) if simulates else None,
        settings=tuple(settings),
        seed=seed,
        permute=permute,
    )
    with store.folder(entry.slug, when) as folder:
        measuring: list[Engine] = []
        if engine != EngineChoice.SIM and not missing:
            measuring.append(ComposeEngine(folder, keep_prometheus=keep_prometheus))
        live = Live(console, entry.lab)
        with simulator(wanted, folder, events, live.watch) as simulating, live:
            result = runner.run(entry, chosen, seed, [*simulating, *measuring], live.watch)
        if settings:
            result.notes.append(f"{CHANGED}: --set {' --set '.join(settings)}")
        if missing:
            result.notes.append(f"not measured on containers: {missing}")
        document = store.save(result, when, folder)
        if not no_report:
            page.write(result, folder / "report.html", when=when)
            figures.picture(result, folder / "picture.png")
        final = store.final_path(folder)
    console.print()
    tables.show(console, result)
    if as_json:
        if not no_report:
            document["report"] = str(final / "report.html")
        json.dump(document, sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        _whither(console, entry, final, report=not no_report)
    if grafana:
        importlib.import_module("harness.cli.cmd_grafana").show(console, entry, final)
    return result.verdict.exit_code


def _missing(engine: str | None, *, grafana: bool) -> str | None:
    """Say why containers are left out; None when they are not."""
    if engine == EngineChoice.SIM:
        return None
    missing = why_not() or (part("look").why_not() if grafana else None)
    if missing and (engine is not None or grafana):
        raise EnvironmentNotReadyError(missing)
    return missing


def _whither(console: Console, entry: Entry, final: Path, *, report: bool) -> None:
    """Say where to look and what to do next."""
    shown = catalogue.shown(final)
    if report:
        console.print(f"report   {shown}/report.html", soft_wrap=True)
    console.print(f"trace    ./lab show-trace {entry.slug}")
    following = catalogue.following(entry.slug)
    if following:
        console.print(Text(f"next     ./lab run {following.slug}: {following.question}"))
    else:
        console.print("next     ./lab list --all shows what is still to be written")
