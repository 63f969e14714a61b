"""Head-of-line blocking: what waits behind long work, or behind a stall of its connection. Derived.

A busy period of a connection is one of M/D/infinity (Takacs, *Introduction to the Theory of
Queues*, 1962): stalls of a fixed length, some of which begin before the last one has ended.
"""

import math

from harness.theory import availability, chance, domain


def behind_long_work_quantile_s(
    *, quantile: float, long_s: float, every_s: float, other_share: float
) -> float:
    """Quantile of the wait behind long work that one server never interrupts, in seconds.

    long - (1 - q) every (1 - other), or 0: the backlog begins at the length of the work and
    shrinks evenly; `other_share` is how busy all other work keeps the server. Fluid: it leaves
    out how that other work waits for itself.

    Raises:
        ValueError: a time not above 0, a share outside its range, or the server never catches up.

    """
    domain.inner_share(quantile=quantile)
    domain.positive(long_s=long_s, every_s=every_s)
    domain.share(other_share=other_share)
    spare_s = every_s * (1 - other_share)
    domain.require(long_s < spare_s, f"long_s must be below what is left for it, {spare_s:g}")
    return max(0.0, long_s - (1 - quantile) * spare_s)


def held_up_ratio(
    *, rate_rps: float, stall_ratio: float, stall_s: float, beyond_s: float = 0
) -> float:
    """Share of the answers of one ordered connection that come later than they would alone, 0 to 1.

    1 - (1 - p) exp(-rate p (stall - beyond)): its own stall, or that of an answer shortly before.
    A share p of the answers stalls for `stall_s`, and none passes another; late is what comes more
    than `beyond_s` after its time. Exact for Poisson arrivals.

    Raises:
        ValueError: a number out of its range, or `beyond_s` not below `stall_s`.

    """
    waits_s = _late_for_s(rate_rps, stall_ratio, stall_s, beyond_s)
    return 1 - (1 - stall_ratio) * math.exp(-rate_rps * stall_ratio * waits_s)


def held_up_ratio_sd(
    *, rate_rps: float, stall_ratio: float, stall_s: float, duration_s: float, beyond_s: float = 0
) -> float:
    """One standard deviation of `held_up_ratio` as it is counted over a time.

    The share of time within stalls (`availability.alternating_share_sd`), and which of the answers
    fall into it.

    Raises:
        ValueError: as above, `stall_ratio` is 0, or `duration_s` not above 0.

    """
    waits_s = _late_for_s(rate_rps, stall_ratio, stall_s, beyond_s)
    domain.positive(stall_ratio=stall_ratio, duration_s=duration_s)
    stalls_rps = rate_rps * stall_ratio
    mean_s, sd_s = _stretch_s(stalls_rps, waits_s)
    time_sd = availability.alternating_share_sd(
        up_mean_s=1 / stalls_rps,
        up_sd_s=1 / stalls_rps,
        down_mean_s=mean_s,
        down_sd_s=sd_s,
        duration_s=duration_s,
    )
    ratio = held_up_ratio(
        rate_rps=rate_rps, stall_ratio=stall_ratio, stall_s=stall_s, beyond_s=beyond_s
    )
    arrivals = max(1, round(rate_rps * duration_s))
    return chance.sum_sd(time_sd, chance.binomial_share_sd(share=ratio, trials=arrivals))


def _late_for_s(rate_rps: float, stall_ratio: float, stall_s: float, beyond_s: float) -> float:
    """Give for how long after the begin of a stall answers are late by it."""
    domain.positive(rate_rps=rate_rps, stall_s=stall_s)
    domain.share(stall_ratio=stall_ratio)
    domain.not_negative(beyond_s=beyond_s)
    domain.require(beyond_s < stall_s, f"beyond_s must be below stall_s, {stall_s:g}")
    return stall_s - beyond_s


def _stretch_s(stalls_rps: float, stall_s: float) -> tuple[float, float]:
    """Give the mean and one standard deviation of a stretch of stalls that overlap, in seconds.

    It goes on while the next stall begins before the last has ended, and then ends after one more.
    """
    ends = math.exp(-stalls_rps * stall_s)
    goes_on = 1 - ends
    gap_s = 1 / stalls_rps - stall_s * ends / goes_on
    square = 2 / stalls_rps**2 - (stall_s**2 + 2 * stall_s / stalls_rps) * ends / goes_on
    gaps = goes_on / ends
    variance = gaps * (square - gap_s**2) + gaps / ends * gap_s**2
    return stall_s + gaps * gap_s, math.sqrt(variance)
