"""The words of a lab on containers: load, distance, step and drawn fault as in the simulation."""

from collections import Counter
from pathlib import Path
from statistics import median

import pytest

from harness.conductor import applied, conducted
from harness.engines.compose.engine import ComposeEngine
from harness.engines.protocol import Engine, Plan
from harness.engines.sim.engine import SimEngine
from harness.model import (
    Broken,
    Configure,
    Distance,
    Drawn,
    Lab,
    Paced,
    Pause,
    Poisson,
    Send,
    Service,
    Surge,
    Together,
    Zipf,
    at,
)  # fmt: skip
from harness.recording import Recording
from tests.support import Silent

SURGE = Surge(start_s=2, end_s=4, times=5)
USERS = Poisson(to="front", rate_rps=20, phases=(SURGE,), keys=20, skew=Zipf(s=1), timeout_ms=2000,
                mix=(Send(path="/?key={key}", body_bytes=2000),))  # fmt: skip
PAUSES = Drawn(fault=Pause, among=("back",), every_s=1, start_s=6, end_s=9, least_s=0.2, most_s=0.5)
ONLY = Broken("only")
LAB = Lab(
    title="Words",
    question="Are they the same?",
    services=(
        Service("front", app="services.relay", calls=("back",)),
        Service("back", app="services.worker", settings={"workers": 8, "service_ms": 5}),
    ),
    load=Together(of=(USERS, Paced(to="back", rate_rps=10, start_s=1, end_s=5, timeout_ms=900))),
    duration_s=10,
    faults=(),
    drawn=(PAUSES,),
    steps=(at(5, Configure("back", service_ms=65)),),
    distances=(Distance(("front",), ("back",), one_way_ms=50),),
    variants=(ONLY,),
    expect=(),
)


def ran(engine: Engine) -> Recording:
    own = LAB.facing(ONLY, 2)
    return engine.run(Plan(slug="words", lab=own, variant=ONLY, seed=2), conducted(own), Silent())


def median_ms(recording: Recording, start_s: float, end_s: float) -> float:
    """Of the users' requests alone."""
    asked = recording.due(start_s, end_s)
    return 1000 * median(one.answered_s - one.intended_s for one in asked if one.to == "front")


@pytest.mark.compose
def test_the_words_mean_the_same_on_containers(tmp_path: Path) -> None:
    """The same arrivals and faults, and the same steps of latency, within ten milliseconds."""
    measured, simulated = ran(ComposeEngine(tmp_path)), ran(SimEngine())
    asked = [
        [(one.number, one.intended_s, one.path, one.method, one.to) for one in recording.requests]
        for recording in (measured, simulated)
    ]
    assert asked[0] == asked[1]
    assert Counter(one.to for one in measured.requests)["back"] > 0
    assert [fault.name for fault in measured.faults] == [fault.name for fault in simulated.faults]
    assert all(map(applied, measured.faults))
    assert measured.triggers() == simulated.triggers()
    before, after = (
        [median_ms(one, *window) for one in (measured, simulated)] for window in ((0, 2), (5.2, 6))
    )
    assert before[0] == pytest.approx(before[1], abs=20)
    assert after[0] - before[0] == pytest.approx(after[1] - before[1], abs=20)
