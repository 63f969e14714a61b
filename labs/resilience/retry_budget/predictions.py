"""What theory says of retries that are paid for, from the lab's own numbers."""

from harness import measures
from harness.model import Paced, predict
from harness.theory import chance, retries

WORKERS, SERVICE_S, TIMEOUT_S, STALL_S = 4, 0.08, 0.5, 1
CAPACITY_RPS = WORKERS / SERVICE_S
TRIES, BUDGET, BURST = 4, 0.1, 10
QUIET_RPS, BUSY_RPS, FLAKY_RPS = 40, 46, 20
FAILING = 0.5
FROM_S, END_S = 5, 20
STORM, FLAKY = (16, END_S), (8, 15)
"""When a storm has settled; and while calls fail, once a full bucket is spent."""
GOOD, GOOD_FLAKY = measures.success_ratio(*STORM), measures.success_ratio(*FLAKY)
CALLS, CALLS_FLAKY = (measures.attempts_per_request("stock", *one) for one in (STORM, FLAKY))
AGAIN_S = measures.recovery_s()
REFUSED = measures.success_ratio(FROM_S + STALL_S, FROM_S + STALL_S + 1)
REQUESTS = FLAKY_RPS * (FLAKY[1] - FLAKY[0])
PATIENCE_S = TIMEOUT_S - SERVICE_S
HALF_S = 0.5
"""A recovery is counted in whole seconds. Load and work are even, so it is late by the same part of
one under every seed: half a second is what theory leaves out, and no chance."""
CALLS_SD = retries.layered_retry_calls_sd(tries=TRIES, layers=1, failure_ratio=FAILING)
ENOUGH_BELOW_RPS = CAPACITY_RPS / retries.retry_budget_amplification(budget=BUDGET)


def load(rate_rps: float) -> Paced:
    """Send so many requests a second."""
    return Paced(rate_rps=rate_rps, to="shop", timeout_ms=3000)


def good_sd(share: float) -> float:
    """Give one standard deviation of a share of the requests while calls fail."""
    return chance.binomial_share_sd(share=share, trials=REQUESTS)


SAVED = 1 - FAILING**TRIES
SAVED_IN_BUDGET = 1 - retries.layered_failure_ratio(
    tries=TRIES, layers=1, failure_ratio=FAILING, budget=BUDGET
)
DRAINED_S = HALF_S + retries.drain_time_s(
    rate_rps=QUIET_RPS,
    capacity_rps=CAPACITY_RPS,
    stall_s=STALL_S,
    patience_s=PATIENCE_S,
    retry_ratio=BUDGET,
    extra_calls=BURST,
)
DRAINED_ONCE_S = HALF_S + retries.drain_time_s(
    rate_rps=BUSY_RPS, capacity_rps=CAPACITY_RPS, stall_s=STALL_S, patience_s=PATIENCE_S
)

PREDICTIONS = (
    predict(
        "four calls for each request",
        CALLS,
        on="all-tries",
        equals=retries.retry_amplification(retries=TRIES - 1),
        model=0.02,
        leaves_out="tries that are under way at the window's ends",
        source="theory:metastable-retry",
        because="1 + m tries, m = 3, and each runs into its time limit",
    ),
    predict(
        "a tenth more calls than requests",
        CALLS,
        on="busy",
        equals=retries.retry_budget_amplification(budget=BUDGET),
        model=0.02,
        leaves_out="retries that are under way at the window's ends",
        source="theory:retry-budget",
        because="1 + b, when everything fails",
    ),
    predict(
        "the backlog drains",
        AGAIN_S,
        on="budget",
        equals=DRAINED_S,
        model=0.1 + HALF_S / DRAINED_S,
        leaves_out="which part of a second is counted, and that one is healthy from 95 % on",
        also={"busy-once": "a longer queue that drains as slowly"},
        source="theory:backlog-drain",
        because="the stall's calls and ten of the bucket, at 50/s less 1.1 x 40/s",
    ),
    predict(
        "without a retry it would drain",
        AGAIN_S,
        on="busy-once",
        equals=DRAINED_ONCE_S,
        model=0.01 * CAPACITY_RPS / (CAPACITY_RPS - BUSY_RPS) + HALF_S / DRAINED_ONCE_S,
        leaves_out="which part of a second is counted, and a worker's own time for a call: 1 % of "
        "it is an eighth of what is to spare",
        also={"budget": "a shorter queue that drains as slowly"},
        source="theory:backlog-drain",
        because="the stall's calls at 50/s less 46/s",
    ),
    predict(
        "four tries save fifteen of sixteen",
        GOOD_FLAKY,
        on="flaky",
        equals=SAVED,
        chance=good_sd(SAVED),
        also={"busy-breaker": "nothing fails there by then"},
        source="theory:retry-amplification-layers",
        because="1 - 0.5^4",
    ),
    predict(
        "what four tries cost",
        CALLS_FLAKY,
        on="flaky",
        equals=retries.retry_amplification(retries=TRIES - 1, failure_ratio=FAILING),
        chance=CALLS_SD / REQUESTS**0.5,
        source="theory:retry-amplification-layers",
        because="1 + 0.5 + 0.25 + 0.125",
    ),
    predict(
        "a budget saves few",
        GOOD_FLAKY,
        on="flaky-budget",
        equals=SAVED_IN_BUDGET,
        chance=good_sd(SAVED_IN_BUDGET),
        also=dict.fromkeys(("budget", "busy-once"), "they are still recovering then"),
        source="theory:retry-amplification-layers",
        because="1.1 calls for each request, of which half are good",
    ),
)
