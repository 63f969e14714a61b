"""Feedback oscillation: a short push, and an autoscaler swings for ever at a load that is even."""

from harness import measures
from harness.measures import gauges, plots
from harness.model import Broken, Fixed, Lab, Paced, Service, Surge, baseline, noted, on
from labs.cascades.feedback_oscillation.predictions import (
    ALL, END_S, HALF, LAG_S, LATER, LEAST, LOOK_S, LOST, MOST, NEEDED, PATIENCE_S, PREDICTIONS,
    PUSH_S, PUSHED_S, RATE, READY, RESTS, SERVICE_S, SIX, SWING, TARGET, TIMES, TOLERANCE, WITHIN,
)  # fmt: skip
from labs.cascades.feedback_oscillation.reading import READING

LAB = Lab(
    title="Runaway and oscillating control loops",
    question="Why does the autoscaler swing for ever, and which damping stops it?",
    services=(
        Service("shop", app="labs.cascades.feedback_oscillation.service", settings={
            "machines": NEEDED, "least": LEAST, "most": MOST, "service_ms": 1000 * SERVICE_S,
            "target": TARGET, "look_ms": 1000 * LOOK_S, "lag_ms": 1000 * LAG_S,
            "tolerance": TOLERANCE, "gain": ALL, "averaged": 1,
        }),
    ),
    load=Paced(rate_rps=RATE, to="shop", timeout_ms=1000 * PATIENCE_S,
               phases=(Surge(start_s=PUSH_S, end_s=PUSHED_S, times=TIMES),)),
    duration_s=END_S,
    faults=(),
    variants=(
        Broken("eager"),
        Broken("averaging", {"shop.gain": HALF, "shop.averaged": SIX}),
        Fixed("gentle", {"shop.gain": HALF}),
        Fixed("counting", {"shop.counts_ordered": True}),
    ),
    expect=(
        baseline(measures.success_ratio(0, PUSH_S - PATIENCE_S), at_least=0.99),
        on("eager", "averaging", claim="swings for ever", measure=SWING, at_least=NEEDED),
        on("eager", "averaging", claim="loses customers at an even load", measure=LOST,
           at_least=0.05),
        on("gentle", "counting", claim="comes to rest", measure=RESTS, at_most=WITHIN),
        on("counting", claim="rests at once", measure=SWING, at_most=WITHIN),
        on("gentle", "counting", claim="answers all", at_least=0.99,
           measure=measures.success_ratio(*LATER)),
        noted("eager", "averaging", claim="costs as many machines on average",
              measure=gauges.level(READY, *LATER), at_least=0.9 * NEEDED, at_most=1.2 * NEEDED),
    ),
    predict=PREDICTIONS,
    plots=(plots.each_second({"serving": gauges.level(READY, 0, 1)}, title="Machines that serve"),),
    reading=READING,
)  # fmt: skip
