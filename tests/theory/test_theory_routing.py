"""Routing: users who remember a name, drawn one by one."""

import random
from statistics import fmean, stdev

import pytest

from harness.theory import routing


def drawn_s(rng: random.Random, moved_after_s: float, ttl_s: float, gap_s: float) -> float:
    """Let one user ask for a name whenever a request needs it, for long, and then move it."""
    moved_s = 50 * (ttl_s + gap_s)
    until_s = 0.0
    while True:
        asked_s = until_s + rng.expovariate(1 / gap_s)
        if asked_s >= moved_s:
            return moved_after_s + max(0.0, until_s - moved_s)
        until_s = asked_s + ttl_s


@pytest.mark.parametrize(("ttl_s", "gap_s"), [(10, 3), (2, 3), (1, 20)])
def test_users_follow_a_name_when_they_ask_again(ttl_s: float, gap_s: float) -> None:
    """As in users that are replayed: those who remember nothing follow immediately."""
    rng = random.Random(1)
    times_s = [drawn_s(rng, 3, ttl_s, gap_s) for _ in range(4000)]
    mean_s = routing.name_failover_s(moved_after_s=3, ttl_s=ttl_s, gap_s=gap_s)
    sd_s = routing.name_failover_sd_s(ttl_s=ttl_s, gap_s=gap_s, users=1)
    assert fmean(times_s) == pytest.approx(mean_s, abs=4 * sd_s / 4000**0.5)
    assert stdev(times_s) == pytest.approx(sd_s, rel=0.05)


def test_users_who_ask_all_the_time_remember_half_of_it() -> None:
    """And their mean varies with the root of their number."""
    assert routing.name_failover_s(moved_after_s=3, ttl_s=10, gap_s=0) == 8
    one, many = (routing.name_failover_sd_s(ttl_s=10, gap_s=0, users=users) for users in (1, 100))
    assert one == pytest.approx(10 / 12**0.5)
    assert many == pytest.approx(one / 10)


def test_without_memory_and_without_a_pause_there_is_no_share() -> None:
    """One of both is needed."""
    with pytest.raises(ValueError, match="ttl_s must be above 0"):
        routing.name_failover_s(moved_after_s=3, ttl_s=0, gap_s=0)
