"""A lab's run that people look at while it goes on, on whichever engine."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from harness import assignments
from harness.engines.protocol import Plan
from harness.engines.sim.tally import Tally
from harness.errors import LabError
from harness.live import histories
from harness.live.claims import Claimed, claimed
from harness.live.snapshot import Look
from harness.live.whole_seconds import WholeSeconds
from harness.model.expect import NoDataError
from harness.model.experiment import Experiment
from harness.model.lab import Lab
from harness.model.names import nearest
from harness.model.validate import problems
from harness.model.variant import Broken, Fixed, Measured
from harness.recording import Recording, Request, trace_id
from services.tracing import Span

ENDED = "Requests that ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One of the lab's plots, so far: a value for each whole second, by the curve's name."""

    title: str
    unit: str
    curves: Mapping[str, Sequence[float]]


class Viewed(ABC):
    """An experiment that is set up, and what can be told of it from what is recorded so far."""

    def __init__(self, slug: str, lab: Lab, experiment: Experiment) -> None:
        self.slug = slug
        self.whole = lab
        self.experiment = experiment
        self.seed = 1 if experiment.seed is None else experiment.seed
        given = _with_settings(experiment.of(lab), experiment.settings)
        self.variant = _variant(given, experiment.variant)
        self.lab = given.facing(self.variant, self.seed)

    @property
    def plan(self) -> Plan:
        """The plan that an engine makes happen."""
        return Plan(slug=self.slug, lab=self.lab, variant=self.variant, seed=self.seed)

    @property
    @abstractmethod
    def now_s(self) -> float:
        """The moment at which the run is."""

    @property
    @abstractmethod
    def over(self) -> bool:
        """Whether there is nothing more to come."""

    @property
    @abstractmethod
    def tally(self) -> Tally:
        """What is counted of the run."""

    @abstractmethod
    def look(self) -> Look:
        """Look at everything, at this moment."""

    @abstractmethod
    def so_far(self) -> Recording:
        """Give a recording of the whole seconds that have passed."""

    @abstractmethod
    def export(self) -> Experiment:
        """Give what was done, and is to be done, as an experiment."""

    def series(self) -> list[Series]:
        """Draw the requests that ended and the lab's own plots, over the whole seconds so far."""
        recording = WholeSeconds.of(self.so_far())
        if recording.duration_s < 1:
            return []
        ended = [self.tally.by_second[second] for second in range(int(recording.duration_s))]
        curves_of_load = {
            "good": [float(counts[True]) for counts in ended],
            "failed": [float(counts[False]) for counts in ended],
        }
        shown = [Series(title=ENDED, unit="/s", curves=curves_of_load)]
        for plot in self.lab.plots:
            curves: Mapping[str, Sequence[float]] = {}
            with suppress(NoDataError):  # not yet
                curves = plot.of(recording)
            shown.append(Series(title=plot.title, unit=plot.unit, curves=curves))
        return shown

    def followed(self, number: int) -> tuple[Request | None, list[Span]]:
        """Give a request of the load, when it has ended, and the spans of it that have."""
        recording = self.so_far()
        trace = trace_id(self.seed, number)
        request = next((one for one in recording.requests if one.number == number), None)
        return request, [span for span in recording.spans if span.trace == trace]

    def history(self, since_s: float) -> list[histories.Operation]:
        """Give what clients have asked since a moment and were told, with anomalies marked."""
        return histories.history(self.so_far().requests, since_s)

    def claims(self) -> list[Claimed]:
        """Hold what the lab claims of this variant against the run so far."""
        return [*claimed(self.lab, self.variant.name, WholeSeconds.of(self.so_far()))]


def _with_settings(lab: Lab, settings: Mapping[str, Any]) -> Lab:
    """Put settings into a lab.

    Raises:
        LabError: the lab does not take them.

    """
    if not settings:
        return lab
    try:
        given = assignments.given(lab, settings)
    except LabError as error:
        raise LabError(f"settings: {str(error).removeprefix('--set').lstrip(': ')}") from error
    known = set(problems(lab))
    for problem in problems(given):
        if problem not in known:
            raise LabError(f"settings: {problem}")
    return given


def _variant(lab: Lab, name: str) -> Broken | Fixed | Measured:
    """Find a variant; the first where none is named.

    Raises:
        LabError: there is none of that name.

    """
    there = {one.name: one for one in lab.variants}
    if name and name not in there:
        close = nearest(name, there)
        raise LabError(f"no variant {name!r}{close}; there are {', '.join(there)}")
    return there[name] if name else lab.variants[0]
