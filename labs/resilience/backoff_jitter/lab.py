"""Backoff and jitter: doubling alone saves no call, nor does jitter alone; the two together do."""

from harness import measures
from harness.model import (
    Broken, Fixed, Lab, Paced, Pause, Service, Together, baseline, during, on, ratio,
)  # fmt: skip
from labs.resilience.backoff_jitter.predictions import (
    BASE_S, BOOKING_S, CALLS, CAP_S, END_S, FROZEN, HASTY, LATER_S, LOCKSTEP, PAUSES_S,
    PREDICTIONS, RATE, TAKES, TILLS,
)  # fmt: skip
from labs.resilience.backoff_jitter.reading import CALLS_PLOT, READING

JITTER = "tills.outgoing.retry.jitter"
NO_DOUBLING = {"tills.outgoing.retry.cap_ms": 1000 * BASE_S}

LAB = Lab(
    title="Backoff and jitter",
    question="How many calls do no jitter, full, equal and decorrelated jitter make before all "
    "succeed?",
    services=(
        Service("tills", app="services.relay", calls=("account",),
                settings={"timeout_ms": 10_000, "outgoing.order": "retry",
                          "outgoing.retry.tries": 100, "outgoing.retry.backoff_ms": 1000 * BASE_S,
                          "outgoing.retry.cap_ms": 1000 * CAP_S, "outgoing.retry.jitter": "none"}),
        Service("account", app="services.worker",
                settings={"workers": 1, "service_ms": 1000 * BOOKING_S, "queue_limit": 0}),
    ),
    load=Together(of=(
        Paced(rate_rps=RATE, to="tills", end_s=FROZEN[1], timeout_ms=60_000),
        Paced(rate_rps=1 / LATER_S, to="tills"),
    )),
    duration_s=END_S,
    faults=(during(*FROZEN, Pause("account"), said="the account is frozen"),),
    variants=(
        Broken("steady", NO_DOUBLING),
        Broken("doubling"),
        Broken("jitter-alone", {**NO_DOUBLING, JITTER: "full"}),
        Fixed("full", {JITTER: "full"}),
        Fixed("equal", {JITTER: "equal"}),
        Fixed("decorrelated", {JITTER: "decorrelated"}),
    ),
    expect=(
        baseline(measures.success_ratio(0, FROZEN[0]), at_least=0.99),
        on("steady", "doubling", "jitter-alone", claim="calls as often as in lockstep",
           measure=CALLS, at_least=0.9 * LOCKSTEP),
        on("full", "equal", "decorrelated", claim="both together save a third and more",
           measure=CALLS, at_most=2 / 3 * LOCKSTEP),
        on("equal", "decorrelated", claim="hardly any comes back within a booking",
           measure=HASTY, at_most=TILLS / 4, unlike="jitter-alone"),
        on("full", "equal", "decorrelated", claim="all are served in half of the time",
           measure=TAKES, at_most=PAUSES_S / 2, unlike="doubling"),
    ),
    across=(
        ratio("doubling", "steady", claim="doubling alone takes four times as long",
              measure=TAKES, at_least=4),
    ),
    predict=PREDICTIONS,
    plots=(CALLS_PLOT,),
    reading=READING,
)  # fmt: skip
