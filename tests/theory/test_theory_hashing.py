"""Placement: combinatorics that are exact, and rings and keys that are drawn."""

import bisect
import itertools
import math
import random
from collections import Counter
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import hashing


@pytest.mark.parametrize(
    ("virtual_nodes", "sd"), [(1, 0.90), (10, 0.30), (100, 0.095), (1000, 0.030)]
)
def test_a_ring_evens_out_with_virtual_nodes(virtual_nodes: int, sd: float) -> None:
    """The figures for ten nodes."""
    figure = hashing.ring_share_relative_sd(nodes=10, virtual_nodes=virtual_nodes)
    assert figure == pytest.approx(sd, rel=0.02)


def ring(rng: random.Random, nodes: int, virtual_nodes: int) -> list[tuple[float, int]]:
    return sorted((rng.random(), node) for node in range(nodes) for _ in range(virtual_nodes))


def test_rings_vary_as_a_beta_does() -> None:
    """Ten nodes of ten virtual ones, many rings: the mean square of the shares about 1/10."""
    rng, squares = random.Random(1), []
    for _ in range(1000):
        points = ring(rng, 10, 10)
        shares = [0.0] * 10
        for (before, _), (place, node) in itertools.pairwise([(points[-1][0] - 1, 0), *points]):
            shares[node] += place - before
        squares.append(fmean((10 * shares[node] - 1) ** 2 for node in range(10)))
    figure = hashing.ring_share_relative_sd(nodes=10, virtual_nodes=10)
    assert math.sqrt(fmean(squares)) == pytest.approx(figure, rel=0.05)


def test_few_keys_move() -> None:
    """From ten nodes to eleven: 9.1 % on a ring, 90.9 % by modulo."""
    assert hashing.ring_moved_ratio(nodes=10) == pytest.approx(1 / 11)
    assert hashing.modulo_moved_ratio(nodes=10) == pytest.approx(10 / 11)
    moved = fmean(key % 10 != key % 11 for key in range(110))
    assert moved == pytest.approx(hashing.modulo_moved_ratio(nodes=10))
    rng, seen = random.Random(2), []
    for _ in range(100):
        points = ring(rng, 11, 20)
        fewer = [point for point in points if point[1] != 10]
        for _ in range(50):
            key = (rng.random(), -1)
            owners = [one[bisect.bisect(one, key) % len(one)][1] for one in (points, fewer)]
            seen.append(owners[0] != owners[1])
    # Keys of one ring are alike: the ring's own share varies by a fifth.
    assert fmean(seen) == pytest.approx(1 / 11, abs=4 * math.sqrt(0.083 / 5000) + 0.01)


def test_even_hashing_varies_by_chance_alone() -> None:
    """100,000 keys on ten nodes: 10,000 give or take 95; bounded loads have a limit."""
    assert hashing.hashed_count_sd(keys=100_000, nodes=10) == pytest.approx(94.9, abs=0.1)
    assert hashing.bounded_load_limit(keys=100, nodes=10, epsilon=0.25) == 13
    assert hashing.bounded_load_limit(keys=100, nodes=10, epsilon=0.1) == 11


def test_shuffle_shards() -> None:
    """28 of two of 8, and some 730 billion of four of 2,048 (Route 53)."""
    assert hashing.shuffle_shards(workers=8, shard_workers=2) == 28
    assert hashing.shuffle_shards(workers=2048, shard_workers=4) == 730_862_190_080
    with pytest.raises(ValueError, match="shard_workers must be at most 8, not 9"):
        hashing.shuffle_shards(workers=8, shard_workers=9)


def test_overlaps_by_counting_all_shards() -> None:
    """Of all 28, one shares both workers with a given one, 12 one of them, 15 none."""
    shards = list(itertools.combinations(range(8), 2))
    counted = Counter(len({0, 1} & set(shard)) for shard in shards)
    for shared in (0, 1, 2):
        probability = hashing.shuffle_overlap_probability(workers=8, shard_workers=2, shared=shared)
        assert probability == pytest.approx(counted[shared] / 28)


@pytest.mark.parametrize(("size", "tries"), [(2, 1), (2, 2), (4, 2), (4, 4)])
def test_requests_lost_by_trying_all_there_are(size: int, tries: int) -> None:
    """A quarter, 1/28, 6/28 and 1/70: counted over all shards, and all ways to try them."""
    dead = set(range(size))
    tried = [
        set(picked)
        for shard in itertools.combinations(range(8), size)
        for picked in itertools.combinations(shard, tries)
    ]
    counted = fmean(picked <= dead for picked in tried)
    figure = hashing.shuffle_lost_ratio(workers=8, shard_workers=size, tries=tries)
    assert figure == pytest.approx(counted)


def test_no_more_tries_than_a_shard_has() -> None:
    """For each is at another worker of it."""
    with pytest.raises(ValueError, match="tries must be at most 2, not 3"):
        hashing.shuffle_lost_ratio(workers=8, shard_workers=2, tries=3)


@given(st.integers(1, 20), st.data())
def test_overlaps_add_up(workers: int, data: st.DataObject) -> None:
    """To one, whatever the sizes."""
    size = data.draw(st.integers(1, workers))
    total = math.fsum(
        hashing.shuffle_overlap_probability(workers=workers, shard_workers=size, shared=shared)
        for shared in range(size + 1)
    )
    assert total == pytest.approx(1)


@pytest.mark.parametrize(("exponent", "share"), [(1, 0.134), (0.8, 0.065), (0, 0.001)])
def test_the_key_that_is_asked_for_most(exponent: float, share: float) -> None:
    """Of 1,000 under Zipf's law."""
    figure = hashing.zipf_share(rank=1, keys=1000, exponent=exponent)
    assert figure == pytest.approx(share, abs=5e-4)
    total = math.fsum(
        hashing.zipf_share(rank=rank, keys=20, exponent=exponent) for rank in range(1, 21)
    )
    assert total == pytest.approx(1)


def test_a_hot_partition_is_the_limit() -> None:
    """30/s and 13.4 %: 224/s in all, however many partitions there are."""
    limit_rps = hashing.hot_partition_limit_rps(capacity_rps=30, share=0.134)
    assert limit_rps == pytest.approx(224, abs=0.5)
