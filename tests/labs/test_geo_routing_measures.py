"""The last request that is lost, from requests made by hand."""

from labs.traffic.geo_routing.measures import last_lost_s
from tests.support import recording, request

MADE = recording(
    [
        request(0, 1.0, status="502"),
        request(1, 2.0),
        request(2, 3.5, status="timeout")._replace(sent_s=3.6),
        request(3, 4.0),
        request(4, 6.0, status="502"),
    ]
)


def test_the_last_one_counts_from_the_moment() -> None:
    """Of those due in the window, by when it was due."""
    assert last_lost_s(0, 5).of(MADE) == 3.5
    assert last_lost_s(2, 5).of(MADE) == 1.5
    assert last_lost_s(2, 7).of(MADE) == 4
    assert last_lost_s(2, 7).unit == "s"


def test_where_none_is_lost_it_takes_no_time() -> None:
    """Requests there were, and all were good."""
    assert last_lost_s(3.8, 5).of(MADE) == 0


def test_it_can_be_had_of_another_window() -> None:
    """Plots and sweeps ask for it."""
    over = last_lost_s(0, 5).over
    assert over is not None
    assert over(2, 5).of(MADE) == 1.5
