"""Graceful degradation: a part hangs, and a page falls, waits, does without, or hardly notices."""

from harness import measures
from harness.model import Broken, Fixed, Lab, Pause, Poisson, Service, baseline, during, on
from labs.resilience.graceful_degradation.predictions import (
    END_S, FAST_S, HUNG, LACKING, LIMIT_S, LONG_S, OPEN_S, PARTS, PATIENCE_S, PREDICTIONS,
    PROBED_CALLS, RATE, SERVED, WAIT_MS,
)  # fmt: skip
from labs.resilience.graceful_degradation.reading import READING

LAB = Lab(
    title="Fallbacks nobody notices",
    question="A recommendation service dies. Can the page still be served, and what is the quality "
    "lost?",
    services=(
        Service("page", app="services.page", calls=PARTS,
                settings={"required": PARTS[0], "timeout_ms": 1000 * LIMIT_S,
                          "outgoing.breaker.calls": PROBED_CALLS,
                          "outgoing.breaker.open_ms": 1000 * OPEN_S}),
        *(Service(part, app="services.worker",
                  settings={"workers": 100, "service_ms": 1000 * FAST_S}) for part in PARTS),
    ),
    load=Poisson(rate_rps=RATE, to="page", timeout_ms=1000 * PATIENCE_S),
    duration_s=END_S,
    faults=(during(*HUNG, Pause("recs"), said="recs hung"),),
    variants=(
        Broken("required", {"page.required": ", ".join(PARTS)}),
        Broken("patient", {"page.timeout_ms": 1000 * LONG_S}),
        Fixed("empty"),
        Fixed("stale", {"page.stale": True}),
        Fixed("breaker", {"page.outgoing.order": "breaker"}),
    ),
    expect=(
        baseline(measures.success_ratio(0, HUNG[0] - 2 * LIMIT_S), at_least=0.99),
        on("required", "patient", claim="no page is served", measure=SERVED, at_most=0.05),
        on("empty", "stale", "breaker", claim="every page is served", measure=SERVED,
           at_least=0.95),
        on("stale", claim="nothing is missing", measure=LACKING, at_most=0.02,
           unlike=("required", "empty", "breaker")),
        on("breaker", claim="as much is missing", measure=LACKING, at_least=0.9 / len(PARTS),
           unlike="stale"),
        on("breaker", claim="hardly a page waits", measure=WAIT_MS, at_most=500 * LIMIT_S,
           unlike=("empty", "stale")),
    ),
    predict=PREDICTIONS,
    reading=READING,
)  # fmt: skip
