"""A retry storm: a three-second freeze that four tries turn into an outage without end."""

from harness import measures
from harness.model import (
    Broken, Fixed, Lab, Pause, Poisson, Service, baseline, during, on,
)  # fmt: skip
from labs.cascades.retry_storm.predictions import (
    BUDGET, PREDICTIONS, RATE, SERVICE_S, STALL_S, TIMEOUT_S, TRIES, WORKERS,
)  # fmt: skip
from labs.cascades.retry_storm.reading import READING

LAB = Lab(
    title="Retries: how they save you or kill you",
    question="A dependency freezes for three seconds. "
    "Why is the site still down seventeen seconds after it is back?",
    services=(
        Service("checkout", app="services.relay", calls=("payments",),
                settings={"timeout_ms": 1000 * TIMEOUT_S}),
        Service("payments", app="services.worker",
                settings={"workers": WORKERS, "service_ms": 1000 * SERVICE_S}),
    ),
    load=Poisson(rate_rps=RATE, to="checkout", timeout_ms=4000),
    duration_s=25,
    faults=(during(5, 5 + STALL_S, Pause("payments")),),
    variants=(
        Broken("naive", {"checkout.tries": TRIES}),
        Fixed("no-retry", {"checkout.tries": 1}),
        Fixed("budget", {"checkout.tries": TRIES, "checkout.retry_budget": BUDGET}),
    ),
    expect=(
        baseline(measures.success_ratio(0, 4.5), at_least=0.99),
        on("naive", claim="never comes back", measure=measures.success_ratio(18, 25), at_most=0.05),
        on("naive", claim="works for nobody", measure=measures.wasted_ratio("payments", 9, 25),
           at_least=0.98),
        on("no-retry", "budget", claim="recovers by itself", measure=measures.recovery_s(),
           at_most=16),
    ),
    predict=PREDICTIONS,
    reading=READING,
)  # fmt: skip
