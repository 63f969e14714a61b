"""Trips: pools whose connections wait, and screens over one link, replayed step by step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import networks, trips


def test_distance_lowers_what_a_pool_can_do() -> None:
    """Three connections, 128 ms of work: 23 pages a second, and 3.8 with 11 trips of 60 ms."""
    pages = [
        trips.held_capacity_rps(connections=3, round_trips=11, rtt_s=rtt_s, work_s=0.128)
        for rtt_s in (0, 0.06)
    ]
    assert pages == pytest.approx([23.4, 3.81], rel=0.01)


@given(st.integers(1, 20), st.integers(1, 20), st.floats(0.001, 1), st.floats(0, 1))
def test_as_many_pages_are_under_way_as_there_are_connections(
    connections: int, round_trips: int, rtt_s: float, work_s: float
) -> None:
    """Little's law, from the other side."""
    rate_rps = trips.held_capacity_rps(
        connections=connections, round_trips=round_trips, rtt_s=rtt_s, work_s=work_s
    )
    page_s = networks.round_trips_s(round_trips=round_trips, rtt_s=rtt_s) + work_s
    assert rate_rps * page_s == pytest.approx(connections)


def test_a_page_without_trips_and_work_is_refused() -> None:
    """It would be shown without end."""
    with pytest.raises(ValueError, match="work_s must be above 0"):
        trips.held_capacity_rps(connections=1, round_trips=0, rtt_s=1, work_s=0)


def replayed_s(requests: int, connections: int, rtt_s: float, sent_s: float) -> float:
    """Send each request when its connection has the answer before, over a link that queues."""
    back_s: list[float] = []
    link_s = 0.0
    for number in range(requests):
        asked_s = back_s[number - connections] if number >= connections else 0.0
        link_s = max(link_s, asked_s + rtt_s / 2) + sent_s
        back_s.append(link_s + rtt_s / 2)
    return back_s[-1]


@given(st.integers(1, 40), st.integers(1, 40), st.floats(0, 1), st.floats(0, 1))
def test_a_screen_is_there_when_its_last_answer_is(
    requests: int, connections: int, rtt_s: float, sent_s: float
) -> None:
    """As in a replay, with few connections and with many."""
    figure = trips.screen_s(requests=requests, connections=connections, rtt_s=rtt_s, sent_s=sent_s)
    assert figure == pytest.approx(replayed_s(requests, connections, rtt_s, sent_s))


@pytest.mark.parametrize(
    ("requests", "connections", "sent_s", "expected_s"),
    [(12, 1, 0.09, 3.48), (12, 6, 0.09, 1.28), (12, 6, 0.01, 0.47), (1, 6, 0.97, 1.17)],
)
def test_twelve_requests_over_a_slow_link(
    requests: int, connections: int, sent_s: float, expected_s: float
) -> None:
    """In turn, six at a time on a link that they fill and one that they do not, and in one."""
    figure = trips.screen_s(requests=requests, connections=connections, rtt_s=0.2, sent_s=sent_s)
    assert figure == pytest.approx(expected_s)
