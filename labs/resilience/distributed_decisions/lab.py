"""Local and global decisions: four gateways with one limit, and five ways to keep it."""

from harness.model import Broken, Distance, Fixed, Lab, Service, baseline, noted, on, ratio
from labs.resilience.distributed_decisions.predictions import (
    CALLS, END_S, GATEWAYS, LIMIT, PREDICTIONS, REFUSED, REFUSED_RATIO, REQUESTS,
    TELL_S, THROUGH, THROUGH_QUIET, WAIT_MS, WAY_MS,
)  # fmt: skip
from labs.resilience.distributed_decisions.reading import READING, THROUGH_PLOT

HERE = "labs.resilience.distributed_decisions"
KIND = "gateway.kind"

LAB = Lab(
    title="Local and global decisions",
    question="Ten gateways each limit alone. How far are they off the global limit, and what does "
    "sharing state cost?",
    services=(
        Service("gateway", app=f"{HERE}.service_gateway", replicas=GATEWAYS, calls=("counter",),
                settings={"limit": LIMIT, "gateways": GATEWAYS, "tell_ms": 1000 * TELL_S}),
        Service("counter", app=f"{HERE}.service_counter", settings={"limit": LIMIT}),
    ),
    load=REQUESTS,
    distances=(Distance(("gateway",), ("counter",), one_way_ms=WAY_MS),),
    duration_s=END_S,
    faults=(),
    variants=(
        Broken("whole"),
        Fixed("share", {KIND: "share"}),
        Broken("counts", {KIND: "counts"}),
        Fixed("demand", {KIND: "demand"}),
        Fixed("asked", {KIND: "asked"}),
    ),
    expect=(
        baseline(THROUGH_QUIET, at_least=LIMIT / 2, at_most=LIMIT),
        on("whole", "counts", claim="far more than the limit", measure=THROUGH,
           at_least=1.5 * LIMIT),
        on("share", "demand", "asked", claim="the limit and no more", measure=THROUGH,
           at_least=0.85 * LIMIT, at_most=1.15 * LIMIT, unlike=("whole", "counts")),
        on("demand", "asked", claim="nobody is refused below the limit", measure=REFUSED,
           at_most=REFUSED_RATIO / 3, unlike="share"),
        noted("asked", claim="each request waits for the counter", measure=WAIT_MS,
              at_least=2 * WAY_MS),
    ),
    across=(
        ratio("demand", "asked", claim="far fewer calls", measure=CALLS, at_most=0.2),
        ratio("demand", "asked", claim="no wait for the counter", measure=WAIT_MS, at_most=0.5),
    ),
    predict=PREDICTIONS,
    plots=(THROUGH_PLOT,),
    reading=READING,
)  # fmt: skip
