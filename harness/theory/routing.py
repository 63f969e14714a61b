"""Routing: how long users look for a region that is gone. Derived.

Source: the renewal theorem, of answers that are asked for again when they are needed after their
time; Mockapetris, RFC 1035 (1987), for times to live.
"""

import math

from harness.theory import domain


def name_failover_s(*, moved_after_s: float, ttl_s: float, gap_s: float) -> float:
    """Mean time until a user's requests follow a name that was moved, in seconds.

    The name moves `moved_after_s` after the loss. An answer is remembered for `ttl_s`, and asked
    for again at the next request, `gap_s` later on average; so T / (T + g) of the users remember
    one, with half of its time left: D + T^2 / (2 (T + g)). Requests are a Poisson process.

    Raises:
        ValueError: a time is negative, or both `ttl_s` and `gap_s` are 0.

    """
    domain.not_negative(moved_after_s=moved_after_s)
    return moved_after_s + _remembers(ttl_s, gap_s) * ttl_s / 2


def name_failover_sd_s(*, ttl_s: float, gap_s: float, users: int) -> float:
    """One standard deviation of that mean over some users, in seconds.

    Raises:
        ValueError: as above, or there is no user.

    """
    domain.count(1, users=users)
    share = _remembers(ttl_s, gap_s)
    return ttl_s * math.sqrt((share / 3 - share**2 / 4) / users)


def _remembers(ttl_s: float, gap_s: float) -> float:
    """Share of the users who remember an answer."""
    domain.not_negative(ttl_s=ttl_s, gap_s=gap_s)
    domain.require(ttl_s + gap_s > 0, "ttl_s must be above 0 where gap_s is 0")
    return ttl_s / (ttl_s + gap_s)
