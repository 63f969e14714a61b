"""Quorum: how many members must agree, so that no two groups can agree on different things.

Any two majorities of the same members share one: whoever asks a majority meets somebody who knows
what another majority has agreed to. Source: Thomas, "A Majority Consensus Approach to Concurrency
Control for Multiple Copy Databases" (1979); Gifford, "Weighted Voting for Replicated Data" (1979).
In production: etcd, Consul or ZooKeeper, which count for you.
"""

from collections.abc import Iterable


def majority(members: int) -> int:
    """Give the fewest that are more than half."""
    return members // 2 + 1


def reached(marks: Iterable[float], needed: int) -> float:
    """Give the highest mark that at least so many have reached, one mark for each member.

    With the number of items that each has, it is what so many have; with the time at which each
    has last obeyed, the time at which so many did.
    """
    return sorted(marks, reverse=True)[needed - 1]
