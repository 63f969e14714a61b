"""A flash crowd: ten times the traffic in ten seconds, and machines that come four boots late."""

from harness import measures
from harness.measures import cost, gauges, plots
from harness.model import (
    Broken, Fixed, Lab, Poisson, Ramp, Service, baseline, on, ratio,
)  # fmt: skip
from labs.traffic.flash_crowd.predictions import (
    AT_FULL, BOOT_S, CROWD, END_S, FAILED, FROM_S, FULL_S, INSIDE, LEAST, LOOK_S, MOST, PATIENCE_S,
    PREDICTIONS, RATE, SERVED, SERVICE_S, TARGET, TIMES,
)  # fmt: skip
from labs.traffic.flash_crowd.reading import READING

LAB = Lab(
    title="Black Friday: a crowd in ten seconds",
    question="Ten times the traffic in ten seconds: reactive scaling, pre-scaling or a waiting "
    "room?",
    services=(
        Service("shop", app="services.fleet", settings={
            "least": LEAST, "most": MOST, "workers": 1, "service_ms": 1000 * SERVICE_S,
            "boot_ms": 1000 * BOOT_S, "look_ms": 1000 * LOOK_S, "target": TARGET,
            "incoming.limiter.kind": "concurrency", "incoming.limiter.burst": INSIDE,
        }),
    ),
    load=Poisson(rate_rps=RATE, to="shop", timeout_ms=1000 * PATIENCE_S,
                 phases=(Ramp(start_s=FROM_S, end_s=FULL_S, times=TIMES),)),
    duration_s=END_S,
    faults=(),
    variants=(
        Broken("reactive"),
        Fixed("pre-scaled", {"shop.least": MOST}),
        Fixed("waiting-room", {"shop.incoming.order": "limiter"}),
    ),
    expect=(
        baseline(measures.success_ratio(0, 5), at_least=0.99),
        on("reactive", claim="serves nobody in time", measure=AT_FULL, at_most=0.05),
        on("pre-scaled", claim="nobody notices", at_least=0.99,
           measure=measures.success_ratio(*CROWD)),
        on("waiting-room", claim="serves most of the crowd", measure=SERVED, at_least=0.5),
    ),
    across=(
        ratio("reactive", "waiting-room", claim="the same machines serve more behind a door",
              measure=FAILED, at_least=2),
        ratio("pre-scaled", "waiting-room", claim="machines that wait for a crowd cost all along",
              measure=cost.unit_seconds("machines", 0, FROM_S), at_least=2),
    ),
    predict=PREDICTIONS,
    plots=(plots.each_second({"serving": gauges.level("machines_ready", 0, 1)},
                             title="Machines that serve"),),
    reading=READING,
)  # fmt: skip
