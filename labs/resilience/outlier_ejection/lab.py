"""Outlier ejection: who counts in a row finds the dead at once, and the half-dead by luck."""

from harness import measures
from harness.model import Broken, Configure, Fixed, Lab, Paced, Service, baseline, during, on
from harness.model.fault import Setting
from labs.resilience.outlier_ejection.predictions import (
    APPS, BAD, BAD_PROBES, BUSIER, EJECT_S, END_S, EVERY_S, FAILING, GOOD_PROBES, HALF, ILL,
    IN_A_ROW, PREDICTIONS, RATE, SERVICE_S, SICK, STRICT, TAKEN_OVER,
)  # fmt: skip
from labs.resilience.outlier_ejection.reading import READING, TURNS

DEEP: dict[str, Setting] = {"front.probe": "/"}

LAB = Lab(
    title="Health checks: active, passive, slow start",
    question="One of five servers fails one request in two. Which health check notices, and how "
    "fast?",
    services=(
        Service("front", app="services.health", calls=APPS,
                settings={"every_ms": 1000 * EVERY_S, "down_after": BAD_PROBES,
                          "up_after": GOOD_PROBES, "in_turn": True, "eject_ms": 1000 * EJECT_S}),
        Service("app", app="services.worker", replicas=len(APPS),
                settings={"workers": 10, "service_ms": 1000 * SERVICE_S}),
    ),
    load=Paced(rate_rps=RATE, to="front"),
    duration_s=END_S,
    faults=(during(*ILL, Configure(SICK, error_ratio=FAILING), said=f"{SICK} fails half"),),
    variants=(
        Broken("shallow"),
        Broken("deep", DEEP),
        Fixed("strict", {**DEEP, "front.up_after": STRICT}),
        Fixed("in-a-row", {"front.eject_after": IN_A_ROW}),
    ),
    expect=(
        baseline(measures.success_ratio(0, ILL[0] - 0.5), at_least=0.99),
        on("shallow", claim="the probes see nothing", measure=BAD, at_least=HALF),
        on("deep", claim="it is let in again and again", measure=BAD, at_least=HALF),
        on("strict", "in-a-row", claim="it is out for most of the time", measure=BAD,
           at_most=HALF),
        on("strict", "in-a-row", claim="the others take its turns", measure=TAKEN_OVER,
           at_least=BUSIER),
    ),
    predict=PREDICTIONS,
    plots=(TURNS,),
    reading=READING,
)  # fmt: skip
