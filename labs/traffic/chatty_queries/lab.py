"""Chatty queries: one query a row is a pool of connections that are all on the way."""

from harness import measures
from harness.model import (
    Broken, Fixed, Lab, Latency, Paced, Service, baseline, during, noted, on,
)  # fmt: skip
from harness.model.fault import Setting
from labs.traffic.chatty_queries.predictions import (
    ASKED_BEFORE_RPS, AWAY, BEFORE, CORES, END_S, FAILED, FEW, MORE, ORDERS, PAGE_MS, PREDICTIONS,
    QUERY_S, QUICK_S, RATE, ROW_S, RTT_S, EACH_SECOND, WAIT_S,
)  # fmt: skip
from labs.traffic.chatty_queries.reading import READING

DATABASE: dict[str, Setting] = {
    "cores": CORES, "query_ms": 1000 * QUERY_S, "row_ms": 1000 * ROW_S,
}  # fmt: skip

LAB = Lab(
    title="The million-to-one problem: N+1 and locality",
    question="What does one query per row cost once the database is across a network?",
    services=(
        Service("shop", app="labs.traffic.chatty_queries.service_shop",
                calls=("database", "replica"),
                settings={"orders": ORDERS, "incoming.order": "bulkhead",
                          "incoming.bulkhead.slots": FEW, "incoming.bulkhead.queue": 100,
                          "incoming.bulkhead.wait_ms": 1000 * WAIT_S}),
        *(Service(name, app="labs.traffic.chatty_queries.service_database", settings=DATABASE)
          for name in ("database", "replica")),
    ),
    load=Paced(rate_rps=RATE, to="shop"),
    duration_s=END_S,
    faults=(during(*AWAY, Latency("shop->database", latency_ms=round(1000 * RTT_S)),
                   said="the database is 60 ms away"),),
    variants=(
        Broken("row-by-row"),
        Fixed("more-connections", {"shop.incoming.bulkhead.slots": MORE}),
        Fixed("in-list", {"shop.loading": "in-list"}),
        Fixed("replica", {"shop.customers_from": "replica"}),
    ),
    expect=(
        baseline(measures.success_ratio(*BEFORE), at_least=0.95),
        on("row-by-row", claim="refuses a fifth of its pages and more", measure=FAILED,
           at_least=0.2),
        on("more-connections", "in-list", "replica", claim="shows its pages", measure=FAILED,
           at_most=0.05),
        on("in-list", "replica", claim="is quick as well", measure=PAGE_MS, at_most=1000 * QUICK_S,
           unlike=("row-by-row", "more-connections")),
        noted("row-by-row", claim="asked for more before", measure=ASKED_BEFORE_RPS,
              at_least=PREDICTIONS[1].bound.at_most),
    ),
    predict=PREDICTIONS,
    plots=(EACH_SECOND,),
    reading=READING,
)  # fmt: skip
