"""`./lab run`: simulate, measure where an engine answers, judge, report."""

import importlib
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click
from rich.console import Console

from harness import assignments, catalogue, runner, store
from harness.catalogue import Entry
from harness.cli import learner, options, tables, whither
from harness.cli.changes import changes
from harness.cli.live import Live
from harness.cli.memory_limit import refuse_too_much
from harness.cli.options import EngineChoice
from harness.cli.simulations import Asked, simulator
from harness.cli.workers import cores
from harness.engines.containers import ComposeEngine, part, why_not
from harness.errors import EnvironmentNotReadyError, ExitCode, LabError
from harness.report import figures, page
from harness.result import CHANGED, Result

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
@click.option(
    "--grafana",
    is_flag=True,
    help="Keep Prometheus' data and open it in Grafana; Ctrl-C closes Grafana.",
)
@click.option("--no-report", is_flag=True, help="Write no report.html and no picture.png.")
@click.option("--no-predict", is_flag=True, help="Do not ask for a guess before the run.")
@click.option("--verbose", is_flag=True, help="Every check of the run, not the claims alone.")
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
    no_predict: bool,  # noqa: FBT001
    verbose: bool,  # noqa: FBT001
) -> ExitCode:
    """Run a lab: predicted, simulated, measured.

    Without --engine, simulates first, then measures on containers if a Docker engine answers.
    """
    found = catalogue.find(name)
    entry = assignments.changed(found, settings)
    chosen = assignments.chosen(entry, variants)
    keep_prometheus |= grafana
    _refuse(engine, events, permute, grafana=grafana, keeps=keep_prometheus)
    wanted = Asked(
        slug=entry.slug,
        variants=tuple(variants) if engine != EngineChoice.COMPOSE else None,
        settings=tuple(settings),
        seed=seed,
        permute=permute,
    )
    refuse_too_much(entry.lab, min(cores(), len(wanted.runs())))
    console = Console(stderr=as_json, highlight=False)
    missing = _missing(engine, grafana=grafana)
    names = [variant.name for variant in chosen]
    tables.show_head(console, entry.lab, names, list(changes(found.lab, names, settings)))
    asks = not (as_json or no_predict or settings) and learner.may_ask(console)
    guess = _guessed(console, entry, names) if asks else None
    when = datetime.now(UTC).astimezone()
    with store.folder(entry.slug, when) as folder:
        measuring: list[Engine] = []
        if engine != EngineChoice.SIM and not missing:
            measuring.append(ComposeEngine(folder, keep_prometheus=keep_prometheus))
        live = Live(console, entry.lab)
        with simulator(wanted, folder, events, live.watch) as simulating, live:
            result = runner.run(entry, chosen, seed, [*simulating, *measuring], live.watch)
        result.notes += _notes(settings, missing)
        document = store.save(result, when, folder)
        if not no_report:
            _report(result, when, folder)
        final = store.final_path(folder)
    tables.show(console, result, reply=learner.reply(result, guess), verbose=verbose)
    if as_json:
        _print_json(document, final, report=not no_report)
    else:
        whither.show(console, entry, result, whither.Asked(variants, settings, seed), final)
    if grafana:
        importlib.import_module("harness.cli.cmd_grafana").show(console, entry, final)
    return result.verdict.exit_code


def _refuse(
    engine: str | None,
    events: TextIO | None,
    permute: int | None,
    *,
    grafana: bool,
    keeps: bool,
) -> None:
    """Refuse options of one engine when only the other is to run."""
    if engine == EngineChoice.COMPOSE and (events or permute is not None):
        raise LabError(options.SIMULATION_ONLY)
    if engine == EngineChoice.SIM and keeps:
        asked = "--grafana" if grafana else "--keep-prometheus"
        raise LabError(f"{asked} needs containers. Remove --engine sim.")


def _report(result: Result, when: datetime, folder: Path) -> None:
    page.write(result, folder / "report.html", when=when)
    figures.picture(result, folder / "picture.png")


def _guessed(console: Console, entry: Entry, names: Sequence[str]) -> learner.Guess | None:
    question = entry.lab.reading.question(names)
    return learner.guessed(console, entry.slug, question) if question else None


def _notes(settings: Sequence[str], missing: str | None) -> Iterator[str]:
    """Say what a person should know of a result that is not the whole lab as it is."""
    if settings:
        yield f"{CHANGED}: --set {' --set '.join(settings)}"
    if missing:
        yield f"not measured on containers: {missing}"


def _print_json(document: dict[str, Any], final: Path, *, report: bool) -> None:
    if report:
        document["report"] = str(final / "report.html")
    json.dump(document, sys.stdout, indent=1)
    sys.stdout.write("\n")


def _missing(engine: str | None, *, grafana: bool) -> str | None:
    """Say why containers are left out; None when they are not."""
    if engine == EngineChoice.SIM:
        return None
    missing = why_not() or (part("look").why_not() if grafana else None)
    if missing and (engine is not None or grafana):
        raise EnvironmentNotReadyError(missing)
    return missing
