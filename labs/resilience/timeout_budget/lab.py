"""Timeout budgets: slots and work for callers that left, and a deadline that is passed down."""

from harness import measures
from harness.model import (
    Broken, Configure, Fixed, Lab, Poisson, Service, baseline, during, on,
)  # fmt: skip
from labs.resilience.timeout_budget.predictions import (
    END_S, LIMIT_S, NESTED_S, PATIENCE_S, PREDICTIONS, QUICK_S, RATE, REFUSED, SLOTS, SLOW, SLOW_S,
    SLOW_SHARE, WORK_LATE,
)  # fmt: skip
from labs.resilience.timeout_budget.reading import LATE, READING

LAB = Lab(
    title="Timeouts and deadline propagation",
    question="What work is done for callers that left, and what does passing the deadline down "
    "save?",
    services=(
        Service("shop", app="services.relay", calls=("bank",),
                settings={"timeout_ms": 1000 * PATIENCE_S,
                          "outgoing.deadline.budget_ms": 1000 * PATIENCE_S}),
        Service("bank", app="services.relay", calls=("ledger",),
                settings={"timeout_ms": 1000 * LIMIT_S, "incoming.order": "bulkhead",
                          "incoming.bulkhead.slots": SLOTS}),
        Service("ledger", app="services.worker",
                settings={"workers": 100, "service_ms": 1000 * QUICK_S}),
    ),
    load=Poisson(rate_rps=RATE, to="shop", timeout_ms=2000 * PATIENCE_S),
    duration_s=END_S,
    faults=(during(*SLOW, Configure("ledger", slow_ratio=SLOW_SHARE, slow_ms=1000 * SLOW_S),
                   said="a quarter of accounts slow"),),
    variants=(
        Broken("limits"),
        Fixed("nested", {"bank.timeout_ms": 1000 * NESTED_S}),
        Fixed("deadline", {"shop.outgoing.order": "deadline",
                           "ledger.incoming.order": "deadline"}),
    ),
    expect=(
        baseline(measures.success_ratio(0, SLOW[0]), at_least=0.99),
        on("limits", claim="refuses who could be served", measure=REFUSED, at_least=0.1),
        on("nested", "deadline", claim="hardly refuses anybody", measure=REFUSED, at_most=0.1),
        on("deadline", claim="the ledger works for nobody no more", measure=WORK_LATE,
           at_most=0.05, unlike=("limits", "nested")),
    ),
    predict=PREDICTIONS,
    plots=(LATE,),
    reading=READING,
)  # fmt: skip
