"""The map of Little's law: slots against load, and whether everybody is answered in the end.

The second map, `in-use`, is how many of twelve slots are in use, over the load.
"""

from harness.model.sweep_map import Boundary, Curve, Numbers, SweepMap
from harness.theory import queues
from labs.traffic.littles_law.predictions import IN_USE, LATE

SLOTS = "checkout.outgoing.bulkhead.slots"


def needed(rate_rps: float, numbers: Numbers) -> float:
    """Give how many calls are under way: as many slots as that are needed."""
    return queues.littles_law_number(rate_rps=rate_rps, time_s=numbers["bank.service_ms"] / 1000)


def in_use(rate_rps: float, numbers: Numbers) -> float:
    """Give how many slots are in use: as many as are needed, or as there are."""
    return min(needed(rate_rps, numbers), numbers[SLOTS])


MAP = SweepMap(
    title="Is everybody answered in the end?",
    variant="slots-9",
    vary=("load.rate_rps=4..18:2", f"{SLOTS}=3..15"),
    measure=LATE,
    until=">=0.99",
    holds="all are answered",
    fails="not all are",
    boundaries=(Boundary(name="λW", of=needed, source="theory:littles-law", decisive=True),),
)

MAPS = {
    "in-use": SweepMap(
        title="How many of twelve slots are in use?",
        variant="slots-12",
        vary=("load.rate_rps=2..20:2",),
        measure=IN_USE,
        until="<=11.5",
        holds="some are free",
        fails="all are in use",
        curves=(Curve(name="λW", of=in_use, source="theory:littles-law"),),
    )
}
