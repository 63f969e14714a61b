"""Head-of-line blocking: what waits behind a slow answer, and behind a lost one."""

from harness.model import (
    Broken, Configure, Fixed, Lab, Poisson, Service, baseline, during, noted, on,
)  # fmt: skip
from labs.traffic.head_of_line.predictions import (
    END_S, LATE_ALL, LATE_BEFORE, LATE_LOSSY, LATE_SLOW, LOSSY, LOST, PREDICTIONS, RATE, RESEND_S,
    SERVE_S, SIX, SLOW, SLOW_S, SLOW_SHARE,
)  # fmt: skip
from labs.traffic.head_of_line.reading import EACH_SECOND, READING

RULE = "viewer.rule"

LAB = Lab(
    title="One stream or many: head-of-line blocking",
    question="A connection stalls for a moment. What waits behind it with one multiplexed "
    "connection, and with several?",
    services=(
        Service("viewer", app="labs.traffic.head_of_line.service", calls=("tiles",),
                settings={"resend_ms": 1000 * RESEND_S}),
        Service("tiles", app="services.worker",
                settings={"workers": 100, "service_ms": 1000 * SERVE_S}),
    ),
    load=Poisson(rate_rps=RATE, to="viewer", timeout_ms=5000),
    duration_s=END_S,
    faults=(
        during(*SLOW, Configure("tiles", slow_ratio=SLOW_SHARE, slow_ms=1000 * SLOW_S),
               said="one answer in ten slow"),
        during(*LOSSY, Configure("viewer", loss_ratio=LOST), said="one in ten lost"),
    ),
    variants=(
        Broken("pipelined", {RULE: "in-order"}),
        Broken("multiplexed"),
        Fixed("six", {RULE: "one-at-a-time", "viewer.connections": SIX}),
        Fixed("streams", {RULE: "streams"}),
    ),
    expect=(
        baseline(LATE_BEFORE, at_most=0.02),
        on("pipelined", claim="slow answers hold up the others", measure=LATE_SLOW,
           at_least=3 * SLOW_SHARE),
        on("pipelined", "multiplexed", claim="lost answers hold up the others", measure=LATE_LOSSY,
           at_least=3 * LOST),
        on("six", "streams", claim="lost answers hold up hardly any other", measure=LATE_LOSSY,
           at_most=2 * LOST, unlike=("pipelined", "multiplexed")),
        noted("six", "streams", claim="what is slow or lost is late itself", measure=LATE_ALL,
              at_least=0.2 * LOST),
        noted("multiplexed", "six", "streams", claim="quick answers come past slow ones",
              measure=LATE_SLOW, at_most=2 * SLOW_SHARE),
    ),
    predict=PREDICTIONS,
    plots=(EACH_SECOND,),
    reading=READING,
)  # fmt: skip
