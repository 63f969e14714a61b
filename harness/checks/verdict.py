"""Judging: from recordings to named controls, each with its value, bound, margin and verdict.

A lab is proven by its own controls. A failed control of the environment (the baseline, or a fault
that was not read back) makes the result INCONCLUSIVE: it can then neither pass nor fail.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.conductor import applied
from harness.errors import ExitCode
from harness.model.expect import Bound, Expectation, Measure
from harness.model.lab import Broken, Lab
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
    HOLDS = "the mend holds"
    NEGATIVE = "no fault, no failure"
    READ_BACK = "fault read back"
    PREDICTION = "prediction"
    AGREEMENT = "as simulated"
    TIMING = "on time"


SETS_UP = (Kind.BASELINE, Kind.READ_BACK, Kind.TIMING)
"""Controls without which nothing is proven either way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One value held against one bound, on one variant and engine."""

    kind: Kind
    claim: str
    variant: str
    engine: str
    measure: str
    unit: str
    value: float
    bound: Bound

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


def judge(lab: Lab, recording: Recording) -> list[Control]:
    """Hold one variant's recording against everything that the lab says of it."""
    return [
        *_read_back(recording),
        *_expectations(lab, recording),
        *_predictions(lab, recording),
    ]


def judge_without_fault(lab: Lab, recording: Recording) -> list[Control]:
    """Hold a broken variant's run without its fault against the lab's baselines, to the end."""
    claim = "stays healthy without its fault"
    controls = []
    for item in lab.expect:
        if item.is_baseline:
            over = item.measure.over
            measure = over(0, recording.duration_s) if over else item.measure
            controls.append(_control(Kind.NEGATIVE, claim, recording, measure, item.bound))
    return controls


def verdict_of(controls: Iterable[Control]) -> Verdict:
    """Judge a lab: a control that could not be set up outweighs all others."""
    verdicts = {control.verdict for control in controls}
    if not verdicts or Verdict.INCONCLUSIVE in verdicts:
        return Verdict.INCONCLUSIVE
    return Verdict.FAIL if Verdict.FAIL in verdicts else Verdict.PASS


def _expectations(lab: Lab, recording: Recording) -> Iterator[Control]:
    bites = isinstance(lab.variant(recording.variant), Broken)
    for item in lab.expect:
        if item.is_baseline:
            yield _expected(Kind.BASELINE, item, recording)
        elif recording.variant in item.variants:
            yield _expected(Kind.BITES if bites else Kind.HOLDS, item, recording)


def _predictions(lab: Lab, recording: Recording) -> Iterator[Control]:
    for item in lab.predict:
        if item.on == recording.variant:
            yield _control(Kind.PREDICTION, item.name, recording, item.measure, item.bound)


def _read_back(recording: Recording) -> Iterator[Control]:
    for fault in recording.faults:
        yield Control(
            kind=Kind.READ_BACK,
            claim=fault.name,
            variant=recording.variant,
            engine=recording.engine,
            measure="seen to act, and to be gone",
            unit="",
            value=float(applied(fault)),
            bound=Bound(at_least=1),
        )


def _expected(kind: Kind, item: Expectation, recording: Recording) -> Control:
    return _control(kind, item.claim, recording, item.measure, item.bound)


def _control(
    kind: Kind, claim: str, recording: Recording, measure: Measure, bound: Bound
) -> Control:
    return Control(
        kind=kind,
        claim=claim,
        variant=recording.variant,
        engine=recording.engine,
        measure=measure.name,
        unit=measure.unit,
        value=measure.of(recording),
        bound=bound,
    )


def failures(controls: Sequence[Control]) -> list[Control]:
    """Give the controls that did not pass, in their order."""
    return [control for control in controls if control.verdict is not Verdict.PASS]
