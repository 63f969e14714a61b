"""A configuration push: a comma where a point should be, at once on every host."""

from harness import measures
from harness.model import (
    Broken, Configure, Fixed, Lab, Poisson, Send, Service, baseline, during, noted, on, predict,
)  # fmt: skip
from harness.theory import chance, delivery
from labs.delivery.config_push.reading import BLAST, FAILED, READING, SHOPS, WORST

RATE, BAD_S, POLL_S, TRIAL = 80, 10, 1, 3

LAB = Lab(
    title="The config change heard around the world",
    question="One bad value goes everywhere at once. What does staging and validation hold back?",
    services=(
        Service("shop", app="labs.delivery.config_push.service", replicas=4, calls=("config",),
                settings={"poll_ms": 1000 * POLL_S}),
        Service("config", app="services.config", settings={"value": "0.19"}),
    ),
    load=Poisson(to=SHOPS[0], rate_rps=RATE, timeout_ms=2000,
                 mix=tuple(Send(to=shop) for shop in SHOPS)),
    duration_s=20,
    # A comma where a point should be, until somebody puts it right.
    faults=(during(6, 6 + BAD_S, Configure("config", value="0,20"), said='config says "0,20"'),),
    variants=(
        Broken("at-once"),
        Fixed("staged", {"config.stage_ms": 4000, "config.gate": 0.1}),
        Fixed("last-good", {"shop.trial_errors": TRIAL}),
        Fixed("validated", {"shop.validate": True}),
    ),
    expect=(
        baseline(measures.success_ratio(0, 6), at_least=0.99),
        on("at-once", claim="all are down", measure=measures.success_ratio(8, 16), at_most=0.01),
        on("staged", "last-good", claim="few notice",
           measure=measures.success_ratio(6, 20), at_least=0.94),
        on("validated", claim="nobody notices", measure=BLAST, at_most=0),
        noted("validated", claim="and all still ask", at_least=0.9 * len(SHOPS) / POLL_S,
              measure=measures.attempts_rps("config", 6, 20)),
    ),
    predict=(
        predict("the whole load until it is put right", BLAST, on="at-once",
                equals=delivery.outage_requests(rate_rps=RATE, duration_s=BAD_S),
                chance=chance.poisson_count_sd(rate_rps=RATE, duration_s=BAD_S),
                source="theory:staged-push",
                because="80/s x 10 s: polls delay both ends"),
        predict("one shop until its next poll", BLAST, on="staged", seeds=6,
                equals=delivery.staged_requests(rate_rps=RATE, hosts=4, stage_hosts=1,
                                                detect_s=POLL_S),
                chance=chance.poisson_count_sd(rate_rps=RATE / 4, duration_s=POLL_S),
                source="theory:staged-push",
                because="80/s / 4 x 1 s: the first errors are told, and stop it"),
        predict("three errors in each shop", WORST, on="last-good",
                equals=delivery.trial_failures(hosts=1, trial_errors=TRIAL),
                source="theory:staged-push", because="three in a row, in each of four"),
    ),
    plots=(FAILED,),
    reading=READING,
)  # fmt: skip
