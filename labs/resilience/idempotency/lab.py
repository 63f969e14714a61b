"""Idempotency keys: the answer is lost, the shop tries again, and the customer pays."""

from harness.measures import success_ratio
from harness.model import (
    Broken, Configure, Fixed, Lab, Service, baseline, during, noted, on,
)  # fmt: skip
from labs.resilience.idempotency.measures import PATH
from labs.resilience.idempotency.predictions import (
    CHARGES_ALL, END_S, LATE_S, LOST, LOST_S, PREDICTIONS, SENT, SLOW_S,
    TIMEOUT_S, TRIES, TWICE_LATE, TWICE_LOST, WHILE_LOST, WRONG_LATE, WRONG_LOST,
)  # fmt: skip
from labs.resilience.idempotency.reading import PAYMENTS_PLOT, READING

KEYS = {"payments.idempotent": True}
ASKS = {"shop.asks": True}

LAB = Lab(
    title="Idempotency keys",
    question="The answer is lost and the client retries. How often is the customer charged?",
    services=(
        Service("shop", app="labs.resilience.idempotency.service", calls=("payments",),
                settings={"tries": TRIES, "timeout_ms": 1000 * TIMEOUT_S}),
        Service("payments", app="services.effects"),
    ),
    load=SENT,
    duration_s=END_S,
    faults=(
        during(*LOST_S, Configure("payments", error_ratio=LOST), said="answers lost"),
        during(*LATE_S, Configure("payments", service_ms=1000 * SLOW_S), said="answers late"),
    ),
    variants=(
        Broken("no-key"),
        Broken("new-key", {**KEYS, "shop.key": "try"}),
        Broken("no-retry", {"shop.tries": 1}),
        Broken("ask-first", ASKS),
        Fixed("key", KEYS),
        Fixed("ask-later", {**ASKS, "shop.pause_ms": 1000 * SLOW_S}),
    ),
    expect=(
        baseline(success_ratio(0, WHILE_LOST[0] - 1, path=PATH), at_least=0.99),
        on("no-key", "new-key", claim="lost answers are paid for twice", measure=TWICE_LOST,
           at_least=LOST / 2, unlike=("no-retry", "ask-first", "key", "ask-later")),
        on("no-key", "new-key", "ask-first", claim="late answers are paid for twice",
           measure=TWICE_LATE, at_least=0.99, unlike=("no-retry", "key", "ask-later")),
        on("no-retry", claim="all who wait too briefly are told that it failed",
           measure=WRONG_LATE, at_least=0.99, unlike=("key", "ask-later")),
        on("key", "ask-later", claim="each order is paid for once", measure=CHARGES_ALL,
           at_least=1, at_most=1, unlike=("no-key", "new-key", "ask-first")),
        on("key", "ask-later", claim="whoever has paid is told so", measure=WRONG_LATE,
           at_most=0.01, unlike=("no-key", "new-key", "no-retry")),
        noted("key", "ask-later", claim="also when answers are lost", measure=WRONG_LOST,
              at_most=LOST / 4),
    ),
    predict=PREDICTIONS,
    plots=(PAYMENTS_PLOT,),
    reading=READING,
)  # fmt: skip
