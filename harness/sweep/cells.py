"""The runs of a sweep: each a small value that travels to another process, and what came of it."""

import math
from dataclasses import dataclass

from harness import assignments, catalogue
from harness.catalogue import Entry
from harness.engines.protocol import Plan
from harness.engines.sim.collector import calm
from harness.errors import ChaoslabError, LabError
from harness.sweep.early import value_of
from harness.sweep.measures import looked

KILLED = "its process was killed, alone too: does it need more memory than there is?"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came of a run: a value, or NaN and why there is none."""

    run: Run
    value: float
    missing: str = ""
    is_lost: bool = False
    """Whether its process was killed, so that the next sweep tries again."""


def changed(entry: Entry, variant: str, settings: tuple[str, ...]) -> Entry:
    """Give a lab with settings of one variant; the load of that variant's own is changed too.

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
    return found


def simulate(run: Run) -> Found:
    """Do one run. What is wrong with it is told, and stops no other."""
    try:
        with calm():
            entry = run.entry()
            asked = looked(entry, run.variant, run.measure)
            value, missing = value_of(run.plan(entry), asked)
    except ChaoslabError as error:
        return Found(run=run, value=math.nan, missing=str(error))
    return Found(run=run, value=value, missing=missing)


def lost(run: Run) -> Found:
    """Make what is said of a run whose process was killed twice."""
    return Found(run=run, value=math.nan, missing=KILLED, is_lost=True)
