"""Bounds: what they accept, how far a value is from their edge, how they read."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.model.expect import Bound, Measure, baseline, on, predict

NUMBERS = st.floats(min_value=-1e9, max_value=1e9)
MEASURE = Measure(name="figure", of=lambda _: 0.0)


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
        (Bound.around(4, 0.05), 4.1, True, 0.1),
        (Bound.around(4, 0.05), 4.3, False, -0.1),
        (Bound.around(-4, 0.05), -4.1, True, 0.1),
        (Bound.around(0, 0.05), 0, True, 0),
        (Bound.around(0, 0.05), 0.001, False, -0.001),
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


@given(NUMBERS, st.floats(min_value=0, max_value=1))
def test_a_tolerance_accepts_the_value_itself(value: float, within: float) -> None:
    """Whatever the sign, and also without any slack."""
    assert Bound.around(value, within).holds(value)


@given(NUMBERS, st.floats(min_value=0.01, max_value=1), st.floats(min_value=1.001, max_value=10))
def test_a_tolerance_refuses_what_is_farther_away(
    value: float, within: float, times: float
) -> None:
    """On both sides."""
    assume(abs(value) > 1e-6)
    bound = Bound.around(value, within)
    for sign in (-1, 1):
        assert not bound.holds(value + sign * times * within * abs(value))


@pytest.mark.parametrize(
    "bound", [Bound(), Bound(at_least=0), Bound(at_most=0), Bound.around(1, 0.5)]
)
def test_nothing_accepts_what_is_not_a_number(bound: Bound) -> None:
    """A measure that could not be taken never passes, and has no margin."""
    assert not bound.holds(math.nan)
    assert math.isnan(bound.margin(math.nan))


@pytest.mark.parametrize(
    ("bound", "text"),
    [
        (Bound(at_least=0.95), "≥ 0.95"),
        (Bound(at_most=14), "≤ 14"),
        (Bound(at_least=1, at_most=2.5), "1 to 2.5"),
        (Bound.around(4, 0.05), "4 ± 0.2"),
    ],
)
def test_a_bound_reads_like_arithmetic(bound: Bound, text: str) -> None:
    """For tables and messages."""
    assert str(bound) == text


def test_labs_are_written_in_three_verbs() -> None:
    """A baseline is about all variants, a claim about some, a prediction about one."""
    healthy = baseline(MEASURE, at_least=0.99)
    assert healthy.is_baseline
    assert (healthy.variants, healthy.bound) == ((), Bound(at_least=0.99))
    claim = on("a", "b", claim="recovers", measure=MEASURE, at_most=5)
    assert not claim.is_baseline
    assert (claim.variants, claim.bound) == (("a", "b"), Bound(at_most=5))
    figure = predict(
        "calls", MEASURE, on="a", equals=4, within=0.05, because="1 + 3", source="theory:x"
    )
    assert (figure.on, figure.bound.equals) == ("a", 4)
    assert figure.bound.at_most == pytest.approx(4.2)
