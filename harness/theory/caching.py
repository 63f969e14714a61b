"""Caches: stampedes, early expiry, hit ratios, and what a cold cache does to what is behind it.

Readers come as a Poisson process of `rate_rps` for one key; making its value takes `recompute_s`.
Sources: Vattani, Chierichetti, Lowenstein, "Optimal Probabilistic Cache Stampede Prevention"
(PVLDB 8(8), 2015); Brooker, "Caches, Modes, and Unstable Systems" (2021); Che, Tung, Wang (2002).
Counts per expiry and their spread are derived.
"""

import math
from collections.abc import Sequence

from harness.theory import domain

EULER_GAMMA = 0.5772156649015329
PANELS = 2000
FEWEST_READERS = 3
LEAST_BETA = 0.01


def stampede_calls(*, rate_rps: float, recompute_s: float) -> float:
    """Mean recomputations at each expiry of an unprotected key.

    1 + rate x recompute: the first reader who misses, and all who come until it has put the value
    back. Valid where the callee takes as long under the stampede: its first call finishes first.

    Raises:
        ValueError: an argument is negative.

    """
    domain.not_negative(rate_rps=rate_rps, recompute_s=recompute_s)
    return 1 + rate_rps * recompute_s


def stampede_calls_sd(*, rate_rps: float, recompute_s: float) -> float:
    """One standard deviation of the recomputations at one expiry.

    sqrt(rate x recompute): the count is 1 + Poisson. For a mean of n expiries divide by sqrt(n).

    Raises:
        ValueError: an argument is negative.

    """
    return math.sqrt(stampede_calls(rate_rps=rate_rps, recompute_s=recompute_s) - 1)


def coalesced_calls(*, rate_rps: float, recompute_s: float, processes: int) -> float:
    """Mean recomputations at each expiry with single flight in each process, 1 to n.

    1 + (n - 1)(1 - exp(-rate x recompute / n)): a process makes one call if it is read from before
    the first one has put the value back. Valid for readers that are spread evenly.

    Raises:
        ValueError: a number is negative, or there is no process.

    """
    domain.not_negative(rate_rps=rate_rps, recompute_s=recompute_s)
    domain.count(1, processes=processes)
    return 1 - (processes - 1) * math.expm1(-rate_rps * recompute_s / processes)


def leased_calls_rps(*, lease_s: float) -> float:
    """Most recomputations of a key a second that leases let through, 1 / lease.

    Source: Nishtala and others, "Scaling Memcache at Facebook" (NSDI 2013): a token for each key
    every 10 s. At an expiry it is one, if the lease outlasts the recomputation.

    Raises:
        ValueError: `lease_s` not above 0.

    """
    domain.positive(lease_s=lease_s)
    return 1 / lease_s


def early_expiry_calls(*, beta: float, rate_rps: float, recompute_s: float) -> float:
    """Mean recomputations at each expiry under probabilistic early expiry (XFetch).

    e^(1/beta) for loads of many readers in beta x recompute seconds, whatever the load. Exactly:
    early draws are Poisson with a rate that grows as e^(t / (beta recompute)) up to `rate_rps` at
    the expiry; the first starts a recomputation, and those within it are too many. Valid for a TTL
    of several beta x recompute x ln(rate x beta x recompute), and a constant recompute time.

    Raises:
        ValueError: `beta` is below 0.01, or another argument not above 0.

    """
    domain.positive(rate_rps=rate_rps, recompute_s=recompute_s)
    _early(beta)
    growth, last = math.exp(1 / beta), rate_rps * beta * recompute_s

    # The expected early draws up to the first one, x, are Exp(1); `last` of them before the expiry.
    def more(x: float) -> float:
        ends_early = x * growth <= last
        return x * (growth - 1) if ends_early else last - x + last * (1 / beta + math.log(x / last))

    steep = last / growth
    before = (growth - 1) * (1 - math.exp(-steep) * (1 + steep))
    across = _simpson([more(x) * math.exp(-x) for x in _grid(steep, last)], last - steep)
    return 1 + before + across + last / beta * math.exp(-last)


def early_expiry_calls_sd(*, beta: float) -> float:
    """One standard deviation of the recomputations at one early expiry.

    sqrt(e^(1/beta) (e^(1/beta) - 1)): what is more than one is geometric, a Poisson count with an
    exponential mean. For a mean of n expiries divide by sqrt(n). Valid for high loads.

    Raises:
        ValueError: `beta` is below 0.01.

    """
    _early(beta)
    growth = math.exp(1 / beta)
    return math.sqrt(growth * (growth - 1))


def early_expiry_lead_s(*, beta: float, rate_rps: float, recompute_s: float) -> float:
    """How long before the expiry the first early recomputation starts on average, seconds.

    beta x recompute x (ln(rate x beta x recompute) + 0.577), a Gumbel mean; its standard deviation
    is beta x recompute x pi / sqrt(6). Valid where a miss is rare: rate x beta x recompute >= 3.

    Raises:
        ValueError: an argument is not above 0, or rate x beta x recompute below 3.

    """
    domain.positive(beta=beta, rate_rps=rate_rps, recompute_s=recompute_s)
    readers = rate_rps * beta * recompute_s
    domain.require(
        readers >= FEWEST_READERS,
        f"rate_rps x beta x recompute_s must be 3 or more, not {readers:g}",
    )
    return beta * recompute_s * (math.log(readers) + EULER_GAMMA)


def early_expiry_miss_probability(*, beta: float, rate_rps: float, recompute_s: float) -> float:
    """Probability that nobody draws early and the key expires.

    exp(-rate x beta x recompute). Valid for a TTL much longer than beta x recompute.

    Raises:
        ValueError: an argument is not above 0.

    """
    domain.positive(beta=beta, rate_rps=rate_rps, recompute_s=recompute_s)
    return math.exp(-rate_rps * beta * recompute_s)


def ttl_hit_ratio(*, rate_rps: float, ttl_s: float) -> float:
    """Hit ratio of a key that lives for a time from its fill on.

    rate x ttl / (1 + rate x ttl), by renewal. Valid for a recomputation that takes no time.

    Raises:
        ValueError: an argument is negative.

    """
    domain.not_negative(rate_rps=rate_rps, ttl_s=ttl_s)
    hits = rate_rps * ttl_s
    return hits / (1 + hits)


def ttl_misses_sd(*, rate_rps: float, ttl_s: float, duration_s: float) -> float:
    """One standard deviation of how often a key with a time to live misses in a time.

    sqrt(misses) / (1 + rate x ttl): after each fill nothing happens by chance for one time to live,
    and then an exponential gap (renewal theory). Valid for many times to live, and of use from two
    or three on.

    Raises:
        ValueError: an argument is negative.

    """
    domain.not_negative(rate_rps=rate_rps, ttl_s=ttl_s, duration_s=duration_s)
    return math.sqrt(rate_rps * duration_s / (1 + rate_rps * ttl_s) ** 3)


def origin_load_rps(*, rate_rps: float, hit_ratio: float) -> float:
    """Load that a cache lets through to what is behind it, (1 - h) x rate, requests a second.

    Raises:
        ValueError: `rate_rps` negative, or `hit_ratio` outside 0..1.

    """
    domain.not_negative(rate_rps=rate_rps)
    domain.share(hit_ratio=hit_ratio)
    return (1 - hit_ratio) * rate_rps


def origin_load_factor(*, hit_ratio_before: float, hit_ratio_after: float) -> float:
    """How many times the load behind a cache grows when its hit ratio changes.

    (1 - after) / (1 - before): 95 % to 90 % doubles it.

    Raises:
        ValueError: a ratio is outside 0..1, or `hit_ratio_before` is 1.

    """
    domain.share(hit_ratio_before=hit_ratio_before, hit_ratio_after=hit_ratio_after)
    domain.require(hit_ratio_before < 1, "hit_ratio_before must be below 1: nothing got through")
    return (1 - hit_ratio_after) / (1 - hit_ratio_before)


def cold_cache_is_vulnerable(*, rate_rps: float, hit_ratio: float, capacity_rps: float) -> bool:
    """Whether a system that is well with its cache cannot carry its load with an empty one.

    (1 - h) rate < capacity < rate. Whether it then stays down depends on what becomes of answers
    that come too late: dropped, they never fill the cache again.

    Raises:
        ValueError: a rate is negative, or `hit_ratio` outside 0..1.

    """
    domain.not_negative(capacity_rps=capacity_rps)
    return origin_load_rps(rate_rps=rate_rps, hit_ratio=hit_ratio) < capacity_rps < rate_rps


def lru_hit_ratio(popularities: Sequence[float], *, slots: int) -> float:
    """Hit ratio of a least-recently-used cache (Che's approximation), 0 to 1.

    Solve sum(1 - exp(-q T)) = slots for the time T that a key survives; a key hits with
    1 - exp(-q T). `popularities` are the keys' shares of the requests, each independent of the
    past. Good to a percent or so from some tens of slots on. Source: Che, Tung, Wang (2002);
    Fricker, Robert, Roberts (2012).

    Raises:
        ValueError: a popularity not above 0, they do not add up to 1, or `slots` not below their
            number.

    """
    domain.positive(popularities=popularities)
    domain.require(
        math.isclose(math.fsum(popularities), 1, abs_tol=1e-6), "popularities must add up to 1"
    )
    domain.count(1, slots=slots)
    domain.require(
        slots < len(popularities), f"slots must be below the {len(popularities)} keys, not {slots}"
    )

    def kept(survives: float) -> float:
        return -math.fsum(math.expm1(-q * survives) for q in popularities)

    low, high = 0.0, 1.0
    while kept(high) < slots:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if kept(middle) < slots else (low, middle)
    return -math.fsum(q * math.expm1(-q * low) for q in popularities)


def _early(beta: float) -> None:
    domain.finite(beta=beta)
    domain.require(beta >= LEAST_BETA, f"beta must be at least {LEAST_BETA}, not {beta:g}")


def _grid(start: float, end: float) -> list[float]:
    return [start + (end - start) * n / PANELS for n in range(PANELS + 1)]


def _simpson(values: list[float], width: float) -> float:
    inner = 4 * math.fsum(values[1:-1:2]) + 2 * math.fsum(values[2:-1:2])
    return width / PANELS / 3 * (values[0] + inner + values[-1])
