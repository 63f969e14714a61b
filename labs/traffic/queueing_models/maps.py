"""The map of lines: how many there are for four desks, against load, and whether the wait is short.

Work is exponential. With as many lines as desks each is an M/M/1, with one line it is M/M/4. The
second map, `wait`, is the mean wait of the first kind over the load.
"""

from harness.model.sweep_map import Boundary, Curve, Numbers, SweepMap
from harness.theory import queues
from labs.traffic.queueing_models.predictions import DESKS, WAIT, WORK_S

WAIT_S = WORK_S
"""As long as the work itself takes."""
PARTS = 40


def carried_rps(lines: float, numbers: Numbers) -> float:
    """Give the load at which the mean wait is as long as the work, by halving the range."""
    desks, service_s = numbers["office.desks"], numbers["office.service_ms"] / 1000
    low, high = 0.0, desks / service_s
    for _ in range(PARTS):
        middle = (low + high) / 2
        wait_s = queues.mmc_mean_wait_s(
            rate_rps=middle / lines, service_s=service_s, servers=round(desks / lines)
        )
        low, high = (middle, high) if wait_s < WAIT_S else (low, middle)
    return low


def wait_ms(rate_rps: float, numbers: Numbers) -> float:
    """Give the mean wait where every desk has a line of its own: M/M/1 at a share of the load."""
    service_s, line_rps = numbers["office.service_ms"] / 1000, rate_rps / numbers["office.desks"]
    return 1000 * queues.mm1_mean_response_s(rate_rps=line_rps, capacity_rps=1 / service_s) - (
        1000 * service_s
    )


MAP = SweepMap(
    title=f"Is the mean wait shorter than the work, at {DESKS} desks?",
    variant="exponential",
    vary=("office.lines=1,2,4", "load.rate_rps=20..75:5"),
    measure=WAIT,
    until=f"<={1000 * WAIT_S:g}",
    holds="the wait is shorter than the work",
    fails="the wait is longer",
    seeds=5,
    boundaries=(
        Boundary(name="M/M/c", of=carried_rps, source="theory:mmc-erlang-c", decisive=True),
    ),
)

MAPS = {
    "wait": SweepMap(
        title=f"How long do people wait in {DESKS} lines?",
        variant="exponential",
        vary=("load.rate_rps=20..70:5",),
        measure=WAIT,
        until=f"<={1000 * WAIT_S:g}",
        holds="the wait is shorter than the work",
        fails="the wait is longer",
        seeds=5,
        curves=(Curve(name="M/M/1", of=wait_ms, source="theory:mm1"),),
    )
}
