"""Queues without a limit, under arrivals that do not wait for answers: M/M/1, M/M/c, M/G/1.

Sources: Erlang (1917); Pollaczek (1930) and Khinchine (1932); Little (1961); Kleinrock, *Queueing
Systems* (1975); Lindley (1952); Takacs (1962); Daley (1968); Whitt, "Planning Queueing
Simulations" (1989). All but `lindley_*` and Little's law are of the steady state: a run that starts
empty, or is short, shows less, and its mean varies by tens of percent (`mm1_mean_number_sd`).
"""

import math
from collections.abc import Sequence

from harness.theory import domain

TAIL = 60
"""A sum over states ends where they are e^60 times less likely than the first that waits."""


def utilisation(
    *, rate_rps: float, service_s: float, servers: int = 1, overrun_s: float = 0
) -> float:
    """Share of time that servers are busy, rate x (service + overrun) / servers.

    Above 1 the queue grows for ever. `overrun_s` is what a sleeping server oversleeps each time.

    Raises:
        ValueError: a number is negative, or there is no server.

    """
    domain.not_negative(rate_rps=rate_rps, service_s=service_s, overrun_s=overrun_s)
    domain.count(1, servers=servers)
    return rate_rps * (service_s + overrun_s) / servers


def littles_law_number(*, rate_rps: float, time_s: float) -> float:
    """Mean number inside from the rate through and the mean time inside, rate x time.

    Holds for any discipline, and exactly over a window that starts and ends empty. Also the
    instances that calls need which take `time_s` each.

    Raises:
        ValueError: an argument is negative.

    """
    domain.not_negative(rate_rps=rate_rps, time_s=time_s)
    return rate_rps * time_s


def mm1_mean_response_s(*, rate_rps: float, capacity_rps: float) -> float:
    """Mean time in an M/M/1 queue and its service, 1 / (mu - lambda), in seconds.

    Raises:
        ValueError: a rate is not above 0, or `rate_rps` not below `capacity_rps`.

    """
    _stable(rate_rps, capacity_rps)
    return 1 / (capacity_rps - rate_rps)


def mm1_response_quantile_s(*, quantile: float, rate_rps: float, capacity_rps: float) -> float:
    """Quantile of the time in an M/M/1 queue and its service, in seconds.

    -ln(1 - p) / (mu - lambda): the time is exponential. Short runs see less of a high quantile.

    Raises:
        ValueError: as `mm1_mean_response_s`, or `quantile` does not lie between 0 and 1.

    """
    domain.inner_share(quantile=quantile)
    mean_s = mm1_mean_response_s(rate_rps=rate_rps, capacity_rps=capacity_rps)
    return -mean_s * math.log1p(-quantile)


def mm1_mean_number(*, rate_rps: float, capacity_rps: float) -> float:
    """Mean number in an M/M/1 queue and its service, rho / (1 - rho).

    Raises:
        ValueError: as `mm1_mean_response_s`.

    """
    return rate_rps * mm1_mean_response_s(rate_rps=rate_rps, capacity_rps=capacity_rps)


def mm1_mean_number_sd(*, rate_rps: float, capacity_rps: float, duration_s: float) -> float:
    """One standard deviation of a run's time-averaged number in an M/M/1 queue.

    sqrt(2 rho (1 + rho) / (mu t)) / (1 - rho)^2; over the mean it is also about that of the mean
    response time: 19 % at rho = 0.8 for 3,000 service times. Source: Whitt (1989). Valid for runs
    of many times 1 / (mu (1 - rho)^2) in the steady state; shorter ones vary less than this.

    Raises:
        ValueError: as `mm1_mean_response_s`, or `duration_s` not above 0.

    """
    _stable(rate_rps, capacity_rps)
    domain.positive(duration_s=duration_s)
    rho = rate_rps / capacity_rps
    return math.sqrt(2 * rho * (1 + rho) / (capacity_rps * duration_s)) / (1 - rho) ** 2


def erlang_c(*, servers: int, offered_erlangs: float) -> float:
    """Probability that an arrival at M/M/c must wait, from Erlang's B by recursion.

    B / (1 - rho (1 - B)).

    Raises:
        ValueError: no server, or `offered_erlangs` is not from 0 to below `servers`.

    """
    domain.count(1, servers=servers)
    domain.not_negative(offered_erlangs=offered_erlangs)
    domain.require(
        offered_erlangs < servers,
        f"offered_erlangs must be below {servers}, not {offered_erlangs:g}: the queue only grows",
    )
    blocked = 1.0
    for busy in range(1, servers + 1):
        blocked = offered_erlangs * blocked / (busy + offered_erlangs * blocked)
    return blocked / (1 - offered_erlangs / servers * (1 - blocked))


def mmc_mean_wait_s(*, rate_rps: float, service_s: float, servers: int) -> float:
    """Mean wait before service at M/M/c, C / (c mu - lambda), in seconds.

    Raises:
        ValueError: a number is not above 0, or the load is not below the servers' number.

    """
    domain.positive(rate_rps=rate_rps, service_s=service_s)
    waits = erlang_c(servers=servers, offered_erlangs=rate_rps * service_s)
    return waits / (servers / service_s - rate_rps)


def pollaczek_khinchine_wait_s(*, rate_rps: float, service_s: float, service_cv2: float) -> float:
    """Mean wait before service at M/G/1, in seconds.

    rho / (1 - rho) x (1 + cv^2) / 2 x service, where `service_cv2` is the squared coefficient of
    variation of the service time: 0 fixed, 1 exponential.

    Raises:
        ValueError: a number is not above 0 (`service_cv2`: negative), or the load is not below 1.

    """
    domain.positive(rate_rps=rate_rps, service_s=service_s)
    domain.not_negative(service_cv2=service_cv2)
    _stable(rate_rps, 1 / service_s)
    rho = rate_rps * service_s
    return rho / (1 - rho) * (1 + service_cv2) / 2 * service_s


def mg1_mean_wait_sd_s(
    *, rate_rps: float, service_moments: tuple[float, float, float, float], arrivals: float
) -> float:
    """One standard deviation of the mean wait of so many arrivals at M/G/1, in seconds.

    `service_moments` are the means of S, S^2, S^3 and S^4, in seconds to that power. sqrt(v / n)
    with v = lambda^2 (s2 E[W^2] + s3 E[W] + s4 / 4) / (1 - rho)^2 + Var[W] (1 + rho) / (1 - rho),
    and E[W^2] = 2 E[W]^2 + lambda s3 / (3 (1 - rho)) (Takacs 1962). Derived: Poisson's equation of
    the workload has the solution w^2 / (2 (1 - rho)). At M/M/1 it is Daley's (1968). Valid for
    runs in the steady state of many times S / (1 - rho)^2; a mean of a few odd values is skewed.

    Raises:
        ValueError: a number is not above 0, or the load is not below 1.

    """
    first, second, third, fourth = service_moments
    domain.positive(arrivals=arrivals, rate_rps=rate_rps)
    domain.positive(first=first, second=second, third=third, fourth=fourth)
    _stable(rate_rps, 1 / first)
    idle = 1 - rate_rps * first
    wait = rate_rps * second / (2 * idle)
    square = 2 * wait**2 + rate_rps * third / (3 * idle)
    jumps = rate_rps**2 * (second * square + third * wait + fourth / 4) / idle**2
    return math.sqrt((jumps + (square - wait**2) * (2 - idle) / idle) / arrivals)


def mmc_mean_wait_sd_s(
    *, rate_rps: float, service_s: float, servers: int, arrivals: float
) -> float:
    """One standard deviation of the mean wait of so many arrivals at M/M/c, in seconds.

    sqrt(v / (lambda n)) with v = sum over i of p_i (lambda (d_i - Wq)^2 + mu_i d_(i-1)^2), where
    p_i is the probability of i inside and d_i what one more is worth, from Poisson's equation of
    the birth-death process, as in Whitt, "Asymptotic Formulas for Markov Processes" (1992). The
    domain is that of `mg1_mean_wait_sd_s`.

    Raises:
        ValueError: as `mmc_mean_wait_s`, or `arrivals` is not above 0.

    """
    domain.positive(arrivals=arrivals)
    wait_s = mmc_mean_wait_s(rate_rps=rate_rps, service_s=service_s, servers=servers)
    offered, length = rate_rps * service_s, rate_rps * wait_s
    rho = offered / servers
    weight, total, below, before, variance = 1.0, 0.0, 0.0, 0.0, 0.0
    for inside in range(servers + 1 + math.ceil(-TAIL / math.log(rho))):
        waiting = inside - servers
        total += weight
        if waiting < 0:
            below += weight * length
            worth = below / (weight * rate_rps)
        else:
            worth = ((waiting - length) / (1 - rho) + 1 / (1 - rho) ** 2) * rho / rate_rps
        done_rps = min(inside, servers) / service_s
        variance += weight * (rate_rps * (worth - wait_s) ** 2 + done_rps * before**2)
        weight *= offered / min(inside + 1, servers)
        before = worth
    return math.sqrt(variance / total / (rate_rps * arrivals))


def mmc_waiting_share_sd(
    *, rate_rps: float, service_s: float, servers: int, arrivals: float
) -> float:
    """One standard deviation of the share of so many arrivals that must wait at M/M/c.

    As `mmc_mean_wait_sd_s`, where an arrival that finds all servers busy counts 1, and none else:
    one more inside is worth d_i = i d_(i-1) / a + C up to c - 1, and (1 - C) rho / (1 - rho) from
    there on.

    Raises:
        ValueError: as `mmc_mean_wait_s`, or `arrivals` is not above 0.

    """
    domain.positive(rate_rps=rate_rps, service_s=service_s, arrivals=arrivals)
    offered = rate_rps * service_s
    waits = erlang_c(servers=servers, offered_erlangs=offered)
    weight, total, before, variance = 1.0, 0.0, 0.0, 0.0
    for inside in range(servers):
        worth = inside * before / offered + waits
        total += weight
        variance += weight * (offered * (worth - waits) ** 2 + inside * before**2)
        weight *= offered / (inside + 1)
        before = worth
    busy = waits * (offered * (1 - waits + before) ** 2 + servers * before**2)
    return math.sqrt(((1 - waits) * variance / total + busy) / (offered * arrivals))


def md1_wait_ratio(*, rate_rps: float, service_s: float, wait_s: float) -> float:
    """Share of arrivals that wait longer than `wait_s` at M/D/1, where all work takes equally long.

    1 - (1 - rho) sum over k = 0 ... floor(wait / service) of (-x)^k / k! e^x with x = rate x
    (wait - k service): Erlang (1909). The terms alternate, so a float carries it for short waits.

    Raises:
        ValueError: `rate_rps` or `service_s` is not above 0, the load is not below 1, or `wait_s`
            is negative or above 10 services.

    """
    domain.positive(rate_rps=rate_rps, service_s=service_s)
    domain.not_negative(wait_s=wait_s)
    _stable(rate_rps, 1 / service_s)
    domain.require(wait_s <= 10 * service_s, f"wait_s must be at most 10 services, not {wait_s:g}")
    shorter = 0.0
    for served in range(math.floor(wait_s / service_s) + 1):
        mean = rate_rps * (wait_s - served * service_s)
        shorter += (-mean) ** served / math.factorial(served) * math.exp(mean)
    return 1 - (1 - rate_rps * service_s) * shorter


def lindley_waits_s(*, gaps_s: Sequence[float], services_s: Sequence[float]) -> list[float]:
    """Replay the waits at one server from its arrivals and service times, in seconds.

    wait' = max(0, wait + service - gap): exact, for any arrivals and services. `gaps_s` are the
    times between arrivals, one fewer than `services_s`; the first arrival waits 0.

    Raises:
        ValueError: a time is negative, or the numbers do not match.

    """
    domain.require(
        len(gaps_s) == len(services_s) - 1,
        f"gaps_s must be one fewer than services_s, not {len(gaps_s)} for {len(services_s)}",
    )
    domain.not_negative(gaps_s=gaps_s, services_s=services_s)
    waits_s = [0.0]
    for gap_s, service_s in zip(gaps_s, services_s, strict=False):
        waits_s.append(max(0.0, waits_s[-1] + service_s - gap_s))
    return waits_s


def closed_throughput_rps(*, users: int, think_s: float, service_s: float) -> float:
    """Throughput of users that wait for each answer and then think, requests a second.

    N / (Z + R) with R by exact mean value analysis of one exponential server: R = S (1 + Q) of one
    user fewer. Sources: Reiser and Lavenberg (1980); Schroeder and others, "Open Versus Closed"
    (NSDI 2006). Open formulas do not hold for such a load: its queue is bounded.

    Raises:
        ValueError: there is no user, `service_s` not above 0, or `think_s` negative.

    """
    response_s = closed_mean_response_s(users=users, think_s=think_s, service_s=service_s)
    return users / (think_s + response_s)


def closed_mean_response_s(*, users: int, think_s: float, service_s: float) -> float:
    """Mean response time of users that wait for each answer and then think, seconds.

    As `closed_throughput_rps`.

    Raises:
        ValueError: there is no user, `service_s` not above 0, or `think_s` negative.

    """
    domain.count(1, users=users)
    domain.not_negative(think_s=think_s)
    domain.positive(service_s=service_s)
    queue = response_s = 0.0
    for present in range(1, users + 1):
        response_s = service_s * (1 + queue)
        queue = present * response_s / (think_s + response_s)
    return response_s


def _stable(rate_rps: float, capacity_rps: float) -> None:
    domain.positive(rate_rps=rate_rps, capacity_rps=capacity_rps)
    domain.require(
        rate_rps < capacity_rps,
        f"rate_rps must be below the capacity of {capacity_rps:g}, not {rate_rps:g}",
    )
