"""An overloaded queue: why first come, first served works for those who have left."""

from harness import measures
from harness.measures import plots
from harness.model import (
    Broken, Fixed, Lab, Poisson, Service, Surge, baseline, on, ratio,
)  # fmt: skip
from labs.cascades.queue_overload.predictions import (
    AFTER, CARRIES, END_S, FROM_S, FULLER, GOOD, HALF, IN_TIME, INTERVAL_S, MARGIN_S,
    PATIENCE_S, PREDICTIONS, RATE, SERVICE_S, TARGET_S, TIMES, TOLD, UNTIL_S,
)  # fmt: skip
from labs.cascades.queue_overload.reading import READING

SHED = "search.incoming.shed"
DROPS = {f"{SHED}.drop_expired": True}
LATER = measures.success_ratio(*AFTER)

LAB = Lab(
    title="When FIFO serves only the dead",
    question="Under overload, why is every answer late, and what do LIFO and dropping expired "
    "work change?",
    services=(
        Service("web", app="services.relay", calls=("search",),
                settings={"timeout_ms": 0, "outgoing.order": "deadline",
                          "outgoing.deadline.budget_ms": 1000 * PATIENCE_S}),
        Service("search", app="services.worker",
                settings={"workers": 1, "service_ms": 1000 * SERVICE_S, "incoming.order": "shed",
                          "incoming.shed.slots": 1, "incoming.shed.drop_expired": False,
                          "incoming.shed.interval_ms": 1000 * INTERVAL_S}),
    ),
    load=Poisson(rate_rps=RATE, to="web",
                 phases=(Surge(start_s=FROM_S, end_s=UNTIL_S, times=TIMES),)),
    duration_s=END_S,
    faults=(),
    variants=(
        Broken("fifo"),
        Broken("drop-expired", DROPS),
        Fixed("in-time", {**DROPS, f"{SHED}.needs_ms": 1000 * (SERVICE_S + MARGIN_S)}),
        Fixed("newest", {f"{SHED}.order": "newest"}),
        Fixed("codel", {f"{SHED}.target_ms": 1000 * TARGET_S}),
    ),
    expect=(
        baseline(measures.success_ratio(0, FROM_S - PATIENCE_S), at_least=0.99),
        on("fifo", claim="answers nobody", measure=measures.goodput_rps(*FULLER),
           at_most=CARRIES / 20),
        on("drop-expired", claim="works in vain", measure=IN_TIME, at_most=0.8),
        on("fifo", claim="is down long after", measure=LATER, at_most=0.05),
        on("in-time", "newest", "codel", claim="answers as many as it can", measure=GOOD,
           at_least=0.9 * CARRIES, unlike=("fifo", "drop-expired")),
        on("codel", claim="tells the others soon", measure=TOLD, at_most=PATIENCE_S / 2,
           unlike=("fifo", "drop-expired")),
    ),
    across=(
        ratio("in-time", "newest", claim="the oldest wait eight times as long as the newest",
              measure=HALF, at_least=8),
    ),
    predict=PREDICTIONS,
    plots=(plots.each_second({"median": HALF}, title="Median of the good answers"),),
    reading=READING,
)  # fmt: skip
