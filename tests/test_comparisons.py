"""Labs that compare designs, and labs that fall by their load: judged through whole runs."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import runner
from harness.catalogue import Entry
from harness.checks.across import ALIKE, across
from harness.checks.verdict import Control, Kind, Verdict, failures
from harness.engines.sim.engine import SimEngine
from harness.measures import latency_ms, success_ratio
from harness.model import (
    Broken,
    Fixed,
    Lab,
    Measured,
    Paced,
    Poisson,
    Service,
    Surge,
    Together,
    baseline,
    boundary,
    difference,
    family,
    fit,
    on,
    predict,
    ratio,
    rising,
)  # fmt: skip
from harness.model.across import Across
from harness.model.validate import problems
from harness.report.folded_rows import words_of
from harness.result import Result
from tests.support import Silent, recording, request

MEDIAN = latency_ms(0.5, 0, 10)
TIMES_MS = (10, 20, 40)
FAMILY = family("takes-{:g}", TIMES_MS, setting="app.service_ms")
APP = Service("app", app="services.worker", settings={"workers": 4, "service_ms": 10})


def lab(**values: Any) -> Lab:
    fields: dict[str, Any] = {
        "title": "Times",
        "question": "How long does it take?",
        "services": (APP,),
        "load": Paced(to="app", rate_rps=10),
        "duration_s": 10,
        "faults": (),
        "variants": FAMILY,
        "expect": (),
    }
    return Lab(**(fields | values))


def ran(made: Lab, *only: str) -> Result:
    assert list(problems(made)) == []
    entry = Entry(slug="times", track="traffic", folder=Path(), lab=made)
    variants = [one for one in made.variants if not only or one.name in only]
    return runner.run(entry, variants, 1, [SimEngine()], lambda *_: Silent())


FITS = fit(FAMILY, claim="takes what it says", measure=MEDIAN, theory=float, model=0.1,
           leaves_out="the way there and back")  # fmt: skip
COMPARED: dict[str, tuple[Across, float]] = {
    "ratio": (ratio("takes-40", "takes-10", claim="a", measure=MEDIAN, at_least=3), 4),
    "difference": (difference("takes-40", "takes-20", claim="b", measure=MEDIAN, at_least=15), 20),
    "rising": (rising("takes-10", "takes-20", "takes-40", claim="c", measure=MEDIAN, by=5), 10),
    "fit": (FITS, 0.5),
    "boundary": (
        boundary(FAMILY, claim="d", measure=MEDIAN, beyond=15, above=10, at_most=20),
        20,
    ),
}


@pytest.fixture(scope="module")
def result() -> Result:
    return ran(lab(across=tuple(item for item, _ in COMPARED.values())))


@pytest.mark.parametrize("kind", COMPARED)
def test_a_claim_across_variants_is_one_figure_of_their_values(result: Result, kind: str) -> None:
    """Judged once, and shown to be false of variants that are alike."""
    item, wanted = COMPARED[kind]
    about = [one for one in result.controls if one.claim == item.claim]
    (held,) = (one for one in about if one.kind is Kind.ACROSS)
    assert held.value == pytest.approx(wanted, rel=0.1, abs=0.1)
    assert held.verdict is Verdict.PASS
    told = [one for one in about if one is not held]
    assert all(one.kind is Kind.TELLS_APART and one.verdict is Verdict.PASS for one in told)
    assert all(one.measure == f"{held.measure}, if all were alike" for one in told)
    assert len(told) == (kind != "boundary")  # variants that are alike have none


GOOD = success_ratio(0, 10)
SHARES = {
    "ratio": (ratio("takes-40", "takes-10", claim="a", measure=GOOD, at_most=0.5), "0.4"),
    "difference": (difference("takes-10", "takes-40", claim="b", measure=GOOD, at_least=0), "40 %"),
    "rising": (rising("takes-10", "takes-20", claim="c", measure=GOOD, by=0.1), "40 %"),
    "boundary": (
        boundary(FAMILY, claim="d", measure=GOOD, beyond=0.5, above=10, at_most=20),
        "0.4",
    ),
}


@pytest.mark.parametrize("kind", SHARES)
def test_a_comparison_of_shares_is_read_as_what_it_is(kind: str) -> None:
    """What two of them differ by is per cent; how often one holds the other, or a place, is not."""
    item, said = SHARES[kind]
    for measure in (item.what, f"{item.what}, {ALIKE}"):
        control = Control(
            kind=Kind.ACROSS,
            claim=item.claim,
            variant="takes-10 to takes-40",
            engine="sim",
            measure=measure,
            unit=item.unit,
            value=0.4,
            bound=item.bound,
        )
        told = on("takes-10", claim="e", measure=GOOD, at_least=0.5)
        assert words_of(lab(expect=(told,), across=(item,)), control).value(0.4) == said


def test_a_lab_without_a_fault_needs_no_baseline_and_passes(result: Result) -> None:
    """Its variants are runs of one kind, none of which must fall, and there is no control run."""
    assert result.verdict is Verdict.PASS
    assert {made.variant for made in result.recordings} == {one.name for one in FAMILY}
    assert result.unproven == []


@pytest.mark.parametrize("kind", COMPARED)
def test_a_comparison_of_what_does_not_differ_fails(kind: str) -> None:
    """Each variant has the first one's recording."""
    item, _ = COMPARED[kind]
    same = recording([request(number, number / 10) for number in range(100)])
    told = across(lab(across=(item,)), dict.fromkeys(item.variants, same))
    assert failures(told.controls)


def test_a_comparison_is_unproven_where_one_of_its_variants_did_not_run() -> None:
    """It is told by name, and nothing is judged."""
    item, _ = COMPARED["ratio"]
    result = ran(lab(across=(item, FITS)), "takes-10", "takes-20")
    assert result.unproven == [
        f"{claim}: takes-40 did not run" for claim in (item.claim, FITS.claim)
    ]
    assert not [one for one in result.controls if one.kind is Kind.ACROSS]


def alike(**values: float) -> Callable[[], Across]:
    return lambda: ratio("takes-10", "takes-20", claim="x", measure=MEDIAN, **values)


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        (alike(at_most=1.5), "'x' holds of variants that are all alike: ≤ 1.5 compares nothing"),
        (
            lambda: difference("takes-10", "takes-10", claim="x", measure=MEDIAN, at_least=1),
            "'x' compares variants with themselves; name two or more, each once",
        ),
        (
            lambda: rising("takes-10", "takes-20", "takes-10", claim="x", measure=MEDIAN, by=1),
            "'x' compares variants with themselves; name two or more, each once",
        ),
        (
            lambda: rising("takes-10", "takes-20", claim="x", measure=MEDIAN, by=0),
            "'x' holds of variants that are all alike: ≥ 0 compares nothing",
        ),
        (
            lambda: fit(FAMILY, claim="x", measure=MEDIAN, theory=float),
            "'x' allows no distance from theory",
        ),
        (
            lambda: fit(FAMILY, claim="x", measure=MEDIAN, theory=float, model=0.5, leaves_out="y"),
            "'x' leaves out 0.5 of its figure; a model may leave out 0 to 0.25",
        ),
        (
            lambda: ratio("takes-10", "takes", claim="x", measure=MEDIAN, at_most=0.5),
            "'x' is about 'takes', which is not one of takes-10, takes-20, takes-40",
        ),
    ],
)
def test_a_comparison_that_shows_nothing_is_refused(
    item: Callable[[], Across], problem: str
) -> None:
    """Before anything runs, with what to do."""
    (told,) = problems(lab(across=(FITS, item())))
    assert told.startswith(problem)


def test_a_variant_of_no_family_has_no_theory() -> None:
    """The mistake is told where it is made."""
    with pytest.raises(ValueError, match="variant alone is of no family"):
        fit((Measured("alone"),), claim="x", measure=MEDIAN, theory=float)


def test_a_measured_variants_claim_must_be_false_of_all_others() -> None:
    """As a prediction must; one that is true of several proves nothing."""
    claims = (
        on("takes-40", claim="slow", measure=MEDIAN, at_least=30),
        on("takes-10", "takes-20", claim="fast", measure=MEDIAN, at_most=25),
    )
    assert ran(lab(expect=claims)).verdict is Verdict.PASS
    vague = on("takes-40", claim="slow", measure=MEDIAN, at_least=5)
    result = ran(lab(expect=(vague, claims[1])))
    assert {one.variant for one in failures(result.controls)} == {"takes-10", "takes-20"}


def test_a_prediction_alone_is_enough_for_a_measured_variant() -> None:
    """It is the figure that the others do not have; a variant without either is refused."""
    figures = tuple(
        predict("its own time", MEDIAN, on=one.name, equals=time_ms, model=0.1, leaves_out="hops",
                because="no queue", source="counted")
        for one, time_ms in zip(FAMILY, TIMES_MS, strict=True)
    )  # fmt: skip
    assert ran(lab(predict=figures)).verdict is Verdict.PASS
    assert list(problems(lab(predict=figures[1:]))) == [
        'variant takes-10 has no claim, so it cannot fail; add on("takes-10", ...) to it'
    ]


def at_rate(rate_rps: float) -> Paced:
    return Paced(to="app", rate_rps=rate_rps, timeout_ms=300)


def test_a_variant_may_bring_its_own_load() -> None:
    """A family by load: four slots of 100 ms carry 40/s, and no more."""
    busy = APP.given({"service_ms": 100})
    levels = (20, 35, 60)
    rates = family("at-{:g}", levels, load=at_rate)
    turn = boundary(rates, claim="full", measure=MEDIAN, beyond=150, above=35, at_most=60)
    result = ran(lab(services=(busy,), variants=rates, across=(turn,)))
    assert result.verdict is Verdict.PASS
    sent = [len(made.requests) for made in result.recordings]
    assert sent == [199, 349, 599]


SURGED = Poisson(
    to="app", rate_rps=50, timeout_ms=500, phases=(Surge(start_s=3, end_s=8, times=10),)
)


def surged(**values: Any) -> Lab:
    """Four slots of 20 ms carry 200/s: a surge to 500/s is too much, unless it is turned away."""
    return lab(
        **(
            {
                "load": SURGED,
                "services": (APP.given({"service_ms": 20}),),
                "variants": (Broken("waits"), Fixed("sheds", {"app.queue_limit": 10})),
                "expect": (
                    baseline(success_ratio(0, 3), at_least=0.99),
                    on("waits", claim="hardly one gets through", at_most=0.2,
                       measure=success_ratio(5, 8)),
                    on("sheds", claim="as many as it can carry get through", at_least=0.3,
                       measure=success_ratio(5, 8)),
                ),
            }
            | values
        )
    )  # fmt: skip


def test_a_surge_is_what_the_control_takes_away() -> None:
    """The broken variant falls by it alone, and without it stays well: no fault is needed."""
    result = ran(surged())
    assert result.verdict is Verdict.PASS
    (control,) = (one for one in result.controls if one.kind is Kind.NEGATIVE)
    assert control.variant == "waits"
    assert control.value == 1
    waits = result.recordings[0]
    assert waits.triggers() == (("load x 10", 3, 8),)


def test_where_the_level_is_the_trigger_the_lab_says_what_is_calm() -> None:
    """The control gets that load; without it nothing would be taken away, and the lab fails."""
    high = Poisson(to="app", rate_rps=500, timeout_ms=500)
    claims = (
        baseline(success_ratio(0, 0.2), at_least=0.99),
        on("waits", claim="hardly one gets through", at_most=0.2, measure=success_ratio(5, 8)),
        on("sheds", claim="many get through", at_least=0.3, measure=success_ratio(5, 8)),
    )
    assert ran(surged(load=high, calm=replace(high, rate_rps=50), expect=claims)).verdict is (
        Verdict.PASS
    )
    result = ran(surged(load=high, expect=claims))
    assert Kind.NEGATIVE in {one.kind for one in failures(result.controls)}


def test_an_additional_load_is_a_trigger_as_well() -> None:
    """A job that begins at second 3 crowds out the users, and is gone in the control."""
    users = Poisson(to="app", rate_rps=50, timeout_ms=500)
    job = Paced(to="app", rate_rps=450, timeout_ms=500, start_s=3, end_s=8)
    result = ran(surged(load=Together(of=(users, job))))
    assert result.verdict is Verdict.PASS
    assert result.recordings[0].triggers() == (("load on app", 3, 8),)


def test_a_surge_after_the_end_is_refused() -> None:
    """It would never come."""
    late = replace(SURGED, phases=(Surge(start_s=12, end_s=14, times=2),))
    assert "load: load x 2 at 12 s is after the end of the run" in list(problems(surged(load=late)))


def test_a_figure_of_nothing_is_nothing() -> None:
    """NaN in one value is NaN in the figure, which no bound accepts."""
    item, _ = COMPARED["ratio"]
    assert math.isnan(item.of([1.0, math.nan]))
    assert math.isnan(item.of([1.0, 0.0]))


def test_a_comparison_says_whose_it_is_and_what_is_missing() -> None:
    """All of two variants by name, the first and the last of more; the first reading's lack."""
    full = recording([request(number, number / 10) for number in range(100)])
    empty = recording([request(0, 0.5, status="500")])
    two, _ = COMPARED["ratio"]
    (one,) = across(lab(across=(two,)), {"takes-40": full, "takes-10": empty}).controls
    assert one.variant == "takes-40 and takes-10"
    assert one.missing == "no request due in 0-10 s got a good answer"
    assert math.isnan(one.value)
    three, _ = COMPARED["rising"]
    found = across(lab(across=(three,)), dict.fromkeys(three.variants, full)).controls
    assert {one.variant for one in found} == {"takes-10 to takes-40"}
    assert {one.missing for one in found} == {""}
