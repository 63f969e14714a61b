"""What theory says of the stampede, from the lab's own numbers."""

import math

from harness import measures
from harness.model import predict
from harness.model.expect import SIGMAS
from harness.theory import caching, chance

APPS, RATE, MADE_S = ("app-1", "app-2", "app-3"), 240, 0.2
LONG_S, TTL_S = 20, 7
KEY = {"rate_rps": RATE, "recompute_s": MADE_S}
FIRST = measures.calls_per_burst("origin", 1, 8)
FLIGHT, LUCK = "theory:single-flight", {"early": "by luck, at one expiry"}
# e^(1/beta) on average; in nine seconds the key is made anew five times and more.
SPREAD = chance.mean_sd(sd=caching.early_expiry_calls_sd(beta=1), samples=5)
FEW = caching.early_expiry_calls(beta=1, **KEY) + SIGMAS * SPREAD
# A stampede that the origin gets through may still fail for all who missed, at each expiry.
EXPIRIES = math.ceil(LONG_S / TTL_S)
MISSES = EXPIRIES * caching.stampede_calls(**KEY)
MOST = MISSES + SIGMAS * math.sqrt(EXPIRIES) * caching.stampede_calls_sd(**KEY)
WELL = 1 - MOST / (RATE * LONG_S)

PREDICTIONS = (
    predict(
        "all who miss recompute",
        FIRST,
        on="naive",
        equals=caching.stampede_calls(**KEY),
        chance=caching.stampede_calls_sd(**KEY),
        seeds=2,
        source="theory:cache-stampede",
        because="1 + 240/s x 0.2 s",
    ),
    predict(
        "one in each process",
        FIRST,
        on="single-flight",
        equals=caching.coalesced_calls(**KEY, processes=len(APPS)),
        model=0.01,
        leaves_out="a process that nobody asks in time",
        also=LUCK,
        source=FLIGHT,
        because="three processes",
    ),
    predict(
        "one in all",
        FIRST,
        on="lease",
        equals=caching.coalesced_calls(**KEY, processes=1),
        also=LUCK,
        source=FLIGHT,
        because="one holder at a time, of all processes",
    ),
)
