"""What a part that hangs makes of pages, from the lab's own numbers."""

from harness.measures import latency_ms, success_ratio
from harness.model import predict
from harness.theory import availability, chance
from labs.resilience.graceful_degradation.measures import lacking_ratio

RATE, END_S, HUNG = 10, 20, (5, 15)
PARTS = ("film", "recs", "ratings", "friends")
FAST_S, LIMIT_S, LONG_S, PATIENCE_S = 0.02, 0.2, 2, 1
OPEN_S, PROBED_CALLS = 5, 5
WHILE = (HUNG[0] + 1, HUNG[1] - PATIENCE_S)
"""Pages of this time have no use for a part that is back: they are made by then, or too late."""
PAGES, SERVED = success_ratio(0, END_S), success_ratio(*WHILE)
LACKING, WAIT_MS = lacking_ratio(*WHILE), latency_ms(0.5, *WHILE)
UNDER_WAY = chance.poisson_count_sd(rate_rps=RATE, duration_s=LIMIT_S) / (
    len(PARTS) * RATE * (WHILE[1] - WHILE[0])
)
"""By how much the share varies with the pages under way when the window begins, or ends."""
UP = 1 - (HUNG[1] - HUNG[0]) / END_S
"""The share of the run in which the part is there."""

PREDICTIONS = (
    predict(
        "a page is there as often as all its parts",
        PAGES,
        on="required",
        equals=availability.series_availability(1, UP, 1, 1),
        model=0.05,
        leaves_out="pages that wait when the part hangs, or comes back",
        chance=chance.binomial_share_sd(share=UP, trials=RATE * END_S),
        also={"patient": "its pages are too late, for as long"},
        source="theory:availability-algebra",
        because="1 x 0.5 x 1 x 1: three parts are always there, and one half of the time",
    ),
    predict(
        "one part of four is missing",
        LACKING,
        on="empty",
        equals=1 / len(PARTS),
        chance=chance.sum_sd(UNDER_WAY, UNDER_WAY),
        also={
            "required": "as much is missing, and it is an error",
            "patient": "nearly as much: its parts are missing after two seconds",
            "breaker": "the same: a part that is not asked for is missing too",
        },
        source="counted",
        because="recs, of film, recs, ratings and friends",
    ),
    predict(
        "each page waits as long as it may",
        WAIT_MS,
        on="empty",
        equals=1000 * LIMIT_S,
        model=0.1,
        leaves_out="the page's own way, there and back",
        also={"stale": "the old part is taken as late as the empty one"},
        source="counted",
        because="the time limit of the part that hangs; the others take 20 ms",
    ),
)
