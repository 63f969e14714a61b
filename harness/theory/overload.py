"""Overload: collapse of a queue, shedding, throttling, token buckets, credits, reconnects.

Sources: *Site Reliability Engineering* (2016), ch. 21; Maurer, "Fail at Scale" (ACM Queue 2015);
Nichols and Jacobson, "Controlling Queue Delay" (ACM Queue 2012); Kleinrock, *Queueing Systems*
(1975), for GI/M/1. Fluid models, and what an overloaded server has left of its callers' patience,
are derived.
"""

import math
from collections.abc import Sequence

from harness.theory import domain

ROOT_TO = 1e-12
"""How near an iteration comes to its root before it ends."""


def fifo_collapse_s(*, rate_rps: float, capacity_rps: float, timeout_s: float) -> float:
    """After how long of overload all arrivals at a FIFO queue will be late, in seconds.

    tau mu / (lambda - mu): from then on the wait exceeds the time limit. Throughput stays mu, and
    goodput is 0 from one time limit later. Fluid, from an empty queue.

    Raises:
        ValueError: a number is not above 0, or `rate_rps` not above `capacity_rps`.

    """
    domain.positive(rate_rps=rate_rps, capacity_rps=capacity_rps, timeout_s=timeout_s)
    _overloaded(rate_rps, capacity_rps)
    return timeout_s * capacity_rps / (rate_rps - capacity_rps)


def backlog(*, rate_rps: float, capacity_rps: float, duration_s: float) -> float:
    """Backlog of an unbounded buffer after some time, (lambda - mu) t, or 0.

    Fluid, from an empty buffer. Also what piles up until an autoscaler has added capacity.

    Raises:
        ValueError: an argument is negative.

    """
    domain.not_negative(rate_rps=rate_rps, capacity_rps=capacity_rps, duration_s=duration_s)
    return max(0.0, rate_rps - capacity_rps) * duration_s


def fluid_backlogs(loads: Sequence[float], *, capacities: Sequence[float]) -> list[float]:
    """Backlog at the end of each of some periods, in the unit of both, from an empty queue.

    max(0, backlog + load - capacity), a fluid; `backlog` where neither changes.

    Raises:
        ValueError: a number is negative, or there are not as many of one as of the other.

    """
    domain.require(len(loads) == len(capacities), "there must be as many loads as capacities")
    backlog, found = 0.0, []
    for load, capacity in zip(loads, capacities, strict=True):
        domain.not_negative(load=load, capacity=capacity)
        backlog = max(0.0, backlog + load - capacity)
        found.append(backlog)
    return found


def shed_ratio(*, rate_rps: float, capacity_rps: float) -> float:
    """Share of the load that must be refused, (lambda - c) / lambda, or 0.

    Valid where refusing costs nothing, and what is taken is answered in time: newest first, or
    whatever cannot be ready in time dropped before it is started.

    Raises:
        ValueError: `rate_rps` not above 0, or `capacity_rps` negative.

    """
    domain.positive(rate_rps=rate_rps)
    domain.not_negative(capacity_rps=capacity_rps)
    return max(0.0, 1 - capacity_rps / rate_rps)


def priority_success_ratios(rates_rps: Sequence[float], *, capacity_rps: float) -> list[float]:
    """Share of each class that is served under strict priority, the first class first.

    min(1, what the classes before it leave / its rate).

    Raises:
        ValueError: a rate is not above 0, or `capacity_rps` is negative.

    """
    domain.not_negative(capacity_rps=capacity_rps)
    domain.positive(rates_rps=rates_rps)
    left_rps, served = capacity_rps, []
    for rate_rps in rates_rps:
        served.append(min(1.0, left_rps / rate_rps))
        left_rps = max(0.0, left_rps - rate_rps)
    return served


def costly_refusals_served_rps(
    *, rate_rps: float, capacity_rps: float, refusal_cost: float
) -> float:
    """Most requests that are served a second where a refusal takes a share of a service, r.

    min(lambda, (c - r lambda) / (1 - r)), or 0 from lambda = c / r on: what is served costs 1, what
    is refused r, and both are the whole load. Derived; a server that only refuses is a receive
    livelock (Mogul and Ramakrishnan, ACM TOCS 1997). Fluid, with refusals done first.

    Raises:
        ValueError: a rate is not above 0, or `refusal_cost` is not from 0 to below 1.

    """
    domain.positive(rate_rps=rate_rps, capacity_rps=capacity_rps)
    domain.share(refusal_cost=refusal_cost)
    domain.require(refusal_cost < 1, f"refusal_cost must be below 1, not {refusal_cost:g}")
    left_rps = (capacity_rps - refusal_cost * rate_rps) / (1 - refusal_cost)
    return min(rate_rps, max(0.0, left_rps))


def costly_refusals_served_sd_rps(
    *, rate_rps: float, capacity_rps: float, refusal_cost: float, duration_s: float
) -> float:
    """One standard deviation of the rate above, as it is counted over a time, per second.

    sqrt((r^2 lambda + s) / t) / (1 - r): of s services, exponential, and the Poisson arrivals, each
    of which takes r from them. Valid under overload, where the server is never idle.

    Raises:
        ValueError: as above, `duration_s` not above 0, or `rate_rps` not above `capacity_rps`.

    """
    domain.positive(duration_s=duration_s)
    served_rps = costly_refusals_served_rps(
        rate_rps=rate_rps, capacity_rps=capacity_rps, refusal_cost=refusal_cost
    )
    _overloaded(rate_rps, capacity_rps)
    work = refusal_cost**2 * rate_rps + served_rps
    return math.sqrt(work / duration_s) / (1 - refusal_cost)


def adaptive_throttle_ratio(*, requests: float, accepts: float, multiplier: float = 2) -> float:
    """Probability with which a client rejects its own request (adaptive throttling).

    max(0, (requests - K accepts) / (requests + 1)), both counted over the last two minutes.

    Raises:
        ValueError: a count is negative, more accepts than requests, or `multiplier` below 1.

    """
    domain.not_negative(requests=requests, accepts=accepts)
    domain.require(accepts <= requests, f"accepts must be at most {requests:g}, not {accepts:g}")
    _multiplies(multiplier)
    return max(0.0, (requests - multiplier * accepts) / (requests + 1))


def adaptive_throttle_backend_rps(
    *, rate_rps: float, capacity_rps: float, multiplier: float = 2
) -> float:
    """Load that adaptive throttling lets through in its steady state, per second.

    min(lambda, K c); (K - 1) / K of it is refused by the backend. Valid for a backend that accepts
    just its capacity, and K well above 1: near 1 the recovery takes many windows.

    Raises:
        ValueError: a rate is negative, or `multiplier` below 1.

    """
    domain.not_negative(rate_rps=rate_rps, capacity_rps=capacity_rps)
    _multiplies(multiplier)
    return min(rate_rps, multiplier * capacity_rps)


def expired_dropped_in_time_ratio(*, rate_rps: float, capacity_rps: float) -> float:
    """Share of what is served in time by a FIFO server that drops only what has expired.

    The root below 1 of s = exp(-(1 - s) lambda / mu). Derived: the time r that is left to whoever
    is started becomes max(0, r - S) + an exponential gap after a service S, which is the recursion
    of a D/M/1 queue's sojourn times, with the arrivals in place of services. They are exponential
    with a mean of 1 / (lambda (1 - s)), and who is started with less than S left is late.

    Valid for one server, equally long services that are not broken off, Poisson arrivals, an equal
    patience of many services, and overload that has lasted for longer than `fifo_collapse_s`.
    Several servers do worse: two and four, 20 and 4 % at an overload of 1.5, in place of 42 %.

    Raises:
        ValueError: a rate is not above 0, or `rate_rps` not above `capacity_rps`.

    """
    domain.positive(rate_rps=rate_rps, capacity_rps=capacity_rps)
    _overloaded(rate_rps, capacity_rps)
    overload = rate_rps / capacity_rps
    share, before = 0.0, -1.0
    # From below it rises to the smaller root, as 1 is the other.
    while share - before > ROOT_TO:
        share, before = math.exp(-overload * (1 - share)), share
    return share


def expired_dropped_in_time_sd(*, rate_rps: float, capacity_rps: float, started: float) -> float:
    """One standard deviation of `expired_dropped_in_time_ratio` over so many started services.

    sqrt(v / n (1 - s)^3) with v the variance of how many services there are from one late one to
    the next: each late one leaves nothing of its time, so all begins anew. Their mean is
    1 / (1 - s) and their mean square 2 w / (1 - s)^2 + 1 / (1 - s), w = s / (1 - s lambda / mu),
    from the Wiener-Hopf factors of a walk with steps of Poisson(lambda / mu) - 1.

    Raises:
        ValueError: as `expired_dropped_in_time_ratio`, or `started` not above 0.

    """
    domain.positive(started=started)
    share = expired_dropped_in_time_ratio(rate_rps=rate_rps, capacity_rps=capacity_rps)
    late = 1 - share
    later = share / (1 - share * rate_rps / capacity_rps)
    variance = 2 * later / late**2 + 1 / late - 1 / late**2
    return math.sqrt(variance / started * late**3)


def time_left_quantile_s(*, quantile: float, rate_rps: float, capacity_rps: float) -> float:
    """Quantile of what an overloaded FIFO server has left to spare, in seconds.

    -ln(1 - p) / (lambda (1 - s)), of the time that whoever is started has left, beyond the least
    with which one is started: `expired_dropped_in_time_ratio` has s, the reason and the domain.

    Raises:
        ValueError: as `expired_dropped_in_time_ratio`, or `quantile` does not lie between 0 and 1.

    """
    domain.inner_share(quantile=quantile)
    share = expired_dropped_in_time_ratio(rate_rps=rate_rps, capacity_rps=capacity_rps)
    return -math.log1p(-quantile) / (rate_rps * (1 - share))


def newest_first_wait_quantile_s(*, quantile: float, rate_rps: float, capacity_rps: float) -> float:
    """Quantile of the wait of those whom an overloaded server serves newest first, in seconds.

    -ln(1 - p) / lambda. Derived: the service under way has u left when a request arrives. It is
    next if no other arrives in that time, which has the probability exp(-lambda u). So a share
    (1 - exp(-lambda u)) mu / lambda of all comes and waits at most u; mu / lambda are served.

    Valid for one server, equally long services, Poisson arrivals, a server that is never idle, and
    up to the quantile 1 - exp(-lambda / mu): whoever waits for more than one service waits longer.

    Raises:
        ValueError: a rate is not above 0, `rate_rps` not above `capacity_rps`, or `quantile` is not
            above 0 or beyond the above.

    """
    domain.positive(rate_rps=rate_rps, capacity_rps=capacity_rps)
    domain.inner_share(quantile=quantile)
    _overloaded(rate_rps, capacity_rps)
    most = -math.expm1(-rate_rps / capacity_rps)
    domain.require(quantile <= most, f"quantile must be at most {most:.3g}, not {quantile:g}")
    return -math.log1p(-quantile) / rate_rps


def codel_drop_gap_s(*, interval_s: float, drops: int) -> float:
    """Time to CoDel's next drop after so many in a row, interval / sqrt(drops), seconds.

    Raises:
        ValueError: `interval_s` not above 0, or there was no drop.

    """
    domain.positive(interval_s=interval_s)
    domain.count(1, drops=drops)
    return interval_s / math.sqrt(drops)


def token_bucket_admitted(
    *, rate_rps: float, refill_rps: float, burst: float, duration_s: float
) -> float:
    """Count of requests that a token bucket admits from full, min(rate t, burst + refill t).

    The bound burst + refill t holds for any arrivals; the figure for steady ones.

    Raises:
        ValueError: an argument is negative.

    """
    domain.not_negative(
        rate_rps=rate_rps, refill_rps=refill_rps, burst=burst, duration_s=duration_s
    )
    return min(rate_rps * duration_s, burst + refill_rps * duration_s)


def token_bucket_reject_ratio(
    *, rate_rps: float, refill_rps: float, burst: float, duration_s: float
) -> float:
    """Share that a token bucket refuses over a time from full.

    1 - admitted / (rate t); 1 - refill / rate in the long run.

    Raises:
        ValueError: `rate_rps` or `duration_s` not above 0, or another negative.

    """
    domain.positive(rate_rps=rate_rps, duration_s=duration_s)
    admitted = token_bucket_admitted(
        rate_rps=rate_rps, refill_rps=refill_rps, burst=burst, duration_s=duration_s
    )
    return 1 - admitted / (rate_rps * duration_s)


def credit_window_rps(*, window: int, round_trip_s: float) -> float:
    """Most that a sender with a window of credits sends, window / round trip, per second.

    By Little's law; never more than the window is under way.

    Raises:
        ValueError: there is no credit, or `round_trip_s` not above 0.

    """
    domain.count(1, window=window)
    domain.positive(round_trip_s=round_trip_s)
    return window / round_trip_s


def reconnect_peak_rps(*, clients: int, window_s: float) -> float:
    """About the fullest second of clients that reconnect at random over a window.

    N / J + 3 sqrt(N / J): safe if below the capacity. Valid for windows of some seconds to a few
    hundred; without a window all come in one instant.

    Raises:
        ValueError: there is no client, or `window_s` below 1.

    """
    domain.count(1, clients=clients)
    domain.finite(window_s=window_s)
    domain.require(window_s >= 1, f"window_s must be at least 1, not {window_s:g}")
    mean_rps = clients / window_s
    return mean_rps + 3 * math.sqrt(mean_rps)


def _overloaded(rate_rps: float, capacity_rps: float) -> None:
    domain.require(
        rate_rps > capacity_rps,
        f"rate_rps must be above the capacity of {capacity_rps:g}, not {rate_rps:g}",
    )


def _multiplies(multiplier: float) -> None:
    domain.finite(multiplier=multiplier)
    domain.require(multiplier >= 1, f"multiplier must be at least 1, not {multiplier:g}")
