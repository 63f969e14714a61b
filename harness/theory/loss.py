"""Loss systems: pools without a queue, bounded queues, and connections held by slow clients.

Sources: Erlang (1917); Nygard, *Release It!* (2007), for bulkheads. Arrivals are Poisson,
and one that is refused does not come again: retries turn a loss system into a storm (`retries`).
"""

import math

from harness.theory import domain


def erlang_b(*, servers: int, offered_erlangs: float) -> float:
    """Share of arrivals that find all servers of a pool busy and are refused.

    B0 = 1, Bk = a B(k-1) / (k + a B(k-1)). Holds for any law of the service time with that mean.
    A pool that several kinds of calls share refuses all of them with the B of their sum.

    Raises:
        ValueError: there is no server, or `offered_erlangs` is negative.

    """
    domain.count(1, servers=servers)
    domain.not_negative(offered_erlangs=offered_erlangs)
    blocked = 1.0
    for busy in range(1, servers + 1):
        blocked = offered_erlangs * blocked / (busy + offered_erlangs * blocked)
    return blocked


def erlang_b_sd(*, servers: int, offered_erlangs: float, calls: float) -> float:
    """One standard deviation of the share that a pool refuses of so many arrivals.

    sqrt(v / n) with v = B (1 - B)^2 + sum over i < c of p_i (d_i^2 + (d_i - B)^2), where p_i is the
    probability of i busy servers, d_0 = B and d_i = B + i / a d(i-1): refusals come in clumps, so
    for a large pool near its limit it is twice a binomial share's. From Poisson's equation of the
    birth-death process, as in Whitt, "Asymptotic Formulas for Markov Processes" (1992). Valid for
    exponential service and many times c calls; with fixed service times a share varies less.

    Raises:
        ValueError: there is no server, or another number is not above 0.

    """
    domain.positive(offered_erlangs=offered_erlangs, calls=calls)
    refused = erlang_b(servers=servers, offered_erlangs=offered_erlangs)
    weights = [1.0]
    for busy in range(1, servers + 1):
        weights.append(weights[-1] * offered_erlangs / busy)
    clumps, effect = 0.0, 0.0
    for busy, weight in enumerate(weights[:-1]):
        later = busy / offered_erlangs * effect
        effect = refused + later
        clumps += weight / math.fsum(weights) * (effect**2 + later**2)
    return math.sqrt((refused * (1 - refused) ** 2 + clumps) / calls)


def mm1k_loss_ratio(*, rate_rps: float, capacity_rps: float, places: int) -> float:
    """Share of arrivals that one server with a bounded queue refuses.

    (1 - rho) rho^K / (1 - rho^(K + 1)), 1 / (K + 1) at rho = 1. `places` K counts the one in
    service. Valid for exponential service times.

    Raises:
        ValueError: a rate is not above 0, or there is no place.

    """
    domain.positive(rate_rps=rate_rps, capacity_rps=capacity_rps)
    domain.count(1, places=places)
    # 1 / (1 + mu/lambda + ... + (mu/lambda)^K): the same, without a difference of equal numbers.
    inverse, weight, total = capacity_rps / rate_rps, 1.0, 1.0
    for _ in range(places):
        weight *= inverse
        total += weight
    return 1 / total


def bounded_wait_s(*, queue_limit: int, capacity_rps: float) -> float:
    """How long the last one that a bounded queue takes in waits on average, in seconds.

    queue limit / capacity: the bound on the wait that a limit buys. Exact for fixed service times.

    Raises:
        ValueError: `queue_limit` is negative, or `capacity_rps` not above 0.

    """
    domain.count(0, queue_limit=queue_limit)
    domain.positive(capacity_rps=capacity_rps)
    return queue_limit / capacity_rps


def slow_client_rate_rps(*, workers: int, hold_s: float) -> float:
    """Slow connections a second that hold every worker, workers / hold time.

    Source: the Slowloris attack (2009); derived.

    Raises:
        ValueError: there is no worker, or `hold_s` not above 0.

    """
    domain.count(1, workers=workers)
    domain.positive(hold_s=hold_s)
    return workers / hold_s


def slow_client_loss_ratio(
    *, workers: int, offered_erlangs: float, slow_rate_rps: float, hold_s: float
) -> float:
    """Share of all arrivals that are refused while slow clients hold workers.

    Erlang B of the honest load plus rate x hold.

    Raises:
        ValueError: there is no worker, or another number is negative.

    """
    domain.count(1, workers=workers)
    domain.not_negative(offered_erlangs=offered_erlangs, slow_rate_rps=slow_rate_rps, hold_s=hold_s)
    return erlang_b(servers=workers, offered_erlangs=offered_erlangs + slow_rate_rps * hold_s)
