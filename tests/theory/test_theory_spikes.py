"""Spikes: the formulas are held against a queue that is served request by request."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness.theory import overload, scaling, spikes

CASE = {"rate_rps": 45, "capacity_rps": 30, "lag_s": 4.5}


def waits_s(
    rate_rps: float, capacity_rps: float, lag_s: float, scaled_rps: float
) -> list[tuple[float, float]]:
    """Give when each request arrives and how long it waits; the server's rate changes once."""
    served_s, waits = 0.0, []
    for number in range(round(20 * rate_rps)):
        arrives_s = number / rate_rps
        start_s = max(arrives_s, served_s)
        waits.append((arrives_s, start_s - arrives_s))
        left = 1.0
        if start_s < lag_s:  # Fluid: the part that is served before the lag ends goes slowly.
            slow_s = min(1 / capacity_rps, lag_s - start_s)
            left, start_s = left - slow_s * capacity_rps, start_s + slow_s
        served_s = start_s + max(0.0, left) / scaled_rps
    return waits


@given(
    rate_rps=st.floats(50, 100),
    below=st.floats(0.2, 0.95),
    lag_s=st.floats(1, 4),
    above=st.floats(1.2, 4),
    patience_s=st.floats(0.1, 2),
)
def test_late_is_who_waits_longer_than_they_can(
    *, rate_rps: float, below: float, lag_s: float, above: float, patience_s: float
) -> None:
    """To within a request at each end, and the worst wait to within one service."""
    case = {"rate_rps": rate_rps, "capacity_rps": rate_rps * below, "lag_s": lag_s}
    scaled_rps = rate_rps * above
    found = waits_s(**case, scaled_rps=scaled_rps)
    assume(found[-1][1] == 0)  # The queue has drained.
    worst_s = spikes.spike_worst_wait_s(**case)
    assert max(wait for _, wait in found) == pytest.approx(worst_s, abs=1.5 / case["capacity_rps"])
    assume(abs(worst_s - patience_s) > 3 / case["capacity_rps"])
    late = spikes.spike_late_requests(**case, scaled_rps=scaled_rps, patience_s=patience_s)
    slope = min(1 / below - 1, 1 - 1 / above)
    """By how many seconds each second's arrivals wait longer or shorter than those before."""
    assert sum(wait > patience_s for _, wait in found) == pytest.approx(late, abs=4 + 2 / slope)


def test_three_times_what_is_missing_is_late() -> None:
    """45/s on 30/s for 4.5 s, then 55/s, patience 0.8 s: from 1.6 to 6.85 s, 236 for 68."""
    late = spikes.spike_late_requests(**CASE, scaled_rps=55, patience_s=0.8)
    assert late == pytest.approx(45 * (6.85 - 1.6))
    missing = overload.backlog(rate_rps=45, capacity_rps=30, duration_s=4.5)
    assert late / missing == pytest.approx(3.5)


def test_without_patience_all_are_late_until_the_queue_is_empty() -> None:
    """For the lag, and for as long as the backlog drains."""
    late = spikes.spike_late_requests(**CASE, scaled_rps=55, patience_s=0)
    drain_s = scaling.autoscaling_drain_s(**CASE, scaled_rps=55)
    assert late == pytest.approx(45 * (4.5 + drain_s))


def test_less_than_the_spike_is_enough() -> None:
    """At that capacity the worst wait is all that there is patience for, and nobody is late."""
    needed = spikes.spike_capacity_needed_rps(rate_rps=45, lag_s=4.5, patience_s=0.8)
    assert needed == pytest.approx(37)
    for beside, some in ((1.01, False), (0.99, True)):
        case = {"rate_rps": 45, "capacity_rps": needed * beside, "lag_s": 4.5}
        late = spikes.spike_late_requests(**case, scaled_rps=55, patience_s=0.8)
        assert (late > 0) == some
        assert (spikes.spike_worst_wait_s(**case) > 0.8) == some
    assert spikes.spike_capacity_needed_rps(rate_rps=45, lag_s=0.5, patience_s=0.8) == 0


def test_capacity_that_is_enough_from_the_start() -> None:
    """Nobody waits, and a new capacity below the rate is refused."""
    enough = {"rate_rps": 45, "capacity_rps": 60, "lag_s": 4}
    assert spikes.spike_worst_wait_s(**enough) == 0
    assert spikes.spike_late_requests(**enough, scaled_rps=60, patience_s=0) == 0
    with pytest.raises(ValueError, match=r"^scaled_rps must be above 45, not 45$"):
        spikes.spike_late_requests(**CASE, scaled_rps=45, patience_s=0.8)
