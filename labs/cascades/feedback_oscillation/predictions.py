"""What theory says of the loop, from the lab's own numbers: its limit, and how it swings."""

import math

from harness import measures
from harness.measures import gauges
from harness.model import predict
from harness.theory import chance, feedback, queues
from labs.cascades.feedback_oscillation.measures import swing, swing_period_s

RATE, SERVICE_S, TARGET = 30, 0.4, 0.6
LOOK_S, LAG_S = 0.5, 1.25
PUSH_S, PUSHED_S, TIMES, END_S = 4, 7, 1.5, 34
LEAST, MOST, TOLERANCE, PATIENCE_S = 4, 40, 0.2, 1
ALL, HALF, SIX = 1, 0.5, 6
NEEDED = round(queues.utilisation(rate_rps=RATE, service_s=SERVICE_S) / TARGET)
"""Machines that are wanted at the load as it is, before the push and ever after."""
LATER = (14, END_S)
"""Long after the push: two swings of the slower loop, and the gentle one has come to rest."""
CALM = (END_S - 10, END_S)
"""When loops that come to rest have done so."""
READY = "machines_ready"
SWING, RESTS = swing(READY, *LATER), swing(READY, *CALM)
PERIOD = swing_period_s(READY, NEEDED, *LATER)
LOST = measures.failed_ratio(*LATER)
HIGHEST = gauges.peak(READY, 0, END_S)
WITHIN = 2 * TOLERANCE * NEEDED
"""Machines between one end of the tolerance and the other."""

LAG_LOOKS = math.ceil(LAG_S / LOOK_S)
PERIOD_S, SLOW_PERIOD_S = (
    LOOK_S * feedback.swing_period_looks(gain=gain, lag_looks=LAG_LOOKS, averaged=averaged)
    for gain, averaged in ((ALL, 1), (HALF, SIX))
)
PUSHED = queues.utilisation(rate_rps=RATE * TIMES, service_s=SERVICE_S) / TARGET


def period_sd_s(period_s: float) -> float:
    """Give how far samples of whole seconds shift the first way up and the last."""
    periods = int((LATER[1] - LATER[0]) / period_s) - 1
    shift_s = chance.uniform_sd(width=1)
    return chance.sum_sd(shift_s, shift_s) / max(1, periods)


PREDICTIONS = (
    predict(
        "turns after lag and look",
        PERIOD,
        on="eager",
        equals=PERIOD_S,
        model=0.15,
        leaves_out="that a swing turns sooner where its bounds stop it",
        chance=period_sd_s(PERIOD_S),
        source="theory:feedback-loop",
        because="8.9 looks of half a second, for a gain of 1 and a lag of three looks",
    ),
    predict(
        "turns later for the average",
        PERIOD,
        on="averaging",
        equals=SLOW_PERIOD_S,
        model=0.15,
        leaves_out="that a swing turns sooner where its bounds stop it",
        chance=period_sd_s(SLOW_PERIOD_S),
        source="theory:feedback-loop",
        because="18.2 looks, for a gain of 0.5, the same lag, and an average of six looks",
    ),
    predict(
        "orders what is missing, and no more",
        HIGHEST,
        on="counting",
        equals=PUSHED,
        model=0.1,
        leaves_out="whole machines, and arrivals that a look cuts off",
        source="theory:feedback-loop",
        because="45/s of 0.4 s at 60 % are 30 machines",
    ),
)
