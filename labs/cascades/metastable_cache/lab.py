"""A cache is emptied once, and late answers that nobody keeps leave it empty for good."""

from harness import measures
from harness.model import (
    Broken, Fixed, Kill, Lab, Poisson, Redis, Service, baseline, during, on,
)  # fmt: skip
from labs.cascades.metastable_cache.predictions import (
    BEFORE, CARRIES, DATABASE, EMPTIED_S, END_S, KEYS, MISSES, MORNING, PATIENCE_S, PLACES,
    PREDICTIONS, RATE, SERVICE_S, TTL_S,
)  # fmt: skip
from labs.cascades.metastable_cache.reading import GOOD, QUERIES, READING

SHARED, LATE = {"app.protection": "single-flight"}, {"app.timeout_ms": 30_000}
LOAD = Poisson(rate_rps=RATE, to="app", path="/item/{key}", keys=KEYS, timeout_ms=1500,
               phases=MORNING)  # fmt: skip

LAB = Lab(
    title="The cache flush that never heals",
    question="The cache is emptied once. Why does the database stay overloaded for ever, and what "
    "gets it out?",
    services=(
        Service("app", app="services.cache", calls=("store", DATABASE),
                settings={"store": "store", "ttl_ms": 1000 * TTL_S,
                          "timeout_ms": 1000 * PATIENCE_S}),
        Service(DATABASE, app="services.queueing",
                settings={"workers": 1, "service_ms": 1000 * SERVICE_S}),
    ),
    stores=(Redis("store"),),
    load=LOAD,
    calm=LOAD,  # The control is spared the restart, and not the morning.
    duration_s=END_S,
    faults=(during(*EMPTIED_S, Kill("store"), said="the cache restarts, empty"),),
    variants=(
        Broken("naive"),
        Broken("shared", SHARED),
        Fixed("kept-late", {**SHARED, **LATE}),
        Fixed("refused", {f"{DATABASE}.queue_limit": PLACES}),
    ),
    expect=(
        baseline(measures.success_ratio(*BEFORE), at_least=0.99),
        on("naive", "shared", claim="never heals", measure=GOOD, at_most=CARRIES),
        on("kept-late", "refused", claim="heals", measure=GOOD, at_least=0.95),
        on("kept-late", "refused", claim="the cache is full again", measure=MISSES,
           at_most=CARRIES),
    ),
    predict=PREDICTIONS,
    plots=(QUERIES,),
    reading=READING,
)  # fmt: skip
