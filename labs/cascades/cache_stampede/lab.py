"""A cache stampede: one key expires, and everybody who finds it gone makes it again."""

import math

from harness import measures
from harness.measures import plots
from harness.model import (
    Broken, Configure, Fixed, Lab, Poisson, Redis, Send, Service, baseline, during, on, predict,
)  # fmt: skip
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

LAB = Lab(
    title="Cache stampede and the dog-pile",
    question="One hot key expires. How many callers recompute it, and what holds that to one?",
    services=(
        Service("app", app="services.cache", replicas=3, calls=("store", "origin"),
                settings={"store": "store", "store_timeout_ms": 250, "ttl_ms": TTL_S * 1000,
                          "timeout_ms": 500, "lease_ms": 500}),
        Service("origin", app="services.worker", settings={"workers": 3, "service_ms": 200}),
    ),
    stores=(Redis("store"),),
    load=Poisson(to="app-1", rate_rps=RATE, timeout_ms=2000,
                 mix=tuple(Send(to=app) for app in APPS)),
    duration_s=LONG_S,
    # Fresher prices, please: from its next expiry on, the key lives for two seconds.
    faults=(during(5, 15, Configure("app", ttl_ms=2000)),),
    variants=(
        Broken("naive"),
        Fixed("single-flight", {"app.protection": "single-flight"}),
        Fixed("lease", {"app.protection": "lease"}),
        Fixed("early", {"app.protection": "early"}),
    ),
    expect=(
        baseline(measures.success_ratio(1, 5), at_least=WELL),
        on("naive", claim="never comes back", measure=measures.success_ratio(17, 20), at_most=0.05),
        on("single-flight", "lease", "early", claim="nobody notices",
           measure=measures.success_ratio(5, 20), at_least=0.99),
        on("early", claim="few recompute, before it expires", at_most=FEW,
           measure=measures.calls_per_burst("origin", 6, 15, gap_s=0.3)),
    ),
    predict=(
        predict("all who miss recompute", FIRST, on="naive", equals=caching.stampede_calls(**KEY),
                chance=caching.stampede_calls_sd(**KEY), seeds=2,
                source="theory:cache-stampede", because="1 + 240/s x 0.2 s"),
        predict("one in each process", FIRST, on="single-flight",
                equals=caching.coalesced_calls(**KEY, processes=len(APPS)), model=0.01,
                leaves_out="a process that nobody asks in time", also=LUCK, source=FLIGHT,
                because="three processes"),
        predict("one in all", FIRST, on="lease",
                equals=caching.coalesced_calls(**KEY, processes=1), also=LUCK, source=FLIGHT,
                because="one holder at a time, of all processes"),
    ),
    plots=(plots.calls_to("origin", title="Calls to origin"),),
)  # fmt: skip
