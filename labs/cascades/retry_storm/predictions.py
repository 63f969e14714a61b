"""What theory says of the retry storm, from the lab's own numbers."""

from harness import measures
from harness.model import predict
from harness.theory import chance, retries

RATE, STALL_S, TIMEOUT_S, SERVICE_S, WORKERS, TRIES, BUDGET = 70, 3, 0.5, 0.04, 4, 4, 0.1
QUEUE = {"rate_rps": RATE, "capacity_rps": WORKERS / SERVICE_S, "stall_s": STALL_S}
DRAIN = {**QUEUE, "patience_s": TIMEOUT_S - SERVICE_S}
ONCE_S = retries.drain_time_s(**DRAIN)
BUDGET_S = retries.drain_time_s(**DRAIN, retry_ratio=BUDGET)
HALF_S = 0.5  # a recovery is counted in whole seconds, half of one late on average
ROUNDED = chance.uniform_sd(width=1)
FOLLOWS, DRAINS = "theory:metastable-retry", "theory:backlog-drain"
NEAR = "a second counts as healthy from 95 % on, so the last of the queue may still be in it"

PREDICTIONS = (
    predict(
        "every try is used up",
        measures.attempts_per_request("payments", 9, 25),
        on="naive",
        equals=retries.retry_amplification(retries=TRIES - 1),
        model=0.01,
        leaves_out="a try that is answered in time by luck",
        source=FOLLOWS,
        because="1 + m tries, m = 3, and each runs into its time limit",
    ),
    predict(
        "the storm feeds itself",
        measures.attempts_rps("payments", 12, 25),
        on="naive",
        equals=retries.storm_load_rps(rate_rps=RATE, retries=TRIES - 1),
        chance=TRIES * chance.poisson_rate_sd(rate_rps=RATE, duration_s=13),
        source=FOLLOWS,
        because="(1 + m) x 70/s, on a capacity of 4 / 40 ms = 100/s",
    ),
    predict(
        "with one try the backlog drains",
        measures.recovery_s(),
        on="no-retry",
        equals=ONCE_S + HALF_S,
        model=0.1,
        leaves_out=NEAR,
        chance=chance.sum_sd(retries.drain_time_sd_s(**QUEUE, drain_s=ONCE_S), ROUNDED),
        seeds=3,
        also={"budget": "a tenth more calls is no more than chance"},
        source=DRAINS,
        because="(70/s x 3 s - 100/s x 0.46 s) / (100/s - 70/s), and half a second",
    ),
    predict(
        "with a budget it drains a little later",
        measures.recovery_s(),
        on="budget",
        equals=BUDGET_S + HALF_S,
        model=0.1,
        leaves_out=NEAR,
        chance=chance.sum_sd(
            retries.drain_time_sd_s(**QUEUE, drain_s=BUDGET_S, retry_ratio=BUDGET), ROUNDED
        ),
        seeds=3,
        also={"no-retry": "a tenth fewer calls is no more than chance"},
        source=DRAINS,
        because="as with one try, and a tenth of all requests is tried again",
    ),
)
