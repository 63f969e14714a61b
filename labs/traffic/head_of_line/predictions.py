"""What theory says of answers that wait for others on their connection, from the lab's numbers."""

from harness import measures
from harness.model import predict
from harness.theory import blocking, chance

RATE, SERVE_S, LIMIT_S = 40, 0.02, 0.1
SLOW_SHARE, SLOW_S = 0.1, 0.4
LOST, RESEND_S = 0.1, 0.4
SIX = 6
SLOW, LOSSY, END_S = (3, 12), (14, 32), 33
IN_SLOW, IN_LOSSY = (SLOW[0] + SLOW_S, SLOW[1]), (LOSSY[0] + RESEND_S, LOSSY[1])
"""From when on as many are held up as will be."""
LATE_BEFORE, LATE_SLOW, LATE_LOSSY, LATE_ALL = (
    measures.late_ratio(1000 * LIMIT_S, *window)
    for window in ((0, SLOW[0]), IN_SLOW, IN_LOSSY, (SLOW[0], LOSSY[1]))
)
SPARE_S = LIMIT_S - SERVE_S
"""How much later than it would alone an answer may come, and is not late yet."""
LAW = "theory:head-of-line"
WAY = "the way there and back, some milliseconds of the 80 that are to spare"


def held_up(stall_ratio: float, stall_s: float) -> float:
    """Give the share of answers that are late on one connection that lets none past."""
    return blocking.held_up_ratio(
        rate_rps=RATE, stall_ratio=stall_ratio, stall_s=stall_s, beyond_s=SPARE_S
    )


def held_up_sd(stall_ratio: float, stall_s: float, window: tuple[float, float]) -> float:
    """Give one standard deviation of it in a window."""
    return blocking.held_up_ratio_sd(
        rate_rps=RATE,
        stall_ratio=stall_ratio,
        stall_s=stall_s,
        beyond_s=SPARE_S,
        duration_s=window[1] - window[0],
    )


PREDICTIONS = (
    predict(
        "who is behind a slow answer is late",
        LATE_SLOW,
        on="pipelined",
        equals=held_up(SLOW_SHARE, SLOW_S - SERVE_S),
        model=0.05,
        leaves_out=WAY,
        chance=held_up_sd(SLOW_SHARE, SLOW_S - SERVE_S, IN_SLOW),
        source=LAW,
        because="a slow answer among those of the last 300 ms, of which there are 12",
    ),
    predict(
        "who is behind a lost answer is late",
        LATE_LOSSY,
        on="multiplexed",
        equals=held_up(LOST, RESEND_S),
        model=0.05,
        leaves_out=WAY,
        chance=held_up_sd(LOST, RESEND_S, IN_LOSSY),
        also={"pipelined": "it has one connection too, and nothing is slow then"},
        source=LAW,
        because="a lost answer among those of the last 320 ms, of which there are 13",
    ),
    predict(
        "late is what was lost itself",
        LATE_LOSSY,
        on="streams",
        equals=LOST,
        model=0.02,
        leaves_out="nothing but requests that the window cuts: 400 ms are late by any way",
        chance=chance.binomial_share_sd(
            share=LOST, trials=round(RATE * (IN_LOSSY[1] - IN_LOSSY[0]))
        ),
        seeds=2,
        also={"six": "whose connection is held up is found by hardly any other request"},
        source="counted",
        because="one answer in ten is lost, and no other waits for it",
    ),
)
