"""What queueing theory says of four desks, from the lab's own numbers."""

import math
from typing import Any

from harness import measures
from harness.model import predict
from harness.theory import queues
from labs.traffic.queueing_models.measures import mean_wait_ms, waiting_share
from services.worker import MIX

RATE, DESKS, WORK_S = 40, 4, 0.05
SETTLED, END_S = (2, 22), 23
WAIT, TIME = mean_wait_ms(*SETTLED), measures.mean_latency_ms(*SETTLED)
SHARE = waiting_share(*SETTLED)
PEOPLE = RATE * (SETTLED[1] - SETTLED[0])
LINE = {"rate_rps": RATE / DESKS, "service_s": WORK_S}
SHARED: Any = {"rate_rps": RATE, "service_s": WORK_S, "servers": DESKS}
RESPONSE_MS = 1000 * queues.mm1_mean_response_s(rate_rps=RATE / DESKS, capacity_rps=1 / WORK_S)
SHARE_SD = queues.mmc_waiting_share_sd(**SHARED, arrivals=PEOPLE)
WORK_SD_MS = 1000 * WORK_S / math.sqrt(PEOPLE)
TIMER_SD_MS = 1
"""Assumed: on a real machine a program that sleeps wakes up a little late. Four of it are less than
the wait of 5 ms up to which the lab says that nobody waits."""
WAY_MS, WAY = 5, "the way there and back, of some milliseconds"
SKEWED = "a run begins with empty lines, and a mean of a few long waits is skewed"
Moments = tuple[float, float, float, float]


def moments(first: float, second: float, third: float, fourth: float) -> Moments:
    """Give the moments of a law of work from those of one with a mean of 1."""
    return first * WORK_S, second * WORK_S**2, third * WORK_S**3, fourth * WORK_S**4


def mixed(power: int) -> float:
    """Give a moment of mixed work with a mean of 1."""
    return sum(share**power for share in MIX) / len(MIX)


EQUAL = moments(1, 1, 1, 1)
EXPONENTIAL = moments(1, 2, math.factorial(3), math.factorial(4))
MIXED = moments(mixed(1), mixed(2), mixed(3), mixed(4))


def own_line_ms(law: Moments) -> float:
    """Give the mean wait in a line that people join at random, by Pollaczek and Khinchine."""
    cv2 = law[1] / law[0] ** 2 - 1
    return 1000 * queues.pollaczek_khinchine_wait_s(**LINE, service_cv2=cv2)


def own_line_sd_ms(law: Moments) -> float:
    """Give one standard deviation of it, as a mean of all who stood in four such lines."""
    return 1000 * queues.mg1_mean_wait_sd_s(
        rate_rps=RATE / DESKS, service_moments=law, arrivals=PEOPLE
    )


WAITS_MS = {
    "even": 0.0,
    "equal": own_line_ms(EQUAL),
    "exponential": own_line_ms(EXPONENTIAL),
    "mixed": own_line_ms(MIXED),
}
"""What theory has of a variant's mean wait; of `even` by Kingman's formula, as nothing varies."""
SD_MS = {
    WAITS_MS["even"]: TIMER_SD_MS,
    WAITS_MS["equal"]: own_line_sd_ms(EQUAL),
    WAITS_MS["exponential"]: own_line_sd_ms(EXPONENTIAL),
    WAITS_MS["mixed"]: own_line_sd_ms(MIXED),
}
"""One standard deviation of it in one run, by that wait."""


def as_formula_says(wait_ms: float) -> float:
    """Give what a variant is to wait, which is the value by which it differs from the others."""
    return wait_ms


PREDICTIONS = (
    predict(
        "the time doubles",
        TIME,
        on="exponential",
        equals=RESPONSE_MS,
        model=WAY_MS / RESPONSE_MS,
        leaves_out=WAY,
        chance=own_line_sd_ms(EXPONENTIAL) + WORK_SD_MS,
        seeds=3,
        also={
            "equal": "75 ms, which three runs hardly tell from 100",
            "mixed": "131 ms, and one run of it may be 30 below",
            "one-line-mixed": "57 ms, and one run of it may be 10 above",
        },
        source="theory:mm1",
        because="M/M/1: 1 / (20/s - 10/s), where the work alone takes 1 / (20/s)",
    ),
    predict(
        "one in six waits at all",
        SHARE,
        on="one-line",
        equals=queues.erlang_c(servers=DESKS, offered_erlangs=RATE * WORK_S),
        chance=SHARE_SD,
        seeds=3,
        also={"one-line-mixed": "the same: how often all are busy hardly depends on the work"},
        source="theory:mmc-erlang-c",
        because="Erlang's C(4, 2): how often all four desks are busy",
    ),
)
