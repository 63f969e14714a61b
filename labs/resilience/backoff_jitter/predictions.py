"""What theory says of tills that contend for one account, from the lab's own numbers."""

import math
from functools import partial
from typing import Any

from harness.measures import outcomes
from harness.model import predict
from harness.theory import contention, retries
from harness.theory.contention import Jitter
from labs.resilience.backoff_jitter.measures import first_to_last_s, hasty_calls

TILLS, RATE, BOOKING_S, BASE_S, CAP_S = 20, 4, 0.15, 0.3, 1.5
FROZEN, OVER_S, LATER_S, END_S = (1.2, 6.2), 33, 33.5, 35
"""When the account is frozen, and a till comes every quarter of a second, 20 in all; when the
longest contest is over, and one more till comes.
"""
CALLS = outcomes.calls("account", FROZEN[0], OVER_S)
TAKES = first_to_last_s(*FROZEN)
HASTY = hasty_calls("account", BOOKING_S, FROZEN[0], OVER_S)
LOCKSTEP = contention.lockstep_calls(clients=TILLS)
PAUSES_S = math.fsum(
    retries.backoff_bound_s(retry=retry, base_s=BASE_S, cap_s=CAP_S) for retry in range(1, TILLS)
)
"""How long the last till pauses in all, where they double and nothing is drawn."""
ALONE: Any = {"clients": TILLS, "service_s": BOOKING_S, "pause_s": BASE_S / 2}
drawn = partial(contention.backoff_calls, clients=TILLS, service_s=BOOKING_S, base_s=BASE_S)
FULL, FULL_SD = drawn(cap_s=CAP_S, jitter=Jitter.FULL)
EQUAL, EQUAL_SD = drawn(cap_s=CAP_S, jitter=Jitter.EQUAL)
DECORRELATED, DECORRELATED_SD = drawn(cap_s=CAP_S, jitter=Jitter.DECORRELATED)
LAW = "theory:contention-backoff"
WAY = "the way there and back, some milliseconds of a pause"
NEAR = "94 and 102 calls, which four runs hardly tell apart"

PREDICTIONS = (
    predict(
        "each round serves one till",
        CALLS,
        on="doubling",
        equals=LOCKSTEP,
        model=0.01,
        leaves_out="nothing but a call that is lost on its way",
        also={
            "steady": "the length of a pause does not matter, where all pause equally long",
            "jitter-alone": "229 calls, and a run of it may be 19 below",
        },
        source=LAW,
        because="20 + 19 + ... + 1: all call in each round, and one finds the account free",
    ),
    predict(
        "each round costs a pause",
        TAKES,
        on="doubling",
        equals=PAUSES_S,
        model=0.02,
        leaves_out="the way there and back, some milliseconds of each pause",
        source="theory:backoff-jitter-brooker",
        because="0.3 + 0.6 + 1.2 + 16 x 1.5 s: the pauses of the last till",
    ),
    predict(
        "a pause as short as a booking saves nothing",
        CALLS,
        on="jitter-alone",
        equals=contention.scattered_calls(**ALONE),
        model=0.05,
        leaves_out=WAY,
        chance=contention.scattered_calls_sd(**ALONE),
        also={
            "steady": "210 calls: as many without the 19 of the second round",
            "doubling": "210 calls: as many without the 19 of the second round",
        },
        source=LAW,
        because="39, and 190 x 150 ms / 150 ms: each waiting till calls once in each booking",
    ),
    predict(
        "full jitter halves the calls",
        CALLS,
        on="full",
        equals=FULL,
        model=0.03,
        leaves_out=WAY,
        chance=FULL_SD,
        seeds=4,
        also={"equal": NEAR},
        source=LAW,
        because="100 contests played out, with pauses of up to 0.3, 0.6, 1.2 and 1.5 s",
    ),
    predict(
        "equal jitter makes hardly fewer",
        CALLS,
        on="equal",
        equals=EQUAL,
        model=0.03,
        leaves_out=WAY,
        chance=EQUAL_SD,
        seeds=4,
        also={"full": NEAR, "decorrelated": "73 calls, and a run of it may be 14 above"},
        source=LAW,
        because="the same, with the upper half of each",
    ),
    predict(
        "decorrelated jitter makes a third",
        CALLS,
        on="decorrelated",
        equals=DECORRELATED,
        model=0.03,
        leaves_out=WAY,
        chance=DECORRELATED_SD,
        seeds=4,
        source=LAW,
        because="the same, with pauses from 0.3 s up to three times the one before",
    ),
)
