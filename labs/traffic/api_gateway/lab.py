"""The API gateway: one hop more, and a check for each page in place of one for each service."""

from harness import measures
from harness.model import (
    Broken, Distance, Fixed, Lab, Service, baseline, noted, on, ratio,
)  # fmt: skip
from labs.traffic.api_gateway.predictions import (
    BACKENDS, BUSY_RPS, CHECK_S, CHECKS, END_S, LIMIT_S, LOST, PAGE_MS, PAGES, PARTS,
    PREDICTIONS, QUIET, SERVED_RPS, THEN, WAY_S, WORK_S,
)  # fmt: skip
from labs.traffic.api_gateway.reading import READING, SERVED

APP, GATEWAY = "labs.traffic.api_gateway.service", "gateway"
ASKS: dict[str, str | float] = {"auth": "auth", "auth_timeout_ms": 1000 * LIMIT_S}
BY_GATEWAY = {"handset.parts": GATEWAY}
TRUSTING = {f"{backend}.auth": "" for backend in BACKENDS}

LAB = Lab(
    title="The API gateway",
    question="Authentication, limits, caching and routing in one place: what does the hop cost, "
    "and what does it save?",
    services=(
        Service("handset", app=APP, calls=(*BACKENDS, GATEWAY), settings={"parts": PARTS}),
        Service(GATEWAY, app=APP, calls=("auth", *BACKENDS), settings={**ASKS, "parts": PARTS}),
        *(Service(backend, app=APP, calls=("auth",),
                  settings={**ASKS, "work_ms": 1000 * WORK_S}) for backend in BACKENDS),
        Service("auth", app="services.worker",
                settings={"workers": 1, "service_ms": 1000 * CHECK_S}),
    ),
    load=PAGES,
    distances=(Distance(("handset",), (GATEWAY, *BACKENDS), one_way_ms=round(1000 * WAY_S)),),
    duration_s=END_S,
    faults=(),
    variants=(
        Broken("direct"),
        Broken("checked-twice", BY_GATEWAY),
        Fixed("gateway", {**BY_GATEWAY, **TRUSTING}),
        Fixed("gateway-keeps", {**BY_GATEWAY, **TRUSTING, "gateway.keep_ms": 2000}),
    ),
    expect=(
        baseline(measures.success_ratio(*QUIET), at_least=0.99),
        on("direct", "checked-twice", claim="most pages are lost", measure=THEN,
           at_least=1 - SERVED_RPS / BUSY_RPS),
        on("gateway", "gateway-keeps", claim="all pages are served", measure=LOST, at_most=0.02),
        noted("direct", claim="four checks a page", measure=CHECKS, at_least=len(BACKENDS)),
        on("gateway", claim="one check a page", measure=CHECKS, at_least=1, at_most=1,
           unlike="gateway-keeps"),
    ),
    across=(
        ratio("gateway", "direct", claim="a page with a hop more is quicker", measure=PAGE_MS,
              at_most=0.9),
    ),
    predict=PREDICTIONS,
    plots=(SERVED,),
    reading=READING,
)  # fmt: skip
