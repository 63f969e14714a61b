"""Circuit breakers: how soon the end of an outage is found, and what leaks meanwhile.

The breaker of these models is open for `open_s`; the next call is then a probe, whose end closes
it or opens it for as long again. Source: Nygard, *Release It!* (2007), for the pattern; derived.
`hang_s` is how long a probe into the outage takes to fail: the call's time limit where the callee
hangs, and about 0 where it refuses.
"""

import math
from enum import StrEnum

from harness.theory import domain


class Hanging(StrEnum):
    """What becomes of a probe that hangs when the outage ends.

    It fails where its request or answer was dropped (a timeout toxic, a frozen process that was
    killed); it is answered where they were only held (a latency toxic that is taken away sends on
    what it holds, a paused process goes on).
    """

    FAILS = "fails"
    ANSWERED = "answered"


def probe_period_s(*, open_s: float, hang_s: float = 0, idle_s: float = 0) -> float:
    """Time from one probe to the next while the outage lasts, in seconds.

    open + hang + idle, where `idle_s` is the mean wait for a call that can be the probe: 1 / rate
    of one caller's calls.

    Raises:
        ValueError: `open_s` not above 0, or another negative.

    """
    domain.positive(open_s=open_s)
    domain.not_negative(hang_s=hang_s, idle_s=idle_s)
    return open_s + hang_s + idle_s


def leaked_calls_rps(*, callers: int, open_s: float, hang_s: float = 0, idle_s: float = 0) -> float:
    """Rate of calls that reach the callee through open breakers: one a period each.

    callers / (open + hang + idle). For its chance over a window see `chance.periodic_count_sd`.

    Raises:
        ValueError: no caller, `open_s` not above 0, or another negative.

    """
    domain.count(1, callers=callers)
    return callers / probe_period_s(open_s=open_s, hang_s=hang_s, idle_s=idle_s)


def detection_max_s(*, open_s: float, hang_s: float = 0) -> float:
    """Longest time from an outage's end to the probe that finds it, in seconds.

    open + hang: it ends just after a probe was sent. Where hanging probes are answered it is
    `open_s` alone: give 0 for `hang_s`. Plus the wait for a call that can be the probe.

    Raises:
        ValueError: `open_s` not above 0, or `hang_s` negative.

    """
    return probe_period_s(open_s=open_s, hang_s=hang_s)


def detection_mean_s(
    *, open_s: float, hang_s: float = 0, idle_s: float = 0, hanging: Hanging = Hanging.FAILS
) -> float:
    """Mean time from an outage's end to the next good call of a caller, in seconds.

    w / 2 where probes fail at once (hang = 0). Where they hang for h: (w + h) / 2 if the probe that
    hangs at the end fails anyhow, w^2 / (2 (w + h)) if it is answered. With `idle_s` i, the mean
    wait for a call: (w + h)^2 / (2 (w + h + i)) + i and w^2 / (2 (w + h + i)) + i. Valid for an end
    that is uniform in the probes' period; one fixed moment in a run meets one fixed phase.

    Raises:
        ValueError: `open_s` not above 0, or another negative.

    """
    mean_s, _ = _moments(1, open_s, hang_s, idle_s, hanging)
    return mean_s + idle_s


def detection_sd_s(  # noqa: PLR0913 - the breaker, the outage, and how callers lie to each other
    *,
    callers: int,
    open_s: float,
    hang_s: float = 0,
    idle_s: float = 0,
    hanging: Hanging = Hanging.FAILS,
    staggered: bool = False,
) -> float:
    """One standard deviation of the mean detection time of some callers, in seconds.

    Independent callers: one caller's over sqrt(n), w / sqrt(12 n) where probes fail at once.
    `staggered` callers' probes are evenly spread over the period, so that their mean hardly varies:
    w / (n sqrt(12)). The mean itself is `detection_mean_s` for both. The wait for a call is taken
    as exponential (Poisson calls); it also blurs a stagger, the more the longer the outage.

    Raises:
        ValueError: no caller, `open_s` not above 0, or another negative.

    """
    domain.count(1, callers=callers)
    alike = callers if staggered else 1
    phase_sd_s = _moments(alike, open_s, hang_s, idle_s, hanging)[1] / math.sqrt(callers / alike)
    return math.hypot(phase_sd_s, idle_s / math.sqrt(callers))


def shard_error_ratio(*, shards: int, dead: int = 1) -> float:
    """Share of calls that fail when some of a callee's shards are dead: d / s.

    A breaker over all shards whose threshold is below it opens, and then all calls fail: it loses
    the (s - d) / s that were well. Source: Brooker, "Will circuit breakers solve my problems?"
    (2022). Valid for calls that are spread evenly over the shards.

    Raises:
        ValueError: no shard, or more dead than there are.

    """
    domain.count(1, shards=shards)
    domain.count(0, dead=dead)
    domain.require(dead <= shards, f"dead must be at most {shards}, not {dead}")
    return dead / shards


def _moments(
    callers: int, open_s: float, hang_s: float, idle_s: float, hanging: Hanging
) -> tuple[float, float]:
    """Mean and deviation of the mean wait of callers whose probes are evenly staggered.

    Without the wait for a call. The end lies at x in the period, 0 where a hanging probe starts
    that will fail, or where a breaker opens: the next probe is due at h + w, or at w. With phases
    u, u + s, ... the mean is linear in u but for one step, where one caller fewer waits; so both
    moments are integrals of lines.
    """
    period_s = probe_period_s(open_s=open_s, hang_s=hang_s, idle_s=idle_s)
    waits_s = open_s + hang_s if hanging is Hanging.FAILS else open_s
    step_s = period_s / callers
    most = min(callers, math.floor(waits_s / step_s) + 1)
    turn_s = min(step_s, waits_s - (most - 1) * step_s)
    first = second = 0.0
    for waiting, from_s, to_s in ((most, 0.0, turn_s), (most - 1, turn_s, step_s)):
        # Mean wait over callers: the sum of w - u - k s for those that wait, k from 0.
        top = (waiting * waits_s - step_s * waiting * (waiting - 1) / 2) / callers
        slope = waiting / callers
        high, low, width_s = top - slope * from_s, top - slope * to_s, to_s - from_s
        first += width_s * (high + low) / 2
        second += width_s * (high * high + high * low + low * low) / 3
    mean_s = first / step_s
    return mean_s, math.sqrt(max(0.0, second / step_s - mean_s**2))
