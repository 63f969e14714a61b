"""The tail at scale: pages that wait for a hundred leaves, of which each is seldom slow."""

from harness.model import Lab, Measured, Paced, Service, family, fit, noted, on
from labs.traffic.fan_out_tail.predictions import (
    CALLS, END_S, ENOUGH, FAST_S, LACKING, LATE, LEAVES, MANY, OFTEN, PATIENCE_S, PREDICTIONS, RATE,
    SLOW_S, SLOW_SHARE, SLOWEST, late, late_sd,
)  # fmt: skip
from labs.traffic.fan_out_tail.reading import READING

PAGES = family("leaves-{:g}", LEAVES, setting="search.leaves")

LAB = Lab(
    title="The tail at scale",
    question="Each of a hundred servers is slow once in a hundred calls. How often is the page "
    "slow?",
    services=(
        Service("search", app="labs.traffic.fan_out_tail.service", calls=("leaves",),
                settings={"leaves": MANY, "after_ms": 1000 * PATIENCE_S,
                          "outgoing.hedge.after_ms": 1000 * PATIENCE_S}),
        Service("leaves", app="services.worker",
                settings={"workers": 1000, "service_ms": 1000 * FAST_S,
                          "slow_ratio": SLOW_SHARE, "slow_ms": 1000 * SLOW_S}),
    ),
    load=Paced(rate_rps=RATE, to="search"),
    duration_s=END_S,
    faults=(),
    variants=(
        *PAGES,
        Measured("hedged", {"search.outgoing.order": "hedge"}),
        Measured("enough", {"search.enough": ENOUGH}),
    ),
    expect=(
        on("leaves-100", claim="thirty times as often as one leaf", measure=LATE, at_least=OFTEN,
           unlike=("leaves-1", "hedged", "enough")),
        on("hedged", "enough", claim="hardly a page is late", measure=LATE, at_most=OFTEN,
           unlike="leaves-100"),
        noted("leaves-1", "leaves-10", claim="most pages are on time", measure=LATE, at_most=0.5),
        noted("hedged", claim="hedges cost little", measure=CALLS, at_most=1.1 * MANY),
        noted("enough", claim="few answers are missing", measure=LACKING, at_most=1 - ENOUGH),
    ),
    across=(
        fit(PAGES, claim="the chance that none is slow, to the power of the leaves",
            measure=LATE, theory=late, chance=late_sd),
        fit(PAGES, claim="each page asks all", measure=CALLS, theory=float, model=0.01,
            leaves_out="what is under way at the end"),
    ),
    predict=PREDICTIONS,
    plots=(SLOWEST,),
    reading=READING,
)  # fmt: skip
