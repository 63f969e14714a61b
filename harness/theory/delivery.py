"""Delivery: blast radius of a bad change, how fast polls spread it, what a canary can see.

Sources: two-proportion tests as in any textbook of statistics; the rest is derived.
"""

import math
from statistics import NormalDist

from harness.theory import domain

ALPHA = 0.05


def outage_requests(*, rate_rps: float, duration_s: float) -> float:
    """Count of requests that a change breaks that is bad everywhere, rate x duration.

    Where hosts poll, the delay is the same at both ends and cancels on average. The count's chance
    is `chance.poisson_count_sd`, plus that of the polls' phases.

    Raises:
        ValueError: an argument is negative.

    """
    domain.not_negative(rate_rps=rate_rps, duration_s=duration_s)
    return rate_rps * duration_s


def staged_requests(*, rate_rps: float, hosts: int, stage_hosts: int, detect_s: float) -> float:
    """Count of requests that a staged change breaks before it is stopped.

    rate x stage / hosts x detection time, while only the first stage has it. Valid for a load that
    is spread evenly, a change that breaks every request, and a detection before the next stage.

    Raises:
        ValueError: a number is negative, no host, or a stage larger than the fleet.

    """
    domain.count(1, hosts=hosts)
    domain.count(0, stage_hosts=stage_hosts)
    domain.not_negative(detect_s=detect_s)
    domain.require(stage_hosts <= hosts, f"stage_hosts must be at most {hosts}, not {stage_hosts}")
    return outage_requests(rate_rps=rate_rps, duration_s=detect_s) * stage_hosts / hosts


def blast_radius(*, cells: int, reached: int = 1) -> float:
    """Share of customers that a bad change has hit, cells reached / cells.

    Valid for cells of equal size.

    Raises:
        ValueError: no cell, or more reached than there are.

    """
    domain.count(1, cells=cells)
    domain.count(0, reached=reached)
    domain.require(reached <= cells, f"reached must be at most {cells}, not {reached}")
    return reached / cells


def trial_failures(*, hosts: int, trial_errors: int) -> int:
    """Count of requests that fail until each host has gone back by itself, hosts x errors.

    Exact, where each host takes so many errors in a row as the proof and the change breaks all.

    Raises:
        ValueError: an argument is negative.

    """
    domain.count(0, hosts=hosts, trial_errors=trial_errors)
    return hosts * trial_errors


def poll_delay_mean_s(*, period_s: float) -> float:
    """Mean time from a change to the next poll, period / 2, in seconds.

    Valid for a change at a uniform phase; at most `period_s`. Its deviation is
    `chance.uniform_sd(width=period_s)`, over sqrt(n) for a mean of n independent pollers.

    Raises:
        ValueError: `period_s` is negative.

    """
    domain.not_negative(period_s=period_s)
    return period_s / 2


def slowest_poll_mean_s(*, period_s: float, pollers: int) -> float:
    """Mean time from a change until the last of some pollers has it, in seconds.

    period x n / (n + 1), for independent uniform phases.

    Raises:
        ValueError: `period_s` is negative, or there is no poller.

    """
    domain.not_negative(period_s=period_s)
    domain.count(1, pollers=pollers)
    return period_s * pollers / (pollers + 1)


def detection_probability(*, failure_ratio: float, requests: int) -> float:
    """Probability that a canary of so many requests sees a fault at least once.

    1 - (1 - p)^n. For the largest p that agrees with none, see `chance.rule_of_three`.

    Raises:
        ValueError: `failure_ratio` is outside 0..1, or `requests` negative.

    """
    domain.share(failure_ratio=failure_ratio)
    domain.count(0, requests=requests)
    return 1 - (1 - failure_ratio) ** requests


def canary_power(
    *, base_ratio: float, canary_ratio: float, requests: int, alpha: float = ALPHA
) -> float:
    """Probability that a canary's worse error ratio is told from the baseline's.

    Two-sided test of two proportions at `alpha`, with so many requests in each arm: 1 % against
    2 % is seen with 0.45 in 1,000 each; one-sided (twice the alpha) with 0.58. Normal
    approximation: five errors and more in each arm.

    Raises:
        ValueError: a ratio or `alpha` does not lie between 0 and 1, or there is no request.

    """
    shift, pooled, apart = _arms(base_ratio, canary_ratio, alpha)
    domain.count(1, requests=requests)
    normal = NormalDist()
    z = normal.inv_cdf(1 - alpha / 2)
    return normal.cdf((shift * math.sqrt(requests) - z * pooled) / apart)


def canary_requests(
    *, base_ratio: float, canary_ratio: float, power: float = 0.8, alpha: float = ALPHA
) -> int:
    """How many requests each arm needs to tell two error ratios apart with some power.

    About 2,300 for 1 % against 2 % and 0.8.

    Raises:
        ValueError: an argument does not lie between 0 and 1, or the ratios are equal.

    """
    shift, pooled, apart = _arms(base_ratio, canary_ratio, alpha)
    domain.inner_share(power=power)
    domain.require(shift > 0, "canary_ratio must differ from base_ratio")
    normal = NormalDist()
    z = normal.inv_cdf(1 - alpha / 2) * pooled + normal.inv_cdf(power) * apart
    return math.ceil((z / shift) ** 2)


def _arms(base_ratio: float, canary_ratio: float, alpha: float) -> tuple[float, float, float]:
    """Difference of the ratios, and sqrt(n) x its deviation if they were equal, and as they are."""
    domain.inner_share(base_ratio=base_ratio, canary_ratio=canary_ratio, alpha=alpha)
    mean = (base_ratio + canary_ratio) / 2
    apart = base_ratio * (1 - base_ratio) + canary_ratio * (1 - canary_ratio)
    return abs(canary_ratio - base_ratio), math.sqrt(2 * mean * (1 - mean)), math.sqrt(apart)
