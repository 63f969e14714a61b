"""`./lab check`: every control of every lab, over seeds, for a CI job."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from harness import catalogue, junit, runner, store
from harness.checks.verdict import Control, Verdict, failures, verdict_of
from harness.cli.tables import STYLES
from harness.engines.compose.client import why_not
from harness.engines.compose.engine import ComposeEngine
from harness.engines.protocol import Engine, Observer
from harness.engines.sim.engine import SimEngine
from harness.errors import EnvironmentNotReadyError, ExitCode, LabError
from harness.model.lab import Lab, Variant
from harness.report.text import SIGNS, seen, wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One lab under one seed: its controls, and how long it took in seconds."""

    slug: str
    seed: int
    controls: tuple[Control, ...]
    took_s: float

    @property
    def verdict(self) -> Verdict:
        """Judge all controls together."""
        return verdict_of(self.controls)


@click.command()
@click.argument("names", nargs=-1)
@click.option("--engine", type=click.Choice(["sim", "compose"]), default="sim", show_default=True)
@click.option("--seeds", type=click.IntRange(1, 100_000), default=1, show_default=True)
@click.option("--permute", is_flag=True, help="Another order of what is simultaneous each seed.")
@click.option("--jobs", type=click.IntRange(1, 256), default=None, help="Processes; one a core.")
@click.option("--junit", "junit_path", type=click.Path(dir_okay=False, path_type=Path))
def command(  # noqa: PLR0913 - one parameter for each option
    names: Sequence[str],
    engine: str,
    seeds: int,
    permute: bool,  # noqa: FBT001
    jobs: int | None,
    junit_path: Path | None,
) -> ExitCode:
    """Check labs with all their controls: all labs, or those named.

    Seeds go from 1 to the number that is given. On containers the runs follow each other.
    """
    labs = [catalogue.find(name).slug for name in dict.fromkeys(names or catalogue.slugs())]
    if junit_path and not junit_path.absolute().parent.is_dir():
        raise EnvironmentNotReadyError(f"{junit_path}: there is no such folder; make it first")
    console = Console(highlight=False)
    if permute and engine == "compose":
        raise LabError("--permute is of the simulation; leave --engine compose out")
    work = [(slug, seed, permute) for slug in labs for seed in range(1, seeds + 1)]
    checked = []
    for one in _measure(work) if engine == "compose" else _simulate(work, jobs):
        checked.append(one)
        replay = f"--engine {engine} --seed {one.seed}"
        replay += f" --permute {one.seed}" if permute else ""
        _show(console, one, replay, brief=seeds > 1)
    _summary(console, labs, checked)
    if junit_path:
        junit.write([(c.slug, c.seed, c.controls, c.took_s) for c in checked], junit_path)
    return verdict_of([control for one in checked for control in one.controls]).exit_code


def _simulate(work: list[tuple[str, int, bool]], jobs: int | None) -> Iterator[Checked]:
    processes = min(jobs or os.cpu_count() or 1, len(work))
    if processes <= 1:
        yield from (_check_simulated(*one) for one in work)
        return
    with ProcessPoolExecutor(processes, initializer=_end_at_interrupt) as pool:
        try:
            yield from pool.map(_check_simulated, *zip(*work, strict=True))
        except BaseException:
            # Nobody waits for the others any more; the pool by itself would.
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def _end_at_interrupt() -> None:
    """Let Ctrl-C, which reaches every process, end this one without a traceback."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _check_simulated(slug: str, seed: int, permute: bool) -> Checked:  # noqa: FBT001 - of a row
    return check(slug, seed, SimEngine(permute=seed if permute else None))


def _measure(work: list[tuple[str, int, bool]]) -> Iterator[Checked]:
    missing = why_not()
    if missing:
        raise EnvironmentNotReadyError(missing)
    for slug, seed, _ in work:
        with store.folder(slug, datetime.now(UTC).astimezone()) as folder:
            yield check(slug, seed, ComposeEngine(folder))


def check(slug: str, seed: int, engine: Engine) -> Checked:
    """Run all variants of a lab under a seed and judge them."""
    began_s = time.monotonic()
    entry = catalogue.find(slug)
    result = runner.run(entry, entry.lab.variants, seed, [engine], _unwatched)
    took_s = time.monotonic() - began_s
    return Checked(slug=slug, seed=seed, controls=tuple(result.controls), took_s=took_s)


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
    line.append(f"{one.slug}, seed {one.seed}: {len(one.controls)} controls", "default")
    console.print(line)
    for control in failures(one.controls):
        bound = wanted(control.kind, control.bound, control.unit)
        where = f"{control.variant}, {control.kind}: {control.claim}"
        console.print(Text(f"    {where}; {control.measure} is {seen(control)}, must be {bound}"))
    if verdict is not Verdict.PASS:
        console.print(f"    replay: ./lab run {one.slug} {replay}")


def _summary(console: Console, labs: Sequence[str], checked: Sequence[Checked]) -> None:
    for slug in labs:
        seeds = [one for one in checked if one.slug == slug]
        passed = sum(one.verdict is Verdict.PASS for one in seeds)
        if len(seeds) > 1:
            console.print(f"{slug}: {passed} of {len(seeds)} seeds pass")
    passed = sum(one.verdict is Verdict.PASS for one in checked)
    console.print(f"{passed} passed, {len(checked) - passed} failed")
