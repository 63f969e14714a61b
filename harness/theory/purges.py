"""Purges: how an empty cache fills again, and what that does to the origin behind it. Derived."""

import math
from collections.abc import Sequence

from harness.theory import domain

STEPS = 1000


def purge_fills(rates_rps: Sequence[float], *, window_s: float) -> float:
    """How many keys of an empty cache are asked for in a time, on average: so many fills.

    sum of 1 - exp(-rate t). Valid for Poisson reads of each key, where those who come while a key
    is filled wait for it, and none expires meanwhile. The first read after a purge always misses.
    Of rates that change it takes the means over the time.

    Raises:
        ValueError: a number is negative.

    """
    domain.not_negative(window_s=window_s, rates_rps=rates_rps)
    return -math.fsum(math.expm1(-rate_rps * window_s) for rate_rps in rates_rps)


def purge_fills_sd(rates_rps: Sequence[float], *, window_s: float) -> float:
    """One standard deviation of the fills of an empty cache: each key is filled or is not.

    Raises:
        ValueError: a number is negative.

    """
    domain.not_negative(window_s=window_s, rates_rps=rates_rps)
    missed = [math.exp(-rate_rps * window_s) for rate_rps in rates_rps]
    return math.sqrt(math.fsum(one * (1 - one) for one in missed))


def stampede_success_ratio(
    rates_rps: Sequence[float],
    *,
    fetch_s: float,
    capacity_rps: float,
    patience_s: float,
    window_s: float,
) -> float:
    """Share of readers answered in time after a purge, where each who misses fetches for himself.

    A fluid, step by step: keys with these rates, those of several caches one by one, share an
    origin that does `capacity_rps` in the order of arrival; a fetch takes `fetch_s` and the wait
    there. At t a key is back that was first asked for before v, where v + wait(v) + fetch = t, so
    sum of rate exp(-rate v) is sent on. Who misses is in time if wait(t) + fetch <= patience. Valid
    where fetches are many, and one that nobody waits for any more still fills the cache.

    Raises:
        ValueError: a number is negative, or the capacity, the window or the sum of the rates is not
            above 0.

    """
    domain.not_negative(fetch_s=fetch_s, patience_s=patience_s, rates_rps=rates_rps)
    domain.positive(capacity_rps=capacity_rps, window_s=window_s)
    domain.require(math.fsum(rates_rps) > 0, "rates_rps must add up to more than 0")
    step_s = window_s / STEPS
    waits_s: list[float] = []
    wait_s, back, late = 0.0, 0, 0.0
    for now in range(STEPS):
        waits_s.append(wait_s)
        while back < now and (back - now) * step_s + waits_s[back] + fetch_s <= 0:
            back += 1
        missed_rps = math.fsum(one * math.exp(-one * back * step_s) for one in rates_rps)
        if wait_s + fetch_s > patience_s:
            late += missed_rps
        wait_s = max(0.0, wait_s + (missed_rps / capacity_rps - 1) * step_s)
    return 1 - late / STEPS / math.fsum(rates_rps)
