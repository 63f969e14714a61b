"""A service mesh: what a proxy beside each service takes in time, and what it mends."""

from harness import measures
from harness.model import Broken, Fixed, Lab, Service, baseline, on, ratio
from labs.traffic.service_mesh.predictions import (
    AGAIN, CALLS, COPIES, EGRESS, END_S, FAILING, LOST, PAGE_MS, PAGES, PREDICTIONS, PROXY_S,
    QUIET, SIDECARS, STORES, WORK_S, lost,
)  # fmt: skip
from labs.traffic.service_mesh.reading import READING, SERVED

PROXY = "labs.traffic.service_mesh.service"
MEND: dict[str, str | float] = {
    f"{EGRESS}.outgoing.order": "retry",
    f"{EGRESS}.proxy_ms": 1000 * PROXY_S,
}

LAB = Lab(
    title="Service mesh and sidecars",
    question="What does a sidecar per service add in latency, and what does it mend without "
    "touching code?",
    services=(
        Service("shop", app="services.page", calls=(EGRESS,),
                settings={"in_turn": True, "rounds": CALLS, "required": EGRESS,
                          "timeout_ms": 1000, "outgoing.retry.tries": 2}),
        Service(EGRESS, app=PROXY, calls=(*STORES, *SIDECARS),
                settings={"to": ",".join(STORES), "outgoing.retry.tries": 2}),
        Service("sidecar", app=PROXY, replicas=COPIES, calls=STORES,
                settings={"proxy_ms": 1000 * PROXY_S}, each={"to": STORES}),
        Service("store", app="services.worker", replicas=COPIES,
                settings={"workers": 100, "service_ms": 1000 * WORK_S}),
    ),
    load=PAGES,
    duration_s=END_S,
    faults=FAILING,
    variants=(
        Broken("bare"),
        Broken("retry-in-code", {"shop.outgoing.order": "retry"}),
        Fixed("node-proxy", MEND),
        Fixed("sidecars", {**MEND, f"{EGRESS}.to": ",".join(SIDECARS)}),
    ),
    expect=(
        baseline(measures.success_ratio(*QUIET), at_least=0.99),
        on("bare", "retry-in-code", claim="pages are lost", measure=LOST,
           at_least=lost(AGAIN) / 2),
        on("node-proxy", "sidecars", claim="no page is lost", measure=LOST, at_most=0.02),
    ),
    across=(
        ratio("sidecars", "node-proxy", claim="a proxy on each side is twice the price",
              measure=PAGE_MS, at_least=1.15),
    ),
    predict=PREDICTIONS,
    plots=(SERVED,),
    reading=READING,
)  # fmt: skip
