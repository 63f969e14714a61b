"""`./lab sweep`: a map of a lab over its settings, or a search for the value that still holds."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from harness import catalogue, whole_files
from harness.cli import on_cluster, options, program
from harness.cli.experiments import shown
from harness.cli.late import imported, refuse_without
from harness.cli.memory_limit import refuse_too_much
from harness.cli.sweeping import Bench
from harness.cli.workers import Elsewhere, cores
from harness.errors import EnvironmentNotReadyError, ExitCode, LabError
from harness.report import sweep_sentences as sentences
from harness.report import sweep_text as text
from harness.sweep import kept, tables
from harness.sweep.asking import Asked, Wanted, grid_of, span_of, swept
from harness.sweep.cells import changed
from harness.sweep.grid import Cell, Grid, Swept
from harness.sweep.search import Search

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("name")
@click.option("--vary", multiple=True, metavar="S.X=VALUES", help="One or two settings to vary.")
@click.option("--find", metavar="S.X=LOW..HIGH", help="The last value that still holds.")
@click.option(
    "--map",
    "map_name",
    default="",
    metavar="MAP",
    help="One of the lab's other maps; with --find, what it looks at.",
)
@click.option("--variant", default="", help="The one that is swept.")
@click.option(
    "--set", "settings", multiple=True, metavar="S.X=V", help="Change a setting, load.X or fault.X."
)
@click.option(
    "--measure",
    default="",
    metavar="M",
    help="A measure, as in 'success_ratio(18, 25)'; verdict; recovery; or map, the lab's own.",
)
@click.option("--until", default="", metavar="BOUND", help="What holds, as in '<=0.9' or '<inf'.")
@click.option(
    "--seeds", metavar="N|A-B", help="Runs of each cell: 3, of a search 20, unless the lab says."
)
@click.option(
    "--within",
    type=click.FloatRange(0.001, 0.5),
    default=0.02,
    show_default=True,
    help="How exactly --find looks, as a share of the value.",
)
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="The share of the seeds that must hold for --find; 0.5 finds the middle of a change.",
)
@click.option("--jobs", type=click.IntRange(1, 256), help="At once: one a core.")
@on_cluster.option()
@click.option("--csv", "csv_path", type=FILE, help="Every run, a line each.")
@click.option("--no-report", is_flag=True, help="Write no report.")
def command(**given: Any) -> ExitCode:  # noqa: ANN401 - click's own
    """Map what a lab does over one or two of its settings.

    Without options, the lab's own map; --map NAME draws another of its maps. Results are kept, so a
    sweep that is interrupted goes on, and one that grows runs only what is missing.

    \b
    Values:  1..5   20..100:10   1..1000*10   log:0.1..100:7   1,2,4   full,none
    Names:   checkout.tries, a setting;   load.rate_rps;   fault.for_s, how long
             the lab's fault lasts;   fault.payments.for_s, of several the one
             that hits payments
    For example:
      ./lab sweep retry-storm
      ./lab sweep retry-storm --map trigger-size
      ./lab sweep retry-storm --vary checkout.tries=1..5 --measure recovery
      ./lab sweep retry-storm --map trigger-size --find fault.for_s=0.4..0.9
      ./lab sweep retry-storm --find checkout.retry_budget=0.05..1
    The last one asks how large the retry budget may be: it looks at the claims of
    the fixed variant, or at a --measure that must be as --until says.
    """  # noqa: D301 - \b is click's
    wanted = Wanted(
        slug=given["name"],
        vary=given["vary"],
        find=given["find"] or "",
        variant=given["variant"],
        settings=given["settings"],
        measure=given["measure"],
        until=given["until"],
        seeds=tuple(options.seeds_of(given["seeds"])) if given["seeds"] else (),
        map_name=given["map_name"],
    )
    if wanted.vary and wanted.find:
        raise LabError("--vary draws a map, --find looks for one value: take one of them")
    if wanted.map_name and wanted.measure:
        raise LabError("--map has a measure of its own: leave one of --map and --measure out")
    if given["csv_path"] and not given["csv_path"].absolute().parent.is_dir():
        raise EnvironmentNotReadyError(f"{given['csv_path']}: there is no such folder; make it")
    with on_cluster.opened(given["on"], given["jobs"]) as cluster:
        console = Console(highlight=False, markup=False)
        where = Where(processes=given["jobs"] or cores(), on=cluster, console=console)
        if wanted.find:
            return _search(wanted, where, (given["within"], given["share"]))
        return _map(wanted, where, given["csv_path"], report=not given["no_report"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """On how many processes or on which cluster runs are done, and the console to print on."""

    processes: int
    on: Elsewhere | None
    console: Console


def _map(wanted: Wanted, where: Where, csv_path: Path | None, *, report: bool) -> ExitCode:
    console = where.console
    entry = catalogue.find(wanted.slug)
    asked, grid = grid_of(wanted, entry)
    _try_cells(asked, grid, where.processes)
    if report:
        refuse_without("jinja2")
    with _bench(asked, where) as bench:
        cells = _cells(asked, grid, bench)
    found = swept(asked, grid, cells)
    for line in text.lines(found):
        console.print(line, soft_wrap=True)
    for sentence in sentences.of_map(found):
        console.print(sentence, soft_wrap=True)
    if csv_path:
        _put(tables.csv_of(found), csv_path)
    if report:
        _report(found, console)
    return ExitCode.AS_EXPECTED


def _search(wanted: Wanted, where: Where, how: tuple[float, float]) -> ExitCode:
    console = where.console
    within, share = how
    entry = catalogue.find(wanted.slug)
    asked, span = span_of(wanted, entry)
    for value in (span.low, span.high):
        _refuse_too_large(asked, (f"{span.name}={value}",), where.processes)
    with _bench(asked, where) as bench:
        search = Search(asked=asked, span=span, within=within, share=share)

        def done(cells: Sequence[Cell]) -> None:
            for cell in cells:
                click.echo(f"chaoslab: {sentences.of_probe(cell)}", err=True)

        answer = search.run(bench.found, done)
    console.print(sentences.of_answer(search, answer), soft_wrap=True)
    for line in sentences.beside_answer(search, answer):
        console.print(line, soft_wrap=True)
    return ExitCode.AS_EXPECTED if answer.is_found else ExitCode.INCONCLUSIVE


@contextmanager
def _bench(asked: Asked, where: Where) -> Iterator[Bench]:
    with kept.opened(asked.entry.slug) as results:
        keys = kept.Keys(asked.entry)
        bench = Bench(results, keys, where.processes, where.console, where.on)
        try:
            yield bench
        except KeyboardInterrupt:
            click.echo(
                f"chaoslab: {bench.done} new runs are kept; the same again goes on", err=True
            )
            raise


def _cells(asked: Asked, grid: Grid, bench: Bench) -> dict[tuple[int, ...], Cell]:
    by_place = {place: list(grid.runs(place)) for place in grid.places()}
    runs = [run for all_of in by_place.values() for run in all_of]
    known = bench.known(runs)
    if known:
        click.echo(f"chaoslab: {known} of {len(runs)} runs are known already", err=True)
    found = {one.run: one for one in bench.found(runs)}
    return {
        place: Cell(place=place, found=tuple(found[run] for run in all_of), holds=asked.holds)
        for place, all_of in by_place.items()
    }


def _try_cells(asked: Asked, grid: Grid, processes: int) -> None:
    """Refuse what the cells of the edges cannot be, before anything runs: each value is in one.

    Raises:
        LabError: the lab does not take a setting, or the machine not a load.

    """
    for place in grid.edges():
        _refuse_too_large(asked, grid.assigned(place), processes)


def _refuse_too_large(asked: Asked, assigned: tuple[str, ...], processes: int) -> None:
    try:
        entry = changed(asked.entry, asked.variant, (*asked.settings, *assigned))
        variant = entry.lab.variant(asked.variant)
        refuse_too_much(entry.lab.facing(variant, asked.seeds[0]), processes)
    except LabError as error:
        said = str(error).removeprefix("--set: ").removeprefix("--set ")
        raise LabError(f"{' '.join(assigned)}: {said}") from error


def _put(content: str, path: Path) -> None:
    try:
        whole_files.put(content.encode(), path)
    except EnvironmentNotReadyError as error:
        raise EnvironmentNotReadyError(
            f"{catalogue.shown(path)} cannot be written; all runs are kept, so the same again only "
            "writes it"
        ) from error


def _words(found: Swept) -> Iterator[str]:
    """Give the words of the command that sweeps the same."""
    grid, holds = found.grid, found.until
    yield from ("sweep", grid.slug, "--variant", grid.variant)
    for axis in grid.axes:
        yield from ("--vary", axis.said)
    for setting in grid.settings:
        yield from ("--set", setting)
    yield from ("--measure", grid.measure, "--seeds", f"{grid.seeds[0]}-{grid.seeds[-1]}")
    if holds:
        yield from ("--until", holds)


def _report(found: Swept, console: Console) -> None:
    """Write the page and its table beside what is kept."""
    page = imported("harness.report.sweep_page")
    folder = kept.folder(found.grid.slug)
    path = folder / f"{tables.file_name(found)}.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".csv")
        _put(tables.csv_of(found), beside)
        again = program.command(*_words(found))
        html = page.render(found, program.command, table=beside.name, again=again)
        _put(html, path)
    except OSError as error:
        raise EnvironmentNotReadyError(
            f"{catalogue.shown(folder)}: {error.strerror}; --no-report writes nothing there"
        ) from error
    console.print(f"report: {shown(path)}", soft_wrap=True)
