"""A cache stampede: one key expires, and everybody who finds it gone makes it again."""

from harness import measures
from harness.measures import plots
from harness.model import (
    Broken, Fixed, Kill, Lab, Poisson, Redis, Send, Service, baseline, during, on, predict,
)  # fmt: skip

APPS = ("app-1", "app-2", "app-3")
PLAIN, FLIGHT = "theory:cache-stampede", "theory:single-flight"
LEASE, EARLY = "theory:memcache-leases", "theory:xfetch"

LAB = Lab(
    # A Redis that comes back empty is the expiry of everything.
    title="Cache stampede and the dog-pile",
    question="One hot key expires. How many callers recompute it, and what holds that to one?",
    services=(
        Service("app", app="services.cache", replicas=3, calls=("store", "origin"),
                settings={"store": "store", "ttl_ms": 1500, "timeout_ms": 2000}),
        Service("origin", app="services.worker", settings={"workers": 4, "service_ms": 200}),
    ),
    stores=(Redis("store"),),
    load=Poisson(to="app-1", rate_rps=100, timeout_ms=3000,
                 mix=tuple(Send(to=app) for app in APPS)),
    duration_s=26,
    faults=(during(13, 15, Kill("store")),),
    variants=(
        Broken("naive"),
        Fixed("single-flight", {"app.protection": "single-flight"}),
        Fixed("lease", {"app.protection": "lease"}),
        Fixed("early", {"app.protection": "early"}),
    ),
    expect=(
        baseline(measures.success_ratio(0, 13), at_least=0.99),
        on("naive", claim="never comes back", measure=measures.success_ratio(19, 26), at_most=0.05),
        on("single-flight", "lease", "early", claim="nobody notices",
           measure=measures.success_ratio(13, 26), at_least=0.99),
    ),
    predict=(
        predict("all who miss recompute", measures.calls_per_burst("origin", 0, 13),
                on="naive", equals=21, within=0.35, source=PLAIN,
                because="1 + 100/s x 0.2 s, each time it expires"),
        predict("one in each process", measures.calls_per_burst("origin", 0, 13),
                on="single-flight", equals=3, within=0.1, source=FLIGHT, because="three processes"),
        predict("one in all", measures.calls_per_burst("origin", 0, 13),
                on="lease", equals=1, within=0.01, source=LEASE, because="one holder at a time"),
        predict("e in all, and earlier", measures.calls_per_burst("origin", 0, 13, gap_s=0.3),
                on="early", equals=2.72, within=0.7, source=EARLY, because="e^(1/beta), beta = 1"),
    ),
    plots=(plots.calls_to("origin", title="Calls to origin"),),
)  # fmt: skip
