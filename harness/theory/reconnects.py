"""Reconnects: clients that have all lost their sessions at one moment, and a queue that lets in.

All of them call at one moment, and each new session takes the same work. The queue is served in
the order in which calls came, also those whose caller has stopped waiting. Derived; the danger is
told in Discord's report of 20 March 2017, the spreading in Brooker, "Exponential Backoff And
Jitter" (AWS Architecture Blog, 2015). Left out is the way of a call and of its answer.
"""

import math

from harness.theory import domain


def served_at_once(*, clients: int, capacity_rps: float, patience_s: float) -> int:
    """How many of the clients that call at one moment are served before they give up.

    floor(mu T) of them, or all. The others are served later, and no longer there.

    Raises:
        ValueError: there is no client, or a rate or time not above 0.

    """
    domain.count(1, clients=clients)
    domain.positive(capacity_rps=capacity_rps, patience_s=patience_s)
    # Sixteen services of 60 ms are a little more than 0.96 s in binary.
    return min(clients, math.floor(capacity_rps * patience_s + 1e-9))


def locked_out_from(*, capacity_rps: float, patience_s: float, pause_s: float) -> float:
    """How many clients are too many: from there on most of them never get in, mu (2 T + p).

    n - mu T are left over at first. They call once in T + p, for ever; if that is more than `mu` a
    second, the queue gets longer and longer, and each call is served after its caller has left.
    `pause_s` is the time from giving up to the next call; where it is drawn, the mean of the
    longest pauses.

    Raises:
        ValueError: a rate or time not above 0, or `pause_s` negative.

    """
    domain.positive(capacity_rps=capacity_rps, patience_s=patience_s)
    domain.not_negative(pause_s=pause_s)
    return capacity_rps * (2 * patience_s + pause_s)


def spread_back_share(*, window_s: float, down_s: float, after_s: float) -> float:
    """Share of clients that are back some time after an outage, t / W exp(d / W).

    Each draws a moment from `window_s` W on after it has lost its session, and again after each
    call that finds the outage still there, which lasts for `down_s` d. So they come back at a rate
    of n / W exp(d / W), which must be below the capacity. By renewal theory: the rate of draws that
    end at u < W is exp(u / W) / W. Valid while d + t <= W; a few are later than that.

    Raises:
        ValueError: `window_s` not above 0, another negative, or both together above `window_s`.

    """
    domain.positive(window_s=window_s)
    domain.not_negative(down_s=down_s, after_s=after_s)
    domain.require(
        down_s + after_s <= window_s,
        f"down_s and after_s must together be at most {window_s:g}",
    )
    return after_s / window_s * math.exp(down_s / window_s)
