"""The map of pools: how many connections an app may have, by what one query too many costs."""

import math

from harness.model.sweep_map import Boundary, Numbers, SweepMap
from harness.theory import pools
from labs.traffic.connection_pools.predictions import (
    AGAIN_S,
    APPS,
    GOOD_LATE,
    LATE,
    LAW,
    PATIENCE_S,
    RATE,
    STOPS_S,
)

BACK_S = LATE[0] - AGAIN_S
"""From the end of the freeze until all answers must be in time."""
WAITING = RATE * (AGAIN_S - STOPS_S)
"""Queries that have piled up by then: no more of them can be busy."""
MOST = WAITING + 1


def back_in_time(overhead: float, numbers: Numbers) -> float:
    """Give how many connections each app may have to be back in time: the drain, tried for each."""
    drained = [
        connections
        for connections in range(1, MOST)
        if pools.pool_drain_s(
            rate_rps=RATE,
            connections=connections,
            cores=round(numbers["database.cores"]),
            service_s=numbers["database.service_ms"] / 1000,
            overhead=overhead,
            waiting=WAITING,
            patience_s=PATIENCE_S,
        )
        <= BACK_S
    ]
    return math.nan if drained[-1] >= WAITING else drained[-1] / APPS


def ever(overhead: float, numbers: Numbers) -> float:
    """Give how many connections each app may have for a backlog to get shorter at all."""
    largest = pools.largest_pool(
        rate_rps=RATE,
        cores=round(numbers["database.cores"]),
        service_s=numbers["database.service_ms"] / 1000,
        overhead=overhead,
    )
    return largest / APPS


MAP = SweepMap(
    title=f"Is everybody answered {BACK_S} s after the database stood still?",
    variant="many",
    vary=("database.overhead=0.025,0.05,0.075,0.1,0.15,0.2", "app.outgoing.bulkhead.slots=1..16"),
    measure=GOOD_LATE,
    until=">=0.95",
    holds="all are answered",
    fails="not all are",
    boundaries=(
        Boundary(name="back in time", of=back_in_time, source=LAW, decisive=True),
        Boundary(name="ever back", of=ever, source=LAW),
    ),
)
