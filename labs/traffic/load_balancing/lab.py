"""Load balancing: turns overload the slow replica, and old figures the one that was idle."""

from harness import measures
from harness.measures import plots
from harness.model import (
    Broken, Configure, Fixed, Lab, Poisson, Service, baseline, during, on,
)  # fmt: skip
from labs.traffic.load_balancing.predictions import (
    FEW_LOST, HERD, OLD_S, PREDICTIONS, RATE, REPLICAS, REPORT_S, SERVICE_MS, TIMEOUT_S,
)  # fmt: skip
from labs.traffic.load_balancing.reading import READING

LAB = Lab(
    title="Beyond round robin",
    question="One replica of four is slow. Who notices, and who runs after old figures?",
    services=(
        Service("balancer", app="services.balancer", calls=REPLICAS,
                settings={"timeout_ms": 1000 * TIMEOUT_S}),
        Service("app", app="services.worker", replicas=4,
                settings={"workers": 1, "spread": "exponential"},
                each={"service_ms": SERVICE_MS}),
    ),
    load=Poisson(rate_rps=RATE, to="balancer", timeout_ms=2000),
    duration_s=35,
    faults=(
        during(4, 6.5, Configure("app-4", service_ms=120), said="app-4 slow"),
        during(*OLD_S, Configure("balancer", report_ms=1000 * REPORT_S), said="old figures"),
    ),
    variants=(
        Broken("round-robin", {"balancer.policy": "round-robin"}),
        Broken("least", {"balancer.policy": "least"}),
        Fixed("two-choices", {"balancer.policy": "two-choices"}),
        Fixed("own-count", {"balancer.policy": "least", "balancer.own_count": True}),
    ),
    expect=(
        baseline(measures.success_ratio(0, 4), at_least=0.97),
        on("round-robin", claim="the slow replica's share fails, and goes on to after the fault",
           measure=measures.success_ratio(5.5, 8), at_most=0.85),
        on("least", claim="old figures send everybody to one replica",
           measure=measures.success_ratio(*OLD_S), at_most=0.92),
        on("two-choices", "own-count", claim="the slow replica is avoided", unlike="round-robin",
           measure=measures.attempts_per_request("app-4", 4.5, 6.5), at_most=0.22),
        on("two-choices", "own-count", claim="few are lost with it", unlike="round-robin",
           measure=measures.success_ratio(4, 9), at_least=0.92),
        on("two-choices", claim="old figures make no herd", unlike="least",
           measure=HERD, at_most=0.85),
        on("two-choices", claim="and lose few", unlike="least",
           measure=measures.success_ratio(*OLD_S), at_least=FEW_LOST),
        on("own-count", claim="a count of one's own is never old", unlike="least",
           measure=measures.success_ratio(*OLD_S), at_least=0.97),
    ),
    predict=PREDICTIONS,
    plots=(plots.calls_to(*REPLICAS, title="Requests to each replica"),),
    reading=READING,
)  # fmt: skip
