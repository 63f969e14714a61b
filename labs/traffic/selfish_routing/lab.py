"""Selfish routing: everyone takes the quickest road, a new road makes it worse, and a toll."""

from harness.model import Broken, Fixed, Lab, Measured, Service, baseline, noted, on, ratio
from labs.traffic.selfish_routing.predictions import (
    ARRIVED, BEST_SHARE, BRIDGES, CITY, END_S, HALF_LONGER, IN_TUNNEL, LOOKS, ON_BRIDGE, OPENED,
    PER_RPS_MS, PREDICTIONS, RING_MS, RINGS, ROADS, THEN_MS, TIMES, TOLL_S, TRIPS, TUNNEL,
    TWO_ROADS,
)  # fmt: skip
from labs.traffic.selfish_routing.reading import READING, TRIP_PLOT

ROAD = "labs.traffic.selfish_routing.service_road"

LAB = Lab(
    title="Game theory in load balancing",
    question="Everyone takes the fastest road. How much worse than the optimum is that, and which "
    "toll mends it?",
    services=(
        Service("drivers", app="labs.traffic.selfish_routing.service_drivers", calls=ROADS,
                settings={"ways": CITY, "closed": TUNNEL, "look_ratio": LOOKS}),
        *(Service(road, app=ROAD, settings={"per_rps_ms": PER_RPS_MS}) for road in BRIDGES),
        *(Service(road, app=ROAD, settings={"empty_ms": RING_MS}) for road in RINGS),
        Service(TUNNEL, app=ROAD),
    ),
    load=TRIPS,
    duration_s=END_S,
    faults=OPENED,
    variants=(
        Measured("two-roads", TWO_ROADS, faults=()),
        Measured("two-roads-toll", {**TWO_ROADS, "drivers.toll_on": BRIDGES[0],
                                    "drivers.toll_ms": 1000 * TOLL_S}, faults=()),
        Broken("tunnel"),
        Fixed("tunnel-toll", {"drivers.toll_on": TUNNEL, "drivers.toll_ms": RING_MS}),
        Fixed("tunnel-load-toll", {"drivers.load_tolls": True}),
    ),
    expect=(
        baseline(ARRIVED, at_least=0.99),
        on("two-roads", claim="nearly everyone is on the bridge", measure=ON_BRIDGE,
           at_least=0.85, unlike="two-roads-toll"),
        on("two-roads-toll", claim="about half are on the bridge", measure=ON_BRIDGE,
           at_least=BEST_SHARE / 2, at_most=(BEST_SHARE + 1) / 2, unlike="two-roads"),
        on("tunnel", claim="a new road makes trips longer", measure=TIMES, at_least=HALF_LONGER),
        on("tunnel-toll", "tunnel-load-toll", claim="trips take as long as before",
           measure=TIMES, at_most=HALF_LONGER),
        noted("tunnel", claim="most take the tunnel", measure=IN_TUNNEL, at_least=0.5),
    ),
    across=(
        ratio("two-roads", "two-roads-toll", claim="a quarter longer than the best",
              measure=THEN_MS, at_least=HALF_LONGER),
        ratio("tunnel", "tunnel-toll", claim="a quarter longer with a road more",
              measure=THEN_MS, at_least=HALF_LONGER),
    ),
    predict=PREDICTIONS,
    plots=(TRIP_PLOT,),
    reading=READING,
)  # fmt: skip
