"""How a person writes the values of a sweep, and what is refused with a way out."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import LabError
from harness.sweep.axes import MOST_VALUES, Value, axis, span


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("checkout.tries=1..5", (1, 2, 3, 4, 5)),
        ("load.rate_rps=20..100:40", (20, 60, 100)),
        ("load.rate_rps=20..95:40", (20, 60)),
        ("x.y=0.1..0.5:0.1", (0.1, 0.2, 0.3, 0.4, 0.5)),
        ("x.y=1..1000*10", (1, 10, 100, 1000)),
        ("x.y=0.5..4*2", (0.5, 1, 2, 4)),
        ("x.y=log:1..1000:4", (1, 10, 100, 1000)),
        ("x.y=log:1..2:3", (1, 1.41421, 2)),
        ("x.y=-2..2:2", (-2, 0, 2)),
        ("x.y=4,1,2.5", (1, 2.5, 4)),
        ("x.jitter=none, full", ("none", "full")),
        ("x.order=shed", ("shed",)),
    ],
)
def test_values_are_read(text: str, values: tuple[Value, ...]) -> None:
    """Whole numbers stay whole, and decimal steps do not gather errors."""
    found = axis(text).values
    assert found == values
    assert [type(one) for one in found] == [type(one) for one in values]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("checkout.tries", "write setting=values"),
        ("=1..5", "write setting=values"),
        ("x.y=5..1", "below the last"),
        ("x.y=2..2", "below the last"),
        ("x.y=0.1..0.5", "how large the steps are"),
        ("x.y=1..5:0", "above 0"),
        ("x.y=1..5:-1", "above 0"),
        ("x.y=0..10*2", "begin above 0"),
        ("x.y=1..10*1", "more than 1"),
        ("x.y=log:0..10:3", "above 0"),
        ("x.y=log:1..10", "how many values"),
        ("x.y=log:1..10:1", "how many values"),
        ("x.y=log:1,2,3", "after log:"),
        ("x.y=a..b", "no range"),
        ("x.y=1..2..3", "no range"),
        ("x.y=1,,2", "nothing between"),
        ("x.y=1,1.0", "listed twice"),
        ("x.y=1..100000", f"{MOST_VALUES} at most"),
        ("x.y=1..1e9*1.0000001", f"{MOST_VALUES} at most"),
        ("x.y=log:1..10:1e9", f"{MOST_VALUES} at most"),
    ],
)
def test_nonsense_is_refused_in_words(text: str, said: str) -> None:
    """Each kind of mistake has a line of its own, which says what to write."""
    with pytest.raises(LabError, match=f"(?s)--vary {text[:3]}.*{said}"):
        axis(text)


@given(st.integers(1, 50), st.integers(1, 9), st.integers(1, 20))
def test_steps_go_from_the_first_value_as_far_as_the_last(low: int, step: int, count: int) -> None:
    """Every value is a step further, none is beyond the end, and no further one would fit."""
    high = low + step * count + step // 2
    values = [float(value) for value in axis(f"a.b={low}..{high}:{step}").values]
    assert values[0] == low
    assert {round(other - one) for one, other in pairwise(values)} <= {step}
    assert high - step < values[-1] <= high


def test_an_axis_can_be_written_again() -> None:
    """The list that the report proposes has the same values."""
    one = axis("load.rate_rps=log:1..20:5")
    assert axis(one.said).values == one.values


def test_a_search_takes_a_range_without_steps() -> None:
    """Whole ends look at whole numbers alone."""
    assert span("a.b=1..8").is_whole
    assert not span("a.b=0.1..8").is_whole
    assert span("a.b=log:0.1..8").is_log


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a.b=1..8:2", "needs no steps"),
        ("a.b=1,2", "no range"),
        ("a.b", "write setting=values"),
        ("a.b=log:0..8", "above 0"),
    ],
)
def test_what_cannot_be_searched_is_refused(text: str, said: str) -> None:
    """A list has no middle."""
    with pytest.raises(LabError, match=said):
        span(text)
