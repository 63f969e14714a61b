"""A configuration push: a comma where a point should be, at once on every host."""

from harness import measures
from harness.measures import plots
from harness.model import (
    Broken, Configure, Fixed, Lab, Poisson, Send, Service, baseline, during, on, predict,
)  # fmt: skip

SHOPS = ("shop-1", "shop-2", "shop-3", "shop-4")
BLAST = measures.failures(6, 20)
COUNTED = "counted from the lab's own numbers"

LAB = Lab(
    title="The config change heard around the world",
    question="One bad value goes everywhere at once. What does staging and validation hold back?",
    services=(
        Service("shop", app="labs.delivery.config_push.service", replicas=4, calls=("config",)),
        Service("config", app="services.config", settings={"value": "0.19"}),
    ),
    load=Poisson(to=SHOPS[0], rate_rps=80, timeout_ms=2000,
                 mix=tuple(Send(to=shop) for shop in SHOPS)),
    duration_s=20,
    # A comma where a point should be, until somebody puts it right.
    faults=(during(6, 16, Configure("config", value="0,20")),),
    variants=(
        Broken("at-once"),
        Fixed("staged", {"config.stage_ms": 4000, "config.gate": 0.1}),
        Fixed("last-good", {"shop.trial_errors": 5}),
        Fixed("validated", {"shop.validate": True}),
    ),
    expect=(
        baseline(measures.success_ratio(0, 6), at_least=0.99),
        on("at-once", claim="all are down", measure=measures.success_ratio(8, 16), at_most=0.01),
        on("staged", "last-good", claim="few notice",
           measure=measures.success_ratio(6, 20), at_least=0.94),
        on("validated", claim="nobody notices", measure=BLAST, at_most=0),
    ),
    predict=(
        predict("the whole load until it is put right", BLAST, on="at-once",
                equals=800, within=0.15, source=COUNTED,
                because="80/s x 10 s: polls delay both ends"),
        predict("one shop until its next poll", BLAST, on="staged",
                equals=20, within=0.9, source="theory:canary-stats",
                because="80/s / 4 x 1 s: the first errors are told, and stop it"),
        predict("five errors in each shop", BLAST, on="last-good",
                equals=20, within=0.01, source=COUNTED, because="4 shops x 5"),
    ),
    plots=(plots.failures_by_host(*SHOPS),),
)  # fmt: skip
