"""A retry storm: a three-second freeze that four tries turn into an outage without end."""

from harness.checks.measures import attempts_per_request, recovery_s, success_ratio
from harness.model import (
    Broken,
    Fixed,
    Lab,
    Pause,
    Poisson,
    Service,
    baseline,
    during,
    on,
    predict,
)

LAB = Lab(
    title="Retries: how they save you or kill you",
    question="A dependency freezes for three seconds. "
    "Why is the site still down seventeen seconds after it is back?",
    services=(
        Service(
            "checkout", app="services.relay", calls=("payments",), settings={"timeout_ms": 500}
        ),
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
        baseline(success_ratio(0, 5), at_least=0.95),
        on("naive", claim="still down", measure=success_ratio(18, 25), at_most=0.05),
        on("no-retry", "budget", claim="recovers", measure=recovery_s(), at_most=14),
    ),
    predict=(
        predict(
            "calls per request while down",
            attempts_per_request("payments", 9, 25),
            on="naive",
            equals=4,
            within=0.05,
            because="every one of the 1 + 3 tries runs into its time limit",
            source="theory:metastable-retry",
        ),
    ),
)
