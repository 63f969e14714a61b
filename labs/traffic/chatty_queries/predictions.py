"""What theory says of a page that asks once for each row, from the lab's own numbers."""

from harness import measures
from harness.measures import plots
from harness.model import predict
from harness.theory import chance, networks, trips

RATE, ORDERS, CORES, QUERY_S, ROW_S = 7, 10, 8, 0.008, 0.002
RTT_S, WAIT_S, FEW, MORE = 0.06, 1, 3, 8
AWAY, END_S = (4, 18), 20
BEFORE, SETTLED = (0, AWAY[0] - 2), (AWAY[0] + 2, AWAY[1] - 2)
"""Pages that are made before the database moves, and those that begin and end while it is away."""
SETTLED_S = SETTLED[1] - SETTLED[0]
QUICK_S = 0.35
FAILED = measures.failed_ratio(*SETTLED)
SERVED_RPS = measures.goodput_rps(*SETTLED)
PAGE_MS = measures.latency_ms(0.5, *SETTLED)
ASKED_RPS, ASKED_BEFORE_RPS = (
    measures.attempts_rps("database", *window) for window in (SETTLED, BEFORE)
)
EACH_SECOND = plots.each_second({"refused": FAILED}, title="Share of the pages that are refused")
WAY_S, WAY = 0.004, "the way through the machines themselves, of some milliseconds a query"


def work_s(*rows: int) -> float:
    """Give how long the database works for some queries, by the rows that each of them gives."""
    return sum(QUERY_S + ROW_S * number for number in rows)


def page_s(round_trips: int, works_s: float) -> float:
    """Give how long a page takes that crosses the network so often."""
    return networks.round_trips_s(round_trips=round_trips, rtt_s=RTT_S) + works_s


QUERIES = 1 + ORDERS
ONE_BY_ONE_S = work_s(ORDERS, *ORDERS * (1,))
ROW_BY_ROW_S = page_s(QUERIES, ONE_BY_ONE_S)
REPLICA_S = page_s(1, ONE_BY_ONE_S)
IN_LIST_S = page_s(2, work_s(ORDERS, ORDERS))
CAPACITY_RPS = trips.held_capacity_rps(
    connections=FEW, round_trips=QUERIES, rtt_s=RTT_S, work_s=ONE_BY_ONE_S
)
SERVED_SD_RPS = (
    chance.sum_sd(
        chance.periodic_count_sd(window_s=SETTLED_S, period_s=ROW_BY_ROW_S, sources=FEW),
        *2 * (CAPACITY_RPS * chance.uniform_sd(width=1 / RATE),),
    )
    / SETTLED_S
)
"""Where in their pages the connections are, and at either end the time to the next visitor."""


def left_out(queries: int, figure_s: float) -> float:
    """Give the share of a page that its queries may take beside it: a tenth, or more."""
    return max(0.1, queries * WAY_S / figure_s)


LAW, TRIPS = "theory:held-connections", "theory:speed-of-light"
LEFT_OUT = left_out(QUERIES, ROW_BY_ROW_S)
PREDICTIONS = (
    predict(
        "three connections, and no more pages",
        SERVED_RPS,
        on="row-by-row",
        equals=CAPACITY_RPS,
        model=LEFT_OUT,
        leaves_out=WAY,
        chance=SERVED_SD_RPS,
        source=LAW,
        because="3 connections / 0.79 s, of which 0.66 s are spent on the way",
    ),
    predict(
        "the database is asked for less",
        ASKED_RPS,
        on="row-by-row",
        equals=QUERIES * CAPACITY_RPS,
        model=LEFT_OUT,
        leaves_out=WAY,
        chance=QUERIES * SERVED_SD_RPS,
        source=LAW,
        because="11 queries for each of 3.8 pages a second; 77 a second while it was near",
    ),
    *(
        predict(
            name,
            PAGE_MS,
            on=on,
            equals=1000 * figure_s,
            model=left_out(queries, figure_s),
            leaves_out=WAY,
            also=also,
            source=TRIPS,
            because=because,
        )
        for name, on, figure_s, queries, also, because in (
            (
                "more connections, and no quicker page",
                "more-connections",
                ROW_BY_ROW_S,
                QUERIES,
                {},
                "11 trips of 60 ms, and 128 ms of work",
            ),
            (
                "two queries, two trips",
                "in-list",
                IN_LIST_S,
                2,
                {"replica": "188 ms: one trip, and more work"},
                "2 trips of 60 ms, and 56 ms of work",
            ),
            (
                "eleven queries, one trip",
                "replica",
                REPLICA_S,
                QUERIES,
                {"in-list": "176 ms: two trips, and less work"},
                "1 trip of 60 ms, and 128 ms of work",
            ),
        )
    ),
)
