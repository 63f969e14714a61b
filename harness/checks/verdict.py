"""Judging: from recordings to named controls, each with its value, bound, margin and verdict.

A lab is proven by its own controls. A failed control of the environment (the baseline, a fault that
was not read back, a run that was late) makes the result INCONCLUSIVE: it can then neither pass nor
fail. What cannot fail is no control: a fault that was read back is one only where it was not.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from harness.errors import ExitCode
from harness.model.expect import Bound, Measure, Prediction, Value
from harness.model.lab import Lab
from harness.model.variant import Broken, Fixed, Measured
from harness.recording import Recording


class Verdict(StrEnum):
    """What a control, and a lab as a whole, comes to."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"

    @property
    def exit_code(self) -> ExitCode:
        """What a process that ends with this verdict says."""
        return {
            Verdict.PASS: ExitCode.AS_EXPECTED,
            Verdict.FAIL: ExitCode.EXPECTATION_FAILED,
            Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
        }[self]


class Kind(StrEnum):
    """The controls that every lab has, and what else is held against a bound."""

    BASELINE = "baseline"
    BITES = "the fault bites"
    HOLDS = "the fix holds"
    TELLS_APART = "tells apart"
    SHOWN = "as claimed"
    ACROSS = "compared"
    NOTED = "also seen"
    NEGATIVE = "no fault, no failure"
    READ_BACK = "fault applied and removed"
    PREDICTION = "prediction"
    AGREEMENT = "as simulated"
    TIMING = "on time"


SETS_UP = (Kind.BASELINE, Kind.READ_BACK, Kind.TIMING)
"""Controls without which nothing is proven either way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One value held against one bound, on one variant and engine.

    A value that is NaN was not to be had; `missing` says what it would have taken.
    """

    kind: Kind
    claim: str
    variant: str
    engine: str
    measure: str
    unit: str
    value: float
    bound: Bound
    missing: str = ""

    @property
    def margin(self) -> float:
        """Distance to the nearer edge of the bound, in the value's unit; negative outside."""
        return self.bound.margin(self.value)

    @property
    def verdict(self) -> Verdict:
        """Judge this control alone."""
        if self.bound.holds(self.value):
            return Verdict.PASS
        return Verdict.INCONCLUSIVE if self.kind in SETS_UP else Verdict.FAIL


Values = Mapping[str, Sequence[Value]]
"""By a prediction's name, what its measure found in further runs of the variant it is on."""


def judge(lab: Lab, recording: Recording, more: Values | None = None) -> list[Control]:
    """Hold one variant's recording against everything that the lab says of it.

    `more` holds values of further seeds, for predictions about a mean.
    """
    return [
        *_unapplied(recording),
        *_expectations(lab, recording),
        *_predictions(lab, recording, more or {}),
    ]


def judge_without_fault(lab: Lab, recording: Recording) -> list[Control]:
    """Hold a broken variant's run without its fault against the lab's baselines, to the end.

    Baselines that differ in their windows alone are one.
    """
    claim = "stays healthy without its fault"
    controls: dict[tuple[str, Bound], Control] = {}
    for item in lab.expect:
        if item.is_baseline:
            over = item.measure.over
            measure = over(0, recording.duration_s) if over else item.measure
            one = control(Kind.NEGATIVE, claim, recording, measure, item.bound)
            controls[measure.name, item.bound] = one
    return list(controls.values())


def verdict_of(controls: Iterable[Control]) -> Verdict:
    """Judge a lab: a control that could not be set up outweighs all others."""
    verdicts = {control.verdict for control in controls}
    if not verdicts or Verdict.INCONCLUSIVE in verdicts:
        return Verdict.INCONCLUSIVE
    return Verdict.FAIL if Verdict.FAIL in verdicts else Verdict.PASS


def _expectations(lab: Lab, recording: Recording) -> Iterator[Control]:
    kinds = {Broken: Kind.BITES, Fixed: Kind.HOLDS, Measured: Kind.SHOWN}
    about = kinds[type(lab.variant(recording.variant))]
    for item in lab.expect:
        if item.is_baseline and lab.calm:
            continue  # it is never calm under the lab's own load; the control shows it
        if item.is_baseline:
            kind = Kind.BASELINE
        elif recording.variant not in item.variants:
            continue
        elif item.noted:
            kind = Kind.NOTED
        else:
            kind = about
        yield control(kind, item.claim, recording, item.measure, item.bound)


def _predictions(lab: Lab, recording: Recording, more: Values) -> Iterator[Control]:
    for item in lab.predict:
        if item.on == recording.variant:
            yield _predicted(item, recording, more.get(item.name, ())[: item.seeds - 1])


def _predicted(item: Prediction, recording: Recording, more: Sequence[Value]) -> Control:
    """Hold the mean of the runs that there are against what theory says of so many."""
    first = item.measure.read(recording)
    if not more:
        return held(Kind.PREDICTION, item.name, recording, item.measure, item.bound, reading=first)
    readings = (first, *more)
    missing = next((one.missing for one in readings if one.missing), "")
    mean = Value(math.fsum(one.value for one in readings) / len(readings), missing)
    of_mean = replace(item.measure, name=f"{item.measure.name}, mean of {len(readings)} seeds")
    bound = item.bound_of(len(readings))
    return held(Kind.PREDICTION, item.name, recording, of_mean, bound, reading=mean)


def _unapplied(recording: Recording) -> Iterator[Control]:
    """Tell of each fault that was not seen to act, or not seen to be gone."""
    for fault in recording.faults:
        if math.isnan(fault.seen_s) or (math.isnan(fault.removed_s) and not fault.stays):
            never = "to act" if math.isnan(fault.seen_s) else "to be gone"
            yield Control(
                kind=Kind.READ_BACK,
                claim=fault.name,
                variant=recording.variant,
                engine=recording.engine,
                measure="seen to act, and to be gone",
                unit="",
                value=math.nan,
                bound=Bound(at_least=1),
                missing=f"it was never seen {never}",
            )


def control(
    kind: Kind, claim: str, recording: Recording, measure: Measure, bound: Bound
) -> Control:
    """Hold what a measure finds in a recording against a bound."""
    return held(kind, claim, recording, measure, bound, reading=measure.read(recording))


def held(  # noqa: PLR0913 - a control names all of this
    kind: Kind,
    claim: str,
    recording: Recording,
    measure: Measure,
    bound: Bound,
    *,
    reading: Value,
) -> Control:
    """Hold a value that is known already against a bound."""
    return Control(
        kind=kind,
        claim=claim,
        variant=recording.variant,
        engine=recording.engine,
        measure=measure.name,
        unit=measure.unit,
        value=reading.value,
        bound=bound,
        missing=reading.missing,
    )


def failures(controls: Sequence[Control]) -> list[Control]:
    """Give the controls that did not pass, in their order."""
    return [control for control in controls if control.verdict is not Verdict.PASS]
