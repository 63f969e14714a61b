"""Queueing models: equally many desks, people and work, and waits from nothing to 81 ms."""

from harness.model import Lab, Measured, Paced, Poisson, Service, fit, noted, on, ratio
from labs.traffic.queueing_models.predictions import (
    DESKS, END_S, PREDICTIONS, RATE, SD_MS, SHARE, SKEWED, WAIT, WAITS_MS, WORK_S,
    as_formula_says,
)  # fmt: skip
from labs.traffic.queueing_models.reading import READING, WAITS

EVEN = Measured("even", {"office.spread": "fixed", "office.in_turn": True}, at=WAITS_MS["even"],
                load=Paced(rate_rps=RATE, to="office"))  # fmt: skip
OWN_LINES = tuple(
    Measured(name, {"office.spread": spread}, at=WAITS_MS[name])
    for name, spread in (("equal", "fixed"), ("exponential", "exponential"), ("mixed", "mixed"))
)

LAB = Lab(
    title="M/M/1, M/M/c, M/G/1 measured",
    question="Do the formulas hold for a real service, and what does variance cost?",
    services=(
        Service("office", app="labs.traffic.queueing_models.service",
                settings={"desks": DESKS, "lines": DESKS, "service_ms": 1000 * WORK_S}),
    ),
    load=Poisson(rate_rps=RATE, to="office"),
    duration_s=END_S,
    faults=(),
    variants=(
        EVEN,
        *OWN_LINES,
        Measured("one-line", {"office.spread": "exponential", "office.lines": 1}),
        Measured("one-line-mixed", {"office.spread": "mixed", "office.lines": 1}),
    ),
    expect=(
        on("even", claim="nothing varies, nobody waits", measure=WAIT,
           at_most=100 * WORK_S, unlike=("equal", "exponential", "mixed")),
        on("equal", "exponential", "mixed", claim="people wait beside idle desks", measure=WAIT,
           at_least=100 * WORK_S, unlike="even"),
        noted("one-line", "one-line-mixed", claim="most do not wait", measure=SHARE,
              at_most=0.5),
    ),
    across=(
        fit((EVEN, *OWN_LINES), claim="each waits as its formula says", measure=WAIT,
            theory=as_formula_says, chance=SD_MS.__getitem__, model=0.1, leaves_out=SKEWED),
        ratio("one-line", "exponential", claim="one line waits less than half as long",
              measure=WAIT, at_most=0.5),
        ratio("one-line-mixed", "equal", measure=SHARE, at_most=0.8,
              claim="one line with the worst work beats four lines with equal work"),
    ),
    predict=PREDICTIONS,
    plots=(WAITS,),
    reading=READING,
)  # fmt: skip
