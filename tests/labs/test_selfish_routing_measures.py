"""How many times as long trips take, on recordings made by hand."""

import pytest

from labs.traffic.selfish_routing.measures import times_as_long
from tests.support import recording, request

TRIPS = recording(
    [
        request(0, 0.5, latency_s=0.2),
        request(1, 1, latency_s=0.4),
        request(2, 1.9, status="502", latency_s=9),
        request(3, 2, latency_s=0.1),
        request(4, 5, latency_s=0.3),
    ]
)


def test_a_later_window_is_over_an_earlier_one() -> None:
    """As long, and three times; what failed was no trip."""
    assert times_as_long((0, 2), 4, 6).of(TRIPS) == pytest.approx(1)
    assert times_as_long((2, 3), 4, 6).of(TRIPS) == pytest.approx(3)


def test_no_trip_is_no_number() -> None:
    """It is said which window had none."""
    stuck = recording([request(0, 0.5, status="502"), request(1, 3)])
    assert (
        "no request due in 0-2 s got a good answer"
        in times_as_long((0, 2), 2, 4).read(stuck).missing
    )
