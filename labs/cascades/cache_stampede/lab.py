"""A cache stampede: one key expires, and everybody who finds it gone makes it again."""

from harness import measures
from harness.model import (
    Broken, Configure, Fixed, Lab, Poisson, Redis, Send, Service, baseline, during, on,
)  # fmt: skip
from labs.cascades.cache_stampede.predictions import (
    APPS, FEW, LONG_S, PREDICTIONS, RATE, TTL_S, WELL,
)  # fmt: skip
from labs.cascades.cache_stampede.reading import CALLS, READING

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
    faults=(during(5, 15, Configure("app", ttl_ms=2000), said="answers kept for 2 s"),),
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
    predict=PREDICTIONS,
    plots=(CALLS,), reading=READING,
)  # fmt: skip
