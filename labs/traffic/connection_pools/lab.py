"""Connection pools: too few wait beside idle cores, too many never come back from a freeze."""

from harness import measures
from harness.measures import gauges, plots
from harness.model import Broken, Fixed, Lab, Pause, Service, baseline, during, noted, on

from labs.traffic.connection_pools.predictions import (
    AGAIN_S, APPS, BEFORE, CORES, END_S, GOOD_LATE, GOOD_SOON, MANY, MEDIAN_BEFORE, OVERHEAD,
    PREDICTIONS, QUERY_S, RIGHT, FEW, STOPS_S, customers,
)  # fmt: skip
from labs.traffic.connection_pools.reading import READING

POOL = "app.outgoing.bulkhead.slots"

LAB = Lab(
    title="Connection pools",
    question="Too small starves, too large kills the database: where is the right size?",
    services=(
        Service("app", app="services.relay", replicas=APPS, calls=("database",),
                settings={"timeout_ms": 0, "outgoing.order": "bulkhead",
                          "outgoing.bulkhead.queue": 1000}),
        Service("database", app="labs.traffic.connection_pools.service",
                settings={"cores": CORES, "service_ms": 1000 * QUERY_S, "overhead": OVERHEAD,
                          "incoming.shed.slots": CORES}),
    ),
    load=customers(),
    duration_s=END_S,
    faults=(during(STOPS_S, AGAIN_S, Pause("database"), said="the database stands still"),),
    variants=(
        Broken("few", {POOL: FEW}),
        Broken("many", {POOL: MANY}),
        Fixed("as-cores", {POOL: RIGHT}),
        Fixed("pooler", {POOL: MANY, "database.incoming.order": "shed"}),
    ),
    expect=(
        baseline(measures.success_ratio(*BEFORE), at_least=0.95),
        on("few", claim="is late for seconds more", measure=GOOD_SOON, at_most=0.5),
        on("many", claim="never comes back", measure=GOOD_LATE, at_most=0.05),
        on("as-cores", "pooler", claim="is back within two seconds", measure=GOOD_SOON,
           at_least=0.9, unlike=("few", "many")),
        noted("many", claim="was as quick as others before", measure=MEDIAN_BEFORE,
              at_most=2000 * QUERY_S),
    ),
    predict=PREDICTIONS,
    plots=(plots.each_second({"running": gauges.level("queries_running", 0, 1)},
                             title="Queries that run at the same time"),),
    reading=READING,
)  # fmt: skip
