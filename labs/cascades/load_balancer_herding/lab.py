"""Herding: by figures that are older than a request takes, the best server is the worst choice."""

from harness.model import Lab, Measured, Poisson, Service, family, fit, on, ratio
from labs.cascades.load_balancer_herding.predictions import (
    AGES_MS, APPS, END_S, HARDLY_MS, LONG_MS, MEAN, PATIENCE_S, PREDICTIONS, RANDOM_MS, RATE,
    SERVICE_MS, herd_ms, herd_sd_ms,
)  # fmt: skip
from labs.cascades.load_balancer_herding.reading import READING, TIMES

BY_AGE = family("old-{:g}", AGES_MS, setting="balancer.report_ms")
OLDEST = {"balancer.report_ms": AGES_MS[-1]}

LAB = Lab(
    title="Herding: everyone picks the same idle server",
    question="Why does a balancer with stale load data do worse than random?",
    services=(
        Service("balancer", app="services.balancer", calls=APPS,
                settings={"policy": "least", "timeout_ms": 0}),
        Service("app", app="services.worker", replicas=len(APPS),
                settings={"workers": 1, "service_ms": SERVICE_MS}),
    ),
    load=Poisson(rate_rps=RATE, to="balancer", timeout_ms=1000 * PATIENCE_S),
    duration_s=END_S,
    faults=(),
    variants=(
        Measured("random", {"balancer.policy": "random"}),
        Measured("fresh", {"balancer.own_count": True}),
        *BY_AGE,
        Measured("two-1600", {"balancer.policy": "two-choices", **OLDEST}),
    ),
    expect=(
        on("fresh", claim="fresh figures: hardly anybody waits", measure=MEAN, at_least=SERVICE_MS,
           at_most=HARDLY_MS, unlike=("old-100", "old-1600", "two-1600")),
        on("old-1600", claim="old figures make a herd", measure=MEAN, at_least=LONG_MS,
           unlike=("random", "fresh", "old-20")),
        on("old-20", claim="young figures are better than none", measure=MEAN, at_most=RANDOM_MS,
           unlike=("old-100", "old-1600", "two-1600")),
        on("old-100", "two-1600", claim="old figures are worse than none", measure=MEAN,
           at_least=RANDOM_MS, unlike=("fresh", "old-20")),
    ),
    across=(
        fit(BY_AGE, claim="a herd waits in proportion to the age", measure=MEAN, theory=herd_ms,
            chance=herd_sd_ms, model=0.25,
            leaves_out="periods of a few requests, and herds that two servers share"),
        ratio("two-1600", "old-1600", claim="two choices make a smaller herd", measure=MEAN,
              at_most=0.5),
    ),
    predict=PREDICTIONS,
    plots=(TIMES,),
    reading=READING,
)  # fmt: skip
