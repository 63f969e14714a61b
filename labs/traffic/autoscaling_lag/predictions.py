"""What theory says of a spike and of machines that come late, from the lab's own numbers: a fluid.

The machines that the fleet has before the spike follow from its target: that is the headroom.
"""

import math

from harness import measures
from harness.model import predict
from harness.theory import chance, overload, queues, spikes

RATE, TIMES, SPIKE_S, END_S = 15, 3, 8, 24
SPIKE_RPS = RATE * TIMES
SERVICE_S, PATIENCE_S, LOOK_S, BOOT_S, WARM_S = 0.2, 1, 0.5, 4, 0.5
LITTLE, MUCH = 0.55, 0.4
"""The share of the machines that the autoscaler keeps busy: little headroom, and much of it."""
LEAST, MOST, ROOM = 6, 20, 20
AFTER = (SPIKE_S, END_S)
FAILED, LONGEST = measures.failures(*AFTER), measures.latency_ms(0.99, *AFTER)
"""The longest but for one in a hundred, which a busy machine may delay."""


def capacity_rps(busy: float, target: float) -> float:
    """Give what a fleet can do whose autoscaler sees so many busy machines."""
    return math.ceil(busy / target) / SERVICE_S


BUSY = queues.utilisation(rate_rps=RATE, service_s=SERVICE_S)
BEFORE_RPS, AMPLE_RPS = capacity_rps(BUSY, LITTLE), capacity_rps(BUSY, MUCH)
AFTER_RPS = capacity_rps(BEFORE_RPS * SERVICE_S, LITTLE)
LAG_S = LOOK_S + BOOT_S
"""The look that first sees nothing but the spike comes one look after its begin, on average."""
WAITS_S = PATIENCE_S - SERVICE_S
SHORT = overload.backlog(rate_rps=SPIKE_RPS, capacity_rps=BEFORE_RPS, duration_s=LAG_S)
"""How many requests the machines cannot serve until new ones come."""
LATE = spikes.spike_late_requests(
    rate_rps=SPIKE_RPS,
    capacity_rps=BEFORE_RPS,
    lag_s=LAG_S,
    scaled_rps=AFTER_RPS,
    patience_s=WAITS_S,
)
LATER_RPS = SPIKE_RPS * (AFTER_RPS - BEFORE_RPS) / (AFTER_RPS - SPIKE_RPS)
"""How many more are late for each second by which the look comes later."""
LOOK_SD_S = chance.uniform_sd(width=LOOK_S)


def longest_wait_ms(before_rps: float, lag_s: float) -> float:
    """Give the longest wait; of a spread of the lag, its spread."""
    wait_s = spikes.spike_worst_wait_s(rate_rps=SPIKE_RPS, capacity_rps=before_rps, lag_s=lag_s)
    return 1000 * wait_s


PREDICTIONS = (
    predict(
        "all who come for five seconds are late",
        FAILED,
        on="target-55",
        equals=LATE,
        model=0.1,
        leaves_out="that the first look sees a part of the spike, and asks for some machines",
        chance=LATER_RPS * LOOK_SD_S,
        source="theory:spike-late",
        because="too many wait from 1.6 to 6.85 s after the spike's begin, at 45/s",
    ),
    predict(
        "the longest wait fits into the patience",
        LONGEST,
        on="target-40",
        equals=longest_wait_ms(AMPLE_RPS, LAG_S) + 1000 * SERVICE_S,
        model=0.1,
        leaves_out="whole services, and the last of a hundred requests",
        chance=longest_wait_ms(AMPLE_RPS, LOOK_SD_S),
        source="theory:spike-late",
        because="4.5 s of lag x (1 - 40/45), and 200 ms of service",
    ),
    predict(
        "a third of a second is the longest wait",
        LONGEST,
        on="warm-pool",
        equals=longest_wait_ms(BEFORE_RPS, LOOK_S + WARM_S) + 1000 * SERVICE_S,
        model=0.1,
        leaves_out="whole services, and the last of a hundred requests",
        chance=longest_wait_ms(BEFORE_RPS, LOOK_SD_S),
        also={"target-40": "half a second is not far from it, as looks may come late"},
        source="theory:spike-late",
        because="1 s of lag x (1 - 30/45), and 200 ms of service",
    ),
    predict(
        "refuses the excess but for its queue",
        FAILED,
        on="bounded",
        equals=SHORT - ROOM,
        model=0.15,
        leaves_out="that the first look sees a part of the spike, and asks for some machines",
        chance=(SPIKE_RPS - BEFORE_RPS) * LOOK_SD_S,
        source="theory:autoscaling-lag",
        because="15/s too many for 4.5 s, of which 20 find a place to wait",
    ),
)
