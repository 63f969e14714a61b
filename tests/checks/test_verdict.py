"""Verdicts: which controls a lab has, what each comes to, what they come to together."""

import math
from dataclasses import replace

import pytest

from harness.checks.verdict import (
    Control,
    Kind,
    Verdict,
    failures,
    judge,
    judge_without_fault,
    verdict_of,
)
from harness.errors import ExitCode
from harness.measures import latency_ms, recovery_s, success_ratio
from harness.model import Broken, Fixed, Lab, Pause, Poisson, Service, baseline, during, on, predict
from harness.model.expect import Bound, Measure
from harness.recording import Recording
from tests.support import fault, recording, request

LAB = Lab(
    title="",
    question="",
    services=(Service("a", app="services.worker"),),
    load=Poisson(to="a", rate_rps=1),
    duration_s=10,
    faults=(during(3, 5, Pause("a")),),
    variants=(Broken("naive"), Fixed("mended"), Fixed("other")),
    expect=(
        baseline(success_ratio(0, 3), at_least=0.95),
        on("naive", claim="never comes back", measure=success_ratio(6, 10), at_most=0.05),
        on("mended", "other", claim="recovers", measure=recovery_s(), at_most=2),
    ),
    predict=(
        predict(
            "goes on",
            success_ratio(6, 10),
            on="mended",
            equals=1,
            within=0.01,
            because="it is mended",
            source="theory:x",
        ),
    ),
)


def recorded(variant: str, *, sick: tuple[int, ...] = (), seen: bool = True) -> Recording:
    """Record one request a second, good unless its second is a sick one."""
    requests = [
        request(second, second + 0.5, status="timeout" if second in sick else "200")
        for second in range(10)
    ]
    read_back = fault(3, 5) if seen else fault(3, 5, seen_s=math.nan)
    return recording(requests, faults=[read_back], variant=variant)


def control(kind: Kind, value: float, bound: Bound) -> Control:
    return Control(
        kind=kind,
        claim="",
        variant="naive",
        engine="sim",
        measure="",
        unit="",
        value=value,
        bound=bound,
    )


def kinds(lab: Lab, made: Recording) -> list[tuple[Kind, Verdict]]:
    return [(one.kind, one.verdict) for one in judge(lab, made)]


DOWN = tuple(range(3, 10))


def test_a_broken_variant_must_fall() -> None:
    """Fault read back, healthy before, and the stated cascade afterwards."""
    assert kinds(LAB, recorded("naive", sick=DOWN)) == [
        (Kind.READ_BACK, Verdict.PASS),
        (Kind.BASELINE, Verdict.PASS),
        (Kind.BITES, Verdict.PASS),
    ]
    assert kinds(LAB, recorded("naive"))[-1] == (Kind.BITES, Verdict.FAIL)


def test_a_fixed_variant_must_hold() -> None:
    """Its own claims, and what theory says of it."""
    assert kinds(LAB, recorded("mended", sick=(3, 4))) == [
        (Kind.READ_BACK, Verdict.PASS),
        (Kind.BASELINE, Verdict.PASS),
        (Kind.HOLDS, Verdict.PASS),
        (Kind.PREDICTION, Verdict.PASS),
    ]
    assert kinds(LAB, recorded("mended", sick=DOWN))[2:] == [
        (Kind.HOLDS, Verdict.FAIL),
        (Kind.PREDICTION, Verdict.FAIL),
    ]


def test_a_variant_is_held_only_against_what_is_said_of_it() -> None:
    """A claim about two variants is judged on each of them; a prediction is about one."""
    assert [kind for kind, _ in kinds(LAB, recorded("other"))] == [
        Kind.READ_BACK,
        Kind.BASELINE,
        Kind.HOLDS,
    ]


def test_controls_carry_what_a_person_must_see() -> None:
    """Claim, measure, value, bound and margin."""
    made = recorded("mended", sick=(3, 4, 5))
    held = next(one for one in judge(LAB, made) if one.kind is Kind.HOLDS)
    assert (held.claim, held.variant, held.engine) == ("recovers", "mended", "sim")
    assert (held.measure, held.unit, held.value) == ("time to recover", "s", 1)
    assert (str(held.bound), held.margin) == ("≤ 2", 1)


def test_an_unhealthy_start_proves_nothing() -> None:
    """Neither that the fault bites nor that the mend holds."""
    made = recorded("naive", sick=tuple(range(10)))
    assert (Kind.BASELINE, Verdict.INCONCLUSIVE) in kinds(LAB, made)
    assert verdict_of(judge(LAB, made)) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("gone", [True, False])
def test_a_fault_that_was_not_read_back_proves_nothing(*, gone: bool) -> None:
    """Neither one that was never seen nor one that was not seen to go."""
    never = fault(3, 5, seen_s=math.nan) if gone else fault(3, 5, removed_s=math.nan)
    made = replace(recorded("naive", sick=DOWN), faults=[never])
    assert kinds(LAB, made)[0] == (Kind.READ_BACK, Verdict.INCONCLUSIVE)
    assert verdict_of(judge(LAB, made)) is Verdict.INCONCLUSIVE


def test_each_fault_has_a_control_of_its_own() -> None:
    """By its name."""
    made = replace(recorded("naive", sick=DOWN), faults=[fault(3, 4), fault(4, 5)])
    read_back = [one for one in judge(LAB, made) if one.kind is Kind.READ_BACK]
    assert [one.claim for one in read_back] == ["pause payments"] * 2


@pytest.mark.parametrize("kind", Kind)
def test_a_control_passes_inside_its_bound(kind: Kind) -> None:
    """Whatever it is about."""
    assert control(kind, 1, Bound(at_least=1)).verdict is Verdict.PASS


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("value", [0, math.nan])
def test_outside_it_fails_unless_it_sets_the_run_up(kind: Kind, value: float) -> None:
    """A baseline, a read-back and the timing are about the run, not about the claim."""
    sets_up = kind in {Kind.BASELINE, Kind.READ_BACK, Kind.TIMING}
    expected = Verdict.INCONCLUSIVE if sets_up else Verdict.FAIL
    assert control(kind, value, Bound(at_least=1)).verdict is expected


PASSED = control(Kind.HOLDS, 1, Bound(at_least=1))
FAILED = control(Kind.HOLDS, 0, Bound(at_least=1))
UNPROVEN = control(Kind.BASELINE, 0, Bound(at_least=1))


@pytest.mark.parametrize(
    ("controls", "verdict"),
    [
        ([], Verdict.INCONCLUSIVE),
        ([PASSED], Verdict.PASS),
        ([PASSED, FAILED], Verdict.FAIL),
        ([FAILED, PASSED, UNPROVEN], Verdict.INCONCLUSIVE),
        ([UNPROVEN], Verdict.INCONCLUSIVE),
    ],
)
def test_together_the_unproven_outweighs_the_failed_outweighs_the_passed(
    controls: list[Control], verdict: Verdict
) -> None:
    """And no control at all proves nothing."""
    assert verdict_of(controls) is verdict
    assert verdict_of(list(reversed(controls))) is verdict


def test_failures_are_what_did_not_pass_in_their_order() -> None:
    """For a message that names them."""
    assert failures([PASSED, UNPROVEN, FAILED, PASSED]) == [UNPROVEN, FAILED]


def test_verdicts_have_exit_codes() -> None:
    """As a CI job reads them."""
    assert {verdict: verdict.exit_code for verdict in Verdict} == {
        Verdict.PASS: ExitCode.AS_EXPECTED,
        Verdict.FAIL: ExitCode.EXPECTATION_FAILED,
        Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
    }
    assert [int(verdict.exit_code) for verdict in Verdict] == [0, 1, 2]


def test_without_its_fault_a_lab_must_stay_healthy_to_the_end() -> None:
    """The baseline's bound, on the whole run: else the fault proves nothing."""
    (well,) = judge_without_fault(LAB, recorded("naive"))
    assert (well.kind, well.verdict, well.value) == (Kind.NEGATIVE, Verdict.PASS, 1)
    (sick,) = judge_without_fault(LAB, recorded("naive", sick=(9,)))
    assert (sick.verdict, sick.value) == (Verdict.FAIL, 0.9)
    assert sick.margin == pytest.approx(-0.05)


def test_without_requests_the_negative_control_fails() -> None:
    """Silence is no health."""
    (empty,) = judge_without_fault(LAB, recording(variant="naive"))
    assert empty.verdict is Verdict.FAIL


def test_the_negative_control_holds_every_baseline_over_the_whole_run() -> None:
    """Each by its own measure: a time is not held against a bound for a share."""
    fast = baseline(latency_ms(0.99, 0, 3), at_least=5)
    lab = replace(LAB, expect=(LAB.expect[0], fast, *LAB.expect[1:]))
    controls = judge_without_fault(lab, recorded("naive"))
    assert [one.verdict for one in controls] == [Verdict.PASS, Verdict.PASS]
    assert [one.unit for one in controls] == ["", "ms"]


def test_a_measure_that_is_not_a_number_never_passes() -> None:
    """Whatever the bound is."""
    nothing = Measure(name="nothing", of=lambda _: math.nan)
    lab = replace(LAB, expect=(*LAB.expect, on("mended", claim="x", measure=nothing, at_least=-9)))
    assert (Kind.HOLDS, Verdict.FAIL) in kinds(lab, recorded("mended"))
