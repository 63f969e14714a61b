"""Mean waits, from counters made by hand."""

import math

import pytest

from harness.model.expect import Reads
from harness.recording import SeriesKey
from labs.traffic.queueing_models.measures import CAME, WAITED, mean_wait_ms
from tests.support import recording, request

MADE = recording([request(0, 0.5)])
MADE.series = {
    SeriesKey("office", CAME, ""): [0.0, 1, 2, 3, 4, 4],
    SeriesKey("office", WAITED, ""): [0.0, 0, 0.02, 0.02, 0.14, 0.14],
}


def test_a_wait_is_what_was_waited_over_those_who_came() -> None:
    """In the window alone."""
    assert mean_wait_ms(0, 4).of(MADE) == pytest.approx(35)
    assert mean_wait_ms(2, 4).of(MADE) == pytest.approx(60)
    assert mean_wait_ms(2, 3).of(MADE) == 0
    assert mean_wait_ms(2, 4).reads == Reads(window=(2, 4), metrics=(WAITED, CAME))
    assert mean_wait_ms(0, 1).over is mean_wait_ms


def test_where_nobody_came_nobody_waited() -> None:
    """And that is no wait of 0."""
    missing = mean_wait_ms(4, 5).read(MADE)
    assert math.isnan(missing.value)
    assert missing.missing == "nobody came in 4-5 s"
