"""What theory says of a full queue and what it refuses, from the lab's own numbers."""

from harness import measures
from harness.model import predict
from harness.theory import chance, loss, overload

SLOTS, WORK_S, QUEUE, RESERVED = 6, 0.15, 35, 30
PATIENCE_S, REFUSAL_COST = 3, 1 / 3
CARRIES = SLOTS / WORK_S
TIMES, BUYERS, VISITORS = 5, 7.2, 8.8
BUY_RPS, VISIT_RPS = TIMES * BUYERS, TIMES * VISITORS
SURGE, END_S = (3, 20), 23
FULL = (7, SURGE[1])
"""When the queue is full, and one without a limit is longer than anybody's patience."""
BUY, BROWSE = "/?do=buy", "/?do=browse"
SERVED, ANSWERED = measures.success_ratio(*FULL, path=BUY), measures.goodput_rps(*FULL)
VISIT_SERVED = measures.success_ratio(*FULL, path=BROWSE)
WAIT = measures.latency_ms(0.5, *FULL, path=BUY)
FULL_S = FULL[1] - FULL[0]
CUT = "requests under way when the window begins and ends"


def served(reserved: int) -> float:
    """Give the share of buyers that get in where so many places are reserved for them."""
    most = SLOTS + QUEUE
    return 1 - loss.reserved_loss_ratio(
        rates_rps=(BUY_RPS, VISIT_RPS),
        limits=(most, most - reserved),
        servers=SLOTS,
        service_s=WORK_S,
    )


def served_sd(reserved: int) -> float:
    """Give one standard deviation of it in one run, or more where a run loses many or none.

    A full queue loses buyers one after the other, so that few are independent of each other: as
    many as vary by what the queue's refusals do.
    """
    most = SLOTS + QUEUE
    sd = loss.reserved_loss_sd(
        rates_rps=(BUY_RPS, VISIT_RPS),
        limits=(most, most - reserved),
        servers=SLOTS,
        service_s=WORK_S,
        duration_s=FULL_S,
    )
    lost = 1 - served(reserved)
    return chance.skewed_share_sd(share=lost, trials=round(lost * (1 - lost) / sd**2))


COSTLY = {
    "rate_rps": BUY_RPS + VISIT_RPS,
    "capacity_rps": CARRIES,
    "refusal_cost": REFUSAL_COST,
}

PREDICTIONS = (
    predict(
        "order in the queue saves nobody",
        SERVED,
        on="ordered",
        equals=served(0),
        model=0.02,
        leaves_out=CUT,
        chance=served_sd(0),
        also={
            "short": "it has the same queue, in another order",
            "costly": "20/s of 36/s, 56 %, which one run hardly tells from 50",
        },
        source="theory:shedding-reserved-places",
        because="80/s come and 40/s are done: half of either kind find the queue full",
    ),
    predict(
        "nearly all get in past a reserve",
        SERVED,
        on="reserve",
        equals=served(RESERVED),
        model=0.02,
        leaves_out=CUT,
        chance=served_sd(RESERVED),
        also={"displace": "99.7 %, which one run does not tell from 99.6"},
        source="theory:shedding-reserved-places",
        because="the queue is full of buyers for 0.4 % of the time",
    ),
    predict(
        "refusals take half of the work",
        ANSWERED,
        on="costly",
        equals=overload.costly_refusals_served_rps(**COSTLY),
        model=0.05,
        leaves_out=f"{CUT}, and requests that are served too late",
        chance=overload.costly_refusals_served_sd_rps(**COSTLY, duration_s=FULL_S),
        source="theory:shedding-costly-refusals",
        because="20 x 1 + 60 x 1/3 = 40: 20/s are answered and 60/s refused",
    ),
)
