"""`./lab swarm`: random systems under random storms, on which the simulator checks itself."""

import itertools
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from harness.catalogue import ROOT
from harness.cli import ledger, on_cluster, options
from harness.cli.workers import Elsewhere, cores, spread
from harness.engines.sim.collector import calm
from harness.errors import EnvironmentNotReadyError, ExitCode
from harness.swarm import as_test
from harness.swarm.draw import drawn
from harness.swarm.explain import explained
from harness.swarm.shrink import Shrinker
from harness.swarm.trial import Failure, failure

PLANS = 200
BATCH = 10
"""Plans that a process tries at a time: the memory of one batch is freed before the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Some plans by their seeds, and the moment of the machine's clock after which none begins."""

    seeds: range
    until_s: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of a batch: how many plans were tried, and the first that fails, if any."""

    plans: int
    failing: tuple[int, Failure] | None = None


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--plans", type=click.IntRange(1, 10_000_000), help="How many.  [default: 200]")
@click.option(
    "--seconds", type=click.IntRange(1, 1_000_000), help="For how long: whichever ends first."
)
@options.seed()
@click.option("--jobs", type=click.IntRange(1, 256), help="In parallel.  [default: one a core]")
@on_cluster.option()
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / "tests" / "swarm",
    help="Where a test is written.  [default: tests/swarm]",
)
@click.option("--ledger", "from_ledger", is_flag=True, help=ledger.HELP)
def command(  # noqa: PLR0913 - one parameter for each option
    plans: int | None,
    seconds: int | None,
    seed: int,
    jobs: int | None,
    on: str | None,
    keep: Path,
    from_ledger: bool,  # noqa: FBT001
) -> ExitCode:
    """Try random systems under random storms; shrink what fails.

    Each plan is drawn from a seed of its own, counted from --seed on. It is run twice, and once
    more in pieces, with all of the kernel's assertions on.
    """
    if not keep.is_dir():
        raise EnvironmentNotReadyError(f"{keep}: there is no such folder; make it first")
    if plans is None and seconds is None:
        plans = PLANS
    with on_cluster.opened(on, jobs) as cluster:
        at_once = cluster.threads if cluster else jobs or cores()
        failing = _failing_of_ledger(at_once, cluster) if from_ledger else None
        began_s = time.monotonic()
        until_s = began_s + seconds if seconds else math.inf
        count = 0
        if not failing:
            count, failing = _counted(_tried(seed, plans, until_s, at_once, cluster))
    if failing:
        _report(*failing, keep)
        return ExitCode.EXPECTATION_FAILED
    took_s = time.monotonic() - began_s
    each = f"{count / took_s:.1f} a second"
    click.echo(f"{count} plans from seed {seed} on hold; {took_s:.0f} s, {each}")
    return ExitCode.AS_EXPECTED


def _failing_of_ledger(jobs: int, cluster: Elsewhere | None) -> tuple[int, Failure] | None:
    """Try the ledger's plans; give the first that fails."""
    seeds = ledger.plans()
    batches = [Batch(seeds=range(seed, seed + 1), until_s=math.inf) for seed in seeds]
    for tried in spread(batches, trial, jobs, _ignored, lost=_lost, cleans_up=False, on=cluster):
        if tried.failing:
            return tried.failing
    click.echo(f"{len(seeds)} plans of the ledger hold")
    return None


def _counted(tries: Iterator[Tried]) -> tuple[int, tuple[int, Failure] | None]:
    """Count plans up to the first batch that fails, in their order."""
    count = 0
    for tried in tries:
        count += tried.plans
        if tried.failing:
            return count, tried.failing
    return count, None


def _tried(
    seed: int, plans: int | None, until_s: float, jobs: int, cluster: Elsewhere | None
) -> Iterator[Tried]:
    """Try plans batch by batch, each round in as many processes as there are jobs.

    Another machine's clock says nothing of ours: what a cluster has not done in time is dropped.
    """
    batches = _batches(seed, plans, math.inf if cluster else until_s)
    while time.monotonic() < until_s and (due := list(itertools.islice(batches, ROUND * jobs))):
        for tried in spread(due, trial, jobs, _ignored, lost=_lost, cleans_up=False, on=cluster):
            yield tried
            if cluster and time.monotonic() >= until_s:
                return


def _ignored(_: Tried) -> None:
    """Let a batch that is done be: its turn to be told of comes."""


def _lost(batch: Batch) -> Tried:
    raise EnvironmentNotReadyError(
        f"a process of the swarm was killed twice over {batch}; see whether memory was short"
    )


ROUND = 16
"""Batches for each process before new processes are started."""


def _batches(seed: int, plans: int | None, until_s: float) -> Iterator[Batch]:
    firsts = itertools.count(seed, BATCH) if plans is None else range(seed, seed + plans, BATCH)
    for first in firsts:
        end = first + BATCH if plans is None else min(first + BATCH, seed + plans)
        yield Batch(seeds=range(first, end), until_s=until_s)


def trial(batch: Batch) -> Tried:
    """Try a batch, up to its first failure."""
    with calm():
        for number, seed in enumerate(batch.seeds):
            if time.monotonic() > batch.until_s:
                return Tried(plans=number)
            if found := failure(drawn(seed)):
                return Tried(plans=number + 1, failing=(seed, found))
    return Tried(plans=len(batch.seeds))


def _report(seed: int, found: Failure, keep: Path) -> None:
    """Shrink what fails, explain it, and write it down."""
    scenario = drawn(seed)
    click.echo(f"seed {seed} fails: {found.kind}: {found.text}")
    click.echo("shrinking ...", err=True)
    with calm():
        shrinker = Shrinker(scenario, found)
        small = shrinker.shrink()
        told = explained(small, found)
        again = failure(small) or found
    click.echo(f"  shrunk from {scenario.size()}")
    click.echo(f"  to {small.size()} in {shrinker.tried} tries: {again.text}")
    click.echo(f"  {told.cause}")
    click.echo(f"  the nearest run that passes: {told.nearest}")
    for line in told.parting:
        click.echo(f"    {line}")
    click.echo(f"  written as a test: {as_test.write(small, again, keep)}")
    click.echo(f"  replay: ./lab swarm --seed {seed} --plans 1")
    click.echo(f"  write it into the ledger: ./lab evidence --plan {seed}")
