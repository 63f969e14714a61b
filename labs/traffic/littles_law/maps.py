"""The map of Little's law: slots against load, and whether everybody is answered in the end."""

from harness.model.sweep_map import Boundary, Numbers, SweepMap
from harness.theory import queues
from labs.traffic.littles_law.predictions import LATE


def needed(rate_rps: float, numbers: Numbers) -> float:
    """Give how many calls are under way: as many slots as that are needed."""
    return queues.littles_law_number(rate_rps=rate_rps, time_s=numbers["bank.service_ms"] / 1000)


MAP = SweepMap(
    title="Is everybody answered in the end?",
    variant="slots-9",
    vary=("load.rate_rps=4..18:2", "checkout.outgoing.bulkhead.slots=3..15"),
    measure=LATE,
    until=">=0.99",
    holds="all are answered",
    fails="not all are",
    boundaries=(Boundary(name="λW", of=needed, source="theory:littles-law", decisive=True),),
)
