"""Utilisation: how much longer a short stall is felt, the less there is to spare."""

from harness.measures import success_ratio
from harness.model import Lab, Measured, Pause, Service, baseline, during, family, fit, on, ratio
from labs.cascades.phase_transition.predictions import (
    AGAIN_S, EACH_SECOND, END_S, FROM_S, LATE_S, LIMIT_S, PREDICTIONS, REFUSED, ROOM, SERVICE_S,
    SHARES, STALL_S, TURN, late_s, load, within_s,
)  # fmt: skip
from labs.cascades.phase_transition.reading import READING

BUSY = family("busy-{:g}", SHARES, load=load)

LAB = Lab(
    title="At 70 % it is fine, at 95 % it is not",
    question="How does latency grow with utilisation, and where is the knee?",
    services=(
        Service("app", app="services.worker",
                settings={"workers": 1, "service_ms": 1000 * SERVICE_S}),
    ),
    load=load(SHARES[-1]),
    duration_s=END_S,
    faults=(during(FROM_S, AGAIN_S, Pause("app")),),
    variants=(
        *BUSY,
        Measured("wider", {"app.workers": 2}),
        Measured("bounded", {"app.queue_limit": ROOM}),
    ),
    expect=(
        baseline(success_ratio(0, FROM_S - LIMIT_S), at_least=0.99),
        on("busy-80", "busy-90", "busy-95", claim="felt for longer than it was", measure=LATE_S,
           at_least=2 * STALL_S, unlike=("busy-50", "wider", "bounded")),
        on("busy-50", "wider", "bounded", claim="over in a second", measure=LATE_S, at_most=1,
           unlike=("busy-80", "busy-90", "busy-95")),
        on("bounded", claim="some are refused for it", measure=REFUSED, at_least=1,
           unlike=("busy-95", "wider")),
    ),
    across=(
        fit(BUSY, claim="the stall over what is to spare", measure=LATE_S, theory=late_s,
            model=0.1, leaves_out=TURN, chance=within_s),
        ratio("busy-90", "busy-80", claim="half as much to spare, twice as long", measure=LATE_S,
              at_least=1.9, at_most=2.7),
    ),
    predict=PREDICTIONS,
    plots=(EACH_SECOND,),
    reading=READING,
)  # fmt: skip
