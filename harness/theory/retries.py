"""Retries: how they multiply load, when a stall becomes an outage without end, how backlogs drain.

The server of these models serves everything that it was sent, first come, first served, also what
its caller has given up on. Sources: Bronson and others, "Metastable Failures in Distributed
Systems" (HotOS 2021); Huang and others, "Metastable Failures in the Wild" (OSDI 2022); *Site
Reliability Engineering* (2016), chapters 21 and 22; thresholds and drain times derived.
"""

import math
from collections.abc import Sequence
from enum import StrEnum
from itertools import zip_longest

from harness.theory import domain

LEAST_RHO = 0.5

Shares = Sequence[float]
"""The probability of each number of calls, from 0 on, together with how they end."""


class Stability(StrEnum):
    """Recovers from any stall; is up or down for good, by its history; is overloaded anyhow."""

    STABLE = "stable"
    VULNERABLE = "vulnerable"
    OVERLOADED = "overloaded"


def retry_amplification(*, retries: int, failure_ratio: float = 1) -> float:
    """Mean calls per request, 1 to 1 + retries.

    1 + m where every try fails; (1 - p^(1 + m)) / (1 - p) where each fails with probability p.
    Valid while tries fail independently: in an overload they do not, there p is 1.

    Raises:
        ValueError: `retries` is negative, or `failure_ratio` outside 0..1.

    """
    domain.count(0, retries=retries)
    domain.share(failure_ratio=failure_ratio)
    return math.fsum(failure_ratio**attempt for attempt in range(retries + 1))


def layered_retry_amplification(
    *, tries: int, layers: int, failure_ratio: float = 1, budget: float | None = None
) -> float:
    """Mean calls at the bottom of a chain per request at its top, 1 to tries^layers.

    Each layer makes up to `tries` calls of the one below, which fails with p; so the layer itself
    fails with p^tries, which is the next one's p. 27 for 3 tries in 3 layers where all fails, but 2
    where each call fails with 0.5. Source: SRE book, ch. 22 (4 tries in 3 layers: 64). With a
    `budget` each layer retries that share of what it is asked at most: (1 + b)^layers. Derived.

    Raises:
        ValueError: `tries` or `layers` below 1, or a ratio outside 0..1.

    """
    domain.count(1, tries=tries, layers=layers)
    domain.share(failure_ratio=failure_ratio)
    if budget is not None:
        domain.share(budget=budget)
    calls = 1.0
    for _ in range(layers):
        fails = max(0.0, 1 - calls * (1 - failure_ratio))
        retried = retry_amplification(retries=tries - 1, failure_ratio=fails) - 1
        calls *= 1 + (retried if budget is None else min(retried, budget))
    return calls


def layered_failure_ratio(
    *, tries: int, layers: int, failure_ratio: float, budget: float | None = None
) -> float:
    """Share of the requests at the top of a chain of retrying layers that fail, 0 to 1.

    1 - calls x (1 - p): each good call at the bottom is one good answer at the top, and no request
    needs two. So p^(tries^layers) without a `budget`; with one it is what the calls that the
    budgets allow leave over. Derived; leaves out a bucket's burst.

    Raises:
        ValueError: `tries` or `layers` below 1, or a ratio outside 0..1.

    """
    calls = layered_retry_amplification(
        tries=tries, layers=layers, failure_ratio=failure_ratio, budget=budget
    )
    return max(0.0, 1 - calls * (1 - failure_ratio))


def layered_retry_calls_sd(*, tries: int, layers: int, failure_ratio: float) -> float:
    """One standard deviation of how many calls reach the bottom of a chain for one request.

    From the exact distribution, layer by layer: the calls of up to `tries` tries below, of which
    all but the last have failed. Valid while calls fail independently, and without a budget.

    Raises:
        ValueError: `tries` or `layers` below 1, or `failure_ratio` outside 0..1.

    """
    domain.count(1, tries=tries, layers=layers)
    domain.share(failure_ratio=failure_ratio)
    good: Shares = [0.0, 1 - failure_ratio]
    bad: Shares = [0.0, failure_ratio]
    for _ in range(layers):
        good, bad = _tried(tries, good, bad)
    whole = [won + lost for won, lost in zip_longest(good, bad, fillvalue=0.0)]
    mean = math.fsum(calls * share for calls, share in enumerate(whole))
    return math.sqrt(math.fsum((calls - mean) ** 2 * share for calls, share in enumerate(whole)))


def retry_budget_amplification(*, budget: float) -> float:
    """Most calls per request that a retry budget allows when every call fails.

    1 + b, for b retries per request. Sources: Finagle's RetryBudget (0.2), gRPC A6 (0.1), SRE book
    ch. 21 (0.1). Leaves out the bucket's burst, which is spent once, and a minimum rate if any.

    Raises:
        ValueError: `budget` is outside 0..1.

    """
    domain.share(budget=budget)
    return 1 + budget


def storm_load_rps(*, rate_rps: float, retries: int) -> float:
    """Rate of calls that a retry storm feeds itself with, (1 + m) x rate.

    Valid while every try runs into its time limit, and from (1 + m) time limits after its start.

    Raises:
        ValueError: an argument is negative.

    """
    domain.not_negative(rate_rps=rate_rps)
    return rate_rps * retry_amplification(retries=retries)


def vulnerable_from_rps(*, capacity_rps: float, amplification: float) -> float:
    """Load above which a stall can become an outage without end, in requests a second.

    mu / (1 + m), with `amplification` = 1 + m or 1 + budget: below, even a storm's load is served.
    Deterministic: within some 20 % of it the backlog takes very long to drain.

    Raises:
        ValueError: `capacity_rps` not above 0, or `amplification` below 1.

    """
    domain.positive(capacity_rps=capacity_rps)
    _amplifies(amplification)
    return capacity_rps / amplification


def stability(*, rate_rps: float, capacity_rps: float, amplification: float) -> Stability:
    """In which of the three states a load is.

    Stable below mu / (1 + m), overloaded from mu on, vulnerable between.

    Raises:
        ValueError: `rate_rps` negative, `capacity_rps` not above 0, or `amplification` below 1.

    """
    domain.not_negative(rate_rps=rate_rps)
    limit_rps = vulnerable_from_rps(capacity_rps=capacity_rps, amplification=amplification)
    if rate_rps >= capacity_rps:
        return Stability.OVERLOADED
    return Stability.STABLE if rate_rps < limit_rps else Stability.VULNERABLE


def fatal_stall_bracket_s(
    *, rate_rps: float, capacity_rps: float, timeout_s: float
) -> tuple[float, float]:
    """Stall that surely passes and the one that surely stays, of a vulnerable load.

    tau and tau (2 - rho): during a stall shorter than tau nothing runs out of time; after one of
    tau (2 - rho) what is queued, retries included, takes tau rho (3 - 2 rho) to serve, which is tau
    or longer. Between them it depends. Valid for rho from 0.5 to 1 and a full stall; stays only if
    the load is vulnerable.

    Raises:
        ValueError: rate / capacity is outside 0.5..1, or a time not above 0.

    """
    domain.positive(rate_rps=rate_rps, capacity_rps=capacity_rps, timeout_s=timeout_s)
    rho = rate_rps / capacity_rps
    domain.require(
        LEAST_RHO <= rho < 1, f"rate_rps / capacity_rps must be from 0.5 to 1, not {rho:g}"
    )
    return timeout_s, timeout_s * (2 - rho)


def drain_time_s(  # noqa: PLR0913 - the load, the server, the stall and what retries add
    *,
    rate_rps: float,
    capacity_rps: float,
    stall_s: float,
    patience_s: float,
    retry_ratio: float = 0,
    extra_calls: float = 0,
) -> float:
    """How long after a stall answers are in time again, in seconds; inf if never.

    What is queued: every call that arrived in the stall (the sockets of a frozen process keep them,
    dead or alive), then what arrives more than is served; nothing is dropped. `patience_s` is how
    long a call may wait in the queue and be in time: its time limit less its service time. Then
    B(t) = rate (stall + t) + retries - capacity t, and B(t) / capacity <= patience is the end.

    `retry_ratio` is the retries per request while all fail (a budget); each comes a patience after
    its request. `extra_calls` come once (a budget's burst). Fluid: chance is `drain_time_sd_s`;
    the last late answer comes rate / surplus^2 after the first one in time; what counts in whole
    seconds adds half of one on average. Leaves out that with c servers some c - 1 of the calls are
    in service and not in the queue (earlier by c / surplus at most), and that late retries may be
    in time already, which matters to a client that waits for several tries.

    Raises:
        ValueError: `rate_rps`, `capacity_rps` or `patience_s` not above 0, or another is negative.

    """
    domain.positive(rate_rps=rate_rps, capacity_rps=capacity_rps, patience_s=patience_s)
    domain.not_negative(stall_s=stall_s, retry_ratio=retry_ratio, extra_calls=extra_calls)
    retried_s = max(0.0, stall_s - patience_s)
    queued = rate_rps * (stall_s + retry_ratio * retried_s) + extra_calls
    too_many = queued - capacity_rps * patience_s
    surplus_rps = capacity_rps - rate_rps * (1 + retry_ratio)
    if too_many <= 0:
        return 0.0
    return too_many / surplus_rps if surplus_rps > 0 else math.inf


def drain_time_sd_s(
    *, rate_rps: float, capacity_rps: float, stall_s: float, drain_s: float, retry_ratio: float = 0
) -> float:
    """One standard deviation of a drain time under Poisson arrivals, in seconds.

    sqrt(rate (stall + drain)) x (1 + b) / (capacity - (1 + b) rate): the arrivals of stall and
    drain vary by the root of their number, each with its retries, and what is too much leaves with
    the surplus (first passage of a random walk with drift). A paced load does not vary.

    Raises:
        ValueError: a rate is not above 0, a time is negative, or there is no surplus.

    """
    domain.positive(rate_rps=rate_rps, capacity_rps=capacity_rps)
    domain.not_negative(stall_s=stall_s, drain_s=drain_s, retry_ratio=retry_ratio)
    surplus_rps = capacity_rps - rate_rps * (1 + retry_ratio)
    domain.require(surplus_rps > 0, "capacity_rps must exceed the load with its retries")
    return (1 + retry_ratio) * math.sqrt(rate_rps * (stall_s + drain_s)) / surplus_rps


def backoff_bound_s(*, retry: int, base_s: float, cap_s: float) -> float:
    """Longest pause before a retry, which counts from 1, in seconds.

    min(cap, base x 2^(retry - 1)). With full jitter the mean is half of it, with equal jitter three
    quarters. Source: Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).

    Raises:
        ValueError: `retry` below 1, or a time negative.

    """
    domain.count(1, retry=retry)
    domain.not_negative(base_s=base_s, cap_s=cap_s)
    # Above 1,000 doublings a float overflows; long before, every cap is reached.
    return min(cap_s, base_s * 2.0 ** min(retry - 1, 1000))


def serial_attempts_rps(*, clients: int, attempt_s: float, pause_s: float) -> float:
    """Rate of attempts of clients that wait for each answer and then pause.

    n / (attempt + pause): here backoff lowers the load. With independent arrivals it does not: the
    same tries come later. Source: Brooker, "What is backoff for?" (2022); derived.

    Raises:
        ValueError: there is no client, `attempt_s` not above 0, or `pause_s` negative.

    """
    domain.count(1, clients=clients)
    domain.positive(attempt_s=attempt_s)
    domain.not_negative(pause_s=pause_s)
    return clients / (attempt_s + pause_s)


def _amplifies(amplification: float) -> None:
    domain.finite(amplification=amplification)
    domain.require(amplification >= 1, f"amplification must be at least 1, not {amplification:g}")


def _tried(tries: int, good: Shares, bad: Shares) -> tuple[Shares, Shares]:
    """From the calls of one try, those of a layer that tries until one is good."""
    before: Shares = [1.0]
    won: Shares = [0.0]
    for _ in range(tries):
        won = [sum(pair) for pair in zip_longest(won, _both(before, good), fillvalue=0.0)]
        before = _both(before, bad)
    return won, before


def _both(one: Shares, other: Shares) -> Shares:
    """Probabilities of the sum of two independent counts."""
    shares = [0.0] * (len(one) + len(other) - 1)
    for count, share in enumerate(one):
        for more, also in enumerate(other):
            shares[count + more] += share * also
    return shares
