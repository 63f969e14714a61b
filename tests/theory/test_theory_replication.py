"""Replication: quorums against published figures, losses of a failover against draws."""

import math
import random
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import replication

DRAWS = 4000


@pytest.mark.parametrize(
    ("members", "write_quorum", "read_quorum", "misses"),
    [(3, 1, 1, 2 / 3), (3, 1, 2, 1 / 3), (3, 2, 1, 1 / 3), (5, 1, 1, 0.8), (5, 2, 2, 0.3)],
)
def test_quorums_that_do_not_meet(
    members: int, write_quorum: int, read_quorum: int, misses: float
) -> None:
    """The figures of Bailis and others."""
    figure = replication.quorum_miss_probability(
        members=members, write_quorum=write_quorum, read_quorum=read_quorum
    )
    assert figure == pytest.approx(misses)


@given(st.integers(1, 9), st.data())
def test_two_quorums_of_more_than_all_meet_always(members: int, data: st.DataObject) -> None:
    """R + W > N, and only then."""
    write_quorum = data.draw(st.integers(1, members))
    read_quorum = data.draw(st.integers(1, members))
    figure = replication.quorum_miss_probability(
        members=members, write_quorum=write_quorum, read_quorum=read_quorum
    )
    assert (figure == 0) == (read_quorum + write_quorum > members)


def test_stale_reads_fade_with_age() -> None:
    """Two of five hold the write; reads of two, copies after 0.1 s on average."""
    rng = random.Random(1)

    def is_stale(age_s: float) -> bool:
        arrives_s = [0.0, 0.0, *(rng.expovariate(10) for _ in range(3))]
        return min(rng.sample(arrives_s, 2)) > age_s

    for age_s in (0, 0.05, 0.2):
        figure = replication.stale_read_probability(
            members=5, write_quorum=2, read_quorum=2, age_s=age_s, mean_delay_s=0.1
        )
        seen = fmean(is_stale(age_s) for _ in range(DRAWS))
        assert seen == pytest.approx(figure, abs=4 * math.sqrt(figure * (1 - figure) / DRAWS))


def test_majorities() -> None:
    """The least number of which there are not two."""
    assert [replication.majority(n) for n in (1, 2, 3, 4, 5)] == [1, 2, 2, 3, 3]


@pytest.mark.parametrize(
    ("down", "available"),
    [(0.1, (0.9, 0.972, 0.991)), (0.5, (0.5,) * 3), (0.6, (0.4, 0.352, 0.317))],
)
def test_a_majority_is_up(down: float, available: tuple[float, ...]) -> None:
    """For one, three and five members; above one half, more are worse."""
    figures = [replication.quorum_availability(members=n, down_probability=down) for n in (1, 3, 5)]
    assert figures == pytest.approx(available, abs=5e-4)


def test_a_thousand_members_and_no_more() -> None:
    """Beyond that the binomials are no floats."""
    assert replication.quorum_availability(members=1000, down_probability=0.1) == pytest.approx(1)
    with pytest.raises(ValueError, match="members must be at most 1000"):
        replication.quorum_availability(members=1001, down_probability=0.1)


def test_any_quorum_is_up() -> None:
    """One of two, and both: 1 - p^2 and (1 - p)^2; none has more than all."""
    up = replication.quorum_availability
    assert up(members=2, down_probability=0.1, quorum=1) == pytest.approx(0.99)
    assert up(members=2, down_probability=0.1, quorum=2) == pytest.approx(0.81)
    with pytest.raises(ValueError, match="quorum must be at most 2, not 3"):
        up(members=2, down_probability=0.1, quorum=3)


@pytest.mark.parametrize(
    ("members", "cut_off", "served"), [(3, 1, 2 / 3), (3, 2, 2 / 3), (4, 2, 0), (5, 0, 1)]
)
def test_who_is_served_in_a_partition(members: int, cut_off: int, served: float) -> None:
    """The larger side's clients, if it has a majority."""
    share = replication.largest_side_share(members=members, cut_off=cut_off)
    assert share == pytest.approx(served)


def lost_writes(rng: random.Random, *, overlap_s: float, lease_s: float = math.inf) -> float:
    """Write 60/s, copied each 0.2 s until a cut at 0; then 20/s until lease or overlap ends."""
    last_copy_s = -rng.uniform(0, 0.2)
    ends_s = min(overlap_s, last_copy_s + lease_s)
    return 60 * -last_copy_s + 20 * ends_s


@pytest.mark.parametrize("leased", [False, True])
def test_what_a_failover_loses(*, leased: bool) -> None:
    """A cut of 8 s that the old leader does not notice: 166; with a lease of 1.5 s: 34."""
    rng = random.Random(2)
    lease_s = 1.5 if leased else math.inf
    seen = [lost_writes(rng, overlap_s=8, lease_s=lease_s) for _ in range(DRAWS)]
    overlap_s = replication.lease_left_s(lease_s=1.5, copy_period_s=0.2) if leased else 8
    figure = replication.failover_lost_writes(
        rate_rps=60, delay_s=0.1, minority_rate_rps=20, overlap_s=overlap_s
    )
    sd = replication.failover_lost_writes_sd(
        rate_rps=60, copy_period_s=0.2, minority_rate_rps=20, leased=leased
    )
    assert figure == pytest.approx(34 if leased else 166)
    assert fmean(seen) == pytest.approx(figure, abs=4 * sd / math.sqrt(DRAWS))
    assert stdev(seen) == pytest.approx(sd, rel=4 / math.sqrt(2 * DRAWS))


def test_a_crash_loses_what_was_not_copied() -> None:
    """Rate x delay, and nothing more."""
    assert replication.failover_lost_writes(rate_rps=60, delay_s=0.1) == pytest.approx(6)
    assert replication.unreplicated_writes(rate_rps=60, delay_s=0.1) == pytest.approx(6)


def test_a_lease_outlasts_its_copies() -> None:
    """A shorter one would end while the leader is obeyed."""
    with pytest.raises(ValueError, match=r"lease_s must be above copy_period_s, not 0\.1"):
        replication.lease_left_s(lease_s=0.1, copy_period_s=0.2)
