"""Chaos Monkey: instances die at random, and one death too many takes all that is left along."""

from harness import measures
from harness.model import Broken, Fixed, Lab, Paced, Service, baseline, difference, on
from labs.resilience.chaos_monkey.predictions import (
    APPS, BAD_PROBES, DAYS, END_S, MONKEYS, PATIENCE_S, PREDICTIONS, PROBE_S, QUEUE, RATE,
    SERVICE_S, STEADY, THREE,
)  # fmt: skip
from labs.resilience.chaos_monkey.reading import READING

LAB = Lab(
    title="Chaos Monkey and steady state",
    question="Instances die at random. Does the hypothesis about steady state hold, and what blast "
    "radius is safe?",
    services=(
        Service("front", app="services.health", calls=APPS,
                settings={"every_ms": 1000 * PROBE_S, "down_after": BAD_PROBES, "most": 1,
                          "in_turn": True, "timeout_ms": 1000 * PATIENCE_S}),
        Service("app", app="services.worker", replicas=len(APPS),
                settings={"workers": 1, "service_ms": 1000 * SERVICE_S}),
    ),
    load=Paced(rate_rps=RATE, to="front"),
    duration_s=END_S,
    faults=(),
    drawn=MONKEYS,
    variants=(
        Broken("blind", {"front.probe": ""}),
        Broken("probed"),
        Fixed("floor", {"front.most": 0.5}),
        Fixed("refusing", {"app.queue_limit": QUEUE}),
    ),
    expect=(
        # What is at work when the first instance dies was due while all was well.
        baseline(measures.success_ratio(0, DAYS[1][0] - 2 * SERVICE_S), at_least=0.99),
        on("blind", claim="the hypothesis is wrong", measure=STEADY, at_most=0.9),
        on("probed", claim="the hypothesis holds", measure=STEADY, at_least=0.9, unlike="blind"),
        on("floor", "refusing", claim="it holds here, too", measure=STEADY, at_least=0.9,
           unlike="blind"),
        on("probed", claim="the third death takes all", measure=THREE, at_most=0.05),
        on("floor", "refusing", claim="the third death takes a part", measure=THREE, at_least=0.4),
    ),
    across=(
        difference("blind", "probed", claim="blindness saves who is left", measure=THREE,
                   at_least=0.15),
    ),
    predict=PREDICTIONS,
    reading=READING,
)  # fmt: skip
