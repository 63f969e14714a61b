"""A lab with a cache in Redis, which is killed half-way: for tests on either engine."""

from harness.measures import attempts_per_request, success_ratio
from harness.model import (
    Broken,
    Fixed,
    Kill,
    Lab,
    Paced,
    Redis,
    Service,
    baseline,
    during,
    on,
)

CACHED = Lab(
    title="A cache that goes",
    question="What does the callee carry when the cache is gone?",
    services=(
        Service(
            "front", app="services.cache", calls=("store", "back"), settings={"store": "store"}
        ),
        Service("back", app="services.worker", settings={"workers": 4, "service_ms": 20}),
    ),
    stores=(Redis("store"),),
    load=Paced(rate_rps=40, to="front", timeout_ms=2000),
    duration_s=7,
    faults=(during(3, 5, Kill("store")),),
    variants=(Broken("plain"), Fixed("long", {"front.ttl_ms": 5000})),
    expect=(
        baseline(success_ratio(0, 3), at_least=0.99),
        on("plain", "long", claim="answers anyway", measure=success_ratio(0, 7), at_least=0.9),
    ),
)

WITH_STORE = attempts_per_request("back", 1, 3)
WITHOUT_STORE = attempts_per_request("back", 3.5, 4.5)
AGAIN = attempts_per_request("back", 5.5, 7)
COMMANDS = attempts_per_request("store", 0, 7)
