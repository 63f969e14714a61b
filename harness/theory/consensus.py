"""Consensus: how long elections take and how often they split, and leases without fencing.

Sources: Ongaro, "Consensus: Bridging Theory and Practice" (2014), ch. 9; Kleppmann, "How to do
distributed locking" (2016).
"""

import math

from harness.theory import domain


def raft_election_mean_s(
    *, timeout_s: float, waiting: int, one_way_s: float, write_s: float = 0
) -> float:
    """Mean time without a leader after it crashed, in seconds.

    T (1 + 1 / (s + 1) - 1/4) + 2 L + W: the least of s election timeouts that are uniform in T..2T,
    less the time since the last heartbeat of a period T / 2, and a round of votes with a write to
    the disk. `waiting` s is the number of followers that can run. Leaves out split votes, rare
    while L is below some percent of T.

    Raises:
        ValueError: `timeout_s` not above 0, nobody waits, or another number negative.

    """
    domain.positive(timeout_s=timeout_s)
    domain.count(1, waiting=waiting)
    domain.not_negative(one_way_s=one_way_s, write_s=write_s)
    return timeout_s * (1 + 1 / (waiting + 1) - 1 / 4) + 2 * one_way_s + write_s


def raft_split_vote_probability(*, members: int, waiting: int, latency_share: float) -> float:
    """Probability that an election ends without a leader.

    l^s + sum over k from s - n // 2 + 1 to s of C(s, k - 1) l^(k - 1) (1 - l)^(s - k + 1), where
    l, `latency_share`, is the one-way latency over the width of the timeouts' range, and s
    `waiting` members of n are up. For an empty log race: all candidates are up to date.

    Raises:
        ValueError: `waiting` is not a majority of `members` or is above it, or `latency_share` is
            outside 0..1.

    """
    domain.count(2, members=members)
    domain.count(1, waiting=waiting)
    domain.share(latency_share=latency_share)
    domain.require(
        members // 2 < waiting <= members,
        f"waiting must be from {members // 2 + 1} to {members}, not {waiting}",
    )
    late, soon = latency_share, 1 - latency_share
    return late**waiting + math.fsum(
        math.comb(waiting, k - 1) * late ** (k - 1) * soon ** (waiting - k + 1)
        for k in range(waiting - members // 2 + 1, waiting + 1)
    )


def failover_availability(*, mtbf_s: float, election_s: float) -> float:
    """Share of time with a leader, MTBF / (MTBF + election).

    `election_s` is the whole time without one for each failure, false alarms included.

    Raises:
        ValueError: `mtbf_s` not above 0, or `election_s` negative.

    """
    domain.positive(mtbf_s=mtbf_s)
    domain.not_negative(election_s=election_s)
    return mtbf_s / (mtbf_s + election_s)


def unfenced_write_probability(*, lease_left_s: float, mean_pause_s: float) -> float:
    """Probability that a holder who pauses writes after its lease has ended.

    exp(-lease left / mean pause), for exponential pauses. With tokens that the store compares: 0.

    Raises:
        ValueError: `lease_left_s` is negative, or `mean_pause_s` not above 0.

    """
    domain.not_negative(lease_left_s=lease_left_s)
    domain.positive(mean_pause_s=mean_pause_s)
    return math.exp(-lease_left_s / mean_pause_s)
