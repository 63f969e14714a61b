"""Load shedding by importance: what a full queue refuses decides who is served, not its order."""

from harness import measures
from harness.model import (
    Broken, Fixed, Lab, Poisson, Service, Surge, Together, baseline, noted, on, ratio,
)  # fmt: skip
from labs.resilience.load_shedding.predictions import (
    BROWSE, BUY, BUYERS, END_S, FULL, PATIENCE_S, PREDICTIONS, QUEUE, REFUSAL_COST, RESERVED,
    SERVED, SLOTS, SURGE, TIMES, VISIT_SERVED, VISITORS, WAIT, WORK_S,
)  # fmt: skip
from labs.resilience.load_shedding.reading import READING, SERVED_PLOT

ORDER, SHED = "shop.incoming.order", "shop.incoming.shed"
RUSH = (Surge(start_s=SURGE[0], end_s=SURGE[1], times=TIMES),)

LAB = Lab(
    title="Load shedding by priority",
    question="At twice the capacity, can the important half still be served in time?",
    services=(
        Service("shop", app="services.worker",
                settings={"workers": SLOTS, "service_ms": 1000 * WORK_S, "spread": "exponential",
                          "incoming.shed.slots": SLOTS, "incoming.shed.queue": QUEUE,
                          "incoming.shed.refuses": "newcomer"}),
    ),
    load=Together(of=(
        Poisson(rate_rps=BUYERS, to="shop", path=f"{BUY}&priority=0",
                timeout_ms=1000 * PATIENCE_S, phases=RUSH),
        Poisson(rate_rps=VISITORS, to="shop", path=f"{BROWSE}&priority=1",
                timeout_ms=1000 * PATIENCE_S, phases=RUSH),
    )),
    duration_s=END_S,
    faults=(),
    variants=(
        Broken("endless"),
        Broken("short", {"shop.queue_limit": QUEUE}),
        Broken("ordered", {ORDER: "shed"}),
        Broken("costly", {ORDER: "shed", f"{SHED}.refuses": "least",
                          f"{SHED}.refusal_ms": 1000 * WORK_S * REFUSAL_COST}),
        Fixed("displace", {ORDER: "shed", f"{SHED}.refuses": "least"}),
        Fixed("reserve", {ORDER: "shed", f"{SHED}.reserve": RESERVED}),
    ),
    expect=(
        baseline(measures.success_ratio(0, SURGE[0] - 1), at_least=0.99),
        on("endless", claim="answers hardly anybody", measure=measures.success_ratio(*FULL),
           at_most=0.05),
        on("short", "ordered", claim="refuses buyers as it does visitors", measure=SERVED,
           at_most=0.7),
        on("costly", claim="spends its time on refusing", measure=SERVED, at_most=0.9),
        on("displace", "reserve", claim="serves nearly all buyers", measure=SERVED, at_least=0.9,
           unlike=("endless", "short", "ordered", "costly")),
        noted("displace", "reserve", claim="most visitors are refused", measure=VISIT_SERVED,
              at_most=0.5),
    ),
    across=(
        ratio("short", "ordered", claim="order makes the wait short", measure=WAIT, at_least=3),
    ),
    predict=PREDICTIONS,
    plots=(SERVED_PLOT,),
    reading=READING,
)  # fmt: skip
