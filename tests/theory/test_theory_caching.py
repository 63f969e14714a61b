"""Caches: published figures, and readers that are drawn one by one."""

import math
import random
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.theory import caching

CYCLES = 2000


def stampede(rng: random.Random, rate_rps: float, recompute_s: float, processes: int) -> int:
    """Count the processes that make a call, of readers that come while the first one lasts."""
    now_s, seen = 0.0, {rng.randrange(processes)}
    while (now_s := now_s + rng.expovariate(rate_rps)) < recompute_s:
        seen.add(rng.randrange(processes))
    return len(seen)


def test_a_stampede_is_one_and_all_who_come_meanwhile() -> None:
    """200/s x 0.1 s: 21, give or take 4.5; with a process for each reader they are all counted."""
    assert caching.stampede_calls(rate_rps=200, recompute_s=0.1) == 21
    sd = caching.stampede_calls_sd(rate_rps=200, recompute_s=0.1)
    assert sd == pytest.approx(math.sqrt(20))
    rng = random.Random(1)
    seen = [float(stampede(rng, 200, 0.1, 10**9)) for _ in range(CYCLES)]
    assert fmean(seen) == pytest.approx(21, abs=4 * sd / math.sqrt(CYCLES))
    assert stdev(seen) == pytest.approx(sd, rel=4 / math.sqrt(2 * CYCLES))


@pytest.mark.parametrize("rate_rps", [2, 20, 200])
def test_single_flight_is_one_call_in_each_process_that_is_asked(rate_rps: float) -> None:
    """Nearly three of three at 200/s x 0.1 s, but 1.1 at a hundredth of it."""
    rng = random.Random(2)
    seen = [float(stampede(rng, rate_rps, 0.1, 3)) for _ in range(CYCLES)]
    figure = caching.coalesced_calls(rate_rps=rate_rps, recompute_s=0.1, processes=3)
    assert fmean(seen) == pytest.approx(figure, abs=4 * max(stdev(seen), 0.05) / math.sqrt(CYCLES))


def test_single_flight_in_one_process_is_one() -> None:
    """Whatever the load."""
    assert caching.coalesced_calls(rate_rps=1000, recompute_s=1, processes=1) == 1


def test_leases_bound_the_rate() -> None:
    """A token each ten seconds (Facebook)."""
    assert caching.leased_calls_rps(lease_s=10) == pytest.approx(0.1)


def early(
    rng: random.Random, beta: float, rate_rps: float, recompute_s: float
) -> tuple[int, float]:
    """Count the recomputations of one expiry at 0, and tell when the first one started."""
    scale_s = beta * recompute_s
    now_s = -scale_s * (math.log(1 + rate_rps * scale_s) + 12)
    first_s, count = math.inf, 0
    while (now_s := now_s + rng.expovariate(rate_rps)) <= first_s + recompute_s:
        if now_s - scale_s * math.log(1 - rng.random()) >= 0:
            first_s = min(first_s, now_s)
            count += 1
    return count, -first_s


@pytest.mark.parametrize(
    ("beta", "rate_rps", "recompute_s"),
    [(1, 100, 0.2), (0.5, 200, 0.1), (2, 200, 0.1), (1, 10, 0.1), (0.3, 5, 0.2)],
)
def test_early_expiry_against_draws(beta: float, rate_rps: float, recompute_s: float) -> None:
    """Also where readers are few, so that e^(1/beta) is far off: 1.7 in place of 2.7 at 10/s."""
    rng = random.Random(3)
    seen = [float(early(rng, beta, rate_rps, recompute_s)[0]) for _ in range(CYCLES)]
    figure = caching.early_expiry_calls(beta=beta, rate_rps=rate_rps, recompute_s=recompute_s)
    assert fmean(seen) == pytest.approx(figure, abs=4 * stdev(seen) / math.sqrt(CYCLES))


@pytest.mark.parametrize("beta", [0.5, 1, 2])
def test_many_readers_recompute_e_to_the_one_over_beta(beta: float) -> None:
    """7.39, 2.72 and 1.65, once there are hundreds within a recomputation."""
    figure = caching.early_expiry_calls(beta=beta, rate_rps=2000, recompute_s=0.2)
    assert figure == pytest.approx(math.exp(1 / beta), rel=1e-4)


def test_a_beta_near_to_nothing_is_refused() -> None:
    """Its e^(1/beta) would be no number."""
    with pytest.raises(ValueError, match=r"^beta must be at least 0\.01, not 0\.005$"):
        caching.early_expiry_calls_sd(beta=0.005)
    with pytest.raises(ValueError, match=r"^beta must be at least 0\.01, not 0\.005$"):
        caching.early_expiry_calls(beta=0.005, rate_rps=100, recompute_s=0.2)


def test_early_recomputations_are_geometric() -> None:
    """2.16 about a mean of 2.72: a run of nine expiries sees 2 to 3.4 often."""
    rng = random.Random(4)
    cycles = [early(rng, 1, 100, 0.2) for _ in range(CYCLES)]
    counts = [float(count) for count, _ in cycles]
    sd = caching.early_expiry_calls_sd(beta=1)
    assert sd == pytest.approx(2.161, abs=1e-3)
    # A geometric count's kurtosis is 9: its deviation is known twice as badly as a normal one's.
    assert stdev(counts) == pytest.approx(sd, rel=2 * 4 / math.sqrt(2 * CYCLES))
    lead_s = caching.early_expiry_lead_s(beta=1, rate_rps=100, recompute_s=0.2)
    lead_sd_s = 0.2 * math.pi / math.sqrt(6)
    assert fmean(lead for _, lead in cycles) == pytest.approx(
        lead_s, abs=4 * lead_sd_s / math.sqrt(CYCLES)
    )


def test_the_leads_known_figure() -> None:
    """0.357 s at 200/s x 0.1 s; where misses are common the form does not hold."""
    lead_s = caching.early_expiry_lead_s(beta=1, rate_rps=200, recompute_s=0.1)
    assert lead_s == pytest.approx(0.357, abs=1e-3)
    with pytest.raises(ValueError, match="must be 3 or more, not 1"):
        caching.early_expiry_lead_s(beta=1, rate_rps=10, recompute_s=0.1)


def test_a_key_that_nobody_draws_for_expires() -> None:
    """exp(-1) of the cycles at 10/s x 0.1 s."""
    rng = random.Random(5)
    missed = fmean(early(rng, 1, 10, 0.1)[1] <= 0 for _ in range(CYCLES))
    figure = caching.early_expiry_miss_probability(beta=1, rate_rps=10, recompute_s=0.1)
    assert figure == pytest.approx(math.exp(-1))
    assert missed == pytest.approx(figure, abs=4 * math.sqrt(figure * (1 - figure) / CYCLES))


def test_a_ttl_cache() -> None:
    """5/s for 2 s: ten hits to a miss, 90.9 %."""
    assert caching.ttl_hit_ratio(rate_rps=5, ttl_s=2) == pytest.approx(10 / 11)
    rng, now_s, until_s, hits = random.Random(6), 0.0, 0.0, 0
    for _ in range(20_000):
        now_s += rng.expovariate(5)
        hits += now_s < until_s
        until_s = until_s if now_s < until_s else now_s + 2
    assert hits / 20_000 == pytest.approx(10 / 11, abs=4 * math.sqrt(10 / 121 / 20_000))


def test_the_load_behind_a_cache() -> None:
    """From 95 % to 90 % doubles it, from 99 % to 90 % is ten times."""
    factor = caching.origin_load_factor
    assert factor(hit_ratio_before=0.95, hit_ratio_after=0.9) == pytest.approx(2)
    assert factor(hit_ratio_before=0.99, hit_ratio_after=0.9) == pytest.approx(10)
    assert caching.origin_load_rps(rate_rps=100, hit_ratio=0.9) == pytest.approx(10)
    with pytest.raises(ValueError, match="hit_ratio_before must be below 1"):
        factor(hit_ratio_before=1, hit_ratio_after=0.9)


@pytest.mark.parametrize(("capacity_rps", "vulnerable"), [(30, False), (40, True), (110, False)])
def test_a_cold_cache(capacity_rps: float, *, vulnerable: bool) -> None:
    """100/s and 66.7 %: too weak anyhow, weak only when cold, strong enough for all."""
    told = caching.cold_cache_is_vulnerable(
        rate_rps=100, hit_ratio=2 / 3, capacity_rps=capacity_rps
    )
    assert told is vulnerable


def zipf(keys: int, exponent: float) -> list[float]:
    weights = [rank**-exponent for rank in range(1, keys + 1)]
    return [weight / sum(weights) for weight in weights]


@pytest.mark.parametrize(("exponent", "ratio"), [(0.8, 0.378), (1, 0.577)])
def test_a_cache_of_a_tenth_of_the_keys(exponent: float, ratio: float) -> None:
    """1,000 keys, 100 slots, popularity by Zipf's law."""
    assert caching.lru_hit_ratio(zipf(1000, exponent), slots=100) == pytest.approx(ratio, abs=1e-3)


def test_a_real_lru_hits_as_often() -> None:
    """A cache of 20 of 200 keys, request by request."""
    shares = zipf(200, 1)
    rng, kept, hits = random.Random(7), dict[int, None](), 0
    keys = rng.choices(range(200), shares, k=20_000)
    for key in keys:
        hits += key in kept
        kept.pop(key, None)
        kept[key] = None
        if len(kept) > 20:
            del kept[next(iter(kept))]
    assert hits / len(keys) == pytest.approx(caching.lru_hit_ratio(shares, slots=20), abs=0.02)


def test_a_cache_that_holds_all_has_no_lru() -> None:
    """Nothing is ever evicted there; and shares must be shares."""
    with pytest.raises(ValueError, match="slots must be below the 2 keys, not 2"):
        caching.lru_hit_ratio([0.5, 0.5], slots=2)
    with pytest.raises(ValueError, match="popularities must add up to 1"):
        caching.lru_hit_ratio([0.5, 0.6], slots=1)


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_longer_ttl_never_hits_less(rate_rps: float, ttl_s: float) -> None:
    """And the ratio stays below 1."""
    ratio = caching.ttl_hit_ratio(rate_rps=rate_rps, ttl_s=ttl_s)
    assert 0 <= ratio <= caching.ttl_hit_ratio(rate_rps=rate_rps, ttl_s=2 * ttl_s) <= 1


@pytest.mark.parametrize("rate_rps", [0.1, 0.5, 2])
def test_misses_of_a_key_with_a_time_to_live_vary_less_than_by_chance(rate_rps: float) -> None:
    """As in readers that are replayed: a time to live after each fill, then a gap."""
    rng, counts = random.Random(1), []
    for _ in range(CYCLES):
        at_s, misses = rng.uniform(-100, 0), 0
        while (at_s := at_s + 2 + rng.expovariate(rate_rps)) < 200:
            misses += at_s >= 0
        counts.append(misses)
    sd = caching.ttl_misses_sd(rate_rps=rate_rps, ttl_s=2, duration_s=200)
    # What is cut off at the window's two ends varies too, by up to a sixth of a miss squared.
    assert stdev(counts) == pytest.approx(math.sqrt(sd**2 + 1 / 12), rel=0.1)
