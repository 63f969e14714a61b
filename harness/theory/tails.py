"""Tails: fan-out, hedged and duplicated requests, and work that outlives its caller.

Sources: Dean and Barroso, "The Tail at Scale" (CACM 2013); Vulimiri and others, "Low Latency via
Redundancy" (CoNEXT 2013); *Site Reliability Engineering* (2016), ch. 22, for deadlines.
"""

import math
from collections.abc import Callable

from harness.theory import domain

BISECTIONS = 60
"""Halvings of an interval, after which nothing of it is left in floating point."""


def fanout_slow_ratio(*, slow_ratio: float, leaves: int) -> float:
    """Share of root requests that wait for at least one slow leaf, 1 - (1 - p)^n.

    Valid for leaves that are slow independently of each other.

    Raises:
        ValueError: `slow_ratio` is outside 0..1, or there is no leaf.

    """
    domain.share(slow_ratio=slow_ratio)
    domain.count(1, leaves=leaves)
    return 1 - (1 - slow_ratio) ** leaves


def leaf_quantile(*, root_quantile: float, leaves: int) -> float:
    """Which quantile of a leaf is some quantile of the root, q^(1/n).

    0.9999 of a leaf is 0.99 of 100. Valid for independent leaves.

    Raises:
        ValueError: `root_quantile` is outside 0..1, or there is no leaf.

    """
    domain.share(root_quantile=root_quantile)
    domain.count(1, leaves=leaves)
    return math.pow(root_quantile, 1 / leaves)


def hedge_extra_ratio(*, hedge_quantile: float) -> float:
    """Extra requests per request of a hedge that is sent at a quantile, 1 - q.

    5 % at the p95.

    Raises:
        ValueError: `hedge_quantile` is outside 0..1.

    """
    domain.share(hedge_quantile=hedge_quantile)
    return 1 - hedge_quantile


def hedged_slow_ratio(*, slow_ratio: float, slow_ratio_of_hedge: float) -> float:
    """Share of hedged requests that take longer than t, for t above the hedge's delay h.

    P(T > t) P(T > t - h): both copies must be late, the second with h less time. Valid for copies
    that are late independently: a shared slow disk takes the gain away.

    Raises:
        ValueError: a ratio is outside 0..1.

    """
    domain.share(slow_ratio=slow_ratio, slow_ratio_of_hedge=slow_ratio_of_hedge)
    return slow_ratio * slow_ratio_of_hedge


def two_speed_slow_ratio(
    *, after_s: float, mean_s: float, slow_mean_s: float, slow_ratio: float
) -> float:
    """Share of calls that take longer than a time, where a share of them is slow.

    (1 - p) exp(-t / mean) + p exp(-t / slow mean): a hyperexponential law, as of a callee that
    answers most calls from memory and some from a disk. Valid where no call waits for another.

    Raises:
        ValueError: a time is negative, a mean not above 0, or `slow_ratio` outside 0..1.

    """
    domain.not_negative(after_s=after_s)
    domain.positive(mean_s=mean_s, slow_mean_s=slow_mean_s)
    domain.share(slow_ratio=slow_ratio)
    fast = (1 - slow_ratio) * math.exp(-after_s / mean_s)
    return fast + slow_ratio * math.exp(-after_s / slow_mean_s)


def two_speed_quantile_s(
    *, quantile: float, mean_s: float, slow_mean_s: float, slow_ratio: float
) -> float:
    """Quantile of calls of which a share is slow, in seconds, as `two_speed_slow_ratio`.

    Raises:
        ValueError: as there, or `quantile` does not lie between 0 and 1.

    """
    return _quantile_s(
        quantile,
        lambda after_s: two_speed_slow_ratio(
            after_s=after_s, mean_s=mean_s, slow_mean_s=slow_mean_s, slow_ratio=slow_ratio
        ),
        slowest_s=max(mean_s, slow_mean_s),
    )


def hedged_quantile_s(
    *, quantile: float, hedge_s: float, mean_s: float, slow_mean_s: float, slow_ratio: float
) -> float:
    """Quantile of hedged calls of which a share is slow, in seconds.

    The t at which P(T > t) P(T > t - h) is what is left beyond the quantile, by bisection. Valid
    for copies that are slow independently of each other.

    Raises:
        ValueError: as `two_speed_slow_ratio`, `quantile` does not lie between 0 and 1, or
            `hedge_s` is negative.

    """
    domain.not_negative(hedge_s=hedge_s)

    def beyond(after_s: float) -> float:
        law = {"mean_s": mean_s, "slow_mean_s": slow_mean_s, "slow_ratio": slow_ratio}
        first = two_speed_slow_ratio(after_s=after_s, **law)
        if after_s <= hedge_s:
            return first
        hedge = two_speed_slow_ratio(after_s=after_s - hedge_s, **law)
        return hedged_slow_ratio(slow_ratio=first, slow_ratio_of_hedge=hedge)

    return _quantile_s(quantile, beyond, slowest_s=max(mean_s, slow_mean_s))


def duplicated_mean_response_s(*, rate_rps: float, capacity_rps: float) -> float:
    """Mean response time when each request goes to two of many servers, in seconds.

    1 / (2 (mu - 2 lambda)), the earlier of two M/M/1 answers at twice the load; `rate_rps` is a
    server's own share before duplication. Better than 1 / (mu - lambda) below a utilisation of 1/3.
    Valid for exponential service, no cancellation, and many servers: two servers that get the same
    arrivals are busy together, and the gain ends at 0.3.

    Raises:
        ValueError: a rate is not above 0, or `rate_rps` not below half of `capacity_rps`.

    """
    domain.positive(rate_rps=rate_rps, capacity_rps=capacity_rps)
    domain.require(
        2 * rate_rps < capacity_rps,
        f"rate_rps must be below half the capacity of {capacity_rps:g}, not {rate_rps:g}",
    )
    return 1 / (2 * (capacity_rps - 2 * rate_rps))


def orphaned_work_s(*, hops: int, timeout_s: float) -> float:
    """For how long a chain may work on after its caller has left, hops x timeout, seconds.

    Where each hop has a time limit of its own and no deadline travels with the request.

    Raises:
        ValueError: a number is negative.

    """
    domain.count(0, hops=hops)
    domain.not_negative(timeout_s=timeout_s)
    return hops * timeout_s


def _quantile_s(quantile: float, beyond: Callable[[float], float], *, slowest_s: float) -> float:
    """Find where a falling share is what a quantile leaves, below that of the slower kind alone."""
    domain.inner_share(quantile=quantile)
    beyond(0)  # which refuses what is no law
    low_s, high_s = 0.0, -math.log1p(-quantile) * slowest_s
    for _ in range(BISECTIONS):
        middle_s = (low_s + high_s) / 2
        if beyond(middle_s) > 1 - quantile:
            low_s = middle_s
        else:
            high_s = middle_s
    return (low_s + high_s) / 2
