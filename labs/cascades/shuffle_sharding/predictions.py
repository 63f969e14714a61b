"""What theory says of a bad customer who shares workers with others, from the lab's own numbers."""

from harness import measures
from harness.model import predict
from harness.theory import chance, delivery, hashing

WORKERS, SIZE, CUSTOMERS = 8, 2, 10_000
RATE, BAD_RATE, RESTART_S = 40, 20, 3
COMES_S, END_S = 3, 16
SETTLED_S = COMES_S + RESTART_S + 1
"""When all are dead that will be, and those are back that were ended once."""
LATER_S = SETTLED_S + 3
"""The same with what a container takes to start."""
WORKER = tuple(f"worker-{number}" for number in range(1, WORKERS + 1))
ROUTER, OTHERS = "router", "/?client="
LOST = measures.failed_ratio(SETTLED_S, END_S, path=OTHERS)
LOST_FIRST = measures.failed_ratio(COMES_S + 0.5, COMES_S + RESTART_S, path=OTHERS)
LOST_LATER = measures.failed_ratio(LATER_S, END_S, path=OTHERS)
FIRST = measures.failed_tries_ratio(ROUTER, 1, SETTLED_S, END_S, path=OTHERS)
ASKED = round(RATE * (END_S - SETTLED_S))

CELL = delivery.blast_radius(cells=WORKERS // SIZE, reached=1)
SHARDS = {"workers": WORKERS, "shard_workers": SIZE}
ALONE = hashing.shuffle_lost_ratio(**SHARDS, tries=1)
BOTH = hashing.shuffle_lost_ratio(**SHARDS, tries=2)
FEW = 2 * BOTH
"""What counts as few: neighbours on a ring would have eight shards, and lose 1/8."""
UP = "the moments in which a dead worker is back, until the bad customer asks again"
LAW = "theory:shuffle-sharding-tries"


def lost_sd(share: float) -> float:
    """Give one standard deviation of a share of the requests of a run."""
    return chance.binomial_share_sd(share=share, trials=ASKED)


PREDICTIONS = (
    predict(
        "a cell of four is lost",
        LOST,
        on="cells",
        equals=CELL,
        model=0.04,
        leaves_out=UP,
        chance=lost_sd(CELL),
        also={"one-try": "a quarter too, which is what this lab is about"},
        source="theory:fail-static-cells",
        because="2 of 8 workers, and all customers who have no others",
    ),
    predict(
        "a shard and one try lose as much",
        LOST,
        on="one-try",
        equals=ALONE,
        model=0.04,
        leaves_out=UP,
        chance=lost_sd(ALONE),
        also={"cells": "the same quarter, of fewer customers"},
        source=LAW,
        because="2 of 8: the one worker that is tried is dead or not",
    ),
    predict(
        "only customers with the same two workers are lost",
        LOST,
        on="shards",
        equals=BOTH,
        model=0.04,
        leaves_out=UP,
        chance=lost_sd(BOTH),
        seeds=6,
        source=LAW,
        because="2/8 x 1/7: the second try is lost where the one worker left is the other dead one",
    ),
)
