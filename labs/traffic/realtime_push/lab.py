"""Realtime push: what idle programs cost, and who notices that one is gone."""

from harness import measures
from harness.model import (
    Broken, Fixed, Lab, Measured, Pause, Poisson, Send, Service, baseline, during, noted, on,
)  # fmt: skip
from labs.traffic.realtime_push.predictions import (
    AGE_S, ASKED_RPS, ASLEEP_S, DESKS, END_S, HEALTHY, HELD, LOST, NEWS_RPS, PEOPLE, POLL_S,
    PREDICTIONS, TRUSTED, TRUSTING, WAIT_S,
)  # fmt: skip
from labs.traffic.realtime_push.reading import READING
from labs.traffic.realtime_push.variants import BEATING, EVENTS, LONG_POLLING, POLLING, SOCKETS

PUSH = "labs.traffic.realtime_push"
FROZEN = (during(ASLEEP_S, END_S, Pause("hub"), said="the hub stands still"),)

LAB = Lab(
    title="Polling, long polling, SSE, WebSockets",
    question="What does each cost at a thousand idle clients, and who notices a dead one?",
    services=(
        Service("room", app=f"{PUSH}.service_people", replicas=2, calls=("hub",),
                settings={"poll_ms": 1000 * POLL_S, "wait_ms": 1000 * WAIT_S, "people": DESKS},
                each={"first": (0, DESKS)}),
        Service("hub", app=f"{PUSH}.service_hub"),
    ),
    load=Poisson(rate_rps=NEWS_RPS, to="hub", keys=PEOPLE,
                 mix=(Send(path="/people/{key}/messages", method="POST"),)),
    duration_s=END_S,
    faults=(during(ASLEEP_S, END_S, Pause("room-2"), said="laptops are closed"),),
    variants=(
        Broken("events", EVENTS),
        Broken("heartbeats", BEATING),
        Fixed("sockets", SOCKETS),
        Fixed("long-polling", LONG_POLLING),
        Fixed("polling", POLLING),
        Measured("mute-hub", EVENTS, faults=FROZEN),
        Measured("mute-hub-beats", BEATING, faults=FROZEN),
    ),
    expect=(
        baseline(measures.success_ratio(*HEALTHY), at_least=0.99),
        on("events", "heartbeats", claim="writes to those who sleep", measure=LOST, at_least=0.2),
        on("sockets", "long-polling", "polling", claim="writes to those who are awake",
           measure=LOST, at_most=0.1),
        on("mute-hub", claim="nobody hears that nothing comes", measure=TRUSTING,
           at_least=0.9 * DESKS, unlike="mute-hub-beats"),
        on("mute-hub-beats", claim="the desks notice", measure=TRUSTING, at_most=0.1 * DESKS,
           unlike="mute-hub"),
        noted("mute-hub", "mute-hub-beats", claim="the desks trusted the hub before",
              measure=TRUSTED, at_least=0.9 * DESKS),
        noted("events", "heartbeats", "sockets", claim="asks for nothing while idle",
              measure=ASKED_RPS, at_most=1),
        noted("events", "heartbeats", "sockets", "long-polling", claim="is told at once",
              measure=AGE_S, at_most=0.1),
    ),
    predict=PREDICTIONS,
    plots=(HELD,),
    reading=READING,
)  # fmt: skip
