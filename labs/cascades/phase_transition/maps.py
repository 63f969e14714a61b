"""The map of a standstill: workers against load, and whether it is felt for over a second."""

from harness.model.sweep_map import Boundary, Numbers, SweepMap
from labs.cascades.phase_transition.predictions import LATE_S, LIMIT_S, STALL_S

FELT_S = 1


def carried_rps(workers: float, numbers: Numbers) -> float:
    """Give the load at which a standstill is felt for a second: the drain time, solved for it."""
    service_s = numbers["app.service_ms"] / 1000
    capacity_rps = workers / service_s
    return capacity_rps * (FELT_S + LIMIT_S - service_s) / (FELT_S + STALL_S)


MAP = SweepMap(
    title=f"Is a standstill of {STALL_S:g} s felt for longer than a second?",
    variant="wider",
    vary=("app.workers=1..4", "load.rate_rps=10..190:15"),
    measure=LATE_S,
    until=f"<={FELT_S}",
    holds="over within a second",
    fails="felt for longer",
    boundaries=(
        Boundary(name="drain time", of=carried_rps, source="theory:backlog-drain", decisive=True),
    ),
)
