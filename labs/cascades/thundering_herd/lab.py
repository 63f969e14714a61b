"""Reconnect storms: a restart of a fifth of a second, and apps that lock each other out."""

from harness.model import (
    Broken, Down, Fixed, Lab, Paced, Service, baseline, during, on, ratio,
)  # fmt: skip
from labs.cascades.thundering_herd.predictions import (
    ALL_BACK_S, BACK_S, CALLS, CAP_S, CAPACITY_RPS, CLIENTS, CONNECTED, END_S, LOOKS_RPS, LOST_S,
    PATIENCE_S, PAUSE_S, PREDICTIONS, SESSION_S, SHARE_BEFORE, SHARE_LATE, SHARE_SOON, SLOTS,
    START_S, WINDOW_S,
)  # fmt: skip
from labs.cascades.thundering_herd.reading import READING

RETRY = "apps.outgoing.retry"
BROKEN = ("steady", "doubling", "jitter")

LAB = Lab(
    title="Reconnect storms",
    question="A gateway restarts and every client reconnects at once. Which reconnect policy lets "
    "it come back?",
    services=(
        Service("apps", app="labs.cascades.thundering_herd.service_apps", calls=("gateway",),
                settings={"number": CLIENTS, "start_ms": 1000 * START_S,
                          "timeout_ms": 1000 * PATIENCE_S, "outgoing.order": "retry",
                          "outgoing.retry.tries": 10_000, "outgoing.retry.jitter": "none",
                          "outgoing.retry.backoff_ms": 1000 * PAUSE_S,
                          "outgoing.retry.cap_ms": 1000 * PAUSE_S}),
        Service("gateway", app="labs.cascades.thundering_herd.service_gateway",
                calls=("accounts",), settings={"outgoing.bulkhead.slots": SLOTS}),
        Service("accounts", app="services.worker",
                settings={"workers": 1, "service_ms": 1000 * SESSION_S}),
    ),
    load=Paced(rate_rps=LOOKS_RPS, to="apps"),
    duration_s=END_S,
    faults=(during(LOST_S, BACK_S, Down("apps->gateway"), said="the gateway restarts"),),
    variants=(
        Broken("steady"),
        Broken("doubling", {f"{RETRY}.cap_ms": 1000 * CAP_S}),
        Broken("jitter", {f"{RETRY}.cap_ms": 1000 * CAP_S, f"{RETRY}.jitter": "full"}),
        Fixed("spread", {f"{RETRY}.backoff_ms": 1000 * WINDOW_S,
                         f"{RETRY}.cap_ms": 1000 * WINDOW_S, f"{RETRY}.jitter": "full"}),
        Fixed("bounded", {"gateway.outgoing.order": "bulkhead"}),
    ),
    expect=(
        baseline(SHARE_BEFORE, at_least=0.99),
        on(*BROKEN, claim="many are still out after eight seconds", measure=SHARE_SOON,
           at_most=0.8),
        on("steady", claim="and nobody gets in any more", measure=SHARE_LATE, at_most=0.4),
        on("spread", "bounded", claim="all are back after eight seconds", measure=SHARE_SOON,
           at_least=0.99),
        on("bounded", claim="back as soon as can be", measure=ALL_BACK_S,
           at_most=1.25 * CLIENTS / CAPACITY_RPS, unlike=BROKEN),
    ),
    across=(
        ratio("jitter", "spread", claim="jitter from a short range on calls twice as often",
              measure=CALLS, at_least=2),
    ),
    predict=PREDICTIONS,
    plots=(CONNECTED,),
    reading=READING,
)  # fmt: skip
