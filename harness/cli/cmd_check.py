"""`./lab check`: every control of every lab, over seeds, for a CI job."""

import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from harness import catalogue, junit, runner, store
from harness.checks.verdict import Control, Verdict, failures, verdict_of
from harness.cli import options
from harness.cli.spreads import lines
from harness.cli.tables import STYLES
from harness.cli.workers import spread
from harness.engines.containers import ComposeEngine, why_not
from harness.engines.protocol import Engine, Observer
from harness.engines.sim.engine import SimEngine
from harness.errors import ChaoslabError, EnvironmentNotReadyError, ExitCode, LabError
from harness.junit import Suite
from harness.model.lab import Lab
from harness.model.variant import Variant
from harness.report.text import SIGNS, seen, wanted

Job = tuple[str, int]
"""A lab's slug and a seed."""
JUNIT_EVERY_S = 2.0
"""How often the JUnit file is brought up to date, at most: it is written as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One lab under one seed: its controls, when it began, its seconds, or why it could not be."""

    slug: str
    seed: int
    controls: tuple[Control, ...] = ()
    began: datetime
    took_s: float
    error: str = ""
    again: bool = False
    """Whether this is a second run, for the first proved nothing."""

    @property
    def verdict(self) -> Verdict:
        """Judge all controls together; those of a check that broke off prove nothing."""
        return Verdict.INCONCLUSIVE if self.error else verdict_of(self.controls)

    @property
    def proves_nothing(self) -> bool:
        """Whether it was late, or had no healthy start, as where the machine is too busy."""
        return not self.error and self.verdict is Verdict.INCONCLUSIVE


@click.command()
@click.argument("names", nargs=-1)
@click.option("--engine", type=click.Choice(["sim", "compose"]), default="sim", show_default=True)
@click.option("--seeds", type=click.IntRange(1, 100_000), default=1, show_default=True)
@click.option("--permute", is_flag=True, help="Another order of what is simultaneous each seed.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    default=None,
    help="At once: one a core; on containers one for two cores.",
)
@click.option(
    "--spread",
    "spreads",
    is_flag=True,
    help="Each value's median and sigma over the seeds, and its bound's distance in sigmas.",
)
@click.option("--junit", "junit_path", type=click.Path(dir_okay=False, path_type=Path))
def command(  # noqa: PLR0913 - one parameter for each option
    names: Sequence[str],
    engine: str,
    seeds: int,
    permute: bool,  # noqa: FBT001
    jobs: int | None,
    spreads: bool,  # noqa: FBT001
    junit_path: Path | None,
) -> ExitCode:
    """Check labs with all their controls: all labs, or those named.

    Seeds go from 1 to the number that is given. A run on containers that was late, or else
    inconclusive, is done again, alone.
    """
    labs = options.labs(names)
    if junit_path and not junit_path.absolute().parent.is_dir():
        raise EnvironmentNotReadyError(f"{junit_path}: there is no such folder; make it first")
    console = Console(highlight=False)
    if permute and engine == "compose":
        raise LabError("--permute is of the simulation; leave --engine compose out")
    work = [(slug, seed) for slug in labs for seed in range(1, seeds + 1)]
    checked = []
    with _junit(junit_path) as keep:
        with _progress(console) as progress:
            task = progress.add_task("", total=len(work))
            tick = partial(progress.advance, task)
            results = (
                _measure(work, jobs, tick, partial(_lengthen, progress, task))
                if engine == "compose"
                else _simulate(work, jobs, tick, permute=permute)
            )
            for one in results:
                replay = f"./lab run {one.slug} --engine {engine} --seed {one.seed}"
                replay += f" --permute {one.seed}" if permute else ""
                checked.append(one)
                _show(progress.console, one, replay, brief=seeds > 1)
                keep(_suite(one, replay))
        if spreads:
            _spread(labs, checked)
        _summary(console, labs, checked)
    return _worst(checked).exit_code


@contextmanager
def _junit(path: Path | None) -> Iterator[Callable[[Suite], None]]:
    """Give what takes each result as it comes: the file is brought up to date meanwhile.

    So a check that is interrupted keeps what it has. A file that cannot be written meanwhile does
    not end the check; at its end it does. What is no plain file is written once.
    """
    suites: list[Suite] = []
    written_s = -math.inf

    def keep(suite: Suite) -> None:
        nonlocal written_s
        suites.append(suite)
        is_plain = path is not None and (path.is_file() or not path.exists())
        if path and is_plain and time.monotonic() > written_s + JUNIT_EVERY_S:
            with suppress(EnvironmentNotReadyError):
                junit.write(suites, path)
            written_s = time.monotonic()

    try:
        yield keep
    finally:
        if path:
            junit.write(suites, path)


def _suite(one: Checked, replay: str) -> Suite:
    return Suite(
        slug=one.slug,
        seed=one.seed,
        controls=one.controls,
        began=one.began,
        took_s=one.took_s,
        replay=replay,
        error=one.error,
    )


def _worst(checked: Sequence[Checked]) -> Verdict:
    """Judge all labs together: what fails is not hidden by what could not be checked."""
    verdicts = {one.verdict for one in checked}
    order = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)
    return next((one for one in order if one in verdicts), Verdict.INCONCLUSIVE)


def _progress(console: Console) -> Progress:
    """Make a bar for a person; where there is no terminal, the lines alone are printed."""
    told = TextColumn("{task.description}")
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), told)
    off = not console.is_terminal
    return Progress(*columns, console=console, transient=True, disable=off)


def _lengthen(progress: Progress, task: TaskID, left: Sequence[Job]) -> None:
    """Let the bar go on for what is measured once more: else it would stand at its end."""
    total = (progress.tasks[task].total or 0) + len(left)
    names = ", ".join(dict.fromkeys(slug for slug, _ in left))
    progress.update(task, total=total, description=f"again, alone: {names}", refresh=True)


def _simulate(
    work: Sequence[Job], jobs: int | None, tick: Callable[[], None], *, permute: bool
) -> Iterator[Checked]:
    do = partial(_check_simulated, permute=permute)
    return spread(work, do, jobs or os.cpu_count() or 1, tick, cleans_up=False)


def _check_simulated(job: Job, *, permute: bool) -> Checked:
    return _checked(job, SimEngine(permute=job[1] if permute else None))


def _measure(
    work: Sequence[Job],
    jobs: int | None,
    tick: Callable[[], None],
    lengthen: Callable[[Sequence[Job]], None],
) -> Iterator[Checked]:
    """Measure several at once, and those that proved nothing once more, each alone."""
    missing = why_not()
    if missing:
        raise EnvironmentNotReadyError(missing)
    processes = jobs or max(1, (os.cpu_count() or 1) // 2)
    left = []
    for one in spread(work, _check_measured, processes, tick, cleans_up=True):
        if one.proves_nothing:
            left.append((one.slug, one.seed))
        else:
            yield one
    if left:
        lengthen(left)
    for job in left:
        one = replace(_check_measured(job), again=True)
        tick()
        yield one


def _check_measured(job: Job) -> Checked:
    slug, _ = job
    with store.folder(slug, datetime.now(UTC).astimezone()) as folder:
        return _checked(job, ComposeEngine(folder))


def _checked(job: Job, engine: Engine) -> Checked:
    """Check one lab under one seed; what is wrong with it is told and stops no other."""
    slug, seed = job
    began, began_s = datetime.now(UTC).astimezone(), time.monotonic()
    try:
        return check(slug, seed, engine)
    except ChaoslabError as error:
        took_s = time.monotonic() - began_s
        return Checked(slug=slug, seed=seed, began=began, took_s=took_s, error=str(error))


def check(slug: str, seed: int, engine: Engine) -> Checked:
    """Run all variants of a lab under a seed and judge them.

    A mean of n seeds is taken for every n-th seed: as many runs as the check has, and not n times.
    """
    began, began_s = datetime.now(UTC).astimezone(), time.monotonic()
    entry = catalogue.find(slug)
    every = max((item.seeds for item in entry.lab.predict), default=1)
    averages = (seed - 1) % every == 0
    result = runner.run(entry, entry.lab.variants, seed, [engine], _unwatched, averages=averages)
    took_s = time.monotonic() - began_s
    controls = tuple(result.controls)
    return Checked(slug=slug, seed=seed, controls=controls, began=began, took_s=took_s)


class _Unwatched:
    def second(self, number: int, good: int) -> None:
        """Let a second pass."""

    def step(self, what: str) -> None:
        """Let a step pass."""


def _unwatched(engine: Engine, variant: Variant, lab: Lab) -> Observer:
    del engine, variant, lab
    return _Unwatched()


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
