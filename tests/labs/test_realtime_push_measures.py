"""Messages that nobody got, their age, and how long a connection is held, from samples by hand."""

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest

from harness.model.expect import Measure
from harness.recording import Recording, SeriesKey
from labs.traffic.realtime_push.measures import age_s, held_for_s, lost_ratio
from tests.support import recording, request


def sampled(series: Mapping[tuple[str, str, str], list[float]]) -> Recording:
    keys = {SeriesKey(*key): values for key, values in series.items()}
    return replace(recording([request(0, 0.0), request(1, 5.0)]), series=keys)


MADE = sampled(
    {
        ("hub", "written_total", 'place="a"'): [0, 2, 4, 6, 8, 10],
        ("hub", "written_total", 'place="b"'): [0, 2, 4, 6, 8, 10],
        ("a", "heard_total", ""): [0, 2, 4, 6, 8, 10],
        ("b", "heard_total", ""): [0, 2, 4, math.nan, math.nan, math.nan],
        ("a", "heard_seconds_total", ""): [0, 1, 2, 5, 8, 11],
        ("b", "heard_seconds_total", ""): [0, 3, 6, math.nan, math.nan, math.nan],
        ("hub", "held", 'place="a"'): [4, 4, 4, 4, 4, 4],
        ("hub", "held", 'place="b"'): [4, 4, 3, 1, 0, 0],
    }
)


def test_what_is_written_and_not_heard_is_lost() -> None:
    """Of all places: none at first, and all of one place in the end."""
    assert lost_ratio(0, 2).of(MADE) == 0
    assert lost_ratio(2, 5).of(MADE) == 0.5


def test_what_is_heard_late_is_no_gain() -> None:
    """More may be heard in a window than was written in it."""
    late = sampled(
        {
            ("hub", "written_total", 'place="a"'): [0, 8, 9],
            ("a", "heard_total", ""): [0, 4, 9],
        }
    )
    assert lost_ratio(1, 2).of(late) == 0


def test_an_age_is_a_mean_over_what_was_heard() -> None:
    """Of both places: 4 + 4 s over eight messages, and then 3 s over two."""
    assert age_s(0, 2).of(MADE) == 1
    assert age_s(2, 5).of(MADE) == 1.5


def test_a_connection_is_held_until_its_sample_is_gone() -> None:
    """Between two samples half way; one that stays is held until the end."""
    assert held_for_s("a", 1, 5).of(MADE) == 4
    assert held_for_s("b", 3, 5).of(MADE) == 0.5
    assert held_for_s("b", 1, 5).of(MADE) == pytest.approx((3.5 + 2 + 0.5) / 4)


EMPTY = sampled(
    {
        ("hub", "written_total", 'place="a"'): [3, 3, 3, 3],
        ("a", "heard_total", ""): [3, 3, 3, 3],
        ("a", "heard_seconds_total", ""): [1, 1, 1, 1],
        ("hub", "held", 'place="a"'): [0, 0, 0, 0],
    }
)


@pytest.mark.parametrize(
    ("measure", "missing"),
    [
        (lost_ratio(0, 3), "no message was written in 0-3 s"),
        (age_s(0, 3), "no message was heard in 0-3 s"),
        (held_for_s("a", 0, 3), "nothing was held for a at 0 s"),
    ],
)
def test_without_anything_there_is_no_figure(measure: Measure, missing: str) -> None:
    """And it says what it has looked for."""
    read = measure.read(EMPTY)
    assert math.isnan(read.value)
    assert read.missing == missing


@pytest.mark.parametrize(
    ("measure", "figure"), [(lost_ratio(0, 2), 0.5), (age_s(0, 2), 1.5), (held_for_s("a", 0, 1), 3)]
)
def test_a_figure_can_be_had_of_another_window(measure: Measure, figure: float) -> None:
    """Plots and sweeps ask for it."""
    assert measure.over is not None
    assert measure.over(2, 5).of(MADE) == figure
