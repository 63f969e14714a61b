"""What theory says of keys that move, from the lab's own numbers."""

import math

from harness.measures import attempts_per_request, largest_share, success_ratio
from harness.model import predict
from harness.theory import chance, hashing
from labs.traffic.consistent_hashing.measures import moved_ratio

NODES, KEYS, RATE = 5, 360, 90
LEAVES_S, END_S = 10, 18
PATH, FRONT, DATABASE = "/items/", "front", "database"
HERE = tuple(f"node-{number}" for number in range(1, NODES + 1))
SPARE = f"node-{NODES + 1}"
LEFT = HERE[:-1]
WARM = (5, LEAVES_S)
"""When nodes have most of the keys."""
MOVED = moved_ratio(PATH, FRONT, LEAVES_S, 0, END_S)
FETCHED = attempts_per_request(DATABASE, LEAVES_S, LEAVES_S + 1)
FETCHED_BEFORE = attempts_per_request(DATABASE, LEAVES_S - 1, LEAVES_S)
LARGEST = largest_share(*HERE, start_s=WARM[0], end_s=WARM[1], slice_s=WARM[1] - WARM[0])
GOOD = success_ratio(*WARM, path=PATH)


def seen(for_s: float) -> float:
    """Give the share of the keys that are asked for at least once in so many seconds."""
    return 1 - math.exp(-RATE * for_s / KEYS)


COUNTED = round(KEYS * seen(LEAVES_S) * seen(END_S - LEAVES_S))
NEW = 1 - seen(LEAVES_S)
MOST, FEW = hashing.modulo_moved_ratio(nodes=NODES - 1), hashing.ring_moved_ratio(nodes=NODES - 1)
HALFWAY = (MOST + FEW) / 2
SAME_KEYS = f"the hashes of these {KEYS} keys, which are the same under every seed"


def hashes(share: float) -> float:
    """Give how far off all keys together may be, over the share: one set in twenty is further."""
    return 2 * chance.binomial_share_sd(share=share, trials=KEYS) / share


def moved_sd(share: float) -> float:
    """Give one standard deviation of a share of those of the keys that a run sees twice."""
    unseen = 1 - COUNTED / KEYS
    return chance.binomial_share_sd(share=share, trials=COUNTED) * math.sqrt(unseen)


PREDICTIONS = (
    predict(
        "four of five keys move",
        MOVED,
        on="modulo",
        equals=MOST,
        model=hashes(MOST),
        leaves_out=SAME_KEYS,
        chance=moved_sd(MOST),
        source="theory:consistent-hash-remap",
        because="a key stays where hash mod 5 = hash mod 4: one in five",
    ),
    predict(
        "one of five keys moves",
        MOVED,
        on="spare",
        equals=FEW,
        model=hashes(FEW),
        leaves_out=SAME_KEYS,
        chance=moved_sd(FEW),
        also={
            "ring-150": "a ring gives the others what the node had, a fifth give or take",
            "ring-10": "a ring, with more luck in it",
            "ring-1": "a ring; what its nodes have is luck",
        },
        source="theory:consistent-hash-remap",
        because="only what the node had that left: 1/5",
    ),
)
