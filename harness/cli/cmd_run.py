"""`./lab run`: simulate, measure where an engine answers, judge, report."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
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
from harness.cli.late import imported, refuse_without
from harness.cli.live import Live
from harness.cli.memory_limit import refuse_too_much
from harness.cli.options import EngineChoice
from harness.cli.script_file import experiment_of, settings_of
from harness.cli.simulations import Asked, Meanwhile, simulator
from harness.cli.workers import cores
from harness.engines.containers import ComposeEngine, part, why_not
from harness.errors import EnvironmentNotReadyError, ExitCode, LabError
from harness.fault_assignments import FAULT
from harness.model.experiment import UNCHANGED, Experiment, OwnFaults
from harness.model.variant import Variant
from harness.recording import Recording
from harness.result import CHANGED, Result

REPORT = "harness.cli.report_writer"

if TYPE_CHECKING:
    from harness.engines.protocol import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the command line says, and then what an experiment's file adds to it."""

    name: str
    engine: str | None
    variants: Sequence[str]
    settings: Sequence[str]
    seed: int
    permute: int | None
    script: Path | None
    events: TextIO | None
    as_json: bool
    keep_prometheus: bool
    grafana: bool
    no_report: bool
    no_predict: bool
    verbose: bool
    experiment: Experiment = UNCHANGED

    @property
    def keeps(self) -> bool:
        """Whether Prometheus' data is wanted."""
        return self.keep_prometheus or self.grafana

    def options(self) -> Iterator[str]:
        """Give what repeats the run beside lab, engine, variants and seed."""
        if self.script:
            yield from ("--script", str(self.script))
        for one in self.settings:
            yield from ("--set", one)
        if self.permute is not None:
            yield from ("--permute", str(self.permute))


@click.command()
@click.argument("name")
@options.engine(default=None)
@click.option("--variant", "variants", multiple=True, help="Only this one; may be repeated.")
@click.option(
    "--set", "settings", multiple=True, metavar="S.X=V", help="Change a setting, load.X or fault.X."
)
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
def command(**values: Any) -> ExitCode:  # noqa: ANN401 - click's own, which Told types
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
    given = Told(**values)
    found = catalogue.find(given.name)
    told = _with_script(given, found) if given.script else given
    entry = assignments.scripted(assignments.changed(found, told.settings), told.experiment)
    chosen = assignments.chosen(entry, told.variants)
    _refuse(told)
    wanted = Asked(
        slug=entry.slug,
        variants=tuple(told.variants) if told.engine != EngineChoice.COMPOSE else None,
        settings=tuple(told.settings),
        seed=told.seed,
        permute=told.permute,
        experiment=told.experiment,
    )
    refuse_too_much(entry.lab, min(cores(), len(wanted.runs())))
    console = Console(stderr=told.as_json, highlight=False)
    missing = _missing(told.engine, grafana=told.grafana)
    names = [variant.name for variant in chosen]
    tables.show_head(console, entry.lab, names, list(changes(found.lab, names, told.settings)))
    guess = _guessed(console, entry, names) if _asks(told, console) else None
    result, document, final = _recorded(
        told, wanted, chosen, console, missing, repeat=tuple(given.options())
    )
    tables.show(console, result, reply=learner.reply(result, guess), verbose=told.verbose)
    if told.as_json:
        _print_json(document, final, report=not told.no_report)
    else:
        asked = whither.Asked(told.variants, told.settings, told.seed)
        whither.show(console, entry, result, asked, final)
    if told.grafana:
        imported("harness.cli.cmd_grafana").show(console, entry, final)
    return result.verdict.exit_code


def _with_script(told: Told, entry: Entry) -> Told:
    """Take what an experiment's file says where the command line says nothing.

    Raises:
        LabError: it makes no sense, or containers are asked for.

    """
    assert told.script is not None  # noqa: S101 - asked for by the caller
    experiment = experiment_of(told.script, entry)
    if told.engine not in (None, EngineChoice.SIM):
        raise LabError(options.SIMULATION_ONLY)
    usual = click.get_current_context().get_parameter_source("seed") is ParameterSource.DEFAULT
    return replace(
        told,
        engine=EngineChoice.SIM,
        variants=told.variants or ((experiment.variant,) if experiment.variant else ()),
        settings=(*settings_of(experiment), *told.settings),
        seed=experiment.seed if usual and experiment.seed is not None else told.seed,
        permute=experiment.permute if told.permute is None else told.permute,
        experiment=experiment,
    )


def _refuse(told: Told) -> None:
    """Refuse options of one engine when only the other is to run, and of faults left out."""
    if told.engine == EngineChoice.COMPOSE and (told.events or told.permute is not None):
        raise LabError(options.SIMULATION_ONLY)
    if told.engine == EngineChoice.SIM and told.keeps:
        asked = "--grafana" if told.grafana else "--keep-prometheus"
        raise LabError(f"{asked} needs containers. Remove --engine sim.")
    for setting in told.settings:
        if setting.startswith(FAULT) and told.experiment.faults is OwnFaults.NONE:
            raise LabError(
                f'--set {setting}: the script leaves out the lab\'s faults; write "faults": "lab" '
                "in it"
            )


def _asks(told: Told, console: Console) -> bool:
    """Say whether to ask for a guess: of the lab as it is, and of a person."""
    plain = not (told.as_json or told.no_predict or told.settings or told.script)
    return plain and learner.may_ask(console)


def _recorded(  # noqa: PLR0913 - what is to run, and what is to be said of it
    told: Told,
    wanted: Asked,
    chosen: Sequence[Variant],
    console: Console,
    missing: str | None,
    *,
    repeat: tuple[str, ...],
) -> tuple[Result, dict[str, Any], Path]:
    """Run all that was chosen, keep it in a folder of its own, and say which."""
    entry, when = wanted.entry(), datetime.now(UTC).astimezone()
    with store.folder(entry.slug, when) as folder:
        measuring: list[Engine] = []
        if told.engine != EngineChoice.SIM and not missing:
            measuring.append(ComposeEngine(folder, keep_prometheus=told.keeps))
        live = Live(console, entry.lab)
        meanwhile = _meanwhile(told, entry, alone=not measuring)
        simulations = simulator(wanted, folder, told.events, live.watch, meanwhile)
        with simulations as simulating, live:
            result = runner.run(entry, chosen, told.seed, [*simulating, *measuring], live.watch)
        result.notes += _notes(told, missing)
        result.options = repeat
        with nullcontext() if told.no_report else imported(REPORT).writing(result, folder, when):
            document = store.save(result, when, folder)
        if told.script:
            experiment = json.dumps(told.experiment.to_json(), indent=1)
            (folder / "script.json").write_text(f"{experiment}\n")
        return result, document, store.final_path(folder)


def _meanwhile(told: Told, entry: Entry, *, alone: bool) -> Meanwhile:
    """Give what is done while others simulate: a report's modules and plots take half a second.

    Its plots are drawn then if simulations are all there is: measured runs belong into the same.

    Raises:
        EnvironmentNotReadyError: they lack a package.

    """
    if told.no_report:
        return lambda _: iter(())
    refuse_without("matplotlib", "jinja2")

    def ahead(recordings: Sequence[Recording]) -> Iterator[None]:
        shown = list(recordings) if alone else []
        so_far = Result(slug=entry.slug, lab=entry.lab, seed=told.seed, recordings=shown)
        pieces: Iterator[None] = imported(REPORT).ahead(so_far)
        return pieces

    return ahead


def _guessed(console: Console, entry: Entry, names: Sequence[str]) -> learner.Guess | None:
    question = entry.lab.reading.question(names)
    return learner.guessed(console, entry.slug, question) if question else None


def _notes(told: Told, missing: str | None) -> Iterator[str]:
    """Say what a person should know of a result that is not the whole lab as it is."""
    if told.script:
        yield f"{CHANGED}: --script {told.script}"
    if told.settings:
        yield f"{CHANGED}: --set {' --set '.join(told.settings)}"
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
