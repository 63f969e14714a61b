"""The maps of the loop: which gains come to rest, over the lag and over what is averaged."""

import math

from harness.model.sweep_map import Boundary, Numbers, SweepMap
from harness.theory import feedback
from labs.cascades.feedback_oscillation.predictions import RESTS, WITHIN

LAG, AVERAGED, GAIN = "shop.lag_ms", "shop.averaged", "shop.gain"


def limit_of_lag(lag_ms: float, numbers: Numbers) -> float:
    """Give the gain up to which a loop of some lag comes to rest."""
    looks = math.ceil(lag_ms / numbers["shop.look_ms"])
    return feedback.gain_limit(lag_looks=looks, averaged=round(numbers[AVERAGED]))


def limit_of_average(averaged: float, numbers: Numbers) -> float:
    """Give the gain up to which a loop that averages so many looks comes to rest."""
    looks = math.ceil(numbers[LAG] / numbers["shop.look_ms"])
    return feedback.gain_limit(lag_looks=looks, averaged=round(averaged))


MAP = SweepMap(
    title="Does it come to rest?",
    variant="eager",
    vary=(f"{LAG}=250..2250:500", f"{GAIN}=0.1..1:0.1"),
    measure=RESTS,
    until=f"<={WITHIN:g}",
    holds="it rests",
    fails="it swings",
    boundaries=(
        Boundary(name="limit", of=limit_of_lag, source="theory:feedback-loop", decisive=True),
    ),
)

MAPS = {
    "average": SweepMap(
        title="Does averaging bring it to rest?",
        variant="eager",
        vary=(f"{AVERAGED}=1..11:2", f"{GAIN}=0.1..0.8:0.1"),
        measure=RESTS,
        until=f"<={WITHIN:g}",
        holds="it rests",
        fails="it swings",
        boundaries=(
            Boundary(
                name="limit", of=limit_of_average, source="theory:feedback-loop", decisive=True
            ),
        ),
    )
}
