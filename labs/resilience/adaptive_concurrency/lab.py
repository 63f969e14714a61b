"""Adaptive concurrency limits: a limit that learns, and takes slow work for a queue."""

from harness import measures
from harness.model import (
    Broken, Configure, Fixed, Lab, Poisson, Service, baseline, during, noted, on, ratio,
)  # fmt: skip
from labs.resilience.adaptive_concurrency.predictions import (
    CUT, EARLY_S, END_S, GOOD, GOOD_AFTER, LATE_S, LEFT_RPS, LONG_MS, NARROW, PATIENCE_S,
    PREDICTIONS, QUIET, RATE, SLOTS, SLOW, SLOW_S, START, TIMES, USUAL_S, WIDE,
)  # fmt: skip
from labs.resilience.adaptive_concurrency.reading import GOOD_PLOT, READING

LIMIT, LEARNS = "shop.incoming.adaptive", {"shop.incoming.order": "adaptive"}
GRADIENT = {**LEARNS, f"{LIMIT}.by": "gradient"}

LAB = Lab(
    title="Adaptive concurrency limits",
    question="Can a service find its own limit when its capacity changes under it?",
    services=(
        Service("shop", app="services.worker",
                settings={"workers": SLOTS, "service_ms": 1000 * USUAL_S,
                          "incoming.order": "bulkhead", "incoming.bulkhead.slots": START,
                          "incoming.adaptive.start": START, "incoming.adaptive.cut": CUT}),
    ),
    load=Poisson(rate_rps=RATE, to="shop", timeout_ms=1000 * PATIENCE_S),
    duration_s=END_S,
    faults=(during(*SLOW, Configure("shop", service_ms=1000 * SLOW_S),
                   said=f"the shop is {TIMES} times as slow"),),
    variants=(
        Broken("constant"),
        Broken("aimd-early", {**LEARNS, f"{LIMIT}.late_ms": 1000 * EARLY_S}),
        Broken("gradient", {**GRADIENT, f"{LIMIT}.tolerance": NARROW}),
        Fixed("aimd", {**LEARNS, f"{LIMIT}.late_ms": 1000 * LATE_S}),
        Fixed("gradient-wide", {**GRADIENT, f"{LIMIT}.tolerance": WIDE}),
    ),
    expect=(
        baseline(measures.success_ratio(*QUIET), at_least=0.95),
        on("constant", claim="answers nobody in time", measure=GOOD, at_most=1,
           unlike=("aimd", "gradient-wide")),
        on("aimd-early", "gradient", claim="does less than half of what it can", measure=GOOD,
           at_most=LEFT_RPS / 2, unlike=("aimd", "gradient-wide")),
        on("aimd", "gradient-wide", claim="does more than half of what it can", measure=GOOD,
           at_least=LEFT_RPS / 2),
        on("aimd", "gradient-wide", claim="one in ten that are served waits in a queue",
           measure=LONG_MS, at_least=1.1 * 1000 * SLOW_S, unlike=("aimd-early", "gradient")),
        noted("aimd-early", "gradient", "aimd", "gradient-wide",
              claim="most are served when it is over", measure=GOOD_AFTER, at_least=0.8),
    ),
    across=(
        ratio("aimd", "gradient", claim="twice as much is done", measure=GOOD, at_least=2),
    ),
    predict=PREDICTIONS,
    plots=(GOOD_PLOT,),
    reading=READING,
)  # fmt: skip
