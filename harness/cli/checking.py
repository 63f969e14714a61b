"""Checks labs under seeds, several at once: simulated, or measured and then perhaps once more."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from harness import catalogue, runner, store
from harness.check_results import Checked, Job
from harness.cli.workers import Elsewhere, spread
from harness.engines.containers import ComposeEngine, why_not
from harness.engines.protocol import Engine
from harness.engines.sim.collector import calm
from harness.engines.sim.engine import SimEngine
from harness.errors import ChaoslabError, EnvironmentNotReadyError

KILLED_BY = "its process was killed, alone too: does it need more memory than there is?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Who is told: of each result that counts, at once and from any thread; of what goes on."""

    finished: Callable[[Checked], None]
    waiting: Callable[[Checked], None]
    """Of a run that proved nothing and is done again."""
    again: Callable[[Sequence[Job]], None]


def simulate(
    work: Sequence[Job],
    jobs: int | None,
    told: Told,
    *,
    permute: bool,
    on: Elsewhere | None = None,
) -> Iterator[Checked]:
    """Check in the simulator, on all cores or elsewhere; results come in the order of the work."""
    do = partial(_check_simulated, permute=permute)
    processes = jobs or os.cpu_count() or 1
    return spread(work, do, processes, told.finished, lost=_lost, cleans_up=False, on=on)


def _check_simulated(job: Job, *, permute: bool) -> Checked:
    with calm():  # or the collector would look through everything for each of its dozen runs
        return _checked(job, SimEngine(permute=job[1] if permute else None))


def measure(work: Sequence[Job], jobs: int | None, told: Told) -> Iterator[Checked]:
    """Measure several at once, and those that proved nothing once more, each alone.

    Raises:
        EnvironmentNotReadyError: no engine answers.

    """
    missing = why_not()
    if missing:
        raise EnvironmentNotReadyError(missing)
    processes = jobs or max(1, (os.cpu_count() or 1) // 2)
    left = []
    first = partial(_if_it_counts, told)
    for one in spread(work, _check_measured, processes, first, lost=_lost, cleans_up=True):
        if one.proves_nothing:
            left.append(one.job)
        else:
            yield one
    if left:
        told.again(left)
    for job in left:
        one = replace(_check_measured(job), again=True)
        told.finished(one)
        yield one


def _if_it_counts(told: Told, one: Checked) -> None:
    (told.waiting if one.proves_nothing else told.finished)(one)


def _check_measured(job: Job) -> Checked:
    slug, _ = job
    with store.folder(slug, datetime.now(UTC).astimezone()) as folder:
        return _checked(job, ComposeEngine(folder))


def _lost(job: Job) -> Checked:
    """Make what is said of a lab whose process was killed twice."""
    slug, seed = job
    began = datetime.now(UTC).astimezone()
    return Checked(slug=slug, seed=seed, began=began, took_s=0, error=KILLED_BY)


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
    result = runner.run(
        entry, entry.lab.variants, seed, [engine], runner.unwatched, averages=averages
    )
    took_s = time.monotonic() - began_s
    controls = tuple(result.controls)
    return Checked(slug=slug, seed=seed, controls=controls, began=began, took_s=took_s)
