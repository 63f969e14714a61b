"""What theory says of pools of three sizes, from the lab's own numbers."""

import math

from harness import measures
from harness.model import Paced, Together, predict
from harness.theory import chance, pools
from labs.traffic.connection_pools.measures import done_rps as done_in_rps
from labs.traffic.connection_pools.service import SPREAD

RATE, APPS, CORES, QUERY_S, OVERHEAD = 16, 4, 8, 0.16, 0.05
FEW, RIGHT, MANY = 1, 2, 16
PATIENCE_S, STOPS_S, AGAIN_S, END_S = 1, 3, 7, 21
BEFORE = (0, STOPS_S - PATIENCE_S)
SOON, LATE = (AGAIN_S + 1.5, AGAIN_S + 4), (END_S - 5, END_S)
GOOD_SOON, GOOD_LATE = measures.success_ratio(*SOON), measures.success_ratio(*LATE)
MEDIAN_BEFORE = measures.latency_ms(0.5, *BEFORE)
CV = chance.uniform_sd(width=SPREAD[1] - SPREAD[0])
"""How much queries vary, over their mean."""
DONE_FIRST, DONE_SOON, DONE_LATE = (
    done_in_rps("database", *window) for window in ((AGAIN_S, AGAIN_S + 1), (9, 13), (11, END_S))
)
LAW = "theory:pool-thrashing"
WAY = "the way of an answer and of the next query, in which a connection is idle"


def customers(rate_rps: float = RATE) -> Together:
    """Send as many customers to each app, evenly."""
    patience_ms = 1000 * PATIENCE_S
    return Together(
        of=tuple(
            Paced(to=f"app-{app}", rate_rps=rate_rps / APPS, timeout_ms=patience_ms)
            for app in range(1, APPS + 1)
        )
    )


def done_rps(slots: int) -> float:
    """Give what the database does while all connections of all apps are busy."""
    return pools.shared_capacity_rps(
        connections=APPS * slots, cores=CORES, service_s=QUERY_S, overhead=OVERHEAD
    )


def chance_rps(slots: int, duration_s: float) -> float:
    """Give one standard deviation of it, as it is counted over a time.

    Queries need more or less than the mean, and at both ends of the time each connection is
    somewhere in the middle of one.
    """
    queries, cut = done_rps(slots) * duration_s, 2 * APPS * slots
    return CV * math.sqrt(queries + cut) / duration_s


def fresh_rps(slots: int, duration_s: float) -> float:
    """Give what is done in a time at whose beginning every connection begins a query.

    At its end each is in the middle of one, of which (1 - cv^2) / 2 is lost (the renewal theorem).
    """
    return done_rps(slots) - APPS * slots * (1 - CV**2) / 2 / duration_s


PREDICTIONS = (
    predict(
        "four connections use half of the cores",
        DONE_SOON,
        on="few",
        equals=done_rps(FEW),
        model=0.05,
        leaves_out=WAY,
        chance=chance_rps(FEW, 4),
        source=LAW,
        because="4 / 160 ms, while every connection is busy",
    ),
    *(
        predict(
            name,
            DONE_FIRST,
            on=on,
            equals=fresh_rps(RIGHT, 1),
            model=0.05,
            leaves_out="the two or three queries that were under way when it stopped",
            chance=chance_rps(RIGHT, 1),
            also={other: "in both, eight run at a time"},
            source=LAW,
            because="8 / 160 ms, less what all eight have begun when the first second ends",
        )
        for name, on, other in (
            ("eight connections use all cores", "as-cores", "pooler"),
            ("eight of 64 use all cores", "pooler", "as-cores"),
        )
    ),
    predict(
        "64 connections do less than is asked for",
        DONE_LATE,
        on="many",
        equals=done_rps(MANY),
        model=0.05,
        leaves_out=WAY,
        chance=chance_rps(MANY, END_S - 11),
        source=LAW,
        because="8 / 160 ms = 50/s, over 1 + 0.05 x (64 - 8)",
    ),
)
