"""Spikes: a load that jumps above the capacity, and capacity that comes some time later.

Fluid models of a first-come-first-served queue, empty before the spike. Derived; the backlog is
`overload.backlog`, and how long it drains `scaling.autoscaling_drain_s`.
"""

from harness.theory import domain


def spike_worst_wait_s(*, rate_rps: float, capacity_rps: float, lag_s: float) -> float:
    """Longest wait after a spike whose capacity comes late, T (1 - c / lambda), in seconds.

    It is that of the request which is next when the capacity comes: it arrived c T / lambda after
    the spike's begin, and all who come later are served faster. Valid for any new capacity above
    the rate. 0 where the old one is enough.

    Raises:
        ValueError: `rate_rps` is not above 0, or another number negative.

    """
    domain.positive(rate_rps=rate_rps)
    domain.not_negative(capacity_rps=capacity_rps, lag_s=lag_s)
    return lag_s * max(0.0, 1 - capacity_rps / rate_rps)


def spike_capacity_needed_rps(*, rate_rps: float, lag_s: float, patience_s: float) -> float:
    """Least capacity with which nobody is late in a spike, lambda (1 - patience / T), or 0.

    `patience_s` is how long a caller can wait before service begins. It is `spike_worst_wait_s`
    turned round: less than the rate of the spike, as a queue carries the rest.

    Raises:
        ValueError: `rate_rps` or `lag_s` is not above 0, or `patience_s` negative.

    """
    domain.positive(rate_rps=rate_rps, lag_s=lag_s)
    domain.not_negative(patience_s=patience_s)
    return rate_rps * max(0.0, 1 - patience_s / lag_s)


def spike_late_requests(
    *, rate_rps: float, capacity_rps: float, lag_s: float, scaled_rps: float, patience_s: float
) -> float:
    """How many requests wait for too long in a spike whose capacity comes late.

    All that arrive from t1 to t2 after its begin, lambda (t2 - t1): the queue is too long from
    t1 = tau c / (lambda - c) on, until it has drained to what the new capacity c2 serves in time,
    t2 = (T (c2 - c) - tau c2) / (c2 - lambda). `patience_s` tau is as in
    `spike_capacity_needed_rps`; those who give up are served nevertheless.

    Raises:
        ValueError: `rate_rps` is not above 0, another number is negative, or `scaled_rps` not above
            `rate_rps`.

    """
    domain.not_negative(patience_s=patience_s, scaled_rps=scaled_rps)
    worst_s = spike_worst_wait_s(rate_rps=rate_rps, capacity_rps=capacity_rps, lag_s=lag_s)
    domain.require(
        scaled_rps > rate_rps, f"scaled_rps must be above {rate_rps:g}, not {scaled_rps:g}"
    )
    if worst_s <= patience_s:
        return 0.0
    first_s = patience_s * capacity_rps / (rate_rps - capacity_rps)
    last_s = lag_s * (scaled_rps - capacity_rps) - patience_s * scaled_rps
    return rate_rps * (last_s / (scaled_rps - rate_rps) - first_s)
