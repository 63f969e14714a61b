"""What theory says of retries in layers, from the lab's own numbers."""

from harness import measures
from harness.model import predict
from harness.theory import chance, retries

LAYERS = ("web", "orders", "stock")
TRIES, RATE, TIMES, BUDGET, HALF = 3, 4, 2.5, 0.1, 0.5
ALL_FAIL, HALF_FAIL, END_S = (3, 16), (17, 39), 40
DOWN, HALVED = (5.5, 14.5), (18, 38)
"""What is measured: when every bucket is empty, and until all tries are over."""
CALLS = measures.attempts_per_request("database", *DOWN)
HALF_CALLS = measures.attempts_per_request("database", *HALVED)
LOST, TOLD = measures.failed_ratio(*HALVED), measures.told_after_s(*DOWN)
CHAIN = {"tries": TRIES, "layers": len(LAYERS)}
MULTIPLIED = retries.layered_retry_amplification(**CHAIN)
REQUESTS = TIMES * RATE * (HALVED[1] - HALVED[0])
ONE_LOST = retries.layered_failure_ratio(tries=TRIES, layers=1, failure_ratio=HALF)
BUDGETED = retries.layered_retry_amplification(**CHAIN, budget=BUDGET)
BUDGET_LOST = retries.layered_failure_ratio(**CHAIN, failure_ratio=HALF, budget=BUDGET)
LAW = "theory:retry-amplification-layers"
LOSSES = "nothing but a call that is lost on its way"
LEFT_OVER = [chance.uniform_sd(width=(1 + BUDGET) ** below) for below, _ in enumerate(LAYERS)]
"""The part of a retry in each bucket when the window begins or ends, in calls to the database."""

PREDICTIONS = (
    predict(
        "when all fail, every layer triples",
        CALLS,
        on="each",
        equals=MULTIPLIED,
        model=0.01,
        leaves_out=LOSSES,
        source=LAW,
        because="3 x 3 x 3 tries, none of which is good",
    ),
    predict(
        "a service that is well gets nine",
        measures.attempts_per_request("prices", *DOWN),
        on="each",
        equals=retries.layered_retry_amplification(tries=TRIES, layers=len(LAYERS) - 1),
        model=0.01,
        leaves_out=LOSSES,
        source=LAW,
        because="3 x 3: the tries of the two layers above stock, which begin anew each time",
    ),
    predict(
        "when half fail, two calls do",
        HALF_CALLS,
        on="each",
        equals=retries.layered_retry_amplification(**CHAIN, failure_ratio=HALF),
        model=0.01,
        leaves_out=LOSSES,
        chance=chance.mean_sd(
            sd=retries.layered_retry_calls_sd(**CHAIN, failure_ratio=HALF), samples=round(REQUESTS)
        ),
        also={"one": "1.75 calls, which one run hardly tells from 2"},
        source=LAW,
        because="1.75 x 1.14 x 1.002: above, only what has failed three times is tried again",
    ),
    predict(
        "one layer loses an eighth",
        LOST,
        on="one",
        equals=ONE_LOST,
        chance=chance.binomial_share_sd(share=ONE_LOST, trials=round(REQUESTS)),
        seeds=4,
        source=LAW,
        because="three tries, half of which fail: 0.5 x 0.5 x 0.5",
    ),
    predict(
        "budgets allow a third more calls",
        CALLS,
        on="budgets",
        equals=BUDGETED,
        model=0.01,
        leaves_out=LOSSES,
        chance=chance.sum_sd(*LEFT_OVER, *LEFT_OVER) / (RATE * (DOWN[1] - DOWN[0])),
        source=LAW,
        because="1.1 x 1.1 x 1.1: each layer may try again for a tenth of what it is asked",
    ),
    predict(
        "budgets lose a third",
        LOST,
        on="budgets",
        equals=BUDGET_LOST,
        model=0.01,
        leaves_out="the retries that a bucket cannot keep, as it is full",
        chance=BUDGETED * chance.binomial_share_sd(share=HALF, trials=round(BUDGETED * REQUESTS)),
        seeds=4,
        source=LAW,
        because="1.33 calls for each, half of them good: 67 of 100 customers are answered",
    ),
)
