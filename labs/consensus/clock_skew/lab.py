"""Clocks lie: one coordinator is two seconds ahead, and the other one's writes vanish."""

from harness import measures
from harness.model import (
    Broken, ClockSkew, Fixed, Lab, Poisson, Send, Service, baseline, during, noted, on,
)  # fmt: skip
from labs.consensus.clock_skew.measures import lost_update_ratio
from labs.consensus.clock_skew.predictions import (
    AFTER, FROM_S, KEYS, LONG_S, PREDICTIONS, RATE, SKEW_S, STEADY, TAKEN, TO_S, TOKEN,
)  # fmt: skip
from labs.consensus.clock_skew.reading import PLOT, READING, WHOSE

PAIR = ("coordinator-1", "coordinator-2")
WRITE = "/kv/{key}?value={number}"

LAB = Lab(
    title="Clocks lie",
    question="One node's clock is two seconds ahead. Which writes vanish under last-writer-wins?",
    services=(
        Service("coordinator", app="services.coordinator", replicas=2, calls=("registers",)),
        Service("registers", app="services.registers"),
    ),
    # 40 writes a second on 40 keys: on each key a second apart.
    load=Poisson(to=PAIR[0], rate_rps=RATE, keys=KEYS, timeout_ms=2000, keep_answers=True, mix=(
        *(Send(to=to, method="PUT", path=WRITE, share=2) for to in PAIR),
        *(Send(to=to, path=TOKEN, share=1) for to in PAIR),
    )),
    duration_s=LONG_S,
    faults=(during(FROM_S, TO_S, ClockSkew("coordinator-2", skew_s=SKEW_S),
                   said=f"coordinator-2 +{SKEW_S} s"),),
    variants=(
        Broken("wall-clock"),
        Fixed("hybrid-clock", {"coordinator.order": "hybrid", "coordinator.leeway_ms": 3000}),
        Fixed("versions", {"coordinator.order": "version", "coordinator.leeway_ms": 3000}),
    ),
    expect=(
        baseline(measures.success_ratio(0, FROM_S), at_least=0.99),
        baseline(lost_update_ratio(0, FROM_S), at_most=0.01),
        on("wall-clock", claim="writes are acknowledged and gone", measure=STEADY, at_least=0.2),
        noted("wall-clock", claim="and no error tells of it",
              measure=measures.success_ratio(8, TO_S, path="/kv/"), at_least=0.99),
        noted("wall-clock", claim="only the node whose clock is right loses", measure=WHOSE,
              at_least=0.99),
        on("wall-clock", claim="the clock is right again, and still writes go",
           measure=AFTER, at_least=0.05),
        on("wall-clock", claim="good tokens are refused by the node that is ahead",
           measure=TAKEN, at_most=0.75),
        on("hybrid-clock", "versions", claim="no write is lost",
           measure=lost_update_ratio(FROM_S, LONG_S), at_most=0),
        noted("hybrid-clock", "versions", claim="and every write is taken",
              measure=measures.success_ratio(FROM_S, LONG_S, path="/kv/"), at_least=0.99),
        on("hybrid-clock", "versions", claim="tokens are taken, with leeway",
           measure=measures.success_ratio(FROM_S, LONG_S, path=TOKEN), at_least=0.99),
    ),
    predict=PREDICTIONS,
    plots=(PLOT,),
    reading=READING,
)  # fmt: skip
