"""Networks: distances and round trips that are known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import networks

LATITUDES, LONGITUDES = st.floats(-90, 90), st.floats(-180, 180)
NEW_YORK, LONDON = (40.7128, -74.006), (51.5074, -0.1278)


def way_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    return networks.great_circle_km(
        latitude=one[0], longitude=one[1], other_latitude=other[0], other_longitude=other[1]
    )


def test_new_york_and_london() -> None:
    """5,570 km, 55.7 ms."""
    assert way_km(NEW_YORK, LONDON) == pytest.approx(5570, abs=10)
    assert networks.rtt_floor_s(distance_km=5570) == pytest.approx(0.0557)


@given(st.tuples(LATITUDES, LONGITUDES), st.tuples(LATITUDES, LONGITUDES))
def test_ways_are_as_long_back_and_never_beyond_the_antipode(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    """Half of the circumference."""
    assert 0 <= way_km(one, other) <= 20_016
    assert way_km(one, other) == pytest.approx(way_km(other, one), abs=1e-6)
    assert way_km(one, one) == 0


def test_places_are_on_the_globe() -> None:
    """Latitudes and longitudes have limits of their own."""
    with pytest.raises(ValueError, match=r"^latitude must be from -90 to 90, not 91$"):
        way_km((91, 0), LONDON)
    with pytest.raises(ValueError, match=r"^other_longitude must be from -180 to 180, not -181$"):
        way_km(LONDON, (0, -181))


def test_round_trips_add_up() -> None:
    """Three of 50 ms."""
    assert networks.round_trips_s(round_trips=3, rtt_s=0.05) == pytest.approx(0.15)


def test_delayed_acknowledgements() -> None:
    """25 calls a second on Linux."""
    assert networks.delayed_ack_calls_rps() == pytest.approx(25)


def test_reflectors() -> None:
    """1,400 bytes for 14."""
    assert networks.amplification_factor(request_bytes=14, response_bytes=1400) == 100


def test_compressing_pays_below_the_rate_at_which_both_take_as_long() -> None:
    """A little below, the packed transfer is quicker, and a little above, the plain one."""
    size, left, cpu_s = 0.5, 0.2, 0.1
    even = networks.compression_pays_below_mb_s(size_mb=size, left_ratio=left, cpu_s=cpu_s)
    assert even == pytest.approx(4)
    for rate, pays in ((0.9 * even, True), (1.1 * even, False)):
        plain_s = networks.transfer_s(size_mb=size, rate_mb_s=rate, rtt_s=0.05)
        packed_s = networks.transfer_s(size_mb=size * left, rate_mb_s=rate, rtt_s=0.05)
        assert (cpu_s + packed_s < plain_s) is pays
    assert networks.transfer_s(size_mb=size, rate_mb_s=0.25) == 2
