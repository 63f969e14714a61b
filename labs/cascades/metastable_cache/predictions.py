"""What theory says of a cache that keeps each answer for a time, from the lab's own numbers."""

import math

from harness import measures
from harness.model import Surge, predict
from harness.theory import caching

RATE, KEYS, TTL_S = 50, 100, 6
SERVICE_S, PATIENCE_S = 0.05, 1
PLACES = 14
"""With so many others in the queue, a query waits for 0.75 s, and is still answered in time."""
MORNING = (Surge(start_s=0, end_s=6, times=0.3), Surge(start_s=6, end_s=11, times=0.6))
"""Nobody opens with an empty cache at noon."""
EMPTIED_S, END_S = (16, 18), 36
BEFORE, AFTER = (2, EMPTIED_S[0] - 1.5), (26, 34)
"""Eight seconds are one turn of a key: six in the cache, and two until it is asked for again."""
DATABASE = "database"

CARRIES = 1 / SERVICE_S / RATE
"""The share of the requests that the database can do."""
LASTS_S = AFTER[1] - AFTER[0]
MISSES = measures.attempts_per_request(DATABASE, *AFTER)
COLD = caching.origin_load_rps(rate_rps=RATE, hit_ratio=0) / RATE
LAW = "theory:metastable-cache"


def missed(ttl_s: float) -> float:
    """Give the share of requests that miss where all share an answer for so long."""
    return 1 - caching.ttl_hit_ratio(rate_rps=RATE / KEYS, ttl_s=ttl_s)


def missed_sd(ttl_s: float) -> float:
    """Give one standard deviation of that share in the window."""
    one = caching.ttl_misses_sd(rate_rps=RATE / KEYS, ttl_s=ttl_s, duration_s=LASTS_S)
    return math.sqrt(KEYS) * one / (RATE * LASTS_S)


PREDICTIONS = (
    predict(
        "every request is a miss",
        MISSES,
        on="naive",
        equals=COLD,
        model=0.01,
        leaves_out="an answer that comes in time by luck",
        source=LAW,
        because="nothing is kept: 50/s for a database that does 20/s",
    ),
    predict(
        "a query is shared for a second",
        MISSES,
        on="shared",
        equals=missed(PATIENCE_S),
        model=0.02,
        leaves_out="an answer that comes in time by luck",
        chance=missed_sd(PATIENCE_S),
        source=LAW,
        because="1 / (1 + 0.5/s x 1 s): 33 queries a second, and still more than 20",
    ),
)
