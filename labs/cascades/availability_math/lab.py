"""Nines in series and in parallel: parts that fail and are repaired, and what is left of them."""

from harness.model import Lab, Measured, Paced, Service, difference, on
from labs.cascades.availability_math.predictions import (
    DOWN_S, END_S, FEW, HALF_OR_LESS, LOST, PREDICTIONS, QUICKER_S, RARER_S, RATE, STAGES, SYSTEMS,
    UP_S, WAIT_S,
)  # fmt: skip
from labs.cascades.availability_math.reading import LOST_PLOT, READING

RARER = {"shop.mtbf_ms": 1000 * RARER_S}
QUICKER = {"shop.mttr_ms": 1000 * QUICKER_S}
WAITS = {"shop.wait_ms": 1000 * WAIT_S}
TWICE = {"shop.copies": 2}

LAB = Lab(
    title="Nines, in series and in parallel",
    question="Five services at 99.9 %: what does the user get, and is a faster repair worth more "
    "than a rarer failure?",
    services=(
        Service("shop", app="labs.cascades.availability_math.service", settings={
            "stages": STAGES, "copies": 1, "crews": 0, "mtbf_ms": 1000 * UP_S,
            "mttr_ms": 1000 * DOWN_S, "wait_ms": 0,
        }),
    ),
    load=Paced(rate_rps=RATE, to="shop", path="/systems/{key}", keys=SYSTEMS),
    duration_s=END_S,
    faults=(),
    variants=(
        Measured("chain"),
        Measured("rarer", RARER),
        Measured("quicker", QUICKER),
        Measured("rarer-waits", {**RARER, **WAITS}),
        Measured("quicker-waits", {**QUICKER, **WAITS}),
        Measured("spares", TWICE),
        Measured("one-crew", {**TWICE, "shop.crews": 1}),
    ),
    expect=(
        on("chain", "one-crew", claim="loses more than half", measure=LOST,
           at_least=HALF_OR_LESS),
        on("rarer", "quicker", claim="loses four of ten", measure=LOST, at_least=FEW,
           at_most=HALF_OR_LESS),
        on("rarer-waits", "quicker-waits", "spares", claim="loses a quarter at most",
           measure=LOST, at_most=FEW),
    ),
    across=(
        difference("rarer-waits", "quicker-waits", claim="with a wait, quick repairs are better",
                   measure=LOST, at_least=0.03),
        difference("one-crew", "chain", claim="ten parts and one crew are worse than five parts",
                   measure=LOST, at_least=0.05),
    ),
    predict=PREDICTIONS,
    plots=(LOST_PLOT,),
    reading=READING,
)  # fmt: skip
