"""Whether a run kept time."""

import math
from dataclasses import replace

import pytest

from harness.checks.timing import LAG_LIMIT_MS, SCHEDULE_LIMIT_MS, timing
from harness.checks.verdict import Control, Kind, Verdict, verdict_of
from harness.recording import FaultRecord, Recording
from tests.support import recording, request

FAULT = FaultRecord(
    name="pause",
    target="back",
    start_s=2,
    end_s=4,
    requested_s=2.001,
    applied_s=2.02,
    seen_s=2.03,
    removal_s=4.01,
    removed_s=4.02,
)


def sent(*late_ms: float, faults: tuple[FaultRecord, ...] = ()) -> Recording:
    requests = [
        request(number, number)._replace(sent_s=number + late / 1000)
        for number, late in enumerate(late_ms)
    ]
    return replace(recording(requests), faults=list(faults))


def held(of: Recording) -> dict[str, Control]:
    controls = list(timing(of))
    assert {control.kind for control in controls} <= {Kind.TIMING}
    return {control.claim.partition(" ")[0]: control for control in controls}


def test_one_request_in_a_hundred_may_be_late() -> None:
    """One hiccup does not spoil a run; two in a hundred do."""
    late_ms = 2 * SCHEDULE_LIMIT_MS
    assert held(sent(*[1] * 99, late_ms))["requests"].verdict is Verdict.PASS
    two = held(sent(*[1] * 98, late_ms, late_ms))["requests"]
    assert two.verdict is Verdict.INCONCLUSIVE
    assert two.value == pytest.approx(late_ms)


def test_what_was_never_sent_was_not_late() -> None:
    """It counts as a bad request, and that is for other controls."""
    assert held(sent(1, 1, float("nan")))["requests"].value == pytest.approx(1)
    assert held(sent(float("nan"))) == {}


def test_a_fault_that_is_asked_for_late_spoils_a_run() -> None:
    """So do an engine that takes long to read it back, and a removal that is asked for late."""
    assert held(sent(1, faults=(FAULT,)))["faults"].verdict is Verdict.PASS
    behind_s = 1.1 * LAG_LIMIT_MS / 1000
    for late in (
        replace(FAULT, requested_s=2 + behind_s),
        replace(FAULT, seen_s=FAULT.applied_s + behind_s),
        replace(FAULT, removal_s=FAULT.end_s + behind_s),
        replace(FAULT, removal_s=float("nan")),
    ):
        controls = held(sent(1, faults=(FAULT, late)))
        assert controls["faults"].verdict is Verdict.INCONCLUSIVE
        assert verdict_of(controls.values()) is Verdict.INCONCLUSIVE


def test_a_step_is_never_removed_and_not_late_for_it() -> None:
    """It lasts: only when it was asked for, and seen, can be late."""
    never = float("nan")
    step = replace(FAULT, end_s=math.inf, removal_s=never, removed_s=never)
    assert held(sent(1, faults=(step,)))["faults"].value == pytest.approx(10)
    late = replace(step, requested_s=2 + 1.1 * LAG_LIMIT_MS / 1000)
    assert held(sent(1, faults=(step, late)))["faults"].verdict is Verdict.INCONCLUSIVE


def test_what_a_fault_takes_by_its_nature_is_not_lateness() -> None:
    """A process that is asked to stop finishes what it has begun."""
    drained = replace(FAULT, applied_s=7.5, seen_s=7.51, removed_s=9)
    assert held(sent(1, faults=(drained,)))["faults"].verdict is Verdict.PASS


def test_the_limits_are_a_twentieth_and_a_quarter_of_a_second() -> None:
    """What is just within is in time, what is just beyond is not; of few requests, the latest."""
    for late_ms, verdict in ((49, Verdict.PASS), (51, Verdict.INCONCLUSIVE)):
        assert held(sent(*[1] * 49, late_ms))["requests"].verdict is verdict
    for late_ms, verdict in ((249, Verdict.PASS), (251, Verdict.INCONCLUSIVE)):
        behind_s = late_ms / 1000
        for late in (
            replace(FAULT, requested_s=FAULT.start_s + behind_s),
            replace(FAULT, seen_s=FAULT.applied_s + behind_s),
            replace(FAULT, removal_s=FAULT.end_s + behind_s),
        ):
            control = held(sent(1, faults=(replace(FAULT, removal_s=4), late)))["faults"]
            assert control.verdict is verdict
            assert control.unit == "ms"


def test_the_latest_but_one_in_a_hundred_decides() -> None:
    """However many there are: the nearest rank."""
    for count, value in ((1, 1), (50, 50), (100, 99), (150, 149), (200, 198)):
        late_ms = [float(number) for number in range(1, count + 1)]
        assert held(sent(*late_ms))["requests"].value == pytest.approx(value)


def test_the_measure_says_which_run_it_was() -> None:
    """Where there are two of a variant; else it says nothing."""
    made = sent(1, faults=(replace(FAULT, removal_s=4),))
    assert [one.measure for one in timing(made)] == ["delay, p99", "delay, most"]
    calm = [one.measure for one in timing(made, "calm")]
    assert calm == ["delay, p99, calm", "delay, most, calm"]
