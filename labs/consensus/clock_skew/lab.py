"""Clocks lie: one coordinator is two seconds ahead, and the other one's writes vanish."""

from harness import measures
from harness.model import (
    Broken, ClockSkew, Fixed, Lab, Poisson, Send, Service, baseline, during, on, predict,
)  # fmt: skip

PAIR = ("coordinator-1", "coordinator-2")
WRITE, TOKEN = "/kv/{key}?value={number}", "/token"
LOST = "theory:crdt"

LAB = Lab(
    title="Clocks lie",
    question="One node's clock is two seconds ahead. Which writes vanish under last-writer-wins?",
    services=(
        Service("coordinator", app="services.coordinator", replicas=2, calls=("registers",)),
        Service("registers", app="services.registers"),
    ),
    # 40 writes a second on 40 keys: on each key a second apart.
    load=Poisson(to=PAIR[0], rate_rps=60, keys=40, timeout_ms=2000, keep_answers=True, mix=(
        *(Send(to=to, method="PUT", path=WRITE, share=2) for to in PAIR),
        *(Send(to=to, path=TOKEN, share=1) for to in PAIR),
    )),
    duration_s=25,
    faults=(during(5, 17, ClockSkew("coordinator-2", skew_s=2)),),
    variants=(
        Broken("wall-clock"),
        Fixed("hybrid-clock", {"coordinator.order": "hybrid", "coordinator.leeway_ms": 3000}),
        Fixed("versions", {"coordinator.order": "version", "coordinator.leeway_ms": 3000}),
    ),
    expect=(
        baseline(measures.success_ratio(0, 5), at_least=0.99),
        baseline(updates.lost_update_ratio(0, 5), at_most=0.01),
        on("wall-clock", claim="writes are acknowledged and gone",
           measure=updates.lost_update_ratio(8, 17), at_least=0.2),
        on("wall-clock", claim="and no error tells of it",
           measure=measures.success_ratio(8, 17, path="/kv/"), at_least=0.99),
        on("wall-clock", claim="the clock is right again, and still writes go",
           measure=updates.lost_update_ratio(17, 18.5), at_least=0.15),
        on("wall-clock", claim="good tokens are refused by the node that is ahead",
           measure=measures.success_ratio(8, 17, path=TOKEN), at_most=0.7),
        on("hybrid-clock", "versions", claim="no write is lost",
           measure=updates.lost_update_ratio(5, 25), at_most=0),
        on("hybrid-clock", "versions", claim="and every write is taken",
           measure=measures.success_ratio(5, 25, path="/kv/"), at_least=0.99),
        on("hybrid-clock", "versions", claim="tokens are taken, with leeway",
           measure=measures.success_ratio(5, 25, path=TOKEN), at_least=0.99),
    ),
    predict=(
        predict("lost in proportion to skew and spacing", updates.lost_update_ratio(8, 17),
                on="wall-clock", equals=0.316, within=0.25, source=LOST,
                because="(1 - exp(-2 s / (2 x 1 s))) / 2"),
        predict("a version costs a read", measures.attempts_per_request("registers", 5, 25),
                on="versions", equals=5 / 3, within=0.06, source="theory:crdt",
                because="two calls for each write, one for each token"),
    ),
    plots=(updates.lost_updates(),),
)  # fmt: skip
