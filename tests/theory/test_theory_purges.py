"""Purges: caches and readers that are drawn one by one."""

import heapq
import math
import random
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import purges

RATES_RPS = [6, 3, 2, 1.5, 1, 0.5]
FETCH_S, PATIENCE_S, WINDOW_S = 0.3, 0.8, 3


def test_an_empty_cache_is_filled_key_by_key() -> None:
    """As in caches that are replayed: hot keys at once, cold ones seldom, each once at most."""
    rates_rps, rng = [5, 1, 0.5, 0.1, 0.1], random.Random(1)
    figure = purges.purge_fills(rates_rps, window_s=4)
    sd = purges.purge_fills_sd(rates_rps, window_s=4)
    fills = [sum(rng.expovariate(rate_rps) < 4 for rate_rps in rates_rps) for _ in range(5_000)]
    assert fmean(fills) == pytest.approx(figure, abs=4 * sd / 5_000**0.5)
    assert stdev(fills) == pytest.approx(sd, rel=0.05)


@given(st.lists(st.floats(0, 100), max_size=20), st.floats(0, 100), st.floats(0, 100))
def test_no_more_keys_are_filled_than_there_are(
    rates_rps: list[float], one_s: float, other_s: float
) -> None:
    """And more in a longer time, none in no time."""
    sooner, later = (
        purges.purge_fills(rates_rps, window_s=window_s) for window_s in sorted((one_s, other_s))
    )
    assert sooner <= later + 1e-9
    assert later <= len(rates_rps)
    assert purges.purge_fills(rates_rps, window_s=0) == 0


def test_an_empty_cache_counts_a_rate_that_changes_by_its_mean() -> None:
    """No reads in the first half of the time and 2/s in the second fill as 1/s all along."""
    figure = purges.purge_fills([1], window_s=4)
    assert figure == purges.purge_fills([2], window_s=2)


def answered(rng: random.Random, caches: int, capacity_rps: float) -> float:
    """Replay readers after a purge, each of whom fetches what is not there, one after the other."""
    pages = [(cache, page) for cache in range(caches) for page in range(len(RATES_RPS))]
    came: list[tuple[float, tuple[int, int]]] = []
    for cache, page in pages:
        at_s = rng.expovariate(RATES_RPS[page])
        while at_s < WINDOW_S:
            came.append((at_s, (cache, page)))
            at_s += rng.expovariate(RATES_RPS[page])
    free_s, good = 0.0, 0
    backs: list[tuple[float, tuple[int, int]]] = []
    there: set[tuple[int, int]] = set()
    for at_s, key in sorted(came):
        while backs and backs[0][0] <= at_s:
            there.add(heapq.heappop(backs)[1])
        if key in there:
            good += 1
            continue
        wait_s = max(0.0, free_s - at_s)
        free_s = at_s + wait_s + 1 / capacity_rps
        heapq.heappush(backs, (at_s + wait_s + FETCH_S, key))
        good += wait_s + FETCH_S <= PATIENCE_S
    return good / len(came)


@pytest.mark.parametrize("each_rps", [2, 4, 6])
def test_a_stampede_after_a_purge_is_that_of_readers_who_are_replayed(each_rps: float) -> None:
    """With an origin that does 2, 4 or 6/s for each of 200 caches, of which each is read 14/s."""
    figure = purges.stampede_success_ratio(
        RATES_RPS * 200,
        fetch_s=FETCH_S,
        capacity_rps=200 * each_rps,
        patience_s=PATIENCE_S,
        window_s=WINDOW_S,
    )
    replayed = fmean(answered(random.Random(seed), 200, 200 * each_rps) for seed in range(3))
    assert figure == pytest.approx(replayed, abs=0.02)


def test_an_origin_that_can_do_anything_loses_whom_a_fetch_is_too_slow_for() -> None:
    """All who come in the time of the first fetch, and then those who are first."""
    lost = math.fsum(one * FETCH_S + 1 - math.exp(-one * (WINDOW_S - FETCH_S)) for one in RATES_RPS)
    figure, none = (
        purges.stampede_success_ratio(
            RATES_RPS,
            fetch_s=FETCH_S,
            capacity_rps=1e9,
            patience_s=patience_s,
            window_s=WINDOW_S,
        )
        for patience_s in (0, PATIENCE_S)
    )
    assert figure == pytest.approx(1 - lost / math.fsum(RATES_RPS) / WINDOW_S, abs=0.005)
    assert none == 1
