"""Autoscaling lag: what a spike costs until the new machines serve, and what headroom buys."""

from harness import measures
from harness.measures import cost, gauges, plots
from harness.model import (
    Broken, Fixed, Lab, Paced, Service, Surge, baseline, on, ratio,
)  # fmt: skip
from labs.traffic.autoscaling_lag.predictions import (
    AFTER, BOOT_S, END_S, FAILED, LEAST, LITTLE, LOOK_S, MOST, MUCH, PATIENCE_S, PREDICTIONS, RATE,
    ROOM, SERVICE_S, SHORT, SPIKE_S, TIMES, WARM_S,
)  # fmt: skip
from labs.traffic.autoscaling_lag.reading import READING

LAB = Lab(
    title="Autoscaling always comes late",
    question="How many requests are lost between the spike and the new instance, and what does "
    "headroom buy?",
    services=(
        Service("shop", app="services.fleet", settings={
            "least": LEAST, "most": MOST, "workers": 1, "service_ms": 1000 * SERVICE_S,
            "boot_ms": 1000 * BOOT_S, "look_ms": 1000 * LOOK_S, "target": LITTLE,
        }),
    ),
    load=Paced(rate_rps=RATE, to="shop", timeout_ms=1000 * PATIENCE_S,
               phases=(Surge(start_s=SPIKE_S, end_s=END_S, times=TIMES),)),
    duration_s=END_S,
    faults=(),
    variants=(
        Broken("target-55"),
        Fixed("target-40", {"shop.target": MUCH}),
        Fixed("warm-pool", {"shop.boot_ms": 1000 * WARM_S}),
        Fixed("bounded", {"shop.queue_limit": ROOM}),
    ),
    expect=(
        baseline(measures.success_ratio(0, 6), at_least=0.99),
        on("target-55", claim="loses more than twice what it is short of", measure=FAILED,
           at_least=2 * SHORT),
        on("target-40", "warm-pool", claim="nobody is late", at_least=0.99,
           measure=measures.success_ratio(*AFTER)),
        on("bounded", claim="loses no more than it is short of", measure=FAILED, at_most=SHORT),
    ),
    across=(
        ratio("target-40", "target-55", claim="headroom costs a third more machines",
              measure=cost.unit_seconds("machines", 3, 7), at_least=1.2, at_most=1.5),
    ),
    predict=PREDICTIONS,
    plots=(plots.each_second({"serving": gauges.level("machines_ready", 0, 1)},
                             title="Machines that serve"),),
    reading=READING,
)  # fmt: skip
