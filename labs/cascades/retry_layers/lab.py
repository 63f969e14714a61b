"""Retries in layers: three tries in each of three layers are 27, and only when all fails."""

from harness import measures
from harness.model import (
    Broken, Configure, Fixed, Lab, Poisson, Service, Surge, baseline, during, on, ratio,
)  # fmt: skip
from harness.model.fault import Setting
from labs.cascades.retry_layers.predictions import (
    ALL_FAIL, BUDGET, CALLS, END_S, HALF, HALF_FAIL, LAYERS, LOST, MULTIPLIED, PREDICTIONS, RATE,
    TIMES, TOLD, TRIES,
)  # fmt: skip
from labs.cascades.retry_layers.reading import CALLS_PLOT, READING

WEB, ORDERS, STOCK = LAYERS
LAYER: dict[str, Setting] = {"timeout_ms": 0, "outgoing.order": "retry", "outgoing.retry.burst": 3}
WORK = {"workers": 8, "service_ms": 20}
TRY = {layer: f"{layer}.outgoing.retry.tries" for layer in LAYERS}
EACH = dict.fromkeys(TRY.values(), TRIES)

LAB = Lab(
    title="Retry amplification across layers",
    question="Three layers each try three times. How many calls does the database get when it "
    "fails?",
    services=(
        Service(WEB, app="services.relay", calls=(ORDERS,), settings=LAYER),
        Service(ORDERS, app="services.relay", calls=(STOCK,), settings=LAYER),
        Service(STOCK, app="services.relay", calls=("prices", "database"), settings=LAYER),
        Service("prices", app="services.worker", settings=WORK),
        Service("database", app="services.worker", settings=WORK),
    ),
    load=Poisson(rate_rps=RATE, to=WEB,
                 phases=(Surge(start_s=HALF_FAIL[0], end_s=HALF_FAIL[1], times=TIMES),)),
    duration_s=END_S,
    faults=(
        during(*ALL_FAIL, Configure("database", error_ratio=1), said="all calls fail"),
        during(*HALF_FAIL, Configure("database", error_ratio=HALF), said="half of them fail"),
    ),
    variants=(
        Broken("each", EACH),
        Fixed("one", {**EACH, TRY[WEB]: 1, TRY[ORDERS]: 1}),
        Fixed("budgets", EACH | {f"{layer}.outgoing.retry.budget": BUDGET for layer in LAYERS}),
    ),
    expect=(
        baseline(measures.success_ratio(0, 2.5), at_least=0.99),
        on("each", claim="multiplies the calls", measure=CALLS, at_least=MULTIPLIED * 0.75),
        on("each", claim="hides it when half fail", measure=LOST, at_most=0.01),
        on("one", "budgets", claim="spares the database", measure=CALLS, at_most=TRIES + 0.5,
           unlike="each"),
    ),
    across=(
        ratio("each", "one", claim="a customer waits longer for the same error", measure=TOLD,
              at_least=4),
    ),
    predict=PREDICTIONS,
    plots=(CALLS_PLOT,),
    reading=READING,
)  # fmt: skip
