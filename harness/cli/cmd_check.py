"""`./lab check`: every control of every lab, over seeds, for a CI job."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from harness import check_results, shards
from harness.check_results import Checked, Job, Results
from harness.checks.verdict import Verdict, failures
from harness.cli import check_files, checking, ledger, on_cluster, options
from harness.cli.check_asked import Asked
from harness.cli.check_progress import Shown, progress
from harness.cli.spreads import lines
from harness.cli.tables import STYLES
from harness.cli.workers import Elsewhere
from harness.due import due as due_on_containers
from harness.errors import EnvironmentNotReadyError, ExitCode, LabError
from harness.report.text import SIGNS, seen, wanted

DUE = "Only what is most due on containers, for so long: what has changed, then in turn."
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("names", nargs=-1)
@click.option("--engine", type=click.Choice(["sim", "compose"]), default="sim", show_default=True)
@options.seeds()
@click.option("--shard", help="Only this part of the labs, such as 1/4; each lab is in one part.")
@click.option("--due", type=click.FloatRange(min=0), metavar="MINUTES", help=DUE)
@click.option("--ledger", "from_ledger", is_flag=True, help=ledger.HELP)
@click.option("--permute", is_flag=True, help="Another order of what is simultaneous each seed.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    default=None,
    help="At once: one a core; on containers one for two cores.",
)
@on_cluster.option()
@click.option(
    "--spread",
    "spreads",
    is_flag=True,
    help="Each value's median and sigma over the seeds, and its bound's distance in sigmas.",
)
@click.option("--junit", "junit_path", type=FILE, help="JUnit XML.")
@click.option("--markdown", "markdown_path", type=FILE, help="A table for a pull request.")
@click.option("--results", "results_path", type=FILE, help="Each result, as a line of JSON.")
@click.option("--resume", is_flag=True, help="Go on where a check of this tree was interrupted.")
def command(  # noqa: PLR0913 - one parameter for each option
    names: Sequence[str],
    engine: str,
    seeds: Sequence[int],
    shard: str | None,
    due: float | None,
    from_ledger: bool,  # noqa: FBT001
    permute: bool,  # noqa: FBT001
    jobs: int | None,
    on: str | None,
    spreads: bool,  # noqa: FBT001
    junit_path: Path | None,
    markdown_path: Path | None,
    results_path: Path | None,
    resume: bool,  # noqa: FBT001
) -> ExitCode:
    """Check labs with all their controls: all labs, or those named.

    A run on containers that was late, or else inconclusive, is done again, alone.

    \b
    Exit codes:
      0    every control of every lab holds
      1    a control fails, whatever could not be checked beside it
      2    none fails, but one proves nothing or could not be checked; or the
           command line, or the machine, is not as it must be
      3    a bug of Chaoslab
      130  interrupted; --resume goes on
    """  # noqa: D301 - \b is click's
    for path in (junit_path, markdown_path, results_path):
        check_files.refuse_without_folder(path)
    _refuse_together(engine, permute=permute, from_ledger=from_ledger, on=on)
    part = shards.read(shard) if shard else None
    console = Console(highlight=False)
    labs = _chosen(console, options.labs(names), due, part)
    if part and not labs:
        return ExitCode.AS_EXPECTED
    asked = Asked(
        labs=labs,
        seeds=seeds,
        engine=engine,
        permute=permute,
        shard=part,
        ledger=ledger.jobs(labs) if from_ledger else (),
    )
    with ExitStack() as stack:
        cluster = stack.enter_context(on_cluster.opened(on, jobs))
        results = stack.enter_context(_results(asked, results_path, resume=resume))
        files = stack.enter_context(check_files.written(asked, junit_path, markdown_path))
        start = partial(_begun, asked, results, jobs, cluster)
        checked = _check(asked, results, console, start, files.keep)
    if spreads:
        _spread(labs, checked)
    ledger.tell(console, asked, checked, results_path or asked.results())
    _summary(console, labs, checked)
    unwritten = [*files.problems, *([results.failed] if results_path and results.failed else [])]
    return _ended(_worst(checked), unwritten)


def _refuse_together(engine: str, *, permute: bool, from_ledger: bool, on: str | None) -> None:
    """Refuse options that do not go together.

    Raises:
        LabError: names one that is to be left out.

    """
    for name, is_given in (("--permute", permute), ("--on", bool(on))):
        if is_given and engine == "compose":
            raise LabError(f"{name} is of the simulation; leave --engine compose out")
    if from_ledger and (permute or engine == "compose"):
        raise LabError(
            "--ledger simulates seeds as they were found; leave --permute and --engine out"
        )


def _chosen(
    console: Console, labs: Sequence[str], due: float | None, part: shards.Shard | None
) -> Sequence[str]:
    """Give those of the labs that are due on containers, and in a part; say which they are."""
    if due is not None:
        labs = due_on_containers(labs, due, datetime.now(UTC).date())
        console.print(f"due: {', '.join(labs) or 'no lab'}", soft_wrap=True)
    if part:
        labs = shards.chosen(labs, part)
        console.print(f"shard {part}: {', '.join(labs) or 'no lab, for there are fewer of them'}")
    return labs


def _check(
    asked: Asked,
    results: Results,
    console: Console,
    start: Callable[[Sequence[Job], Shown], Iterator[Checked]],
    show: Callable[[Checked], None],
) -> list[Checked]:
    """Take what is there of an earlier check, do the rest, and show each."""
    kept = {one.job: one for one in results.kept if one.verdict in (Verdict.PASS, Verdict.FAIL)}
    there = [kept[job] for job in asked.work() if job in kept]
    left = [job for job in asked.work() if job not in kept]
    if there:
        click.echo(f"chaoslab: {len(there)} of {len(asked.work())} were checked before", err=True)
    checked = []
    with progress(console, len(left)) as (shown, lines):
        for ones in (there, start(left, shown)):
            for one in ones:
                checked.append(one)
                _show(
                    lines, one, asked.replay(one), brief=len(asked.seeds) > 1 or bool(asked.ledger)
                )
                show(one)
    return checked


def _results(asked: Asked, path: Path | None, *, resume: bool) -> AbstractContextManager[Results]:
    """Open the file of results: the one that is named, or the check's own, which may be missing."""
    return check_results.opened(
        path or asked.results(),
        check_results.of_tree(asked.engine, permute=asked.permute),
        resume=resume,
        needed=path is not None,
    )


def _begun(  # noqa: PLR0913 - the check, where it is done, its work, and who is told
    asked: Asked,
    results: Results,
    jobs: int | None,
    cluster: Elsewhere | None,
    work: Sequence[Job],
    shown: Shown,
) -> Iterator[Checked]:
    def finished(one: Checked) -> None:
        results.add(one)
        shown.one(one)

    told = checking.Told(finished=finished, waiting=shown.one, again=shown.again)
    if asked.engine == "compose":
        return checking.measure(work, jobs, told)
    return checking.simulate(work, jobs, told, permute=asked.permute, on=cluster)


def _ended(verdict: Verdict, unwritten: Sequence[str]) -> ExitCode:
    """Give the exit code; a file that could not be written hides no failure."""
    if unwritten and verdict is not Verdict.FAIL:
        raise EnvironmentNotReadyError(unwritten[0])
    for line in unwritten:
        click.echo(f"chaoslab: {line}", err=True)
    return verdict.exit_code


def _worst(checked: Sequence[Checked]) -> Verdict:
    """Judge all labs together: what fails is not hidden by what could not be checked."""
    verdicts = {one.verdict for one in checked}
    order = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)
    return next((one for one in order if one in verdicts), Verdict.INCONCLUSIVE)


def _show(console: Console, one: Checked, replay: str, *, brief: bool) -> None:
    verdict = one.verdict
    if brief and verdict is Verdict.PASS:
        return
    line = Text(f"{SIGNS[verdict]} {verdict:<13}", style=STYLES[verdict])
    found = one.error or f"{len(one.controls)} controls"
    found += ", measured again alone" if one.again else ""
    line.append(f"{one.slug}, seed {one.seed}: {found}", "default")
    console.print(line, soft_wrap=bool(one.error))
    for control in failures(one.controls):
        bound = wanted(control.bound, control.unit)
        where = f"{control.variant}, {control.kind}: {control.claim}"
        found = f"is {seen(control)}" if not control.missing else f"has no value: {control.missing}"
        console.print(Text(f"    {where}; {control.measure} {found}, must be {bound}"))
    if verdict is not Verdict.PASS and not one.error:
        console.print(f"    replay: {replay}")


def _spread(labs: Sequence[str], checked: Sequence[Checked]) -> None:
    for slug in labs:
        controls = [control for one in checked if one.slug == slug for control in one.controls]
        click.echo("\n".join((f"{slug}\n", *lines(controls), "")))


def _summary(console: Console, labs: Sequence[str], checked: Sequence[Checked]) -> None:
    for slug in labs:
        seeds = [one for one in checked if one.slug == slug]
        passed = sum(one.verdict is Verdict.PASS for one in seeds)
        if len(seeds) > 1:
            console.print(f"{slug}: {passed} of {len(seeds)} seeds pass")
    passed = sum(one.verdict is Verdict.PASS for one in checked)
    failed = sum(one.verdict is Verdict.FAIL for one in checked)
    nothing = sum(one.proves_nothing for one in checked)
    errors = sum(bool(one.error) for one in checked)
    told = f", {nothing} inconclusive" if nothing else ""
    told += f", {errors} could not be checked" if errors else ""
    console.print(f"{passed} passed, {failed} failed{told}")
