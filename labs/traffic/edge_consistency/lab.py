"""State at the edge: one stock, three edges, and five ways to know what is left of it."""

from harness.model import (
    Broken, Distance, Fixed, Lab, Measured, Service, baseline, noted, on, ratio,
)  # fmt: skip
from labs.traffic.edge_consistency.predictions import (
    ANSWERED, APART, BUYERS, CORE, CUT_OFF, EACH_SOLD, EDGE, EDGES, END_S, LEFT, PREDICTIONS,
    SENT_AWAY, SOLD, STOCK, TWICE, WAIT_MS, WAY_MS, kind,
)  # fmt: skip
from labs.traffic.edge_consistency.reading import READING, SOLD_PLOT

LAB = Lab(
    title="State at the edge",
    question="A counter lives at three edges. What is lost when the edges are cut off?",
    services=(
        *(Service(edge, app="labs.traffic.edge_consistency.service_edge", calls=(CORE,),
                  settings=EDGE) for edge in EDGES),
        Service(CORE, app="labs.traffic.edge_consistency.service_core", settings={"stock": STOCK}),
    ),
    load=BUYERS,
    distances=(Distance(EDGES, (CORE,), one_way_ms=WAY_MS),),
    duration_s=END_S,
    faults=CUT_OFF,
    variants=(
        Broken("one-place", kind("one-place")),
        Measured("newest", kind("newest"), faults=()),
        Measured("newest-cut", kind("newest")),
        Broken("counters", kind("counters")),
        Fixed("shares", kind("shares")),
        Fixed("leases", kind("leases")),
    ),
    expect=(
        baseline(ANSWERED, at_least=0.99),
        noted("one-place", claim="each buyer waits for the way", measure=WAIT_MS,
              at_least=2 * WAY_MS),
        on("one-place", claim="nobody is served while cut off", measure=SOLD, at_most=0),
        on("counters", claim="tickets are sold twice", measure=TWICE,
           at_least=(APART - LEFT) / 2),
        on("newest", "newest-cut", claim="sold twice with a cut or without", measure=TWICE,
           at_least=(APART - LEFT) / 2, unlike=("shares", "leases")),
        on("shares", "leases", claim="nothing is sold twice", measure=TWICE, at_most=0,
           unlike="counters"),
        on("leases", claim="each edge goes on selling", measure=EACH_SOLD, at_least=1,
           unlike="one-place"),
        on("leases", claim="nobody is sent away before", measure=SENT_AWAY, at_most=0,
           unlike="shares"),
    ),
    across=(
        ratio("shares", "leases", claim="more in hand", measure=SOLD, at_least=1.2),
    ),
    predict=PREDICTIONS,
    plots=(SOLD_PLOT,),
    reading=READING,
)  # fmt: skip
