"""The runner, with engines that record what a test gives them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from harness import runner
from harness.catalogue import Entry
from harness.checks.verdict import Kind, Verdict
from harness.engines.protocol import Conductor, Engine, Observer, Plan
from harness.errors import FaultNotAppliedError
from harness.measures import success_ratio
from harness.model import (
    Broken,
    Fixed,
    Lab,
    Paced,
    Pause,
    Service,
    baseline,
    during,
    on,
    predict,
)
from harness.model.variant import Variant
from harness.recording import FaultRecord, Recording, Request
from tests.support import Silent, recording, request

LAB = Lab(
    title="",
    question="",
    services=(Service("a", app="services.worker"),),
    load=Paced(rate_rps=1, to="a"),
    duration_s=10,
    faults=(during(2, 4, Pause("a")),),
    variants=(Fixed("calm"), Broken("naive"), Broken("worse")),
    expect=(
        baseline(success_ratio(0, 2), at_least=0.99),
        on("naive", "worse", claim="stays down", measure=success_ratio(5, 10), at_most=0.1),
        on("calm", claim="recovers", measure=success_ratio(5, 10), at_least=0.9),
    ),
)
ENTRY = Entry(slug="storm", track="trial", folder=Path(), lab=LAB)

Made = Callable[[Plan], Recording]


def as_expected(plan: Plan) -> Recording:
    """Record what the lab claims: broken variants stay down after the fault."""
    falls = isinstance(plan.variant, Broken) and plan.lab.faults
    statuses = ["200" if second < 2 or not falls else "timeout" for second in range(10)]
    return recorded(plan, [request(s, s + 0.5, status=status) for s, status in enumerate(statuses)])


def recorded(plan: Plan, requests: Sequence[Request]) -> Recording:
    faults = [
        FaultRecord(
            name="pause a",
            target="a",
            start_s=2,
            end_s=4,
            requested_s=2,
            applied_s=2,
            seen_s=2,
            removal_s=4,
            removed_s=4,
        )
        for _ in plan.lab.faults
    ]
    return recording(requests, faults=faults, variant=plan.variant.name)


@dataclass
class Scripted:
    """An engine that gives hand-made recordings, and remembers what was asked of it."""

    name: str = "sim"
    made: Made = as_expected
    real_time: bool = False
    plans: list[Plan] = field(default_factory=list)

    def run(self, plan: Plan, conduct: Conductor, observer: Observer) -> Recording:
        del conduct
        self.plans.append(plan)
        observer.step("runs")
        return replace(self.made(plan), engine=self.name)

    def ran(self) -> list[tuple[str, bool]]:
        """Give the variants that were run, and whether with the faults."""
        return [(plan.variant.name, bool(plan.lab.faults)) for plan in self.plans]


def watch(engine: Engine, variant: Variant, lab: Lab) -> Observer:
    del engine, variant, lab
    return Silent()


def test_variants_are_run_in_order_and_then_the_broken_ones_without_trigger() -> None:
    """Every variant with its faults; after that each broken one as its own negative control."""
    engine = Scripted()
    result = runner.run(ENTRY, LAB.variants, 5, [engine], watch)
    assert engine.ran() == [
        ("calm", True),
        ("naive", True),
        ("worse", True),
        ("naive", False),
        ("worse", False),
    ]
    assert {plan.seed for plan in engine.plans} == {5}
    assert {plan.slug for plan in engine.plans} == {"storm"}
    assert [made.variant for made in result.recordings] == ["calm", "naive", "worse"]
    assert (result.slug, result.seed, result.verdict) == ("storm", 5, Verdict.PASS)


def test_only_the_variants_that_are_asked_for_are_run() -> None:
    """A fixed variant alone needs no negative control."""
    engine = Scripted()
    result = runner.run(ENTRY, [LAB.variant("calm")], 1, [engine], watch)
    assert engine.ran() == [("calm", True)]
    assert [control.kind for control in result.controls] == [Kind.BASELINE, Kind.HOLDS]
    assert result.left_out == ("naive", "worse")
    assert result.unproven == [
        "stays down: naive, worse did not run",
        "recovers: naive, worse did not run",
    ]


def test_negative_controls_are_run_on_the_first_engine_alone() -> None:
    """On containers they would take as long again."""
    first, second = Scripted("sim"), Scripted("compose")
    result = runner.run(ENTRY, LAB.variants, 1, [first, second], watch)
    assert len(first.ran()) == 5
    assert second.ran() == [("calm", True), ("naive", True), ("worse", True)]
    negative = [control for control in result.controls if control.kind is Kind.NEGATIVE]
    assert {control.engine for control in negative} == {"sim"}
    assert [(made.engine, made.variant) for made in result.recordings] == [
        *(("sim", "calm"), ("sim", "naive"), ("sim", "worse")),
        *(("compose", "calm"), ("compose", "naive"), ("compose", "worse")),
    ]


def test_a_second_engine_is_held_against_the_first() -> None:
    """Agreement is judged for each variant of the second engine, and never for the first."""
    result = runner.run(ENTRY, LAB.variants, 1, [Scripted("sim"), Scripted("compose")], watch)
    agreed = [control for control in result.controls if control.kind is Kind.AGREEMENT]
    assert {(control.engine, control.variant) for control in agreed} == {
        *(("compose", "calm"), ("compose", "naive"), ("compose", "worse")),
    }
    assert {control.verdict for control in agreed} == {Verdict.PASS}


def test_a_whole_lab_leaves_nothing_out_and_nothing_unproven() -> None:
    """Each claim is told apart by the recordings that are made anyway."""
    engine = Scripted()
    result = runner.run(ENTRY, LAB.variants, 5, [engine], watch)
    apart = [one for one in result.controls if one.kind is Kind.TELLS_APART]
    assert [(one.claim, one.variant) for one in apart] == [
        ("stays down", "naive"),
        ("stays down", "worse"),
        ("recovers", "naive"),
        ("recovers", "worse"),
    ]
    assert {one.verdict for one in apart} == {Verdict.PASS}
    assert (result.left_out, result.unproven) == ((), [])


@pytest.mark.parametrize("late_s", [0, 0.06])
def test_a_run_in_real_time_must_keep_time(late_s: float) -> None:
    """In `run` as in `check`: a load that was late proves nothing; virtual time is never late."""

    def late(plan: Plan) -> Recording:
        once = as_expected(plan)
        return replace(
            once,
            requests=[one._replace(sent_s=one.intended_s + late_s) for one in once.requests],
            faults=[replace(one, requested_s=2, applied_s=2, removal_s=4) for one in once.faults],
        )

    result = runner.run(ENTRY, LAB.variants, 1, [Scripted("compose", late, real_time=True)], watch)
    assert result.verdict is (Verdict.INCONCLUSIVE if late_s else Verdict.PASS)
    virtual = runner.run(ENTRY, LAB.variants, 1, [Scripted("sim", late)], watch)
    assert virtual.verdict is Verdict.PASS
    assert not [one for one in virtual.controls if one.kind is Kind.TIMING]


MEAN = predict(
    "half of them",
    success_ratio(5, 10),
    on="calm",
    equals=0.9,
    chance=0.1,
    seeds=3,
    because="",
    source="",
)


def test_a_check_averages_over_further_seeds_where_time_is_virtual() -> None:
    """As many as a prediction says, far enough apart that those of a check do not overlap."""
    entry = replace(ENTRY, lab=replace(LAB, predict=(MEAN,)))
    engine, real = Scripted(), Scripted("compose", real_time=True)
    result = runner.run(entry, LAB.variants, 5, [engine, real], watch, averages=True)
    more = [(plan.variant.name, plan.seed) for plan in engine.plans if plan.seed != 5]
    assert more == [("calm", 1_000_005), ("calm", 2_000_005)]
    assert {plan.seed for plan in real.plans} == {5}
    figures = [one for one in result.controls if one.kind is Kind.PREDICTION]
    assert [one.measure for one in figures] == [
        "good answers, 5-10 s, mean of 3 seeds",
        "good answers, 5-10 s",
    ]
    assert figures[0].bound.chance < figures[1].bound.chance
    quick = Scripted()
    runner.run(entry, LAB.variants, 5, [quick], watch)
    assert {plan.seed for plan in quick.plans} == {5}


def test_engines_that_disagree_do_not_pass() -> None:
    """A measured run that holds every claim, yet not the simulation's figures, fails."""

    def fourfold(plan: Plan) -> Recording:
        once = as_expected(plan)
        return replace(once, requests=[each for each in once.requests for _ in range(4)])

    engines = [Scripted("sim"), Scripted("compose", fourfold)]
    result = runner.run(ENTRY, LAB.variants, 1, engines, watch)
    failed = {control.kind for control in result.controls if control.verdict is Verdict.FAIL}
    assert failed == {Kind.AGREEMENT}
    assert result.verdict is Verdict.FAIL


def test_a_broken_variant_that_falls_without_its_fault_proves_nothing() -> None:
    """The negative control fails, and with it the lab."""

    def falls(plan: Plan) -> Recording:
        with_fault = as_expected(replace(plan, lab=LAB))
        return recorded(plan, with_fault.requests)

    result = runner.run(ENTRY, LAB.variants, 1, [Scripted(made=falls)], watch)
    failed = [control for control in result.controls if control.verdict is Verdict.FAIL]
    assert [(control.kind, control.variant) for control in failed] == [
        (Kind.NEGATIVE, "naive"),
        (Kind.NEGATIVE, "worse"),
    ]
    assert result.verdict is Verdict.FAIL


def test_a_fault_that_was_not_seen_makes_the_lab_inconclusive() -> None:
    """A recording whose fault was not read back can neither pass nor fail."""

    def unseen(plan: Plan) -> Recording:
        made = as_expected(plan)
        return replace(made, faults=[replace(each, seen_s=float("nan")) for each in made.faults])

    result = runner.run(ENTRY, LAB.variants, 1, [Scripted(made=unseen)], watch)
    assert result.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("error", [FaultNotAppliedError("gone"), KeyboardInterrupt()], ids=repr)
def test_what_an_engine_raises_is_passed_on(error: BaseException) -> None:
    """The run ends at once: nothing after the failure is started."""

    def fails(plan: Plan) -> Recording:
        if plan.variant.name == "naive":
            raise error
        return as_expected(plan)

    first, second = Scripted(made=fails), Scripted("compose")
    with pytest.raises(type(error)):
        runner.run(ENTRY, LAB.variants, 1, [first, second], watch)
    assert first.ran() == [("calm", True), ("naive", True)]
    assert second.ran() == []


def test_an_observer_is_made_for_each_run() -> None:
    """It is told the engine, the variant, and the lab as it is run, with or without faults."""
    told: list[tuple[str, str, bool]] = []

    def observe(engine: Engine, variant: Variant, lab: Lab) -> Observer:
        told.append((engine.name, variant.name, bool(lab.faults)))
        return Silent()

    runner.run(ENTRY, [LAB.variant("naive")], 1, [Scripted("sim"), Scripted("compose")], observe)
    assert told == [("sim", "naive", True), ("sim", "naive", False), ("compose", "naive", True)]


def test_no_engines_prove_nothing() -> None:
    """A result without a recording is inconclusive."""
    assert runner.run(ENTRY, LAB.variants, 1, [], watch).verdict is Verdict.INCONCLUSIVE
