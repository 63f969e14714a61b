"""Hedged and tied requests: a second try cuts the tail, of slow work or of long queues."""

from harness.model import Lab, Measured, Poisson, Service, noted, on, ratio
from harness.model.fault import Setting
from labs.resilience.hedged_requests.predictions import (
    END_S, EQUAL_S, FAST_S, FEW_LATE, HEDGE_S, LATE, P99, PREDICTIONS, QUEUED_RATE, RATE,
    SECOND_COPIES, SLOW_S, SLOW_SHARE, SLOWEST, TIE_S, WORK,
)  # fmt: skip
from labs.resilience.hedged_requests.reading import READING

STORES = ("store-1", "store-2", "store-3", "store-4")
QUEUES: dict[str, Setting] = {"store.workers": 1, "store.incoming.shed.slots": 1,
    "store.spread": "fixed", "store.service_ms": 1000 * EQUAL_S, "store.slow_ratio": 0}  # fmt: skip
BUSY = Poisson(rate_rps=QUEUED_RATE, to="front")

LAB = Lab(
    title="Hedged and tied requests",
    question="How much tail does a second try at the 95th percentile cut, and for how much extra "
    "load?",
    services=(
        Service("front", app="services.balancer", calls=STORES,
                settings={"policy": "random", "timeout_ms": 0,
                          "outgoing.hedge.after_ms": 1000 * HEDGE_S,
                          "outgoing.tied.among": ", ".join(STORES),
                          "outgoing.tied.after_ms": 1000 * TIE_S}),
        Service("store", app="services.worker", replicas=4, calls=STORES,
                settings={"workers": 32, "service_ms": 1000 * FAST_S, "spread": "exponential",
                          "slow_ratio": SLOW_SHARE, "slow_ms": 1000 * SLOW_S,
                          "incoming.order": "tied,shed", "incoming.shed.slots": 32}),
    ),
    load=Poisson(rate_rps=RATE, to="front"),
    duration_s=END_S,
    faults=(),
    variants=(
        Measured("single"),
        Measured("hedged", {"front.outgoing.order": "hedge"}),
        Measured("queued", QUEUES, load=BUSY),
        Measured("tied", {**QUEUES, "front.outgoing.order": "tied"}, load=BUSY),
    ),
    expect=(
        on("single", claim="one in forty is late", measure=LATE, at_least=FEW_LATE,
           unlike="hedged"),
        on("hedged", claim="hardly one in two hundred is late", measure=LATE, at_most=FEW_LATE,
           unlike="single"),
        noted("queued", claim="queues make a tail of equal work", measure=P99,
              at_least=2000 * EQUAL_S),
        noted("tied", claim="the tail of two queues", measure=P99, at_least=1000 * EQUAL_S),
        noted("tied", claim="most second copies are dropped", measure=WORK,
              at_most=1 + SECOND_COPIES / 2),
    ),
    across=(
        ratio("hedged", "single", claim="a hedge cuts the p99 by a third or more", measure=P99,
              at_most=0.65),
        ratio("tied", "queued", claim="a tie cuts the p99 by a tenth or more", measure=P99,
              at_most=0.9),
    ),
    predict=PREDICTIONS,
    plots=(SLOWEST,),
    reading=READING,
)  # fmt: skip
