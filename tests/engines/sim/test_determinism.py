"""The same seed gives the same run, to the byte."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from harness.conductor import conductor
from harness.model import Broken, Kill, Lab, Pause, Poisson, Service, during
from harness.recording import Recording
from tests.support import lab, run

ROOT = Path(__file__).parents[3]

STORM = replace(
    lab(
        Service(
            "front",
            app="services.relay",
            calls=("back",),
            settings={"timeout_ms": 200, "backoff_ms": 50, "retry_budget": 0.5},
        ),
        Service("back", app="services.worker", settings={"workers": 2, "service_ms": 40}),
        load=Poisson(to="front", rate_rps=40, timeout_ms=2000),
        duration_s=6,
        faults=(during(1, 2, Pause("back")), during(3, 4, Kill("back"))),
    ),
    variants=(Broken("only", {"front.tries": 3}),),
)


def recorded(value: Lab = STORM, seed: int = 7) -> Recording:
    return run(value, conductor(value.faults, value.duration_s), seed=seed)


def test_a_run_is_the_same_again_in_this_process() -> None:
    """Every request, span, sample and fault, whatever ran before."""
    first, second = recorded(), recorded()
    assert first.digest() == second.digest()
    assert len({one.status for one in first.requests}) > 1


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_a_run_is_the_same_in_another_process(hash_seed: str) -> None:
    """No set's order, no address and no clock of the machine gets into a recording."""
    program = "from test_determinism import recorded; print(recorded().digest())"
    search = [str(ROOT), str(Path(__file__).parent)]
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program],
        env={
            "PYTHONPATH": os.pathsep.join(search),
            "PYTHONHASHSEED": hash_seed,
            "TZ": "Asia/Tokyo",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == recorded().digest()


def test_another_seed_gives_another_run() -> None:
    """The seed reaches the load's arrivals and the services' draws."""
    first, second = recorded(seed=7), recorded(seed=8)
    assert first.digest() != second.digest()
    assert [one.intended_s for one in first.requests] != [one.intended_s for one in second.requests]


def test_a_service_that_nobody_calls_changes_nothing_for_the_others() -> None:
    """Each host draws from a generator of its own, named after it."""
    idle = Service("idle", app="services.worker")
    for services in ((*STORM.services, idle), (idle, *STORM.services)):
        alone, beside = recorded(), recorded(replace(STORM, services=services))
        for key in [key for key in beside.series if key.host == "idle"]:
            del beside.series[key]
        assert beside.digest() == alone.digest()


def test_both_engines_would_draw_the_same_arrivals() -> None:
    """Arrivals depend on the seed and on the load alone, not on the run."""
    drawn = [arrival.at_s for arrival in STORM.load.arrivals(7, STORM.duration_s)]
    assert [one.intended_s for one in recorded().requests] == drawn
