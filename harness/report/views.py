"""What the page says, made ready: words and figures for the templates, and nothing else."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.checks.verdict import Control, Kind, Verdict, failures, verdict_of
from harness.measures import HEALTHY, by_second
from harness.model.expect import SIGMAS, Prediction
from harness.model.lab import Lab
from harness.recording import FaultRecord, Recording
from harness.report.folded_rows import counted, is_claimed
from harness.report.panels import by_variant, called
from harness.report.seconds import moments
from harness.report.text import SIGNS, between, figure, margin, seen, wanted
from harness.report.words import joined
from harness.result import Result, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A verdict as a word and as a sign."""

    verdict: Verdict

    @property
    def word(self) -> str:
        """Give the verdict's name."""
        return self.verdict.value

    @property
    def sign(self) -> str:
        """Give the verdict's sign, which does not need colour."""
        return SIGNS[self.verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """The verdict of the whole, what it means, and which controls it is due to."""

    mark: Mark
    meaning: str
    misses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A value and its distance to the bound."""

    value: str
    margin: str
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the table of claims."""

    kind: Kind
    claim: str
    measure: str
    because: str
    predicted: str
    cells: tuple[Cell | None, ...]
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The rows of one variant."""

    variant: str
    kind: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One recording on the time line: the share of good answers in each second, and moments."""

    variant: str
    engine: str
    shares: tuple[float, ...]
    moments: tuple[str, ...]

    @property
    def title(self) -> str:
        """Say which run it is."""
        return f"{self.variant}, {self.engine}"

    @property
    def words(self) -> str:
        """Say what the strip shows."""
        told = zip(MOMENTS, self.moments, strict=True)
        return "; ".join([self.title, *(f"{name}: {moment}" for name, moment in told)])

    def health(self, share: float) -> str:
        """Name how a second was, for its colour."""
        return "well" if share >= HEALTHY else "sick"


MOMENTS = (
    "fault applied",
    f"first second below {HEALTHY:.0%}",
    "fault removed",
    "healthy again from",
)


def banner(result: Result) -> Banner:
    """Say what a result comes to."""
    missed = failures(result.controls)
    return Banner(
        mark=Mark(verdict=result.verdict),
        meaning=_meaning(result, missed),
        misses=tuple(map(_miss, missed)),
    )


def groups(result: Result) -> list[Group]:
    """Give the table's rows by variant, in the order in which variants first came."""
    by_name: dict[str, list[Line]] = {}
    for row in result.rows():
        by_name.setdefault(row.variant, []).append(_line(result.lab, row))
    return [
        Group(variant=name, kind=result.lab.kind_of(name).kind, lines=tuple(lines))
        for name, lines in by_name.items()
    ]


def runs(result: Result) -> list[Run]:
    """Give every recording that the time line shows."""
    return [
        Run(
            variant=recording.variant,
            engine=called(recording.engine),
            shares=tuple(by_second(recording)),
            moments=_moments(recording),
        )
        for recordings in by_variant(result).values()
        for recording in recordings
    ]


def shares(result: Result) -> Iterator[tuple[str, ...]]:
    """Give the share of good answers in every run as words, a row for each second."""
    columns = [run.shares for run in runs(result)]
    for second, row in enumerate(zip(*columns, strict=True)):
        yield (str(second), *(figure(share) for share in row))


def fault_log(result: Result) -> list[tuple[str, ...]]:
    """Give each fault's name, plan, and times in the runs, runs that agree as one row."""
    logged: dict[tuple[str, ...], list[str]] = {}
    recordings = [item for group in by_variant(result).values() for item in group]
    for recording in recordings:
        for fault in recording.faults:
            run = f"{recording.variant}, {called(recording.engine)}"
            logged.setdefault(_fault(fault), []).append(run)
    return [
        (name, planned, "every run" if len(names) == len(recordings) else "; ".join(names), *times)
        for (name, planned, *times), names in logged.items()
    ]


def settings(lab: Lab) -> list[tuple[str, ...]]:
    """Give each variant's name and the settings in which it differs."""
    return [
        (
            variant.name,
            ", ".join(f"{name} = {value}" for name, value in variant.settings.items()) or "none",
        )
        for variant in lab.variants
    ]


def notes(result: Result) -> list[str]:
    """Give what a person should see: of the result, then of each recording."""
    return [
        *result.notes,
        *(
            f"{recording.variant}, {called(recording.engine)}: {note}"
            for recording in result.recordings
            for note in recording.notes
        ),
    ]


def _meaning(result: Result, missed: Sequence[Control]) -> str:
    count = len(result.controls)
    match result.verdict:
        case Verdict.PASS:
            held, claims = counted(result.controls, is_claimed)
            whole = f"{held} of {claims} claims hold, and all {count} checks of this run."
            return f"{whole}{_left_out(result)}"
        case Verdict.FAIL:
            return (
                f"{len(missed)} of {count} values lie outside their bounds: "
                f"the lab's claims do not all hold in this run.{_left_out(result)}"
            )
        case Verdict.INCONCLUSIVE if not count:
            return "Nothing was judged, so nothing is proven either way."
        case Verdict.INCONCLUSIVE:
            return (
                "The system was not well before the fault, or the fault was not seen to act and "
                "to be gone: this run proves nothing either way."
            )


def _left_out(result: Result) -> str:
    """Say what did not run, and so is not shown."""
    if not result.left_out:
        return ""
    return f" A part of the lab: {joined(list(result.left_out))} did not run."


def _miss(control: Control) -> str:
    found = f"no value, for {control.missing}" if control.missing else seen(control)
    return (
        f"{control.variant}, {called(control.engine)}: {control.claim} ({control.measure}): "
        f"{found}; wanted {wanted(control.bound, control.unit)}"
    )


def _line(lab: Lab, row: Row) -> Line:
    controls = [control for control in (row.simulated, row.measured) if control]
    reasons = [
        _why(item)
        for item in lab.predict
        if row.kind is Kind.PREDICTION and (item.name, item.on) == (row.claim, row.variant)
    ]
    return Line(
        kind=row.kind,
        claim=row.claim,
        measure=row.measure,
        because="; ".join(reasons),
        predicted=wanted(row.predicted, row.unit),
        cells=(_cell(row.simulated), _cell(row.measured)),
        mark=Mark(verdict=verdict_of(controls)),
    )


def _why(item: Prediction) -> str:
    """Say where a prediction is from, and what its tolerance is made of."""
    parts = [f"{item.because} ({item.source})"]
    if item.model:
        parts.append(f"{100 * item.model:g} % for what the theory leaves out: {item.leaves_out}")
    if item.chance:
        parts.append(f"chance: {SIGMAS} standard deviations of {figure(item.chance)}")
    return "; ".join(parts)


def _cell(control: Control | None) -> Cell | None:
    if control is None:
        return None
    return Cell(
        value=seen(control),
        margin=control.missing or margin(control.margin, control.unit),
        mark=Mark(verdict=control.verdict),
    )


def _moments(recording: Recording) -> tuple[str, ...]:
    found = moments(recording)
    broke = not math.isnan(found.sick_s)
    return (
        _at(found.applied_s, "not applied"),
        f"{found.sick_s:g} s" if broke else "none",
        _at(found.removed_s, "not removed"),
        "all along" if not broke else _well(found.well_s),
    )


def _at(at_s: float, otherwise: str) -> str:
    return otherwise if math.isnan(at_s) else _fine(at_s)


def _fault(fault: FaultRecord) -> tuple[str, ...]:
    times = (fault.requested_s, fault.applied_s, fault.seen_s, fault.removed_s)
    planned = between(fault.start_s, fault.end_s)
    return (fault.name, planned, *(_fine(at_s) for at_s in times))


def _well(at_s: float) -> str:
    return "never" if math.isinf(at_s) else f"{at_s:g} s"


def _fine(at_s: float) -> str:
    return figure(at_s) if math.isnan(at_s) else f"{at_s:.3f} s"
