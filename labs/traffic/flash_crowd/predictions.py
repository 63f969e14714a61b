"""What theory says of a crowd at a fleet's door, from the lab's own numbers: a fluid, look by look.

The autoscaler's looks fall anywhere against the load: theory takes the mean over ten places.
"""

from collections.abc import Iterator
from statistics import fmean, pstdev
from typing import NamedTuple

from harness import measures
from harness.model import predict
from harness.theory import chance, overload, queues, scaling

RATE, TIMES, FROM_S, FULL_S, END_S = 5, 10, 5, 15, 36
SERVICE_S, PATIENCE_S, LOOK_S, BOOT_S, TARGET = 0.14, 1, 1, 4, 0.75
LEAST, MOST, INSIDE = 3, 11, 18
CROWD, RUSH = (FROM_S, END_S), (14, 22)
RUSH_S = RUSH[1] - RUSH[0]
FAILED, SERVED = measures.failures(*CROWD), measures.success_ratio(*RUSH)
AT_FULL = measures.success_ratio(FULL_S + PATIENCE_S, RUSH[1])
"""From when all are there, and have waited for as long as they will."""
PLACES = [place / 10 for place in range(10)]


class Look(NamedTuple):
    """What comes between two looks, how much is done, and what waits, all in machines."""

    middle_s: float
    load: float
    ready: int
    waits: float


def looks(place_s: float) -> Iterator[Look]:
    """Give the run as a fluid, whose first look is at a place in the first second."""
    # To the middle of a look: exact but where the ramp begins and ends.
    middles = [place_s + look - LOOK_S / 2 for look in range(END_S + 1)]
    loads = [load_rps(middle_s) * SERVICE_S for middle_s in middles]
    served = scaling.tracked_machines(
        loads, machines=LEAST, most=MOST, target=TARGET, boot_looks=BOOT_S // LOOK_S
    )
    yield from map(Look, middles, loads, served, overload.fluid_backlogs(loads, capacities=served))


def load_rps(at_s: float) -> float:
    """Give the ramp: from once to ten times the load."""
    grown = min(max(at_s - FROM_S, 0) / (FULL_S - FROM_S), 1)
    return RATE * (1 + (TIMES - 1) * grown)


def late(place_s: float) -> float:
    """Give how many come to a wait that is longer than their patience, where all may wait."""
    worst_s = PATIENCE_S - SERVICE_S
    lost = sum(one.load for one in looks(place_s) if one.waits / one.ready * LOOK_S > worst_s)
    return lost / SERVICE_S


def let_in(place_s: float) -> float:
    """Give the share of the rush that machines have time for, where the others are turned away."""
    rush = [one for one in looks(place_s) if RUSH[0] <= one.middle_s < RUSH[1]]
    return sum(min(one.load, one.ready) for one in rush) / sum(one.load for one in rush)


LATE, LET_IN = [[of(place) for place in PLACES] for of in (late, let_in)]
FULL_RPS, ENDS_RPS = RATE * TIMES, MOST / SERVICE_S - RATE * TIMES
CAME_S = chance.poisson_count_sd(rate_rps=FULL_RPS, duration_s=END_S - FULL_S) / ENDS_RPS
"""By how much the line ends sooner or later, as fewer or more have come."""
ASK_RPS = TARGET * LEAST / SERVICE_S
RISES_RPS = (FULL_RPS - RATE) / (FULL_S - FROM_S)
ASK_S = chance.poisson_rate_sd(rate_rps=ASK_RPS, duration_s=LOOK_S) / RISES_RPS
"""By how much the first look that asks does, as more or fewer have come before it."""
ASK_ENDS_S = ASK_S * (MOST - LEAST) / SERVICE_S / ENDS_RPS
"""The same of the line's end: machines that all come later leave a longer line."""
WAIT_S = queues.mmc_mean_wait_s(rate_rps=FULL_RPS, service_s=SERVICE_S, servers=MOST)

PREDICTIONS = (
    predict(
        "its machines come four boots late",
        FAILED,
        on="reactive",
        equals=fmean(LATE),
        model=0.05,
        leaves_out="whole requests and looks: the fluid changes from one look to the next",
        chance=chance.sum_sd(pstdev(LATE), FULL_RPS * CAME_S, FULL_RPS * ASK_ENDS_S),
        seeds=2,
        source="theory:target-tracking",
        because="3 busy machines ask for 4, then 6, 8, 11; those who come meanwhile wait over 1 s",
    ),
    predict(
        "lets in whom it can serve",
        SERVED,
        on="waiting-room",
        equals=fmean(LET_IN),
        model=0.05,
        leaves_out="the moments at which the room empties by chance",
        chance=chance.sum_sd(
            pstdev(LET_IN),
            fmean(LET_IN)
            / chance.poisson_count_sd(rate_rps=FULL_RPS, duration_s=RUSH[1] - RUSH[0]),
            ASK_S * (6 - 4) / SERVICE_S / FULL_RPS / (RUSH[1] - RUSH[0]),
        ),
        source="theory:target-tracking",
        because="what 4 and then 6 machines can serve, of 50/s",
    ),
    predict(
        "hardly anybody waits",
        measures.latency_ms(0.5, *RUSH),
        on="pre-scaled",
        equals=1000 * (SERVICE_S + WAIT_S),
        model=0.2,
        leaves_out="the way there and back, and that most wait less than the mean",
        source="theory:mmc-erlang-c",
        because="140 ms of service, and on average 4 ms until one of 11 machines is free",
    ),
)
