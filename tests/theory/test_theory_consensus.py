"""Consensus: the published figures of Raft, and elections that are drawn."""

import math
import random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import consensus

DRAWS = 20_000


@pytest.mark.parametrize(("waiting", "mean_s"), [(4, 0.1525), (2, 0.1725)])
def test_elections(waiting: int, mean_s: float) -> None:
    """150 to 300 ms, 5 ms one way: the least of the timeouts, drawn, and a round of votes."""
    figure = consensus.raft_election_mean_s(timeout_s=0.15, waiting=waiting, one_way_s=0.005)
    assert figure == pytest.approx(mean_s)
    rng = random.Random(1)
    seen = [
        min(rng.uniform(0.15, 0.3) for _ in range(waiting)) - rng.uniform(0, 0.075) + 0.01
        for _ in range(DRAWS)
    ]
    assert fmean(seen) == pytest.approx(figure, abs=4 * 0.045 / math.sqrt(DRAWS))


@pytest.mark.parametrize(
    ("members", "waiting", "splits"), [(5, 4, 0.052), (5, 3, 0.271), (3, 2, 0.190)]
)
def test_split_votes(members: int, waiting: int, splits: float) -> None:
    """A latency of a tenth of the range (Ongaro, 9.2), and against elections that are drawn."""
    figure = consensus.raft_split_vote_probability(
        members=members, waiting=waiting, latency_share=0.1
    )
    assert figure == pytest.approx(splits, abs=5e-4)
    rng = random.Random(2)

    def is_split() -> bool:
        # The first candidate gets the votes of all whose own timeout has not come a latency later.
        times = sorted(rng.random() for _ in range(waiting))
        votes = 1 + sum(one > times[0] + 0.1 for one in times[1:])
        return votes <= members // 2

    seen = fmean(is_split() for _ in range(DRAWS))
    assert seen == pytest.approx(figure, abs=4 * math.sqrt(figure / DRAWS))


def test_without_a_majority_there_is_no_election() -> None:
    """Two of five elect nobody."""
    with pytest.raises(ValueError, match="waiting must be from 3 to 5, not 2"):
        consensus.raft_split_vote_probability(members=5, waiting=2, latency_share=0.1)


@given(st.floats(0, 0.5))
def test_splits_are_probabilities_and_rarer_with_a_wider_range(latency_share: float) -> None:
    """None without latency."""

    def splits(share: float) -> float:
        return consensus.raft_split_vote_probability(members=5, waiting=4, latency_share=share)

    assert splits(0) == 0
    assert 0 <= splits(latency_share / 2) <= splits(latency_share) + 1e-12 <= 1


def test_time_with_a_leader() -> None:
    """An election of 0.15 s a day."""
    ratio = consensus.failover_availability(mtbf_s=86_400, election_s=0.15)
    assert ratio == pytest.approx(1 - 0.15 / 86_400, abs=1e-9)


def test_a_pause_outlasts_a_lease() -> None:
    """36.8 % where the mean pause is the lease."""
    probability = consensus.unfenced_write_probability(lease_left_s=1, mean_pause_s=1)
    assert probability == pytest.approx(0.368, abs=1e-3)
