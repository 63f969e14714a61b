"""What theory says of a day with three defences, or fewer, from the lab's own numbers."""

from harness import measures
from harness.model import predict
from harness.theory import chance, retries

RATE, WORKERS, SERVICE_S, TIMEOUT_S = 20, 2, 0.05, 0.5
CAPACITY_RPS = WORKERS / SERVICE_S
TRIES, BUDGET, BURST = 3, 0.3, 20
QUEUE, THRESHOLD, WINDOW, OPEN_S = 15, 0.8, 20, 1
ERRORS = 0.2
MORNING, FREEZE, END_S = (3, 12), (14, 17), 29
LOOKED_AT, AFTER = (MORNING[0], MORNING[1] - 1), (24, 28)
"""When the day is judged: in the morning, and from seven seconds after the freeze on."""
MORNING_LOST = measures.failed_ratio(*LOOKED_AT)
CALLS_MORNING = measures.attempts_per_request("payments", *LOOKED_AT)
AGAIN = 1.05
"""Calls for each order from which on some were made again; 1.24 where all that fail are."""
SERVED_AFTER = measures.success_ratio(*AFTER)
CALLS_AFTER = measures.attempts_per_request("payments", *AFTER)
WELL_AFTER_S = measures.recovery_s()

DRAIN_S = retries.drain_time_s(
    rate_rps=RATE,
    capacity_rps=CAPACITY_RPS,
    stall_s=FREEZE[1] - FREEZE[0],
    patience_s=TIMEOUT_S - SERVICE_S,
    retry_ratio=BUDGET,
    extra_calls=BURST,
)
HALF_S = 0.5
"""A recovery is counted in whole seconds. Load and work are even, so it is late by the same part of
one under every seed: half a second is what theory leaves out, and no chance."""
DRAINED_S = DRAIN_S + HALF_S

PREDICTIONS = (
    predict(
        "each failed call is an error",
        MORNING_LOST,
        on="no-retry",
        equals=ERRORS,
        chance=chance.binomial_share_sd(
            share=ERRORS, trials=round(RATE * (LOOKED_AT[1] - LOOKED_AT[0]))
        ),
        seeds=4,
        source="counted",
        because="one call in five fails, and none is made again",
    ),
    predict(
        "every try is used up for good",
        CALLS_AFTER,
        on="retries",
        equals=retries.retry_amplification(retries=TRIES - 1),
        model=0.01,
        leaves_out="a try that is answered in time by luck",
        source="theory:metastable-retry",
        because="three tries, each of which runs into its time limit",
    ),
    predict(
        "with the budget alone the backlog drains",
        WELL_AFTER_S,
        on="budget",
        equals=DRAINED_S,
        model=0.1 + HALF_S / DRAINED_S,
        leaves_out="which part of a second is counted, and that one is healthy from 95 % on",
        source="theory:backlog-drain",
        because="20/s x 1.3 come and 40/s are served: 14/s make the queue shorter",
    ),
)
