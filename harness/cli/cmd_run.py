"""`./lab run`: simulate, measure where an engine answers, judge, report."""

import importlib
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click
from click.core import ParameterSource
from rich.console import Console

from harness import assignments, catalogue, runner, store
from harness.catalogue import Entry
from harness.cli import learner, options, tables, whither
from harness.cli.changes import changes
from harness.cli.live import Live
from harness.cli.memory_limit import refuse_too_much
from harness.cli.options import EngineChoice
from harness.cli.script_file import experiment_of, settings_of
from harness.cli.simulations import Asked, simulator
from harness.cli.workers import cores
from harness.engines.containers import ComposeEngine, part, why_not
from harness.errors import EnvironmentNotReadyError, ExitCode, LabError
from harness.model.experiment import UNCHANGED, Experiment
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
@click.option(
    "--script",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Do by hand what the file says, in place of the lab's faults.",
)
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
    script: Path | None,
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

    \b
    A --script is a JSON object; all but the script may be left out:
      {"lab": "retry-storm", "variant": "naive", "seed": 1, "permute": 7,
       "duration_s": 40, "faults": "none", "settings": {"checkout.tries": 3},
       "script": [
        {"at_s": 5, "do": "inject",
         "fault": {"kind": "Pause", "target": "payments"}},
        {"at_s": 8, "do": "heal", "fault": 1},
        {"at_s": 9, "do": "set", "name": "payments.service_ms", "value": 20},
        {"at_s": 9.5, "do": "unset", "name": "payments.service_ms"},
        {"at_s": 10, "do": "pace", "times": 0.5},
        {"at_s": 12, "do": "send", "count": 50, "to": "checkout"},
        {"at_s": 15, "do": "heal all"}]}
    "fault" counts the injected ones from 1; "faults": "lab" keeps the lab's own
    beside them. Kinds of faults are those of labs: ./lab reference lists them.
    """  # noqa: D301 - \b is click's
    found = catalogue.find(name)
    experiment = UNCHANGED
    if script:
        experiment = experiment_of(script, found)
        engine, variants, seed, permute = _told(experiment, engine, variants, seed, permute)
        settings = (*settings_of(experiment), *settings)
    entry = assignments.scripted(assignments.changed(found, settings), experiment)
    chosen = assignments.chosen(entry, variants)
    keep_prometheus |= grafana
    _refuse(engine, events, permute, grafana=grafana, keeps=keep_prometheus)
    wanted = Asked(
        slug=entry.slug,
        variants=tuple(variants) if engine != EngineChoice.COMPOSE else None,
        settings=tuple(settings),
        seed=seed,
        permute=permute,
        experiment=experiment,
    )
    refuse_too_much(entry.lab, min(cores(), len(wanted.runs())))
    console = Console(stderr=as_json, highlight=False)
    missing = _missing(engine, grafana=grafana)
    names = [variant.name for variant in chosen]
    tables.show_head(console, entry.lab, names, list(changes(found.lab, names, settings)))
    asks = not (as_json or no_predict or settings or script) and learner.may_ask(console)
    guess = _guessed(console, entry, names) if asks else None
    when = datetime.now(UTC).astimezone()
    with store.folder(entry.slug, when) as folder:
        measuring: list[Engine] = []
        if engine != EngineChoice.SIM and not missing:
            measuring.append(ComposeEngine(folder, keep_prometheus=keep_prometheus))
        live = Live(console, entry.lab)
        with simulator(wanted, folder, events, live.watch) as simulating, live:
            result = runner.run(entry, chosen, seed, [*simulating, *measuring], live.watch)
        result.notes += _notes(settings, script, missing)
        document = store.save(result, when, folder)
        if script:
            (folder / "script.json").write_text(json.dumps(experiment.to_json(), indent=1) + "\n")
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


def _told(
    experiment: Experiment,
    engine: str | None,
    variants: Sequence[str],
    seed: int,
    permute: int | None,
) -> tuple[str, Sequence[str], int, int | None]:
    """Take what an experiment says where the command line says nothing.

    Raises:
        LabError: it asks for containers.

    """
    if engine not in (None, EngineChoice.SIM):
        raise LabError(options.SIMULATION_ONLY)
    usual = click.get_current_context().get_parameter_source("seed") is ParameterSource.DEFAULT
    return (
        EngineChoice.SIM,
        variants or ((experiment.variant,) if experiment.variant else ()),
        experiment.seed if usual and experiment.seed is not None else seed,
        experiment.permute if permute is None else permute,
    )


def _notes(settings: Sequence[str], script: Path | None, missing: str | None) -> Iterator[str]:
    """Say what a person should know of a result that is not the whole lab as it is."""
    if script:
        yield f"{CHANGED}: --script {script}"
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
