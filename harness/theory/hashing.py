"""Placement: consistent hashing, bounded loads, shuffle shards, and keys that are asked for most.

Sources: Karger and others (1997); Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash
Algorithm" (2014); Mirrokni and others (2016); MacCarthaigh on shuffle sharding (2014); the spread
of a ring is derived (shares are Beta(V, V (N - 1))).
"""

import math

from harness.theory import domain


def ring_share_relative_sd(*, nodes: int, virtual_nodes: int) -> float:
    """How much a node's share of a hash ring varies, over the mean share.

    sqrt((N - 1) / (N V + 1)), about 1 / sqrt(V). One ring's nodes show it only within some 25 %.

    Raises:
        ValueError: there is no node or no virtual node.

    """
    domain.count(1, nodes=nodes, virtual_nodes=virtual_nodes)
    return math.sqrt((nodes - 1) / (nodes * virtual_nodes + 1))


def ring_moved_ratio(*, nodes: int) -> float:
    """Share of keys that move when consistent hashing gets one node more, 1 / (N + 1).

    The least possible, for `nodes` before; jump hash's exactly, a ring's on average.

    Raises:
        ValueError: there is no node.

    """
    domain.count(1, nodes=nodes)
    return 1 / (nodes + 1)


def modulo_moved_ratio(*, nodes: int) -> float:
    """Share of keys that move when hash modulo N becomes modulo N + 1, N / (N + 1).

    Raises:
        ValueError: there is no node.

    """
    domain.count(1, nodes=nodes)
    return nodes / (nodes + 1)


def hashed_count_sd(*, keys: int, nodes: int) -> float:
    """One standard deviation of a node's number of keys under even hashing.

    sqrt(m / n (1 - 1 / n)), the binomial that jump hash reaches.

    Raises:
        ValueError: `keys` is negative, or there is no node.

    """
    domain.count(0, keys=keys)
    domain.count(1, nodes=nodes)
    return math.sqrt(keys / nodes * (1 - 1 / nodes))


def bounded_load_limit(*, keys: int, nodes: int, epsilon: float) -> int:
    """Most keys on a node under consistent hashing with bounded loads.

    ceil((1 + epsilon) m / n), a hard bound; a smaller epsilon moves more keys, O(1 / epsilon^2).

    Raises:
        ValueError: `keys` is negative, there is no node, or `epsilon` not above 0.

    """
    domain.count(0, keys=keys)
    domain.count(1, nodes=nodes)
    domain.positive(epsilon=epsilon)
    # Rounded first: 1.1 x 100 is a little more than 110 in binary.
    return math.ceil(round((1 + epsilon) * keys / nodes, 9))


def shuffle_shards(*, workers: int, shard_workers: int) -> int:
    """How many different shards there are, C(workers, shard_workers).

    28 of two of 8; 730,862,190,080 of four of 2,048. Two customers share all of their workers with
    a probability of one over it.

    Raises:
        ValueError: there is no worker in a shard, or more than there are.

    """
    domain.count(1, workers=workers, shard_workers=shard_workers)
    domain.require(
        shard_workers <= workers, f"shard_workers must be at most {workers}, not {shard_workers}"
    )
    return math.comb(workers, shard_workers)


def shuffle_overlap_probability(*, workers: int, shard_workers: int, shared: int) -> float:
    """Probability that two random shards share just so many workers.

    C(k, s) C(n - k, k - s) / C(n, k): of two of 8, none 15/28, one 12/28, both 1/28.

    Raises:
        ValueError: as `shuffle_shards`, or `shared` is negative or above `shard_workers`.

    """
    shards = shuffle_shards(workers=workers, shard_workers=shard_workers)
    domain.count(0, shared=shared)
    domain.require(shared <= shard_workers, f"shared must be at most {shard_workers}, not {shared}")
    ways = math.comb(shard_workers, shared)
    return ways * math.comb(workers - shard_workers, shard_workers - shared) / shards


def shuffle_lost_ratio(*, workers: int, shard_workers: int, tries: int) -> float:
    """Share of requests that find only dead workers, where a whole shard is dead, 0 to 1.

    C(k, t) / C(n, t) for shards of k workers of n, and a request that tries t different workers of
    its own shard: these are a random choice of t among all n. With one try it is k / n, as in
    disjoint cells; with all k it is one over the number of shards. Derived.

    Raises:
        ValueError: as `shuffle_shards`, there is no try, or more than `shard_workers`.

    """
    domain.count(1, workers=workers, shard_workers=shard_workers, tries=tries)
    for name, few, many in (
        ("shard_workers", shard_workers, workers),
        ("tries", tries, shard_workers),
    ):
        domain.require(few <= many, f"{name} must be at most {many}, not {few}")
    return math.comb(shard_workers, tries) / math.comb(workers, tries)


def zipf_share(*, rank: int, keys: int, exponent: float = 1) -> float:
    """Share of requests for the key of some rank under Zipf's law.

    rank^-s / sum of k^-s over all keys: 13.4 % for the first of 1,000 with s = 1.

    Raises:
        ValueError: `rank` is not from 1 to `keys`, or `exponent` negative.

    """
    domain.count(1, rank=rank, keys=keys)
    domain.not_negative(exponent=exponent)
    domain.require(rank <= keys, f"rank must be at most {keys}, not {rank}")
    return math.pow(rank, -exponent) / math.fsum(math.pow(k, -exponent) for k in range(1, keys + 1))


def hot_partition_limit_rps(*, capacity_rps: float, share: float) -> float:
    """Total load at which the hottest partition is full, capacity / share, per second.

    However many other partitions there are.

    Raises:
        ValueError: `capacity_rps` is negative, or `share` not above 0 and at most 1.

    """
    domain.not_negative(capacity_rps=capacity_rps)
    domain.share(share=share)
    domain.positive(share=share)
    return capacity_rps / share
