"""Rate limits: three ways to count on one node, and three ways to count on four."""

from harness.measures import attempts_per_request
from harness.model import Broken, Fixed, Lab, Redis, Service, baseline, noted, on
from labs.resilience.rate_limiting.measures import late_ratio
from labs.resilience.rate_limiting.predictions import (
    BUCKET, BURST, END_S, FROM_S, LATE, LIMIT_RPS, MOST, NODES, OTHER, PREDICTIONS, SLOTS, SPAN_S,
    TURNED_AWAY, WORK_S, sent,
)  # fmt: skip
from labs.resilience.rate_limiting.reading import OTHERS_PLOT, READING, THROUGH_PLOT

LIMITER = "api.incoming.limiter"
ONE = sent(1)

LAB = Lab(
    title="Rate limiting",
    question="One client floods the API. What do fixed windows, sliding windows and token buckets "
    "let through, on one node and across many?",
    services=(
        Service("api", app="services.relay", replicas=NODES, calls=("database", "counter"),
                settings={"timeout_ms": 0, "incoming.order": "limiter",
                          "incoming.limiter.rate_rps": LIMIT_RPS,
                          "incoming.limiter.burst": BURST,
                          "incoming.limiter.window_ms": 1000 * SPAN_S}),
        Service("database", app="services.worker",
                settings={"workers": SLOTS, "service_ms": 1000 * WORK_S}),
    ),
    stores=(Redis("counter"),),
    load=sent(NODES),
    duration_s=END_S,
    faults=(),
    variants=(
        Broken("fixed-window", {f"{LIMITER}.kind": "fixed-window"}, load=ONE),
        Broken("sliding-window", {f"{LIMITER}.kind": "sliding-window"}, load=ONE),
        Fixed("token-bucket", load=ONE),
        Broken("per-node"),
        Fixed("shared", {f"{LIMITER}.store": "counter"}),
        Fixed("split", {f"{LIMITER}.rate_rps": LIMIT_RPS / NODES,
                        f"{LIMITER}.burst": BURST // NODES}),
    ),
    expect=(
        baseline(late_ratio(OTHER, 0, FROM_S), at_most=0.02),
        on("fixed-window", "sliding-window", claim="a window's worth at once makes others late",
           measure=LATE, at_least=0.02),
        on("per-node", claim="most others are late", measure=LATE, at_least=0.5),
        on("token-bucket", "split", "shared", claim="no other is late", measure=LATE,
           at_most=0.02),
        on("token-bucket", "shared", claim="no other is refused", measure=TURNED_AWAY,
           at_most=0.02, unlike="split"),
        on("token-bucket", "split", "shared", claim="the flooder has its limit and no more",
           measure=MOST, at_least=0.5 * BUCKET, at_most=1.1 * BUCKET,
           unlike=("fixed-window", "per-node")),
        noted("shared", claim="each request asks the counter first",
              measure=attempts_per_request("counter", 0, END_S), at_least=0.99),
    ),
    predict=PREDICTIONS,
    plots=(OTHERS_PLOT, THROUGH_PLOT),
    reading=READING,
)  # fmt: skip
