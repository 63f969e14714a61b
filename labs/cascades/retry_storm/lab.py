"""A retry storm: a three-second freeze that four tries turn into an outage without end."""

from harness import measures
from harness.model import (
    Broken, Fixed, Lab, Pause, Poisson, Service, baseline, during, on, predict,
)  # fmt: skip

FOLLOWS = "theory:metastable-retry"

LAB = Lab(
    title="Retries: how they save you or kill you",
    question="A dependency freezes for three seconds. "
    "Why is the site still down seventeen seconds after it is back?",
    services=(
        Service("checkout", app="services.relay", calls=("payments",),
                settings={"timeout_ms": 500}),
        Service("payments", app="services.worker", settings={"workers": 4, "service_ms": 40}),
    ),
    load=Poisson(rate_rps=70, to="checkout", timeout_ms=4000),
    duration_s=25,
    faults=(during(5, 8, Pause("payments")),),
    variants=(
        Broken("naive", {"checkout.tries": 4}),
        Fixed("no-retry", {"checkout.tries": 1}),
        Fixed("budget", {"checkout.tries": 4, "checkout.retry_budget": 0.1}),
    ),
    expect=(
        baseline(measures.success_ratio(0, 4.5), at_least=0.99),
        on("naive", claim="never comes back", measure=measures.success_ratio(18, 25), at_most=0.05),
        on("no-retry", claim="recovers by itself", measure=measures.recovery_s(), at_most=10),
        on("budget", claim="recovers by itself", measure=measures.recovery_s(), at_most=15),
    ),
    predict=(
        predict("every try is used up", measures.attempts_per_request("payments", 9, 25),
                on="naive", equals=4, within=0.05, source=FOLLOWS,
                because="1 + m tries, m = 3, and each runs into its time limit"),
        predict("the storm feeds itself", measures.attempts_rps("payments", 12, 25),
                on="naive", equals=280, within=0.12, source=FOLLOWS,
                because="(1 + m) x 70/s, on a capacity of 4 / 40 ms = 100/s"),
        predict("all work is wasted", measures.wasted_ratio("payments", 9, 25),
                on="naive", equals=1, within=0.02, source=FOLLOWS,
                because="the queue is longer than anybody waits"),
        predict("the backlog drains", measures.recovery_s(),
                on="no-retry", equals=5.5, within=0.6, source=FOLLOWS,
                because="(70/s x 3 s - 100/s x 0.46 s) / (100/s - 70/s)"),
    ),
)  # fmt: skip
