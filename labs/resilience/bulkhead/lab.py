"""Bulkheads: walls in a pool keep a slow callee from the others, and refuse more on a busy day."""

from harness import measures
from harness.model import (
    Broken, Configure, Fixed, Lab, Poisson, Service, Surge, Together, baseline, difference, during,
    noted, on,
)  # fmt: skip
from harness.model.fault import Setting
from labs.resilience.bulkhead.predictions import (
    BESIDE, BUSY, CALL_S, CAP, CAPPED, END_S, HALF, LOST, PAY_RATE, PAY_S, PREDICTIONS, QUIET_S,
    RATE, RUSH, SLOTS, SLOW, SLOW_PAY_S, TIMES,
)  # fmt: skip
from labs.resilience.bulkhead.reading import READING, REFUSALS

WORK: dict[str, Setting] = {"workers": 100, "spread": "exponential"}

LAB = Lab(
    title="Bulkheads",
    question="One slow dependency, one shared pool: how many healthy calls are lost, and with "
    "split pools?",
    services=(
        Service("gateway", app="services.gateway", calls=("payments", "catalog"),
                settings={"slots": 1000, "timeout_ms": 0,
                          "incoming.order": "bulkhead", "incoming.bulkhead.slots": SLOTS,
                          "outgoing.order": "bulkhead", "outgoing.bulkhead.slots": SLOTS}),
        Service("payments", app="services.worker", settings={**WORK, "service_ms": 1000 * PAY_S}),
        Service("catalog", app="services.worker", settings={**WORK, "service_ms": 1000 * CALL_S}),
    ),
    load=Together(of=(
        Poisson(rate_rps=PAY_RATE, to="gateway", path="/payments"),
        Poisson(rate_rps=RATE, to="gateway", path="/catalog",
                phases=(Surge(start_s=RUSH[0], end_s=RUSH[1], times=TIMES),)),
    )),
    duration_s=END_S,
    faults=(during(*SLOW, Configure("payments", service_ms=1000 * SLOW_PAY_S),
                   said=f"payments takes {SLOW_PAY_S:g} s"),),
    variants=(
        Broken("shared"),
        Fixed("split", {CAP: HALF}),
        Fixed("capped", {CAP: CAPPED}),
    ),
    expect=(
        baseline(measures.success_ratio(0, QUIET_S), at_least=0.9),
        on("shared", claim="the healthy route falls too", measure=BESIDE, at_least=0.1),
        on("split", "capped", claim="the healthy route stays up", measure=BESIDE, at_most=0.1),
        noted("split", "capped", claim="the slow one is refused itself", measure=LOST,
              at_least=0.4),
    ),
    across=(
        difference("split", "shared", claim="in a rush walls refuse more", measure=BUSY,
                   at_least=0.08),
    ),
    predict=PREDICTIONS,
    plots=(REFUSALS,),
    reading=READING,
)  # fmt: skip
