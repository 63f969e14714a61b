"""Orders booked a second, from counters made by hand."""

import pytest

from harness.model.expect import Reads
from harness.recording import SeriesKey
from labs.traffic.universal_scalability.measures import BOOKED, TOOK, booked_rps
from tests.support import recording

MADE = recording([])
MADE.series = {
    SeriesKey("stock", BOOKED, ""): [0.0, 0, 20, 20, 60, 60],
    SeriesKey("stock", TOOK, ""): [0.0, 0, 1.6, 1.6, 3.6, 3.6],
}


def test_orders_are_divided_by_the_time_of_their_rounds() -> None:
    """In the window alone, however it cuts the rounds."""
    assert booked_rps(0, 4).of(MADE) == pytest.approx(60 / 3.6)
    assert booked_rps(2, 4).of(MADE) == pytest.approx(20)
    assert booked_rps(0, 2).of(MADE) == pytest.approx(12.5)
    assert booked_rps(0, 4).reads == Reads(window=(0, 4), metrics=(BOOKED, TOOK))
    assert booked_rps(0, 4).over is booked_rps


def test_where_no_round_ended_there_is_no_throughput() -> None:
    """And that is none of 0."""
    assert booked_rps(4, 5).read(MADE).missing == "no round ended in 4-5 s"
