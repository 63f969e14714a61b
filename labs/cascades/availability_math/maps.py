"""The maps of the nines: what is lost over the crews that repair, and over the time of a wait."""

from harness.model.sweep_map import Curve, Numbers, SweepMap
from harness.theory import availability
from labs.cascades.availability_math.predictions import LOST


def with_crews(crews: float, numbers: Numbers) -> float:
    """Give the share lost of a system that has so many crews."""
    return 1 - availability.crewed_availability(
        stages=round(numbers["shop.stages"]),
        copies=round(numbers["shop.copies"]),
        crews=round(crews),
        mtbf_s=numbers["shop.mtbf_ms"] / 1000,
        mttr_s=numbers["shop.mttr_ms"] / 1000,
    )


def after_waiting(wait_ms: float, numbers: Numbers) -> float:
    """Give the share lost of requests that wait for up to so long at each stage."""
    lost = availability.outlasting_outage_ratio(
        mtbf_s=numbers["shop.mtbf_ms"] / 1000,
        mttr_s=numbers["shop.mttr_ms"] / 1000,
        wait_s=wait_ms / 1000,
    )
    return 1 - (1 - lost) ** round(numbers["shop.stages"])


MAP = SweepMap(
    title="How much is lost with how many crews for ten parts?",
    variant="one-crew",
    vary=("shop.crews=1..5",),
    measure=LOST,
    until="<=0.2",
    holds="the spares are worth it",
    fails="too few crews",
    seeds=3,
    curves=(Curve(name="Markov", of=with_crews, source="theory:repair-crews"),),
)

MAPS = {
    "wait": SweepMap(
        title="How much is lost by requests that wait?",
        variant="quicker-waits",
        vary=("shop.wait_ms=0..250:50",),
        measure=LOST,
        until="<=0.2",
        holds="a fifth at most",
        fails="more than a fifth",
        seeds=3,
        curves=(Curve(name="expected", of=after_waiting, source="theory:outlasting-outage"),),
    )
}
