"""Telling apart: what every claim must be false of, from the recordings that there are."""

import math
from dataclasses import replace
from functools import partial

import pytest

from harness.checks.contrast import Runs, contrast
from harness.checks.verdict import Kind, Verdict, verdict_of
from harness.measures import recovery_s, success_ratio
from harness.model import (
    Broken,
    Fixed,
    Lab,
    Measured,
    Pause,
    Poisson,
    Service,
    baseline,
    during,
    noted,
    on,
    predict,
)
from harness.model.expect import Expectation, Measure, NoDataError
from harness.recording import Recording
from tests.support import fault, recording, request

LATE = success_ratio(6, 10)
LAB = Lab(
    title="",
    question="",
    services=(Service("a", app="services.worker"),),
    load=Poisson(to="a", rate_rps=1),
    duration_s=10,
    faults=(during(3, 5, Pause("a")),),
    variants=(Broken("naive"), Broken("worse"), Fixed("mended"), Fixed("other")),
    expect=(baseline(success_ratio(0, 3), at_least=0.95),),
)
FALLS = on("naive", claim="never comes back", measure=LATE, at_most=0.05)
HOLDS = on("mended", "other", claim="recovers", measure=LATE, at_least=0.95)
HALF = Measure(name="half", compute=lambda made: 0.5 if made.variant == "mended" else 0.9)
FIGURE = predict("half", HALF, on="mended", equals=0.5, chance=0.01, because="", source="")


def made(variant: str, *, falls: bool, faulty: bool = True) -> Recording:
    requests = [
        request(second, second + 0.5, status="timeout" if falls and second > 2 else "200")
        for second in range(10)
    ]
    return recording(requests, faults=[fault(3, 5)] if faulty else [], variant=variant)


def runs(*variants: str, calm: tuple[str, ...] = (), fallen: tuple[str, ...] = ()) -> Runs:
    """Broken variants fall, and those that are named besides; calm ones do not, unless named."""
    return Runs(
        faulty={name: made(name, falls=name in {"naive", "worse", *fallen}) for name in variants},
        calm={name: made(name, falls=f"calm {name}" in fallen, faulty=False) for name in calm},
    )


ALL = runs("naive", "worse", "mended", "other", calm=("naive", "worse"))


def told(*items: Expectation, seen: Runs = ALL) -> list[tuple[str, Verdict]]:
    found = contrast(replace(LAB, expect=(*LAB.expect, *items)), [seen])
    assert {one.kind for one in found.controls} <= {Kind.TELLS_APART}
    return [(one.variant, one.verdict) for one in found.controls]


def test_a_claim_about_fixed_variants_is_false_of_every_broken_one() -> None:
    """Unless it names those that it is about; each is one control, whatever the fixed ones are."""
    assert told(HOLDS) == [("naive", Verdict.PASS), ("worse", Verdict.PASS)]
    assert told(replace(HOLDS, unlike=("worse",))) == [("worse", Verdict.PASS)]


def test_a_claim_that_is_true_of_a_broken_variant_fails() -> None:
    """It proves nothing about the fix."""
    early = on("mended", claim="well before", measure=success_ratio(0, 3), at_least=0.95)
    assert told(early) == [("naive", Verdict.FAIL), ("worse", Verdict.FAIL)]


def test_a_cascade_is_false_without_the_fault() -> None:
    """The same variant, calm, is the nearest thing to hold it against."""
    assert told(FALLS) == [("naive", Verdict.PASS)]
    (one,) = contrast(replace(LAB, expect=(FALLS,)), [ALL]).controls
    assert one.measure == "good answers, 6-10 s, without the fault"
    assert str(one.bound) == "> 0.05"


def test_or_it_is_false_of_every_fixed_variant() -> None:
    """Where the claim is true without the fault as well, or where nothing calm was run."""
    fallen = runs("naive", "mended", "other", calm=("naive",), fallen=("calm naive",))
    assert told(FALLS, seen=fallen) == [("mended", Verdict.PASS), ("other", Verdict.PASS)]
    without = runs("naive", "mended", "other")
    assert told(FALLS, seen=without) == [("mended", Verdict.PASS), ("other", Verdict.PASS)]


def test_of_a_cascade_in_two_variants_the_one_that_ran_is_told_apart() -> None:
    """The other one did not run, and so tells nothing."""
    both = on("naive", "worse", claim="never comes back", measure=LATE, at_most=0.05)
    seen = runs("naive", calm=("naive",))
    assert told(both, seen=seen) == [("naive", Verdict.PASS)]
    found = contrast(replace(LAB, expect=(*LAB.expect, both)), [seen])
    assert found.unproven == ("never comes back: worse did not run",)
    without = runs("naive", "mended", "other")
    assert told(both, seen=without) == [("mended", Verdict.PASS), ("other", Verdict.PASS)]


def test_a_claim_about_measured_variants_is_false_of_all_others() -> None:
    """Unless it names those that it is unlike."""
    designs = (Measured("one"), Measured("two"), Measured("three"))
    lab = replace(LAB, variants=designs, expect=(), faults=())
    seen = Runs(faulty={name: made(name, falls=name != "one") for name in ("one", "two", "three")})
    stands = on("one", claim="stands", measure=LATE, at_least=0.95)
    found = contrast(replace(lab, expect=(stands,)), [seen])
    assert [one.variant for one in found.controls] == ["two", "three"]
    assert {one.verdict for one in found.controls} == {Verdict.PASS}


def test_a_cascade_that_is_everywhere_fails() -> None:
    """Without the fault, and in one of the fixed variants too."""
    fallen = runs("naive", "mended", "other", calm=("naive",), fallen=("calm naive", "other"))
    assert told(FALLS, seen=fallen) == [("mended", Verdict.PASS), ("other", Verdict.FAIL)]
    alone = runs("naive", calm=("naive",), fallen=("calm naive",))
    assert told(FALLS, seen=alone) == [("naive", Verdict.FAIL)]


def test_no_data_tells_nothing_apart() -> None:
    """A measure that finds nothing in the broken variant does not show that the claim is false."""

    def only_fixed(one: Recording) -> float:
        if one.variant in {"naive", "worse"}:
            raise NoDataError("no breaker here")
        return 0

    trips = Measure(name="trips", compute=only_fixed)
    claim = on("mended", claim="no false trip", measure=trips, at_most=0)
    assert told(claim) == [("naive", Verdict.FAIL), ("worse", Verdict.FAIL)]
    found = contrast(replace(LAB, expect=(claim,)), [ALL]).controls
    assert {one.missing for one in found} == {"no breaker here"}


def test_a_cascade_without_data_in_calm_is_held_against_the_fixed_variants() -> None:
    """Nothing recovers where nothing broke."""
    never = on("naive", claim="never recovers", measure=recovery_s(), at_least=99)
    assert told(never) == [("mended", Verdict.PASS), ("other", Verdict.PASS)]


def test_what_is_noted_and_baselines_need_no_contrast() -> None:
    """They prove nothing, and so are not held to prove something."""
    also = noted("mended", claim="also", measure=success_ratio(0, 3), at_least=0.95)
    assert told(also) == []


def test_what_cannot_be_told_apart_is_unproven() -> None:
    """A part of a lab says which variants it lacks."""
    lab = replace(LAB, expect=(*LAB.expect, FALLS, HOLDS), predict=(FIGURE,))
    fixed = contrast(lab, [runs("mended")])
    assert fixed.controls == ()
    assert fixed.unproven == (
        "never comes back: naive did not run",
        "recovers: naive, worse, other did not run",
    )
    broken = contrast(lab, [runs("naive", calm=("naive",))])
    assert verdict_of(broken.controls) is Verdict.PASS
    assert broken.unproven == (
        "recovers: worse, mended, other did not run",
        "half: mended did not run",
    )
    assert contrast(lab, [ALL]).unproven == ()


def test_what_one_engine_proves_is_not_unproven() -> None:
    """The negative control is run on one engine alone."""
    lab = replace(LAB, expect=(*LAB.expect, FALLS, HOLDS))
    found = contrast(lab, [ALL, runs("naive")])
    assert found.unproven == ()


def test_a_prediction_is_false_of_every_other_variant() -> None:
    """Else it predicts nothing."""
    lab = replace(LAB, predict=(FIGURE,))
    found = contrast(lab, [ALL]).controls
    assert [(one.variant, one.verdict) for one in found] == [
        ("naive", Verdict.PASS),
        ("worse", Verdict.PASS),
        ("other", Verdict.PASS),
    ]
    wide = replace(FIGURE, chance=0.11)
    found = contrast(replace(lab, predict=(wide,)), [ALL]).controls
    assert {one.verdict for one in found} == {Verdict.FAIL}


def test_a_prediction_may_name_who_else_satisfies_it() -> None:
    """With a reason, which validation asks for."""
    wide = replace(FIGURE, chance=0.11, also={"naive": "x", "worse": "x", "other": "x"})
    assert contrast(replace(LAB, predict=(wide,)), [ALL]).controls == ()
    assert contrast(replace(LAB, predict=(wide,)), [ALL]).unproven == ()


def test_a_prediction_that_nobody_else_has_a_value_for_tells_nothing() -> None:
    """But one other variant with a value is enough."""

    def compute(has: set[str], one: Recording) -> float:
        return {"mended": 0.5}.get(one.variant, 0.9) if one.variant in has else math.nan

    for has, verdict in (({"mended"}, Verdict.FAIL), ({"mended", "other"}, Verdict.PASS)):
        figure = replace(FIGURE, measure=Measure(name="x", compute=partial(compute, has)))
        found = contrast(replace(LAB, predict=(figure,)), [ALL]).controls
        assert [one.verdict for one in found] == [verdict]


def test_a_prediction_about_a_mean_is_told_apart_where_means_are_taken() -> None:
    """By the bound of the mean; one run alone is too wide a bound to tell anything."""
    mean = replace(FIGURE, chance=0.3, seeds=16)
    lab = replace(LAB, predict=(mean,))
    assert contrast(lab, [ALL]).controls == ()
    found = contrast(lab, [replace(ALL, averages=True)]).controls
    assert [one.verdict for one in found] == [Verdict.PASS] * 3
    assert found[0].bound.chance == pytest.approx(0.3)


def test_without_recordings_nothing_is_proven() -> None:
    """An engine of which there is no recording adds nothing."""
    lab = replace(LAB, expect=(*LAB.expect, HOLDS, FALLS), predict=(FIGURE,))
    assert contrast(lab, [Runs()]).controls == ()
    assert len(contrast(lab, [Runs()]).unproven) == 3
    assert contrast(lab, [Runs(), ALL]) == contrast(lab, [ALL])


def test_some_of_the_fixed_variants_are_not_all() -> None:
    """A cascade that is there without the fault too must be false of every one of them."""
    some = runs("naive", "mended", calm=("naive",), fallen=("calm naive",))
    assert told(FALLS, seen=some) == [("naive", Verdict.FAIL)]
    found = contrast(replace(LAB, expect=(*LAB.expect, FALLS)), [runs("naive", "mended")])
    assert found.controls == ()
    (unproven,) = found.unproven
    assert unproven.startswith("never comes back: ")


def test_a_mean_of_two_is_not_held_against_one_run() -> None:
    """A control names the measure as the claim does, where the variant ran with its faults."""
    lab = replace(LAB, predict=(replace(FIGURE, seeds=2),))
    assert contrast(lab, [ALL]).controls == ()
    assert len(contrast(lab, [replace(ALL, averages=True)]).controls) == 3
    found = contrast(replace(LAB, expect=(*LAB.expect, HOLDS)), [ALL])
    assert {one.measure for one in found.controls} == {LATE.name}
