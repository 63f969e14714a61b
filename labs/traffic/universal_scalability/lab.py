"""The Universal Scalability Law: twenty workers do less than five, and five points tell it."""

from harness.measures import plots
from harness.model import Lab, Measured, Paced, Service, family, fit, noted, on, ratio
from labs.traffic.universal_scalability.predictions import (
    BEST, BOOK_MS, BOOKED, END_S, FIVE_TELL, GROUP, LESS_RPS, MANY, MORE, NAMES, POINTS,
    PREDICTIONS, RATE, TELL_MS, WAY, WORK_MS, law_rps,
)  # fmt: skip
from labs.traffic.universal_scalability.reading import READING

TEAMS = family("workers-{:g}", (*POINTS, BEST, MANY), setting="stock.workers")
TWENTY = {"stock.workers": MANY}
MANY_ORDERS = Paced(rate_rps=MORE, to="stock")

LAB = Lab(
    title="The Universal Scalability Law",
    question="Why does the twentieth worker make the system slower, and can the peak be predicted "
    "from five points?",
    services=(
        Service("stock", app="labs.traffic.universal_scalability.service",
                settings={"work_ms": WORK_MS, "book_ms": BOOK_MS, "tell_ms": TELL_MS}),
    ),
    load=Paced(rate_rps=RATE, to="stock"),
    duration_s=END_S,
    faults=(),
    variants=(
        *TEAMS,
        Measured("batched", {**TWENTY, "stock.batched": True}, load=MANY_ORDERS),
        Measured("groups", {**TWENTY, "stock.group": GROUP}, load=MANY_ORDERS),
    ),
    expect=(
        on("workers-20", claim="do less than five workers", measure=BOOKED, at_most=LESS_RPS,
           unlike=("workers-5", "workers-10", "batched", "groups")),
        noted(*NAMES[:3], claim="do less than twenty workers", measure=BOOKED,
              at_most=law_rps(MANY)),
        noted(*NAMES[3:], claim="do 85 % of it or more", measure=BOOKED,
              at_least=0.85 * law_rps(MANY)),
    ),
    across=(
        FIVE_TELL,
        fit(TEAMS, claim="each team does what the law says", measure=BOOKED, theory=law_rps,
            model=0.02, leaves_out=WAY),
        ratio("workers-20", "workers-10", claim="ten workers more, a sixth less is done",
              measure=BOOKED, at_most=0.9),
    ),
    predict=PREDICTIONS,
    plots=(plots.each_second({"booked": BOOKED}, title="Orders booked a second"),),
    reading=READING,
)  # fmt: skip
