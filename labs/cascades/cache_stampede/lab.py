"""A cache stampede: one key expires, and everybody who finds it gone makes it again."""

from harness import measures
from harness.model import (
    Broken, Configure, Fixed, Lab, Poisson, Redis, Send, Service, baseline, during, on, predict,
)  # fmt: skip
from harness.model.expect import SIGMAS
from harness.theory import caching, chance
from labs.cascades.cache_stampede.reading import CALLS, READING

APPS, RATE, MADE_S = ("app-1", "app-2", "app-3"), 240, 0.2
KEY = {"rate_rps": RATE, "recompute_s": MADE_S}
FIRST = measures.calls_per_burst("origin", 1, 8)
FLIGHT, LUCK = "theory:single-flight", {"early": "by luck, at one expiry"}
# e^(1/beta) on average; in nine seconds the key is made anew five times and more.
SPREAD = chance.mean_sd(sd=caching.early_expiry_calls_sd(beta=1), samples=5)
FEW = caching.early_expiry_calls(beta=1, **KEY) + SIGMAS * SPREAD

LAB = Lab(
    title="Cache stampede and the dog-pile",
    question="One hot key expires. How many callers recompute it, and what holds that to one?",
    services=(
        Service("app", app="services.cache", replicas=3, calls=("store", "origin"),
                settings={"store": "store", "ttl_ms": 7000, "timeout_ms": 500, "lease_ms": 500}),
        Service("origin", app="services.worker", settings={"workers": 3, "service_ms": 200}),
    ),
    stores=(Redis("store"),),
    load=Poisson(to="app-1", rate_rps=RATE, timeout_ms=2000,
                 mix=tuple(Send(to=app) for app in APPS)),
    duration_s=20,
    # Fresher prices, please: from its next expiry on, the key lives for two seconds.
    faults=(during(5, 15, Configure("app", ttl_ms=2000), said="answers kept for 2 s"),),
    variants=(
        Broken("naive"),
        Fixed("single-flight", {"app.protection": "single-flight"}),
        Fixed("lease", {"app.protection": "lease"}),
        Fixed("early", {"app.protection": "early"}),
    ),
    expect=(
        baseline(measures.success_ratio(1, 5), at_least=measures.HEALTHY),
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
    plots=(CALLS,), reading=READING,
)  # fmt: skip
