"""Replication: quorums that meet and are there, stale reads, and what a failover loses.

Sources: Bailis and others, "Probabilistically Bounded Staleness" (VLDB 2012); Peleg and Wool
(1995); Brooker on quorum availability (2021); the losses of a failover are derived.
"""

import math

from harness.theory import domain

MOST_MEMBERS = 1000


def quorum_miss_probability(*, members: int, write_quorum: int, read_quorum: int) -> float:
    """Probability that a random read quorum meets no member of the write's quorum.

    C(N - W, R) / C(N, R); 0 where R + W > N. Valid at once after the write, without repair or
    hand-off, and for sets that are drawn uniformly; also for a leader's voters (R) and a write's
    disks (W).

    Raises:
        ValueError: a quorum is not from 1 to `members`.

    """
    _quorums(members, write_quorum=write_quorum, read_quorum=read_quorum)
    return math.comb(members - write_quorum, read_quorum) / math.comb(members, read_quorum)


def stale_read_probability(
    *, members: int, write_quorum: int, read_quorum: int, age_s: float, mean_delay_s: float
) -> float:
    """Probability that a read some time after a write does not see it.

    C(N - W, R) / C(N, R) x exp(-R age / delay): each of the R members still waits for its copy,
    with independent exponential delays.

    Raises:
        ValueError: a quorum is not from 1 to `members`, `age_s` negative, or `mean_delay_s` not
            above 0.

    """
    domain.not_negative(age_s=age_s)
    domain.positive(mean_delay_s=mean_delay_s)
    miss = quorum_miss_probability(
        members=members, write_quorum=write_quorum, read_quorum=read_quorum
    )
    return miss * math.exp(-read_quorum * age_s / mean_delay_s)


def majority(members: int) -> int:
    """Least number of members of which there cannot be two disjoint sets.

    Raises:
        ValueError: there is no member.

    """
    domain.count(1, members=members)
    return members // 2 + 1


def quorum_availability(
    *, members: int, down_probability: float, quorum: int | None = None
) -> float:
    """Probability that a quorum, by default a majority, is up.

    sum over k <= N - quorum of C(N, k) p^k (1 - p)^(N - k). Above p = 1/2 more members make a
    majority rarer. Valid for members that fail independently, up to 1,000 of them.

    Raises:
        ValueError: `quorum` is not from 1 to `members`, they are more than 1,000, or
            `down_probability` is outside 0..1.

    """
    domain.count(1, members=members)
    domain.require(members <= MOST_MEMBERS, f"members must be at most {MOST_MEMBERS}")
    needed = majority(members) if quorum is None else quorum
    _quorums(members, quorum=needed)
    domain.share(down_probability=down_probability)
    up = 1 - down_probability
    return math.fsum(
        math.comb(members, down) * down_probability**down * up ** (members - down)
        for down in range(members - needed + 1)
    )


def largest_side_share(*, members: int, cut_off: int) -> float:
    """Share of members, and of their clients, on a partition's side with a majority.

    Whoever asks a member of the other side is refused; 0 where no side has one. Valid for clients
    that are spread evenly and stay with their member.

    Raises:
        ValueError: `cut_off` is not from 0 to `members`.

    """
    domain.count(1, members=members)
    domain.count(0, cut_off=cut_off)
    domain.require(cut_off <= members, f"cut_off must be at most {members}, not {cut_off}")
    larger = max(cut_off, members - cut_off)
    return larger / members if larger >= majority(members) else 0.0


def unreplicated_writes(*, rate_rps: float, delay_s: float) -> float:
    """Acknowledged writes that are on the leader's disk alone, on average.

    rate x delay, by Little's law; `delay_s` is the mean time from the acknowledgement to the copy:
    half of the period for copies that are sent periodically, plus the way there.

    Raises:
        ValueError: an argument is negative.

    """
    domain.not_negative(rate_rps=rate_rps, delay_s=delay_s)
    return rate_rps * delay_s


def failover_lost_writes(
    *, rate_rps: float, delay_s: float, minority_rate_rps: float = 0, overlap_s: float = 0
) -> float:
    """Acknowledged writes that a failover loses, on average.

    rate x delay + minority rate x overlap: what was not copied when the old leader was cut off, and
    what it went on to acknowledge alone: the load that reaches it, until it stops. The overlap is
    the cut plus the time until it hears of the new leader if it never stops by itself, or
    `lease_left_s` if it steps down. 0 overlap for a crash.

    Raises:
        ValueError: an argument is negative.

    """
    domain.not_negative(minority_rate_rps=minority_rate_rps, overlap_s=overlap_s)
    lost = unreplicated_writes(rate_rps=rate_rps, delay_s=delay_s)
    return lost + minority_rate_rps * overlap_s


def failover_lost_writes_sd(
    *, rate_rps: float, copy_period_s: float, minority_rate_rps: float = 0, leased: bool = False
) -> float:
    """One standard deviation of a failover's loss from the phase of the copies alone.

    rate x period / sqrt(12) for a cut at a uniform phase of the copies. `leased`: the old leader's
    lease counts from its last copy too, so an early copy loses more at the cut and less after it:
    (rate - minority rate) x period / sqrt(12). Add the chance of the counts (`chance.sum_sd`), and
    mind that one fixed moment in a deterministic run meets one fixed phase.

    Raises:
        ValueError: an argument is negative.

    """
    domain.not_negative(
        rate_rps=rate_rps, copy_period_s=copy_period_s, minority_rate_rps=minority_rate_rps
    )
    varies_rps = abs(rate_rps - minority_rate_rps) if leased else rate_rps
    return varies_rps * copy_period_s / math.sqrt(12)


def lease_left_s(*, lease_s: float, copy_period_s: float) -> float:
    """How long a leader goes on after it is cut off, on average, in seconds.

    lease - period / 2: its lease counts from the last copy that was obeyed.

    Raises:
        ValueError: `copy_period_s` is negative, or `lease_s` is not above it.

    """
    domain.not_negative(copy_period_s=copy_period_s)
    domain.positive(lease_s=lease_s)
    domain.require(lease_s > copy_period_s, f"lease_s must be above copy_period_s, not {lease_s:g}")
    return lease_s - copy_period_s / 2


def _quorums(members: int, **quorums: int) -> None:
    domain.count(1, members=members, **quorums)
    for name, quorum in quorums.items():
        domain.require(quorum <= members, f"{name} must be at most {members}, not {quorum}")
