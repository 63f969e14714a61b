"""Little's law: how many slots a pool needs, and what one too few does."""

from harness.measures import plots
from harness.model import Lab, Measured, Paced, Poisson, Service, boundary, family, fit, on
from labs.traffic.littles_law.predictions import (
    ALL, CALL_S, ENOUGH, FEW, IN_USE, LATE, LONG_S, NEEDED, PATIENCE_S, PAUSE_S, PREDICTIONS, RATE,
    SHORTER_S, SLOTS, TURN_S, WAIT, WAY,
)  # fmt: skip
from labs.traffic.littles_law.reading import READING

POOL = "checkout.outgoing.bulkhead"
POOLS = family("slots-{:g}", SLOTS, setting=f"{POOL}.slots")
NINE = {f"{POOL}.slots": FEW}

LAB = Lab(
    title="Little's law",
    question="How large must the pool be for this rate and this latency, and what happens one "
    "below?",
    services=(
        Service("checkout", app="services.relay", calls=("bank",),
                settings={"timeout_ms": 0, "outgoing.order": "bulkhead",
                          "outgoing.bulkhead.queue": 1000}),
        Service("bank", app="services.worker",
                settings={"workers": 100, "service_ms": 1000 * CALL_S}),
    ),
    load=Paced(rate_rps=RATE, to="checkout", timeout_ms=1000 * PATIENCE_S),
    duration_s=LONG_S,
    faults=(),
    variants=(
        *POOLS,
        Measured("bounded", {**NINE, f"{POOL}.wait_ms": 1000 * PAUSE_S}),
        Measured("faster", {**NINE, "bank.service_ms": 1000 * SHORTER_S}),
        Measured("crowd", {f"{POOL}.slots": ENOUGH, f"{POOL}.queue": 0},
                 load=Poisson(rate_rps=RATE, to="checkout", timeout_ms=1000 * PATIENCE_S)),
    ),
    expect=(
        on("slots-8", "slots-9", claim="in the end nobody is answered",
           measure=LATE, at_most=0.02),
        on("slots-10", "slots-12", "faster", claim="all are answered", measure=ALL, at_least=0.99),
        on("bounded", claim="the bound is what all wait", measure=WAIT,
           at_least=PAUSE_S - TURN_S, at_most=PAUSE_S + TURN_S),
    ),
    across=(
        fit(POOLS, claim="as many in use as needed, or as there are", measure=IN_USE,
            theory=lambda slots: min(slots, NEEDED), model=0.02, leaves_out=WAY),
        boundary(POOLS, claim="the first that is enough is the first above λW", measure=ALL,
                 beyond=0.99, above=FEW, at_most=ENOUGH),
    ),
    predict=PREDICTIONS,
    plots=(plots.each_second({"wait": WAIT}, title="Wait for a slot"),
           plots.each_second({"in use": IN_USE}, title="Slots in use")),
    reading=READING,
)  # fmt: skip
