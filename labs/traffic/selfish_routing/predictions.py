"""What selfish drivers lose on two roads and on five, from the lab's own numbers."""

import math

from harness import measures
from harness.model import Configure, Paced, during, predict
from harness.theory import chance, roads
from labs.traffic.selfish_routing.measures import times_as_long

RATE, PER_RPS_MS, RING_MS = 40, 10, 440
"""Trips a second; what a car a second more adds on a bridge; how long a ring road takes."""
DRIVERS, LOOKS = 40, 0.3
OPEN, END_S = (7, 19), 20
"""When there is a tunnel."""
BRIDGES, RINGS, TUNNEL = ("bridge-a", "bridge-b"), ("ring-a", "ring-b"), "tunnel"
ROADS = (*BRIDGES, *RINGS, TUNNEL)
TWO_ROADS = {"drivers.ways": "bridge-a, ring-b"}
CITY = "bridge-a + ring-b, ring-a + bridge-b, bridge-a + tunnel + bridge-b"

TRIPS = Paced(rate_rps=RATE, to="drivers", path="/trips/{key}", keys=DRIVERS, timeout_ms=3000)
OPENED = (during(*OPEN, Configure("drivers", closed=""), said="a tunnel is open"),)

BEFORE, THEN = (3, OPEN[0] - 1), (OPEN[0] + 7, OPEN[1] - 1)
ARRIVED = measures.success_ratio(*BEFORE)
BEFORE_MS, THEN_MS = measures.mean_latency_ms(*BEFORE), measures.mean_latency_ms(*THEN)
TIMES = times_as_long(BEFORE, *THEN)
ON_BRIDGE = measures.attempts_per_request(BRIDGES[0], *THEN)
IN_TUNNEL = measures.attempts_per_request(TUNNEL, *THEN)

SIZES = {"rate_rps": RATE, "per_rps_s": PER_RPS_MS / 1000, "other_s": RING_MS / 1000}
SELFISH_S, BEST_S = roads.pigou_selfish_s(**SIZES), roads.pigou_best_s(**SIZES)
TOLL_S = roads.pigou_toll_s(**SIZES)
BEST_RPS = 1000 * TOLL_S / PER_RPS_MS
BEST_SHARE = BEST_RPS / RATE
APART_S, JOINED_S = roads.braess_apart_s(**SIZES), roads.braess_joined_s(**SIZES)
HALF_LONGER = (1 + JOINED_S / APART_S) / 2
"""Halfway between as long as before and as long as predicted: 1.125 times."""
LAG_S = 1
"""How old a driver's map is: half of the second over which a road counts, and half of a trip."""
SWAY_RPS = LOOKS * LAG_S * RATE / 2
"""How far too many drivers change over between two equal ways before the map shows it."""
COUNT_VAR = RATE / 4
"""At most the variance of how many of a second's cars are on one of two ways: a binomial's."""
SWAY_S = (SWAY_RPS**2 + COUNT_VAR) * PER_RPS_MS / 1000 / RATE
"""What both add to the mean trip for each bridge: the mean of a square is more than the square."""
HOP_S = 0.006
"""The most that a call takes on its way through the machines, on containers as well."""


def _late_s(after_s: float) -> float:
    """Give what a bridge is quicker by, as some drivers have not looked at their map yet."""
    return math.exp(-LOOKS * after_s) * SELFISH_S


LATE_SHARE = math.exp(-LOOKS * THEN[0])
LATE_SD_MS = PER_RPS_MS * chance.binomial_count_sd(trials=DRIVERS, share=LATE_SHARE)
"""Of the few drivers who have not looked since the start, each is a car less on the bridge."""
EQUAL = "drivers who change over together until their map shows it, and the calls' own way"
LATE = "drivers who have not looked at their map yet, and the calls' own way"
HALVES = f"half of all over each bridge, {PER_RPS_MS} ms x {RATE / 2:g}, and {RING_MS} ms on a ring"

PREDICTIONS = tuple(
    predict(
        name,
        THEN_MS,
        on=variant,
        equals=1000 * time_s,
        model=(off_s + calls * HOP_S) / time_s,
        chance=LATE_SD_MS if variant == "two-roads" else 0,
        leaves_out=leaves_out,
        also=also,
        source="theory:selfish-routing",
        because=because,
    )
    for name, variant, time_s, off_s, calls, leaves_out, also, because in (
        ("all on the bridge", "two-roads", SELFISH_S, _late_s(THEN[0]), 2, LATE, {},
         f"{PER_RPS_MS} ms x {RATE} cars a second are less than the ring road's {RING_MS} ms"),
        ("as few on the bridge as is best", "two-roads-toll", BEST_S, SWAY_S, 2, EQUAL, {},
         f"with a toll of {1000 * TOLL_S:g} ms both roads are equal at {BEST_RPS:g} a second"),
        ("all through the tunnel", "tunnel", JOINED_S, _late_s(THEN[0] - OPEN[0]), 4, LATE, {},
         f"two bridges of {PER_RPS_MS} ms x {RATE}"),
        ("nobody through the tunnel", "tunnel-toll", APART_S, 2 * SWAY_S, 4, EQUAL,
         {"tunnel-load-toll": "its tolls keep drivers out of the tunnel as well"}, HALVES),
        ("few through the tunnel", "tunnel-load-toll", APART_S, 2 * SWAY_S, 4, EQUAL,
         {"tunnel-toll": "its toll keeps drivers out of the tunnel as well"}, HALVES),
    )
)  # fmt: skip
