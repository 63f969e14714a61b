"""A circuit breaker: a slow dependency holds every slot of its callers, until they stop asking."""

from harness import measures
from harness.measures import series
from harness.model import (
    Broken, Configure, Fixed, Lab, Latency, Poisson, Send, Service, baseline, during, noted, on,
)  # fmt: skip
from labs.resilience.circuit_breaker.predictions import (
    END_S, GATEWAYS, LIMIT_S, OPEN_S, PREDICTIONS, RATE, ROUTES,
)  # fmt: skip
from labs.resilience.circuit_breaker.reading import READING, ROUTE_PLOT

WORK = {"workers": 8, "service_ms": 50}

LAB = Lab(
    title="Circuit breaker",
    question="payments is slow. Why does the catalog stop as well, and what brings it back?",
    services=(
        Service("gateway", app="services.gateway", replicas=3, calls=("payments", "catalog"),
                settings={"slots": 5, "timeout_ms": 1000 * LIMIT_S, "open_ms": 1000 * OPEN_S}),
        Service("payments", app="services.worker", settings=WORK),
        Service("catalog", app="services.worker", settings=WORK),
    ),
    load=Poisson(
        to="gateway-1", rate_rps=RATE, timeout_ms=1000, keep_answers=True,
        mix=tuple(Send(to=f"gateway-{n}", path=path) for n in GATEWAYS for path in ROUTES),
    ),
    duration_s=25,
    # A third of a probe's period apart, and ended so that the three gateways are at a sixth, a half
    # and five sixths of it: their mean is that of an end at any phase.
    # Errors now and then are no outage: they come when it is over.
    faults=(*(during(4 + 0.85 * n, END_S, Latency(f"gateway-{n}->payments", latency_ms=2000),
                     said="payments 2 s late") for n in GATEWAYS),
            during(17, 23, Configure("payments", error_ratio=0.01), said="1 in 100 fails")),
    variants=(
        Broken("naive"),
        Fixed("breaker", {"gateway.breaker": True}),
        Fixed("fallback", {"gateway.breaker": True, "gateway.fallback": True}),
    ),
    expect=(
        baseline(measures.success_ratio(0, 4), at_least=0.99),
        on("naive", claim="the healthy route falls too",
           measure=measures.success_ratio(10.5, END_S, path="/catalog"), at_most=0.3),
        on("breaker", "fallback", claim="the healthy route stays up",
           measure=measures.success_ratio(5, 25, path="/catalog"), at_least=0.98),
        on("fallback", claim="everybody is answered", unlike=("naive", "breaker"),
           measure=measures.success_ratio(8, 25), at_least=0.97),
        on("fallback", claim="though with a promise only", unlike=("naive", "breaker"),
           measure=measures.answer_ratio("later", 8, END_S, path="/payments"), at_least=0.9),
        noted("breaker", "fallback", claim="no false trip when one call in a hundred fails",
              measure=series.increase("breaker_trips_total", 17, 23), at_most=0),
    ),
    predict=PREDICTIONS,
    plots=(ROUTE_PLOT,),
    reading=READING,
)  # fmt: skip
