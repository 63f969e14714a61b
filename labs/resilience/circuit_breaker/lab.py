"""A circuit breaker: a slow dependency holds every slot of its callers, until they stop asking."""

from harness.checks import measures, plots, series
from harness.model import (
    Broken,
    Fixed,
    Lab,
    Latency,
    Poisson,
    Send,
    Service,
    baseline,
    during,
    on,
    predict,
)

GATEWAYS = (1, 2, 3)
ROUTES = ("/payments", "/catalog")
PROBES = "theory:circuit-breaker"

LAB = Lab(
    title="The circuit breaker: how one slow route takes all others along",
    question="payments answers two seconds late. Why does the catalog stop, and what brings it back?",
    services=(
        Service("gateway", app="services.gateway", replicas=3, calls=("payments", "catalog"),
                settings={"slots": 4, "timeout_ms": 400, "open_ms": 2000}),
        Service("payments", app="services.worker",
                settings={"workers": 4, "service_ms": 50, "error_ratio": 0.01}),
        Service("catalog", app="services.worker", settings={"workers": 4, "service_ms": 50}),
    ),
    load=Poisson(
        to="gateway-1", rate_rps=90, timeout_ms=1500, keep_answers=True,
        mix=tuple(Send(to=f"gateway-{n}", path=path) for n in GATEWAYS for path in ROUTES),
    ),
    duration_s=20,
    # A third of a probe's period apart, so that the ends of the faults meet all of its phases.
    faults=tuple(
        during(4 + 0.8 * n, 11.4, Latency(f"gateway-{n}->payments", latency_ms=2000))
        for n in GATEWAYS
    ),
    variants=(
        Broken("naive"),
        Fixed("breaker", {"gateway.breaker": True}),
        Fixed("fallback", {"gateway.breaker": True, "gateway.fallback": True}),
    ),
    expect=(
        baseline(measures.success_ratio(0, 4), at_least=0.97),
        on("naive", claim="the healthy route falls too",
           measure=measures.success_ratio(9, 11, path="/catalog"), at_most=0.5),
        on("breaker", "fallback", claim="the healthy route stays up",
           measure=measures.success_ratio(5, 20, path="/catalog"), at_least=0.98),
        on("breaker", "fallback", claim="the end is found within a probe's period",
           measure=measures.first_good_call_s("payments", 11.4, worst=True), at_most=2.7),
        on("fallback", claim="everybody is answered",
           measure=measures.success_ratio(8, 20), at_least=0.97),
        on("breaker", "fallback", claim="no false trip",
           measure=series.increase("breaker_trips_total", 0, 4), at_most=0),
    ),
    predict=(
        predict("the end of the fault is found", measures.first_good_call_s("payments", 11.4),
                on="breaker", equals=1.2, within=0.35, source=PROBES,
                because="half a probe's period: w = 2 s and its time limit of 0.4 s"),
        predict("one call leaks each period", measures.attempts_rps("payments", 8, 11.4),
                on="breaker", equals=1.25, within=0.25, source=PROBES,
                because="3 gateways, one probe each in 2.4 s"),
    ),
    plots=(plots.goodput_by_path(),),
)  # fmt: skip
