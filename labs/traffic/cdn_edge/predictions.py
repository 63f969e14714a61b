"""What theory says of edge caches, from the lab's own numbers.

An edge that keeps its pages and collapses fetches a page once from one purge to the next, if it is
asked for at all: so what counts is how many visitors come in that time, and not when.
"""

import math
from itertools import chain

from harness.model import predict
from harness.theory import chance, economics, hashing, networks, purges
from labs.traffic.cdn_edge.measures import fetches, hit_ratio, miss_ms

RATE, TIMES, FULL_S, PURGE_S, LAST_S, END_S = 8, 10, 5, 7, 12, 13
PAGES, SKEW, PATIENCE_S, WORKERS, MADE_S = 40, 1, 1.5, 6, 0.3
NEW_YORK_S = networks.rtt_floor_s(distance_km=5570)
SYDNEY_S = networks.rtt_floor_s(distance_km=16990)
BEFORE, AFTER = (4, PURGE_S), (PURGE_S, PURGE_S + 4)
FETCHES, HITS = fetches(), hit_ratio()

FULL_RPS = RATE * TIMES
FIRST = RATE * (1 + TIMES) / 2 * FULL_S + FULL_RPS * (PURGE_S - FULL_S)
"""How many visitors come before the purge."""
TURNS = ((FIRST / PURGE_S, PURGE_S), (FULL_RPS, LAST_S - PURGE_S))
"""The mean rate from one purge to the next, or to the end, and how long that is."""


def rates(rate_rps: float, caches: int) -> list[float]:
    """Give how often each page is asked for at one of some caches."""
    shares = [hashing.zipf_share(rank=one + 1, keys=PAGES, exponent=SKEW) for one in range(PAGES)]
    return [rate_rps * share / caches for share in shares]


def fetched(caches: int) -> tuple[float, float]:
    """Give how many pages some caches fetch in the run, and one standard deviation of it."""
    turns = [(rates(rate_rps, caches), window_s) for rate_rps, window_s in TURNS]
    mean = sum(purges.purge_fills(one, window_s=window_s) for one, window_s in turns)
    sds = (purges.purge_fills_sd(one, window_s=window_s) for one, window_s in turns)
    return caches * mean, math.sqrt(caches) * chance.sum_sd(*sds)


(BY_TWO, BY_TWO_SD), (BY_FOUR, BY_FOUR_SD), (BY_ONE, BY_ONE_SD) = map(fetched, (2, 4, 1))
VISITORS = sum(rate_rps * window_s for rate_rps, window_s in TURNS)
MISSED = BY_TWO / VISITORS
MISSED_SD = chance.sum_sd(
    BY_TWO_SD / VISITORS,
    # Fewer visitors fetch fewer pages too: taken as independent, it is a little more than chance.
    MISSED * chance.poisson_count_sd(rate_rps=VISITORS / LAST_S, duration_s=LAST_S) / VISITORS,
)
DROWNED = purges.stampede_success_ratio(
    list(chain(rates(FULL_RPS, 2), rates(FULL_RPS, 2))),
    fetch_s=MADE_S + (NEW_YORK_S + SYDNEY_S) / 2,
    capacity_rps=WORKERS / MADE_S,
    patience_s=PATIENCE_S,
    window_s=AFTER[1] - AFTER[0],
)
FEW_LOST = (1 + DROWNED) / 2
"""Halfway between what theory says is answered where each miss is fetched by itself, and all."""
MOMENT = "purges that do not reach all caches at one moment"
AS_FAR = "its edges are as far from the origin, which has little to do before the purge"


def missed_ms(round_trip_s: float) -> float:
    """Give how long it takes whom an edge does not know the page for."""
    return 1000 * economics.edge_mean_latency_s(
        hit_ratio=0, edge_s=0, origin_s=round_trip_s + MADE_S
    )


PREDICTIONS = (
    predict(
        "each edge fetches a page once",
        FETCHES,
        on="collapsed",
        equals=BY_TWO,
        model=0.01,
        leaves_out=MOMENT,
        chance=BY_TWO_SD,
        source="theory:purge-fills",
        because="two edges x the pages, of 40, that 190 visitors ask for, and then 200",
    ),
    predict(
        "four of five find their page",
        HITS,
        on="collapsed",
        equals=1 - MISSED,
        model=0.01,
        leaves_out=MOMENT,
        chance=MISSED_SD,
        source="theory:purge-fills",
        because="the same pages, of 780 visitors",
    ),
    predict(
        "a second CDN fetches them again",
        FETCHES,
        on="two-cdns",
        equals=BY_FOUR,
        model=0.01,
        leaves_out=MOMENT,
        chance=BY_FOUR_SD,
        also={"alone": "a stampede may fetch as many"},
        source="theory:purge-fills",
        because="four edges x the pages that 95 visitors ask for, and then 100",
    ),
    predict(
        "a shield fetches a page once for all",
        FETCHES,
        on="shielded",
        equals=BY_ONE,
        model=0.01,
        leaves_out=MOMENT,
        chance=BY_ONE_SD,
        source="theory:purge-fills",
        because="the pages that 380 visitors ask for, and then 400",
    ),
    *(
        predict(
            f"a miss in {city} takes the way and the work",
            miss_ms(edge, *BEFORE),
            on="collapsed",
            equals=missed_ms(round_trip_s),
            model=0.1,
            leaves_out="the edge's own time, and that of the origin's answer",
            also={"alone": AS_FAR, "two-cdns": AS_FAR},
            source="theory:speed-of-light",
            because=f"{1000 * round_trip_s:.0f} ms of way, at the speed of light, and 300 at work",
        )
        for city, edge, round_trip_s in (
            ("New York", "new-york", NEW_YORK_S),
            ("Sydney", "sydney", SYDNEY_S),
        )
    ),
)
