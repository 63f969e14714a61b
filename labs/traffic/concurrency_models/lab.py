"""Concurrency models: what holds a slot while it waits, and what frees the core."""

from harness import measures
from harness.model import Broken, Configure, Fixed, Lab, Service, baseline, during, noted, on
from labs.traffic.concurrency_models.predictions import (
    BANK_S, BEHIND, CALLS, END_S, ONE, PAID, PAYS, PREDICTIONS, PROCESSES, QUIET_S, REPORT_S,
    SERVED, SLOW, SLOW_BANK_S, TASKS, THREADS, TURN_S, WALL, WORK_S, customers,
)  # fmt: skip
from labs.traffic.concurrency_models.reading import EACH_SECOND, READING

LOOP, TURNS = {"shop.slots": TASKS}, {"shop.turn_ms": 1000 * TURN_S}

LAB = Lab(
    title="Choosing a stack: threads, event loop, processes",
    question="The same service on three concurrency models meets a slow dependency: which one "
    "still answers?",
    services=(
        Service("shop", app="labs.traffic.concurrency_models.service", calls=("bank",),
                settings={"slots": THREADS, "turn_ms": 0, "work_ms": 1000 * WORK_S,
                          "report_ms": 1000 * REPORT_S, "outgoing.bulkhead.slots": WALL}),
        Service("bank", app="services.worker",
                settings={"workers": 100, "service_ms": 1000 * BANK_S}),
    ),
    load=customers(),
    duration_s=END_S,
    faults=(during(*SLOW, Configure("bank", service_ms=1000 * SLOW_BANK_S),
                   said=f"the bank takes {SLOW_BANK_S:g} s"),),
    variants=(
        Broken("threads", TURNS),
        Broken("processes", {**TURNS, "shop.slots": PROCESSES}),
        Broken("one-call", {"shop.slots": ONE}),
        Fixed("loop", LOOP),
        Fixed("offload", {**LOOP, "shop.offload": True}),
        Fixed("wall", {**TURNS, "shop.outgoing.order": "bulkhead"}),
    ),
    expect=(
        baseline(measures.success_ratio(0, QUIET_S), at_least=0.95),
        on("threads", "processes", "one-call", claim="loses pages that need no bank",
           measure=SERVED, at_most=0.2),
        on("loop", "offload", "wall", claim="serves every page", measure=SERVED, at_least=0.95,
           unlike=("threads", "processes", "one-call")),
        on("loop", claim="lets pages wait for a report", measure=BEHIND,
           at_least=500 * REPORT_S, unlike=("threads", "processes")),
        on("offload", "wall", claim="lets no page wait for a report", measure=BEHIND,
           at_most=500 * REPORT_S, unlike="one-call"),
        noted("loop", "offload", claim="every payment reaches the bank", measure=CALLS,
              at_least=0.95 * PAYS),
        noted("wall", claim="refuses payments beyond its wall", measure=PAID, at_most=0.6),
    ),
    predict=PREDICTIONS,
    plots=(EACH_SECOND,),
    reading=READING,
)  # fmt: skip
