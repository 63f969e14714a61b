"""Loss systems: pools without a queue, bounded queues, and connections held by slow clients.

Sources: Erlang (1917); Nygard, *Release It!* (2007), for bulkheads; places that are reserved are
from telephone networks. Arrivals are Poisson, and one that is refused does not come again: retries
turn a loss system into a storm (`retries`).
"""

import math
from collections.abc import Mapping, Sequence
from itertools import product

from harness.theory import domain

Held = tuple[int, ...]
"""How many slots each kind of call holds."""


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


def capped_loss_ratio(*, slots: int, cap: int, offered_erlangs: Sequence[float]) -> float:
    """Share of the first kind's calls that are refused by a pool in which no kind holds over a cap.

    P(n) is in proportion to the product of a^n / n! over the kinds, wherever each has at most `cap`
    slots and all together at most `slots`; a call is refused where one more is outside. With
    `cap` = `slots` that is one shared pool, Erlang's B of the sum; with caps that add up to
    `slots` a pool for each kind, its own B. Kaufman, "Blocking in a Shared Resource Environment"
    (1981), complete sharing with maxima. Valid for any law of the service times.

    Raises:
        ValueError: there is no slot, no room for one call, no kind, or a load is negative.

    """
    _check_kinds(offered_erlangs=offered_erlangs)
    domain.not_negative(offered_erlangs=offered_erlangs)
    domain.count(1, slots=slots, cap=cap)
    weights = _weights(slots, cap, offered_erlangs)
    refused = math.fsum(weight for held, weight in weights.items() if _more(held, 0) not in weights)
    return refused / math.fsum(weights.values())


def capped_loss_sd(
    *,
    slots: int,
    cap: int,
    rates_rps: Sequence[float],
    services_s: Sequence[float],
    duration_s: float,
) -> float:
    """One standard deviation of the first kind's refused share over a time, of such a pool.

    What was refused less B times what came is a martingale and a function g of the state, which
    solves Poisson's equation; the variance is the mean square of its jumps, as for `erlang_b_sd`,
    which this is for one kind. Valid for exponential service times and many of the longest of them.

    Raises:
        ValueError: as there, or a rate, a time or the duration is not above 0.

    """
    _check_kinds(rates_rps=rates_rps, services_s=services_s)
    domain.positive(rates_rps=rates_rps, services_s=services_s, duration_s=duration_s)
    offered = [rate * time for rate, time in zip(rates_rps, services_s, strict=True)]
    refused = capped_loss_ratio(slots=slots, cap=cap, offered_erlangs=offered)
    weights = _weights(slots, cap, offered)
    # All that may happen in a state: at what rate, what it is then, and what that adds.
    jumps: dict[Held, list[tuple[float, Held, float]]] = {held: [] for held in weights}
    for held, all_jumps in jumps.items():
        for kind, (rate_rps, service_s) in enumerate(zip(rates_rps, services_s, strict=True)):
            then, own = _more(held, kind), float(kind == 0)
            is_let_in = then in weights
            adds = own * (-refused if is_let_in else 1 - refused)
            all_jumps.append((rate_rps, then if is_let_in else held, adds))
            if held[kind]:
                all_jumps.append((held[kind] / service_s, _more(held, kind, -1), 0.0))
    later = _later(jumps)
    variance = math.fsum(
        weights[held] * rate * (adds + later[then] - later[held]) ** 2
        for held, all_jumps in jumps.items()
        for rate, then, adds in all_jumps
    ) / math.fsum(weights.values())
    return math.sqrt(variance / duration_s) / rates_rps[0]


def reserved_loss_ratio(
    *, rates_rps: Sequence[float], limits: Sequence[int], servers: int, service_s: float
) -> float:
    """Share of the first kind's requests that are refused, where each kind has a limit of its own.

    A request is refused that finds as many inside, served and waiting, as its kind's limit. One
    queue for all is a limit for all; a limit below that of others reserves places for these (trunk
    reservation). A birth-death process, whatever the order of the queue. Valid for exponential
    service times, and where nobody who has been let in is turned away later.

    Raises:
        ValueError: no kind or no server, a number is not above 0, or a limit is below the servers.

    """
    weights = _inside(rates_rps, limits, servers, service_s)
    return math.fsum(weights[limits[0] :]) / math.fsum(weights)


def reserved_loss_sd(
    *,
    rates_rps: Sequence[float],
    limits: Sequence[int],
    servers: int,
    service_s: float,
    duration_s: float,
) -> float:
    """One standard deviation of the first kind's refused share over a time, of such a queue.

    As `capped_loss_sd`. What one more inside is worth follows from the balance of a birth-death
    process: B times the weight of all states up to this one, or 1 - B times that of those above it,
    over the rate of its births. Valid for many times 1 / (mu (1 - sqrt(rho))^2), rho that of the
    kinds with the highest limit: until then the queue has not forgotten where it began.

    Raises:
        ValueError: as there, or `duration_s` is not above 0.

    """
    domain.positive(duration_s=duration_s)
    weights = _inside(rates_rps, limits, servers, service_s)
    own_rps, own_limit, total = rates_rps[0], limits[0], math.fsum(weights)
    refused, let_in = math.fsum(weights[own_limit:]) / total, math.fsum(weights[:own_limit]) / total
    variance, before = 0.0, 0.0
    for inside, weight in enumerate(weights):
        is_full = inside >= own_limit
        births_rps = _let_in_rps(rates_rps, limits, inside)
        beside = let_in * math.fsum(weights[inside + 1 :])
        if not is_full:
            beside = refused * math.fsum(weights[: inside + 1])
        worth = own_rps * beside / (weight * births_rps) if births_rps else 0.0
        others_rps = births_rps - (0 if is_full else own_rps)
        own = let_in if is_full else worth - refused
        deaths_rps = min(inside, servers) / service_s
        variance += weight * (
            own_rps * own**2 + others_rps * worth**2 + deaths_rps * before**2
        )  # fmt: skip
        before = worth
    return math.sqrt(variance / total / duration_s) / own_rps


def _check_kinds(**values: Sequence[float]) -> None:
    """Refuse no kind of calls, and a number of values that differs."""
    first, *others = values
    domain.require(len(values[first]) > 0, f"{first} must have a value for each kind of call")
    for name in others:
        alike = len(values[name]) == len(values[first])
        domain.require(alike, f"{name} must have as many values as {first}")


def _more(held: Held, kind: int, change: int = 1) -> Held:
    return (*held[:kind], held[kind] + change, *held[kind + 1 :])


def _weights(slots: int, cap: int, offered_erlangs: Sequence[float]) -> dict[Held, float]:
    """Give how likely each state is that may be, in proportion."""
    return {
        held: math.prod(
            load**busy / math.factorial(busy)
            for load, busy in zip(offered_erlangs, held, strict=True)
        )
        for held in product(range(min(slots, cap) + 1), repeat=len(offered_erlangs))
        if sum(held) <= slots
    }


def _inside(
    rates_rps: Sequence[float], limits: Sequence[int], servers: int, service_s: float
) -> list[float]:
    """Give how likely each number of requests inside is, in proportion."""
    _check_kinds(rates_rps=rates_rps, limits=limits)
    domain.positive(service_s=service_s, rates_rps=rates_rps)
    domain.count(1, servers=servers)
    for limit in limits:
        domain.count(servers, limits=limit)
    weights = [1.0]
    for inside in range(max(limits)):
        births = _let_in_rps(rates_rps, limits, inside) * service_s
        weights.append(weights[-1] * births / min(inside + 1, servers))
    return weights


def _let_in_rps(rates_rps: Sequence[float], limits: Sequence[int], inside: int) -> float:
    return sum(rate for rate, limit in zip(rates_rps, limits, strict=True) if inside < limit)


def _later(jumps: Mapping[Held, Sequence[tuple[float, Held, float]]]) -> dict[Held, float]:
    """Solve Poisson's equation: what a state adds from now on, more than the empty one does."""
    states = list(jumps)[1:]  # The empty one is 0, and its equation follows from the others.
    place = {held: number for number, held in enumerate(states)}
    rows = []
    for held in states:
        row = [0.0] * (len(states) + 1)
        for rate, then, adds in jumps[held]:
            row[-1] += rate * adds
            row[place[held]] += rate
            if then in place:
                row[place[then]] -= rate
        rows.append(row)
    # No pivot is sought: a state's own rate is at least the sum of those to others.
    for number, row in enumerate(rows):
        for below in rows[number + 1 :]:
            if share := below[number] / row[number]:
                below[number:] = [
                    one - share * other
                    for one, other in zip(below[number:], row[number:], strict=True)
                ]
    solved = [0.0] * len(rows)
    for number in range(len(rows) - 1, -1, -1):
        row = rows[number]
        known = math.fsum(row[at] * solved[at] for at in range(number + 1, len(rows)))
        solved[number] = (row[-1] - known) / row[number]
    return {**dict.fromkeys(jumps, 0.0), **dict(zip(states, solved, strict=True))}
