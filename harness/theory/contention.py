"""Contention: how many calls clients make that all want one slot, until each has had it once.

At one moment every client calls. A call that finds the slot free holds it for a service time; one
that finds it taken is refused at once, and made again after a pause. Left out is the way of a call
and of its answer, which adds to the pauses. The pauses are those of Brooker, "Exponential Backoff
And Jitter" (AWS Architecture Blog, 2015); the counts are derived.
"""

import heapq
import math
import random
from enum import StrEnum
from statistics import fmean, pstdev

from harness.theory import domain


class Jitter(StrEnum):
    """From the whole of the bound, its upper half, or between the base and thrice the last."""

    FULL = "full"
    EQUAL = "equal"
    DECORRELATED = "decorrelated"


def lockstep_calls(*, clients: int) -> float:
    """All calls of clients that pause equally long, n + (n - 1) + ... + 1 = n (n + 1) / 2.

    All come back at one moment, one of them finds the slot free, and the others are refused: the
    same whether pauses stay, grow or double. Valid for pauses longer than the service time.

    Raises:
        ValueError: there is no client.

    """
    domain.count(1, clients=clients)
    return clients * (clients + 1) / 2


def scattered_calls(*, clients: int, service_s: float, pause_s: float) -> float:
    """All calls of clients whose pauses are drawn from one range, 2 n - 1 + n (n - 1) S / (2 m).

    At first all call, and n - 1 are refused. From then on each of those that wait calls at a rate
    of 1 / m, with `pause_s` = m the mean pause: so k of them are refused k S / m times in each
    service S, and k is n - 1, n - 2 ... 0. Valid for pauses spread evenly from 0 on over at least
    the service time; the calls of the first service are somewhat fewer, as all have just paused.

    Raises:
        ValueError: there is no client, `service_s` negative, or `pause_s` not above 0.

    """
    domain.count(1, clients=clients)
    domain.not_negative(service_s=service_s)
    domain.positive(pause_s=pause_s)
    return 2 * clients - 1 + clients * (clients - 1) * service_s / (2 * pause_s)


def scattered_calls_sd(*, clients: int, service_s: float, pause_s: float) -> float:
    """One standard deviation of all calls of clients whose pauses are drawn from one range.

    sqrt(r v) of the r = n (n - 1) S / (2 m) calls that are refused later on. A renewal process
    varies by v = 1 - S / m over a service much shorter than its pauses, each of which comes once or
    not at all, and by the squared coefficient of variation of its pauses over a long one, which is
    1/3 for pauses spread evenly from 0 on: the larger of the two. Source: Cox, *Renewal Theory*,
    1962; for S / m = 0.2 it is a fifth too large, as one service evens out what another has had.

    Raises:
        ValueError: there is no client, `service_s` negative, or `pause_s` not above 0.

    """
    calls = scattered_calls(clients=clients, service_s=service_s, pause_s=pause_s)
    return math.sqrt((calls - 2 * clients + 1) * max(1 / 3, 1 - service_s / pause_s))


def backoff_calls(  # noqa: PLR0913 - the clients, the slot, the pauses
    *,
    clients: int,
    service_s: float,
    base_s: float,
    cap_s: float,
    jitter: Jitter,
    contests: int = 100,
) -> tuple[float, float]:
    """All calls of clients whose pauses grow and are drawn: their mean, and one sd of a contest.

    By brute force, as the rate of calls changes with each client's own retries: so many contests
    are played, and the mean is off by sd / sqrt(contests).

    Raises:
        ValueError: there is no client or contest, or a time is negative.

    """
    domain.count(1, clients=clients, contests=contests)
    domain.not_negative(service_s=service_s)
    domain.positive(base_s=base_s, cap_s=cap_s)
    rng = random.Random(1)
    made = [_played(clients, service_s, (base_s, cap_s), jitter, rng) for _ in range(contests)]
    return fmean(made), pstdev(made)


def _played(
    clients: int, service_s: float, pauses: tuple[float, float], jitter: Jitter, rng: random.Random
) -> int:
    """Play one contest, and count its calls."""
    base_s, cap_s = pauses
    coming = [(0.0, client, base_s, base_s) for client in range(clients)]
    free_s, calls = 0.0, 0
    while coming:
        now_s, client, bound_s, last_s = coming[0]
        calls += 1
        if now_s >= free_s:
            free_s = now_s + service_s
            heapq.heappop(coming)
            continue
        bound_s = min(cap_s, bound_s)
        match jitter:
            case Jitter.FULL:
                pause_s = rng.uniform(0, bound_s)
            case Jitter.EQUAL:
                pause_s = rng.uniform(bound_s / 2, bound_s)
            case Jitter.DECORRELATED:
                pause_s = min(cap_s, rng.uniform(base_s, 3 * last_s))
        heapq.heapreplace(coming, (now_s + pause_s, client, 2 * bound_s, pause_s))
    return calls
