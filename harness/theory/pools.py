"""Pools of connections: what a server does for many at a time, and how many are too many. Derived.

Sources: the shape is that of measured databases, such as those in Schwartz, *Practical Scalability
Analysis with the Universal Scalability Law* (2015); thrashing is Denning's, *Thrashing: Its Causes
and Prevention* (1968).
"""

import math

from harness.theory import domain


def shared_capacity_rps(
    *, connections: int, cores: int, service_s: float, overhead: float
) -> float:
    """Rate of a server whose cores share themselves among busy connections, per second.

    min(P, c) / S / (1 + o max(0, P - c)): a query takes `service_s` of one core, and each busy
    connection beyond the cores slows all of them by a share `overhead` o, by switching among them
    and by what they take from each other's caches and locks. Highest at P = c.

    Raises:
        ValueError: a count below 1, `service_s` not above 0, or `overhead` negative.

    """
    domain.count(1, connections=connections, cores=cores)
    domain.positive(service_s=service_s)
    domain.not_negative(overhead=overhead)
    slowed = 1 + overhead * max(0, connections - cores)
    return min(connections, cores) / service_s / slowed


def largest_pool(*, rate_rps: float, cores: int, service_s: float, overhead: float) -> float:
    """Most connections with which a backlog still gets shorter, c + (c / (lambda S) - 1) / o.

    With more of them busy the server does less than arrives, as in `shared_capacity_rps`.

    Raises:
        ValueError: as there, `overhead` is 0, or the rate not below what the cores can do.

    """
    domain.count(1, cores=cores)
    domain.positive(rate_rps=rate_rps, service_s=service_s, overhead=overhead)
    domain.require(
        rate_rps * service_s < cores,
        f"rate_rps must be below {cores / service_s:g}, which is all that the cores can do",
    )
    return cores + (cores / (rate_rps * service_s) - 1) / overhead


def pool_drain_s(  # noqa: PLR0913 - the load, the server, the pool and what has piled up
    *,
    rate_rps: float,
    connections: int,
    cores: int,
    service_s: float,
    overhead: float,
    waiting: int,
    patience_s: float,
) -> float:
    """How long until answers are in time again, after so many queries have piled up; or inf.

    With n queries there, min(n, P) of them run, and their number falls by what the server does
    then, as in `shared_capacity_rps`, less what arrives: the sum of 1 / (X(n) - lambda) down to the
    n whose last one is answered within `patience_s`. Fluid, from the moment at which the server
    goes on.

    Raises:
        ValueError: as there, `rate_rps` or `patience_s` not above 0, or `waiting` negative.

    """
    domain.positive(rate_rps=rate_rps, patience_s=patience_s)
    domain.count(0, waiting=waiting)
    domain.count(1, connections=connections)
    drain_s = 0.0
    for there in range(waiting, 0, -1):
        done_rps = shared_capacity_rps(
            connections=min(there, connections),
            cores=cores,
            service_s=service_s,
            overhead=overhead,
        )
        if there <= patience_s * done_rps:
            break
        if done_rps <= rate_rps:
            return math.inf
        drain_s += 1 / (done_rps - rate_rps)
    return drain_s
