"""What theory says of a backend that refuses and of clients that notice, from the lab's numbers."""

from harness import measures
from harness.model import Paced, Surge, predict
from harness.theory import chance, overload

WORKERS, WORK_S, QUEUE, REFUSAL_COST = 4, 0.2, 8, 0.25
CAPACITY_RPS = WORKERS / WORK_S
USUAL_RPS, TIMES = 15, 4
CROWD_RPS = USUAL_RPS * TIMES
SURGE, END_S = (4, 18), 30
FULL, AFTER = (9, SURGE[1]), (SURGE[1] + 6, END_S)
"""When the crowd has been there for longer than a short memory, and when it has been forgotten."""
SPAN_S, LONG_S = 4, 120
K, SMALL_K = 2, 1.25
GOOD, GOOD_AFTER = measures.goodput_rps(*FULL), measures.success_ratio(*AFTER)
SENT = measures.attempts_rps("backend", *FULL)
FULL_S = FULL[1] - FULL[0]
LOAD = Paced(
    rate_rps=USUAL_RPS,
    to="shop",
    timeout_ms=3000,
    phases=(Surge(start_s=SURGE[0], end_s=SURGE[1], times=TIMES),),
)
COSTLY = {"capacity_rps": CAPACITY_RPS, "refusal_cost": REFUSAL_COST}


def accepted_rps(k: float) -> float:
    """Give what the backend accepts of clients that send k times as much as it accepts.

    Of k x a that come, a cost a service each and (k - 1) x a a refusal: a (1 + (k - 1) r) = c.
    """
    return CAPACITY_RPS / (1 + (k - 1) * REFUSAL_COST)


def sent_rps(k: float) -> float:
    """Give what these clients send."""
    return overload.adaptive_throttle_backend_rps(
        rate_rps=CROWD_RPS, capacity_rps=accepted_rps(k), multiplier=k
    )


def sent_sd_rps(k: float) -> float:
    """Give one standard deviation of it in one run: each request is sent or not, by the dice."""
    share = sent_rps(k) / CROWD_RPS
    return chance.binomial_count_sd(share=share, trials=CROWD_RPS * FULL_S) / FULL_S


ANSWERED_RPS = overload.costly_refusals_served_rps(rate_rps=CROWD_RPS, **COSTLY)
OVERRUN_S = 0.004
"""How much longer a piece of work may take where a machine has others to do: some milliseconds."""
NEAR = "23.5 and 32, which one run of nine seconds does not always tell apart"
WHOLE = "that what is sent now follows from what was accepted in the last seconds"

PREDICTIONS = (
    predict(
        "most of the work is refusing",
        GOOD,
        on="all-sent",
        equals=ANSWERED_RPS,
        model=OVERRUN_S * CROWD_RPS * CAPACITY_RPS / WORKERS / (1 - REFUSAL_COST) / ANSWERED_RPS,
        leaves_out="that work takes a little longer than it must: 4 ms a request are 24 %",
        source="theory:shedding-costly-refusals",
        because="a + (60 - a) / 4 = 20: 6.7/s are answered and 53/s refused",
    ),
    predict(
        "twice as many as are accepted",
        SENT,
        on="twice",
        equals=sent_rps(K),
        model=0.05,
        leaves_out=WHOLE,
        chance=sent_sd_rps(K),
        also={
            "long-memory": "the same rule, and by then it remembers little but the crowd",
            "quarter-more": NEAR,
        },
        source="theory:adaptive-throttling",
        because="K x c, and c = 20 / (1 + 1/4) = 16: the rest of the work is refusing",
    ),
    predict(
        "a quarter more than are accepted",
        SENT,
        on="quarter-more",
        equals=sent_rps(SMALL_K),
        model=0.05,
        leaves_out=WHOLE,
        chance=sent_sd_rps(SMALL_K),
        also={"twice": NEAR},
        source="theory:adaptive-throttling",
        because="K x c, and c = 20 / (1 + 1/16) = 18.8",
    ),
)
