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
from harness.model import (
    Broken,
    Fixed,
    Lab,
    Pause,
    Poisson,
    Service,
    baseline,
    during,
    noted,
    on,
    predict,
)
from harness.model.expect import Bound, Measure, Value
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
    """Healthy before, and the stated cascade afterwards."""
    assert kinds(LAB, recorded("naive", sick=DOWN)) == [
        (Kind.BASELINE, Verdict.PASS),
        (Kind.BITES, Verdict.PASS),
    ]
    assert kinds(LAB, recorded("naive"))[-1] == (Kind.BITES, Verdict.FAIL)


def test_a_fixed_variant_must_hold() -> None:
    """Its own claims, and what theory says of it."""
    assert kinds(LAB, recorded("mended", sick=(3, 4))) == [
        (Kind.BASELINE, Verdict.PASS),
        (Kind.HOLDS, Verdict.PASS),
        (Kind.PREDICTION, Verdict.PASS),
    ]
    assert kinds(LAB, recorded("mended", sick=DOWN))[1:] == [
        (Kind.HOLDS, Verdict.FAIL),
        (Kind.PREDICTION, Verdict.FAIL),
    ]


def test_a_variant_is_held_only_against_what_is_said_of_it() -> None:
    """A claim about two variants is judged on each of them; a prediction is about one."""
    assert [kind for kind, _ in kinds(LAB, recorded("other"))] == [Kind.BASELINE, Kind.HOLDS]


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


def test_a_fault_that_came_and_went_is_no_control() -> None:
    """It could not fail any more; each that did not is one, and says what was never seen."""
    well, never, stays = fault(3, 4), fault(4, 5, seen_s=math.nan), fault(4, 5, removed_s=math.nan)
    made = replace(recorded("naive", sick=DOWN), faults=[well, never, stays])
    read_back = [one for one in judge(LAB, made) if one.kind is Kind.READ_BACK]
    assert [one.missing for one in read_back] == [
        "it was never seen to act",
        "it was never seen to be gone",
    ]
    assert all(math.isnan(one.value) for one in read_back)


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
    nothing = Measure(name="nothing", compute=lambda _: math.nan)
    lab = replace(LAB, expect=(*LAB.expect, on("mended", claim="x", measure=nothing, at_least=-9)))
    assert (Kind.HOLDS, Verdict.FAIL) in kinds(lab, recorded("mended"))


def test_a_control_says_why_it_has_no_value() -> None:
    """What a person reads is what was missing, not a dash."""
    unasked = on("mended", claim="x", measure=success_ratio(3, 5, path="/none"), at_most=1)
    lab = replace(LAB, expect=(*LAB.expect, unasked))
    (held,) = [one for one in judge(lab, recorded("mended")) if one.claim == "x"]
    assert held.missing == "no request for /none was due in 3-5 s"
    assert held.verdict is Verdict.FAIL


def test_what_is_noted_is_judged_as_what_it_is() -> None:
    """It fails if it is not so, on broken variants and fixed ones alike."""
    for name in ("naive", "mended"):
        told = noted(name, claim="also", measure=success_ratio(0, 3), at_least=0.9)
        lab = replace(LAB, expect=(*LAB.expect, told))
        assert (Kind.NOTED, Verdict.PASS) in kinds(lab, recorded(name))
        assert (Kind.NOTED, Verdict.FAIL) in kinds(lab, recorded(name, sick=(1,)))


MEAN = predict(
    "mean",
    success_ratio(0, 10),
    on="mended",
    equals=0.5,
    chance=0.05,
    seeds=4,
    because="",
    source="",
)


def test_a_prediction_about_a_mean_is_held_against_the_mean() -> None:
    """0.2 more is within four sigmas of one run, and not within those of four runs' mean."""
    lab = replace(LAB, predict=(MEAN,))
    made = recorded("mended", sick=(7, 8, 9))
    (alone,) = [one for one in judge(lab, made) if one.kind is Kind.PREDICTION]
    assert (alone.value, alone.verdict) == (0.7, Verdict.PASS)
    more = {"mean": [Value(0.7)] * 5}
    (mean,) = [one for one in judge(lab, made, more) if one.kind is Kind.PREDICTION]
    assert mean.value == pytest.approx(0.7)
    assert mean.verdict is Verdict.FAIL
    assert mean.measure == "good answers, 0-10 s, mean of 4 seeds"
    assert mean.bound.chance == pytest.approx(0.1)


def test_a_mean_of_which_one_run_is_unknown_is_unknown() -> None:
    """And says what that run lacked."""
    lab = replace(LAB, predict=(MEAN,))
    more = {"mean": [Value(0.5), Value(math.nan, "no request"), Value(0.5)]}
    (mean,) = [one for one in judge(lab, recorded("mended"), more) if one.kind is Kind.PREDICTION]
    assert math.isnan(mean.value)
    assert mean.missing == "no request"


def test_a_baseline_of_no_window_is_held_as_it_is() -> None:
    """Without its fault, a run is measured to its end where the measure can be."""
    fixed = Measure(name="whole", compute=lambda made: len(made.requests))
    calm = recorded("naive", sick=(9,))
    lab = replace(
        LAB, expect=(baseline(fixed, at_least=10), baseline(success_ratio(0, 3), at_least=0.95))
    )
    assert [(one.measure, one.value) for one in judge_without_fault(lab, calm)] == [
        ("whole", 10),
        ("good answers, 0-10 s", 0.9),
    ]


def test_a_lab_whose_load_is_the_trigger_has_no_healthy_start() -> None:
    """It is never calm under its own load: the run under a calm one shows the health."""
    lab = replace(LAB, calm=Poisson(to="a", rate_rps=0.5))
    assert kinds(lab, recorded("naive", sick=DOWN)) == [(Kind.BITES, Verdict.PASS)]
    (well,) = judge_without_fault(lab, recorded("naive"))
    assert (well.kind, well.verdict) == (Kind.NEGATIVE, Verdict.PASS)
