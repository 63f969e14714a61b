"""Load balancing: shares, what an overloaded replica loses, herds after old figures, two choices.

Sources: Mitzenmacher, "The Power of Two Choices" (2001) and "How Useful Is Old Information?"
(2000); Vvedenskaya and others (1996); Azar and others, "Balanced Allocations" (1999); Brooker on
stale load figures (2012); herds and lost shares are derived.
"""

import math

from harness.theory import domain

NEGLIGIBLE = 1e-15


def round_robin_share(*, replicas: int) -> float:
    """Share of the requests of a replica under round robin, 1 / n, however slow it is.

    Raises:
        ValueError: there is no replica.

    """
    domain.count(1, replicas=replicas)
    return 1 / replicas


def overloaded_success_ratio(*, replicas: int, overloaded: int = 1) -> float:
    """Share of good answers when replicas of an even split are overloaded for long.

    1 - k / n: the queue of each grows past any time limit, so that all of its share is late. Valid
    from `overload.fifo_collapse_s` on, and for a while after the overload.

    Raises:
        ValueError: no replica, or more overloaded than there are.

    """
    domain.count(1, replicas=replicas)
    domain.count(0, overloaded=overloaded)
    domain.require(
        overloaded <= replicas, f"overloaded must be at most {replicas}, not {overloaded}"
    )
    return 1 - overloaded / replicas


def excess_ratio(*, offered_erlangs: float, servers: int = 1) -> float:
    """Share of a replica's work that it cannot do, 1 - c / a, and 0 below its capacity.

    Valid where late work is refused or dropped; where all of it is queued, all is late.

    Raises:
        ValueError: `offered_erlangs` is negative, or there is no server.

    """
    domain.not_negative(offered_erlangs=offered_erlangs)
    domain.count(1, servers=servers)
    return 1 - servers / offered_erlangs if offered_erlangs > servers else 0.0


def herd_backlog(*, rate_rps: float, capacity_rps: float, report_s: float) -> float:
    """Queue of the replica to which all requests go until the next report.

    (rate - capacity) x period, of one replica's capacity: until the report, the least loaded stays
    the least loaded. Valid for a balancer that goes by reports alone.

    Raises:
        ValueError: a rate is negative, or `report_s` not above 0.

    """
    domain.not_negative(rate_rps=rate_rps, capacity_rps=capacity_rps)
    domain.positive(report_s=report_s)
    return max(0.0, rate_rps - capacity_rps) * report_s


def herd_mean_wait_s(*, rate_rps: float, capacity_rps: float, report_s: float) -> float:
    """Mean wait of all requests where each period's go to one replica, in seconds.

    (rate - capacity) x period / (2 x capacity), of one replica's capacity: in each period the queue
    of another one grows from nothing, and whoever comes finds half of it on average. Valid for
    reports of the mean queue since the one before, many requests a period, and n replicas of which
    fewer than two, n - rate / capacity, are idle on average: of two that have been idle for a whole
    period each would get half. Derived (fluid).

    Raises:
        ValueError: a rate is not above 0, or `report_s` not above 0.

    """
    domain.positive(rate_rps=rate_rps, capacity_rps=capacity_rps, report_s=report_s)
    return max(0.0, rate_rps - capacity_rps) * report_s / (2 * capacity_rps)


def herd_mean_wait_sd_s(
    *, rate_rps: float, capacity_rps: float, report_s: float, duration_s: float
) -> float:
    """One standard deviation of a run's mean wait under a herd, in seconds.

    period x sqrt((rate / capacity)^2 / 4 + 1 / 12) / sqrt(rate x duration): how many come in each
    period varies, and when in it they come. Valid as `herd_mean_wait_s`, for Poisson arrivals, and
    a duration of many periods. Leaves out periods that two replicas share, as both happened to be
    idle for a whole one: played out, nine periods vary by nearly twice as much. Derived.

    Raises:
        ValueError: an argument is not above 0.

    """
    domain.positive(rate_rps=rate_rps, capacity_rps=capacity_rps, report_s=report_s)
    domain.positive(duration_s=duration_s)
    spread = math.hypot(rate_rps / capacity_rps / 2, 1 / math.sqrt(12))
    return report_s * spread / math.sqrt(rate_rps * duration_s)


def herd_share(*, slice_s: float, report_s: float) -> float:
    """Mean share of the replica that gets most in a slice of time, under a herd.

    1 - slice / (4 report): a slice without a report sees one replica, and one that is cut by a
    report at a uniform point sees two. Valid for slices up to a period, at uniform phases; slices
    that are aligned with reports see 1, and so does the largest of many slices of half a period.

    Raises:
        ValueError: `slice_s` is negative or above `report_s`, or `report_s` not above 0.

    """
    domain.not_negative(slice_s=slice_s)
    domain.positive(report_s=report_s)
    domain.require(slice_s <= report_s, f"slice_s must be at most {report_s:g}, not {slice_s:g}")
    return 1 - slice_s / (4 * report_s)


def choices_top_share(*, replicas: int, choices: int) -> float:
    """Share of the replica that old figures call least loaded, of d random choices: d / n.

    1 - C(n - 1, d) / C(n, d): it gets every request for which it is among those drawn. What two
    choices bound a herd to until the next report; 1 for d = n.

    Raises:
        ValueError: no choice, or more choices than replicas.

    """
    domain.count(1, replicas=replicas, choices=choices)
    domain.require(choices <= replicas, f"choices must be at most {replicas}, not {choices}")
    return choices / replicas


def choices_mean_response(*, utilisation: float, choices: int) -> float:
    """Mean response time, in service times, of the shortest of d random queues.

    sum over i >= 1 of rho^((d^i - d) / (d - 1)); 1 / (1 - rho) for d = 1. Valid for Poisson
    arrivals, exponential service, fresh figures, and many servers: with ten it is some 15 % more.

    Raises:
        ValueError: `utilisation` is not from 0 to below 1, or there is no choice.

    """
    domain.count(1, choices=choices)
    domain.share(utilisation=utilisation)
    domain.require(utilisation < 1, "utilisation must be below 1: there is no steady state")
    if choices == 1:
        return 1 / (1 - utilisation)
    total, power = 0.0, 0
    while (term := utilisation**power) > NEGLIGIBLE:
        total += term
        power = power * choices + choices
    return total


def random_max_load(*, bins: int) -> float:
    """Order of the fullest of n bins after n balls at random, ln n / ln ln n.

    Asymptotic, times 1 + o(1): at n = 1,000 it gives 3.6 where the mean is 5.5. It ranks, it does
    not predict.

    Raises:
        ValueError: there are fewer than 16 bins.

    """
    domain.count(16, bins=bins)
    return math.log(bins) / math.log(math.log(bins))


def two_choices_max_load(*, bins: int) -> float:
    """Order of the fullest of n bins when each ball takes the emptier of two.

    ln ln n / ln 2, plus O(1): at n = 1,000 it gives 2.8, and the fullest has 3 nearly always.

    Raises:
        ValueError: there are fewer than 16 bins.

    """
    domain.count(16, bins=bins)
    return math.log(math.log(bins)) / math.log(2)
