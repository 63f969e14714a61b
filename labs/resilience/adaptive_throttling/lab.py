"""Client-side throttling: clients that are mostly refused send less, and how soon they forget."""

from harness import measures
from harness.model import Broken, Fixed, Lab, Service, baseline, noted, on
from labs.resilience.adaptive_throttling.predictions import (
    CAPACITY_RPS, END_S, GOOD, GOOD_AFTER, LOAD, LONG_S, PREDICTIONS, QUEUE, REFUSAL_COST,
    SENT, SMALL_K, SPAN_S, SURGE, WORK_S, WORKERS,
)  # fmt: skip
from labs.resilience.adaptive_throttling.reading import READING, SENT_PLOT

SHED = "incoming.shed"
THROTTLED = {"shop.outgoing.order": "throttle"}

LAB = Lab(
    title="Client-side adaptive throttling",
    question="How much traffic does an overloaded backend still get when clients reject on their "
    "own?",
    services=(
        Service("shop", app="services.relay", calls=("backend",),
                settings={"timeout_ms": 0, "outgoing.throttle.span_ms": 1000 * SPAN_S}),
        Service("backend", app="services.worker",
                settings={"workers": WORKERS, "service_ms": 1000 * WORK_S,
                          "incoming.order": "shed", f"{SHED}.slots": WORKERS,
                          f"{SHED}.queue": QUEUE, f"{SHED}.refuses": "newcomer",
                          f"{SHED}.refusal_ms": 1000 * WORK_S * REFUSAL_COST}),
    ),
    load=LOAD,
    duration_s=END_S,
    faults=(),
    variants=(
        Broken("all-sent"),
        Fixed("twice", THROTTLED),
        Fixed("quarter-more", {**THROTTLED, "shop.outgoing.throttle.k": SMALL_K}),
        Broken("long-memory", {**THROTTLED, "shop.outgoing.throttle.span_ms": 1000 * LONG_S}),
    ),
    expect=(
        baseline(measures.success_ratio(0, SURGE[0] - 1), at_least=0.95),
        on("all-sent", claim="does less than half of what it can", measure=GOOD,
           at_most=CAPACITY_RPS / 2, unlike=("twice", "quarter-more")),
        on("twice", "quarter-more", claim="does most of what it can", measure=GOOD,
           at_least=0.6 * CAPACITY_RPS, unlike="all-sent"),
        on("long-memory", claim="customers are refused when nothing is wrong any more",
           measure=GOOD_AFTER, at_most=0.9, unlike="twice"),
        on("twice", claim="soon after, nobody is refused", measure=GOOD_AFTER, at_least=0.95,
           unlike="long-memory"),
        noted("all-sent", claim="the backend gets all of it", measure=SENT,
              at_least=2 * CAPACITY_RPS),
    ),
    predict=PREDICTIONS,
    plots=(SENT_PLOT,),
    reading=READING,
)  # fmt: skip
