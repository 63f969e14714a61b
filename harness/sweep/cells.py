"""The runs of a sweep: each a small value that travels to another process, and what came of it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness import assignments, catalogue, fault_assignments
from harness.catalogue import Entry
from harness.engines.protocol import Plan
from harness.engines.sim.collector import calm
from harness.errors import ChaoslabError, LabError
from harness.sweep.early import value_of
from harness.sweep.measures import Looked, looked

KILLED = "its process was killed, alone too: does it need more memory than there is?"
MOST_TOGETHER = 4
"""How many runs one process is given at a time, so that a search has work for all of them."""
LAST = 2
"""How many of the last batches of each process are taken apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One simulation: a variant of a lab with settings, under a seed, and what is looked at."""

    slug: str
    variant: str
    settings: tuple[str, ...]
    measure: str
    seed: int

    def entry(self) -> Entry:
        """Load the lab with its settings.

        Raises:
            LabError: the lab does not take one of them.

        """
        return changed(catalogue.find(self.slug), self.variant, self.settings)

    def plan(self, entry: Entry) -> Plan:
        """Give what an engine runs, of the lab with its settings."""
        variant = entry.lab.variant(self.variant)
        lab = entry.lab.facing(variant, self.seed)
        return Plan(slug=self.slug, lab=lab, variant=variant, seed=self.seed)


Batch = tuple[Run, ...]
"""Runs that differ in their seeds alone: their lab is loaded and validated once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came of a run: a value, or NaN and why there is none."""

    run: Run
    value: float
    missing: str = ""
    is_lost: bool = False
    """Whether its process was killed, so that the next sweep tries again."""


def changed(entry: Entry, variant: str, settings: tuple[str, ...]) -> Entry:
    """Give a lab with settings of one variant, which must have the faults and the load of them.

    Raises:
        LabError: the lab does not take one of them.

    """
    found = assignments.changed(entry, settings)
    own = found.lab.variant(variant)
    if own.load is not None and any(one.startswith(assignments.LOAD) for one in settings):
        raise LabError(
            f"--set load: variant {variant} brings a load of its own, which --set does not reach; "
            "take another variant"
        )
    there = fault_assignments.values(fault_assignments.met(found.lab, own))
    for name in (text.partition("=")[0] for text in settings):
        if name.startswith(fault_assignments.FAULT) and name not in there:
            raise LabError(
                f"--set {name}: variant {variant} brings faults of its own, and has no such one; "
                "take another variant"
            )
    return found


def batches(runs: Sequence[Run]) -> list[Batch]:
    """Put runs that differ in their seeds alone together, a few at a time."""
    by_cell: dict[Run, list[Run]] = {}
    for run in runs:
        by_cell.setdefault(replace(run, seed=0), []).append(run)
    return [
        tuple(cell[at : at + MOST_TOGETHER])
        for cell in by_cell.values()
        for at in range(0, len(cell), MOST_TOGETHER)
    ]


def singly_at_last(work: Sequence[Batch], processes: int) -> list[Batch]:
    """Take the last batches apart, two for each process, so that none waits long for another."""
    whole = max(0, len(work) - LAST * processes)
    return [*work[:whole], *((run,) for batch in work[whole:] for run in batch)]


def simulate(batch: Batch) -> tuple[Found, ...]:
    """Do the runs of one cell. What is wrong with one is told, and stops no other."""
    with calm():
        try:
            entry = batch[0].entry()
            asked = looked(entry, batch[0].variant, batch[0].measure)
        except ChaoslabError as error:
            return tuple(Found(run=run, value=math.nan, missing=str(error)) for run in batch)
        return tuple(_found(run, entry, asked) for run in batch)


def lost(batch: Batch) -> tuple[Found, ...]:
    """Make what is said of runs whose process was killed twice."""
    return tuple(Found(run=run, value=math.nan, missing=KILLED, is_lost=True) for run in batch)


def _found(run: Run, entry: Entry, asked: Looked) -> Found:
    try:
        value, missing = value_of(run.plan(entry), asked)
    except ChaoslabError as error:
        return Found(run=run, value=math.nan, missing=str(error))
    return Found(run=run, value=value, missing=missing)
