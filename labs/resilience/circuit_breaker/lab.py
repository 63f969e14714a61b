"""A circuit breaker: a slow dependency holds every slot of its callers, until they stop asking."""

from harness import measures
from harness.measures import plots, series
from harness.model import (
    Broken, Configure, Fixed, Lab, Latency, Poisson, Send, Service, baseline, during, on, predict,
)  # fmt: skip

GATEWAYS = (1, 2, 3)
ROUTES = ("/payments", "/catalog")
WORK = {"workers": 8, "service_ms": 50}
PROBES = "theory:circuit-breaker"

LAB = Lab(
    title="Circuit breaker",
    question="payments is slow. Why does the catalog stop as well, and what brings it back?",
    services=(
        Service("gateway", app="services.gateway", replicas=3, calls=("payments", "catalog"),
                settings={"slots": 5, "timeout_ms": 500, "open_ms": 2000}),
        Service("payments", app="services.worker", settings=WORK),
        Service("catalog", app="services.worker", settings=WORK),
    ),
    load=Poisson(
        to="gateway-1", rate_rps=105, timeout_ms=1000, keep_answers=True,
        mix=tuple(Send(to=f"gateway-{n}", path=path) for n in GATEWAYS for path in ROUTES),
    ),
    duration_s=24,
    # A third of a probe's period apart, so that the ends of the faults meet all of its phases.
    # Errors now and then are no outage: they come when it is over.
    faults=(*(during(4 + 0.85 * n, 12.5, Latency(f"gateway-{n}->payments", latency_ms=2000))
              for n in GATEWAYS), during(16, 22, Configure("payments", error_ratio=0.01))),
    variants=(
        Broken("naive"),
        Fixed("breaker", {"gateway.breaker": True}),
        Fixed("fallback", {"gateway.breaker": True, "gateway.fallback": True}),
    ),
    expect=(
        baseline(measures.success_ratio(0, 4), at_least=0.99),
        on("naive", claim="the healthy route falls too",
           measure=measures.success_ratio(10.5, 12.5, path="/catalog"), at_most=0.3),
        on("breaker", "fallback", claim="the healthy route stays up",
           measure=measures.success_ratio(5, 24, path="/catalog"), at_least=0.98),
        on("breaker", "fallback", claim="the end is found within a probe's period",
           measure=measures.first_good_call_s("payments", 12.5, worst=True), at_most=2.8),
        on("fallback", claim="everybody is answered",
           measure=measures.success_ratio(8, 24), at_least=0.97),
        on("fallback", claim="though with a promise only",
           measure=measures.answer_ratio("later", 8, 12.5, path="/payments"), at_least=0.9),
        on("breaker", "fallback", claim="no false trip",
           measure=series.increase("breaker_trips_total", 16, 22), at_most=0),
    ),
    predict=(
        predict("the end of the fault is found", measures.first_good_call_s("payments", 12.5),
                on="breaker", equals=1, within=0.75, source=PROBES,
                because="w / 2 on average, w = 2 s; here the mean of three"),
        predict("one call leaks each period", measures.attempts_rps("payments", 8, 12.5),
                on="breaker", equals=1.2, within=0.2, source=PROBES,
                because="3 gateways, one probe each in 2.5 s"),
    ),
    plots=(plots.goodput_by_path(),),
)  # fmt: skip
