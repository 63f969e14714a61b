"""Bounds: what they accept, how far a value is from their edge, how they read."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.model.expect import (
    Bound,
    Expectation,
    Measure,
    NoDataError,
    Plot,
    Prediction,
    Reads,
    baseline,
    noted,
    on,
    predict,
)
from harness.model.numbers import MINUS, number, short
from tests.support import recording

NUMBERS = st.floats(min_value=-1e9, max_value=1e9)
MEASURE = Measure(name="figure", compute=lambda _: 0.0)


@pytest.mark.parametrize(
    ("bound", "value", "holds", "margin"),
    [
        (Bound(at_least=0.9), 0.95, True, 0.05),
        (Bound(at_least=0.9), 0.9, True, 0),
        (Bound(at_least=0.9), 0.5, False, -0.4),
        (Bound(at_most=5), 3, True, 2),
        (Bound(at_most=5), 5, True, 0),
        (Bound(at_most=5), 8, False, -3),
        (Bound(at_most=5), math.inf, False, -math.inf),
        (Bound(at_least=5), math.inf, True, math.inf),
        (Bound(at_least=1, at_most=4), 2, True, 1),
        (Bound(at_least=1, at_most=4), 3.5, True, 0.5),
        (Bound.around(4, model=0.2), 4.1, True, 0.1),
        (Bound.around(4, model=0.2), 4.3, False, -0.1),
        (Bound.around(-4, model=0.2), -4.1, True, 0.1),
        (Bound.around(0), 0, True, 0),
        (Bound.around(0), 0.001, False, -0.001),
    ],
)
def test_margins_are_positive_inside_and_negative_outside(
    bound: Bound, value: float, *, holds: bool, margin: float
) -> None:
    """In the value's own unit, to the nearer edge."""
    assert bound.holds(value) is holds
    assert bound.margin(value) == pytest.approx(margin)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_value_holds_just_when_its_margin_is_not_negative(
    value: float, one: float, other: float
) -> None:
    """Verdict and margin never contradict each other."""
    bound = Bound(at_least=min(one, other), at_most=max(one, other))
    assert bound.holds(value) == (bound.margin(value) >= 0)


@given(NUMBERS, st.floats(min_value=0, max_value=1e9), st.floats(min_value=0, max_value=1e9))
def test_a_tolerance_accepts_the_value_itself(value: float, model: float, chance: float) -> None:
    """Whatever the sign, and also without any slack."""
    assert Bound.around(value, model=model, chance=chance).holds(value)


@given(NUMBERS, st.floats(min_value=0.01, max_value=1e6), st.floats(min_value=1.001, max_value=10))
def test_a_tolerance_refuses_what_is_farther_away(value: float, slack: float, times: float) -> None:
    """On both sides; the two parts of a tolerance add up."""
    assume(slack > 1e-6 * abs(value))
    bound = Bound.around(value, model=slack / 2, chance=slack / 2)
    for sign in (-1, 1):
        assert not bound.holds(value + sign * times * slack)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_the_complement_accepts_just_what_the_bound_refuses(
    value: float, one: float, other: float
) -> None:
    """Its margin is the same distance with the other sign; its complement is the bound again."""
    bound = Bound(at_least=min(one, other), at_most=max(one, other))
    assert bound.complement().holds(value) is not bound.holds(value)
    assert bound.complement().margin(value) == -bound.margin(value)
    assert bound.complement().complement() == bound


@pytest.mark.parametrize(
    "bound", [Bound(), Bound(at_least=0), Bound(at_most=0), Bound.around(1, chance=0.5)]
)
def test_nothing_accepts_what_is_not_a_number(bound: Bound) -> None:
    """A measure that could not be taken never passes, nor tells apart, and has no margin."""
    assert not bound.holds(math.nan)
    assert not bound.complement().holds(math.nan)
    assert math.isnan(bound.margin(math.nan))


@pytest.mark.parametrize(
    ("bound", "text"),
    [
        (Bound(at_least=0.95), "≥ 0.95"),
        (Bound(at_most=14), "≤ 14"),
        (Bound(at_least=1, at_most=2.5), "1 to 2.5"),
        (Bound.around(4, model=0.2), "4 ± 0.2"),
        (Bound.around(800, chance=113), "800 ± 113"),
        (Bound.around(1200, chance=120), "1,200 ± 120"),
        (Bound.around(166, model=9.96, chance=12), "166 ± 6 % model ± 12 chance"),
        (Bound.around(0, model=0.5, chance=1), "0 ± 0.5 model ± 1 chance"),
        (Bound.around(12), "12"),
        (Bound(at_least=0.95).complement(), "< 0.95"),
        (Bound(at_most=14).complement(), "> 14"),
        (Bound(at_least=1, at_most=2.5).complement(), "not 1 to 2.5"),
        (Bound.around(4, model=0.2).complement(), "not 4 ± 0.2"),
    ],
)
def test_a_bound_reads_like_arithmetic(bound: Bound, text: str) -> None:
    """For tables and messages."""
    assert str(bound) == text


def test_labs_are_written_in_four_verbs() -> None:
    """A baseline is about all variants, claims and notes about some, a figure about one."""
    healthy = baseline(MEASURE, at_least=0.99)
    assert healthy.is_baseline
    assert (healthy.variants, healthy.bound) == ((), Bound(at_least=0.99))
    claim = on("a", "b", claim="recovers", measure=MEASURE, at_most=5)
    assert not claim.is_baseline
    assert (claim.variants, claim.bound, claim.unlike) == (("a", "b"), Bound(at_most=5), ())
    assert on("a", claim="x", measure=MEASURE, unlike="b").unlike == ("b",)
    assert on("a", claim="x", measure=MEASURE, unlike=("b", "c")).unlike == ("b", "c")
    told = noted("a", claim="recovers", measure=MEASURE, at_most=5)
    assert told.noted
    assert not claim.noted
    assert told.bound == claim.bound
    figure = predict("calls", MEASURE, on="a", equals=4, because="1 + 3", source="theory:x")
    assert (figure.on, figure.bound) == ("a", Bound.around(4))


def test_a_predictions_tolerance_is_what_is_left_out_and_four_sigmas() -> None:
    """The mean of more runs varies less; what the theory leaves out stays."""
    figure = predict(
        "lost",
        MEASURE,
        on="a",
        equals=-100,
        model=0.06,
        leaves_out="the way there",
        chance=3,
        because="",
        source="",
    )
    assert (figure.bound.model, figure.bound.chance) == (6, 12)
    assert (figure.bound.at_least, figure.bound.at_most) == (-118, -82)
    assert (figure.bound_of(9).model, figure.bound_of(9).chance) == (6, 4)


def test_a_measure_without_data_says_what_is_missing() -> None:
    """Its value is NaN, with the reason of the one who knows it, or a plain one."""

    def lacks(_: object) -> float:
        raise NoDataError("no call to db in 1-2 s")

    made = recording()
    value, missing = Measure(name="x", compute=lacks).read(made)
    assert math.isnan(value)
    assert missing == "no call to db in 1-2 s"
    assert Measure(name="x", compute=lambda _: math.nan).read(made).missing == "nothing to measure"
    assert Measure(name="x", compute=lambda _: 3).read(made) == (3, "")
    assert math.isnan(Measure(name="x", compute=lacks).of(made))


@pytest.mark.parametrize(
    ("value", "long", "brief"),
    [
        (0.05, "0.050", "0.05"),
        (4, "4.00", "4"),
        (12.34, "12.3", "12.3"),
        (100, "100", "100"),
        (1200, "1,200", "1,200"),
        (123456.7, "123,457", "123,457"),
        (-0.5, f"{MINUS}0.500", f"{MINUS}0.5"),
        (0, "0.00", "0"),
        (2.5e12, "2.5 x 10^12", "2.5 x 10^12"),
        (1e-7, f"1 x 10^{MINUS}7", f"1 x 10^{MINUS}7"),
        (math.inf, "∞", "∞"),
        (-math.inf, f"{MINUS}∞", f"{MINUS}∞"),
        (math.nan, "unknown", "unknown"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_people_write_them(value: float, long: str, brief: str) -> None:
    """Three significant digits, thousands marked, exponents only where nobody could read it."""
    assert (number(value), short(value)) == (long, brief)


def test_what_a_lab_writes_is_what_is_held() -> None:
    """Every word of it arrives; what is left out is no bound and no tolerance."""
    both = on("a", claim="x", measure=MEASURE, at_least=1, at_most=2)
    assert (both.claim, both.measure, both.bound) == ("x", MEASURE, Bound(at_least=1, at_most=2))
    assert on("a", claim="x", measure=MEASURE).bound == Bound()
    assert noted("a", claim="x", measure=MEASURE, at_least=1, at_most=2) == Expectation(
        claim="x",
        measure=MEASURE,
        bound=Bound(at_least=1, at_most=2),
        variants=("a",),
        noted=True,
    )
    assert noted("a", claim="x", measure=MEASURE).bound == Bound()
    whole = baseline(MEASURE, at_least=1, at_most=2)
    assert (whole.measure, whole.bound) == (MEASURE, Bound(at_least=1, at_most=2))
    assert baseline(MEASURE).bound == Bound()
    assert baseline(MEASURE).claim == "healthy before the fault"
    figure = predict(
        "calls",
        MEASURE,
        on="a",
        equals=4,
        because="1 + 3",
        source="theory:x",
        model=0.1,
        leaves_out="the rest",
        chance=0.5,
        seeds=4,
        also={"b": "it is the same"},
    )
    assert figure == Prediction(
        name="calls",
        measure=MEASURE,
        equals=4,
        model=0.1,
        leaves_out="the rest",
        chance=0.5,
        because="1 + 3",
        source="theory:x",
        on="a",
        seeds=4,
        also={"b": "it is the same"},
    )
    assert figure.bound_of(4) == Bound.around(4, model=0.4, chance=1)
    plain = predict("calls", MEASURE, on="a", equals=4, because="", source="")
    assert (plain.model, plain.leaves_out, plain.chance) == (0, "", 0)
    assert (plain.seeds, plain.also) == (1, {})


def test_values_say_nothing_that_was_not_said() -> None:
    """A measure reads nothing and has no unit, a prediction is of one seed, unless told."""
    assert (MEASURE.unit, MEASURE.over, MEASURE.reads) == ("", None, Reads())
    assert Reads() == Reads(window=None, callees=(), hosts=(), paths=(), metrics=(), answers=False)
    plot = Plot(title="x", of=lambda _: {})
    assert (plot.unit, plot.reads) == ("", Reads())
    claim = Expectation(claim="x", measure=MEASURE, bound=Bound(), variants=("a",))
    assert (claim.is_baseline, claim.unlike, claim.noted) == (False, (), False)
    figure = Prediction(
        name="x",
        measure=MEASURE,
        equals=4,
        model=0,
        leaves_out="",
        chance=1,
        because="",
        source="",
        on="a",
    )
    assert (figure.seeds, figure.also) == (1, {})
    assert figure.bound == figure.bound_of(1) == Bound.around(4, chance=4)


@pytest.mark.parametrize(
    ("bound", "text"),
    [
        (Bound.around(-50, model=5, chance=1), f"{MINUS}50 ± 10 % model ± 1 chance"),
        (Bound.around(4, chance=2).complement(), "not 4 ± 2"),
        (Bound.around(12).complement(), "not 12"),
        (Bound.around(0.5, model=0.125), "0.5 ± 0.125"),
    ],
)
def test_a_tolerance_is_told_by_its_parts(bound: Bound, text: str) -> None:
    """The model's as a share of the figure, whatever its sign; one part alone as it is."""
    assert str(bound) == text


def test_a_bound_outside_has_its_margin_beyond_the_nearer_edge() -> None:
    """Of two edges; at the edge itself it is refused, for the bound accepts that."""
    outside = Bound(at_least=1, at_most=4).complement()
    assert [outside.margin(value) for value in (0, 1, 2, 5)] == [1, 0, -1, 1]
    assert [outside.holds(value) for value in (0, 1, 2, 4, 5)] == [True, False, False, False, True]
