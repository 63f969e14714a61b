"""The speed of light: what distance does to a page that asks often, and what fewer trips save."""

from harness.model import Lab, Measured, Paced, Service, noted, on
from labs.traffic.speed_of_light.predictions import (
    EACH_SECOND, END_S, FAR, FARTHER, NEAR, PAGE, PAGE_MS, PREDICTIONS, QUICK_S, RATE, ROUNDS,
    SCREEN, SPEED_UP, STORE, WORK_S,
)  # fmt: skip
from labs.traffic.speed_of_light.reading import READING

LAB = Lab(
    title="The ultimate limit",
    question="What do 10, 80 and 150 ms of distance do to a chatty page, and what do fewer round "
    "trips give back?",
    services=(
        Service(SCREEN, app="services.relay", calls=(PAGE,), settings={"timeout_ms": 0}),
        Service(PAGE, app="services.page", calls=(STORE,),
                settings={"in_turn": True, "rounds": ROUNDS, "required": STORE,
                          "timeout_ms": 5000}),
        Service(STORE, app="services.worker",
                settings={"workers": 100, "service_ms": 1000 * WORK_S}),
    ),
    load=Paced(rate_rps=RATE, to=SCREEN),
    duration_s=END_S,
    faults=(),
    variants=(
        *(Measured(place.name, distances=place.between(PAGE, STORE))
          for place in (NEAR, FAR, FARTHER)),
        Measured("faster", {"store.service_ms": 1000 * WORK_S / SPEED_UP},
                 distances=FARTHER.between(PAGE, STORE)),
        Measured("together", {"page.rounds": 1}, distances=FARTHER.between(PAGE, STORE)),
        Measured("moved", distances=FARTHER.between(SCREEN, PAGE)),
    ),
    expect=(
        on("far", "farther", "faster", claim="over a second for 0.4 s of work", measure=PAGE_MS,
           at_least=1000, unlike=("near", "together", "moved")),
        on("together", "moved", claim="within three quarters of a second", measure=PAGE_MS,
           at_most=1000 * QUICK_S, unlike=("far", "farther", "faster")),
        noted("faster", claim="a faster store is no help", measure=PAGE_MS,
              at_least=1000 * ROUNDS * FARTHER.rtt_s),
    ),
    predict=PREDICTIONS,
    plots=(EACH_SECOND,),
    reading=READING,
)  # fmt: skip
