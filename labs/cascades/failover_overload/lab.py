"""Failover: the region that takes over falls, and stays down for longer than the other was."""

from harness import measures
from harness.model import (
    Broken, Down, Fixed, Lab, Paced, Service, baseline, during, on, ratio,
)  # fmt: skip
from labs.cascades.failover_overload.predictions import (
    AFTER, BAD_PROBES, BOOT_S, DURING, END_S, ENOUGH, FAILED, LOST, MACHINES, PATIENCE_S,
    PREDICTIONS, PROBE_S, QUEUE, RATE, REGIONS, SERVICE_S, TARGET, TO_WEST,
)  # fmt: skip
from labs.cascades.failover_overload.reading import READING

FLEET = {"least": MACHINES, "most": 2 * MACHINES, "workers": 1, "service_ms": 1000 * SERVICE_S,
         "autoscale": False, "target": TARGET, "boot_ms": 1000 * BOOT_S}  # fmt: skip

LAB = Lab(
    title="The failover that took down the survivors",
    question="A region fails over. Does the other one survive the load, and what must be true "
    "before?",
    services=(
        Service("front", app="services.health", calls=REGIONS,
                settings={"every_ms": 1000 * PROBE_S, "down_after": BAD_PROBES, "in_turn": True,
                          "timeout_ms": 1000 * PATIENCE_S}),
        *(Service(region, app="services.fleet", settings=FLEET) for region in REGIONS),
    ),
    load=Paced(rate_rps=RATE, to="front"),
    duration_s=END_S,
    faults=(during(*LOST, Down("front->east"), said="east is lost"),),
    variants=(
        Broken("efficient"),
        Broken("stay", {"front.probe": ""}),
        Broken("autoscaled", {"west.autoscale": True}),
        Fixed("half-empty", {"west.least": ENOUGH}),
        Fixed("refusing", {"west.queue_limit": QUEUE}),
    ),
    expect=(
        baseline(measures.success_ratio(0, LOST[0] - PATIENCE_S), at_least=0.99),
        on("efficient", "autoscaled", claim="the other region falls too", measure=DURING,
           at_most=0.1),
        on("stay", claim="half of the users are lost", measure=DURING, at_most=0.6),
        on("efficient", claim="and it stays down when east is back", measure=AFTER, at_most=0.6),
        on("half-empty", claim="nobody notices", measure=DURING, at_least=0.99),
        on("half-empty", claim="west does it all", measure=TO_WEST, at_least=0.99, unlike="stay"),
        on("refusing", claim="most are served", measure=DURING, at_least=0.6),
    ),
    across=(
        ratio("efficient", "stay", claim="failing over loses more than staying does",
              measure=FAILED, at_least=2),
    ),
    predict=PREDICTIONS,
    reading=READING,
)  # fmt: skip
