"""Shuffle sharding: two workers of eight for each customer, and a second try that makes it work."""

from harness import measures
from harness.model import (
    Broken, Fixed, Lab, Poisson, Send, Service, Together, baseline, noted, on,
)  # fmt: skip
from labs.cascades.shuffle_sharding.predictions import (
    BAD_RATE, CELL, COMES_S, CUSTOMERS, END_S, FEW, FIRST, LOST, LOST_FIRST, LOST_LATER, OTHERS,
    PREDICTIONS, RATE, RESTART_S, ROUTER, SIZE, WORKER,
)  # fmt: skip
from labs.cascades.shuffle_sharding.reading import LOST_PLOT, READING

DIVISION, TRIES = "router.division", "router.tries"

LAB = Lab(
    title="Shuffle sharding",
    question="Eight workers, two per customer: what share of customers does one bad customer take "
    "down?",
    services=(
        Service(ROUTER, app="services.cells", calls=WORKER,
                settings={"division": "pool", "size": SIZE, "tries": 1, "timeout_ms": 1000,
                          "incoming.breaker.opens": "in-a-row", "incoming.breaker.calls": 3,
                          "incoming.breaker.open_ms": 60_000}),
        Service("worker", app="services.worker", replicas=len(WORKER), restart_after_s=RESTART_S,
                settings={"service_ms": 20}),
    ),
    load=Together(of=(
        Poisson(rate_rps=RATE, to=ROUTER, path=f"{OTHERS}{{key}}", keys=CUSTOMERS),
        Poisson(rate_rps=BAD_RATE, to=ROUTER, start_s=COMES_S,
                mix=(Send(path="/exit?client=bad", method="POST"),)),
    )),
    duration_s=END_S,
    faults=(),
    variants=(
        Broken("cells", {DIVISION: "cells", TRIES: 2}),
        Broken("one-try", {DIVISION: "shuffle"}),
        Fixed("shards", {DIVISION: "shuffle", TRIES: 2}),
        Fixed("quarantine", {"router.incoming.order": "breaker"}),
    ),
    expect=(
        # The bad customer's first request may end one of the last that were due before it.
        baseline(measures.success_ratio(0, COMES_S - 0.5, path=OTHERS), at_least=0.99),
        on("cells", "one-try", claim="a part of the others is lost", measure=LOST,
           at_least=CELL / 2),
        on("shards", claim="few others are lost", measure=LOST, at_most=FEW),
        noted("shards", claim="its first try fails as often as in a cell", measure=FIRST,
              at_least=CELL / 2),
        noted("quarantine", claim="until then some are lost", measure=LOST_FIRST, at_least=0.01),
        on("quarantine", claim="all are well after a restart", measure=LOST_LATER, at_most=0.01),
    ),
    predict=PREDICTIONS,
    plots=(LOST_PLOT,),
    reading=READING,
)  # fmt: skip
