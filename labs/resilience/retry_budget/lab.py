"""Retry budgets: what a tenth more calls can do, and what it cannot."""

from harness import measures
from harness.model import (
    Broken, Configure, Fixed, Lab, Measured, Pause, Service, baseline, during, noted, on,
)  # fmt: skip
from labs.resilience.retry_budget.predictions import (
    AGAIN_S, BUDGET, BUSY_RPS, END_S, FAILING, FLAKY, FLAKY_RPS, FROM_S, GOOD, GOOD_FLAKY,
    PREDICTIONS, QUIET_RPS, REFUSED, SERVICE_S, STALL_S, STORM, TIMEOUT_S, TRIES, WORKERS, load,
)  # fmt: skip
from labs.resilience.retry_budget.reading import READING

PAID = {"shop.retry_budget": BUDGET}
BUSY, UNRELIABLE = load(BUSY_RPS), load(FLAKY_RPS)
FAILS = (during(FROM_S, FLAKY[1], Configure("stock", error_ratio=FAILING), said="half fail"),)

LAB = Lab(
    title="Retry budgets",
    question="What load does a budget of ten per cent let through when everything fails, and when "
    "is it not enough?",
    services=(
        Service("shop", app="services.relay", calls=("stock",),
                settings={"timeout_ms": 1000 * TIMEOUT_S, "tries": TRIES,
                          "outgoing.breaker.open_ms": 2000}),
        Service("stock", app="services.worker",
                settings={"workers": WORKERS, "service_ms": 1000 * SERVICE_S}),
    ),
    load=load(QUIET_RPS),
    duration_s=END_S,
    faults=(during(FROM_S, FROM_S + STALL_S, Pause("stock")),),
    variants=(
        Broken("all-tries"),
        Fixed("budget", PAID),
        Broken("busy", PAID, load=BUSY),
        Fixed("busy-once", {"shop.tries": 1}, load=BUSY),
        Fixed("busy-breaker", {"shop.outgoing.order": "breaker"}, load=BUSY),
        Measured("flaky", load=UNRELIABLE, faults=FAILS),
        Measured("flaky-budget", PAID, load=UNRELIABLE, faults=FAILS),
    ),
    expect=(
        baseline(measures.success_ratio(0, FROM_S - TIMEOUT_S), at_least=0.99),
        on("all-tries", "busy", claim="never comes back", measure=GOOD, at_most=0.05,
           unlike=("budget", "busy-once", "busy-breaker")),
        on("budget", "busy-once", "busy-breaker", claim="recovers by itself", measure=AGAIN_S,
           at_most=STORM[0] - FROM_S - STALL_S, unlike=("all-tries", "busy")),
        noted("busy-breaker", claim="nobody is served for a while", measure=REFUSED, at_most=0.05),
        on("flaky", claim="hardly anybody notices", measure=GOOD_FLAKY, at_least=0.8,
           unlike="flaky-budget"),
        on("flaky-budget", claim="nearly half fail", measure=GOOD_FLAKY, at_most=0.8,
           unlike="flaky"),
    ),
    predict=PREDICTIONS,
    reading=READING,
)  # fmt: skip
