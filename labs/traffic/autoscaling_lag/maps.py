"""The maps of the autoscaling lag: machines before the spike against the time that one boots.

The second map, `boot`, is how many are late with six machines, over the time that one boots.
"""

import math

from harness.model.sweep_map import Boundary, Curve, Numbers, SweepMap
from harness.theory import spikes
from labs.traffic.autoscaling_lag.predictions import FAILED, LOOK_S, SPIKE_RPS, WAITS_S

LEAST, BOOT = "shop.least", "shop.boot_ms"


def lag_s(boot_ms: float) -> float:
    """Give how long after the spike's begin new machines serve."""
    return LOOK_S + boot_ms / 1000


def needed(boot_ms: float, numbers: Numbers) -> float:
    """Give with how many machines before the spike nobody is late."""
    rate_rps = spikes.spike_capacity_needed_rps(
        rate_rps=SPIKE_RPS, lag_s=lag_s(boot_ms), patience_s=WAITS_S
    )
    return rate_rps * numbers["shop.service_ms"] / 1000


def late(boot_ms: float, numbers: Numbers) -> float:
    """Give how many are late whose fleet has its least machines when the spike comes."""
    machines = numbers[LEAST]
    return spikes.spike_late_requests(
        rate_rps=SPIKE_RPS,
        capacity_rps=1000 * machines / numbers["shop.service_ms"],
        lag_s=lag_s(boot_ms),
        scaled_rps=1000 * math.ceil(machines / numbers["shop.target"]) / numbers["shop.service_ms"],
        patience_s=WAITS_S,
    )


MAP = SweepMap(
    title="Is nobody late?",
    variant="target-55",
    vary=(f"{BOOT}=500..7500:1000", f"{LEAST}=6..10"),
    measure=FAILED,
    until="<=2",
    holds="nobody is late",
    fails="some are late",
    boundaries=(Boundary(name="λ(1-τ/T)", of=needed, source="theory:spike-late", decisive=True),),
)

MAPS = {
    "boot": SweepMap(
        title="How many are late?",
        variant="target-55",
        vary=(f"{BOOT}=1000..7000:750",),
        measure=FAILED,
        until="<=2",
        holds="nobody is late",
        fails="some are late",
        curves=(Curve(name="late", of=late, source="theory:spike-late"),),
    )
}
