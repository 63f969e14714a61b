"""What theory says of tries whose answers are lost, from the lab's own numbers."""

import math

from harness.model import Paced, Poisson, Send, Together, predict
from harness.theory import chance, messaging, retries
from labs.resilience.idempotency.measures import (
    LIST,
    PATH,
    charged_twice_ratio,
    charges_per_order,
    wrongly_refused_ratio,
)

RATE, TRIES, TIMEOUT_S = 40, 3, 0.25
LOST, LOST_S = 0.2, (2, 12)
"""Share of the answers that are lost, and when."""
LATE_S, SLOW_S = (13, 16), 0.4
"""When answers are late, and how long a payment takes then: longer than the shop waits."""
CLOSED_S, END_S = 16, 18
"""When the last order comes, and when the last list is looked at."""
SENT = Together(
    of=(
        Poisson(
            rate_rps=RATE,
            to="shop",
            mix=(Send(method="POST", path=f"{PATH}/{{number}}"),),
            timeout_ms=3000,
            end_s=CLOSED_S,
        ),
        Paced(rate_rps=1, to="payments", path=LIST, keep_answers=True),
    )
)
EDGE_S = 0.5
WHILE_LOST = (LOST_S[0] + EDGE_S, LOST_S[1] - EDGE_S)
WHILE_LATE = (LATE_S[0] + EDGE_S, LATE_S[1] - TRIES * TIMEOUT_S)
ORDERS = round(RATE * (WHILE_LOST[1] - WHILE_LOST[0]))
TWICE_LOST, TWICE_LATE = charged_twice_ratio(*WHILE_LOST), charged_twice_ratio(*WHILE_LATE)
CHARGES_LOST, CHARGES_LATE = charges_per_order(*WHILE_LOST), charges_per_order(*WHILE_LATE)
CHARGES_ALL = charges_per_order(0, CLOSED_S)
WRONG_LOST, WRONG_LATE = wrongly_refused_ratio(*WHILE_LOST), wrongly_refused_ratio(*WHILE_LATE)
SHARE_SD = chance.binomial_share_sd(share=LOST, trials=ORDERS)
DUPLICATES = messaging.duplicates_per_message(ack_loss_ratio=LOST)


def charges_sd() -> float:
    """Give one standard deviation of the payments per order in one run."""
    shares = [LOST**k * (1 - LOST) for k in range(TRIES - 1)]
    shares.append(1 - math.fsum(shares))
    mean = math.fsum(k * share for k, share in enumerate(shares, 1))
    variance = math.fsum((k - mean) ** 2 * share for k, share in enumerate(shares, 1))
    return chance.mean_sd(sd=math.sqrt(variance), samples=ORDERS)


PREDICTIONS = (
    predict(
        "one in five pays twice",
        TWICE_LOST,
        on="no-key",
        equals=LOST,
        chance=SHARE_SD,
        also={"new-key": "a key of the try is no key"},
        source="theory:at-least-once",
        because="whoever's first answer is lost is charged by the second try too",
    ),
    predict(
        "a quarter more payments than orders",
        CHARGES_LOST,
        on="no-key",
        equals=retries.retry_amplification(retries=TRIES - 1, failure_ratio=LOST),
        chance=charges_sd(),
        also={"new-key": "each try is a payment"},
        source="theory:at-least-once",
        because=f"1 + 0.2 + 0.2^2; for ever more tries {1 + DUPLICATES:g}",
    ),
    predict(
        "one payment for each try",
        CHARGES_LATE,
        on="no-key",
        equals=TRIES,
        also={"new-key": "each try is a payment"},
        model=0.05,
        leaves_out="a machine that stops for a tenth of a second",
        source="counted",
        because="no try is answered in time, and all are carried out",
    ),
    predict(
        "who asks too early pays twice",
        CHARGES_LATE,
        on="ask-first",
        equals=2,
        model=0.05,
        leaves_out="a machine that stops for a tenth of a second",
        source="counted",
        because="250 ms after the first try its payment is not there, 500 ms after it is",
    ),
    predict(
        "one in five has paid and is told otherwise",
        WRONG_LOST,
        on="no-retry",
        equals=LOST,
        chance=SHARE_SD,
        source="theory:at-least-once",
        because="the only answer is lost with 0.2, and the payment was made",
    ),
)
