"""Pools: where the rate is highest, and from which number of connections on it is too low."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import pools

SERVER: Any = {"cores": 8, "service_s": 0.08, "overhead": 0.04}


@pytest.mark.parametrize(
    ("connections", "rate_rps"), [(1, 12.5), (4, 50), (8, 100), (33, 50), (64, 100 / 3.24)]
)
def test_the_rate_rises_up_to_the_cores_and_falls_beyond(connections: int, rate_rps: float) -> None:
    """Each of 25 beyond costs 4 %, so 33 do half of what 8 do, as 4 do."""
    found = pools.shared_capacity_rps(connections=connections, **SERVER)
    assert found == pytest.approx(rate_rps)


def test_without_overhead_more_connections_do_no_harm() -> None:
    """And no good beyond the cores."""
    found = pools.shared_capacity_rps(connections=1000, cores=8, service_s=0.08, overhead=0)
    assert found == pytest.approx(100)


@given(st.floats(1, 99), st.floats(0.001, 1))
def test_a_pool_larger_than_the_largest_does_less_than_arrives(
    rate_rps: float, overhead: float
) -> None:
    """And one that is not does as much, or more."""
    server: Any = {**SERVER, "overhead": overhead}
    limit = pools.largest_pool(rate_rps=rate_rps, **server)
    assert limit >= 8
    within, beyond = math.floor(limit - 1e-6), math.floor(limit + 1e-6) + 1
    assert pools.shared_capacity_rps(connections=max(8, within), **server) >= rate_rps - 1e-6
    assert pools.shared_capacity_rps(connections=beyond, **server) < rate_rps


def test_a_rate_that_no_pool_carries_is_refused() -> None:
    """In a line that says how much the cores can do."""
    with pytest.raises(ValueError, match="rate_rps must be below 100, which is all"):
        pools.largest_pool(rate_rps=100, **SERVER)
    with pytest.raises(ValueError, match="overhead must be above 0"):
        pools.largest_pool(rate_rps=40, cores=8, service_s=0.08, overhead=0)


def test_a_backlog_drains_by_what_is_done_beyond_what_arrives() -> None:
    """64 queries, 16 a second: 4 connections do 25/s and leave 25, which takes 39 / 9 s."""
    drain: Any = {"rate_rps": 16, "cores": 8, "service_s": 0.16, "overhead": 0.05, "patience_s": 1}
    assert pools.pool_drain_s(**drain, connections=4, waiting=64) == pytest.approx(39 / 9)
    assert pools.pool_drain_s(**drain, connections=8, waiting=64) == pytest.approx(14 / 34)
    assert pools.pool_drain_s(**drain, connections=64, waiting=64) == math.inf
    assert pools.pool_drain_s(**drain, connections=51, waiting=64) == math.inf
    assert 20 < pools.pool_drain_s(**drain, connections=50, waiting=64) < math.inf
    assert pools.pool_drain_s(**drain, connections=1000, waiting=20) == 0


def test_fewer_run_while_fewer_are_there() -> None:
    """A large pool is slow only as long as it is full: 30 queries, of which the last 8 run well.

    All but 26 must go: with 30, 29, 28 and 27 running, each of which does 50 / (1 + 0.05 (n - 8)).
    """
    done = [50 / (1 + 0.05 * (n - 8)) for n in (30, 29, 28, 27)]
    assert done[-1] < 27
    drain_s = pools.pool_drain_s(
        rate_rps=16, cores=8, service_s=0.16, overhead=0.05, patience_s=1, connections=64,
        waiting=30,
    )  # fmt: skip
    assert drain_s == pytest.approx(sum(1 / (one - 16) for one in done))
