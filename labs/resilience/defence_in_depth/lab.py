"""The gauntlet: no defence is missed when one is taken away, and all are when none is left."""

from harness import measures
from harness.model import (
    Configure, Lab, Paced, Pause, Service, baseline, during, on,
)  # fmt: skip
from labs.resilience.defence_in_depth.designs import ALONE, ONE_LESS, VARIANTS
from labs.resilience.defence_in_depth.predictions import (
    AGAIN, BURST, CALLS_MORNING, END_S, ERRORS, FREEZE, MORNING, MORNING_LOST, OPEN_S,
    PREDICTIONS, QUEUE, RATE, SERVED_AFTER, SERVICE_S, THRESHOLD, TIMEOUT_S, TRIES, WINDOW, WORKERS,
)  # fmt: skip
from labs.resilience.defence_in_depth.reading import READING

LAB = Lab(
    title="The gauntlet: take one defence away",
    question="All defences are on and the day goes well. Remove one at a time: which one was "
    "holding?",
    services=(
        Service("shop", app="services.relay", calls=("payments",),
                settings={"timeout_ms": 1000 * TIMEOUT_S, "outgoing.order": "retry",
                          "outgoing.retry.tries": TRIES, "outgoing.retry.burst": BURST,
                          "outgoing.breaker.calls": WINDOW,
                          "outgoing.breaker.threshold": THRESHOLD,
                          "outgoing.breaker.open_ms": 1000 * OPEN_S}),
        Service("payments", app="services.worker",
                settings={"workers": WORKERS, "service_ms": 1000 * SERVICE_S,
                          "incoming.shed.slots": WORKERS, "incoming.shed.queue": QUEUE}),
    ),
    load=Paced(rate_rps=RATE, to="shop", timeout_ms=1000 * TIMEOUT_S * (TRIES + 1)),
    duration_s=END_S,
    faults=(
        during(*MORNING, Configure("payments", error_ratio=ERRORS), said="one in five fails"),
        during(*FREEZE, Pause("payments"), said="payments freezes"),
    ),
    variants=VARIANTS,
    expect=(
        baseline(measures.success_ratio(0, MORNING[0] - TIMEOUT_S), at_least=0.99),
        on("no-retry", claim="customers see errors all morning", measure=MORNING_LOST,
           at_least=0.07),
        on("retries", claim="and the freeze never ends", measure=SERVED_AFTER, at_most=0.05),
        on("all", *ONE_LESS, claim="taken away, it is not missed", measure=SERVED_AFTER,
           at_least=0.95, unlike="retries"),
        on(*ALONE, claim="each one holds alone", measure=SERVED_AFTER, at_least=0.95,
           unlike="retries"),
        on("all", *ONE_LESS, claim="hardly an error in the morning", measure=MORNING_LOST,
           at_most=0.05, unlike="no-retry"),
        on("all", *ONE_LESS, claim="calls that fail are made again", measure=CALLS_MORNING,
           at_least=AGAIN, unlike="no-retry"),
        on(*ALONE, claim="and so they are with one alone", measure=CALLS_MORNING,
           at_least=AGAIN, unlike="no-retry"),
    ),
    predict=PREDICTIONS,
    reading=READING,
)  # fmt: skip
