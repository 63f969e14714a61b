"""Comparison of a run on both engines, variant by variant."""

import math

import pytest

from harness.checks.compared import Compared, compared, difference, expected
from harness.checks.verdict import Control, Kind, Verdict
from harness.model.expect import Bound


def agreement(claim: str, simulated: float, measured: float, within: float = 0.1) -> Control:
    bound = Bound.around(simulated, model=within * simulated)
    return control(Kind.AGREEMENT, "compose", measured, bound, claim=claim)


def control(kind: Kind, engine: str, value: float, bound: Bound, claim: str = "holds") -> Control:
    return Control(
        kind=kind,
        claim=claim,
        variant="only",
        engine=engine,
        measure="a measure",
        unit="",
        value=value,
        bound=bound,
    )


def only(*controls: Control) -> Compared:
    (found,) = compared(controls)
    return found


@pytest.mark.parametrize(
    ("simulated", "measured", "share"),
    [(50, 55, 0.1), (50, 45, -0.1), (50, 50, 0), (0, 0, 0), (0, 5, math.nan), (5, math.nan, None)],
)
def test_the_difference_is_a_share_of_what_was_simulated(
    simulated: float, measured: float, share: float | None
) -> None:
    """Nothing of nothing is no difference; something of nothing is no share."""
    one = agreement("goodput before the fault", simulated, measured)
    assert expected(one) == simulated
    assert difference(one) == pytest.approx(math.nan if share is None else share, nan_ok=True)


def test_goodput_is_found_by_window() -> None:
    """One that a lab does not have is left out; a lab without faults has one, which is `before`."""
    before, after = (agreement(f"goodput {when} the fault", 5, 5) for when in ("before", "after"))
    assert only(after, before).goodput == {"before": before, "after": after}
    without = agreement("goodput without the fault", 5, 5)
    assert only(without).goodput == {"before": without}
    assert only(without).calls is None


@pytest.mark.parametrize(
    "worst",
    [
        agreement("calls to worst", 4, 4.3),
        agreement("calls to worst", 4, 3.7),
        agreement("calls to worst", 0, 1),
        agreement("calls to worst", 4, math.nan),
    ],
)
def test_calls_are_those_of_the_callee_that_differs_most(worst: Control) -> None:
    """Measured in what is allowed, for figures of few events may differ by more."""
    others = [
        agreement("calls to same", 0, 0),
        agreement("calls to near", 4, 4.1),
        agreement("calls to rare", 0.1, 0.12, within=0.5),
    ]
    assert only(others[0], worst, *others[1:]).calls is worst
    assert only(worst, *others).calls is worst


def test_a_variant_agrees_when_all_figures_do() -> None:
    """All that are held against each other count, not only those that are shown."""
    near, far = agreement("calls to near", 4, 4.1), agreement("calls to far", 4, 5)
    assert only(near).agrees
    found = only(far, near)
    assert not found.agrees
    assert found.differing == (far,)


def test_verdicts_are_of_what_both_engines_were_held_against() -> None:
    """So neither agreement nor the run without the fault, which are of one engine, count."""
    at_least = Bound(at_least=1)
    bad = agreement("goodput before the fault", 50, 0)
    unbroken = control(Kind.NEGATIVE, "sim", 0, at_least)
    simulated, measured = (
        control(Kind.HOLDS, engine, 1, at_least) for engine in ("sim", "compose")
    )
    found = only(bad, unbroken, simulated, measured)
    assert (found.simulated, found.measured) == (Verdict.PASS, Verdict.PASS)
    read_back = control(Kind.READ_BACK, "compose", 0, at_least)
    found = only(agreement("calls to near", 4, 4), simulated, measured, read_back)
    assert (found.simulated, found.measured) == (Verdict.PASS, Verdict.INCONCLUSIVE)
    assert not found.agrees


def test_what_was_run_on_one_engine_is_no_comparison() -> None:
    """Nothing is held against anything, so there is no row."""
    assert list(compared([control(Kind.HOLDS, "sim", 1, Bound(at_least=1))])) == []


def test_what_is_held_against_nothing_has_no_expectation() -> None:
    """A bound without a middle was not simulated; its difference is not known."""
    alone = control(Kind.HOLDS, "sim", 1, Bound(at_least=1))
    assert math.isnan(expected(alone))
    assert math.isnan(difference(alone))
