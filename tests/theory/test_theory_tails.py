"""Tails: the published figures of Dean and Barroso, and duplicated requests that are replayed."""

import math
import random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import queues, tails


@pytest.mark.parametrize(
    ("slow_ratio", "leaves", "share"), [(0.01, 100, 0.634), (0.0001, 2000, 0.18), (0.01, 10, 0.096)]
)
def test_fan_out(slow_ratio: float, leaves: int, share: float) -> None:
    """One leaf in a hundred slow is two roots of three."""
    figure = tails.fanout_slow_ratio(slow_ratio=slow_ratio, leaves=leaves)
    assert figure == pytest.approx(share, abs=2e-3)


@given(st.floats(0, 1), st.integers(1, 100))
def test_the_quantile_of_a_leaf_is_fan_out_turned_round(quantile: float, leaves: int) -> None:
    """If leaves are slow beyond it, so is the root with what is left."""
    leaf = tails.leaf_quantile(root_quantile=quantile, leaves=leaves)
    assert tails.fanout_slow_ratio(slow_ratio=1 - leaf, leaves=leaves) == pytest.approx(
        1 - quantile, abs=1e-9
    )


def test_hedges() -> None:
    """One more in twenty at the p95, and one in a hundred late where each tenth is."""
    assert tails.hedge_extra_ratio(hedge_quantile=0.95) == pytest.approx(0.05)
    late = tails.hedged_slow_ratio(slow_ratio=0.05, slow_ratio_of_hedge=0.2)
    assert late == pytest.approx(0.01)


LAW = {"mean_s": 0.04, "slow_mean_s": 0.8, "slow_ratio": 0.05}


def test_one_in_twenty_slow() -> None:
    """Of one kind it is exponential; of two the p99 is the slow ones' own p80."""
    alike = {"mean_s": 2.0, "slow_mean_s": 2.0, "slow_ratio": 0.3}
    assert tails.two_speed_slow_ratio(after_s=2, **alike) == pytest.approx(math.exp(-1))
    assert tails.two_speed_quantile_s(quantile=0.99, **alike) == pytest.approx(2 * math.log(100))
    p99_s = tails.two_speed_quantile_s(quantile=0.99, **LAW)
    assert p99_s == pytest.approx(0.8 * math.log(5), abs=1e-9)


@pytest.mark.parametrize("quantile", [0.9, 0.99, 0.999])
def test_hedged_calls_replayed(quantile: float) -> None:
    """The earlier of a call and of another that begins later."""
    rng = random.Random(3)

    def takes_s() -> float:
        slow = rng.random() < LAW["slow_ratio"]
        return rng.expovariate(1 / (LAW["slow_mean_s"] if slow else LAW["mean_s"]))

    figure = tails.hedged_quantile_s(quantile=quantile, hedge_s=0.18, **LAW)
    took = [min(takes_s(), 0.18 + takes_s()) for _ in range(200_000)]
    late = sum(one > figure for one in took) / len(took)
    assert late == pytest.approx(1 - quantile, rel=0.3 if quantile > 0.99 else 0.09)


@given(st.floats(0.01, 0.999), st.floats(0, 5))
def test_a_hedge_never_makes_a_quantile_worse(quantile: float, hedge_s: float) -> None:
    """And before the hedge it changes nothing."""
    alone_s = tails.two_speed_quantile_s(quantile=quantile, **LAW)
    hedged_s = tails.hedged_quantile_s(quantile=quantile, hedge_s=hedge_s, **LAW)
    assert hedged_s <= alone_s * (1 + 1e-9)
    if alone_s < hedge_s:
        assert hedged_s == pytest.approx(alone_s)


def duplicated_s(rng: random.Random, *, copies: int, servers: int, rate_rps: float) -> float:
    """Replay requests that each go to some of many servers, and average the first answers."""
    free_s, now_s, seen = [0.0] * servers, 0.0, []
    for _ in range(40_000):
        now_s += rng.expovariate(rate_rps * servers)
        ends_s = []
        for server in rng.sample(range(servers), copies):
            free_s[server] = max(now_s, free_s[server]) + rng.expovariate(1)
            ends_s.append(free_s[server])
        seen.append(min(ends_s) - now_s)
    return fmean(seen)


@pytest.mark.parametrize("rate_rps", [0.2, 0.4])
def test_duplicating_all_against_a_replay(rate_rps: float) -> None:
    """50 servers: better at a utilisation of 0.2, worse at 0.4, as the formula says to 10 %."""
    seen_s = duplicated_s(random.Random(1), copies=2, servers=50, rate_rps=rate_rps)
    figure_s = tails.duplicated_mean_response_s(rate_rps=rate_rps, capacity_rps=1)
    single_s = queues.mm1_mean_response_s(rate_rps=rate_rps, capacity_rps=1)
    assert seen_s == pytest.approx(figure_s, rel=0.1)
    assert (figure_s < single_s) == (rate_rps < 1 / 3)


def test_duplicates_need_half_of_the_capacity() -> None:
    """Beyond it the queues only grow."""
    with pytest.raises(ValueError, match="rate_rps must be below half the capacity of 100, not 50"):
        tails.duplicated_mean_response_s(rate_rps=50, capacity_rps=100)


def test_work_that_outlives_its_caller() -> None:
    """Three hops of half a second."""
    assert tails.orphaned_work_s(hops=3, timeout_s=0.5) == pytest.approx(1.5)
