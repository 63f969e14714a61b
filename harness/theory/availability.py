"""Availability: chains and spares, correlated failures, repair times, budgets of errors.

Sources: any textbook of reliability; *Site Reliability Engineering* (2016) for error budgets;
Brooker, "Heuristics for correlated failure" (2016), for what correlation takes from redundancy.
"""

import math

from harness.theory import domain


def series_availability(*parts: float) -> float:
    """Availability of a chain that needs all of its parts, their product.

    Valid for parts that fail independently.

    Raises:
        ValueError: a part is outside 0..1.

    """
    domain.share(parts=parts)
    return math.prod(parts)


def parallel_availability(*parts: float) -> float:
    """Availability of spares of which one is enough, 1 - product of (1 - part).

    Valid for parts that fail independently, and a failover that is perfect.

    Raises:
        ValueError: a part is outside 0..1.

    """
    domain.share(parts=parts)
    return 1 - math.prod(1 - part for part in parts)


def joint_failure_probability(*, failure_ratio: float, correlation: float) -> float:
    """Probability that both of two alike parts are down, p^2 + phi p (1 - p).

    phi is the correlation of the two states, 0 independent, 1 always together.

    Raises:
        ValueError: an argument is outside 0..1.

    """
    domain.share(failure_ratio=failure_ratio, correlation=correlation)
    return failure_ratio**2 + correlation * failure_ratio * (1 - failure_ratio)


def failure_correlation(*, failure_ratio: float, joint_ratio: float) -> float:
    """Correlation phi of two alike parts, of which both are down in a share of the time.

    (joint - p^2) / (p (1 - p)), the inverse of `joint_failure_probability`: what a log of who was
    down when gives. Below 0 where one is up while the other is down.

    Raises:
        ValueError: `failure_ratio` does not lie between 0 and 1, or `joint_ratio` is not possible.

    """
    domain.inner_share(failure_ratio=failure_ratio)
    least = max(0.0, 2 * failure_ratio - 1)
    domain.require(
        least <= joint_ratio <= failure_ratio,
        f"joint_ratio must be from {least:g} to {failure_ratio:g}, not {joint_ratio:g}",
    )
    return (joint_ratio - failure_ratio**2) / (failure_ratio * (1 - failure_ratio))


def shared_cause_failure_ratio(*, own_ratio: float, shared_ratio: float, replicas: int) -> float:
    """Share of time in which all replicas are down that also need one thing together, 0 to 1.

    q + (1 - q) a^n, each down by itself with a, what they share with q: never below q, however many
    there are. Valid if all these fail independently (the beta factor model of Fleming, 1975).

    Raises:
        ValueError: a ratio is outside 0..1, or there is no replica.

    """
    domain.share(own_ratio=own_ratio, shared_ratio=shared_ratio)
    domain.count(1, replicas=replicas)
    return shared_ratio + (1 - shared_ratio) * own_ratio**replicas


def steady_availability(*, mtbf_s: float, mttr_s: float) -> float:
    """Share of time up, MTBF / (MTBF + MTTR), `mtbf_s` being the mean time up.

    Raises:
        ValueError: `mtbf_s` not above 0, or `mttr_s` negative.

    """
    domain.positive(mtbf_s=mtbf_s)
    domain.not_negative(mttr_s=mttr_s)
    return mtbf_s / (mtbf_s + mttr_s)


def steady_availability_sd(*, mtbf_s: float, mttr_s: float, duration_s: float) -> float:
    """One standard deviation of the share of time up over a run.

    sqrt(2 u^2 d^2 / ((u + d)^3 t)), u up and d down on average, for exponential times. Valid for a
    duration of many u + d.

    Raises:
        ValueError: an argument is not above 0.

    """
    domain.positive(mtbf_s=mtbf_s, mttr_s=mttr_s, duration_s=duration_s)
    return mtbf_s * mttr_s * math.sqrt(2 / ((mtbf_s + mttr_s) ** 3 * duration_s))


def alternating_share_sd(
    *, up_mean_s: float, up_sd_s: float, down_mean_s: float, down_sd_s: float, duration_s: float
) -> float:
    """One standard deviation of the share of time up over a run, for times up and down of any kind.

    sqrt((su^2 d^2 + sd^2 u^2) / ((u + d)^3 t)), u and d being the means and su, sd the standard
    deviations. Valid for independent times and a duration of many u + d. Source: Cox, *Renewal
    Theory* (1962); `steady_availability_sd` is its exponential case.

    Raises:
        ValueError: a mean or `duration_s` is not above 0, or a deviation negative.

    """
    domain.positive(up_mean_s=up_mean_s, down_mean_s=down_mean_s, duration_s=duration_s)
    domain.not_negative(up_sd_s=up_sd_s, down_sd_s=down_sd_s)
    spread = math.hypot(up_sd_s * down_mean_s, down_sd_s * up_mean_s)
    return spread / math.sqrt((up_mean_s + down_mean_s) ** 3 * duration_s)


def outlasting_outage_ratio(*, mtbf_s: float, mttr_s: float, wait_s: float) -> float:
    """Share of requests that meet an outage which lasts for longer than they wait, 0 to 1.

    d / (u + d) x exp(-wait / d), u up and d down on average: a part of use after a retry is of use.
    Twice the time up halves it; half the time down halves it and squares the exponential. Valid for
    exponential repairs, of which the rest is as long as the whole.

    Raises:
        ValueError: `mtbf_s` or `mttr_s` is not above 0, or `wait_s` negative.

    """
    domain.positive(mtbf_s=mtbf_s, mttr_s=mttr_s)
    domain.not_negative(wait_s=wait_s)
    return mttr_s / (mtbf_s + mttr_s) * math.exp(-wait_s / mttr_s)


def crewed_availability(
    *, stages: int, copies: int = 1, crews: int | None = None, mtbf_s: float, mttr_s: float
) -> float:
    """Share of time in which every stage of a system has a copy that is up, 0 to 1.

    A Markov chain: of n = stages x copies parts k are down, (n - k) / u fail and min(k, crews) / d
    are repaired a second. Which ones are down is open, so of the C(n, k) ways those count that
    leave a copy to each stage. Without `crews` all are repaired at a time, and it is the product of
    `parallel_availability`. Source: the machine repairman, Palm (1947), in any textbook of queues.

    Raises:
        ValueError: a count is below 1, or a time not above 0.

    """
    domain.count(1, stages=stages, copies=copies)
    parts = stages * copies
    crews = parts if crews is None else crews
    domain.count(1, crews=crews)
    domain.positive(mtbf_s=mtbf_s, mttr_s=mttr_s)
    weight, total, up = 1.0, 0.0, 0.0
    for down, ways in enumerate(_ways_up(stages, copies)):
        total += weight
        up += weight * ways / math.comb(parts, down)
        weight *= (parts - down) * mttr_s / (min(down + 1, crews) * mtbf_s)
    return up / total


def _ways_up(stages: int, copies: int) -> list[int]:
    """Give for each number of parts down in how many ways a copy is left to each stage."""
    of_stage = [math.comb(copies, down) for down in range(copies)] + [0]
    ways = [1]
    for _ in range(stages):
        longer = [0] * (len(ways) + copies)
        for before, count in enumerate(ways):
            for down, here in enumerate(of_stage):
                longer[before + down] += count * here
        ways = longer
    return ways


def spare_instances(*, instances: int, rate_rps: float, capacity_rps: float) -> int:
    """How many of some alike instances may be dead: n - ceil(rate / capacity), or 0.

    The safe blast radius: the others can just carry the load, which goes to them evenly. Valid for
    even arrivals: random ones queue for long where no more than that is left. Derived.

    Raises:
        ValueError: there is no instance, or a rate is not above 0.

    """
    domain.count(1, instances=instances)
    domain.positive(rate_rps=rate_rps, capacity_rps=capacity_rps)
    # Rounded first: 0.3 / 0.1 is a little below 3 in binary, and 0.7 / 0.1 a little below 7.
    return max(0, instances - math.ceil(round(rate_rps / capacity_rps, 9)))


def error_budget_s(*, slo: float, period_s: float) -> float:
    """How long everything may fail in a period, (1 - SLO) x period, in seconds.

    2,592 s of 30 days at 99.9 %.

    Raises:
        ValueError: `slo` is outside 0..1, or `period_s` negative.

    """
    domain.share(slo=slo)
    domain.not_negative(period_s=period_s)
    return (1 - slo) * period_s


def expired_connection_ratio(*, elapsed_s: float, mean_life_s: float) -> float:
    """Share of connections that had to be made anew some time after an expiry.

    1 - exp(-t / m): a certificate that expires fails handshakes, and live connections go on for an
    exponential life. Derived.

    Raises:
        ValueError: `elapsed_s` is negative, or `mean_life_s` not above 0.

    """
    domain.not_negative(elapsed_s=elapsed_s)
    domain.positive(mean_life_s=mean_life_s)
    return -math.expm1(-elapsed_s / mean_life_s)
