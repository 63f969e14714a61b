"""What theory says of replicas that share a rack, from the lab's own numbers."""

import math

from harness import measures
from harness.model import predict
from harness.theory import availability, chance

OWN, RACK, RATE = 0.05, 0.2, 20
"""Share of the moments in which a replica is down by itself, and in which a rack is."""
RACKS = ("rack-1", "rack-2", "rack-3")
HOMES = (RACKS[0],) * 5 + RACKS[1:]
APPS = tuple(f"app-{number}" for number in range(1, len(HOMES) + 1))
THREE, FIVE = APPS[:3], APPS[:5]
"""All in the first rack."""
APART = (APPS[0], *APPS[5:])
TWO_APART = APART[:2]
WEAK_S, END_S = 3, 24
FRONT = "front"
LOST = measures.failed_ratio(WEAK_S, END_S)
SECOND = measures.failed_tries_ratio(FRONT, 2, WEAK_S, END_S)
ASKED = round(RATE * (END_S - WEAK_S))

CAUSES = {"own_ratio": OWN, "shared_ratio": RACK}
UP = availability.series_availability(1 - OWN, 1 - RACK)
DOWN = 1 - UP
"""Share of the moments in which a replica is of no use, wherever it stands."""
TOGETHER = availability.shared_cause_failure_ratio(**CAUSES, replicas=len(THREE))
CROWDED = availability.shared_cause_failure_ratio(**CAUSES, replicas=len(FIVE))
SPREAD_TWO = 1 - availability.parallel_availability(*(UP for _ in TWO_APART))
PHI = availability.failure_correlation(
    failure_ratio=DOWN,
    joint_ratio=availability.shared_cause_failure_ratio(**CAUSES, replicas=2),
)
AGAIN = (
    availability.joint_failure_probability(failure_ratio=DOWN, correlation=PHI) / DOWN
)  # fmt: skip
HALFWAY = math.sqrt(CROWDED * SPREAD_TWO)
"""Between five replicas in one rack and two in two, as many times below one as above the other."""
SHARED, SPARES = "theory:shared-cause", "theory:availability-algebra"


def lost_sd(share: float) -> float:
    """Give one standard deviation of a share of the requests of a run."""
    return chance.binomial_share_sd(share=share, trials=ASKED)


def again_sd(share: float) -> float:
    """Give one standard deviation of a share of the second tries of a run."""
    return chance.binomial_share_sd(share=share, trials=round(ASKED * DOWN))


PREDICTIONS = (
    predict(
        "three lose what their rack loses",
        LOST,
        on="one-rack",
        equals=TOGETHER,
        chance=lost_sd(TOGETHER),
        also={"five": "0.2 + 0.8 x 0.05^5 is 0.2, too"},
        source=SHARED,
        because="0.2 + 0.8 x 0.05^3: the rack is down, or all three are by themselves",
    ),
    predict(
        "so do five",
        LOST,
        on="five",
        equals=CROWDED,
        chance=lost_sd(CROWDED),
        also={"one-rack": "0.2 + 0.8 x 0.05^3 is nearly the same"},
        source=SHARED,
        because="0.2 + 0.8 x 0.05^5: two more replicas, and the same rack",
    ),
    predict(
        "two in two racks lose both at a time",
        LOST,
        on="two-racks",
        equals=SPREAD_TWO,
        chance=lost_sd(SPREAD_TWO),
        seeds=3,
        source=SPARES,
        because="0.24 x 0.24, each down with 1 - 0.95 x 0.8",
    ),
    predict(
        "where one has failed, so has the next",
        SECOND,
        on="one-rack",
        equals=AGAIN,
        chance=again_sd(AGAIN),
        also={"five": "the same rack"},
        source="theory:phi-correlation",
        because="(0.24^2 + phi x 0.24 x 0.76) / 0.24, with phi = 0.79",
    ),
    predict(
        "where one has failed, the next is as good as any",
        SECOND,
        on="two-racks",
        equals=DOWN,
        chance=again_sd(DOWN),
        seeds=3,
        also={"spread": "other racks, too"},
        source=SPARES,
        because="0.24, whatever the first one did",
    ),
)
